"""The losses as plain functions of (y_true, y_pred) that return one loss a sample.

``mean_squared_error(y_true, y_pred)`` is ``MeanSquaredError(reduction=None)(y_true, y_pred)``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from . import (
    crossentropy,
    focal,
    probabilistic,
    regression,
    segmentation,
    sparse,
)


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the mean squared error of each sample; see :class:`MeanSquaredError`."""
    return regression.MeanSquaredError(None)(y_true, y_pred)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the mean absolute error of each sample; see :class:`MeanAbsoluteError`."""
    return regression.MeanAbsoluteError(None)(y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the error of each sample in percent; see :class:`MeanAbsolutePercentageError`."""
    return regression.MeanAbsolutePercentageError(None)(y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the squared log error of each sample; see :class:`MeanSquaredLogarithmicError`."""
    return regression.MeanSquaredLogarithmicError(None)(y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> np.ndarray:
    """Return the Huber loss of each sample; see :class:`Huber`."""
    return regression.Huber(delta, None)(y_true, y_pred)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the log-cosh of the errors of each sample; see :class:`LogCosh`."""
    return regression.LogCosh(None)(y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Return minus the cosine similarity of each sample; see :class:`CosineSimilarity`."""
    return regression.CosineSimilarity(axis, None)(y_true, y_pred)


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the Kullback-Leibler divergence of each sample; see :class:`KLDivergence`."""
    return probabilistic.KLDivergence(None)(y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the Poisson loss of each sample; see :class:`Poisson`."""
    return probabilistic.Poisson(None)(y_true, y_pred)


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the hinge loss of each sample; see :class:`Hinge`."""
    return probabilistic.Hinge(None)(y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the squared hinge loss of each sample; see :class:`SquaredHinge`."""
    return probabilistic.SquaredHinge(None)(y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return the categorical hinge loss of each sample; see :class:`CategoricalHinge`."""
    return probabilistic.CategoricalHinge(None)(y_true, y_pred)


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> np.ndarray:
    """Return the binary cross-entropy of each sample; see :class:`BinaryCrossentropy`."""
    loss = crossentropy.BinaryCrossentropy(from_logits, label_smoothing, axis, None)
    return loss(y_true, y_pred)


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> np.ndarray:
    """Return the cross-entropy of each sample; see :class:`CategoricalCrossentropy`."""
    loss = crossentropy.CategoricalCrossentropy(from_logits, label_smoothing, axis, None)
    return loss(y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
    label_smoothing: float = 0.0,
) -> np.ndarray:
    """Return the cross-entropy of each label; see :class:`SparseCategoricalCrossentropy`."""
    loss = sparse.SparseCategoricalCrossentropy(
        from_logits, ignore_class, None, axis, label_smoothing
    )
    return loss(y_true, y_pred)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> np.ndarray:
    """Return the focal cross-entropy of each sample; see :class:`BinaryFocalCrossentropy`."""
    loss = focal.BinaryFocalCrossentropy(
        apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis, None
    )
    return loss(y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> np.ndarray:
    """Return the focal cross-entropy of each sample; see :class:`CategoricalFocalCrossentropy`."""
    loss = focal.CategoricalFocalCrossentropy(
        alpha, gamma, from_logits, label_smoothing, axis, None
    )
    return loss(y_true, y_pred)


def categorical_generalized_cross_entropy(
    y_true: ArrayLike, y_pred: ArrayLike, q: float
) -> np.ndarray:
    """Return one loss a label; see :class:`CategoricalGeneralizedCrossEntropy`."""
    return sparse.CategoricalGeneralizedCrossEntropy(q, None)(y_true, y_pred)


def dice(
    y_true: ArrayLike, y_pred: ArrayLike, axis: int | tuple[int, ...] | None = None
) -> np.ndarray:
    """Return one minus the Dice coefficient of each region; see :class:`Dice`."""
    return segmentation.Dice(None, axis=axis)(y_true, y_pred)


def tversky(
    y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis=None
) -> np.ndarray:
    """Return one minus the Tversky index of each region; see :class:`Tversky`."""
    return segmentation.Tversky(alpha, beta, None, axis=axis)(y_true, y_pred)
