"""Sigmoid, softplus and softmax that neither overflow nor lose digits, on plain arrays.

The naive forms fail at inputs that trained networks do produce: ``1 / (1 + exp(-x))`` overflows
below about -88 in float32, and ``log(softmax(x))`` is ``log(0)`` where a class is improbable.
Every function keeps the floating-point type of its argument.
"""

from __future__ import annotations

import numpy as np


def sigmoid(x: np.ndarray) -> np.ndarray:
    """Return 1 / (1 + exp(-x)), with full relative precision on both sides."""
    e = np.exp(-np.abs(x))  # in (0, 1]: cannot overflow
    return np.where(x >= 0, 1.0, e) / (1.0 + e)


def softplus(x: np.ndarray) -> np.ndarray:
    """Return log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|))."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def log_sigmoid(x: np.ndarray) -> np.ndarray:
    """Return log(sigmoid(x)) = -softplus(-x)."""
    return -softplus(-x)


def softmax(x: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Return exp(x) / sum(exp(x)) over `axis`, shifted by the maximum: exp cannot overflow."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    e /= e.sum(axis=axis, keepdims=True)
    return e


def log_softmax(x: np.ndarray, axis: int | tuple[int, ...] = -1) -> np.ndarray:
    """Return x - log(sum(exp(x))) over `axis`, shifted by the maximum."""
    shifted = x - x.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted
