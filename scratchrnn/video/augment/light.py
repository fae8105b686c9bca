"""Augmentations of light: brightness, contrast, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .base import Augmentation
from .warp import like


def _white(frames: np.ndarray) -> float:
    """Return the value of white: 255 for uint8, 1 for float."""
    return 255.0 if frames.dtype == np.uint8 else 1.0


@dataclass(frozen=True)
class RandomBrightness(Augmentation):
    """Add the same to all pixels of all frames.

    Parameters
    ----------
    amount : float, default 0.2
        Most, up or down, as a share of white.
    p : float, default 1.0
        Probability that it is done at all.
    """

    amount: float = 0.2
    p: float = 1.0

    def __post_init__(self):
        self._require(amount=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        return like(frames, frames + _white(frames) * rng.uniform(-self.amount, self.amount))


@dataclass(frozen=True)
class RandomContrast(Augmentation):
    """Stretch or squeeze all values about the clip's mean.

    Parameters
    ----------
    amount : float, default 0.3
        The factor is drawn between 1/(1 + amount) and 1 + amount, evenly on a logarithmic scale.
    p : float, default 1.0
        Probability that it is done at all.
    """

    amount: float = 0.3
    p: float = 1.0

    def __post_init__(self):
        self._require(amount=(0, 10), p=(0, 1))

    def apply(self, frames, rng):
        most = np.log1p(self.amount)
        factor = np.exp(rng.uniform(-most, most))
        mean = frames.mean()
        return like(frames, mean + factor * (frames - mean))


@dataclass(frozen=True)
class GaussianNoise(Augmentation):
    """Add noise to every pixel; how much is the same in all frames.

    Parameters
    ----------
    amount : float, default 0.05
        Greatest standard deviation, as a share of white; it is drawn between 0 and this.
    p : float, default 1.0
        Probability that it is done at all.
    """

    amount: float = 0.05
    p: float = 1.0

    def __post_init__(self):
        self._require(amount=(0, 1), p=(0, 1))

    def apply(self, frames, rng):
        deviation = np.float32(_white(frames) * rng.uniform(0, self.amount))
        noise = rng.standard_normal(frames.shape, dtype=np.float32)
        return like(frames, frames + deviation * noise)
