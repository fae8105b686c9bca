"""Cross-entropies: from probabilities (clipped as Keras clips them) and, exactly, from logits.

C classes along `axis`. q are predictions, t targets; σ is the logistic function.
From logits nothing is clipped and nothing overflows; from probabilities q is first held in
[1e-7, 1 - 1e-7], and beyond those bounds the slope is exactly zero.
"""

from __future__ import annotations

import warnings

import numpy as np

from ..activations.stable import sigmoid
from .base import EPSILON, Loss, check_axis

ONE_CLASS = (
    "CategoricalCrossentropy: y_pred: expected more than one class, got one: the loss does not "
    "depend on it; BinaryCrossentropy is the one for a single output"
)


class BinaryCrossentropy(Loss):
    """Cross-entropy of independent yes/no targets.

    l = - Σ t log q + (1 - t) log(1 - q) / C               (1)
    ∂l/∂q = (q - t) / (q (1 - q)) / C                      (1')
    from logits a, q = σ(a):
    l = Σ max(a, 0) - a t + log(1 + exp(-|a|)) / C         (2)
    ∂l/∂a = (σ(a) - t) / C                                 (2')

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` are pre-activations rather than probabilities.
    label_smoothing : float
        s in [0, 1]: targets become t (1 - s) + s / 2.
    axis : int
        The axis that is averaged.
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0, 0.0]], [[0.5, 0.25]]), 6)
    0.490415
    >>> BinaryCrossentropy(from_logits=True)([[1.0, 0.0]], [[1e4, 1e4]])
    5000.0
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.label_smoothing = check_smoothing("BinaryCrossentropy", label_smoothing)
        self.axis = check_axis("BinaryCrossentropy", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t = smooth(y_true, self.label_smoothing, 2)
        if self.from_logits:
            entropies = np.maximum(y_pred, 0.0) - y_pred * t
            entropies += np.log1p(np.exp(-np.abs(y_pred)))  # (2)
            slopes = sigmoid(y_pred) - t if with_slope else None  # (2')
        else:
            entropies, slopes = binary_entropy(t, y_pred, with_slope)
        if with_slope:
            slopes /= y_pred.shape[self.axis]
        return np.mean(entropies, axis=self.axis), slopes

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


def binary_entropy(t, y_pred, with_slope):
    """Return equation (1) of :class:`BinaryCrossentropy` elementwise, and its slope or None."""
    q, inside = clip_probabilities(y_pred)
    entropies = -(t * np.log(q) + (1.0 - t) * np.log(1.0 - q))  # (1)
    return entropies, ((q - t) / (q * (1.0 - q)) * inside if with_slope else None)  # (1')


class CategoricalCrossentropy(Loss):
    """Cross-entropy of one-hot (or soft) targets over C exclusive classes.

    q = clip(p / Σ p)                                      (1)
    l = - Σ t log q                                        (2)
    ∂l/∂p = (g - Σ g r) / Σ p,  g = -t/q,  r = p / Σ p     (2')
    from logits a:
    l = - Σ t log softmax(a)                               (3)
    ∂l/∂a = softmax(a) Σ t - t                             (3')

    Parameters
    ----------
    from_logits : bool
        Whether `y_pred` are pre-activations rather than probabilities.
    label_smoothing : float
        s in [0, 1]: targets become t (1 - s) + s / C.
    axis : int
        The axis of the classes.
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]]), 6)
    1.386294
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.label_smoothing = check_smoothing("CategoricalCrossentropy", label_smoothing)
        self.axis = check_axis("CategoricalCrossentropy", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        axis = self.axis
        t = smooth(y_true, self.label_smoothing, y_true.shape[axis])
        if y_pred.shape[axis] == 1:
            warnings.warn(ONE_CLASS, stacklevel=4)  # who called the loss
        if not self.from_logits:
            r, total = normalize(y_pred, axis)
            q, inside = clip_probabilities(r)  # (1)
            losses = -np.sum(t * np.log(q), axis=axis)  # (2)
            g = -t / q * inside if with_slope else None
            return losses, (through_normalization(g, r, total, axis) if with_slope else None)
        shifted = y_pred - y_pred.max(axis=axis, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=axis, keepdims=True)
        losses = -np.sum(t * (shifted - np.log(total)), axis=axis)  # (3)
        if not with_slope:
            return losses, None
        e *= t.sum(axis=axis, keepdims=True) / total
        e -= t  # (3')
        return losses, e

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


def check_smoothing(who: str, label_smoothing: float) -> float:
    """Return `label_smoothing` if it lies in [0, 1], else raise ``ValueError``."""
    if not 0.0 <= label_smoothing <= 1.0:
        raise ValueError(
            f"{who}: label_smoothing: expected a number in [0, 1], got {label_smoothing!r}"
        )
    return float(label_smoothing)


def smooth(t: np.ndarray, label_smoothing: float, classes: int) -> np.ndarray:
    """Move the targets towards the uniform distribution."""
    return t * (1.0 - label_smoothing) + label_smoothing / classes if label_smoothing else t


def clip_probabilities(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return q held in [1e-7, 1 - 1e-7], and 1 where it was inside, 0 where it was not."""
    low, high = q.dtype.type(EPSILON), q.dtype.type(1.0 - EPSILON)
    inside = (q >= low) & (q <= high)
    return np.clip(q, low, high), inside.astype(q.dtype)


def normalize(p: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """Return r = p / Σ p and Σ p; a sum of zero gives NaN, as in Keras, without a warning."""
    total = p.sum(axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return p / total, total


def through_normalization(g, r, total, axis):
    """Carry the slope g = ∂l/∂r back through r = p / Σ p: (g - Σ g r) / Σ p."""
    slopes = g - np.sum(g * r, axis=axis, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes /= total
    return slopes
