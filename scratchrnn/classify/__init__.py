"""Clips into classes: the network, its training, and the page that shows what it learned."""

from .model import CELLS, ClipClassifier, build_network, digest, mean_over_time, pad
from .training import EpochBar, Run, train

__all__ = [
    "CELLS",
    "ClipClassifier",
    "EpochBar",
    "Run",
    "build_network",
    "digest",
    "mean_over_time",
    "pad",
    "train",
]
