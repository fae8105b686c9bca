"""Focal cross-entropies: easy examples count less (Lin et al., 2017, Focal Loss).

Both work on probabilities; logits are turned into probabilities first, as in Keras.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations.stable import sigmoid, softmax
from .base import Loss, check_axis
from .crossentropy import (
    binary_entropy,
    check_smoothing,
    clip_probabilities,
    normalize,
    smooth,
    through_normalization,
)


class BinaryFocalCrossentropy(Loss):
    """Binary cross-entropy weighted by how wrong the prediction is.

    q_t = t q + (1 - t)(1 - q)                                       (1)
    l = Σ w (1 - q_t)^γ b / C,  b the binary cross-entropy           (2)
    ∂l/∂q = w [(1 - q_t)^γ b' - γ (1 - q_t)^(γ-1) (2t - 1) b] / C    (2')

    w = α t + (1 - α)(1 - t) with `apply_class_balancing`, else 1.

    Parameters
    ----------
    apply_class_balancing : bool
        Whether to weigh the classes by `alpha`.
    alpha : float
        Weight of class 1; class 0 has 1 - alpha.
    gamma : float
        Focusing parameter, at least 0.
    from_logits : bool
        Whether `y_pred` are pre-activations rather than probabilities.
    label_smoothing : float
        s in [0, 1]: targets become t (1 - s) + s / 2.
    axis : int
        The axis that is averaged.
    reduction, name, dtype
        See :class:`Loss`.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollár, 2017, Focal Loss for Dense Object Detection, eq. (4) and (5).

    Examples
    --------
    >>> round(BinaryFocalCrossentropy()([[1.0, 0.0]], [[0.5, 0.25]]), 6)
    0.095633
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.apply_class_balancing = bool(apply_class_balancing)
        self.alpha = float(alpha)
        self.gamma = check_gamma("BinaryFocalCrossentropy", gamma)
        self.from_logits = bool(from_logits)
        self.label_smoothing = check_smoothing("BinaryFocalCrossentropy", label_smoothing)
        self.axis = check_axis("BinaryFocalCrossentropy", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t = smooth(y_true, self.label_smoothing, 2)
        q = sigmoid(y_pred) if self.from_logits else y_pred
        entropies, entropy_slopes = binary_entropy(t, q, with_slope)
        miss = 1.0 - (t * q + (1.0 - t) * (1.0 - q))  # 1 - q_t, (1)
        factor = miss**self.gamma
        weights = 1.0
        if self.apply_class_balancing:
            weights = t * self.alpha + (1.0 - t) * (1.0 - self.alpha)
        losses = np.mean(weights * factor * entropies, axis=self.axis)  # (2)
        if not with_slope:
            return losses, None
        focusing = power_slope(miss, self.gamma) * (1.0 - 2.0 * t)
        slopes = weights * (factor * entropy_slopes + focusing * entropies)  # (2')
        slopes = slopes * (1.0 / y_pred.shape[self.axis])
        return losses, (slopes * q * (1.0 - q) if self.from_logits else slopes)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "apply_class_balancing": self.apply_class_balancing,
            "alpha": self.alpha,
            "gamma": self.gamma,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


class CategoricalFocalCrossentropy(Loss):
    """Categorical cross-entropy weighted by how wrong the prediction is.

    q = clip(p / Σ p)                                            (1)
    l = - Σ α (1 - q)^γ t log q                                  (2)
    ∂l/∂q = α t [γ (1 - q)^(γ-1) log q - (1 - q)^γ / q]          (2')

    From logits p = softmax(a).

    Parameters
    ----------
    alpha : float or list of float
        Weight of all classes, or one for each.
    gamma : float
        Focusing parameter, at least 0.
    from_logits : bool
        Whether `y_pred` are pre-activations rather than probabilities.
    label_smoothing : float
        s in [0, 1]: targets become t (1 - s) + s / C.
    axis : int
        The axis of the classes.
    reduction, name, dtype
        See :class:`Loss`.

    References
    ----------
    Lin, Goyal, Girshick, He, Dollár, 2017, Focal Loss for Dense Object Detection.

    Examples
    --------
    >>> round(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.75, 0.25]]), 6)
    0.194948
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha = np.asarray(alpha, np.float64).tolist()
        self.gamma = check_gamma("CategoricalFocalCrossentropy", gamma)
        self.from_logits = bool(from_logits)
        self.label_smoothing = check_smoothing("CategoricalFocalCrossentropy", label_smoothing)
        self.axis = check_axis("CategoricalFocalCrossentropy", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        axis = self.axis
        t = smooth(y_true, self.label_smoothing, y_true.shape[axis])
        p = softmax(y_pred, axis) if self.from_logits else y_pred
        r, total = normalize(p, axis)
        q, inside = clip_probabilities(r)  # (1)
        alpha = np.asarray(self.alpha, q.dtype)
        if alpha.ndim and alpha.shape != y_pred.shape[-1:]:
            raise ValueError(
                f"CategoricalFocalCrossentropy: alpha: expected one number or "
                f"{y_pred.shape[-1]}, one for each class, got {alpha.size}"
            )
        weighted, miss, log_q = alpha * t, 1.0 - q, np.log(q)
        factor = miss**self.gamma
        losses = -np.sum(weighted * factor * log_q, axis=axis)  # (2)
        if not with_slope:
            return losses, None
        g = weighted * inside * (power_slope(miss, self.gamma) * log_q - factor / q)  # (2')
        if self.from_logits:
            return losses, p * (g - np.sum(g * p, axis=axis, keepdims=True))
        return losses, through_normalization(g, r, total, axis)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "gamma": self.gamma,
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
            "axis": self.axis,
        }


def check_gamma(who: str, gamma: float) -> float:
    """Return `gamma` if it is at least 0, else raise ``ValueError``."""
    if not gamma >= 0:
        raise ValueError(f"{who}: gamma: expected a number >= 0, got {gamma!r}")
    return float(gamma)


def power_slope(base: np.ndarray, exponent: float) -> np.ndarray:
    """Return d base^exponent / d base; 0 instead of infinity at base 0 with an exponent below 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = exponent * base ** (exponent - 1.0)
    return slopes if exponent >= 1.0 else np.where(base > 0.0, slopes, 0.0)
