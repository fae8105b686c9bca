"""Layers and models are checked as they are, and their mistakes found."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn.gradcheck import check_layer, check_model
from scratchrnn.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    Bidirectional,
    Dense,
    Dropout,
    Flatten,
    GRUCell,
    Input,
    Layer,
    LSTMCell,
    SimpleRNN,
    TimeDistributed,
)
from scratchrnn.models import Sequential

RNG = np.random.default_rng(0)
MASK = np.array([[1, 1, 0, 0], [0, 1, 1, 1]], bool)

LAYERS = {
    "LSTM": lambda: LSTM(3),
    "LSTM sequences": lambda: LSTM(3, return_sequences=True),
    "GRU, dropout": lambda: GRU(3, dropout=0.4, recurrent_dropout=0.3, seed=1),
    "GRU, reset before, stateful": lambda: GRU(2, reset_after=False, stateful=True),
    "SimpleRNN backwards": lambda: SimpleRNN(3, go_backwards=True, return_sequences=True),
    "Bidirectional": lambda: Bidirectional(LSTM(2, return_sequences=True)),
    "Bidirectional, apart": lambda: Bidirectional(GRU(2), merge_mode=None),
    "stacked cells": lambda: RNN([LSTMCell(2), GRUCell(3)]),
    "Dense": lambda: Dense(2, activation="relu"),
    "TimeDistributed": lambda: TimeDistributed(Dense(2)),
    "Dropout": lambda: Dropout(0.5, seed=1),
    "Flatten": Flatten,
    "softmax": lambda: Activation("softmax"),
}


@pytest.fixture(autouse=True)
def readable_backend():
    with scratchrnn.use_backend("numpy"):
        yield


@pytest.mark.parametrize("name", LAYERS)
def test_layers_pass(name):
    result = check_layer(LAYERS[name](), (2, 4, 3), training=True, tolerance=1e-7)
    assert result.ok, result


def test_a_masked_layer_passes_with_states_and_their_gradients():
    result = check_layer(LSTM(3, return_sequences=True), (2, 4, 5), mask=MASK)
    assert result.ok, result
    names = ["x", "kernel", "recurrent_kernel", "bias", "h0", "c0"]
    assert [array.name for array in result] == names


def test_open_sizes_are_filled_in():
    assert check_layer(SimpleRNN(2), (None, None, 4))["x"].shape == (2, 3, 4)


def test_the_layer_itself_is_left_alone():
    layer = GRU(3, dtype="float32")
    layer.build((None, None, 2))
    before = layer.get_weights()
    assert check_layer(layer, (2, 3, 2)).ok
    assert layer.dtype == "float32"
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.weights, strict=True))
    assert not layer._called


class ForgetsTheState(LSTM):
    """Ignores the gradient on its final states."""

    def backward(self, dy, d_state=None):
        return super().backward(dy)


class Accumulates(Dense):
    """Adds to the gradients of the call before."""

    def backward(self, dy):
        before = self._gradients
        dx = super().backward(dy)
        if before is not None:
            self._gradients = [a + b for a, b in zip(self._gradients, before, strict=True)]
        return dx


class ChangesDy(Dense):
    """Scales the upstream gradient where it stands."""

    def backward(self, dy):
        dx = super().backward(dy)
        dy *= 2
        return dx


class GivesBackDy(Flatten):
    """Returns a view of the upstream gradient."""

    def backward(self, dy):
        return dy.reshape(self.shape_in)

    def call(self, x, mask=None, training=False):
        self.shape_in = x.shape
        return super().call(x)


def test_a_layer_that_ignores_the_gradient_on_its_states_is_found():
    result = check_layer(ForgetsTheState(3), (2, 4, 3))
    assert not any(array.ok for array in result)
    assert "counts the upstream gradient on output 0 alone" in result["kernel"].diagnosis


def test_a_layer_that_accumulates_is_found():
    assert "accumulates" in str(check_layer(Accumulates(3), (2, 4)).problems)


def test_a_layer_that_changes_its_upstream_gradient_is_found():
    assert "changes the upstream gradient" in str(check_layer(ChangesDy(3), (2, 4)).problems)


def test_a_layer_that_returns_its_upstream_gradient_is_found():
    assert "shares memory with" in str(check_layer(GivesBackDy(), (2, 4, 3)).problems)


class Unmasked(Dropout):
    """Forgets on the way back what it has dropped."""

    def backward(self, dy):
        return dy.copy()


def test_a_layer_is_checked_in_training_if_asked():
    assert check_layer(Unmasked(0.5, seed=1), (3, 4)).ok
    assert not check_layer(Unmasked(0.5, seed=1), (3, 4), training=True).ok


class Scaled(Layer):
    """y = x ⊙ scale, and a backward that takes `factor` for the scale."""

    factor = np.ones(3)

    def build(self, input_shape):
        self.scale = self.add_weight("scale", input_shape[-1:], "ones")
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        self.x = x
        return x * self.scale

    def backward(self, dy):
        self._gradients = [(dy * self.x).sum(axis=0)]
        return dy * self.factor


def test_weights_that_are_all_ones_hide_nothing():
    result = check_layer(Scaled(), (2, 3))
    assert [array.name for array in result if not array.ok] == ["x"]


def test_a_layer_with_weights_of_its_own_is_checked_at_these(monkeypatch):
    layer = Scaled()
    layer.build((None, 3))
    layer.set_weights([np.array([2.0, 3.0, 5.0])])
    monkeypatch.setattr(Scaled, "factor", np.array([2.0, 3.0, 5.0]))
    assert check_layer(layer, (2, 3)).ok
    assert layer.scale.tolist() == [2.0, 3.0, 5.0]
    assert not check_layer(Scaled(), (2, 3)).ok


def test_a_model_with_weights_of_its_own_is_checked_at_these(monkeypatch):
    model = Sequential([Input((3,)), Scaled()])
    model.compile("sgd", "mse")
    model.set_weights([np.array([2.0, 3.0, 5.0])])
    monkeypatch.setattr(Scaled, "factor", np.array([2.0, 3.0, 5.0]))
    x, y = RNG.standard_normal((2, 3)), RNG.standard_normal((2, 3))
    assert check_model(model, x, y).ok


def test_what_a_layer_without_a_seed_draws_is_the_same_in_every_check():
    first, second = (check_layer(Unmasked(0.5), (5, 8), training=True) for _ in range(2))
    assert not first.ok and str(first) == str(second)


def test_a_layer_is_checked_without_what_a_mask_hides():
    x = np.where(MASK[..., None], RNG.standard_normal((2, 4, 2)), np.nan)
    result = check_layer(SimpleRNN(2, return_sequences=True), x.shape, x=x, mask=MASK)
    assert result.ok, result


def model_of(*layers, loss="mse", shape=(4, 2)):
    model = Sequential([Input(shape), *layers])
    model.compile("adam", loss)
    return model


def test_a_model_passes_with_its_loss_and_penalties():
    model = model_of(LSTM(3, kernel_regularizer="l2"), Dense(2, activation="sigmoid"))
    result = check_model(model, RNG.standard_normal((5, 4, 2)), RNG.random((5, 2)), tolerance=1e-7)
    assert result.ok, result
    names = {array.name.rsplit("/", 1)[-1] for array in result}
    assert names == {"x", "kernel", "recurrent_kernel", "bias"}
    assert len(result.arrays) == 6


def test_a_masked_and_weighted_model_passes_in_training():
    model = model_of(
        GRU(3, return_sequences=True, dropout=0.2, seed=0),
        Dropout(0.2, seed=0),
        Dense(3, activation="softmax"),
        loss="sparse_categorical_crossentropy",
    )
    x, y = RNG.standard_normal((2, 4, 2)), RNG.integers(0, 3, (2, 4))
    result = check_model(model, x, y, mask=MASK, sample_weight=np.array([0.5, 2.0]), training=True)
    assert result.ok, result


def test_a_model_is_checked_without_what_its_mask_and_weights_leave_out():
    model = model_of(SimpleRNN(2, return_sequences=True), Dense(1))
    x, y = RNG.standard_normal((2, 4, 2)), RNG.random((2, 4, 1))
    y[0, 2:], y[1] = np.nan, np.inf
    result = check_model(model, x, y, mask=MASK, sample_weight=np.array([1.0, 0.0]))
    assert result.ok, result


def test_the_model_itself_is_left_alone():
    model = model_of(SimpleRNN(3), Dense(1))
    before = model.get_weights()
    assert check_model(model, RNG.standard_normal((3, 4, 2)), RNG.random((3, 1))).ok
    assert all(np.array_equal(a, b) for a, b in zip(before, model.weights, strict=True))


def test_large_weights_of_a_model_are_checked_by_inner_products():
    model = model_of(GRU(8), Dense(1))
    x, y = RNG.standard_normal((3, 4, 2)), RNG.random((3, 1))
    result = check_model(model, x, y, max_entries=50)
    assert result.ok, result
    assert "inner products" in {array.method for array in result}


def test_a_model_that_is_not_compiled_is_refused():
    with pytest.raises(ValueError, match="check_model: model: expected a compiled model"):
        check_model(Sequential([Input((2,)), Dense(1)]), np.zeros((1, 2)), np.zeros((1, 1)))


def test_a_layer_that_cannot_be_rebuilt_is_refused():
    class Odd(Dense):
        def get_config(self):
            return {"flavour": 3}

    with pytest.raises(ValueError, match="check_layer: layer: expected one that"):
        check_layer(Odd(2), (2, 3))
