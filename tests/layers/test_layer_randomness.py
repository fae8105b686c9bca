"""What layers draw: how much is dropped, what is left grows by, how wide noise is."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.layers.base import dropout_mask
from scratchrnn.random import make_generator


class Quarters:
    """A generator that draws 0, 1/4, 1/2, 3/4 in turn."""

    def random(self, shape, dtype):
        return np.resize(np.array([0, 0.25, 0.5, 0.75], dtype), shape)


@pytest.mark.parametrize(("rate", "expected"), [
    (0.25, [0, 4 / 3, 4 / 3, 4 / 3]), (0.5, [0, 0, 2, 2]), (0.75, [0, 0, 0, 4]),
])  # fmt: skip
def test_the_share_that_is_dropped_is_the_rate_and_the_mean_stays(rate, expected):
    mask = dropout_mask(Quarters(), (2, 4), rate, "float64")
    np.testing.assert_array_equal(mask, [expected, expected])
    assert mask.mean() == pytest.approx(1, rel=1e-15)


@pytest.mark.parametrize("make", [layers.Dropout, layers.SpatialDropout1D])
def test_dropout_of_a_fraction_of_nothing_and_of_everything(make):
    x = np.ones((50, 4, 30))
    y = make(0.75, seed=1)(x, training=True)
    assert set(np.unique(y)) == {0, 4} and 0.7 < (y == 0).mean() < 0.8
    np.testing.assert_array_equal(make(0)(x, training=True), x)
    layer = make(1)
    assert not layer(x, training=True).any() and not layer.backward(x).any()
    np.testing.assert_array_equal(layer(x), x)


@pytest.mark.parametrize("stddev", [0, 0.25, 1])
def test_noise_is_normal_and_as_wide_as_asked_for(stddev):
    x = np.full((40, 50), 3.0)
    y = layers.GaussianNoise(stddev, seed=1, dtype="float64")(x, training=True)
    np.testing.assert_array_equal(y, x + stddev * make_generator(1).standard_normal(x.shape))
    assert y.std() == pytest.approx(stddev, rel=0.05)


@pytest.mark.parametrize("make", [layers.GaussianNoise, layers.Dropout, layers.SpatialDropout1D])
def test_without_noise_nothing_is_changed_and_nothing_drawn(make):
    layer, x = make(0, seed=1), np.random.default_rng(4).normal(size=(3, 4, 2)).astype("float32")
    before = layer.get_state()
    np.testing.assert_array_equal(layer(x, training=True), x)
    assert layer.get_state() == before


@pytest.mark.parametrize("cell", [layers.SimpleRNNCell, layers.LSTMCell, layers.GRUCell])
def test_a_step_of_a_cell_drops_inputs_in_training_only(cell):
    one, x = cell(4, dropout=0.5, seed=1), np.ones((6, 3))
    states = one.get_initial_state(6)
    plain, _ = one(x, states)
    assert (plain == plain[0]).all()
    dropped, _ = one(x, states, training=True)
    assert (dropped != dropped[0]).any()
    again, _ = one(x, states, training=True)
    assert not np.array_equal(dropped, again)
    np.testing.assert_array_equal(one(x, states)[0], plain)


SEEDED = {
    "Dropout": lambda seed: layers.Dropout(0.5, seed=seed),
    "SpatialDropout1D": lambda seed: layers.SpatialDropout1D(0.5, seed=seed),
    "GaussianNoise": lambda seed: layers.GaussianNoise(0.5, seed=seed),
    "LSTM": lambda seed: layers.LSTM(4, dropout=0.5, kernel_initializer="ones", seed=seed),
    "GRU": lambda seed: layers.GRU(4, recurrent_dropout=0.5, bias_initializer="ones", seed=seed),
    "RNN": lambda seed: layers.RNN(layers.SimpleRNNCell(4, dropout=0.5, seed=seed)),
    "TimeDistributed": lambda seed: layers.TimeDistributed(layers.Dropout(0.5, seed=seed)),
}


@pytest.mark.parametrize("name", SEEDED)
def test_a_seed_decides_what_is_drawn_and_every_call_draws_anew(name):
    x = np.random.default_rng(5).normal(size=(4, 6, 5))
    one, same, other = (SEEDED[name](seed) for seed in (1, 1, 2))
    for layer in (same, other):
        layer.build(x.shape)
    one(x)
    other.set_weights(one.get_weights())
    same.set_weights(one.get_weights())
    first, again = one(x, training=True), one(x, training=True)
    np.testing.assert_array_equal(same(x, training=True), first)
    assert not np.array_equal(again, first)
    assert not np.array_equal(other(x, training=True), first)
    assert not np.array_equal(one(x), first)  # not in training, nothing is dropped
