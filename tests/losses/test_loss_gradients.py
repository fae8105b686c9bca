"""Gradients by differences, in one pass, in both precisions, leaving everything as it was."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn import losses

from ..differences import assert_is_gradient
from .loss_cases import CASES, each_case, make, rng


def weights_for(loss: losses.Loss, y_pred: np.ndarray) -> np.ndarray:
    shape = loss._losses_shape(y_pred.shape)
    return rng(9).uniform(0.5, 2.0, shape)


@each_case
def test_gradient_is_the_derivative_of_the_value(name):
    loss, (y_true, y_pred) = make(name), CASES[name][1]
    assert_is_gradient(loss.gradient(y_true, y_pred), lambda p: loss(y_true, p), y_pred)


@pytest.mark.parametrize(
    "reduction", ["sum", "mean", "mean_with_sample_weight", "sum_over_batch_size", "none", None]
)
@pytest.mark.parametrize("name", ["Huber", "CategoricalCrossentropy axis"])
def test_gradient_includes_weights_masks_and_reduction(name, reduction):
    loss, (y_true, y_pred) = make(name, reduction=reduction), CASES[name][1]
    weights = weights_for(loss, y_pred)
    mask = rng(3).random(weights.shape) < 0.6
    assert 0 < mask.sum() < mask.size
    got = loss.gradient(y_true, y_pred, weights, mask)
    assert_is_gradient(got, lambda p: np.sum(loss(y_true, p, weights, mask)), y_pred)
    # without a mask too: its divisor is another one
    got = loss.gradient(y_true, y_pred, weights)
    assert_is_gradient(got, lambda p: np.sum(loss(y_true, p, weights)), y_pred)


@each_case
def test_value_and_gradient_in_one_pass_are_the_same_two(name):
    loss, batch = make(name), CASES[name][1]
    value, gradient = loss.value_and_gradient(*batch)
    assert value == loss(*batch)
    assert isinstance(value, float)
    np.testing.assert_array_equal(gradient, loss.gradient(*batch))


@each_case
def test_single_precision_stays_single_and_agrees_with_double(name):
    loss, (y_true, y_pred) = make(name), CASES[name][1]
    single = y_pred.astype(np.float32)
    gradient = loss.gradient(y_true, single)
    assert gradient.dtype == np.float32
    want = loss.gradient(y_true, y_pred)
    np.testing.assert_allclose(gradient, want, rtol=1e-3, atol=1e-4 * np.abs(want).max())
    np.testing.assert_allclose(loss(y_true, single), loss(y_true, y_pred), rtol=1e-4)
    assert make(name, reduction=None)(y_true, single).dtype == np.float32


@each_case
def test_the_type_asked_for_is_that_of_the_computation(name):
    y_true, y_pred = CASES[name][1]
    single = y_pred.astype(np.float32)
    loss = make(name, reduction=None, dtype="float64")
    value, gradient = loss.value_and_gradient(y_true, single)
    want = make(name, reduction=None).value_and_gradient(y_true, single.astype(np.float64))
    np.testing.assert_array_equal(value, want[0])
    assert value.dtype == np.float64
    np.testing.assert_array_equal(gradient, want[1].astype(np.float32))
    assert gradient.dtype == np.float32


@each_case
def test_neither_argument_is_changed(name):
    loss, (y_true, y_pred) = make(name), CASES[name][1]
    before = y_true.copy(), y_pred.copy()
    gradient = loss.gradient(y_true, y_pred)
    np.testing.assert_array_equal(y_true, before[0])
    np.testing.assert_array_equal(y_pred, before[1])
    assert not np.shares_memory(gradient, y_pred)
    assert not np.shares_memory(gradient, y_true)


@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize("given", [np.int64, np.float16])
def test_predictions_of_another_type_are_taken_as_floatx(given, floatx):
    before = scratchrnn.floatx()
    scratchrnn.set_floatx(floatx)
    try:
        gradient = losses.MeanSquaredError().gradient([[1, 0]], np.array([[3, 1]], given))
    finally:
        scratchrnn.set_floatx(before)
    assert gradient.dtype == floatx and gradient.tolist() == [[2.0, 1.0]]
