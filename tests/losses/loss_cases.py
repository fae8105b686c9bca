"""Every loss with a batch that is nowhere special: no ties, no kinks, no zeros."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import losses
from scratchrnn.losses.registry import CLASSES

N, T, C = 2, 3, 4


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def reals(seed=0, shape=(N, T, C)):
    """Return targets and predictions, neither of them special."""
    r = rng(seed)
    return r.normal(size=shape), 1.7 * r.normal(size=shape)


def shares(seed=0, shape=(N, T, C), axis=-1):
    """Return target and predicted distributions over an axis."""
    r = rng(seed)
    pair = r.uniform(0.2, 1.0, shape), r.uniform(0.2, 1.0, shape)
    return tuple(x / x.sum(axis=axis, keepdims=True) for x in pair)


def signs(seed=0, shape=(N, T, C)):
    t, p = reals(seed, shape)
    return np.sign(t), p


def binary(seed=0, shape=(N, T, C)):
    r = rng(seed)
    return (r.random(shape) < 0.5) * 1.0, r.uniform(0.05, 0.95, shape)


def soft_binary_logits(seed=0):
    return rng(seed).random((N, T, C)), 2.0 * rng(seed + 1).normal(size=(N, T, C))


def labels(seed=0):
    return rng(seed).integers(0, C, (N, T)), shares(seed)[1] * 1.3


def label_logits(seed=0):
    return labels(seed)[0], 2.0 * rng(seed + 1).normal(size=(N, T, C))


def boxes(seed=0):
    t, p = reals(seed)
    return np.concatenate([t[..., :-1], rng(seed + 1).random((N, T, 1))], axis=-1), p


def channels_first(pair):
    t, p = pair
    return t, np.moveaxis(p, -1, 1)


CASES = {
    "MeanSquaredError": ({}, reals()),
    "MeanAbsoluteError": ({}, reals()),
    "MeanAbsolutePercentageError": ({}, reals()),
    "MeanSquaredLogarithmicError": ({}, reals()),
    "Huber": ({"delta": 0.7}, reals()),
    "LogCosh": ({}, reals()),
    "CosineSimilarity": ({}, reals()),
    "CosineSimilarity axis": ({"axis": 1}, reals()),
    "BinaryCrossentropy": ({}, binary()),
    "BinaryCrossentropy smooth": ({"label_smoothing": 0.2, "axis": 1}, binary()),
    "BinaryCrossentropy logits": ({"from_logits": True}, soft_binary_logits()),
    "CategoricalCrossentropy": ({}, (shares()[0], 1.3 * shares()[1])),
    "CategoricalCrossentropy axis": ({"axis": 1, "label_smoothing": 0.1}, shares(axis=1)),
    "CategoricalCrossentropy logits": ({"from_logits": True}, (shares()[0], reals()[1])),
    "CategoricalCrossentropy unnormalised targets": ({"from_logits": True}, reals()),
    "SparseCategoricalCrossentropy": ({}, labels()),
    "SparseCategoricalCrossentropy smooth": ({"label_smoothing": 0.3}, labels()),
    "SparseCategoricalCrossentropy logits": ({"from_logits": True}, label_logits()),
    "SparseCategoricalCrossentropy smooth logits": (
        {"from_logits": True, "label_smoothing": 0.3},
        label_logits(),
    ),
    "SparseCategoricalCrossentropy ignore": ({"ignore_class": 2}, labels()),
    "SparseCategoricalCrossentropy axis": ({"axis": 1}, channels_first(labels())),
    "CategoricalGeneralizedCrossEntropy": ({"q": 0.3}, labels()),
    "BinaryFocalCrossentropy": ({"gamma": 1.5}, binary()),
    "BinaryFocalCrossentropy balanced": (
        {"apply_class_balancing": True, "alpha": 0.3, "gamma": 0.5, "label_smoothing": 0.1},
        binary(),
    ),
    "BinaryFocalCrossentropy logits": ({"from_logits": True}, soft_binary_logits()),
    "CategoricalFocalCrossentropy": ({"alpha": [0.1, 0.2, 0.3, 0.4]}, shares()),
    "CategoricalFocalCrossentropy logits": (
        {"from_logits": True, "gamma": 3.0, "label_smoothing": 0.1},
        (shares()[0], reals()[1]),
    ),
    "KLDivergence": ({}, shares()),
    "Poisson": ({}, (rng(4).poisson(2.0, (N, T, C)) * 1.0, shares()[1])),
    "Hinge": ({}, signs()),
    "SquaredHinge": ({}, binary()),
    "CategoricalHinge": ({}, (np.eye(C)[labels()[0]], reals()[1])),
    "Dice": ({}, binary()),
    "Dice axis": ({"axis": (1, 2)}, binary()),
    "Tversky": ({"alpha": 0.3, "beta": 0.8, "axis": (1, 2)}, binary()),
    "Crossentropy": ({}, labels()),
    "BoxAndPresence": ({"delta": 0.6, "box_weight": 1.7}, boxes()),
}

each_case = pytest.mark.parametrize("name", CASES)


def make(case: str, **extra) -> losses.Loss:
    config, _ = CASES[case]
    return CLASSES[case.split()[0]](**{**config, **extra})
