"""Arrays without entries, layers with states of their own, and networks by another name."""

from __future__ import annotations

import foreign
import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients, check_layer, check_model
from scratchrnn.layers import GRU, Dense, Input
from scratchrnn.models import Sequential

RNG = np.random.default_rng(0)
X, W = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 2))


@pytest.mark.parametrize("method", ["central", "complex"])
def test_an_array_without_entries_has_no_gradient_to_be_wrong(method):
    def backward(dy):
        return dy @ W.T, X.T @ dy, np.zeros(0)

    result = check_gradients(
        lambda x, w, nothing: x @ w, [X, W, np.zeros(0)], backward, method=method
    )
    assert result.ok


def test_a_layer_that_learns_its_initial_state_is_right():
    result = check_layer(GRU(3, trainable_initial_state=True), (2, 4, 3))
    assert result.ok
    assert any("initial" in array.name for array in result)


def test_a_layer_that_has_been_used_is_checked_with_its_weights():
    layer = Dense(2)
    layer(X)
    before = layer.get_weights()
    assert check_layer(layer, X.shape, x=X).ok
    assert all((a == b).all() for a, b in zip(before, layer.weights, strict=True))


def test_a_gradient_of_zeros_is_explained_by_nothing_that_is_left_out():
    result = check_gradients(
        lambda x, w: x @ w, {"x": X, "w": W}, lambda dy: (dy @ W.T, np.zeros_like(W))
    )
    assert not result.ok
    assert [array.name for array in result if not array.ok] == ["w"]


def test_a_backward_that_is_not_finite_is_told_so():
    result = check_gradients(
        lambda x, w: x @ w, {"x": X, "w": W}, lambda dy: (dy @ W.T, np.full_like(W, np.nan))
    )
    assert not result.ok
    assert "w" in str(result) and "finite" in str(result)


def test_two_steps_have_a_first_and_a_last_one():
    rng = np.random.default_rng(1)
    shapes = [(3, 2, 4), (3, 5), (4, 5), (5, 5), (5,)]
    arrays = [0.8 * rng.standard_normal(shape) for shape in shapes]

    def backward(dh, cache):
        last = np.zeros_like(dh)
        last[:, -1] = dh[:, -1]
        return foreign.rnn_backward()(last, cache)

    result = check_gradients(foreign.rnn_forward, arrays, backward)
    assert not result.ok
    assert "counts the upstream gradient of the last step alone" in str(result)


def test_a_model_is_checked_with_the_loss_it_was_compiled_with():
    model = Sequential([Input((3, 4)), GRU(2, trainable_initial_state=True), Dense(1)])
    model.compile("sgd", "mse")
    assert check_model(model, RNG.standard_normal((2, 3, 4)), RNG.standard_normal((2, 1))).ok
