"""Metrics by hand, over several batches."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import metrics
from scratchrnn.training.metric_state import metric_state, set_metric_state

EYE = np.eye(3)
SCORES = np.array([[0.1, 0.9, 0.8], [0.5, 0.1, 0.4], [0.3, 0.3, 0.4], [0.2, 0.7, 0.1]])
LABELS = np.array([2, 0, 1, 1])
YES = np.array([0, 1, 1, 0, 1])
SURE = np.array([0.2, 0.9, 0.4, 0.6, 0.7])


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "expected"),
    [
        (metrics.Accuracy(), [1, 2, 3, 4], [0, 2, 3, 4], 0.75),
        (metrics.BinaryAccuracy(), YES, SURE, 0.6),
        (metrics.BinaryAccuracy(threshold=0.3), YES, SURE, 0.8),
        (metrics.BinaryAccuracy(), [0, 1], [0.5, 0.5], 0.5),
        (metrics.BinaryAccuracy(threshold=0.25), [0, 0, 1], [0.25, 0.25, 0.25], 2 / 3),
        (metrics.CategoricalAccuracy(), EYE[LABELS], SCORES, 0.5),
        (metrics.SparseCategoricalAccuracy(), LABELS, SCORES, 0.5),
        (metrics.SparseCategoricalAccuracy(), LABELS[:, None], SCORES, 0.5),
        (metrics.TopKCategoricalAccuracy(2), EYE[LABELS], SCORES, 1.0),
        (metrics.SparseTopKCategoricalAccuracy(1), LABELS, SCORES, 0.5),
        (metrics.SparseTopKCategoricalAccuracy(1), [0], [[0.5, 0.5, 0.1]], 1.0),
        (metrics.SparseTopKCategoricalAccuracy(2), [3], [[0.5, 0.5, 0.1]], 0.0),
        (
            metrics.SparseTopKCategoricalAccuracy(2, from_sorted_ids=True),
            [5, 1],
            [[7, 5, 3], [3, 7, 1]],
            0.5,
        ),
        (metrics.TruePositives(), YES, SURE, 2.0),
        (metrics.FalsePositives(), YES, SURE, 1.0),
        (metrics.TrueNegatives(), YES, SURE, 1.0),
        (metrics.FalseNegatives(), YES, SURE, 1.0),
        (metrics.Precision(), YES, SURE, 2 / 3),
        (metrics.Recall(), YES, SURE, 2 / 3),
        (metrics.Precision(0.65), YES, SURE, 1.0),
        (metrics.Precision(1.0), YES, SURE, 0.0),
        (metrics.Precision(top_k=1), EYE[LABELS], SCORES, 0.5),
        (metrics.Recall(top_k=2), EYE[LABELS], SCORES, 0.75),
        (metrics.Precision(class_id=1), EYE[LABELS], SCORES, 0.5),
        (metrics.Recall(class_id=1, top_k=1), EYE[LABELS], SCORES, 0.5),
        (metrics.AUC(), YES, SURE, 5 / 6),
        (metrics.AUC(num_thresholds=3), [0, 0, 1, 1], [0, 0.5, 0.3, 0.9], 0.75),
        (metrics.AUC(3, "PR"), [0, 0, 1, 1], [0, 0.5, 0.3, 0.9], 0.5 + (1 + np.log(16) / 3) / 6),
        (metrics.AUC(3, "PR", "minoring"), [0, 0, 1, 1], [0, 0.5, 0.3, 0.9], 0.25),
        (metrics.AUC(3, "ROC", "majoring"), [0, 0, 1, 1], [0, 0.5, 0.3, 0.9], 1.0),
        (metrics.AUC(from_logits=True), YES, np.log(SURE / (1 - SURE)), 5 / 6),
        (metrics.SensitivityAtSpecificity(0.5), YES, SURE, 1.0),
        (metrics.SpecificityAtSensitivity(1.0), YES, SURE, 0.5),
        (metrics.PrecisionAtRecall(1.0), YES, SURE, 0.75),
        (metrics.RecallAtPrecision(1.0), YES, SURE, 2 / 3),
        (metrics.F1Score("macro"), EYE[LABELS], SCORES, (1 + 0.5 + 0) / 3),
        (metrics.F1Score("micro"), EYE[LABELS], SCORES, 0.5),
        (metrics.F1Score("weighted"), EYE[LABELS], SCORES, 0.25 * 1 + 0.5 * 0.5),
        (metrics.F1Score("macro"), EYE[[0, 0, 0, 1]], EYE[[0, 0, 0, 2]], 1 / 3),
        (metrics.F1Score("weighted"), EYE[[0, 0, 0, 1]], EYE[[0, 0, 0, 2]], 3 / 4),
        (metrics.F1Score("micro"), EYE[[0, 1, 1]], [[0.0] * 3, [0.1, 0.9, 0.2], EYE[1]], 0.8),
        (metrics.FBetaScore("micro", 2.0, 0.3), EYE[LABELS], SCORES, 5 * 0.5 * 0.75 / (2 + 0.75)),
        (metrics.MeanSquaredError(), [[0, 2]], [[1.0, 5.0]], 5.0),
        (metrics.RootMeanSquaredError(), [[0, 2]], [[1.0, 5.0]], np.sqrt(5.0)),
        (metrics.MeanAbsoluteError(), [[0, 2]], [[1.0, 5.0]], 2.0),
        (metrics.MeanAbsolutePercentageError(), [[2, 4]], [[1.0, 5.0]], 37.5),
        (metrics.MeanSquaredLogarithmicError(), [[np.e - 1]], [[np.e**3 - 1]], 4.0),
        (metrics.LogCoshError(), [[0.0]], [[2.0]], np.log(np.cosh(2.0))),
        (metrics.CosineSimilarity(), [[0.0, 2.0]], [[3.0, 4.0]], 0.8),
        (metrics.CosineSimilarity(axis=0), [[1.0], [0.0]], [[3.0], [4.0]], 0.6),
        (metrics.R2Score(), [[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]], 4 / 7),
        (metrics.R2Score(num_regressors=1), [[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]], 1 / 7),
        (metrics.R2Score(), [[2.0], [2.0]], [[2.0], [2.0]], 1.0),
        (metrics.R2Score(), [[0.1], [0.1], [0.1]], [[0.2], [0.1], [0.1]], 0.0),
        (metrics.PearsonCorrelation(), [[1.0, 2.0, 3.0]], [[3.0, 5.0, 7.0]], 1.0),
        (metrics.ConcordanceCorrelation(), [[1.0, 2.0, 3.0]], [[2.0, 3.0, 4.0]], 4 / 7),
        (metrics.BinaryCrossentropy(), [[1, 0]], [[0.5, 0.75]], np.log(8) / 2),
        (metrics.CategoricalCrossentropy(), [[0, 1]], [[1.0, 3.0]], np.log(4 / 3)),
        (
            metrics.SparseCategoricalCrossentropy(from_logits=True),
            [1],
            [[0.0, np.log(3)]],
            np.log(4 / 3),
        ),
        (metrics.KLDivergence(), [[0.5, 0.5]], [[0.25, 0.75]], 0.1438410),
        (metrics.Poisson(), [[2.0]], [[1.0]], 1.0),
        (metrics.Hinge(), [[0, 1]], [[0.5, 0.5]], 1.0),
        (metrics.SquaredHinge(), [[0, 1]], [[0.5, 0.5]], 1.25),
        (metrics.CategoricalHinge(), [[0, 1, 0]], [[0.5, 0.25, 0.75]], 1.5),
    ],
)
def test_results_by_hand(metric, y_true, y_pred, expected):
    metric.reset_state()
    metric.update_state(np.array(y_true), np.array(y_pred))
    assert metric.result() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert isinstance(metric.result(), float)


def test_scores_come_one_a_threshold_or_one_a_class():
    precision = metrics.Precision([0.65, 0.3, 0.5])  # in the order in which they were given
    np.testing.assert_allclose(precision(YES, SURE), [1.0, 0.75, 2 / 3])
    np.testing.assert_array_equal(precision.true_positives, [2, 3, 2])
    np.testing.assert_array_equal(precision.false_positives, [0, 1, 1])
    np.testing.assert_array_equal(precision.false_negatives, [1, 0, 1])
    np.testing.assert_allclose(metrics.F1Score()(EYE[LABELS], SCORES), [1, 0.5, 0], atol=1e-6)
    true, pred = np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.0, 2.0], [2.0, 4.0]])
    np.testing.assert_allclose(metrics.R2Score(None)(true, pred), [1.0, 0.0])
    assert metrics.R2Score("variance_weighted_average")(true, pred) == 0.5


def test_a_score_equal_to_the_threshold_is_no():
    for thresholds in ([0.5], [0.0, 0.5, 1.0], [0.2, 0.5]):
        count = np.atleast_1d(metrics.TruePositives(thresholds)([1, 1], [0.5, 0.6]))
        assert count[thresholds.index(0.5)] == 1


def test_evenly_spaced_thresholds_count_as_others_do():
    r = np.random.default_rng(0)
    truth, scores, weights = r.random(50) < 0.4, r.random(50), r.random(50)
    thresholds = np.arange(11) / 10
    even = metrics.TrueNegatives(thresholds.tolist())
    uneven = metrics.TrueNegatives([*thresholds.tolist(), 0.999])
    got = even(truth, scores, weights)
    np.testing.assert_allclose(got, uneven(truth, scores, weights)[:11])
    want = [np.sum(weights[~truth & (scores <= t)]) for t in thresholds]
    np.testing.assert_allclose(got, want)


def test_areas_of_several_labels_are_averaged():
    truth = np.stack([YES, 1 - YES], axis=1)
    scores = np.stack([SURE, SURE], axis=1)
    assert metrics.AUC(multi_label=True)(truth, scores) == pytest.approx(0.5)
    weighted = metrics.AUC(multi_label=True, num_labels=2, label_weights=[3.0, 1.0])
    assert weighted(truth, scores) == pytest.approx((3 * 5 / 6 + 1 / 6) / 4)


def test_labels_that_are_counted_together_weigh_as_samples_do():
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 2, (20, 2)), rng.random((20, 2))
    together = metrics.AUC(label_weights=[3.0, 1.0])(truth, scores)
    flat = metrics.AUC()(truth.ravel(), scores.ravel(), np.tile([3.0, 1.0], 20))
    assert together == flat
    assert together != metrics.AUC()(truth, scores)


def test_a_column_of_weights_is_one_weight_a_sample():
    truth, scores, weights = YES[:, None], SURE[:, None], np.arange(1.0, 1 + len(YES))
    for metric in (metrics.MeanSquaredError, metrics.BinaryAccuracy):
        assert metric()(truth, scores, weights[:, None]) == metric()(truth, scores, weights)


def test_a_perfect_score_of_one_is_below_the_last_threshold():
    assert metrics.AUC(num_thresholds=3)([0, 1], [0.0, 1.0]) == 1.0
    assert metrics.AUC(thresholds=[0.4, 0.6])([0, 1], [0.0, 1.0]) == 1.0
    assert metrics.PrecisionAtRecall(0.5, num_thresholds=1)([0, 1], [0.4, 0.6]) == 1.0
    assert metrics.PrecisionAtRecall(0.5, num_thresholds=1)([0, 1], [0.6, 0.4]) == 0.0


def test_top_k_looks_at_the_last_axis():
    truth, scores = EYE[LABELS][None], SCORES[None]
    assert metrics.Precision(top_k=3)(truth, scores) == pytest.approx(1 / 3)
    assert metrics.SparseTopKCategoricalAccuracy(2)(LABELS[None], SCORES[None]) == 1.0
    assert metrics.SparseTopKCategoricalAccuracy(2)([[2], [0]], np.ones((2, 1, 3))) == 1.0


def test_concordance_is_taken_row_by_row():
    true, pred = np.array([[1.0, 2.0, 3.0], [0.0, 5.0, 1.0]]), np.array([[2.0, 3, 4], [0, 4, 1]])
    rows = [metrics.ConcordanceCorrelation()(true[[k]], pred[[k]]) for k in (0, 1)]
    assert metrics.ConcordanceCorrelation()(true, pred) == pytest.approx(np.mean(rows))
    assert rows[0] != pytest.approx(rows[1])


def test_the_gain_curve_of_a_perfect_ranking_has_area_one():
    assert metrics.AUC(curve="prgain")(YES, YES * 0.8 + 0.1) == pytest.approx(1.0)
    # thresholds 0, 1/4 ... 1: TP 3 3 2 1 0, FP 2 1 1 0 0; gains are 1 - (3/2) FP/TP and FN/TP
    area = (1 - 0.25) * (0.5 + 0.25) / 2 + (0.25 - 0) * (0.25 + 1) / 2
    assert metrics.AUC(5, "PRGAIN")(YES, SURE) == pytest.approx(area)


BATCHED = [
    (metrics.MeanSquaredError(), False),
    (metrics.SparseCategoricalAccuracy(), True),
    (metrics.SparseCategoricalCrossentropy(), True),
    (metrics.RootMeanSquaredError(), False),
    (metrics.R2Score(), False),
    (metrics.F1Score("macro", threshold=0.3), False),
    (metrics.AUC(), False),
    (metrics.Precision(0.4), False),
    (metrics.RecallAtPrecision(0.3), False),
    (metrics.PearsonCorrelation(), False),
]


@pytest.mark.parametrize(("metric", "sparse"), BATCHED, ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("weighted", [True, False])
def test_batches_add_up_to_the_whole(metric, sparse, weighted):
    r = np.random.default_rng(0)
    y_pred = r.uniform(0.05, 0.95, (10, 3))
    y_true = r.integers(0, 3, 10) if sparse else (r.random((10, 3)) < 0.5) * 1.0
    y_true = y_true + y_pred if isinstance(metric, metrics.PearsonCorrelation) else y_true
    weights = r.uniform(0.5, 2.0, 10) if weighted else None
    metric.reset_state()
    whole = metric(y_true, y_pred, weights)
    metric.reset_state()
    for part in (slice(0, 4), slice(4, 5), slice(5, 10)):
        metric.update_state(y_true[part], y_pred[part], None if weights is None else weights[part])
    assert metric.result() == pytest.approx(whole, rel=1e-12)
    metric.reset_state()
    assert metric(y_true, y_pred, weights) == whole


def test_a_metric_without_data_is_zero():
    for name, cls in metrics.CLASSES.items():
        required = {"specificity", "sensitivity", "recall", "precision"}
        options = {what: 0.5 for what in required if name.endswith("At" + what.capitalize())}
        assert np.all(np.nan_to_num(cls(**options).result()) == 0.0)


def test_mean_and_sum_weigh_values():
    mean = metrics.Mean()
    mean.update_state([1.0, 3.0, 5.0, 7.0])
    assert mean.result() == 4.0
    assert metrics.Mean()([1.0, 3.0, 5.0, 7.0], [1, 1, 0, 0]) == 2.0
    assert metrics.Mean()([[1.0, 3.0], [5.0, 7.0]], [[1, 1], [1, 0]]) == 3.0
    assert metrics.Mean()([[1.0, 3.0], [5.0, 7.0]], [3.0, 1.0]) == 3.0
    assert metrics.Mean()(4.0) == 4.0
    assert metrics.Sum()([[1.0, 3.0], [5.0, 7.0]], [1.0, 0.5]) == 10.0
    assert metrics.Mean(dtype="float32")([1 / 3]) == float(np.float32(1 / 3))


def test_sums_are_double_whatever_the_data():
    mean = metrics.Mean()
    for _ in range(1000):
        mean.update_state(np.float32([0.1]))
    assert mean.result() == pytest.approx(float(np.float32(0.1)), rel=1e-12)


@pytest.mark.parametrize(
    "metric", [metrics.Precision(), metrics.Recall(), metrics.AUC(), metrics.BinaryAccuracy()]
)
def test_what_a_metric_has_seen_can_be_kept_and_taken_back(metric):
    metric.reset_state()
    metric.update_state(YES, SURE)
    again = type(metric).from_config(metric.get_config())
    set_metric_state(again, metric_state(metric))
    assert again.result() == metric.result() > 0
    for each in (metric, again):
        each.update_state([1, 0, 0], [0.3, 0.8, 0.1])
    assert again.result() == metric.result()
