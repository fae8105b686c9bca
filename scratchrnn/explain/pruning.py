"""TimeSHAP: steps that lie too far back to matter become one player, and the rest are explained.

For every cut t a game of two is played, the steps before t against those from t on; the share of
the older ones,

    φ_old(t) = ½ (v(old) − v(none)) + ½ (v(all) − v(recent))              (1)

is what the output still owes to them. All steps before the last cut up to which it stays within
the tolerance are pruned: they enter the game of the others as a single player.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from .asking import Progress, Target
from .coalitions import Coalitions, open_coalitions
from .sampling import default_samples, kernel_values, permutation_values
from .segments import Segments, time_steps
from .shapley import MOST_EXACT, ShapleyValues, exact_values


class Pruning(NamedTuple):
    """How much the output owes to all that lies before each step.

    Attributes
    ----------
    start : int
        The first step that is kept.
    older : ndarray, (T,)
        Equation (1) for a cut before each step; 0 for the first.
    limit : float
        The most that |older| may be for what is pruned.
    """

    start: int
    older: np.ndarray
    limit: float


@dataclass(frozen=True, repr=False)
class PrunedShapley(ShapleyValues):
    """Shapley values of the recent steps, and of all older ones together.

    Attributes
    ----------
    pruning : Pruning
        ``values[0]`` belongs to the steps before ``pruning.start`` if there are any; then one
        value for each step.
    """

    pruning: Pruning

    @property
    def pruned_value(self) -> float:
        """The share of all pruned steps together; 0 if there are none."""
        return float(self.values[0]) if self.pruning.start else 0.0

    @property
    def step_values(self) -> np.ndarray:
        """The value of each step that was kept, (T − start,)."""
        return self.values[1:] if self.pruning.start else self.values


def prune_steps(
    model: Any,
    x: Any,
    target: Target = None,
    *,
    tolerance: float = 0.025,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
) -> Pruning:
    """Find the step before which nothing matters to the output.

    Parameters
    ----------
    model : Sequential, Layer or callable
    x : array_like, (T, …)
        One input.
    target, baseline, mask
        As for :func:`occlusion`.
    tolerance : float, default 0.025
        What may be pruned, as a share of |f(x) − f(baseline)|.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    Pruning

    References
    ----------
    J. Bento, P. Saleiro, A. F. Cruz, M. A. T. Figueiredo, P. Bizarro, "TimeSHAP: explaining
    recurrent models through sequence perturbations", KDD 2021. There the cut is the most recent
    one within the tolerance; here all cuts before it must be within it too.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import prune_steps
    >>> fading = lambda x: x[:, :, 0] @ 0.1 ** np.arange(6)[::-1]
    >>> prune_steps(fading, np.ones((6, 1))).start
    4
    """
    game = _steps_game("prune_steps", model, x, target, baseline, seed, mask)
    return _prune("prune_steps", game, tolerance)


def timeshap(
    model: Any,
    x: Any,
    target: Target = None,
    *,
    tolerance: float = 0.025,
    method: str = "auto",
    samples: int | None = None,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> PrunedShapley:
    """Return Shapley values of steps, those too far back to matter taken together.

    Parameters
    ----------
    model, x, target, tolerance, baseline, mask
        As for :func:`prune_steps`.
    method, samples, seed, progress
        As for :func:`shapley_values`.

    Returns
    -------
    PrunedShapley

    References
    ----------
    J. Bento et al., "TimeSHAP", KDD 2021; the pruning is described at :func:`prune_steps`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import timeshap
    >>> fading = lambda x: x[:, :, 0] @ 0.1 ** np.arange(6)[::-1]
    >>> result = timeshap(fading, np.ones((6, 1)))
    >>> result.pruning.start, result.step_values.round(3), round(result.pruned_value, 4)
    (4, array([0.1, 1. ]), 0.0111)
    """
    who = "timeshap"
    if method not in ("auto", "exact", "kernel", "permutation"):
        known = "auto, exact, kernel or permutation"
        raise ValueError(f"{who}: method: expected {known}, got {method!r}")
    rng = np.random.default_rng(seed)
    game = _steps_game(who, model, x, target, baseline, rng, mask)
    pruning = _prune(who, game, tolerance)
    labels = np.maximum(game.segments.labels - max(pruning.start - 1, 0), 0)
    game.segments = Segments(labels, game.segments.shape, "steps")
    if method == "auto":
        method = "exact" if game.count <= MOST_EXACT else "permutation"
    if method == "exact":
        result = exact_values(who, game, progress)
    else:
        compute = kernel_values if method == "kernel" else permutation_values
        result = compute(game, default_samples(who, game, samples), rng, progress)
    known = {field.name: getattr(result, field.name) for field in fields(result)}
    known["method"] = f"TimeSHAP ({result.method})"
    return PrunedShapley(**known, pruning=pruning)


def _steps_game(who: str, model, x, target, baseline, seed, mask) -> Coalitions:
    array = np.asarray(x)
    segments = time_steps(array) if array.ndim and array.size else None
    return open_coalitions(who, model, x, segments, target, baseline, seed, mask)


def _prune(who: str, game: Coalitions, tolerance: float) -> Pruning:
    if not 0 <= tolerance < 1:
        raise ValueError(f"{who}: tolerance: expected a share from 0 to below 1, got {tolerance!r}")
    T = game.count
    old = np.tri(T, k=-1, dtype=bool)  # row t: the steps before t
    v_old, v_recent = np.split(game.values(np.vstack([old, ~old])), 2)
    none, everything = v_old[0], v_recent[0]
    older = (v_old - none) / 2 + (everything - v_recent) / 2  # (1)
    limit = tolerance * abs(float(everything - none))
    outside = np.flatnonzero(np.abs(older) > limit)
    start = int(outside[0]) - 1 if len(outside) else T - 1
    return Pruning(start, older, limit)
