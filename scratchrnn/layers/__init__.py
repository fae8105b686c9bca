"""Keras-named layers, each with an explicit backward."""

from __future__ import annotations

from .base import Layer
from .core import Activation, Dense, Input, Masking
from .noise import Dropout, GaussianNoise, SpatialDropout1D
from .recurrent import GRU, LSTM, Recurrent, SimpleRNN
from .reshaping import Flatten, Permute, RepeatVector, Reshape
from .serialization import LAYERS, deserialize, register, serialize
from .wrappers import TimeDistributed

_CLASSES = (
    Activation,
    Dense,
    Dropout,
    Flatten,
    GRU,
    GaussianNoise,
    Input,
    LSTM,
    Masking,
    Permute,
    RepeatVector,
    Reshape,
    SimpleRNN,
    SpatialDropout1D,
    TimeDistributed,
)
for _class in _CLASSES:
    register(_class)

__all__ = [
    "LAYERS",
    "Layer",
    "Recurrent",
    "deserialize",
    "register",
    "serialize",
    *(_class.__name__ for _class in _CLASSES),
]
