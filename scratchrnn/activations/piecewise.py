"""Activations made of pieces. At a kink the slope is the one on the left: relu'(0) = 0."""

from __future__ import annotations

import numpy as np

from .base import with_slope


def _relu_slope(x, y, negative_slope=0.0, max_value=None, threshold=0.0):
    active = x > threshold
    if max_value is not None:
        active &= (x > 0.0) & (x <= max_value)
    return np.where(x > threshold, active, negative_slope)


@with_slope(_relu_slope)
def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Return x above `threshold`, else `negative_slope` (x - threshold); capped at `max_value`."""
    y = np.where(x > threshold, x, 0.0)
    if max_value is not None:
        y = np.clip(y, 0.0, max_value)
    return y - negative_slope * np.maximum(threshold - x, 0.0) if negative_slope else y


@with_slope(lambda x, y, negative_slope=0.2: np.where(x > 0, 1.0, negative_slope))
def leaky_relu(x, negative_slope=0.2):
    """Return x where x > 0, else `negative_slope` x."""
    return np.where(x > 0, x, negative_slope * x)


@with_slope(lambda x, y: (x > 0) & (x <= 6))
def relu6(x):
    """Return x held in [0, 6]."""
    return np.clip(x, 0.0, 6.0)


@with_slope(lambda x, y: np.where((x > -3) & (x <= 3), 1.0 / 6.0, 0.0))
def hard_sigmoid(x):
    """Return x / 6 + 1/2 held in [0, 1]."""
    return np.clip(x / 6.0 + 0.5, 0.0, 1.0)


@with_slope(lambda x, y: np.where(x > 3, 1.0, np.where(x > -3, x / 3.0 + 0.5, 0.0)))
def hard_silu(x):
    """Return x hard_sigmoid(x), also called hard_swish."""
    return x * np.clip(x / 6.0 + 0.5, 0.0, 1.0)


@with_slope(lambda x, y: (x > -1) & (x <= 1))
def hard_tanh(x):
    """Return x held in [-1, 1]."""
    return np.clip(x, -1.0, 1.0)


@with_slope(lambda x, y, threshold=0.5: np.abs(x) > threshold)
def hard_shrink(x, threshold=0.5):
    """Return x where |x| > threshold, else 0."""
    return np.where(np.abs(x) > threshold, x, 0.0)


@with_slope(lambda x, y, threshold=0.5: (x > threshold) | (x <= -threshold))
def soft_shrink(x, threshold=0.5):
    """Return x moved towards 0 by `threshold`, and 0 within it."""
    return np.sign(x) * np.maximum(np.abs(x) - threshold, 0.0)


@with_slope(lambda x, y: np.clip(0.5 * (x + 1.0), 0.0, 1.0))
def sparse_plus(x):
    """Return 0 up to -1, x from 1 on, and (x + 1)² / 4 between."""
    return np.where(x >= 1.0, x, 0.25 * np.square(np.clip(x + 1.0, 0.0, 2.0)))


@with_slope(lambda x, y: np.where((x > -1) & (x <= 1), 0.5, 0.0))
def sparse_sigmoid(x):
    """Return (x + 1) / 2 held in [0, 1]."""
    return np.clip(0.5 * (x + 1.0), 0.0, 1.0)


@with_slope(lambda x, y, threshold, default_value: x > threshold)
def threshold(x, threshold, default_value):
    """Return x where x > threshold, else `default_value`."""
    return np.where(x > threshold, x, default_value)
