"""Activations without a kink."""

from __future__ import annotations

import math

import numpy as np

from . import stable
from .base import with_backward, with_slope

_erfc = np.vectorize(math.erfc, otypes=[np.float64])  # NumPy has no error function

SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772


@with_backward(lambda dy, x, y: np.array(dy))
def linear(x):
    """Return x."""
    return x


@with_slope(lambda x, y: 1.0 - y * y)
def tanh(x):
    """Return the hyperbolic tangent; y' = 1 - y²."""
    return np.tanh(x)


@with_slope(lambda x, y: y * (1.0 - y))
def sigmoid(x):
    """Return 1 / (1 + exp(-x)); y' = y (1 - y)."""
    return stable.sigmoid(x)


@with_slope(lambda x, y: y)
def exponential(x):
    """Return exp(x), infinity where that is too large; y' = y."""
    with np.errstate(over="ignore"):
        return np.exp(x)


@with_slope(lambda x, y: stable.sigmoid(x))
def softplus(x):
    """Return log(1 + exp(x)); y' = sigmoid(x)."""
    return stable.softplus(x)


@with_slope(lambda x, y: 1.0 / np.square(1.0 + np.abs(x)))
def softsign(x):
    """Return x / (1 + |x|); y' = 1 / (1 + |x|)²."""
    return x / (1.0 + np.abs(x))


@with_slope(lambda x, y: stable.sigmoid(-x))
def log_sigmoid(x):
    """Return log(sigmoid(x)); y' = sigmoid(-x)."""
    return stable.log_sigmoid(x)


def _silu_slope(x, y):
    s = stable.sigmoid(x)
    return s + y * (1.0 - s)


@with_slope(_silu_slope)
def silu(x):
    """Return x s, s = sigmoid(x), also called swish; y' = s + y (1 - s)."""
    return x * stable.sigmoid(x)


def _mish_slope(x, y):
    t = np.tanh(stable.softplus(x))
    return t + x * (1.0 - t * t) * stable.sigmoid(x)


@with_slope(_mish_slope)
def mish(x):
    """Return x t, t = tanh(softplus(x)); y' = t + x (1 - t²) sigmoid(x)."""
    return x * np.tanh(stable.softplus(x))


def _gelu_slope(x, y, approximate=False):
    if not approximate:
        density = np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
        return _normal_cdf(x) + x * density
    t, inner_slope = _gelu_tanh(x)
    return 0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner_slope


@with_slope(_gelu_slope)
def gelu(x, approximate=False):
    """Return x Φ(x), Φ the normal distribution function; y' = Φ(x) + x φ(x).

    With `approximate`, Φ(x) is (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2
    (Hendrycks, Gimpel, 2016, Gaussian Error Linear Units).
    """
    return 0.5 * x * (1.0 + _gelu_tanh(x)[0]) if approximate else x * _normal_cdf(x)


def _normal_cdf(x):
    # erfc keeps the digits of the left tail, where 1 + erf would cancel.
    return (0.5 * _erfc(x * -math.sqrt(0.5))).astype(x.dtype)


def _gelu_tanh(x):
    """Return t and the slope of what the tanh is taken of."""
    c = math.sqrt(2.0 / math.pi)
    square = x * x
    return np.tanh(c * x * (1.0 + 0.044715 * square)), c * (1.0 + 3.0 * 0.044715 * square)


@with_slope(lambda x, y, b=4: y / np.sqrt(x * x + b))
def squareplus(x, b=4):
    """Return (x + r) / 2, r = √(x² + b); y' = y / r."""
    r = np.sqrt(x * x + b)
    # For negative x the sum cancels: b / (r - x) / 2 is the same number with all its digits.
    return 0.5 * np.where(x >= 0, x + r, b / (r + np.abs(x)))


@with_slope(lambda x, y: np.square(np.tanh(x)))
def tanh_shrink(x):
    """Return x - tanh(x); y' = tanh(x)²."""
    return x - np.tanh(x)


@with_slope(lambda x, y, alpha=1.0: np.where(x > 0, 1.0, alpha * np.exp(np.minimum(x, 0.0))))
def elu(x, alpha=1.0):
    """Return x where x > 0, else α (exp(x) - 1); y' = 1, else α exp(x)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0.0)))


@with_slope(lambda x, y: SELU_SCALE * np.where(x > 0, 1.0, SELU_ALPHA * np.exp(np.minimum(x, 0.0))))
def selu(x):
    """Return λ elu(x, α), with the λ and α that keep mean 0 and variance 1.

    Klambauer, Unterthiner, Mayr, Hochreiter, 2017, Self-Normalizing Neural Networks, eq. (2).
    """
    return SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


@with_slope(lambda x, y, alpha=1.0: np.exp(np.minimum(x / alpha, 0.0)))
def celu(x, alpha=1.0):
    """Return max(x, 0) + min(0, α (exp(x/α) - 1)); y' = 1 where x > 0, else exp(x/α)."""
    return np.maximum(x, 0.0) + alpha * np.expm1(np.minimum(x / alpha, 0.0))
