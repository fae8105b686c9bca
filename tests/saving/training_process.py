"""A training run that can be killed and started again: ``python training_process.py FOLDER MODE``.

Everything random is in it: shuffling, dropout, noise, metrics and callbacks that remember, a
learning rate that changes, early stopping. It ends by writing ``final.npz``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from scratchrnn import callbacks, layers, optimizers, use_backend, utils
from scratchrnn.models import Sequential

EPOCHS, N, T, D = 12, 40, 6, 3


class Shuffled:
    """A data set that streams in an order of its own, drawn anew for every pass."""

    def __init__(self, x, y, seed=4):
        self.x_, self.y_, self.seed, self.passes = x, y, seed, 0

    def get_state(self) -> dict:
        return {"passes": self.passes}

    def set_state(self, state: dict) -> None:
        self.passes = state["passes"]

    def __iter__(self):
        order = np.random.default_rng([self.seed, self.passes]).permutation(len(self.x_))
        self.passes += 1
        for rows in np.array_split(order, 7):
            yield self.x_[rows], self.y_[rows]


def endless(x, y):
    """Give batches for ever."""
    while True:
        for k in range(0, len(x), 6):
            yield x[k : k + 6], y[k : k + 6]


def build(mode: str) -> Sequential:
    """Return a compiled model."""
    stateful = mode == "stateful"
    model = Sequential(
        [
            layers.Input((None, D), batch_size=8 if stateful else None, name="x"),
            layers.GaussianNoise(0.05, name="noise"),
            layers.LSTM(6, dropout=0.2, return_sequences=True, recurrent_dropout=0.2, name="lstm"),
            layers.GRU(5, stateful=stateful, return_sequences=mode == "tbptt", name="gru"),
            layers.Dropout(0.1, name="dropout"),
            layers.Dense(1, activation="sigmoid", kernel_regularizer="l2", name="y"),
        ]
    )
    model.compile(
        optimizers.Nadam(0.02, global_clipnorm=1.0), "binary_crossentropy",
        metrics=["accuracy", "AUC", "Precision"],
    )  # fmt: skip
    return model


def train(folder: Path, mode: str, save_freq: int | str, further=(), backend="numpy") -> None:
    """Train, or go on training, and write the result."""
    with use_backend(backend):
        _train(folder, mode, save_freq, further)


def _train(folder: Path, mode: str, save_freq: int | str, further) -> None:
    utils.set_random_seed(11)
    rng = np.random.default_rng(2)
    x = rng.normal(size=(N, T, D)).astype(np.float32)
    y = (x[:, :, 0].sum(axis=1) > 0).astype(np.float32)
    if mode == "tbptt":
        y = np.repeat(y[:, None, None], T, axis=1)
    held_out = (x[:8], y[:8])
    data = {"x": x, "y": y, "batch_size": 8, "shuffle": True}
    if mode == "stream":
        data = {"x": Shuffled(x, y)}
    if mode == "generator":
        data = {"x": endless(x, y), "steps_per_epoch": 4}
    model = build(mode)
    model.fit(
        **data, epochs=EPOCHS, verbose=0, validation_data=held_out,
        tbptt=4 if mode == "tbptt" else None,
        callbacks=[
            callbacks.BackupAndRestore(folder / "backup", save_freq=save_freq),
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.97),
            callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1),
            callbacks.EarlyStopping("val_loss", patience=6, restore_best_weights=True),
            callbacks.CSVLogger(folder / "log.csv"),
            *further,
        ],
    )  # fmt: skip
    model.save(folder / "final.npz")


if __name__ == "__main__":
    freq = sys.argv[3]
    print("begun", flush=True)
    train(Path(sys.argv[1]), sys.argv[2], freq if freq == "epoch" else int(freq))
