"""Unusual pairs, layers and models: given in other ways, breaking on other shapes, too small."""

from __future__ import annotations

from collections import namedtuple

import foreign
import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients, check_layer, check_model
from scratchrnn.layers import GRU, LSTM, Dense, Embedding, Input
from scratchrnn.models import Sequential

RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 2)), RNG.standard_normal(2)
RNN_SHAPES = [(3, 4, 2), (3, 5), (2, 5), (5, 5), (5,)]


def draw(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [0.8 * rng.standard_normal(shape) for shape in shapes]


def test_a_named_tuple_that_names_no_input_is_taken_in_order():
    Result = namedtuple("Result", "first second")

    def backward(dy):
        return Result(dy @ W.T, X.T @ dy)

    assert check_gradients(np.matmul, [X, W], backward).ok


def test_one_array_needs_no_list():
    assert check_gradients(np.sin, X, lambda dy: dy * np.cos(X)).ok


def test_functions_that_hide_their_parameters_are_called_by_position():
    class Hidden:
        __signature__ = "none"

        def __init__(self, f):
            self.f = f

        def __call__(self, *arguments):
            return self.f(*arguments)

    result = check_gradients(Hidden(np.sin), [X], Hidden(lambda dy: dy * np.cos(X)))
    assert result.ok
    assert [array.name for array in result] == ["input 0"]


def test_inputs_of_one_name_in_two_places_are_told_apart():
    weights = {"enc": {"W": X}, "dec": {"W": X + 1}}

    def f(p):
        return p["enc"]["W"] * p["dec"]["W"] ** 2

    def right(dy):
        enc, dec = weights["enc"]["W"], weights["dec"]["W"]
        return {"dp": {"enc": {"dW": dy * dec**2}, "dec": {"dW": 2 * dy * enc * dec}}}

    def exchanged(dy):
        grads = right(dy)["dp"]
        return {"dp": {"enc": grads["dec"], "dec": grads["enc"]}}

    assert check_gradients(f, {"p": weights}, right).ok
    result = check_gradients(f, {"p": weights}, exchanged)
    assert [array.kinds for array in result] == [("other array",)] * 2


def test_arrays_in_lists_and_named_tuples_keep_their_place():
    Layer = namedtuple("Layer", "w b")
    layers = [Layer(W, B), Layer(W.T, RNG.standard_normal(4))]

    def f(stack):
        y = X
        for w, b in stack:
            y = y @ w + b
        return y

    def backward(dy):
        hidden, dh = X @ W + B, dy @ W
        return {"stack": [(X.T @ dh, dh.sum(axis=0)), (hidden.T @ dy, dy.sum(axis=0))]}

    assert check_gradients(f, {"stack": layers}, backward).ok


def test_a_shift_to_the_other_side_is_named():
    def backward(dh, cache):
        dx, *others = foreign.rnn_backward()(dh, cache)
        return np.roll(dx, -1, axis=1), *others

    result = check_gradients(foreign.rnn_forward, draw(*RNN_SHAPES), backward)
    assert result["x"].kinds == ("shifted",)
    assert "step t holds that of step t+1" in result["x"].diagnosis


def test_wrong_code_that_breaks_on_other_shapes_is_still_found():
    def backward(dh, cache):
        if cache[0].shape[2] != 2:
            raise RuntimeError("written for two features")
        return foreign.rnn_backward("no derivative")(dh, cache)

    result = check_gradients(foreign.rnn_forward, draw(*RNN_SHAPES), backward)
    assert not any(array.ok for array in result)


def test_what_rounding_hides_is_counted_in_the_verdict():
    result = check_gradients(
        lambda x, y: x + 1e-17 * y + 1, [X, X + 3], lambda dy: (dy, 1e-17 * dy)
    )
    assert result.ok
    assert "12 too small to tell from rounding" in str(result)


def test_an_input_of_ones_own_is_what_a_layer_is_checked_with():
    x = draw((2, 3, 4))[0]
    result = check_layer(GRU(2), x.shape, x=x)
    assert result.ok and result["x"].shape == (2, 3, 4)


def test_a_layer_that_looks_up_whole_numbers_is_checked_in_its_weights():
    result = check_layer(Embedding(7, 3), (2, 4))
    assert result.ok
    assert [array.name for array in result] == ["embeddings"]


def test_a_built_layer_is_checked_with_its_own_weights():
    layer = LSTM(2, seed=0)
    layer.build((None, None, 3))
    before = layer.get_weights()
    assert check_layer(layer, (2, 3, 3)).ok
    for weight, same in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, same)


@pytest.mark.parametrize("shape", [[Input((None, 3))], []], ids=["built", "not built"])
def test_a_model_is_checked_built_or_not(shape):
    model = Sequential([*shape, GRU(3, seed=0), Dense(2, activation="softmax", seed=1)])
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert check_model(model, draw((4, 5, 3))[0], np.array([0, 1, 1, 0])).ok
