"""LIME: a linear model that stands in for the network near one input.

Coalitions z ∈ {0, 1}^S of segments are drawn, the model is asked about each, and

    min over b_0, b of  Σ_m π_m (v(z_m) − b_0 − z_m·b)² + λ ‖b‖²,      (1)
    π_m = exp(−d(z_m)² / width²),    d(z) = 1 − cos(z, 1) = 1 − √(|z| / S),    (2)

is solved by the normal equations of the centred problem. How far the line can be trusted is R²,
weighted by π.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .asking import Progress, Target
from .coalitions import check_samples, every_coalition, open_coalitions
from .results import SegmentAttribution


@dataclass(frozen=True, repr=False)
class Lime(SegmentAttribution):
    """A linear model of coalitions, and how well it fits.

    Attributes
    ----------
    intercept : float
        b_0; the linear model's output without any segment.
    r2 : float
        Fidelity: the share of the variance of v near the input, weighted by the kernel, that
        the linear model accounts for.
    r2_held_out : float
        The same where each coalition is predicted by the line fitted to all the others; lower
        where there are few samples for the number of segments.
    kernel_width : float
    """

    intercept: float
    r2: float
    r2_held_out: float
    kernel_width: float


def weighted_ridge(
    Z: np.ndarray, y: np.ndarray, weights: np.ndarray, ridge: float
) -> tuple[np.ndarray, float]:
    """Solve equation (1).

    Parameters
    ----------
    Z : ndarray, (M, S)
    y, weights : ndarray, (M,)
    ridge : float
        λ; the intercept is not held down.

    Returns
    -------
    coefficients : ndarray, (S,)
    intercept : float

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain.surrogate import weighted_ridge
    >>> Z = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> b, b_0 = weighted_ridge(Z, 3 + Z @ [1.0, -2.0], np.ones(4), 0.0)
    >>> b.round(9), round(b_0, 9)
    (array([ 1., -2.]), 3.0)
    """
    share = weights / weights.sum()
    Z_mean, y_mean = share @ Z, share @ y
    centred = Z - Z_mean
    A = centred.T @ (weights[:, None] * centred) + ridge * np.eye(Z.shape[1])
    b = np.linalg.lstsq(A, centred.T @ (weights * (y - y_mean)), rcond=None)[0]
    return b, float(y_mean - Z_mean @ b)


def lime(
    model: Any,
    x: Any,
    segments: Any = None,
    target: Target = None,
    *,
    samples: int = 1000,
    kernel_width: float = 0.25,
    ridge: float = 1e-8,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> Lime:
    """Explain one output by a linear model of which segments are there.

    Parameters
    ----------
    model, x, segments, target, baseline, mask, progress
        As for :func:`occlusion`.
    samples : int, default 1000
        Coalitions to ask the model about; where there are no more than so many, all of them.
    kernel_width : float, default 0.25
        How far from the whole input coalitions count; infinity counts all alike.
    ridge : float, default 1e-8
        λ: holds the coefficients down; larger for few samples and many segments.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    Lime
        ``values`` are the coefficients.

    References
    ----------
    M. T. Ribeiro, S. Singh, C. Guestrin, "Why should I trust you? Explaining the predictions of
    any classifier", KDD 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import lime
    >>> linear = lambda x: x[:, :, 0] @ np.array([3.0, 0.0, -2.0])
    >>> result = lime(linear, np.ones((3, 1)))
    >>> result.values.round(5) + 0.0, round(result.r2, 6)
    (array([ 3.,  0., -2.]), 1.0)
    """
    who = "lime"
    samples = check_samples(who, "samples", samples, 2)
    for name, value in (("kernel_width", kernel_width), ("ridge", ridge)):
        if not value > 0 and not (name == "ridge" and value == 0):
            raise ValueError(f"{who}: {name}: expected a number above 0, got {value!r}")
    rng = np.random.default_rng(seed)
    game = open_coalitions(who, model, x, segments, target, baseline, rng, mask)
    kept = draw_coalitions(game.count, samples, rng)
    v = game.values(kept, progress)
    distance = 1 - np.sqrt(kept.sum(axis=1) / game.count)
    weights = np.exp(-np.square(distance / kernel_width))  # (2)
    Z = kept.astype(np.float64)
    b, b_0 = weighted_ridge(Z, v, weights, ridge)
    r2, r2_held_out = _fidelity(Z, v, weights, ridge, b, b_0)
    question = game.question
    empty = float(game.values(np.zeros((1, game.count), bool))[0])
    return Lime(
        "LIME", b, question.target, question.output, game.segments, empty, game.evaluations,
        b_0, r2, r2_held_out, float(kernel_width),
    )  # fmt: skip


def draw_coalitions(players: int, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Return coalitions (M, S): all of them if they are few, else the whole and random ones."""
    if players <= 20 and 2**players <= samples:
        return every_coalition(players)
    kept = rng.random((samples, players)) < 0.5
    kept[0] = True
    return kept


def _fidelity(Z, v, weights, ridge, b, b_0) -> tuple[float, float]:
    """Return weighted R², and R² of predictions that leave out the coalition predicted."""
    share = weights / weights.sum()
    spread = share @ np.square(v - share @ v)
    left = v - b_0 - Z @ b
    if spread <= 1e-30:
        return 1.0, 1.0
    centred = Z - share @ Z
    A = centred.T @ (weights[:, None] * centred) + ridge * np.eye(Z.shape[1])
    leverage = share + weights * np.einsum("ms,sm->m", centred, np.linalg.pinv(A) @ centred.T)
    left_out = left / np.maximum(1 - leverage, 1e-9)
    return (
        float(1 - share @ np.square(left) / spread),
        float(1 - share @ np.square(left_out) / spread),
    )
