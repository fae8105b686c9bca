"""Shapley values: each segment's fair share of what the whole input is worth.

    φ_i = Σ over C without i of  |C|! (S − |C| − 1)! / S!  (v(C ∪ i) − v(C))        (1)
    Σ_i φ_i = v(all) − v(none)                                                      (2)

Exactly, from all 2^S coalitions, for up to 12 segments; beyond, from samples (see `sampling`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np

from .asking import Progress, Target
from .coalitions import Coalitions, every_coalition, open_coalitions
from .results import SegmentAttribution

MOST_EXACT = 12


@dataclass(frozen=True, repr=False)
class ShapleyValues(SegmentAttribution):
    """Shapley values of an input's segments.

    Attributes
    ----------
    whole_output : float
        v(all): the output for the whole input, as it was found among the coalitions.
    gap : float
        |Σ values − (v(all) − v(none))|, equation (2).
    standard_error : ndarray, (S,), optional
        Of each value, where they come from random permutations; zeros where they are exact.
    """

    whole_output: float
    gap: float
    standard_error: np.ndarray | None


def shapley_values(
    model: Any,
    x: Any,
    segments: Any = None,
    target: Target = None,
    *,
    method: str = "auto",
    samples: int | None = None,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> ShapleyValues:
    """Share the difference between an output and the baseline's fairly among the segments.

    Parameters
    ----------
    model, x, segments, target, baseline, mask, progress
        As for :func:`occlusion`.
    method : {"auto", "exact", "kernel", "permutation"}, default "auto"
        ``"exact"`` asks about all 2^S coalitions; ``"kernel"`` is :func:`kernel_shap`,
        ``"permutation"`` is :func:`permutation_shap`. ``"auto"`` is exact for up to 12
        segments and permutations beyond.
    samples : int, optional
        Coalitions to ask about, where they are sampled; by default ``2 * S + 2048``.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    ShapleyValues

    Raises
    ------
    ValueError
        If something does not fit, or ``"exact"`` is asked for more than 20 segments.

    References
    ----------
    L. S. Shapley, "A value for n-person games", 1953; S. M. Lundberg, S.-I. Lee, "A unified
    approach to interpreting model predictions", NeurIPS 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import shapley_values
    >>> product = lambda x: x[:, 0, 0] * x[:, 1, 0] + x[:, 2, 0]
    >>> shapley_values(product, np.array([[2.0], [3.0], [5.0]])).values
    array([3., 3., 5.])
    """
    from .sampling import default_samples, kernel_values, permutation_values

    who = "shapley_values"
    if method not in ("auto", "exact", "kernel", "permutation"):
        known = "auto, exact, kernel or permutation"
        raise ValueError(f"{who}: method: expected {known}, got {method!r}")
    rng = np.random.default_rng(seed)
    game = open_coalitions(who, model, x, segments, target, baseline, rng, mask)
    if method == "auto":
        method = "exact" if game.count <= MOST_EXACT else "permutation"
    if method == "exact":
        return exact_values(who, game, progress)
    samples = default_samples(who, game, samples)
    compute = kernel_values if method == "kernel" else permutation_values
    return compute(game, samples, rng, progress)


def exact_values(who: str, game: Coalitions, progress: Progress = None) -> ShapleyValues:
    """Return equation (1) of a game, from all of its coalitions."""
    S = game.count
    if S > 20:
        raise ValueError(f"{who}: segments: expected at most 20 to be exact, got {S}")
    kept = every_coalition(S)
    v = game.values(kept, progress)
    size = kept.sum(axis=1)
    weights = np.array([1 / (S * comb(S - 1, k)) for k in range(S)])
    values = np.zeros(S)
    for i in range(S):
        without = np.flatnonzero(~kept[:, i])
        values[i] = weights[size[without]] @ (v[without | (1 << i)] - v[without])
    return pack("Shapley values, exact", game, values, v[-1], v[0], np.zeros(S))


def pack(
    name: str, game: Coalitions, values: np.ndarray, whole: float, empty: float, error
) -> ShapleyValues:
    """Return values of a game with all that belongs to them."""
    question = game.question
    gap = abs(float(values.sum()) - float(whole - empty))
    return ShapleyValues(
        name, values, question.target, question.output, game.segments, float(empty),
        game.evaluations, float(whole), gap, error,
    )  # fmt: skip
