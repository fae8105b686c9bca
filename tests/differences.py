"""Gradients by finite differences, to check hand-written ones against."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def central_differences(f: Callable, x: np.ndarray, step: float = 1e-4) -> np.ndarray:
    """Return d f / d x of a scalar function, exact up to the fourth power of the step."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        values = []
        for move in (step, -step, 2 * step, -2 * step):
            moved = x.copy()
            moved[index] += move
            values.append(float(f(moved)))
        near, far = values[0] - values[1], values[2] - values[3]
        gradient[index] = (8.0 * near - far) / (12.0 * step)
    return gradient


def relative_error(got: np.ndarray, want: np.ndarray) -> float:
    """Return the largest error relative to the entry, or to a thousandth of the largest entry."""
    size = np.maximum(np.abs(got), np.abs(want))
    floor = 1e-3 * max(float(size.max()), 1e-12)
    return float(np.max(np.abs(got - want) / np.maximum(size, floor)))


def assert_is_gradient(got: np.ndarray, f: Callable, x: np.ndarray, step: float = 1e-4) -> None:
    """Assert that `got` is the gradient of `f` at `x` to a relative 1e-7, and not just zero."""
    want = central_differences(f, x, step)
    assert got.shape == x.shape
    assert got.dtype == x.dtype == np.float64
    assert np.abs(want).max() > 1e-6
    error = relative_error(got, want)
    assert error <= 1e-7, error
