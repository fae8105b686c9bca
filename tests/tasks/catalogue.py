"""The published tasks: network, loss, budget, what counts as solved, and what papers report."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import problems
from .problems import Sample


class Task(NamedTuple):
    """A task, the network that learns it, and what counts as solved."""

    make: Callable[..., Sample]  # make(rng, n, unseen=False)
    loss: str
    activation: str | None
    outputs: int
    answers: str  # at the "end", at every "step", or "later" by a second recurrent layer
    score: Callable[[Sample, np.ndarray], float]  # 1 is perfect
    solved: float  # score on 512 unseen sequences
    span: int  # steps over which something has to be kept
    published: str
    rnn: bool | None  # whether a plain RNN learns it as they say; None where they do not
    units: int = 32
    learning_rate: float = 1e-2
    updates: int = 3000
    batch: int = 32
    every: int = 100  # updates between two tests


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
    "adding": Task(
        problems.adding, "mse", None, 1, "end", _adding, 0.995, span=100, rnn=False,
        published="LSTM: 74,000 sequences, 1 of 2560 wrong (HS97, table 7)",
    ),
    "embedded_reber": Task(
        problems.embedded_reber, "binary_crossentropy", "sigmoid", 7, "step", _whole_strings, 1.0,
        span=20, rnn=None, units=24,
        published="LSTM: 8,440 to 39,740 sequences; Elman never in 200,000 (HS97, table 1)",
    ),
    "two_sequences": Task(
        problems.two_sequences, "binary_crossentropy", "sigmoid", 1, "end", _two_classes, 1.0,
        span=100, rnn=False, learning_rate=5e-3, updates=1000, every=50,
        published="LSTM: 27,380 sequences, 0.02 % wrong (HS97, table 4); RNN fails (Bengio 1994)",
    ),
    "temporal_order": Task(
        problems.temporal_order, "sparse_categorical_crossentropy", "softmax", 4, "end", _classes,
        1.0, span=100, rnn=False, learning_rate=5e-3, every=50,
        published="LSTM: 31,390 sequences, 1 of 2560 wrong (HS97, experiment 6a)",
    ),
    "copy_memory": Task(
        problems.copy_memory, "sparse_categorical_crossentropy", "softmax", 5, "step", _recalled,
        1.0, span=26, rnn=False, units=64, learning_rate=5e-3,
        published="RNN never beats forgetting (Arjovsky et al. 2016); gates kept shut solve it "
        "(Tallec, Ollivier 2018)",
    ),
    "addition": Task(
        problems.addition, "sparse_categorical_crossentropy", "softmax", 12, "later", _classes,
        0.99, span=8, rnn=None, units=64, learning_rate=5e-3, batch=128, updates=5000,
        published="LSTM: 99 % of characters after 55 times 5,000 sums (Keras, addition_rnn)",
    ),
}  # fmt: skip
