"""The running prediction: what a model says after each step, knowing nothing of what follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers import Layer
from ..stack import Stack
from .asking import answer
from .connectivity import sees_masks


def running_prediction(model: Any, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return what a model says after each step, having seen nothing of what follows.

    Parameters
    ----------
    model : Sequential or callable
        Any that maps (N, T, …) to (N, C); it is asked about every beginning of each sequence.
        Of one that answers at every step, (N, T, C), the last answer to each beginning counts.
    x : ndarray, (N, T, …)
    mask : ndarray of bool, (N, T), optional
        Real steps; they come first.

    Returns
    -------
    ndarray, (N, T, C)
        At masked steps the prediction for the whole sequence.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import running_prediction
    >>> total = lambda x: x.sum(axis=1)
    >>> running_prediction(total, np.ones((1, 4, 1)))[0, :, 0]
    array([1., 2., 3., 4.])
    """
    x = np.asarray(x)
    if x.ndim < 2 or 0 in x.shape:
        raise ValueError(f"running_prediction: x: expected (N, T, ...), got {x.shape}")
    N, T = x.shape[:2]
    mask = np.ones((N, T), bool) if mask is None else np.asarray(mask, dtype=bool)
    if mask.shape != (N, T):
        raise ValueError(f"running_prediction: mask: expected (N, T)={(N, T)}, got {mask.shape}")
    if isinstance(model, Stack | Layer) and sees_masks(model):
        return np.stack([_by_mask(model, *pair) for pair in zip(x, mask, strict=True)])
    return np.stack([_by_length(model, *pair) for pair in zip(x, mask, strict=True)])


def _by_mask(model: Any, row: np.ndarray, real: np.ndarray) -> np.ndarray:
    """All beginnings of one sequence in a few batches, what follows hidden by a mask."""
    known = np.tri(len(row), dtype=bool) & real  # row t: the steps up to t
    known[:, 0] = True
    said = []
    for start in range(0, len(row), 32):
        some = known[start : start + 32]
        x = np.broadcast_to(row, (len(some), *row.shape))
        y = answer("running_prediction", model, x, some)
        said.append(_last(y, len(row), some))
    return np.concatenate(said)


def _by_length(model: Any, row: np.ndarray, real: np.ndarray) -> np.ndarray:
    """The beginnings one by one: for functions, and for layers that know no mask."""
    length = int(np.flatnonzero(real)[-1]) + 1 if real.any() else 1
    said = []
    for end in range(1, length + 1):
        y = answer("running_prediction", model, row[None, :end], None)
        said.append(_last(y, end, np.ones((1, end), bool))[0])
    return np.stack(said + [said[-1]] * (len(row) - length))


def _last(y: np.ndarray, steps: int, known: np.ndarray) -> np.ndarray:
    """Of answers (M, T, C) at every step, the one at the last known step."""
    if y.ndim < 3 or y.shape[1] != steps:
        return y
    last = steps - 1 - known[:, ::-1].argmax(axis=1)
    return y[np.arange(len(y)), last]
