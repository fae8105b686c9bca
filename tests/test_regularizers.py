"""Regularizers: values, gradients by differences, names."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scratchrnn import regularizers

from .differences import assert_is_gradient

CASES = [
    regularizers.L1(0.3),
    regularizers.L2(0.2),
    regularizers.L1L2(0.3, 0.2),
    regularizers.OrthogonalRegularizer(0.5),
    regularizers.OrthogonalRegularizer(0.5, mode="columns"),
]
each_case = pytest.mark.parametrize("regularizer", CASES, ids=lambda r: type(r).__name__)


def weights():
    return np.random.default_rng(0).normal(size=(3, 4))


@each_case
def test_gradient_is_the_derivative(regularizer):
    w = weights()
    before = w.copy()
    assert_is_gradient(regularizer.gradient(w), regularizer, w)
    np.testing.assert_array_equal(w, before)


@each_case
def test_types_are_kept_and_penalties_are_floats(regularizer):
    w = weights().astype(np.float32)
    assert regularizer.gradient(w).dtype == np.float32
    assert isinstance(regularizer(w), float)
    assert regularizer(w) == pytest.approx(regularizer(weights()), rel=1e-5)


@each_case
def test_configuration_round_trips(regularizer):
    config = json.loads(json.dumps(regularizers.serialize(regularizer)))
    again = regularizers.get(config)
    assert type(again) is type(regularizer)
    assert again(weights()) == regularizer(weights())


def test_penalties_by_hand():
    w = np.array([[1.0, -2.0], [0.0, 3.0]])
    assert regularizers.L1(0.5)(w) == 3.0
    assert regularizers.L2(0.5)(w) == 7.0
    assert regularizers.L1L2(0.5, 0.5)(w) == 10.0
    np.testing.assert_array_equal(regularizers.L1(0.5).gradient(w), [[0.5, -0.5], [0.0, 0.5]])
    np.testing.assert_array_equal(regularizers.L2(0.5).gradient(w), w)
    parallel = np.array([[1.0, 0.0], [5.0, 0.0]])
    assert regularizers.OrthogonalRegularizer(1.0)(parallel) == pytest.approx(1.0)
    assert regularizers.OrthogonalRegularizer(1.0)(np.eye(3)) == 0.0


def test_defaults_and_names_are_those_of_keras():
    assert regularizers.get("l1").l1 == 0.01
    assert regularizers.get("L2").l2 == 0.01
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.0, "l2": 0.0}
    assert regularizers.get(regularizers.L2).l2 == 0.01
    assert regularizers.get(None) is None
    assert regularizers.serialize(None) is None
    own = CASES[0]
    assert regularizers.get(own) is own


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: regularizers.L1(-1.0), "L1: l1: expected a finite number >= 0"),
        (lambda: regularizers.L2(np.inf), "L2: l2: expected a finite number >= 0"),
        (lambda: regularizers.L1L2(l2="a"), "L1L2: l2: expected"),
        (lambda: regularizers.OrthogonalRegularizer(mode="row"), "mode: expected 'rows'"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), "expected a matrix of at least"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones((1, 3))), "at least two rows"),
        (lambda: regularizers.get("l3"), "expected one of"),
        (lambda: regularizers.get(np.sum), "nothing here differentiates for you"),
        (lambda: regularizers.serialize(np.sum), "expected one of this module"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
