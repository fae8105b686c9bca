"""Metrics by name and shape, by configuration, of one's own, and bad input."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scratchrnn import losses, metrics

RATES = {
    "SensitivityAtSpecificity": {"specificity": 0.4, "num_thresholds": 7, "class_id": 0},
    "SpecificityAtSensitivity": {"sensitivity": 0.4},
    "PrecisionAtRecall": {"recall": 0.4},
    "RecallAtPrecision": {"precision": 0.4},
    "Precision": {"thresholds": [0.3, 0.4], "top_k": 2, "class_id": 1},
    "TruePositives": {"thresholds": 0.3},
    "AUC": {"curve": "PR", "thresholds": [0.7, 0.2], "label_weights": [1.0, 2.0]},
    "FBetaScore": {"average": "macro", "beta": 2.0, "threshold": 0.4},
    "F1Score": {"average": "weighted"},
    "R2Score": {"class_aggregation": None, "num_regressors": 1},
    "BinaryAccuracy": {"threshold": 0.3},
    "TopKCategoricalAccuracy": {"k": 2},
    "SparseTopKCategoricalAccuracy": {"k": 2, "from_sorted_ids": True},
    "CosineSimilarity": {"axis": 1},
    "BinaryCrossentropy": {"from_logits": True, "label_smoothing": 0.1},
    "CategoricalCrossentropy": {"from_logits": True, "label_smoothing": 0.1, "axis": 1},
    "SparseCategoricalCrossentropy": {"from_logits": True, "ignore_class": 3, "axis": 1},
    "PearsonCorrelation": {"axis": 0},
}


@pytest.mark.parametrize("name", metrics.CLASSES)
def test_configuration_round_trips(name):
    metric = metrics.CLASSES[name](**RATES.get(name, {}), name="mine", dtype="float32")
    config = json.loads(json.dumps(metrics.serialize(metric)))
    again = metrics.get(config)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert repr(again) == repr(metric)
    assert again.name == "mine"
    for option, value in RATES.get(name, {}).items():
        if option != "thresholds" or name != "AUC":
            assert again.get_config()[option] == value


@pytest.mark.parametrize(
    ("true", "pred", "cls"),
    [
        ((8, 1), (8, 1), metrics.BinaryAccuracy),
        ((8,), (8, 1), metrics.BinaryAccuracy),
        ((8, 5, 1), (8, 5, 1), metrics.BinaryAccuracy),
        ((8,), (8, 3), metrics.SparseCategoricalAccuracy),
        ((8, 1), (8, 3), metrics.SparseCategoricalAccuracy),
        ((8, 5), (8, 5, 3), metrics.SparseCategoricalAccuracy),
        ((8, 5, 1), (8, 5, 3), metrics.SparseCategoricalAccuracy),
        ((8, 3), (8, 3), metrics.CategoricalAccuracy),
        ((8, 5, 3), (8, 5, 3), metrics.CategoricalAccuracy),
    ],
)
@pytest.mark.parametrize("name", ["accuracy", "acc"])
def test_accuracy_is_chosen_by_the_shapes(true, pred, cls, name):
    metric = metrics.get(name, y_true=np.zeros(true), y_pred=np.zeros(pred))
    assert type(metric) is cls
    assert metric.name == name
    assert 0.0 <= metric(np.zeros(true), np.zeros(pred)) <= 1.0


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", metrics.MeanSquaredError),
        ("MAE", metrics.MeanAbsoluteError),
        ("AUC", metrics.AUC),
        ("auc", metrics.AUC),
        ("f1_score", metrics.F1Score),
        ("r2_score", metrics.R2Score),
        ("top_k_categorical_accuracy", metrics.TopKCategoricalAccuracy),
        ("sparse_categorical_crossentropy", metrics.SparseCategoricalCrossentropy),
    ],
)
def test_metrics_are_found_and_named_as_asked(name, cls):
    metric = metrics.get(name)
    assert type(metric) is cls
    assert metric.name == name


def test_default_names_are_those_of_keras():
    assert metrics.Precision().name == "precision"
    assert metrics.TruePositives().name == "true_positives"
    assert metrics.AUC().name == "auc"
    assert metrics.LogCoshError().name == "logcosh"
    assert metrics.PrecisionAtRecall(0.5).name == "precision_at_recall"


def test_classes_instances_and_functions_are_taken():
    own = metrics.Recall()
    assert metrics.get(own) is own
    assert isinstance(metrics.get(metrics.Recall), metrics.Recall)
    assert isinstance(metrics.get(metrics.categorical_accuracy), metrics.CategoricalAccuracy)
    assert isinstance(metrics.get(losses.mean_squared_error), metrics.MeanSquaredError)
    assert isinstance(metrics.get(losses.huber), metrics.MeanMetricWrapper)

    def off_by_more(y_true, y_pred, than=1.0):
        return np.abs(y_true - y_pred) > than

    metric = metrics.get(off_by_more)
    assert metric.name == "off_by_more"
    assert metric([0.0, 0.0], [0.5, 1.5], [3.0, 1.0]) == 0.25
    assert metrics.MeanMetricWrapper(off_by_more, than=0.1)([0.0, 0.0], [0.5, 1.5]) == 1.0
    assert "off_by_more" in repr(metric)
    with pytest.raises(ValueError, match="cannot be written"):
        metric.get_config()
    with pytest.raises(ValueError, match="expected a function"):
        metrics.MeanMetricWrapper(3)


def test_functions_give_one_value_a_sample():
    scores, labels = np.array([[0.1, 0.9], [0.6, 0.4]]), np.array([1, 1])
    one_hot = np.eye(2)[labels]
    np.testing.assert_array_equal(metrics.sparse_categorical_accuracy(labels, scores), [1, 0])
    np.testing.assert_array_equal(metrics.categorical_accuracy(one_hot, scores), [1, 0])
    np.testing.assert_array_equal(metrics.binary_accuracy(one_hot, scores), [[1, 1], [0, 0]])
    np.testing.assert_array_equal(metrics.top_k_categorical_accuracy(one_hot, scores, 1), [1, 0])
    np.testing.assert_array_equal(
        metrics.sparse_top_k_categorical_accuracy(labels, scores, 1), [1, 0]
    )
    np.testing.assert_allclose(metrics.pearson_correlation(one_hot, scores), [1, -1])
    np.testing.assert_allclose(
        metrics.concordance_correlation(one_hot, scores), [0.4 / 0.41, -0.1 / 0.26], rtol=1e-5
    )
    assert metrics.mean_squared_error is losses.mean_squared_error


@pytest.mark.parametrize("name", ["MeanIoU", "one_hot_io_u", "no_such_metric"])
def test_unknown_and_left_out_metrics_are_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        metrics.get(name)
    with pytest.raises(AttributeError, match=name):
        getattr(metrics, name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: metrics.get("accuracy"), "expected y_true and y_pred to choose"),
        (lambda: metrics.get(3), "expected a name, a Metric or a function"),
        (lambda: metrics.deserialize({"config": {}}), "class_name"),
        (lambda: metrics.serialize(metrics.Metric), "expected a metric of this module"),
        (lambda: metrics.Mean(dtype="int32"), "Mean: dtype: expected"),
        (lambda: metrics.Mean()([]), "values: expected at least one"),
        (lambda: metrics.Mean()(["a"]), "values: expected real numbers"),
        (lambda: metrics.Mean()([1.0], [1.0, 2.0]), "sample_weight: expected a shape"),
        (lambda: metrics.MeanSquaredError()([[1.0]], [[1.0, 2.0]]), "y_true: expected shape"),
        (lambda: metrics.Precision([0.5, 1.5]), r"thresholds: expected a number in \[0, 1\]"),
        (lambda: metrics.Precision([]), "thresholds: expected at least one"),
        (lambda: metrics.Precision(top_k=0), "top_k: expected an integer >= 1"),
        (lambda: metrics.Precision(top_k=3)([[0, 1]], [[0.1, 0.2]]), "expected at most 2 classes"),
        (lambda: metrics.Precision(class_id=2)([[0, 1]], [[0.1, 0.2]]), "expected more than 2"),
        (lambda: metrics.Precision(class_id=0)([0, 1], [0.1, 0.2]), "for class_id=0"),
        (lambda: metrics.AUC(num_thresholds=1), "num_thresholds: expected an integer >= 2"),
        (lambda: metrics.AUC(curve="DET"), "curve: expected one of"),
        (lambda: metrics.AUC(summation_method=3), "summation_method: expected one of"),
        (lambda: metrics.AUC(num_labels=2), "only together with multi_label"),
        (lambda: metrics.AUC(multi_label=True)([1], [0.5]), r"expected \(N, labels\), got \(1,\)"),
        (lambda: metrics.RecallAtPrecision(1.1), r"precision: expected a number in \[0, 1\]"),
        (lambda: metrics.F1Score("mean"), "average: expected None"),
        (lambda: metrics.FBetaScore(beta="1"), "beta: expected a positive number"),
        (lambda: metrics.F1Score(threshold=0.0), r"threshold: expected a number in \(0, 1\]"),
        (lambda: metrics.F1Score()([1, 0], [0.5, 0.5]), r"expected \(N, D\), got \(2,\)"),
        (lambda: metrics.R2Score("mean"), "class_aggregation: expected"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors: expected an integer >= 0"),
        (
            lambda: metrics.SparseCategoricalAccuracy()([1, 2], np.ones((3, 4))),
            r"expected labels of shape \(3,\), got \(2,\)",
        ),
        (lambda: metrics.SparseCategoricalAccuracy()(["a"], [[1.0]]), "expected integer labels"),
        (lambda: metrics.TopKCategoricalAccuracy(1.5), "k: expected an integer >= 1"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
