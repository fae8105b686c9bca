"""Small functions of a few numbers, whose Shapley values the shap package was asked for."""

from __future__ import annotations

import numpy as np

from scratchrnn.cells import gru_forward


def formula(x: np.ndarray) -> np.ndarray:
    """(N, 5) to (N, 2): products, a kink and an exponential."""
    a, b, c, d, e = np.asarray(x, dtype=float).T
    return np.stack([a * b + np.maximum(c, d) - np.exp(-e), np.sin(a + c) * d + 2 * e], axis=1)


def recurrent(x: np.ndarray) -> np.ndarray:
    """(N, 8), four steps of two features, to (N, 2): a GRU."""
    rng = np.random.default_rng(7)
    Wx, Wh, b = (rng.normal(size=shape) for shape in ((2, 9), (3, 9), (2, 9)))
    h, _, _ = gru_forward(np.asarray(x, dtype=float).reshape(-1, 4, 2), None, Wx, Wh, b)
    return h[:, -1, :2]


CASES = {"formula": (formula, 5), "recurrent": (recurrent, 8)}


def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the inputs to explain (3, D) and the background (4, D)."""
    rng = np.random.default_rng(len(name))
    D = CASES[name][1]
    return rng.normal(size=(3, D)), rng.normal(size=(4, D))
