"""Baselines: what stands for "nothing there" where a part of an input is taken away.

No baseline is neutral for every model: black is a colour, zero may be a value that was never
seen. Every explainer that needs one therefore takes several as well, and averages over them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

NAMES = ("zeros", "mean", "gray", "blur", "noise")


def make_baselines(
    who: str, x: np.ndarray, baseline: Any, seed: int | np.random.Generator = 0
) -> np.ndarray:
    """Return baselines of an input, in its dtype.

    Parameters
    ----------
    who : str
        Asks; for messages.
    x : ndarray, (T, …)
    baseline : str, float, array_like or list of these
        ``"zeros"``; ``"mean"``: at every step the mean over time, a clip that stands still;
        ``"gray"``: the mean over time and space, of each channel; ``"blur"``: each frame
        averaged over a fifth of its height and width, or a sequence over a fifth of its steps;
        ``"noise"``: uniform between the smallest and largest value of x. A number, an array of
        the shape of x (or that broadcasts to it), an array (B, T, …) of several, or a list.
    seed : int or numpy.random.Generator
        For ``"noise"``.

    Returns
    -------
    ndarray, (B, T, …)

    Raises
    ------
    ValueError
        If a baseline is not known, or does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain.baselines import make_baselines
    >>> make_baselines("me", np.array([[1.0], [3.0]]), ["zeros", "mean"])[:, 0, 0]
    array([0., 2.])
    """
    rng = np.random.default_rng(seed)
    given = baseline if isinstance(baseline, list | tuple) and _mixed(baseline) else [baseline]
    made = [one for each in given for one in _make(who, x, each, rng)]
    if not made:
        raise ValueError(f"{who}: baseline: expected at least one, got none")
    stacked = np.stack(made)
    if x.dtype.kind in "iub":
        stacked = np.rint(stacked)
    return stacked.astype(x.dtype)


def _mixed(items: list | tuple) -> bool:
    """Whether a list holds baselines; one of plain numbers is itself a baseline."""
    return not items or any(isinstance(item, str) or np.ndim(item) for item in items)


def _make(who: str, x: np.ndarray, baseline: Any, rng: np.random.Generator) -> list[np.ndarray]:
    if isinstance(baseline, str):
        if baseline not in NAMES:
            known = ", ".join(NAMES)
            raise ValueError(f"{who}: baseline: expected one of {known}, got {baseline!r}")
        return [_named(x.astype(np.float64), baseline, rng)]
    values = np.asarray(baseline)
    if values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise ValueError(f"{who}: baseline: expected finite numbers, got {values.dtype}")
    several = values.ndim == x.ndim + 1
    try:
        shape = (len(values), *x.shape) if several else x.shape
        full = np.broadcast_to(values, shape)
    except ValueError:
        raise ValueError(
            f"{who}: baseline: expected to fit {x.shape}, got {values.shape}"
        ) from None
    return list(full) if several else [full]


def _named(x: np.ndarray, name: str, rng: np.random.Generator) -> np.ndarray:
    if name == "zeros":
        return np.zeros_like(x)
    if name == "mean":
        return np.broadcast_to(x.mean(axis=0), x.shape)
    if name == "gray":
        axes = tuple(range(3)) if x.ndim >= 3 else (0,)
        return np.broadcast_to(x.mean(axis=axes, keepdims=True), x.shape)
    if name == "noise":
        return rng.uniform(x.min(), np.nextafter(x.max(), np.inf), x.shape)
    axes = (1, 2) if x.ndim >= 3 else (0,)
    for axis in axes:
        x = _averaged(x, axis, max(3, x.shape[axis] // 5))
    return x


def _averaged(x: np.ndarray, axis: int, width: int) -> np.ndarray:
    """Return the running mean along an axis, the ends repeated."""
    before, after = (width - 1) // 2, width // 2
    pad = [(0, 0)] * x.ndim
    pad[axis] = (before + 1, after)
    sums = np.cumsum(np.pad(x, pad, mode="edge"), axis=axis)
    upper = np.take(sums, np.arange(width, sums.shape[axis]), axis=axis)
    lower = np.take(sums, np.arange(sums.shape[axis] - width), axis=axis)
    return (upper - lower) / width
