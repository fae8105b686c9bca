"""Real Keras loads what we write, and we what it writes: every layer, both kinds of file."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from scratchrnn.interop import (
    load_keras_model,
    load_keras_weights,
    save_keras_model,
    save_keras_weights,
)
from tests.interop.references import close, installed

RS = {"return_sequences": True}
STEPS, IMAGE = (None, 3), (7, 6, 2)

MODELS = {
    "stacked cells": (STEPS, lambda K: [K.RNN([K.LSTMCell(3), K.GRUCell(2), K.LSTMCell(4)], **RS)]),
    "a cell": (STEPS, lambda K: [K.RNN(K.SimpleRNNCell(3), go_backwards=True)]),
    "merge modes": (
        STEPS,
        lambda K: [
            K.Bidirectional(K.LSTM(3, **RS)),
            K.Bidirectional(K.GRU(3, reset_after=False, **RS), merge_mode="mul"),
            K.Bidirectional(K.SimpleRNN(3, **RS), merge_mode="ave"),
            K.Bidirectional(K.SimpleRNN(3), merge_mode="sum"),
        ],
    ),
    "two kinds of direction": (
        STEPS,
        lambda K: [
            K.Bidirectional(
                K.LSTM(3, **RS), backward_layer=K.GRU(4, go_backwards=True, **RS), name="both"
            )
        ],
    ),
    "options": (
        STEPS,
        lambda K: [
            K.LSTM(3, dropout=0.1, recurrent_dropout=0.2, kernel_regularizer="l2", **RS),
            K.GRU(3, go_backwards=True, kernel_initializer="he_normal", **RS),
            K.SimpleRNN(3, use_bias=False, activation="relu", bias_regularizer="l2"),
            K.Dense(3, activation="softmax", kernel_initializer="random_normal"),
        ],
    ),
    "shapes": (
        (5, 3),
        lambda K: [
            K.TimeDistributed(K.Dense(3)),
            K.Masking(mask_value=0.5),
            K.GRU(3, **RS),
            K.SpatialDropout1D(0.2),
            K.GaussianNoise(0.1),
            K.Permute((2, 1)),
            K.Reshape((5, 3)),
            K.Flatten(),
            K.RepeatVector(2),
            K.Activation("gelu"),
        ],
    ),
    "pooled": (STEPS, lambda K: [K.GRU(3, **RS), K.GlobalAveragePooling1D()]),
    "largest": (STEPS, lambda K: [K.LayerNormalization(), K.GlobalMaxPooling1D(keepdims=True)]),
    "norms": (
        STEPS,
        lambda K: [
            K.LayerNormalization(center=False, epsilon=0.01),
            K.LayerNormalization(scale=False),
        ],
    ),
    "words": (
        (None,),
        lambda K: [K.Embedding(9, 4, mask_zero=True), K.Bidirectional(K.LSTM(3)), K.Dropout(0.5)],
    ),
    "images": (
        IMAGE,
        lambda K: [
            K.Conv2D(3, (3, 2), strides=2, padding="same", activation="relu"),
            K.MaxPooling2D((2, 1), padding="same"),
            K.Conv2D(2, 2, use_bias=False),
            K.GlobalAveragePooling2D(),
        ],
    ),
    "video": (
        (3, *IMAGE),
        lambda K: [
            K.ConvLSTM2D(2, 3, padding="same", **RS),
            K.ConvLSTM2D(2, (3, 2), use_bias=False, recurrent_activation="hard_sigmoid"),
        ],
    ),
}


def make(name: str):
    """Return a Keras model with random weights, an input, and what it predicts."""
    keras = installed("keras")
    shape, layers = MODELS[name]
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = keras.Sequential([keras.Input(shape), *layers(keras.layers)])
        model.set_weights([0.6 * rng.normal(size=w.shape) for w in model.get_weights()])
        size = (2, *(5 if axis is None else axis for axis in shape))
        words, numbers = rng.integers(0, 9, size), rng.normal(size=size).astype("float32")
        x = words if len(shape) == 1 else numbers
        return keras, model, x, np.asarray(model(x))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_files_pass_between_keras_and_us(name, tmp_path):
    keras, theirs, x, want = make(name)
    theirs.save(tmp_path / "theirs.keras")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours = load_keras_model(tmp_path / "theirs.keras")
    close(ours(x), want)
    for weight in ours.weights:
        weight[...] = 0
    load_keras_weights(ours, tmp_path / "theirs.weights.h5")
    close(ours(x), want)
    save_keras_model(ours, tmp_path / "ours.keras")
    save_keras_weights(ours, tmp_path / "ours.weights.h5")
    close(np.asarray(keras.saving.load_model(tmp_path / "ours.keras")(x)), want)
    theirs.set_weights([0 * w for w in theirs.get_weights()])
    theirs.load_weights(tmp_path / "ours.weights.h5")
    close(np.asarray(theirs(x)), want)
