"""Losses whose targets are integer class labels instead of one-hot rows."""

from __future__ import annotations

import numpy as np

from .base import Loss, as_float, check_axis
from .crossentropy import (
    check_smoothing,
    clip_probabilities,
    normalize,
    through_normalization,
)
from .focal import power_slope
from .reduction import align, as_mask


class SparseLoss(Loss):
    """Base of the losses that read labels: `y_true` lacks the class axis, or has it of length 1."""

    ignore_class: int | None = None

    def _prepare(self, y_true, y_pred, extras):
        who = type(self).__name__
        y_pred = as_float(who, "y_pred", y_pred, None)
        out = y_pred.shape, y_pred.dtype
        y_pred = y_pred.astype(self.dtype or y_pred.dtype, copy=False)
        y_true = np.asarray(y_true)
        if y_true.dtype.kind not in "biuf":
            raise ValueError(f"{who}: y_true: expected integer labels, got {y_true.dtype}")
        shape = self._losses_shape(y_pred.shape)
        labels = y_true
        if labels.ndim == y_pred.ndim and labels.shape[self.axis] == 1:
            labels = np.squeeze(labels, axis=self.axis)
        if labels.shape != shape:
            raise ValueError(f"{who}: y_true: expected labels of shape {shape}, got {y_true.shape}")
        return labels, y_pred, out

    def valid(self, y_true):
        return None if self.ignore_class is None else y_true != self.ignore_class

    def aligned_mask(self, mask, shape: tuple[int, ...]) -> np.ndarray:
        """Return `mask` as booleans that broadcast to `shape`."""
        who = type(self).__name__
        return align(who, "mask", as_mask(who, mask), shape)

    def _clean(self, y_true, y_pred, sample_weight, mask):
        valid = self.valid(y_true)
        if valid is not None:
            mask = valid if mask is None else valid & self.aligned_mask(mask, valid.shape)
        weighting, labels, y_pred = super()._clean(y_true, y_pred, sample_weight, mask)
        who = type(self).__name__
        return weighting, check_labels(who, labels, y_pred.shape[self.axis]), y_pred


class SparseCategoricalCrossentropy(SparseLoss):
    """Cross-entropy of integer class labels k over C exclusive classes.

    l = - log q_k, with q as in (1) of :class:`CategoricalCrossentropy`    (1)
    ∂l/∂p = (g - Σ g r) / Σ p,  g_k = -1/q_k, else 0                       (1')
    from logits a:
    l = log Σ exp(a) - a_k                                                 (2)
    ∂l/∂a = softmax(a) - onehot(k)                                         (2')

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` are pre-activations rather than probabilities.
    ignore_class : int, optional
        Entries with this label (it need not be a class: -1, 255) count as masked.
    reduction : str or None
        See :class:`Loss`.
    axis : int
        The axis of the classes in `y_pred`; `y_true` lacks it, or has it with length 1.
    label_smoothing : float
        s in [0, 1]: the loss becomes 1 - s parts of it and s parts of its mean over all labels.
    name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1], [[0.75, 0.25]]), 6)
    1.386294
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        label_smoothing: float = 0.0,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        self.axis = check_axis("SparseCategoricalCrossentropy", axis)
        self.label_smoothing = check_smoothing("SparseCategoricalCrossentropy", label_smoothing)

    def per_sample(self, y_true, y_pred, with_slope=False):
        k = np.expand_dims(y_true, self.axis)
        if self.from_logits:
            return self._from_logits(k, y_pred, with_slope)
        return self._from_probabilities(k, y_pred, with_slope)

    def _from_logits(self, k, y_pred, with_slope):
        axis, s = self.axis, self.label_smoothing
        shifted = y_pred - y_pred.max(axis=axis, keepdims=True)
        own = np.take_along_axis(shifted, k, axis)
        if s:
            own = (1.0 - s) * own + s * shifted.mean(axis=axis, keepdims=True)
        e = np.exp(shifted, out=shifted)
        total = e.sum(axis=axis, keepdims=True)
        losses = np.squeeze(np.log(total) - own, axis=axis)  # (2)
        if not with_slope:
            return losses, None
        e /= total
        e -= s / e.shape[axis]
        np.put_along_axis(e, k, np.take_along_axis(e, k, axis) - (1.0 - s), axis)  # (2')
        return losses, e

    def _from_probabilities(self, k, y_pred, with_slope):
        axis, s = self.axis, self.label_smoothing
        r, total = normalize(y_pred, axis)
        q, inside = clip_probabilities(np.take_along_axis(r, k, axis))
        losses = -np.log(q)  # (1)
        g = np.zeros_like(y_pred)
        if s:
            all_q, all_inside = clip_probabilities(r)
            losses = (1.0 - s) * losses - s * np.mean(np.log(all_q), axis=axis, keepdims=True)
            g = (-s / y_pred.shape[axis]) * all_inside / all_q
        losses = np.squeeze(losses, axis=axis)
        if not with_slope:
            return losses, None
        np.put_along_axis(g, k, np.take_along_axis(g, k, axis) - (1.0 - s) * inside / q, axis)
        return losses, through_normalization(g, r, total, axis)  # (1')

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "ignore_class": self.ignore_class,
            "axis": self.axis,
            "label_smoothing": self.label_smoothing,
        }


class CategoricalGeneralizedCrossEntropy(SparseLoss):
    """Cross-entropy that forgives wrong labels: between log-loss (q → 0) and MAE (q = 1).

    l = (1 - p_k^q) / q, k the label    (1)
    ∂l/∂p_k = - p_k^(q-1), else 0       (1')

    At p_k = 0 the slope is taken as 0.

    Parameters
    ----------
    q : float
        In (0, 1).
    reduction, name, dtype
        See :class:`Loss`.

    References
    ----------
    Zhang, Sabuncu, 2018, Generalized Cross Entropy Loss for Training Deep Neural Networks with
    Noisy Labels, eq. (6).

    Examples
    --------
    >>> CategoricalGeneralizedCrossEntropy(q=0.5)([1], [[0.75, 0.25]])
    1.0
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if not 0 < q < 1:
            raise ValueError(
                f"CategoricalGeneralizedCrossEntropy: q: expected a number in (0, 1), got {q!r}"
            )
        self.q = float(q)

    def per_sample(self, y_true, y_pred, with_slope=False):
        k = y_true[..., None]
        own = np.take_along_axis(y_pred, k, -1)
        losses = (1.0 - own[..., 0] ** self.q) / self.q  # (1)
        if not with_slope:
            return losses, None
        slopes = np.zeros_like(y_pred)
        np.put_along_axis(slopes, k, -power_slope(own, self.q) / self.q, -1)  # (1')
        return losses, slopes

    def get_config(self) -> dict:
        return {**super().get_config(), "q": self.q}


def check_labels(who: str, labels: np.ndarray, classes: int) -> np.ndarray:
    """Return the labels as integers, or raise ``ValueError`` naming the first bad one."""
    bad = ~((labels >= 0) & (labels < classes))
    if labels.dtype.kind == "f":
        bad |= labels != np.floor(labels)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(
            f"{who}: y_true: expected whole labels from 0 to {classes - 1} "
            f"({classes} classes in y_pred), got {labels[where]} at {where}"
        )
    return labels.astype(np.intp)
