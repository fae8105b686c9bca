"""Keras-named layers, each with an explicit backward."""

from __future__ import annotations

from .base import Layer
from .bidirectional import Bidirectional
from .cell import Cell, StackedRNNCells
from .conv import Conv1D, Conv2D
from .conv_lstm import ConvLSTM2D
from .core import Activation, Dense, Input, Masking
from .embedding import Embedding
from .gated_cells import GRUCell, LSTMCell, SimpleRNNCell
from .global_pooling import (
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
)
from .noise import Dropout, GaussianNoise, SpatialDropout1D
from .normalization import LayerNormalization
from .normalized import LayerNormGRU, LayerNormLSTM
from .pooling import AveragePooling1D, AveragePooling2D, MaxPooling1D, MaxPooling2D
from .recurrent import GRU, LSTM, Recurrent, SimpleRNN
from .reshaping import Flatten, Permute, RepeatVector, Reshape
from .rnn import RNN
from .sequence import SequenceLayer
from .serialization import LAYERS, deserialize, register, serialize
from .wrappers import TimeDistributed

_CLASSES = (
    Activation,
    AveragePooling1D,
    AveragePooling2D,
    Bidirectional,
    Conv1D,
    Conv2D,
    ConvLSTM2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GRU,
    GRUCell,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    Input,
    LSTM,
    LSTMCell,
    LayerNormGRU,
    LayerNormLSTM,
    LayerNormalization,
    Masking,
    MaxPooling1D,
    MaxPooling2D,
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
