"""Activations: values, gradients by differences, limits, kinks, names and options."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from scratchrnn import activations
from scratchrnn.activations import ACTIVATIONS

from .differences import assert_is_gradient

OPTIONS = {
    "relu": [{}, {"negative_slope": 0.3, "max_value": 1.5, "threshold": 0.4}, {"max_value": 1.0}],
    "leaky_relu": [{}, {"negative_slope": 0.01}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 0.5}],
    "gelu": [{}, {"approximate": True}],
    "squareplus": [{}, {"b": 1.0}],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "threshold": [{"threshold": 0.3, "default_value": -2.0}],
    "softmax": [{}, {"axis": 0}, {"axis": (0, 1)}],
    "log_softmax": [{}, {"axis": 1}],
    "sparsemax": [{}, {"axis": 1}],
    "glu": [{}, {"axis": 0}],
}
CASES = [(name, options) for name in ACTIVATIONS for options in OPTIONS.get(name, [{}])]
each_case = pytest.mark.parametrize(("name", "options"), CASES)
EXTREMES = [-1e4, -745.0, -88.8, -20.0, -1.0, 0.0, 1e-9, 1.0, 20.0, 88.8, 709.0, 1e4]


def numbers(shape=(2, 3, 4), seed=0):
    return 2.0 * np.random.default_rng(seed).normal(size=shape)


@each_case
def test_gradient_is_the_derivative(name, options):
    activation, x = ACTIVATIONS[name].configure(**options), numbers()
    y = activation(x)
    dy = np.random.default_rng(1).normal(size=y.shape)
    dx = activation.gradient(dy, x, y)
    assert_is_gradient(dx, lambda v: np.sum(dy * activation(v)), x)
    np.testing.assert_array_equal(dx, activation.gradient(dy, x))
    np.testing.assert_array_equal(dx, ACTIVATIONS[name].gradient(dy, x, **options))


@each_case
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_inputs_stay_finite_and_keep_their_type(name, options, dtype):
    x = np.array([EXTREMES, EXTREMES[::-1]], dtype)[:, None, :]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = ACTIVATIONS[name](x, **options)
        dx = ACTIVATIONS[name].gradient(np.ones_like(y), x, y, **options)
    assert y.dtype == dx.dtype == dtype
    assert not np.isnan(y).any()
    assert not np.isnan(dx).any()
    if name != "exponential":
        assert np.isfinite(y).all()
        assert np.isfinite(dx).all()


@each_case
def test_arguments_are_not_changed_and_gradients_are_fresh(name, options):
    activation, x = ACTIVATIONS[name], numbers()
    before = x.copy()
    y = activation(x, **options)
    kept, dy = y.copy(), np.ones_like(y)
    dx = activation.gradient(dy, x, y, **options)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_array_equal(y, kept)
    np.testing.assert_array_equal(dy, 1.0)
    assert not np.shares_memory(dx, dy)
    assert not np.shares_memory(dx, y)


@each_case
def test_configuration_round_trips(name, options):
    activation = ACTIVATIONS[name].configure(**options)
    config = json.loads(json.dumps(activations.serialize(activation)))
    again = activations.get(config)
    np.testing.assert_array_equal(again(numbers()), activation(numbers()))
    assert config == (name if not options else config)
    assert activations.serialize(again) == config


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("linear", -3.0, -3.0),
        ("tanh", 0.5, math.tanh(0.5)),
        ("sigmoid", math.log(3.0), 0.75),
        ("sigmoid", -745.0, 4.99e-324),
        ("exponential", 1.0, math.e),
        ("exponential", 1e4, math.inf),
        ("softplus", 0.0, math.log(2.0)),
        ("softplus", -40.0, math.exp(-40.0)),
        ("softsign", -3.0, -0.75),
        ("log_sigmoid", -1e4, -1e4),
        ("silu", math.log(3.0), 0.75 * math.log(3.0)),
        ("mish", 1.0, math.tanh(math.log1p(math.e))),
        ("gelu", 1.0, 0.5 * (1 + math.erf(math.sqrt(0.5)))),
        ("gelu", -10.0, -5.0 * math.erfc(math.sqrt(50.0))),
        ("squareplus", 3.0, (3.0 + math.sqrt(13.0)) / 2),
        ("squareplus", -1e4, 1e-4),
        ("tanh_shrink", 2.0, 2.0 - math.tanh(2.0)),
        ("elu", -1.0, math.exp(-1.0) - 1.0),
        ("selu", 2.0, 2.0 * 1.0507009873554805),
        ("selu", -1.0, 1.0507009873554805 * 1.6732632423543772 * (math.exp(-1.0) - 1.0)),
        ("celu", -1.0, math.exp(-1.0) - 1.0),
        ("relu", -2.0, 0.0),
        ("leaky_relu", -2.0, -0.4),
        ("relu6", 7.0, 6.0),
        ("hard_sigmoid", 1.5, 0.75),
        ("hard_sigmoid", -3.5, 0.0),
        ("hard_silu", 1.5, 1.125),
        ("hard_tanh", -2.0, -1.0),
        ("hard_shrink", 0.5, 0.0),
        ("hard_shrink", -0.6, -0.6),
        ("soft_shrink", -0.75, -0.25),
        ("sparse_plus", 0.0, 0.25),
        ("sparse_plus", 2.0, 2.0),
        ("sparse_sigmoid", 0.5, 0.75),
    ],
)
def test_values_by_hand(name, x, y):
    assert ACTIVATIONS[name](np.array([x]))[0] == pytest.approx(y, rel=1e-12)


def test_the_approximate_gelu_is_close_to_the_exact_one():
    x = np.linspace(-4.0, 4.0, 33)
    exact, close = activations.gelu(x), activations.gelu(x, approximate=True)
    assert 1e-5 < np.abs(exact - close).max() < 5e-4


def test_vector_activations_by_hand():
    np.testing.assert_allclose(activations.softmax(np.log([[1.0, 3.0]])), [[0.25, 0.75]])
    np.testing.assert_allclose(activations.softmax([[1e4, 1e4, -1e4]]), [[0.5, 0.5, 0.0]])
    np.testing.assert_allclose(activations.log_softmax([[0.0, -1e4]]), [[0.0, -1e4]])
    np.testing.assert_allclose(activations.sparsemax([[0.0, 0.5, 1.0]]), [[0.0, 0.25, 0.75]])
    np.testing.assert_allclose(activations.glu([[3.0, math.log(3.0)]]), [[2.25]])
    with pytest.raises(ValueError, match="glu: x: expected an even length"):
        activations.glu(np.ones((2, 3)))


def test_probabilities_sum_to_one_along_their_axis():
    x = numbers()
    for axis in (0, 1, -1):
        np.testing.assert_allclose(activations.softmax(x, axis=axis).sum(axis), 1.0)
        np.testing.assert_allclose(activations.sparsemax(x, axis=axis).sum(axis), 1.0)
    np.testing.assert_allclose(activations.softmax(x, axis=[1, 2]).sum((1, 2)), 1.0)


@pytest.mark.parametrize(
    ("name", "x", "slope"),
    [
        ("relu", 0.0, 0.0),
        ("leaky_relu", 0.0, 0.2),
        ("relu6", 0.0, 0.0),
        ("relu6", 6.0, 1.0),
        ("hard_sigmoid", -3.0, 0.0),
        ("hard_sigmoid", 3.0, 1 / 6),
        ("hard_tanh", -1.0, 0.0),
        ("hard_tanh", 1.0, 1.0),
        ("hard_silu", -3.0, 0.0),
        ("hard_silu", 3.0, 1.5),
        ("soft_shrink", -0.5, 1.0),
        ("soft_shrink", 0.5, 0.0),
        ("sparse_sigmoid", 1.0, 0.5),
        ("sparse_sigmoid", -1.0, 0.0),
        ("selu", 0.0, 1.0507009873554805 * 1.6732632423543772),
    ],
)
def test_at_a_kink_the_slope_is_the_one_on_the_left(name, x, slope):
    activation, x = ACTIVATIONS[name], np.array([x])
    assert activation.gradient(np.ones(1), x)[0] == pytest.approx(slope)
    step = 1e-7
    left = (activation(x) - activation(x - step)) / step
    assert left[0] == pytest.approx(slope, abs=1e-5)


def test_relu_with_a_capped_or_shifted_range_follows_the_left_slope():
    capped = activations.relu.configure(max_value=2.0, threshold=1.0, negative_slope=0.1)
    x = np.array([0.0, 1.0, 1.5, 2.0, 3.0])
    np.testing.assert_allclose(capped(x), [-0.1, 0.0, 1.5, 2.0, 2.0])
    np.testing.assert_allclose(capped.gradient(np.ones(5), x), [0.1, 0.1, 1.0, 1.0, 0.0])


def test_options_may_come_in_order_as_in_keras():
    x = np.array([-1.0, 0.2, 3.0])
    np.testing.assert_array_equal(activations.relu(x, 0.5), [-0.5, 0.2, 3.0])
    np.testing.assert_array_equal(activations.threshold(x, 0.3, -2.0), [-2.0, -2.0, 3.0])
    assert activations.relu.__doc__.startswith("Return x above")
    assert "max_value=6" in repr(activations.relu.configure(max_value=6))


def test_names_and_aliases_are_found():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(activations.relu) is activations.relu
    assert activations.relu([1, -1]).dtype == np.float32


class Cube:
    """A user's activation."""

    def __call__(self, x):
        return x**3

    def gradient(self, dy, x, y):
        return dy * 3 * x**2


def test_a_callable_needs_a_gradient():
    own = Cube()
    assert activations.get(own) is own
    with pytest.raises(ValueError, match="nothing here differentiates for you"):
        activations.get(np.tanh)
    with pytest.raises(ValueError, match="expected one of this module"):
        activations.serialize(own)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activations.get("tanhh"), "expected one of .*, got 'tanhh'"),
        (lambda: activations.get({"name": "relu"}), "class_name"),
        (lambda: activations.relu.configure(slope=1.0), r"relu: options: expected .* \['slope'\]"),
        (lambda: activations.tanh(np.ones(1), 3.0), "tanh: options"),
        (lambda: activations.tanh(np.array(["a"])), "expected real numbers"),
    ],
)
def test_what_is_not_known_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def doubled(x):
    return 2 * x


def doubled_backward(dy, x, y):
    return 2 * dy


def test_activations_go_through_pickle():
    mine = activations.Activation(doubled, doubled_backward)
    for activation in (activations.softmax, activations.leaky_relu.configure(negative_slope=0.5)):
        again = pickle.loads(pickle.dumps(activation))
        x = np.array([[-1.0, 2.0, 0.5]])
        np.testing.assert_array_equal(again(x), activation(x))
        assert again.name == activation.name and again.options == activation.options
    assert pickle.loads(pickle.dumps(activations.tanh)) is activations.tanh
    assert pickle.loads(pickle.dumps(mine))(3.0) == 6.0
