"""Augmentations in time: speed, uneven speed, dropped frames, a part of the clip.

They change which moments are shown, the same in all of the picture; all but :class:`TimeWarp` may
change the number of frames. Each says the moments, as fractional frame numbers; the frames on
either side are blended.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base import _Temporal


@dataclass(frozen=True)
class SpeedChange(_Temporal):
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

    def times(self, count, rng):
        speed = np.exp(rng.uniform(np.log(self.low), np.log(self.high)))
        return np.linspace(0, count - 1, max(1, round(count / speed)))


@dataclass(frozen=True)
class TimeWarp(_Temporal):
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

    def times(self, count, rng):
        phase = np.linspace(0, 1, count)
        bend = rng.uniform(-self.amount, self.amount) * np.sin(np.pi * phase) / np.pi
        return np.clip((count - 1) * (phase + bend), 0, count - 1)


@dataclass(frozen=True)
class FrameDrop(_Temporal):
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

    def times(self, count, rng):
        chances = rng.random(count)
        kept = np.flatnonzero(chances >= self.share)
        return np.asarray(kept if kept.size else [chances.argmax()], dtype=float)


@dataclass(frozen=True)
class TemporalCrop(_Temporal):
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

    def times(self, count, rng):
        kept = max(1, round(count * rng.uniform(self.share, 1)))
        start = rng.integers(0, count - kept + 1)
        return np.arange(start, start + kept, dtype=float)
