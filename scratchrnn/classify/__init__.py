"""Clips into classes: the network, its training, and the page that shows what it learned."""

from .committee import fold
from .model import (
    CELLS,
    ClipClassifier,
    build_network,
    cell_name,
    compile_network,
    digest,
    mean_over_time,
    pad,
)
from .presets import PRESETS, Preset
from .training import EpochBar, Run, join, train
from .transfer import new_classes

__all__ = [
    "CELLS",
    "PRESETS",
    "ClipClassifier",
    "EpochBar",
    "Preset",
    "Run",
    "build_network",
    "cell_name",
    "compile_network",
    "digest",
    "fold",
    "join",
    "mean_over_time",
    "new_classes",
    "pad",
    "train",
]
