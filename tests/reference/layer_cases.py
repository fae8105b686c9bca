"""Layers to compare with Keras's: makers that work with either library, and shapes of inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

STATE = {"activation": "softsign", "recurrent_activation": "sigmoid"}


class LayerCase(NamedTuple):
    """A maker, which takes the module of layers and a dtype, and the inputs."""

    make: Callable
    shape: tuple[int, ...]
    masked: bool = False
    indices: int = 0  # inputs are indices below this, where it is not 0


def _stacked(layers, dtype, **options):
    cells = [
        layers.LSTMCell(3, dtype=dtype, **STATE),
        layers.GRUCell(4, dtype=dtype, **STATE),
        layers.SimpleRNNCell(2, activation="softsign", dtype=dtype),
    ]
    return layers.RNN(cells, dtype=dtype, **options)


def _simple(name: str, *arguments, **options) -> Callable:
    return lambda layers, dtype: getattr(layers, name)(*arguments, dtype=dtype, **options)


def _conv_lstm(**options) -> Callable:
    return _simple("ConvLSTM2D", 3, (2, 3), **STATE, **options)


IMAGES, FRAMES, STEPS = (2, 7, 6, 3), (2, 3, 6, 5, 2), (3, 6, 4)
CASES = {
    "dense": LayerCase(_simple("Dense", 5, activation="softmax"), STEPS),
    "dense_no_bias": LayerCase(_simple("Dense", 5, activation="relu", use_bias=False), (3, 4)),
    "embedding": LayerCase(_simple("Embedding", 7, 3), (3, 5), indices=7),
    "layer_norm": LayerCase(_simple("LayerNormalization"), STEPS),
    "layer_norm_axes": LayerCase(_simple("LayerNormalization", axis=[1, 2], epsilon=0.1), STEPS),
    "layer_norm_plain": LayerCase(
        _simple("LayerNormalization", axis=1, center=False, scale=False), STEPS
    ),
    "conv": LayerCase(_simple("Conv2D", 4, (2, 3), activation="sigmoid"), IMAGES),
    "conv_same": LayerCase(_simple("Conv2D", 4, 2, padding="same"), IMAGES),
    "conv_strides": LayerCase(_simple("Conv2D", 4, 3, strides=(2, 3)), IMAGES),
    "conv_strides_same": LayerCase(_simple("Conv2D", 4, 3, strides=2, padding="same"), IMAGES),
    "conv_dilated": LayerCase(
        _simple("Conv2D", 4, 2, dilation_rate=(2, 3), padding="same", use_bias=False), IMAGES
    ),
    "conv1d": LayerCase(_simple("Conv1D", 4, 3, strides=2, padding="same"), STEPS),
    "conv1d_causal": LayerCase(_simple("Conv1D", 4, 3, dilation_rate=2, padding="causal"), STEPS),
    "conv1d_causal_strides": LayerCase(_simple("Conv1D", 4, 3, strides=2, padding="causal"), STEPS),
    "max_pool": LayerCase(_simple("MaxPooling2D"), IMAGES),
    "max_pool_same": LayerCase(
        _simple("MaxPooling2D", (3, 2), strides=(2, 1), padding="same"), IMAGES
    ),
    "average_pool": LayerCase(_simple("AveragePooling2D", 2), IMAGES),
    "average_pool_same": LayerCase(
        _simple("AveragePooling2D", 3, strides=2, padding="same"), IMAGES
    ),
    "max_pool_1d": LayerCase(_simple("MaxPooling1D", 3, strides=2, padding="same"), STEPS),
    "average_pool_1d": LayerCase(_simple("AveragePooling1D", 2, padding="same"), STEPS),
    "global_average": LayerCase(_simple("GlobalAveragePooling1D"), STEPS),
    "global_average_masked": LayerCase(_simple("GlobalAveragePooling1D"), STEPS, masked=True),
    "global_max": LayerCase(_simple("GlobalMaxPooling1D", keepdims=True), STEPS),
    "global_average_2d": LayerCase(_simple("GlobalAveragePooling2D", keepdims=True), IMAGES),
    "global_max_2d": LayerCase(_simple("GlobalMaxPooling2D"), IMAGES),
    "reshape": LayerCase(_simple("Reshape", (-1, 2)), STEPS),
    "permute": LayerCase(_simple("Permute", (3, 1, 2)), IMAGES),
    "repeat": LayerCase(_simple("RepeatVector", 3), (3, 4)),
    "masking": LayerCase(_simple("Masking", 0.5), STEPS),
    "time_distributed": LayerCase(
        lambda layers, dtype: layers.TimeDistributed(
            layers.Conv2D(3, 2, activation="softsign", dtype=dtype), dtype=dtype
        ),
        FRAMES,
    ),
    "stacked_cells": LayerCase(
        lambda layers, dtype: _stacked(layers, dtype, return_sequences=True), STEPS, masked=True
    ),
    "stacked_cells_backwards": LayerCase(
        lambda layers, dtype: _stacked(layers, dtype, go_backwards=True), STEPS, masked=True
    ),
    "both_directions_of_stacked_cells": LayerCase(
        lambda layers, dtype: layers.Bidirectional(
            _stacked(layers, dtype, return_sequences=True), merge_mode="mul", dtype=dtype
        ),
        STEPS,
        masked=True,
    ),
    "conv_lstm": LayerCase(_conv_lstm(return_sequences=True), FRAMES),
    "conv_lstm_same": LayerCase(
        _conv_lstm(padding="same", strides=2, go_backwards=True, use_bias=False), FRAMES
    ),
    "conv_lstm_dilated": LayerCase(_conv_lstm(dilation_rate=(2, 1), return_sequences=True), FRAMES),
}
