"""Augmentations in time: speed, uneven speed, dropped frames, a part of the clip.

They change which moments are shown, the same in all of the picture; all but :class:`TimeWarp` may
change the number of frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base import Augmentation
from .warp import like


def at_times(frames: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the clip at fractional frame numbers, blending the frames on either side.

    Parameters
    ----------
    frames : ndarray, (T, ...)
    times : ndarray, (S,) float
        Between 0 and T - 1.

    Returns
    -------
    ndarray, (S, ...), of the dtype of `frames`
    """
    before = np.floor(times).astype(np.intp)
    after = np.minimum(before + 1, len(frames) - 1)
    kind = np.float64 if frames.dtype == np.float64 else np.float32
    share = (times - before).astype(kind).reshape(-1, *[1] * (frames.ndim - 1))
    return like(frames, frames[before] * (1 - share) + frames[after] * share)


@dataclass(frozen=True)
class SpeedChange(Augmentation):
    """Play the clip faster or slower; its number of frames changes.

    Parameters
    ----------
    low, high : float, default 0.8, 1.25
        Between which speeds, 1 being unchanged; drawn evenly on a logarithmic scale.
    p : float, default 1.0
        Probability that it is done at all.
    """

    low: float = 0.8
    high: float = 1.25
    p: float = 1.0

    def __post_init__(self):
        self._require(low=(0.01, 100), high=(self.low, 100), p=(0, 1))

    def apply(self, frames, rng):
        speed = np.exp(rng.uniform(np.log(self.low), np.log(self.high)))
        count = max(1, round(len(frames) / speed))
        return at_times(frames, np.linspace(0, len(frames) - 1, count))


@dataclass(frozen=True)
class TimeWarp(Augmentation):
    """Play some of the clip faster and the rest slower; beginning, end and length stay.

    Frame t of n shows the moment t + a (n - 1)/π sin(π t/(n - 1)), whose speed is between 1 - a
    and 1 + a.

    Parameters
    ----------
    amount : float, default 0.3
        Greatest a, in either direction.
    p : float, default 1.0
        Probability that it is done at all.
    """

    amount: float = 0.3
    p: float = 1.0

    def __post_init__(self):
        self._require(amount=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        last = len(frames) - 1
        phase = np.linspace(0, 1, len(frames))
        bend = rng.uniform(-self.amount, self.amount) * np.sin(np.pi * phase) / np.pi
        return at_times(frames, np.clip(last * (phase + bend), 0, last))


@dataclass(frozen=True)
class FrameDrop(Augmentation):
    """Leave out single frames, as a bad line does; at least one stays.

    Parameters
    ----------
    share : float, default 0.1
        Probability of each frame to be left out.
    p : float, default 1.0
        Probability that it is done at all.
    """

    share: float = 0.1
    p: float = 1.0

    def __post_init__(self):
        self._require(share=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        chances = rng.random(len(frames))
        kept = np.flatnonzero(chances >= self.share)
        return frames[kept if kept.size else [int(chances.argmax())]]


@dataclass(frozen=True)
class TemporalCrop(Augmentation):
    """Keep one stretch of the clip.

    Parameters
    ----------
    share : float, default 0.8
        Least share of the frames that is kept; how much is drawn between it and 1.
    p : float, default 1.0
        Probability that it is done at all.
    """

    share: float = 0.8
    p: float = 1.0

    def __post_init__(self):
        self._require(share=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        count = max(1, round(len(frames) * rng.uniform(self.share, 1)))
        start = rng.integers(0, len(frames) - count + 1)
        return frames[start : start + count].copy()
