"""How often the prediction is right."""

from __future__ import annotations

import numpy as np

from ..losses.base import as_float
from .base import PairMetric, check_count


class Accuracy(PairMetric):
    """Share of entries in which prediction and target are equal.

    It compares numbers for equality: for probabilities use one of the others.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> Accuracy()([1, 2, 3, 4], [0, 2, 3, 4])
    0.75
    """

    def __init__(self, name: str = "accuracy", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return y_true == y_pred


class BinaryAccuracy(PairMetric):
    """Share of entries on the right side of a threshold.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    threshold : float
        Predictions above it count as 1.

    Examples
    --------
    >>> BinaryAccuracy()([1, 1, 0, 0], [0.98, 1.0, 0.0, 0.6])
    0.75
    """

    def __init__(
        self, name: str = "binary_accuracy", dtype: str | None = None, threshold: float = 0.5
    ) -> None:
        super().__init__(name, dtype)
        self.threshold = float(threshold)

    def values(self, y_true, y_pred):
        return y_true == (y_pred > self.threshold)

    def get_config(self) -> dict:
        return {**super().get_config(), "threshold": self.threshold}


class CategoricalAccuracy(PairMetric):
    """Share of samples whose largest prediction is at the one of the one-hot target.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> CategoricalAccuracy()([[0, 1], [1, 0]], [[0.1, 0.9], [0.4, 0.6]])
    0.5
    """

    def __init__(self, name: str = "categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return np.argmax(y_true, axis=-1) == np.argmax(y_pred, axis=-1)


class SparseMetric(PairMetric):
    """Base of the metrics whose targets are integer labels (...,) or (..., 1)."""

    def prepare(self, y_true, y_pred, extras):
        who = type(self).__name__
        y_pred = as_float(who, "y_pred", y_pred, None)
        y_true = np.asarray(y_true)
        if y_true.dtype.kind not in "biuf":
            raise ValueError(f"{who}: y_true: expected integer labels, got {y_true.dtype}")
        labels = y_true
        if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
            labels = labels[..., 0]
        if labels.shape != y_pred.shape[:-1]:
            raise ValueError(
                f"{who}: y_true: expected labels of shape {y_pred.shape[:-1]}, got {y_true.shape}"
            )
        return labels, y_pred


class SparseCategoricalAccuracy(SparseMetric):
    """Share of labels that are where the largest prediction is.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([1, 0], [[0.1, 0.9], [0.4, 0.6]])
    0.5
    """

    def __init__(self, name: str = "sparse_categorical_accuracy", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return y_true == np.argmax(y_pred, axis=-1)


class TopKCategoricalAccuracy(PairMetric):
    """Share of samples whose class, one-hot in the target, is among the k largest predictions.

    Parameters
    ----------
    k : int
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1]], [[0.5, 0.2, 0.3]])
    1.0
    """

    def __init__(
        self, k: int = 5, name: str = "top_k_categorical_accuracy", dtype: str | None = None
    ) -> None:
        super().__init__(name, dtype)
        self.k = check_count("TopKCategoricalAccuracy", "k", k, 1)

    def values(self, y_true, y_pred):
        return in_top_k(np.argmax(y_true, axis=-1), y_pred, self.k)

    def get_config(self) -> dict:
        return {**super().get_config(), "k": self.k}


class SparseTopKCategoricalAccuracy(SparseMetric):
    """Share of labels that are among the k largest predictions.

    Parameters
    ----------
    k : int
    name, dtype
        See :class:`Metric`.
    from_sorted_ids : bool
        Whether `y_pred` holds class ids, the best first, instead of scores.

    Examples
    --------
    >>> SparseTopKCategoricalAccuracy(k=2)([2], [[0.5, 0.2, 0.3]])
    1.0
    """

    def __init__(
        self,
        k: int = 5,
        name: str = "sparse_top_k_categorical_accuracy",
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(name, dtype)
        self.k = check_count("SparseTopKCategoricalAccuracy", "k", k, 1)
        self.from_sorted_ids = bool(from_sorted_ids)

    def values(self, y_true, y_pred):
        if self.from_sorted_ids:
            return np.any(y_true[..., None] == y_pred[..., : self.k], axis=-1)
        return in_top_k(y_true, y_pred, self.k)

    def get_config(self) -> dict:
        return {**super().get_config(), "k": self.k, "from_sorted_ids": self.from_sorted_ids}


def in_top_k(labels: np.ndarray, y_pred: np.ndarray, k: int) -> np.ndarray:
    """Return whether fewer than k classes score higher than the label; ties are in its favour.

    A label that is no class, or scores NaN, is not among them.
    """
    classes = y_pred.shape[-1]
    known = (labels >= 0) & (labels < classes)
    index = np.where(known, labels, 0).astype(np.intp)[..., None]
    own = np.take_along_axis(y_pred, index, axis=-1)
    return known & np.isfinite(own[..., 0]) & (np.sum(y_pred > own, axis=-1) < k)
