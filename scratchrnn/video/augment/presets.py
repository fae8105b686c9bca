"""Ready-made sets of augmentations."""

from __future__ import annotations

from .base import Augmentation, Compose
from .light import GaussianNoise, RandomBrightness, RandomContrast
from .space import CutOut, RandomCrop, RandomFlip, RandomRotation, RandomScale, RandomShift
from .time import FrameDrop, SpeedChange, TemporalCrop, TimeWarp


def standard_augmentation() -> Compose:
    """Return what helps with clips of few people or places, and changes no class's meaning.

    Small shifts (an eighth of the frame), scalings and turns, and small changes of pace (a
    quarter). Nothing is mirrored or played backwards, since classes may be told apart by direction.

    Returns
    -------
    Compose

    Examples
    --------
    >>> from scratchrnn.video.augment import standard_augmentation
    >>> len(standard_augmentation().augmentations)
    6
    """
    return Compose(
        [
            RandomShift(0.12),
            RandomScale(0.85, 1.18),
            RandomRotation(8),
            SpeedChange(0.8, 1.25),
            TimeWarp(0.4),
            FrameDrop(0.05),
        ]
    )


def all_augmentations() -> list[Augmentation]:
    """Return one of each, strong enough to be seen."""
    return [
        RandomCrop(0.5),
        RandomFlip(p=1.0),
        RandomShift(0.25),
        RandomScale(0.6, 1.7),
        RandomRotation(35),
        CutOut(0.6),
        RandomBrightness(0.4),
        RandomContrast(1.5),
        GaussianNoise(0.2),
        SpeedChange(0.5, 2.0),
        TimeWarp(1.0),
        FrameDrop(0.4),
        TemporalCrop(0.4),
    ]
