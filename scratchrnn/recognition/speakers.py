"""Speakers by a vowel: all of them known, and some of them never heard.

*Closed set*: which of the known speakers is it? The network's own answer. *Open set*: the network
learns from some speakers and embeds recordings of others, which are verified pair by pair. Beside
it stands the plainest embedding there is, the mean of the coefficients over time. With as few
speakers as the JapaneseVowels data have, six to learn from, the network need not win: nobody can
learn from six speakers what makes speakers differ. That is why both are shown.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import layers, models, optimizers
from ..classify import EpochBar
from ..utils import pad_sequences
from .verification import ROC, equal_error_rate, match_curve, pair_scores, roc


class Recordings(NamedTuple):
    """Sequences of unequal length, and who speaks."""

    x: np.ndarray  # (N,T,D) float32, zeros after the end
    mask: np.ndarray  # (N,T) bool
    speakers: np.ndarray  # (N,) int

    def only(self, chosen: np.ndarray) -> Recordings:
        """Return some of the recordings, those where `chosen` (N,) is True."""
        return Recordings(*(part[chosen] for part in self))


class OpenSet(NamedTuple):
    """Verification among speakers that were kept back."""

    held_out: tuple[int, ...]
    learned: ROC
    learned_rate: float  # equal error rate of the network's embeddings
    plain: ROC
    plain_rate: float  # of the mean coefficients


class SpeakerResult(NamedTuple):
    """What networks make of speakers."""

    accuracy: float  # of naming known speakers in new recordings
    rank1: float  # of the nearest known recording, by the same network's embeddings
    open_sets: list[OpenSet]
    network: models.Sequential  # of the closed set


def read_ts(path: str | os.PathLike) -> tuple[list[np.ndarray], list[str]]:
    """Read sequences and labels from a ``.ts`` file.

    Parameters
    ----------
    path : path-like
        Text: lines of channels separated by ``:``, numbers by ``,``, the label last; lines that
        begin with ``#`` or ``@`` describe and are passed over.

    Returns
    -------
    sequences : list of ndarray, (T, D)
    labels : list of str

    Raises
    ------
    ValueError
        If a line is something else; file and line are named.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "two.ts")
    >>> _ = path.write_text("@data\\n1,2,3:4,5,6:ann\\n7,8:9,0:bob\\n")
    >>> sequences, labels = read_ts(path)
    >>> [s.tolist() for s in sequences], labels
    ([[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], [[7.0, 9.0], [8.0, 0.0]]], ['ann', 'bob'])
    """
    sequences, labels = [], []
    lines = Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip() or line[0] in "#@":
            continue
        *channels, label = line.strip().split(":")
        try:
            rows = np.array([[float(v) for v in channel.split(",")] for channel in channels])
            good = rows.ndim == 2 and np.isfinite(rows).all()
        except ValueError:
            good = False
        if not good or (sequences and len(rows) != sequences[0].shape[1]):
            raise ValueError(
                f"read_ts: {path}: line {number}: expected channels of as many finite numbers "
                f"each, then a label, got {line[:40]!r}"
            )
        sequences.append(rows.T)
        labels.append(label)
    if not sequences:
        raise ValueError(f"read_ts: {path}: expected sequences, got none")
    return sequences, labels


def read_speakers(folder: str | os.PathLike) -> tuple[Recordings, Recordings]:
    """Read ``JapaneseVowels_TRAIN.ts`` and ``JapaneseVowels_TEST.ts``, channels standardised.

    Parameters
    ----------
    folder : path-like

    Returns
    -------
    trained, tested : Recordings
        Mean 0 and spread 1 over the steps of the first.

    Raises
    ------
    ValueError
        If a file is no ``.ts`` file, or they do not fit each other.
    """
    read = [read_ts(Path(folder) / f"JapaneseVowels_{part}.ts") for part in ("TRAIN", "TEST")]
    names = sorted({label for _, labels in read for label in labels})
    if len({sequences[0].shape[1] for sequences, _ in read}) != 1:
        raise ValueError(f"read_speakers: {folder}: expected files of as many channels")
    longest = max(len(s) for sequences, _ in read for s in sequences)
    seen = np.concatenate(read[0][0])
    mean, spread = seen.mean(axis=0), np.maximum(seen.std(axis=0), 1e-6)
    parts = []
    for sequences, labels in read:
        scaled = [(s - mean) / spread for s in sequences]
        x = pad_sequences(scaled, maxlen=longest, dtype="float32", padding="post")
        mask = np.arange(longest) < np.array([len(s) for s in sequences])[:, None]
        parts.append(Recordings(x, mask, np.array([names.index(label) for label in labels])))
    return parts[0], parts[1]


def train_speakers(
    trained: Recordings,
    tested: Recordings,
    *,
    held_out: int = 3,
    epochs: int = 40,
    units: int = 100,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> SpeakerResult:
    """Name known speakers, and verify speakers that were kept back, a few at a time.

    Parameters
    ----------
    trained, tested : Recordings
        Of the same speakers.
    held_out : int
        How many speakers are kept back at a time; each is once, as far as they go round.
    epochs : int
        Of every network.
    units : int
        H of the GRU in each direction.
    seed : int
    say : callable, optional
        Called with each line of progress.

    Returns
    -------
    SpeakerResult

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> who = np.arange(12) % 4
    >>> made_up = Recordings(rng.normal(size=(12, 5, 3)), np.ones((12, 5), bool), who)
    >>> result = train_speakers(made_up, made_up, held_out=2, epochs=1, units=4)
    >>> [one.held_out for one in result.open_sets]
    [(0, 1), (2, 3)]
    """
    tell = say or (lambda line: None)
    network, embed = _speaker_network(trained, epochs, units, seed, "all speakers" if say else None)
    said = network.predict(tested.x, mask=tested.mask, verbose=0).argmax(axis=1)
    known, probes = (embed.predict(r.x, mask=r.mask, verbose=0) for r in (trained, tested))
    rank1 = float(match_curve(known, trained.speakers, probes, tested.speakers)[0])
    accuracy = float((said == tested.speakers).mean())
    tell(f"closed set: {100 * accuracy:.1f} % named rightly")
    everyone, open_sets = np.unique(trained.speakers), []
    for first in range(0, len(everyone) - held_out + 1, held_out):
        strange = everyone[first : first + held_out]
        rest = trained.only(~np.isin(trained.speakers, strange))
        _, embed = _speaker_network(rest, epochs, units, seed, None)
        open_sets.append(_verify(embed, tested.only(np.isin(tested.speakers, strange)), strange))
        tell(
            f"never heard {open_sets[-1].held_out}: equal error rate "
            f"{100 * open_sets[-1].learned_rate:.1f} %, of the mean coefficients "
            f"{100 * open_sets[-1].plain_rate:.1f} %"
        )
    return SpeakerResult(accuracy, rank1, open_sets, network)


def _speaker_network(recordings: Recordings, epochs: int, units: int, seed: int, bar: str | None):
    """Return a network that names the speakers, and the same without its answer: embeddings."""
    names, y = np.unique(recordings.speakers, return_inverse=True)
    stack = [
        layers.Input((None, recordings.x.shape[-1])),
        layers.Bidirectional(layers.GRU(units, dropout=0.3, seed=seed)),
        layers.Dropout(0.3, seed=seed + 1),
        layers.Dense(len(names), activation="softmax", seed=seed + 2),
    ]
    network = models.Sequential(stack)
    rate = optimizers.schedules.CosineDecay(5e-3, epochs * -(-len(y) // 16))
    network.compile(optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    network.fit(
        recordings.x, y, mask=recordings.mask, epochs=epochs, batch_size=16, verbose=0, seed=seed,
        callbacks=[EpochBar(bar)] if bar else None,
    )  # fmt: skip
    return network, models.Sequential(stack[:-2])


def _verify(embed: models.Sequential, strangers: Recordings, held_out: np.ndarray) -> OpenSet:
    learned = embed.predict(strangers.x, mask=strangers.mask, verbose=0)
    both = [pair_scores(e, strangers.speakers) for e in (learned, mean_over_steps(strangers))]
    (curve, plain), rates = (roc(*b) for b in both), [equal_error_rate(*b) for b in both]
    return OpenSet(tuple(held_out.tolist()), curve, rates[0], plain, rates[1])


def mean_over_steps(recordings: Recordings) -> np.ndarray:
    """Return the mean of the real steps of each recording, (N, D): the plain embedding."""
    real = recordings.mask[..., None]
    return np.where(real, recordings.x, 0).sum(axis=1) / real.sum(axis=1)
