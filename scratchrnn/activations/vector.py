"""Activations in which the entries along an axis share in one result."""

from __future__ import annotations

import numpy as np

from . import stable
from .base import with_backward


def _softmax_backward(dy, x, y, axis=-1):
    return y * (dy - np.sum(dy * y, axis=_axis(axis), keepdims=True))


@with_backward(_softmax_backward)
def softmax(x, axis=-1):
    """Return exp(x) / Σ exp(x) along `axis`; dx = y (dy - Σ dy y)."""
    return stable.softmax(x, _axis(axis))


def _log_softmax_backward(dy, x, y, axis=-1):
    return dy - np.exp(y) * np.sum(dy, axis=_axis(axis), keepdims=True)


@with_backward(_log_softmax_backward)
def log_softmax(x, axis=-1):
    """Return x - log Σ exp(x) along `axis`; dx = dy - softmax(x) Σ dy."""
    return stable.log_softmax(x, _axis(axis))


def _sparsemax_backward(dy, x, y, axis=-1):
    support = y > 0.0
    count = np.maximum(support.sum(axis=axis, keepdims=True), 1)
    mean = np.sum(np.where(support, dy, 0.0), axis=axis, keepdims=True) / count
    return np.where(support, dy - mean, 0.0)


@with_backward(_sparsemax_backward)
def sparsemax(x, axis=-1):
    """Return the point of the probability simplex nearest to x, along `axis`.

    y = max(x - τ, 0), with τ such that Σ y = 1; dx = dy - mean of dy where y > 0, else 0.
    Martins, Astudillo, 2016, From Softmax to Sparsemax, algorithm 1.
    """
    largest_first = -np.sort(-x, axis=axis)
    rank = np.arange(1, x.shape[axis] + 1).reshape(
        [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    )
    excess = np.cumsum(largest_first, axis=axis) - 1.0
    size = np.sum(largest_first * rank > excess, axis=axis, keepdims=True)
    tau = np.take_along_axis(excess, np.maximum(size, 1) - 1, axis=axis) / np.maximum(size, 1)
    return np.maximum(x - tau, 0.0)


def _glu_backward(dy, x, y, axis=-1):
    a, b = np.split(x, 2, axis=axis)
    s = stable.sigmoid(b)
    return np.concatenate([dy * s, dy * a * s * (1.0 - s)], axis=axis)


@with_backward(_glu_backward)
def glu(x, axis=-1):
    """Return a sigmoid(b), a and b the two halves of x along `axis`.

    Dauphin, Fan, Auli, Grangier, 2017, Language Modeling with Gated Convolutional Networks.
    """
    if x.shape[axis] % 2:
        raise ValueError(f"glu: x: expected an even length along axis {axis}, got {x.shape}")
    a, b = np.split(x, 2, axis=axis)
    return a * stable.sigmoid(b)


def _axis(axis):
    return tuple(axis) if isinstance(axis, list) else axis
