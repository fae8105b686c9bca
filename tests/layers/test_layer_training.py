"""Stacks of the further layers learn what they are there to learn."""

from __future__ import annotations

import numpy as np

from scratchrnn import layers
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam


def losses(model: Sequential, x, y, *, epochs: int, loss: str, rate=0.02) -> list[float]:
    """Train and return the history of the loss."""
    model.compile(Adam(rate), loss)
    history = model.fit(x, y, epochs=epochs, batch_size=16, verbose=0, seed=1)
    return history.history["loss"]


def moving_dots(n: int) -> np.ndarray:
    """Clips (n, 5, 6, 6, 1) of a dot that steps right or down, each on its own line."""
    clips = np.zeros((n, 5, 6, 6, 1), np.float32)
    for k in range(n):
        for t in range(5):
            place = (t, k // 2 % 6) if k % 2 else (k // 2 % 6, t)
            clips[(k, t, *place)] = 1
    return clips


def test_a_convolutional_lstm_learns_the_next_frame():
    clips = moving_dots(16)
    model = Sequential([
        layers.Input((None, 6, 6, 1)),
        layers.ConvLSTM2D(6, 3, padding="same", return_sequences=True, seed=1),
        layers.TimeDistributed(layers.Conv2D(1, 3, padding="same", activation="sigmoid", seed=2)),
    ])  # fmt: skip
    history = losses(model, clips[:, :-1], clips[:, 1:], epochs=25, loss="binary_crossentropy")
    assert history[-1] < 0.4 * history[0]


def test_directions_of_motion_are_told_apart_by_convolution_and_a_gru():
    clips = moving_dots(32)
    model = Sequential([
        layers.Input((None, 6, 6, 1)),
        layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu", seed=1)),
        layers.TimeDistributed(layers.MaxPooling2D()),
        layers.TimeDistributed(layers.Flatten()),
        layers.GRU(8, seed=2),
        layers.Dense(2, "softmax", seed=3),
    ])  # fmt: skip
    labels = np.arange(32) % 2
    history = losses(model, clips, labels, epochs=25, loss="sparse_categorical_crossentropy")
    assert history[-1] < 0.3 * history[0]


def test_words_of_different_length_are_read_in_both_directions():
    rng = np.random.default_rng(1)
    x = rng.integers(2, 8, size=(48, 6))
    x[np.arange(48), rng.integers(0, 3, 48)] = 1  # somewhere near the beginning
    labels = (np.argmax(x == 1, axis=1) > 0).astype(int)
    x[::2, 4:] = 0  # padding
    model = Sequential([
        layers.Input((None,)),
        layers.Embedding(8, 6, mask_zero=True, seed=1),
        layers.Bidirectional(layers.LayerNormLSTM(8, seed=2)),
        layers.Dense(2, "softmax", seed=3),
    ])  # fmt: skip
    history = losses(model, x, labels, epochs=12, loss="sparse_categorical_crossentropy")
    assert history[-1] < 0.3 * history[0]


def test_a_learnt_initial_state_says_what_the_first_output_is():
    x, y = np.zeros((16, 1, 1)), np.full((16, 1), 0.5)
    inner = [layers.LSTMCell(3, use_bias=False, seed=1), layers.GRUCell(2, use_bias=False, seed=2)]
    model = Sequential([
        layers.Input((None, 1)),
        layers.RNN(inner, trainable_initial_state=True),
        layers.Dense(1, use_bias=False, seed=3),
    ])  # fmt: skip
    history = losses(model, x, y, epochs=60, loss="mse", rate=0.1)
    assert history[0] == 0.25 and history[-1] < 1e-3
