"""Metrics with Keras's names, arguments and numbers; masks and weights respected.

metric = metrics.Precision(class_id=1)
metric.update_state(y_true, y_pred, sample_weight, mask)
metric.result()
"""

from __future__ import annotations

import numpy as np

from ..losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ..losses.base import snake_case
from .accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .base import Mean, MeanMetricWrapper, Metric, Sum
from .confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from .curves import (
    AUC,
    PrecisionAtRecall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from .from_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .functional import (
    binary_accuracy,
    categorical_accuracy,
    concordance_correlation,
    pearson_correlation,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .scores import ConcordanceCorrelation, F1Score, FBetaScore, PearsonCorrelation, R2Score

CLASSES = {
    cls.__name__: cls
    for cls in (
        AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, CategoricalAccuracy,
        CategoricalCrossentropy, CategoricalHinge, ConcordanceCorrelation, CosineSimilarity,
        F1Score, FBetaScore, FalseNegatives, FalsePositives, Hinge, KLDivergence, LogCoshError,
        Mean, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
        MeanSquaredLogarithmicError, PearsonCorrelation, Poisson, Precision, PrecisionAtRecall,
        R2Score, Recall, RecallAtPrecision, RootMeanSquaredError, SensitivityAtSpecificity,
        SparseCategoricalAccuracy, SparseCategoricalCrossentropy, SparseTopKCategoricalAccuracy,
        SpecificityAtSensitivity, SquaredHinge, Sum, TopKCategoricalAccuracy, TrueNegatives,
        TruePositives,
    )
}  # fmt: skip
ALIASES = {snake_case(name): name for name in CLASSES}
ALIASES.update(
    {
        "bce": "BinaryCrossentropy",
        "mse": "MeanSquaredError",
        "mae": "MeanAbsoluteError",
        "mape": "MeanAbsolutePercentageError",
        "msle": "MeanSquaredLogarithmicError",
        "rmse": "RootMeanSquaredError",
        "kld": "KLDivergence",
        "log_cosh": "LogCoshError",
        "logcosh": "LogCoshError",
        "f1_score": "F1Score",
        "r2_score": "R2Score",
        "fbeta_score": "FBetaScore",
        "top_k_categorical_accuracy": "TopKCategoricalAccuracy",
        "sparse_top_k_categorical_accuracy": "SparseTopKCategoricalAccuracy",
    }
)
ALIASES.update({short.upper(): name for short, name in ALIASES.items() if "_" not in short})
FUNCTIONS = {
    function.__name__: function
    for function in (
        binary_accuracy, categorical_accuracy, concordance_correlation, pearson_correlation,
        sparse_categorical_accuracy, sparse_top_k_categorical_accuracy,
        top_k_categorical_accuracy,
        binary_crossentropy, binary_focal_crossentropy,
        categorical_crossentropy, categorical_focal_crossentropy,
        categorical_hinge, hinge, huber, kl_divergence,
        log_cosh, mean_absolute_error, mean_absolute_percentage_error,
        mean_squared_error, mean_squared_logarithmic_error, poisson,
        sparse_categorical_crossentropy, squared_hinge,
    )
}  # fmt: skip
REFUSED = ("IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU")

__all__ = [*CLASSES, *FUNCTIONS, "MeanMetricWrapper", "Metric", "deserialize", "get", "serialize"]


def get(identifier, y_true=None, y_pred=None) -> Metric:
    """Return a metric.

    Parameters
    ----------
    identifier : str, dict, Metric, class or callable
        A name ("accuracy", "mse", "AUC"), what :func:`serialize` returned, or a function of your
        own of (y_true, y_pred) that returns one value a sample.
    y_true, y_pred : ndarray, optional
        A batch; from its shapes "accuracy" or "acc" becomes binary (one output), sparse
        categorical (labels without a class axis) or categorical accuracy.

    Returns
    -------
    Metric
        Named as it was asked for.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> get("accuracy", np.zeros(4), np.zeros((4, 3)))
    SparseCategoricalAccuracy(name='accuracy', dtype=None)
    """
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        if identifier.lower() in ("accuracy", "acc"):
            return _accuracy_for(identifier, y_true, y_pred)
        metric = _class_named(identifier)()
        metric.name = identifier
        return metric
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    if callable(identifier):
        name = getattr(identifier, "__name__", "")
        if FUNCTIONS.get(name) is identifier and name in ALIASES:
            return get(name)
        return MeanMetricWrapper(identifier)
    raise ValueError(
        f"metrics.get: identifier: expected a name, a Metric or a function, got {identifier!r}"
    )


def _accuracy_for(name: str, y_true, y_pred) -> Metric:
    if y_true is None or y_pred is None:
        raise ValueError(
            f"metrics.get: {name!r}: expected y_true and y_pred to choose between binary, "
            "categorical and sparse categorical accuracy; name one of these instead"
        )
    true, pred = np.shape(y_true), np.shape(y_pred)
    if pred[-1:] == (1,):
        return BinaryAccuracy(name)
    if len(true) < len(pred) or true[-1:] == (1,):
        return SparseCategoricalAccuracy(name)
    return CategoricalAccuracy(name)


def _class_named(name: str) -> type[Metric]:
    key = ALIASES.get(name, name)
    if name in REFUSED or name in [snake_case(refused) for refused in REFUSED]:
        raise ValueError(f"metrics.get: {name!r} is one of Keras's that is not built here")
    if key not in CLASSES:
        known = ", ".join(sorted(ALIASES))
        raise ValueError(f"metrics.get: identifier: expected one of {known}, got {name!r}")
    return CLASSES[key]


def serialize(metric: Metric) -> dict:
    """Return ``{"class_name": ..., "config": {...}}``."""
    name = type(metric).__name__
    if CLASSES.get(name) is not type(metric):
        raise ValueError(
            f"metrics.serialize: metric: expected a metric of this module, got {metric!r}"
        )
    return {"class_name": name, "config": metric.get_config()}


def deserialize(config: dict | str) -> Metric:
    """Return the metric that :func:`serialize` described."""
    if isinstance(config, str):
        return get(config)
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(
            "metrics.deserialize: config: expected a dict with class_name and config, "
            f"got {config!r}"
        )
    return _class_named(config["class_name"]).from_config(config.get("config") or {})


def __getattr__(name: str):
    """Say so when a metric of Keras is asked for that is not built here."""
    if name in REFUSED:
        raise AttributeError(f"scratchrnn.metrics: {name} of Keras is not built here")
    raise AttributeError(f"module 'scratchrnn.metrics' has no attribute {name!r}")
