"""Several networks folded into one that gives the mean of their logits."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn.classify import build_network, fold
from scratchrnn.layers import LSTM, Dense, Input
from scratchrnn.models import Sequential, load_model


@pytest.fixture(autouse=True)
def readable_backend():
    with scratchrnn.use_backend("numpy"):
        yield


def members(cell, bidirectional, count=3):
    rng, made = np.random.default_rng(0), []
    for seed in range(count):
        network = build_network(
            cell, 5, 4, units=6, dropout=0.2, bidirectional=bidirectional, seed=seed
        )
        network.set_weights([rng.normal(0, 0.7, w.shape) for w in network.weights])
        made.append(network)
    return made


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_fold_says_the_softmax_of_the_mean_logits(cell, bidirectional, tmp_path):
    networks, rng = members(cell, bidirectional), np.random.default_rng(1)
    x = rng.standard_normal((7, 9, 5)).astype(np.float32)
    mask = np.arange(9) < rng.integers(1, 10, 7)[:, None]
    together = np.exp(np.mean([np.log(one(x, mask=mask)) for one in networks], axis=0))
    whole = fold(networks)
    expected = together / together.sum(axis=1, keepdims=True)
    assert np.allclose(whole(x, mask=mask), expected, atol=1e-5)
    assert not np.allclose(networks[0](x, mask=mask), expected, atol=1e-2)
    whole.save(tmp_path / "m.npz")
    assert np.array_equal(load_model(tmp_path / "m.npz")(x, mask=mask), whole(x, mask=mask))


def test_the_members_are_left_as_they_were_and_one_is_itself():
    networks = members("gru", True)
    before = [w.copy() for one in networks for w in one.weights]
    fold(networks)
    after = [w for one in networks for w in one.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    alone = fold(networks[:1]).weights
    assert all(np.array_equal(a, b) for a, b in zip(alone, networks[0].weights, strict=True))


def test_networks_that_are_not_alike_are_refused():
    small = build_network("gru", 5, 4, units=3)
    for networks in (
        [],
        [members("gru", False)[0], small],
        [members("gru", False)[0], *members("lstm", False)],
    ):
        with pytest.raises(ValueError, match="differ in their weights alone"):
            fold(networks)
    deep = Sequential([Input((None, 5)), LSTM(3, return_sequences=True), LSTM(3), Dense(2)])
    with pytest.raises(ValueError, match="expected a recurrent layer under a Dense"):
        fold([deep])
