"""Shapley values from samples: KernelSHAP, and antithetic permutations.

KernelSHAP. The values are the solution of a weighted least-squares problem over coalitions,

    min Σ_C k(C) (v(C) − v(none) − Σ_{i∈C} φ_i)²    with  Σ_i φ_i = v(all) − v(none),    (1)
    k(C) = (S − 1) / (binom(S, |C|) |C| (S − |C|)),                                      (2)

which is solved for a part of the coalitions: all of the smallest and largest sizes that can be
afforded, and random pairs C, C's complement of the sizes between.

Permutations. The segments enter one after another in a random order; each is credited with what
it adds on entering. Every order is run backwards as well (antithetic). The mean has no bias, adds
up exactly, and comes with its standard error.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from .asking import Progress, Target
from .coalitions import Coalitions, check_samples, every_coalition, open_coalitions
from .shapley import ShapleyValues, pack


def default_samples(who: str, game: Coalitions, samples: int | None) -> int:
    """Return how many coalitions to ask about."""
    if samples is None:
        return 2 * game.count + 2048
    return check_samples(who, "samples", samples, 2)


def kernel_shap(
    model: Any,
    x: Any,
    segments: Any = None,
    target: Target = None,
    *,
    samples: int | None = None,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> ShapleyValues:
    """Estimate Shapley values by KernelSHAP.

    Parameters
    ----------
    model, x, segments, target, baseline, mask, progress
        As for :func:`occlusion`. Several baselines are what SHAP calls background data.
    samples : int, optional
        Coalitions to ask about; by default ``2 * S + 2048``. The values are exact where that
        is at least all 2^S − 2.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    ShapleyValues
        Without a standard error.

    References
    ----------
    S. M. Lundberg, S.-I. Lee, "A unified approach to interpreting model predictions", NeurIPS
    2017; I. Covert, S.-I. Lee, "Improving KernelSHAP: practical Shapley value estimation using
    linear regression", AISTATS 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import kernel_shap
    >>> product = lambda x: x[:, 0, 0] * x[:, 1, 0] + x[:, 2, 0]
    >>> kernel_shap(product, np.array([[2.0], [3.0], [5.0]])).values.round(9)
    array([3., 3., 5.])
    """
    rng = np.random.default_rng(seed)
    game = open_coalitions("kernel_shap", model, x, segments, target, baseline, rng, mask)
    return kernel_values(game, default_samples("kernel_shap", game, samples), rng, progress)


def kernel_values(
    game: Coalitions, samples: int, rng: np.random.Generator, progress: Progress = None
) -> ShapleyValues:
    """Solve equation (1) for the coalitions that can be afforded."""
    S = game.count
    ends = game.values(np.stack([np.zeros(S, bool), np.ones(S, bool)]))
    empty, total = ends[0], ends[1] - ends[0]
    if S == 1:
        return pack("KernelSHAP", game, np.array([total]), ends[1], empty, None)
    kept, weights = kernel_coalitions(S, samples, rng)
    v = game.values(kept, progress) - empty
    Z = kept.astype(np.float64)
    # The last value is what the others leave of the total: the constraint, put in.
    reduced, y = Z[:, :-1] - Z[:, -1:], v - Z[:, -1] * total
    root = np.sqrt(weights / weights.sum())
    first = np.linalg.lstsq(root[:, None] * reduced, root * y, rcond=None)[0]
    values = np.append(first, total - first.sum())
    return pack("KernelSHAP", game, values, ends[1], empty, None)


def kernel_coalitions(
    S: int, samples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return coalitions (M, S), none of them empty or whole, and their weights in (1).

    Parameters
    ----------
    S : int
        Segments, at least 2.
    samples : int
        About so many, and no more than all.
    rng : numpy.random.Generator
    """
    if S <= 20 and samples >= 2**S - 2:
        kept = every_coalition(S)[1:-1]
        return kept, _kernel(S, kept.sum(axis=1))
    mass = {k: 1 / (k * (S - k)) for k in range(1, S)}  # of all coalitions of one size
    rows: list[np.ndarray] = []
    weights: list[np.ndarray] = []
    left = samples
    for k in range(1, S // 2 + 1):
        sizes = {k, S - k}
        number = sum(comb(S, size) for size in sizes)
        share = sum(mass[size] for size in sizes) / sum(mass.values())
        if left * share < number:
            break  # what is left of the samples is better spent on all sizes that are left
        some = _of_size(S, k)
        some = np.vstack([some, ~some]) if k != S - k else some
        rows.append(some)
        weights.append(np.full(len(some), sum(mass.pop(size) for size in sizes) / len(some)))
        left -= len(some)
    if mass:
        drawn = _random_pairs(S, mass, max(2, left), rng)
        rows.append(drawn)
        weights.append(np.full(len(drawn), sum(mass.values()) / len(drawn)))
    return np.vstack(rows), np.concatenate(weights)


def _kernel(S: int, sizes: np.ndarray) -> np.ndarray:
    table = np.array([0.0, *((S - 1) / (comb(S, k) * k * (S - k)) for k in range(1, S))])
    return table[sizes]


def _of_size(S: int, k: int) -> np.ndarray:
    members = np.array(list(combinations(range(S), k)))
    kept = np.zeros((len(members), S), bool)
    np.put_along_axis(kept, members, True, axis=1)
    return kept


def _random_pairs(S: int, mass: dict[int, float], number: int, rng) -> np.ndarray:
    """Draw pairs of a coalition and its complement, sizes in proportion to their mass."""
    pairs = max(1, number // 2)
    chances = np.array(list(mass.values()))
    sizes = rng.choice(list(mass), pairs, p=chances / chances.sum())
    order = rng.random((pairs, S)).argsort(axis=1).argsort(axis=1)
    kept = order < sizes[:, None]
    return np.vstack([kept, ~kept])


def permutation_shap(
    model: Any,
    x: Any,
    segments: Any = None,
    target: Target = None,
    *,
    samples: int | None = None,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> ShapleyValues:
    """Estimate Shapley values from random orders, each run forwards and backwards.

    Parameters
    ----------
    model, x, segments, target, baseline, mask, progress
        As for :func:`occlusion`.
    samples : int, optional
        Coalitions to ask about, by default ``2 * S + 2048``; a pair of orders takes 2 (S − 1).
        At least two pairs are drawn.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    ShapleyValues
        With the standard error of each value.

    References
    ----------
    J. Castro, D. Gómez, J. Tejada, "Polynomial calculation of the Shapley value based on
    sampling", 2009; R. Mitchell, J. Cooper, E. Frank, G. Holmes, "Sampling permutations for
    Shapley value estimation", JMLR 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import permutation_shap
    >>> result = permutation_shap(lambda x: x.sum(axis=(1, 2)), np.ones((15, 2)))
    >>> result.values[:3].round(9), bool(result.gap < 1e-9)
    (array([2., 2., 2.]), True)
    """
    who = "permutation_shap"
    rng = np.random.default_rng(seed)
    game = open_coalitions(who, model, x, segments, target, baseline, rng, mask)
    return permutation_values(game, default_samples(who, game, samples), rng, progress)


def permutation_values(
    game: Coalitions, samples: int, rng: np.random.Generator, progress: Progress = None
) -> ShapleyValues:
    """Run random orders forwards and backwards, and average what each segment adds."""
    S = game.count
    ends = game.values(np.stack([np.zeros(S, bool), np.ones(S, bool)]))
    pairs = max(2, samples // max(2 * (S - 1), 1))
    shares = np.zeros((pairs, S))
    for number in range(pairs):
        order = rng.permutation(S)
        for way in (order, order[::-1]):
            there = np.tri(S - 1, S, dtype=bool)  # row k: the first k + 1 of the order
            kept = np.zeros_like(there)
            kept[:, way] = there
            inner = game.values(kept) if S > 1 else np.zeros(0)
            steps = np.diff(np.concatenate([ends[:1], inner, ends[1:]]))
            shares[number, way] += steps / 2
        if progress is not None:
            progress(number + 1, pairs)
    error = shares.std(axis=0, ddof=1) / np.sqrt(pairs)
    return pack("Shapley values, permutations", game, shares.mean(axis=0), ends[1], ends[0], error)
