"""Overlap losses: they compare regions, not single entries."""

from __future__ import annotations

import numpy as np

from .base import EPSILON, Loss


class Tversky(Loss):
    """One minus the Tversky index of two (soft) regions.

    I = Σ t p,  P = Σ (1 - p) t,  Q = Σ p (1 - t)                    (1)
    l = 1 - I / D,  D = I + α P + β Q + 1e-7                         (2)
    ∂l/∂p = - (t D - I ((1 - α - β) t + β)) / D²                     (2')

    Parameters
    ----------
    alpha, beta : float
        Weight of what is missed (P) and of what is wrongly claimed (Q). Both 0.5 is Dice.
    reduction, name, dtype
        See :class:`Loss`.
    axis : int, tuple of int or None
        The axes of one region; None takes the whole batch as one.

    References
    ----------
    Salehi, Erdogmus, Gholipour, 2017, Tversky loss function for image segmentation.

    Examples
    --------
    >>> round(Tversky()([[1.0, 0.0]], [[0.5, 0.5]]), 6)
    0.5
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "tversky",
        axis: int | tuple[int, ...] | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha, self.beta = float(alpha), float(beta)
        self.axis = _check_axes("Tversky", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t, p, axes = y_true, y_pred, self._axes(y_pred.ndim)
        both = np.sum(t * p, axis=axes, keepdims=True)
        missed = np.sum((1.0 - p) * t, axis=axes, keepdims=True)
        claimed = np.sum(p * (1.0 - t), axis=axes, keepdims=True)  # (1)
        size = both + self.alpha * missed + self.beta * claimed + EPSILON
        losses = np.squeeze(1.0 - both / size, axis=axes)  # (2)
        if not with_slope:
            return losses, None
        size_slope = (1.0 - self.alpha - self.beta) * t + self.beta
        return losses, (both * size_slope - t * size) / (size * size)  # (2')

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "alpha": self.alpha,
            "beta": self.beta,
            "axis": list(self.axis) if isinstance(self.axis, tuple) else self.axis,
        }


class Dice(Loss):
    """One minus the Dice coefficient of two (soft) regions.

    l = 1 - 2 I / D,  I = Σ t p,  D = Σ t + Σ p + 1e-7    (1)
    ∂l/∂p = - 2 (t D - I) / D²                            (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.
    axis : int, tuple of int or None
        The axes of one region; None takes the whole batch as one.

    Examples
    --------
    >>> round(Dice()([[1.0, 0.0]], [[0.5, 0.5]]), 6)
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "dice",
        axis: int | tuple[int, ...] | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = _check_axes("Dice", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t, p, axes = y_true, y_pred, self._axes(y_pred.ndim)
        both = np.sum(t * p, axis=axes, keepdims=True)
        size = t.sum(axis=axes, keepdims=True) + p.sum(axis=axes, keepdims=True) + EPSILON
        losses = np.squeeze(1.0 - 2.0 * both / size, axis=axes)  # (1)
        return losses, (2.0 * (both - t * size) / (size * size) if with_slope else None)  # (1')

    def get_config(self) -> dict:
        axis = list(self.axis) if isinstance(self.axis, tuple) else self.axis
        return {**super().get_config(), "axis": axis}


def _check_axes(who: str, axis):
    """Return `axis` as None, an int or a tuple of int, or raise ``ValueError``."""
    if axis is None:
        return None
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else (axis,)
    if any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in axes):
        raise ValueError(f"{who}: axis: expected None, an int or a tuple of int, got {axis!r}")
    return tuple(int(a) for a in axes) if isinstance(axis, (list, tuple)) else int(axis)
