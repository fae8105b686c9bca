"""Real sequences, with floors of accuracy set against stated baselines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchrnn.layers import GRU, Bidirectional, Dense, Dropout, Input
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam
from scratchrnn.optimizers.schedules import CosineDecay
from tests.sequences import finger_gestures, japanese_vowels, mocap6

pytestmark = pytest.mark.slow


def classifier(recurrent, inputs: int, classes: int, steps: int, rate: float, dropout=0.3):
    """A recurrent layer and a softmax; the learning rate falls to zero over `steps` updates."""
    layers = [Input((None, inputs)), recurrent, Dropout(dropout, seed=1)]
    model = Sequential([*layers, Dense(classes, activation="softmax", seed=2)])
    optimizer = Adam(CosineDecay(rate, steps), global_clipnorm=1.0)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def nearest_mean(x, y, x_test, y_test) -> float:
    """Accuracy of saying the class whose mean is nearest: the plain baseline."""
    means = np.stack([x[y == c].mean(axis=0) for c in np.unique(y)])
    distance = ((x_test[:, None] - means) ** 2).sum(axis=-1)
    return float((distance.argmin(axis=1) == y_test).mean())


def gesture_accuracy(test: np.ndarray) -> tuple[float, float]:
    """Accuracy of a GRU and of the nearest mean on the rows `test`, trained on the others."""
    x, y = finger_gestures()
    flat = x.reshape(len(x), -1)
    x = np.concatenate([4 * x, 20 * np.diff(x, axis=1, prepend=x[:, :1])], axis=2)
    train = np.setdiff1d(np.arange(len(x)), test)
    steps = 20 * math.ceil(len(train) / 64)
    model = classifier(GRU(64, seed=0), 4, 4, steps, 5e-3, dropout=0.0)
    model.fit(x[train], y[train], epochs=20, batch_size=64, verbose=0, seed=0)
    accuracy = model.evaluate(x[test], y[test], verbose=0)[1]
    return accuracy, nearest_mean(flat[train], y[train], flat[test], y[test])


def test_finger_gestures_on_a_random_quarter():
    _, y = finger_gestures()
    order = np.random.default_rng(0).permutation(len(y))
    accuracy, baseline = gesture_accuracy(order[: len(y) // 4])
    assert accuracy >= 0.98
    assert baseline < 0.95


def test_finger_gestures_recorded_later():
    _, y = finger_gestures()
    rows = [np.flatnonzero(y == c) for c in range(4)]
    accuracy, baseline = gesture_accuracy(np.concatenate([r[-(len(r) // 4) :] for r in rows]))
    assert accuracy >= 0.94
    assert baseline < accuracy


def test_japanese_vowels_speakers():
    x, mask, y = japanese_vowels("TRAIN")
    x_test, mask_test, y_test = japanese_vowels("TEST")
    mean, spread = x[mask].mean(axis=0), x[mask].std(axis=0)
    x, x_test = (x - mean) / spread, (x_test - mean) / spread
    recurrent = Bidirectional(GRU(100, dropout=0.3, seed=0))
    model = classifier(recurrent, 12, 9, 40 * math.ceil(len(x) / 16), 5e-3)
    model.fit(x, y, mask=mask, epochs=40, batch_size=16, verbose=0, seed=0)
    accuracy = model.evaluate(x_test, y_test, mask=mask_test, verbose=0)[1]
    assert accuracy >= 0.97

    def over_time(x, mask):
        return np.where(mask[..., None], x, 0).sum(axis=1) / mask.sum(axis=1)[:, None]

    baseline = nearest_mean(over_time(x, mask), y, over_time(x_test, mask_test), y_test)
    assert baseline < accuracy


def test_mocap_actions_frame_by_frame():
    sequences = mocap6()
    angles, actions = sequences.pop("14_14")
    seen = np.concatenate([a for a, _ in sequences.values()])
    mean, spread = seen.mean(axis=0), seen.std(axis=0)
    window, hop = 60, 15
    cuts = [
        ((a[s : s + window] - mean) / spread, b[s : s + window])
        for a, b in sequences.values()
        for s in range(0, len(a) - window + 1, hop)
    ]
    x, y = (np.stack(part) for part in zip(*cuts, strict=True))
    recurrent = Bidirectional(GRU(64, return_sequences=True, dropout=0.3, seed=0))
    model = classifier(recurrent, 12, 12, 25 * math.ceil(len(x) / 16), 3e-3)
    model.fit(x, y, epochs=25, batch_size=16, verbose=0, seed=0)
    whole = ((angles - mean) / spread)[None]
    accuracy = model.evaluate(whole, actions[None], verbose=0)[1]
    assert accuracy >= 0.88
    flat = (seen - mean) / spread
    labels = np.concatenate([b for _, b in sequences.values()])
    assert nearest_mean(flat, labels, whole[0], actions) < accuracy
