"""Embeddings of walks: clips of one person lie close together, also of people never seen before.

A GRU reads the frames, its states are averaged over time, so that it does not matter where in a
step the clip begins, and a dense layer makes the embedding e of them. Two ways to learn it:

classification   a softmax over the people of training on top, thrown away afterwards;
triplets         :class:`scratchrnn.losses.TripletLoss` on e itself, in batches with several clips
                 of each person.

Beside it stands a network that sees one frame: the same embedding without a recurrence, trained
by classification on single frames.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import layers, losses, models, optimizers
from ..video import FrameFeatures
from .gait import Walks

FEATURES = FrameFeatures((16, 12))
"""What the recurrent network sees of a clip: 16 by 12 cells and how they change."""

STILL = FrameFeatures((16, 12), remove_mean=False, normalize=False, difference=False)
"""What the other network sees of a frame: the cells alone."""

WAYS = ("classification", "triplets")


class Embedder:
    """Turn clips into embeddings.

    Parameters
    ----------
    network : Sequential
        Features (N, T, D) to embeddings (N, E).

    Examples
    --------
    >>> from scratchrnn.recognition import render_walks, train_embedder
    >>> walks = render_walks(2, 3, seed=0, steps=10)
    >>> train_embedder(walks, epochs=1, units=4, size=6).embed(walks.frames).shape
    (6, 6)
    """

    def __init__(self, network: models.Sequential):
        self.network = network

    def embed(self, clips: Sequence[np.ndarray]) -> np.ndarray:
        """Return the embeddings of clips of one length.

        Parameters
        ----------
        clips : sequence of ndarray of uint8, (T, height, width) or (T, height, width, 3)

        Returns
        -------
        ndarray of float32, (N, E)
        """
        return self.network.predict(clip_features(clips), batch_size=128, verbose=0)

    def embed_file(self, path: str | os.PathLike) -> np.ndarray:
        """Return the embedding (E,) of a video file."""
        return self.network.predict(FEATURES.from_file(path)[None], verbose=0)[0]

    def save(self, path: str | os.PathLike) -> None:
        """Write it to one ``.npz``, whole or not at all."""
        self.network.metadata = {"task": "recognition", "features": FEATURES.get_config()}
        self.network.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Embedder:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is missing, damaged, or no network for embeddings of this kind.
        """
        network = models.load_model(path)
        if network.metadata.get("features") != FEATURES.get_config():
            raise ValueError(f"Embedder: {path}: is no network for embeddings of walks")
        return cls(network)


class FrameEmbedder:
    """Turn single frames into embeddings.

    Parameters
    ----------
    network : Sequential
        Cells (N, D) to embeddings (N, E).

    Examples
    --------
    >>> from scratchrnn.recognition import render_walks, train_frame_embedder
    >>> walks = render_walks(2, 2, seed=0, steps=4)
    >>> train_frame_embedder(walks, epochs=1).embed(walks.frames[:, 0]).shape
    (4, 48)
    """

    def __init__(self, network: models.Sequential):
        self.network = network

    def embed(self, frames: np.ndarray) -> np.ndarray:
        """Return the embeddings (N, E) of frames, uint8 (N, height, width)."""
        return self.network.predict(still_features(frames), batch_size=512, verbose=0)


def clip_features(clips: Sequence[np.ndarray]) -> np.ndarray:
    """Return what the recurrent network sees of clips, (N, T, 384) float32.

    Examples
    --------
    >>> import numpy as np
    >>> clip_features(np.zeros((2, 5, 32, 24), np.uint8)).shape
    (2, 5, 384)
    """
    return np.stack([FEATURES(clip) for clip in clips])


def still_features(frames: np.ndarray) -> np.ndarray:
    """Return what a network without memory sees of frames, (N, 192) float32, lighting taken out.

    Examples
    --------
    >>> import numpy as np
    >>> still_features(np.zeros((5, 32, 24), np.uint8)).shape
    (5, 192)
    """
    cells = STILL(frames)
    cells -= cells.mean(axis=1, keepdims=True)
    return cells / (cells.std(axis=1, keepdims=True) + np.float32(1 / 255))


def train_embedder(
    walks: Walks,
    *,
    way: str = "classification",
    epochs: int = 15,
    units: int = 64,
    size: int = 48,
    seed: int = 0,
    callbacks: Sequence[Any] | None = None,
) -> Embedder:
    """Learn embeddings from clips of people.

    Parameters
    ----------
    walks : Walks
    way : {"classification", "triplets"}
    epochs : int
    units : int
        H of the GRU.
    size : int
        E, numbers in an embedding.
    seed : int
        Of first weights, dropout and the order of clips.
    callbacks : sequence of Callback, optional

    Returns
    -------
    Embedder

    Raises
    ------
    ValueError
        If the way is not known.

    Examples
    --------
    >>> from scratchrnn.recognition import render_walks
    >>> walks = render_walks(2, 3, seed=0, steps=10)
    >>> embedder = train_embedder(walks, way="triplets", epochs=1, units=4, size=6)
    >>> embedder.network.output_shape
    (None, 6)
    """
    if way not in WAYS:
        raise ValueError(f"train_embedder: way: expected one of {WAYS}, got {way!r}")
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4)]
    x, (names, y) = clip_features(walks.frames), np.unique(walks.people, return_inverse=True)
    stack = [
        layers.Input((None, x.shape[-1])),
        layers.GRU(units, return_sequences=True, dropout=0.2, seed=seeds[0]),
        layers.GlobalAveragePooling1D(),
        layers.Dense(size, seed=seeds[1]),
    ]
    how = {"epochs": epochs, "verbose": 0, "seed": seed, "callbacks": list(callbacks or [])}
    if way == "classification":
        stack += _classifier(len(names), seeds[2:])
        network = _compiled(stack, "sparse_categorical_crossentropy", epochs * -(-len(x) // 32))
        network.fit(x, y, batch_size=32, **how)
        return Embedder(models.Sequential(stack[:-2]))
    network = _compiled(stack, losses.TripletLoss(), epochs * max(1, len(x) // 64))
    batches = balanced_batches(x, y, np.random.default_rng(seed))
    network.fit(batches, steps_per_epoch=max(1, len(x) // 64), **how)
    return Embedder(network)


def train_frame_embedder(
    walks: Walks, *, epochs: int = 10, seed: int = 0, every: int = 2
) -> FrameEmbedder:
    """Learn embeddings of single frames, by classification.

    Parameters
    ----------
    walks : Walks
    epochs : int
    seed : int
    every : int
        Of each clip so many frames make one.

    Returns
    -------
    FrameEmbedder
    """
    seeds = [int(s) for s in np.random.SeedSequence([seed, 1]).generate_state(5)]
    frames = walks.frames[:, ::every]
    x = still_features(frames.reshape(-1, *frames.shape[2:]))
    names, y = np.unique(walks.people, return_inverse=True)
    stack = [
        layers.Input((x.shape[-1],)),
        layers.Dense(128, activation="relu", seed=seeds[0]),
        layers.Dropout(0.2, seed=seeds[1]),
        layers.Dense(48, seed=seeds[2]),
        *_classifier(len(names), seeds[3:]),
    ]
    network = _compiled(stack, "sparse_categorical_crossentropy", epochs * -(-len(x) // 128))
    network.fit(
        x, np.repeat(y, frames.shape[1]), batch_size=128, epochs=epochs, verbose=0, seed=seed
    )
    return FrameEmbedder(models.Sequential(stack[:-2]))


def _classifier(people: int, seeds: Sequence[int]) -> list[layers.Layer]:
    dropout = layers.Dropout(0.2, seed=seeds[0])
    return [dropout, layers.Dense(people, activation="softmax", seed=seeds[1])]


def _compiled(stack: list[layers.Layer], loss: Any, updates: int) -> models.Sequential:
    network = models.Sequential(stack)
    rate = optimizers.schedules.CosineDecay(4e-3, updates)
    network.compile(optimizers.Adam(rate, global_clipnorm=1.0), loss)
    return network


def balanced_batches(
    x: np.ndarray, y: np.ndarray, rng: np.random.Generator, people: int = 16, each: int = 4
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give batches without end of a few clips each of a few people.

    Parameters
    ----------
    x : ndarray, (N, …)
    y : ndarray of int, (N,)
        Who; people with fewer than two clips are left out.
    rng : numpy.random.Generator
    people, each : int
        Most people in a batch, most clips of each.

    Yields
    ------
    x, y : ndarray

    Raises
    ------
    ValueError
        If fewer than two people have two clips.

    Examples
    --------
    >>> import numpy as np
    >>> y = np.repeat([0, 1, 2], 5)
    >>> batch = next(balanced_batches(y, y, np.random.default_rng(0), people=2, each=3))
    >>> sorted(np.bincount(batch[1], minlength=3).tolist())
    [0, 3, 3]
    """
    rows = [np.flatnonzero(y == name) for name in np.unique(y)]
    rows = [own for own in rows if len(own) > 1]
    if len(rows) < 2:
        raise ValueError("balanced_batches: y: expected two people with two clips each")
    return _drawn(x, y, rows, rng, min(people, len(rows)), each)


def _drawn(x, y, rows, rng, people, each) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        chosen = rng.choice(len(rows), people, replace=False)
        picked = [rng.permutation(rows[k])[:each] for k in chosen]
        batch = np.concatenate(picked)
        yield x[batch], y[batch]
