"""The base of every loss: shapes, types, weights and masks around one formula.

A loss supplies :meth:`Loss.per_sample`: the losses of single samples, l = (l_1 ... l_J), and with
them the slopes ∂l_j/∂y_pred. Everything else is the same for all of them and lives here:

    L = reduce(w, m, l)                        (1)   see scratchrnn.losses.reduction
    dL/dy_pred = (∂L/∂l_j) · (∂l_j/∂y_pred)    (1')
"""

from __future__ import annotations

import re

import numpy as np

from .. import config
from .reduction import (
    check_reduction,
    loss_coefficients,
    reduce_losses,
    weigh,
)

EPSILON = 1e-7  # Keras's default fuzz factor: probabilities are clipped to [EPSILON, 1 - EPSILON]


class Loss:
    """Base class of the losses.

    Parameters
    ----------
    name : str, optional
        Defaults to the class name in snake case.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None, "none"}
        How per-sample losses become one number.
    dtype : {"float32", "float64"}, optional
        Type of the computation; by default that of `y_pred`.

    Notes
    -----
    A loss of your own overrides :meth:`per_sample`; reduction, weights, masks and shapes are then
    taken care of. The class attribute ``axis`` names the axis (or axes) of `y_pred` that one
    per-sample loss covers. Where an entry does not count, :meth:`per_sample` finds the target 0
    and the prediction 1 instead of what was given.

    Examples
    --------
    >>> import numpy as np
    >>> class Cubic(Loss):
    ...     def per_sample(self, y_true, y_pred, with_slope=False):
    ...         error = y_pred - y_true
    ...         losses = np.mean(np.abs(error) ** 3, axis=-1)
    ...         return losses, (3 * error * np.abs(error) / error.shape[-1] if with_slope else None)
    >>> loss = Cubic()
    >>> loss(np.zeros((1, 2)), np.array([[1.0, 2.0]]))
    4.5
    >>> loss.gradient(np.zeros((1, 2)), np.array([[1.0, 2.0]]))
    array([[1.5, 6. ]])
    """

    axis: int | tuple[int, ...] | None = -1

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        who = type(self).__name__
        self.name = name or snake_case(who)
        self.reduction = check_reduction(who, reduction)
        self.dtype = None if dtype is None else config.check_dtype(who, dtype)

    def per_sample(
        self, y_true: np.ndarray, y_pred: np.ndarray, with_slope: bool = False
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Return the losses of single samples and, if asked, their slopes.

        Parameters
        ----------
        y_true, y_pred : ndarray
            Of one floating-point type and, except for sparse labels, one shape.
        with_slope : bool
            Whether the slopes are wanted.

        Returns
        -------
        losses : ndarray
            Shape of `y_pred` without ``axis``.
        slopes : ndarray or None
            ∂ losses[j] / ∂ y_pred, shape of `y_pred`; a fresh array.
        """
        raise NotImplementedError(f"{type(self).__name__}: per_sample is not written")

    def __call__(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the loss.

        Parameters
        ----------
        y_true : array_like
            Targets.
        y_pred : array_like
            Predictions.
        sample_weight : array_like, optional
            A scalar, (N,), or one weight a per-sample loss: (N, T) for sequences. Where it is 0,
            nothing of the entry is used, not even NaN.
        mask : array_like of bool, optional
            Shape of the per-sample losses, (N, T) for sequences: False at padding.

        Returns
        -------
        float or ndarray
            A float; the weighted per-sample losses with ``reduction=None``.
        """
        return self._evaluate(y_true, y_pred, sample_weight, mask, with_slope=False)[0]

    def gradient(self, y_true, y_pred, sample_weight=None, mask=None) -> np.ndarray:
        """Return d loss / d y_pred, with the shape and floating-point type of `y_pred`.

        With ``reduction=None`` it is the gradient of the sum of the per-sample losses.
        """
        return self._evaluate(y_true, y_pred, sample_weight, mask, with_slope=True)[1]

    def value_and_gradient(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the loss and its gradient in one pass: what the training loop calls."""
        return self._evaluate(y_true, y_pred, sample_weight, mask, with_slope=True)

    def samples(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the per-sample losses, unweighted, and which are valid: what a metric needs.

        Entries of weight zero are left out of the arithmetic and are zero. The second result is
        None, or False where the target itself says that it does not count.
        """
        y_true, y_pred, _ = self._prepare(y_true, y_pred, (sample_weight, mask))
        valid = self.valid(y_true)
        weighting, y_true, y_pred = self._clean(y_true, y_pred, sample_weight, mask)
        losses = self.per_sample(y_true, y_pred)[0]
        if weighting.weights is not None:
            losses = np.where(weighting.weights != 0, losses, 0.0)
        return losses, valid

    def valid(self, y_true: np.ndarray) -> np.ndarray | None:
        """Return where the target counts at all; None if everywhere."""
        return None

    def _evaluate(self, y_true, y_pred, sample_weight, mask, with_slope):
        y_true, y_pred, out = self._prepare(y_true, y_pred, (sample_weight, mask))
        weighting, y_true, y_pred = self._clean(y_true, y_pred, sample_weight, mask)
        losses, slopes = self.per_sample(y_true, y_pred, with_slope)
        value = reduce_losses(losses, weighting, self.reduction)
        if slopes is None:
            return value, None
        slopes *= self._spread(loss_coefficients(weighting, slopes.dtype), y_pred.ndim)
        return value, slopes.reshape(out[0]).astype(out[1], copy=False)

    def _prepare(self, y_true, y_pred, extras):
        """Return both as arrays of one type and shape, and the shape and type of the gradient."""
        who = type(self).__name__
        y_pred = as_float(who, "y_pred", y_pred, None)
        out = y_pred.shape, y_pred.dtype
        y_pred = y_pred.astype(self.dtype or y_pred.dtype, copy=False)
        y_true = as_float(who, "y_true", y_true, y_pred.dtype)
        y_true, y_pred = align_ranks(y_true, y_pred, extras)
        check_same_shape(who, y_true, y_pred)
        return y_true, y_pred, out

    def _clean(self, y_true, y_pred, sample_weight, mask):
        """Combine the weights, and put harmless numbers where an entry does not count."""
        who = type(self).__name__
        shape = self._losses_shape(y_pred.shape)
        weighting = weigh(who, shape, sample_weight, mask, self.reduction, y_pred.dtype)
        if weighting.weights is not None and shape != ():
            counts = weighting.weights != 0
            if not counts.all():
                y_pred = np.where(self._spread(counts, y_pred.ndim), y_pred, y_pred.dtype.type(1))
                if y_true.ndim == y_pred.ndim:
                    counts = self._spread(counts, y_pred.ndim)
                y_true = np.where(counts, y_true, y_true.dtype.type(0))
        return weighting, y_true, y_pred

    def _axes(self, ndim: int) -> tuple[int, ...]:
        """Return ``axis`` as a tuple of non-negative axes of an array of `ndim` dimensions."""
        if self.axis is None:
            return tuple(range(ndim))
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if any(not -ndim <= axis < ndim for axis in axes):
            who = type(self).__name__
            raise ValueError(f"{who}: y_pred: expected an axis {self.axis}, got {ndim} dimensions")
        return tuple(axis % ndim for axis in axes)

    def _losses_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        axes = self._axes(len(shape))
        return tuple(size for axis, size in enumerate(shape) if axis not in axes)

    def _spread(self, array: np.ndarray, ndim: int) -> np.ndarray:
        """Give an array over the losses the axes that the losses lack."""
        return array if array.ndim == 0 else np.expand_dims(array, self._axes(ndim))

    def get_config(self) -> dict:
        """Return the constructor's arguments as a dict of plain values."""
        return {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Loss:
        """Make a loss from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


def as_float(who: str, what: str, array, dtype) -> np.ndarray:
    """Return `array` in `dtype`; None keeps float32 and float64 and makes the rest floatx."""
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{who}: {what}: expected real numbers, got {array.dtype}")
    if array.ndim == 0:
        raise ValueError(f"{who}: {what}: expected at least one dimension, got a scalar")
    if array.size == 0:
        raise ValueError(f"{who}: {what}: expected at least one entry, got shape {array.shape}")
    if dtype is None:
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else config.floatx()
    return array.astype(dtype, copy=False)


def align_ranks(y_true: np.ndarray, y_pred: np.ndarray, extras=()):
    """Mend shapes that differ by one last axis of length 1, as Keras does.

    Targets (N, T) for predictions (N, T, 1) drop the axis of the predictions, so that one loss
    covers a row; only weights or a mask (N, T) in `extras` make it one loss a step. So with more
    axes: there must be one weight for every target.
    """
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        if y_pred.ndim == 1:
            return y_true, y_pred[:, None]
        return y_true[..., 0], y_pred
    if y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        stepwise = any(np.shape(x)[: y_true.ndim] == y_true.shape for x in extras)
        if y_true.ndim == 1 or stepwise:
            return y_true[..., None], y_pred
        return y_true, y_pred[..., 0]
    return y_true, y_pred


def check_same_shape(who: str, y_true: np.ndarray, y_pred: np.ndarray) -> None:
    """Raise ``ValueError`` unless both have one shape: broadcasting targets hides mistakes."""
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{who}: y_true: expected shape {y_pred.shape}, got {y_true.shape}")


def check_positive(who: str, what: str, value) -> float:
    """Return a positive finite number, or raise ``ValueError``."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0 < value < np.inf:
        raise ValueError(f"{who}: {what}: expected a positive number, got {value!r}")
    return float(value)


def check_axis(who: str, axis: int) -> int:
    """Return `axis` as an int, or raise ``ValueError``."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ValueError(f"{who}: axis: expected an int, got {axis!r}")
    return int(axis)


def snake_case(name: str) -> str:
    """Return ``MeanSquaredError`` as ``mean_squared_error``, ``AUC`` as ``auc``."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
