"""Values of every loss against its formula, written out again for one row at a time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchrnn import losses

from .loss_cases import CASES, N, T, each_case, make, reals, rng


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def softmax(a):
    return np.exp(a) / np.exp(a).sum()


def msle(t, p):
    return np.mean((np.log(1 + np.maximum(p, 1e-7)) - np.log(1 + np.maximum(t, 1e-7))) ** 2)


def huber(t, p, delta=1.0):
    e = np.abs(t - p)
    return np.mean(np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2))


def cosine(t, p):
    return -np.dot(t, p) / math.sqrt(np.dot(t, t) * np.dot(p, p))


def binary(t, p, from_logits=False, label_smoothing=0.0):
    t = (1 - label_smoothing) * t + label_smoothing / 2
    q = sigmoid(p) if from_logits else p
    return -np.mean(np.log(q) * t + np.log(1 - q) * (1 - t))


def categorical(t, p, from_logits=False, label_smoothing=0.0):
    t = (1 - label_smoothing) * t + label_smoothing / len(t)
    q = softmax(p) if from_logits else p / p.sum()
    return -np.dot(t, np.log(q))


def sparse(label, p, ignore_class=None, **options):
    if label == ignore_class:
        return 0.0
    return categorical(np.eye(len(p))[label], p, **options)


def generalized(label, p, q):
    return (1 - p[label] ** q) / q


def binary_focal(
    t, p, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0
):
    t = (1 - label_smoothing) * t + label_smoothing / 2
    q = sigmoid(p) if from_logits else p
    entropy = -(np.log(q) * t + np.log(1 - q) * (1 - t))
    missed = (1 - q) * t + q * (1 - t)
    weight = alpha * t + (1 - alpha) * (1 - t) if apply_class_balancing else 1
    return np.mean(weight * missed**gamma * entropy)


def categorical_focal(t, p, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0):
    t = (1 - label_smoothing) * t + label_smoothing / len(t)
    q = softmax(p) if from_logits else p / p.sum()
    return -np.sum(np.asarray(alpha) * (1 - q) ** gamma * t * np.log(q))


def hinge(t, p):
    return np.maximum(0, 1 - (2 * t - 1 if set(np.unique(t)) <= {0, 1} else t) * p)


def categorical_hinge(t, p):
    return max(0, np.max((1 - t) * p) - np.dot(t, p) + 1)


def dice(t, p):
    return 1 - 2 * np.dot(t, p) / (np.sum(t) + np.sum(p) + 1e-7)


def tversky(t, p, alpha=0.5, beta=0.5):
    hit = np.dot(t, p)
    return 1 - hit / (hit + alpha * np.dot(t, 1 - p) + beta * np.dot(1 - t, p) + 1e-7)


def box_and_presence(t, p, delta, box_weight):
    box = huber(t[:-1], p[:-1], delta) * (len(t) - 1) / delta
    return box_weight * t[-1] * box + binary(t[-1], p[-1], from_logits=True)


FORMULAS = {
    "MeanSquaredError": lambda t, p: np.mean((t - p) ** 2),
    "MeanAbsoluteError": lambda t, p: np.mean(np.abs(t - p)),
    "MeanAbsolutePercentageError": lambda t, p: 100 * np.mean(np.abs((t - p) / t)),
    "MeanSquaredLogarithmicError": msle,
    "Huber": huber,
    "LogCosh": lambda t, p: np.mean(np.log(np.cosh(t - p))),
    "CosineSimilarity": cosine,
    "BinaryCrossentropy": binary,
    "CategoricalCrossentropy": categorical,
    "SparseCategoricalCrossentropy": sparse,
    "CategoricalGeneralizedCrossEntropy": generalized,
    "BinaryFocalCrossentropy": binary_focal,
    "CategoricalFocalCrossentropy": categorical_focal,
    "KLDivergence": lambda t, p: np.dot(t, np.log(t) - np.log(p)),
    "Poisson": lambda t, p: np.mean(p - t * np.log(p + 1e-7)),
    "Hinge": lambda t, p: np.mean(hinge(t, p)),
    "SquaredHinge": lambda t, p: np.mean(hinge(t, p) ** 2),
    "CategoricalHinge": categorical_hinge,
    "Dice": dice,
    "Tversky": tversky,
    "Crossentropy": sparse,
    "BoxAndPresence": box_and_presence,
}


def rows(array: np.ndarray, axis) -> np.ndarray:
    """Return the array with what one loss covers as its last axis."""
    axes = range(array.ndim) if axis is None else np.atleast_1d(axis)
    axes = [a % array.ndim for a in axes]
    others = [a for a in range(array.ndim) if a not in axes]
    lengths = [array.shape[a] for a in others]
    return array.transpose(*others, *axes).reshape(*lengths, -1)


def by_formula(name: str) -> np.ndarray:
    """Return the per-sample losses of a case."""
    config, (y_true, y_pred) = CASES[name]
    regions = name.split()[0] in ("Dice", "Tversky")
    axis = config.get("axis", None if regions else -1)
    formula = FORMULAS[name.split()[0]]
    options = {key: value for key, value in config.items() if key != "axis"}
    p = rows(y_pred, axis)
    t = rows(y_true, axis) if y_true.ndim == y_pred.ndim else y_true
    want = [formula(t[at], p[at], **options) for at in np.ndindex(p.shape[:-1])]
    return np.reshape(want, p.shape[:-1])


@each_case
def test_values_follow_the_formula(name):
    got, want = make(name, reduction=None)(*CASES[name][1]), by_formula(name)
    assert np.shape(got) == want.shape
    assert np.ptp(want) > 0 or want.ndim == 0
    np.testing.assert_allclose(got, want, rtol=1e-11)


@pytest.mark.parametrize("name", [n for n in CASES if by_formula(n).shape == (N, T)])
@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight"])
def test_weights_and_mask_multiply_what_is_summed(name, reduction):
    loss, want = make(name, reduction=reduction), by_formula(name)
    weights = rng(9).uniform(0.5, 2.0, (N, T))
    mask = np.array([[True, False, True], [False, True, True]])
    counted = mask & (CASES[name][1][0] != 2) if "ignore" in name else mask
    divisor = {"sum": 1, "mean": counted.sum(), "mean_with_sample_weight": weights[counted].sum()}
    got = loss(*CASES[name][1], weights, mask)
    assert got == pytest.approx((want * weights)[counted].sum() / divisor[reduction], rel=1e-11)


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CosineSimilarity", "Dice"])
def test_an_axis_counts_from_the_end_too(name):
    batch = CASES[name][1]
    for axis in range(3):
        first, last = (getattr(losses, name)(axis=a, reduction=None) for a in (axis, axis - 3))
        np.testing.assert_array_equal(first(*batch), last(*batch))
        np.testing.assert_array_equal(first.gradient(*batch), last.gradient(*batch))


def test_log_cosh_of_a_large_error_of_either_sign_is_its_size_less_log_2():
    loss = losses.LogCosh(reduction=None)
    np.testing.assert_allclose(loss([[0.0], [0.0]], [[-1e5], [1e5]]), 1e5 - math.log(2), rtol=1e-15)


def test_a_box_of_one_number_and_a_batch_of_one_are_enough_for_a_detector():
    loss = losses.BoxAndPresence(delta=0.5, box_weight=3.0)
    logit = math.log1p(math.exp(0.7))
    assert loss([[2.0, 1.0]], [[1.0, 0.7]]) == pytest.approx(3 * (1 - 0.25) + logit - 0.7)
    assert loss([[2.0, 0.0]], [[1.0, 0.7]]) == pytest.approx(logit)
    with pytest.raises(ValueError, match=r"expected a box and a logit .* got \(2, 3, 1\)"):
        loss(*reals(shape=(2, 3, 1)))
