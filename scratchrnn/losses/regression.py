"""Losses for real-valued targets, each with its slope beside it.

p are predictions, t targets, both (..., D); one loss covers the last axis, D entries.
"""

from __future__ import annotations

import math

import numpy as np

from .base import EPSILON, Loss, check_axis, check_positive


class MeanSquaredError(Loss):
    """Mean of the squared errors.

    l = Σ (p - t)² / D    (1)        ∂l/∂p = 2 (p - t) / D    (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 1.0]])
    0.5
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        error = y_pred - y_true
        losses = np.mean(error * error, axis=-1)  # (1)
        if not with_slope:
            return losses, None
        error *= 2.0 / error.shape[-1]  # (1')
        return losses, error


class MeanAbsoluteError(Loss):
    """Mean of the absolute errors.

    l = Σ |p - t| / D    (1)        ∂l/∂p = sign(p - t) / D, 0 where p = t    (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0]], [[2.0, 1.0]])
    1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        error = y_pred - y_true
        losses = np.mean(np.abs(error), axis=-1)  # (1)
        return losses, (np.sign(error) / error.shape[-1] if with_slope else None)  # (1')


class MeanAbsolutePercentageError(Loss):
    """Mean of the absolute errors in percent of the target.

    l = 100 Σ |p - t| / max(|t|, 1e-7) / D                 (1)
    ∂l/∂p = 100 sign(p - t) / max(|t|, 1e-7) / D           (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    25.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_absolute_percentage_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        scale = np.maximum(np.abs(y_true), EPSILON)
        error = (y_pred - y_true) / scale
        losses = 100.0 * np.mean(np.abs(error), axis=-1)  # (1)
        if not with_slope:
            return losses, None
        return losses, (100.0 / error.shape[-1]) * np.sign(error) / scale  # (1')


class MeanSquaredLogarithmicError(Loss):
    """Mean of the squared differences of logarithms; negative values count as 1e-7.

    l = Σ e² / D,  e = log(max(p, 1e-7) + 1) - log(max(t, 1e-7) + 1)    (1)
    ∂l/∂p = 2 e / (p + 1) / D where p > 1e-7, else 0                    (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[0.0, 3.0]], [[0.0, 7.0]]), 6)
    0.240227
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "mean_squared_logarithmic_error",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        floored = np.maximum(y_pred, EPSILON)
        error = np.log(floored + 1.0) - np.log(np.maximum(y_true, EPSILON) + 1.0)
        losses = np.mean(error * error, axis=-1)  # (1)
        if not with_slope:
            return losses, None
        slopes = (2.0 / error.shape[-1]) * error / (floored + 1.0)  # (1')
        return losses, np.where(y_pred > EPSILON, slopes, 0.0)


class Huber(Loss):
    """Squared error near zero, absolute error beyond `delta` (Huber, 1964).

    l = Σ h / D,  h = e²/2 where |e| ≤ δ, else δ|e| - δ²/2,  e = p - t    (1)
    ∂l/∂p = clip(e, -δ, δ) / D                                            (1')

    Parameters
    ----------
    delta : float
        Where the parabola turns into straight lines; positive.
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> Huber(delta=1.0)([[0.0, 0.0]], [[0.5, 3.0]])
    1.3125
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = check_positive("Huber", "delta", delta)

    def per_sample(self, y_true, y_pred, with_slope=False):
        error = y_pred - y_true
        clipped = np.clip(error, -self.delta, self.delta)
        # With c = clip(e): c(e - c/2) is e²/2 inside and δ|e| - δ²/2 outside.
        losses = np.mean(clipped * (error - 0.5 * clipped), axis=-1)  # (1)
        if not with_slope:
            return losses, None
        clipped /= error.shape[-1]  # (1')
        return losses, clipped

    def get_config(self) -> dict:
        return {**super().get_config(), "delta": self.delta}


class LogCosh(Loss):
    """Mean of log(cosh(error)): like the squared error near zero, like the absolute one far out.

    l = Σ |e| + log(1 + exp(-2|e|)) - log 2 / D,  e = p - t    (1)
    ∂l/∂p = tanh(e) / D                                        (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(LogCosh()([[0.0, 0.0]], [[1.0, 1000.0]]), 6)
    499.870317
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "log_cosh",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        error = y_pred - y_true
        size = np.abs(error)
        losses = np.mean(size + np.log1p(np.exp(-2.0 * size)) - math.log(2.0), axis=-1)  # (1)
        return losses, (np.tanh(error) / error.shape[-1] if with_slope else None)  # (1')


class CosineSimilarity(Loss):
    """Minus the cosine of the angle between target and prediction: -1 is best.

    p̂ = p · min(1/‖p‖, 1e7),  t̂ likewise                          (1)
    l = - Σ t̂ p̂                                                   (2)
    ∂l/∂p = - (t̂ - (Σ t̂ p̂) p̂) / ‖p‖, and - 1e7 t̂ if ‖p‖ < 1e-7   (2')

    Parameters
    ----------
    axis : int
        The axis that holds the vectors.
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(CosineSimilarity()([[1.0, 0.0]], [[3.0, 4.0]]), 6)
    -0.6
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "cosine_similarity",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = check_axis("CosineSimilarity", axis)

    def per_sample(self, y_true, y_pred, with_slope=False):
        unit_true, _ = self._normalize(y_true)
        unit_pred, scale = self._normalize(y_pred)
        cosine = np.sum(unit_true * unit_pred, axis=self.axis, keepdims=True)
        losses = -np.squeeze(cosine, axis=self.axis)  # (2)
        if not with_slope:
            return losses, None
        # Below the floor p̂ is linear in p: the projection in (2') falls away.
        radial = np.where(scale < 1.0 / EPSILON, cosine * unit_pred, 0.0)
        return losses, scale * (radial - unit_true)  # (2')

    def _normalize(self, x):
        norm = np.sqrt(np.sum(x * x, axis=self.axis, keepdims=True))
        scale = 1.0 / np.maximum(norm, EPSILON)  # (1)
        return x * scale, scale

    def get_config(self) -> dict:
        return {**super().get_config(), "axis": self.axis}
