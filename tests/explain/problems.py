"""Models and clips whose right explanation is known."""

from __future__ import annotations

import functools

import numpy as np

from scratchrnn.layers import GRU, LSTM, Dense, Flatten, Input, SimpleRNN, TimeDistributed
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam

CELLS = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


def random_weights(model, seed=2, scale=0.5):
    """Give a model weights that are random, none of them zero."""
    rng = np.random.default_rng(seed)
    model.set_weights([rng.normal(size=w.shape) * scale for w in model.weights])
    return model


def small_model(cell="lstm", inputs=4, classes=3, sequences=False, head="softmax", dtype="float64"):
    recurrent = CELLS[cell](5, return_sequences=sequences, dtype=dtype)
    top = Dense(classes, activation=head, dtype=dtype)
    return random_weights(Sequential([Input((None, inputs), dtype=dtype), recurrent, top]))


# The planted cue: the brightness of one patch during some steps is the class, all else is noise.
STEPS, SIDE = 9, 8
CUE = (slice(3, 6), slice(2, 4), slice(4, 6))
TUBE = (3, 2, 2)


def planted_clips(number, seed):
    """Clips (N, 9, 8, 8) and their classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, number)
    x = 0.1 * rng.normal(size=(number, STEPS, SIDE, SIDE))
    x[(slice(None), *CUE)] += (2.0 * y - 1)[:, None, None, None]
    return x.astype(np.float32), y


@functools.cache
def planted_model(recurrent=True):
    """A network that has learned the planted cue: a GRU, or one layer that sees all at once."""
    x, y = planted_clips(600, seed=0)
    below = [TimeDistributed(Flatten()), GRU(16, seed=1)] if recurrent else [Flatten()]
    top = Dense(2, activation="softmax", seed=2)
    model = Sequential([Input((STEPS, SIDE, SIDE)), *below, top])
    model.compile(Adam(0.01), "sparse_categorical_crossentropy", ["accuracy"])
    model.fit(x, y, epochs=8, batch_size=32, seed=3, verbose=0)
    return model
