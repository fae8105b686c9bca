"""What one call leaves behind for the next: states where they are asked for, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers

from .test_layer_api import CASES

RANDOM = {"Dropout", "GaussianNoise", "SpatialDropout1D"}
RECURRENT = {
    "SimpleRNN": layers.SimpleRNN,
    "LSTM": layers.LSTM,
    "GRU": layers.GRU,
    "LayerNormLSTM": layers.LayerNormLSTM,
    "LayerNormGRU": layers.LayerNormGRU,
    "RNN": lambda units, **o: layers.RNN(layers.LSTMCell(units, seed=1), **o),
}


def inputs(name: str, rows: int, seed: int) -> np.ndarray:
    """Inputs of a layer of `CASES`, of so many rows."""
    rng, shape = np.random.default_rng(seed), CASES[name][1]
    if shape is None:  # indices
        return rng.integers(7, size=(rows, 4))
    return rng.normal(size=(rows, *shape[1:]))


def recurrent(name: str, **options):
    """Make a recurrent layer, the same weights every time."""
    more = {} if name == "RNN" else {"seed": 1}
    layer = RECURRENT[name](3, **more, **options)
    layer.build((None, None, 2))
    rng = np.random.default_rng(2)
    for value in layer.weights:
        value[...] = rng.normal(size=value.shape)
    return layer


@pytest.mark.parametrize("name", CASES)
def test_backward_answers_for_the_last_call_alone(name):
    layer = CASES[name][0]()
    first, second = inputs(name, 4, seed=1), inputs(name, 2, seed=2)
    layer.backward(np.ones_like(layer(first, training=True)))
    y = layer(second)  # fewer rows, other numbers, no dropout
    dy = np.random.default_rng(3).normal(size=y.shape)
    found = [layer.backward(dy), *layer.gradients]
    anew = CASES[name][0](**({} if name not in RANDOM else {"seed": 9}))
    anew.build((None, *second.shape[1:]))
    anew.set_weights(layer.get_weights())
    np.testing.assert_array_equal(anew(second), y)
    for got, want in zip(found, [anew.backward(dy), *anew.gradients], strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("name", CASES)
def test_a_call_forgets_the_gradients_of_the_call_before(name):
    layer, x = CASES[name][0](), inputs(name, 2, seed=1)
    layer.backward(np.ones_like(layer(x)))
    assert len(layer.gradients) == len(layer.trainable_weights)
    layer(x)
    assert layer.gradients == []


@pytest.mark.parametrize("training", [False, True], ids=["", "training"])
@pytest.mark.parametrize("name", sorted({*CASES} - {"Input"}))
def test_what_a_layer_returns_is_not_what_it_was_given(name, training):
    layer, x = CASES[name][0](), inputs(name, 2, seed=1)
    x = x.astype(layer.dtype) if CASES[name][1] else x  # no conversion makes a copy
    y = layer(x, training=training)
    dy = np.ones_like(y)
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(layer.backward(dy), dy)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_stateful_layer_carries_its_state_in_training_too(name):
    x = np.random.default_rng(3).normal(size=(2, 6, 2))
    whole = recurrent(name, return_sequences=True)(x, training=True)
    layer = recurrent(name, return_sequences=True, stateful=True)
    parts = [layer(x[:, :4], training=True), layer(x[:, 4:], training=True)]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", RECURRENT)
def test_a_layer_that_is_no_longer_stateful_begins_at_zero(name):
    x = np.random.default_rng(3).normal(size=(2, 4, 2))
    layer = recurrent(name, stateful=True)
    first = layer(x)
    assert not np.array_equal(layer(x), first)
    layer.stateful = False
    np.testing.assert_array_equal(layer(x), first)


@pytest.mark.parametrize("rows", [1, 3])
def test_only_masked_steps_are_blanked_of_what_is_not_finite(rows):
    x = np.ones((rows, 3, 3))
    mask = np.ones((rows, 3), bool)
    x[:, 1, 2] = np.nan
    mask[:, 1] = False
    layer = layers.TimeDistributed(layers.Dense(2, kernel_initializer="ones"))
    np.testing.assert_array_equal(layer(x, mask=mask)[:, :, 0], [[3, 2, 3]] * rows)
    x[:, 2, 0] = np.nan  # at a real step it has to show
    assert np.isnan(layer(x, mask=mask)[:, 2]).all()


class Mixed(layers.Layer):
    """y = x ⊙ scale + shift, of which only the shift is learned."""

    def build(self, input_shape):
        self.scale = self.add_weight("scale", input_shape[-1:], "ones", trainable=False)
        self.shift = self.add_weight("shift", input_shape[-1:], "zeros")
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        self.x = x
        return x * self.scale + self.shift

    def backward(self, dy):
        self._gradients = [(dy * self.x).sum(axis=0), dy.sum(axis=0)]
        return dy * self.scale


def test_only_weights_that_are_learned_have_their_gradients_handed_out():
    layer, x = Mixed(), np.array([[1.0, 2.0], [3.0, 5.0]])
    layer.backward(np.ones_like(layer(x)))
    (gradient,), (weight,) = layer.gradients, layer.trainable_weights
    assert weight is layer.shift and gradient.tolist() == [2.0, 2.0]
    assert [w is layer.scale for w in layer.non_trainable_weights] == [True]


def test_normalised_recurrences_begin_with_gains_of_one_and_keep_their_epsilon():
    layer = layers.LayerNormLSTM(3)
    layer.build((None, None, 2))
    gains = [layer.gamma, layer.gamma_c, layer.beta_c]
    assert [set(np.unique(w)) for w in gains] == [{1.0}, {1.0}, {0.0}]
    x = np.random.default_rng(6).normal(size=(2, 4, 2))
    for cls in (layers.LayerNormLSTM, layers.LayerNormGRU):
        flat, sharp = (cls(3, epsilon=e, seed=1, dtype="float64")(x) for e in (100.0, 0.01))
        assert np.abs(flat).max() < np.abs(sharp).max() / 2
