"""Same or not, and who: what embeddings are worth among people that nobody was trained on.

*Verification* asks of two clips whether they show the same person, and says yes where a score is
at or above a threshold θ:

    FAR(θ) = share of pairs of different people with score ≥ θ      false acceptance    (1)
    TAR(θ) = share of pairs of the same person with score ≥ θ       true acceptance     (2)

The ROC is TAR over FAR; the *equal error rate* is where false acceptance and false rejection are
alike, FAR = 1 - TAR, on the straight lines between the points of the curve.

*Identification* asks who it is: the clip is compared with a gallery of known people, and the rank
of the true one is looked at. The share of clips with rank at most k is the cumulative match curve;
its beginning, rank 1, is the share named rightly.

Equal scores are one step of the curve, so that their order means nothing; where the true person
ties with others, the others come first, so that embeddings which are all alike earn nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class ROC(NamedTuple):
    """One point for each different score, from the strictest threshold to the loosest."""

    false_acceptance: np.ndarray  # (K,) equation (1), from 0 to 1
    true_acceptance: np.ndarray  # (K,) equation (2), from 0 to 1
    thresholds: np.ndarray  # (K,) falling, the first one infinite

    @property
    def area(self) -> float:
        """Area under the curve: how often a same pair scores above a different one."""
        steps = np.diff(self.false_acceptance)
        return float((steps * (self.true_acceptance[1:] + self.true_acceptance[:-1]) / 2).sum())


def unit(embeddings: ArrayLike) -> np.ndarray:
    """Return embeddings of length 1; those of length 0 stay as they are.

    Examples
    --------
    >>> unit([[3.0, 4.0], [0.0, 0.0]]).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    embeddings = np.asarray(embeddings, dtype=np.float64)
    if embeddings.ndim != 2 or not np.isfinite(embeddings).all():
        raise ValueError(
            f"recognition: embeddings: expected finite numbers (N, E), got {embeddings.shape}"
        )
    length = np.linalg.norm(embeddings, axis=1, keepdims=True)
    return embeddings / np.where(length > 0, length, 1)


def pair_scores(embeddings: ArrayLike, people: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return for all pairs of clips whether they show the same person, and their cosine.

    Parameters
    ----------
    embeddings : array_like, (N, E)
    people : array_like of int, (N,)

    Returns
    -------
    same : ndarray of bool, (N (N - 1) / 2,)
    scores : ndarray, (N (N - 1) / 2,)

    Examples
    --------
    >>> same, scores = pair_scores([[1, 0], [2, 0], [0, 1]], [7, 7, 8])
    >>> same.tolist(), scores.tolist()
    ([True, False, False], [1.0, 0.0, 0.0])
    """
    u, people = unit(embeddings), np.asarray(people)
    if people.shape != u.shape[:1]:
        raise ValueError(f"pair_scores: people: expected ({len(u)},), got {people.shape}")
    one, other = np.triu_indices(len(u), 1)
    return people[one] == people[other], (u @ u.T)[one, other]


def roc(same: ArrayLike, scores: ArrayLike) -> ROC:
    """Return the receiver operating characteristic of a verification.

    Parameters
    ----------
    same : array_like of bool, (K,)
        Whether each pair shows the same person.
    scores : array_like, (K,)
        The higher, the more alike.

    Returns
    -------
    ROC

    Raises
    ------
    ValueError
        If there is no pair of one of the two kinds, or a score is not finite.

    Examples
    --------
    >>> curve = roc([True, True, False, False], [0.9, 0.4, 0.4, 0.1])
    >>> curve.false_acceptance.tolist(), curve.true_acceptance.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0])
    """
    same, scores = np.asarray(same), np.asarray(scores, dtype=np.float64)
    if same.dtype != bool or same.ndim != 1 or scores.shape != same.shape:
        raise ValueError(
            f"roc: same, scores: expected booleans (K,) and numbers (K,), got {same.dtype} "
            f"{same.shape} and {scores.shape}"
        )
    if not np.isfinite(scores).all():
        raise ValueError("roc: scores: expected finite numbers, got NaN or infinity")
    if same.all() or not same.any():
        raise ValueError("roc: same: expected pairs of both kinds, the same and different people")
    levels, place = np.unique(-scores, return_inverse=True)  # one step for all equal scores
    yes = np.bincount(place, weights=same, minlength=len(levels)).cumsum()
    no = np.bincount(place, weights=~same, minlength=len(levels)).cumsum()
    start = [0.0]
    return ROC(
        np.concatenate([start, no / no[-1]]),
        np.concatenate([start, yes / yes[-1]]),
        np.concatenate([[np.inf], -levels]),
    )


def equal_error_rate(same: ArrayLike, scores: ArrayLike) -> float:
    """Return the rate at which false acceptance and false rejection are equal.

    Parameters
    ----------
    same, scores
        As for :func:`roc`.

    Returns
    -------
    float
        0 if a threshold parts the two kinds, 0.5 if the scores say nothing.

    Examples
    --------
    >>> equal_error_rate([True, True, False, False], [0.9, 0.4, 0.4, 0.1])
    0.25
    >>> equal_error_rate([True, False], [0.3, 0.3])
    0.5
    """
    curve = roc(same, scores)
    false, missed = curve.false_acceptance, 1 - curve.true_acceptance
    k = int(np.argmax(false >= missed))  # the difference rises from -1 to 1
    before, after = (false[j] - missed[j] for j in (k - 1, k))
    part = before / (before - after)
    return float(false[k - 1] + part * (false[k] - false[k - 1]))


def match_curve(
    gallery: ArrayLike, known: ArrayLike, probes: ArrayLike, people: ArrayLike
) -> np.ndarray:
    """Return the cumulative match curve: how often the true person is among the best k.

    Parameters
    ----------
    gallery : array_like, (M, E)
        Embeddings of clips of known people; one or more of each.
    known : array_like of int, (M,)
        Who they are.
    probes : array_like, (N, E)
        Embeddings of the clips to be named.
    people : array_like of int, (N,)
        Who they truly are.

    Returns
    -------
    ndarray, (number of known people,)
        Entry k - 1 is the share of probes whose true person has rank k or better; the first is
        the rank-1 rate. A person scores as the best of their clips; of equal scores the true
        person's comes last.

    Raises
    ------
    ValueError
        If a probe's person is not in the gallery, or nothing is to be named.

    Examples
    --------
    >>> match_curve([[1, 0], [0, 1]], [5, 6], [[2, 1], [3, 1]], [5, 6]).tolist()
    [0.5, 1.0]
    """
    known, people = np.asarray(known), np.asarray(people)
    scores = unit(probes) @ unit(gallery).T  # (N,M)
    if scores.shape != (len(people), len(known)) or not scores.size:
        raise ValueError(
            f"match_curve: known, people: expected one for each of {scores.shape[1]} gallery and "
            f"{scores.shape[0]} probe clips, at least one, got {known.shape} and {people.shape}"
        )
    names = np.unique(known)
    unknown = np.setdiff1d(people, names)
    if len(unknown):
        raise ValueError(f"match_curve: people: expected only people of the gallery, got {unknown}")
    best = np.stack([scores[:, known == name].max(axis=1) for name in names], axis=1)  # (N,P)
    true = np.searchsorted(names, people)
    own = best[np.arange(len(best)), true]
    rank = (best >= own[:, None]).sum(axis=1)  # 1 is best; ties go against it
    return np.bincount(rank - 1, minlength=len(names)).cumsum() / len(people)
