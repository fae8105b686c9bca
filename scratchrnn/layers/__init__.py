"""Keras-named layers, each with an explicit backward."""

from __future__ import annotations

from .base import Layer
from .bidirectional import Bidirectional
from .cell import Cell, StackedRNNCells
from .core import Activation, Dense, Input, Masking
from .gated_cells import GRUCell, LSTMCell, SimpleRNNCell
from .noise import Dropout, GaussianNoise, SpatialDropout1D
from .normalized import LayerNormGRU, LayerNormLSTM
from .recurrent import GRU, LSTM, Recurrent, SimpleRNN
from .reshaping import Flatten, Permute, RepeatVector, Reshape
from .rnn import RNN
from .sequence import SequenceLayer
from .serialization import LAYERS, deserialize, register, serialize
from .wrappers import TimeDistributed

_CLASSES = (
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    GRU,
    GRUCell,
    GaussianNoise,
    Input,
    LSTM,
    LSTMCell,
    LayerNormGRU,
    LayerNormLSTM,
    Masking,
    Permute,
    RNN,
    RepeatVector,
    Reshape,
    SimpleRNN,
    SimpleRNNCell,
    SpatialDropout1D,
    StackedRNNCells,
    TimeDistributed,
)
for _class in _CLASSES:
    register(_class)

__all__ = [
    "LAYERS",
    "Cell",
    "Layer",
    "Recurrent",
    "SequenceLayer",
    "deserialize",
    "register",
    "serialize",
    *(_class.__name__ for _class in _CLASSES),
]
