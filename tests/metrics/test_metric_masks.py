"""Metrics with weights and masks: what is masked changes nothing."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import metrics

N, T, C = 2, 3, 4
MASK = np.array([[True, True, False], [True, False, False]])


def batch(sparse: bool):
    r = np.random.default_rng(0)
    y_pred = r.uniform(0.05, 0.95, (N, T, C))
    y_pred /= y_pred.sum(axis=-1, keepdims=True)
    y_true = r.integers(0, C, (N, T))
    return (y_true if sparse else np.eye(C)[y_true]), y_pred


STEPWISE = {
    "Accuracy": {},
    "BinaryAccuracy": {},
    "CategoricalAccuracy": {},
    "SparseCategoricalAccuracy": {},
    "TopKCategoricalAccuracy": {"k": 2},
    "SparseTopKCategoricalAccuracy": {"k": 2},
    "TruePositives": {"thresholds": [0.2, 0.4]},
    "FalseNegatives": {},
    "Precision": {"top_k": 2},
    "Recall": {"class_id": 1},
    "AUC": {},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "MeanSquaredError": {},
    "RootMeanSquaredError": {},
    "CosineSimilarity": {},
    "BinaryCrossentropy": {},
    "CategoricalCrossentropy": {},
    "SparseCategoricalCrossentropy": {},
    "KLDivergence": {},
    "Hinge": {},
    "PearsonCorrelation": {},
}


@pytest.mark.parametrize("name", STEPWISE)
def test_masked_steps_change_nothing(name):
    y_true, y_pred = batch("Sparse" in name)
    cls, options = getattr(metrics, name), STEPWISE[name]
    masked = cls(**options)(y_true, y_pred, mask=MASK)
    spoilt_true, spoilt_pred = y_true.copy(), y_pred.copy()
    spoilt_pred[~MASK] = np.nan
    spoilt_true[~MASK] = -7
    np.testing.assert_array_equal(cls(**options)(spoilt_true, spoilt_pred, mask=MASK), masked)
    by_weight = cls(**options)(spoilt_true, spoilt_pred, MASK.astype(float))
    np.testing.assert_array_equal(by_weight, masked)
    kept = cls(**options)(y_true[MASK], y_pred[MASK])
    np.testing.assert_allclose(masked, kept, rtol=1e-12)


@pytest.mark.parametrize("name", STEPWISE)
def test_weights_and_masks_go_together(name):
    y_true, y_pred = batch("Sparse" in name)
    cls, options = getattr(metrics, name), STEPWISE[name]
    got = cls(**options)(y_true, y_pred, np.array([2.0, 0.5]), MASK)
    stepwise = MASK * np.array([[2.0], [0.5]])
    np.testing.assert_allclose(got, cls(**options)(y_true, y_pred, stepwise), rtol=1e-12)


@pytest.mark.parametrize("name", ["F1Score", "R2Score"])
def test_masked_rows_change_no_score(name):
    r = np.random.default_rng(0)
    y_true, y_pred = (r.random((6, 3)) < 0.5) * 1.0, r.random((6, 3))
    mask = np.array([True, True, False, True, False, True])
    cls = getattr(metrics, name)
    want = cls()(y_true[mask], y_pred[mask])
    y_pred[~mask], y_true[~mask] = np.nan, np.inf
    np.testing.assert_allclose(cls()(y_true, y_pred, mask=mask), want)
    np.testing.assert_allclose(cls()(y_true, y_pred, mask * 3.0), want, rtol=1e-6)


def test_targets_without_the_last_axis_are_masked_step_by_step():
    y_true, y_pred = batch(True)[0] * 1.0, np.random.default_rng(1).normal(size=(N, T, 1))
    want = np.mean((y_true - y_pred[..., 0])[MASK] ** 2)
    assert metrics.MeanSquaredError()(y_true, y_pred, mask=MASK) == pytest.approx(want)
    assert metrics.RootMeanSquaredError()(y_true, y_pred, mask=MASK) == pytest.approx(want**0.5)


def test_an_ignored_class_counts_like_a_masked_step_where_there_are_weights():
    y_true, y_pred = batch(True)
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    valid = y_true != y_true[0, 0]
    ignored = np.where(valid, y_true, -1)
    want = metrics.SparseCategoricalCrossentropy()(y_true, y_pred, mask=valid)
    assert metric(ignored, y_pred, np.ones((N, T))) == pytest.approx(want)
    metric.reset_state()
    assert metric(ignored, y_pred, mask=MASK) == pytest.approx(
        metrics.SparseCategoricalCrossentropy()(y_true, y_pred, mask=valid & MASK)
    )
    metric.reset_state()  # without weights Keras counts it as a zero
    assert metric(ignored, y_pred) == pytest.approx(want * valid.mean())


def test_everything_masked_is_zero():
    y_true, y_pred = batch(False)
    nothing = np.zeros((N, T), bool)
    assert metrics.MeanSquaredError()(y_true, y_pred, mask=nothing) == 0.0
    assert metrics.Precision()(y_true, y_pred, mask=nothing) == 0.0


def test_rows_of_weight_zero_are_no_data_points():
    y_true, y_pred = np.array([[1.0], [4.0], [3.0], [9.0]]), np.array([[2.0], [4.0], [4.0], [0.0]])
    weights = np.array([1.0, 1.0, 1.0, 0.0])
    adjusted = metrics.R2Score(num_regressors=1)
    assert adjusted(y_true, y_pred, weights) == pytest.approx(1 / 7)
    with pytest.warns(UserWarning, match="2 regressors are too many for 3 data points"):
        assert metrics.R2Score(num_regressors=2)(y_true, y_pred, weights) == pytest.approx(4 / 7)
