"""What `vectors` does, in NumPy, for NUMBA_DISABLE_JIT=1: a vector is a short array.

Compiled code does not look where it writes; here whoever leaves an array is told.
"""

from __future__ import annotations

import numpy as np


def load(array, offset, count):
    """Return elements offset, offset + 1, … of an array: at most `count`, and then zeros."""
    from .vectors import VECTOR

    vector = np.zeros(VECTOR // array.itemsize, array.dtype)
    count = max(0, min(count, len(vector)))
    vector[:count] = _inside(array, offset, count)
    return vector


def store(array, offset, count, value):
    """Set elements offset, offset + 1, … of an array, at most `count`."""
    count = max(0, min(count, len(value)))
    _inside(array, offset, count)[:] = value[:count]


def _inside(array, offset, count):
    if offset < 0 or offset + count > array.size:
        raise IndexError(f"elements {offset} to {offset + count} of {array.size}")
    return array.reshape(-1)[offset : offset + count]


def prefetch(array, offset, write):
    """Do nothing."""


def at_least(x, low):
    """Return max(x, low); NaN stays."""
    return np.where(x < low, low, x)


def at_most(x, high):
    """Return min(x, high); NaN stays."""
    return np.where(x > high, high, x)


def if_over(x, limit, yes, no):
    """Return `yes` where x > limit, else `no`."""
    return np.where(x > limit, yes, no).astype(x.dtype)


def with_sign_of(x, y):
    """Return |x| with the sign of y."""
    return np.copysign(x, y)


def low_bits_as_exponent(x):
    """Return 2^k, where k + bias is what the lowest bits of x hold."""
    bits, shift = (np.int32, 23) if x.itemsize == 4 else (np.int64, 52)
    return (x.view(bits) << bits(shift)).view(x.dtype)


def length(x):
    """Return how many numbers a vector holds."""
    return len(x)


def lane(x, q):
    """Return the number in lane q."""
    return x[q]


def with_lane(x, q, value):
    """Return x with another number in lane q."""
    x = x.copy()
    x[q] = value
    return x
