"""The metrics that are means, as plain functions of (y_true, y_pred): one value a sample.

Those that are losses are the functions of :mod:`scratchrnn.losses`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .accuracy import (
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
)
from .base import PairMetric
from .scores import ConcordanceCorrelation, PearsonCorrelation


def _values(metric: PairMetric, y_true, y_pred) -> np.ndarray:
    y_true, y_pred = metric.prepare(y_true, y_pred, ())
    values = metric.values(y_true, y_pred)
    return values.astype(y_pred.dtype)


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> np.ndarray:
    """Return 1 where an entry is on the right side; see :class:`BinaryAccuracy`."""
    return _values(BinaryAccuracy(threshold=threshold), y_true, y_pred)


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return 1 where a sample is right; see :class:`CategoricalAccuracy`."""
    return _values(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> np.ndarray:
    """Return 1 where a sample is right; see :class:`SparseCategoricalAccuracy`."""
    return _values(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> np.ndarray:
    """Return 1 where the class is among the best k; see :class:`TopKCategoricalAccuracy`."""
    return _values(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> np.ndarray:
    """Return 1 where the label is among the best k; see :class:`SparseTopKCategoricalAccuracy`."""
    metric = SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids)
    return _values(metric, y_true, y_pred)


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Return the correlation of each sample; see :class:`PearsonCorrelation`."""
    return _values(PearsonCorrelation(axis=axis), y_true, y_pred)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> np.ndarray:
    """Return the concordance correlation of each sample; see :class:`ConcordanceCorrelation`."""
    return _values(ConcordanceCorrelation(axis=axis), y_true, y_pred)
