"""Augmentation of clips: every parameter is drawn once and holds for all frames.

Each augmentation is a small frozen object, called as ``augmentation(frames, rng)`` on frames
(T, H, W) or (T, H, W, C), uint8 or float between 0 and 1, with a generator from
:func:`numpy.random.default_rng`; what it gives follows from that generator alone.
"""

from .base import Augmentation, Compose
from .light import GaussianNoise, RandomBrightness, RandomContrast
from .mixup import MixUp
from .presets import all_augmentations, standard_augmentation
from .sheet import contact_sheet
from .space import CutOut, RandomCrop, RandomFlip, RandomRotation, RandomScale, RandomShift
from .time import FrameDrop, SpeedChange, TemporalCrop, TimeWarp
from .warp import at_times, warp

__all__ = [
    "Augmentation",
    "Compose",
    "CutOut",
    "FrameDrop",
    "GaussianNoise",
    "MixUp",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomScale",
    "RandomShift",
    "SpeedChange",
    "TemporalCrop",
    "TimeWarp",
    "all_augmentations",
    "at_times",
    "contact_sheet",
    "standard_augmentation",
    "warp",
]
