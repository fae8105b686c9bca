"""Does an explanation name what matters? Take away what it ranks highest, and compare."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .asking import Progress
from .coalitions import check_samples, open_coalitions
from .results import Attribution, SegmentAttribution


class Deletion(NamedTuple):
    """The output while segments are taken away, the highest ranked first.

    Attributes
    ----------
    curve : ndarray, (S + 1,)
        The output with 0, 1, … S segments replaced by the baseline (for an insertion: put in).
    random : ndarray, (R, S + 1)
        The same in R random orders.
    """

    curve: np.ndarray
    random: np.ndarray

    @property
    def area(self) -> float:
        """Mean of the curve; low for a good deletion, high for a good insertion."""
        return float(_mean_height(self.curve))

    @property
    def random_areas(self) -> np.ndarray:
        """Means of the random curves, (R,)."""
        return _mean_height(self.random)


def _mean_height(curves: np.ndarray) -> np.ndarray:
    return ((curves[..., 1:] + curves[..., :-1]) / 2).mean(axis=-1)


def deletion(
    model: Any,
    x: Any,
    attribution: Attribution | np.ndarray,
    segments: Any = None,
    *,
    target: Any = None,
    insert: bool = False,
    orders: int = 20,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> Deletion:
    """Take segments away in the order of an explanation, and in random orders.

    Parameters
    ----------
    model, x, baseline, mask, progress
        As for :func:`occlusion`.
    attribution : Attribution, or array_like (S,) or (T, …)
        What ranks the segments: one number for each, or a map, which is added up over each.
    segments : Segments or array_like of int, optional
        By default those of the attribution.
    target : int or tuple of int, optional
        By default that of the attribution.
    insert : bool, default False
        Start from the baseline and put segments in, instead.
    orders : int, default 20
        Random orders to compare with; 0 for none.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    Deletion

    References
    ----------
    W. Samek et al., "Evaluating the visualization of what a deep neural network has learned",
    2017; V. Petsiuk, A. Das, K. Saenko, "RISE", BMVC 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import deletion, occlusion
    >>> model = lambda x: x[:, :, 0] @ np.array([1.0, 5.0, 2.0])
    >>> x = np.ones((3, 1))
    >>> deletion(model, x, occlusion(model, x)).curve
    array([8., 3., 1., 0.])
    """
    who = "deletion"
    orders = check_samples(who, "orders", orders, 0)
    if isinstance(attribution, Attribution):
        target = attribution.target if target is None else target
        if segments is None and isinstance(attribution, SegmentAttribution):
            segments = attribution.segments
    rng = np.random.default_rng(seed)
    game = open_coalitions(who, model, x, segments, target, baseline, rng, mask)
    first = np.argsort(-_scores(who, attribution, game.segments), kind="stable")
    ranks = [first, *(rng.permutation(game.count) for _ in range(orders))]
    kept = np.concatenate([_taken_away(order, insert) for order in ranks])
    curves = game.values(kept, progress).reshape(len(ranks), game.count + 1)
    return Deletion(curves[0], curves[1:])


def _scores(who: str, attribution: Any, segments) -> np.ndarray:
    if isinstance(attribution, SegmentAttribution) and attribution.segments is segments:
        return attribution.values
    given = attribution.map if isinstance(attribution, Attribution) else np.asarray(attribution)
    if given.shape == (segments.count,) and given.shape != segments.shape:
        return given
    if given.shape != segments.shape:
        expected = f"({segments.count},) or {segments.shape}"
        raise ValueError(f"{who}: attribution: expected {expected}, got {given.shape}")
    labels = np.broadcast_to(segments.labels, segments.shape)
    return np.bincount(labels.ravel(), weights=given.ravel(), minlength=segments.count)


def _taken_away(order: np.ndarray, insert: bool) -> np.ndarray:
    """Return which segments are there after 0, 1, … S of them are taken away, (S + 1, S)."""
    place = np.empty(len(order), int)
    place[order] = np.arange(len(order))
    gone = place < np.arange(len(order) + 1)[:, None]
    return gone if insert else ~gone


def sign_flip_test(
    differences: Any, *, draws: int = 10_000, seed: int | np.random.Generator = 0
) -> float:
    """Return how often chance alone gives a mean difference as large as this one (one-sided).

    Parameters
    ----------
    differences : array_like, (N,)
        One for each clip, such as random minus ranked area under the deletion curve.
    draws : int, default 10000
        Random signs; where there are no more than so many, all 2^N.
    seed : int or numpy.random.Generator, default 0

    Returns
    -------
    float
        p, at least 1 / (draws + 1).

    References
    ----------
    R. A. Fisher, "The design of experiments", 1935: the permutation test of paired differences.

    Examples
    --------
    >>> from scratchrnn.explain import sign_flip_test
    >>> sign_flip_test([0.3, 0.1, 0.2, 0.4, 0.2])
    0.03125
    """
    d = np.asarray(differences, dtype=np.float64)
    if d.ndim != 1 or not d.size or not np.isfinite(d).all():
        raise ValueError(f"sign_flip_test: differences: expected numbers (N,), got {d.shape}")
    enough = d.sum() - 1e-12 * np.abs(d).sum()
    if d.size <= 20 and 2**d.size <= draws:
        bits = (np.arange(2**d.size)[:, None] >> np.arange(d.size)) & 1
        return float(((1 - 2 * bits) @ d >= enough).mean())
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (draws, d.size))
    return float((1 + (signs @ d >= enough).sum()) / (draws + 1))
