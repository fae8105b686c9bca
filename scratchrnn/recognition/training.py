"""Walkers to train on, others to try on, and what each way of embedding them is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..classify import EpochBar
from .embedding import (
    WAYS,
    Embedder,
    FrameEmbedder,
    still_features,
    train_embedder,
    train_frame_embedder,
)
from .gait import Walks, render_walks
from .verification import ROC, equal_error_rate, match_curve, pair_scores, roc

NAMES = {"classification": "GRU, by classification", "triplets": "GRU, by triplets"}
FRAME, PIXELS, MEAN = "one frame, network", "one frame, pixels", "all frames, averaged"


class RecognitionScores(NamedTuple):
    """How well embeddings do on people that nothing was trained on."""

    equal_error_rate: float
    roc: ROC
    match_curve: np.ndarray  # (people,), entry 0 is rank 1

    @property
    def rank1(self) -> float:
        """Share of clips named rightly from a gallery of one clip of each person."""
        return float(self.match_curve[0])


class Recognition(NamedTuple):
    """Embedders and what they, and plainer ways, are worth on unseen people."""

    embedders: dict[str, Embedder]  # by their names in NAMES
    still: FrameEmbedder
    scores: dict[str, RecognitionScores]
    seen: Walks
    unseen: Walks


def score_embeddings(embeddings: np.ndarray, people: np.ndarray) -> RecognitionScores:
    """Verify all pairs of clips, and name each clip from a gallery of everyone's first one.

    Parameters
    ----------
    embeddings : ndarray, (N, E)
    people : ndarray of int, (N,)
        At least two people, one of them with two clips or more.

    Returns
    -------
    RecognitionScores

    Examples
    --------
    >>> import numpy as np
    >>> scores = score_embeddings(np.eye(3)[[0, 0, 1, 1]], np.array([4, 4, 5, 5]))
    >>> scores.equal_error_rate, scores.rank1
    (0.0, 1.0)
    """
    people = np.asarray(people)
    pairs = pair_scores(embeddings, people)
    first = np.unique(people, return_index=True)[1]
    rest = np.setdiff1d(np.arange(len(people)), first)
    curve = match_curve(embeddings[first], people[first], embeddings[rest], people[rest])
    return RecognitionScores(equal_error_rate(*pairs), roc(*pairs), curve)


def train_recognition(
    people: int = 100,
    *,
    clips: int = 12,
    unseen: int = 30,
    epochs: int = 20,
    units: int = 64,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> Recognition:
    """Render walkers, learn embeddings from some, and try them on the others.

    Parameters
    ----------
    people : int
        To train on.
    clips : int
        Of each person, trained on or not.
    unseen : int
        People to try on.
    epochs : int
        Of the recurrent network; with triplets, whose epochs are shorter, twice as many.
    units : int
        H of the GRU.
    seed : int
        Decides people, clips, first weights and order of training.
    say : callable, optional
        Called with each line of progress; then the epochs are shown as well.

    Returns
    -------
    Recognition

    Examples
    --------
    >>> learned = train_recognition(3, clips=2, unseen=2, epochs=1, units=4)
    >>> all(0 <= scores.equal_error_rate <= 1 for scores in learned.scores.values())
    True
    """
    tell = say or (lambda line: None)
    tell(f"rendering {clips} clips each of {people} people to train on and {unseen} others")
    seen = render_walks(people, clips, seed)
    others = render_walks(unseen, clips, seed, first=people)
    embedders, scores = {}, {}
    for way in WAYS:
        name = NAMES[way]
        embedders[name] = train_embedder(
            seen, way=way, epochs=epochs if way == "classification" else 2 * epochs, units=units,
            seed=seed, callbacks=[EpochBar(name)] if say else None,
        )  # fmt: skip
        scores[name] = score_embeddings(embedders[name].embed(others.frames), others.people)
        tell(in_words(name, scores[name]))
    still = train_frame_embedder(seen, seed=seed)
    for name, embeddings in _without_memory(still, others, seed).items():
        scores[name] = score_embeddings(embeddings, others.people)
        tell(in_words(name, scores[name]))
    return Recognition(embedders, still, scores, seen, others)


def _without_memory(still: FrameEmbedder, walks: Walks, seed: int) -> dict[str, np.ndarray]:
    """Embeddings (N, E) that know no order: of one frame a clip, drawn at random, and of all."""
    number, steps = walks.frames.shape[:2]
    chosen = np.random.default_rng([seed, 7]).integers(steps, size=number)
    frames = walks.frames[np.arange(number), chosen]
    every = still.embed(walks.frames.reshape(-1, *walks.frames.shape[2:]))
    return {
        FRAME: still.embed(frames),
        PIXELS: still_features(frames),
        MEAN: every.reshape(number, steps, -1).mean(axis=1),
    }


def in_words(name: str, scores: RecognitionScores) -> str:
    """Return the scores of an embedding as a line."""
    return (
        f"{name}: equal error rate {100 * scores.equal_error_rate:.1f} %, "
        f"rank 1 {100 * scores.rank1:.1f} %"
    )
