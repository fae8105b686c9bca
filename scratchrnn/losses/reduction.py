"""How per-sample losses become one number: weights, masks, and what the sum is divided by.

With losses l_j, weights w_j (1 if not given) and mask m_j (True if not given), all over the
entries j of one array of per-sample losses:

    "sum"                        L = Σ m_j w_j l_j                                   (1)
    "sum_over_batch_size"        L = Σ m_j w_j l_j / Σ m_j      ("mean" is the same) (2)
    "mean_with_sample_weight"    L = Σ m_j w_j l_j / Σ m_j w_j                       (3)
    None or "none"               the array m_j w_j l_j itself                        (4)

A divisor of zero gives L = 0. Without a mask Σ m_j is the number of entries: Keras divides by that,
not by the sum of the weights. In (3) the weights are summed in the shape in which they were given,
before broadcasting, as Keras does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", None, "none")


class Weighting(NamedTuple):
    """What a reduction needs to know before any loss is computed."""

    weights: np.ndarray | None  # broadcastable to the losses; zero where masked; None: all ones
    divisor: float  # what the weighted sum is divided by; 0 means that the result is 0


def check_reduction(who: str, reduction: str | None) -> str | None:
    """Return `reduction` if it is known, else raise ``ValueError``."""
    if not (reduction is None or (isinstance(reduction, str) and reduction in REDUCTIONS)):
        raise ValueError(f"{who}: reduction: expected one of {REDUCTIONS}, got {reduction!r}")
    return reduction


def weigh(
    who: str,
    shape: tuple[int, ...],
    sample_weight,
    mask,
    reduction: str | None,
    dtype: np.dtype,
) -> Weighting:
    """Combine weights and mask for losses of the given shape, equations (1) to (4).

    Parameters
    ----------
    who : str
        Name for error messages.
    shape : tuple of int
        Shape of the array of per-sample losses.
    sample_weight : array_like or None
        A scalar, one weight an entry, or an array that lines up with the leading axes.
    mask : array_like of bool or None
        True where an entry counts; same alignment.
    reduction : str or None
        One of ``REDUCTIONS``.
    dtype : dtype
        Type of the weights returned.

    Returns
    -------
    Weighting
        The weights and the divisor.

    Raises
    ------
    ValueError
        If weights or mask do not fit `shape`, or a weight is not finite.
    """
    if sample_weight is None and mask is None:
        return Weighting(None, _divisor(shape, None, None, reduction))
    weights, valid = None, None
    if sample_weight is not None:
        weights = as_weights(who, sample_weight, dtype)
        weights = align(who, "sample_weight", weights, shape)
    if mask is not None:
        valid = align(who, "mask", as_mask(who, mask), shape)
        masked = valid.astype(dtype)
        weights = masked if weights is None else weights * masked
    return Weighting(weights, _divisor(shape, weights, valid, reduction))


def _divisor(shape, weights, valid, reduction) -> float:
    if reduction in (None, "none", "sum") or shape == ():
        return 1.0
    if reduction == "mean_with_sample_weight" and weights is not None:
        return float(np.sum(weights, dtype=np.float64))
    if valid is not None:
        return float(np.count_nonzero(np.broadcast_to(valid, shape)))
    return float(np.prod(shape))


def as_weights(who: str, sample_weight, dtype) -> np.ndarray:
    """Return weights as an array of finite numbers of the given type."""
    weights = np.asarray(sample_weight)
    if weights.dtype.kind not in "biuf":
        raise ValueError(f"{who}: sample_weight: expected real numbers, got {weights.dtype}")
    if not np.all(np.isfinite(weights)):
        raise ValueError(f"{who}: sample_weight: expected finite numbers, got NaN or infinity")
    return weights.astype(dtype)


def as_mask(who: str, mask) -> np.ndarray:
    """Return `mask` as a bool array; 0 and 1 of another type count as False and True."""
    mask = np.asarray(mask)
    if mask.dtype == bool:
        return mask
    if mask.dtype.kind in "iuf" and np.all((mask == 0) | (mask == 1)):
        return mask.astype(bool)
    raise ValueError(f"{who}: mask: expected booleans, got {mask.dtype}")


def align(who: str, what: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give `array` axes so that it broadcasts against `shape`.

    A trailing axis of length 1 too many is dropped; fewer axes line up with the leading axes of
    `shape` (weights (N,) or (N, 1) for losses (N, T, S) weigh whole samples), else with the
    trailing ones. The array comes back with as many axes as `shape`.
    """
    given = array.shape
    if array.ndim == len(shape) + 1 and given[-1] == 1:
        array = array[..., 0]
    ones = (1,) * (len(shape) - array.ndim)
    leads = all(n in (1, size) for n, size in zip(array.shape, shape, strict=False))
    array = array.reshape(array.shape + ones if leads else ones + array.shape)
    try:
        fits = np.broadcast_shapes(array.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{who}: {what}: expected a shape that fits {shape}, got {given}")
    return array


def reduce_losses(losses: np.ndarray, weighting: Weighting, reduction: str | None):
    """Return the reduced loss (a float), or the weighted losses themselves (an array)."""
    if weighting.weights is not None:
        losses = losses * weighting.weights
    if reduction is None or reduction == "none":
        return losses
    if weighting.divisor == 0.0:
        return 0.0
    return float(np.sum(losses, dtype=np.float64) / weighting.divisor)


def loss_coefficients(weighting: Weighting, dtype: np.dtype) -> np.ndarray:
    """Return d L / d l_j = m_j w_j / divisor; for reduction None, of the sum of the array."""
    if weighting.divisor == 0.0:
        return np.zeros((), dtype)
    scale = 1.0 / weighting.divisor
    if weighting.weights is None:
        return np.asarray(scale, dtype)
    return (weighting.weights * scale).astype(dtype, copy=False)
