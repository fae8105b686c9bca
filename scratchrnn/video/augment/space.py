"""Augmentations in space: crop, flip, shift, scale, rotation, and a patch cut out.

Each draws one map, or one patch, for the whole clip.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base import Augmentation, _Geometric


@dataclass(frozen=True)
class RandomCrop(_Geometric):
    """Cut out a part of the frame, at a random place, and bring it back to full size.

    Parameters
    ----------
    share : float, default 0.8
        Least share of each side that is kept; how much is drawn between it and 1.
    p : float, default 1.0
        Probability that it is done at all.
    """

    share: float = 0.8
    p: float = 1.0

    def __post_init__(self):
        self._require(share=(0.01, 1), p=(0, 1))

    def matrix(self, size, rng):
        kept = rng.uniform(self.share, 1)
        room = (1 - kept) / 2 * (np.array(size) - 1)
        y, x = rng.uniform(-room, room)
        return np.array([[kept, 0, y], [0, kept, x], [0, 0, 1.0]])


@dataclass(frozen=True)
class RandomFlip(_Geometric):
    """Mirror the clip. Not for classes that are told apart by left and right, or up and down.

    Parameters
    ----------
    horizontal : bool, default True
        Swap left and right.
    vertical : bool, default False
        Swap up and down.
    p : float, default 0.5
        Probability that it is done.
    """

    horizontal: bool = True
    vertical: bool = False
    p: float = 0.5

    def __post_init__(self):
        self._require(p=(0, 1))

    def matrix(self, size, rng):
        return np.diag([-1.0 if self.vertical else 1.0, -1.0 if self.horizontal else 1.0, 1.0])


@dataclass(frozen=True)
class RandomShift(_Geometric):
    """Move the clip up or down and left or right.

    Parameters
    ----------
    amount : float, default 0.1
        Most, as a share of the height and of the width.
    p : float, default 1.0
        Probability that it is done at all.
    """

    amount: float = 0.1
    p: float = 1.0

    def __post_init__(self):
        self._require(amount=(0, 1), p=(0, 1))

    def matrix(self, size, rng):
        y, x = rng.uniform(-self.amount, self.amount, 2) * size
        return np.array([[1, 0, y], [0, 1, x], [0, 0, 1.0]])


@dataclass(frozen=True)
class RandomScale(_Geometric):
    """Make the clip larger or smaller about its middle.

    Parameters
    ----------
    low, high : float, default 0.9, 1.1
        Between which sizes, 1 being unchanged; drawn evenly on a logarithmic scale.
    p : float, default 1.0
        Probability that it is done at all.
    """

    low: float = 0.9
    high: float = 1.1
    p: float = 1.0

    def __post_init__(self):
        self._require(low=(0.01, 100), high=(self.low, 100), p=(0, 1))

    def matrix(self, size, rng):
        scale = np.exp(rng.uniform(np.log(self.low), np.log(self.high)))
        return np.diag([1 / scale, 1 / scale, 1.0])


@dataclass(frozen=True)
class RandomRotation(_Geometric):
    """Turn the clip about its middle.

    Parameters
    ----------
    degrees : float, default 10
        Most, in either direction.
    p : float, default 1.0
        Probability that it is done at all.
    """

    degrees: float = 10.0
    p: float = 1.0

    def __post_init__(self):
        self._require(degrees=(0, 180), p=(0, 1))

    def matrix(self, size, rng):
        angle = np.deg2rad(rng.uniform(-self.degrees, self.degrees))
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])


@dataclass(frozen=True)
class CutOut(Augmentation):
    """Cover a rectangle, the same in all frames, with the clip's mean.

    Parameters
    ----------
    share : float, default 0.3
        Greatest share of each side; each is drawn between a quarter of it and it.
    p : float, default 1.0
        Probability that it is done at all.
    """

    share: float = 0.3
    p: float = 1.0

    def __post_init__(self):
        self._require(share=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        sides = frames.shape[1:3]
        height, width = (
            max(1, round(rng.uniform(self.share / 4, self.share) * side)) for side in sides
        )
        top = rng.integers(0, sides[0] - height + 1)
        left = rng.integers(0, sides[1] - width + 1)
        cut = frames.copy()
        cut[:, top : top + height, left : left + width] = frames.mean(axis=(0, 1, 2))
        return cut
