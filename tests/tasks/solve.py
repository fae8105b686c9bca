"""Train a recurrent network on a published task until it is solved or its time is up."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from scratchrnn import layers
from scratchrnn.layers import Dense, Input, TimeDistributed
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam

from . import problems
from .problems import Sample

CELLS = ("SimpleRNN", "LSTM", "GRU")


class Task(NamedTuple):
    """A task, the network that the papers give it, and what counts as solved."""

    make: Callable[..., Sample]
    loss: str
    activation: str | None
    outputs: int
    per_step: bool
    score: Callable[[Sample, np.ndarray], float]  # 1 is perfect
    solved: float
    units: int = 32
    learning_rate: float = 5e-3
    updates: int = 3000
    batch: int = 32


class Outcome(NamedTuple):
    """What a network achieved."""

    score: float
    sequences: int  # seen in training
    curve: list[float]  # score on fresh sequences, every 100 updates
    model: Sequential


def _adding(sample: Sample, y: np.ndarray) -> float:
    return float((np.abs(y - sample.y) < 0.04).mean())


def _two_classes(sample: Sample, y: np.ndarray) -> float:
    return float((np.abs(y - sample.y) < 0.2).mean())


def _classes(sample: Sample, y: np.ndarray) -> float:
    return float((y.argmax(axis=-1) == sample.y).mean())


def _recalled(sample: Sample, y: np.ndarray) -> float:
    answer = sample.y > 0
    return float((y.argmax(axis=-1) == sample.y)[answer].mean())


def _whole_strings(sample: Sample, y: np.ndarray) -> float:
    """Share of strings whose allowed symbols are the likeliest ones at every step."""
    allowed = np.where(sample.y > 0, y, np.inf).min(axis=-1)
    others = np.where(sample.y > 0, -np.inf, y).max(axis=-1)
    return float(((allowed > others) | ~sample.mask).all(axis=1).mean())


TASKS = {
    "adding": Task(problems.adding, "mse", None, 1, False, _adding, 0.99, units=64, updates=6000),
    "two_sequences": Task(
        problems.two_sequences, "binary_crossentropy", "sigmoid", 1, False, _two_classes, 0.99
    ),
    "temporal_order": Task(
        problems.temporal_order, "sparse_categorical_crossentropy", "softmax", 4, False, _classes,
        0.99,
    ),
    "copy_memory": Task(
        problems.copy_memory, "sparse_categorical_crossentropy", "softmax", 5, True, _recalled,
        0.99, units=64,
    ),
    "embedded_reber": Task(
        problems.embedded_reber, "binary_crossentropy", "sigmoid", 7, True, _whole_strings, 0.99,
        units=24, learning_rate=1e-2,
    ),
}  # fmt: skip


def build(task: Task, cell: str, features: int, seed: int = 0) -> Sequential:
    """Make the network of a task with one recurrent layer."""
    recurrent = getattr(layers, cell)(task.units, return_sequences=task.per_step, seed=seed)
    head = Dense(task.outputs, activation=task.activation, seed=seed + 1)
    stack = [Input((None, features)), recurrent]
    model = Sequential([*stack, TimeDistributed(head) if task.per_step else head])
    model.compile(Adam(task.learning_rate, global_clipnorm=1.0), task.loss)
    return model


def solve(name: str, cell: str, seed: int = 0, updates: int | None = None) -> Outcome:
    """Train `cell` on fresh sequences of a task; stop when 512 unseen ones are solved."""
    task = TASKS[name]
    rng = np.random.default_rng(seed)
    test = task.make(np.random.default_rng(10_000 + seed), 512)
    model = build(task, cell, test.x.shape[2], seed)
    curve, done = [], 0
    for done in range(1, (updates or task.updates) + 1):
        batch = task.make(rng, task.batch)
        model.train_on_batch(batch.x, batch.y, mask=batch.mask)
        if done % 100 == 0:
            predicted = model.predict(test.x, batch_size=512, verbose=0, mask=test.mask)
            curve.append(task.score(test, predicted))
            if curve[-1] >= task.solved:
                break
    return Outcome(curve[-1], done * task.batch, curve, model)

