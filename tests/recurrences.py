"""The recurrences of both backends, called in one way, and their gradients by name."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

import scratchrnn
from scratchrnn import backend

BACKENDS = ("numpy", "numba")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
STATES = {"rnn": "h", "lstm": "hc", "gru": "h"}
WEIGHTS = ("Wx", "Wh", "b", "peepholes")


def functions(name: str, cell: str) -> backend.Recurrence:
    """Return the pair of a backend; skip where Numba cannot be had."""
    if name == "numba" and importlib.util.find_spec("numba") is None:
        pytest.skip("Numba is not installed")
    with scratchrnn.use_backend(name):
        return backend.recurrence(cell)


def forward(pair, cell: str, arrays: dict, **options):
    """Run forward on named arrays; return outputs by name (h, hT, cT) and the cache."""
    states = [arrays.get(f"{letter}0") for letter in STATES[cell]]
    weights = [arrays["Wx"], arrays["Wh"], arrays.get("b")]
    if arrays.get("peepholes") is not None:
        options["peepholes"] = arrays["peepholes"]
    h, *final, cache = pair.forward(arrays["x"], *states, *weights, arrays.get("mask"), **options)
    names = [f"{letter}T" for letter in STATES[cell]]
    return {"h": h, **dict(zip(names, final, strict=True))}, cache


def backward(pair, cell: str, upstream: dict, cache) -> dict[str, np.ndarray]:
    """Run backward on upstream gradients by name (h, hT, cT); return gradients by input name."""
    final = [upstream.get(f"{letter}T") for letter in STATES[cell]]
    gradients = pair.backward(upstream["h"], cache, *final)
    return {k.removeprefix("d"): g for k, g in gradients._asdict().items() if g is not None}


def mask_of(lengths, T: int) -> np.ndarray:
    """Return the mask (N, T) of sequences of these lengths."""
    return np.arange(T)[None, :] < np.asarray(lengths)[:, None]


def reverse(x: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Return sequences (N, T, ...) run backwards, the real steps of each staying at its front."""
    if mask is None:
        return x[:, ::-1]
    order = np.argsort(~mask, axis=1, kind="stable")
    count = mask.sum(axis=1, keepdims=True)
    steps = np.arange(mask.shape[1])[None, :]
    order = np.where(
        steps < count, np.take_along_axis(order, np.clip(count - 1 - steps, 0, None), 1), order
    )
    return np.take_along_axis(x, order.reshape(*order.shape, *(1,) * (x.ndim - 2)), axis=1)
