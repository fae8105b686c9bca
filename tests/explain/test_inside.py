"""Traces of every kind of recurrent layer, saturation and trajectories."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ConvLSTM2D,
    Dense,
    GRUCell,
    Input,
    LayerNormGRU,
    LayerNormLSTM,
    LSTMCell,
    SimpleRNNCell,
)
from scratchrnn.models import Sequential

from .problems import random_weights

F64 = {"dtype": "float64"}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(2, 6, 4))


@pytest.fixture
def mask():
    return np.arange(6) < np.array([[6], [4]])


KINDS = {
    "ifgoch": [LayerNormLSTM(3, **F64), RNN(LSTMCell(3, **F64), **F64)],
    "zrnh": [LayerNormGRU(3, **F64), RNN(GRUCell(3, **F64), **F64)],
}


@pytest.mark.parametrize(("letters", "k"), [(name, k) for name in KINDS for k in (0, 1)])
def test_gates_of_normalised_layers_and_cells(letters, k, x, mask):
    layer = type(KINDS[letters][k]).from_config(KINDS[letters][k].get_config())
    layer.build((None, None, 4))
    traces = explain.gate_traces(layer, x, mask)
    assert set(traces) == set(letters) and {t.shape for t in traces.values()} == {(2, 6, 3)}
    assert np.allclose(traces["h"][:, -1], layer(x, mask=mask))
    if "z" in traces:
        h_prev = np.concatenate([np.zeros((2, 1, 3)), traces["h"][:, :-1]], axis=1)
        h = traces["z"] * h_prev + (1 - traces["z"]) * traces["n"]
        assert np.allclose(traces["h"][mask], h[mask])


def test_states_of_any_cells_have_their_names(x):
    layer = RNN([SimpleRNNCell(3, **F64), GRUCell(2, **F64)], **F64)
    layer.build((None, None, 4))
    traces = explain.gate_traces(layer, x)
    assert [trace.shape for trace in traces.values()] == [(2, 6, 3), (2, 6, 2)]
    assert np.allclose(list(traces.values())[-1][:, -1], layer(x))


def test_images_of_states_are_laid_out_in_a_row():
    layer = ConvLSTM2D(2, 2, **F64)
    clip = np.random.default_rng(0).normal(size=(1, 3, 5, 4, 1))
    y = layer(clip)
    traces = explain.gate_traces(layer, clip)
    assert set(traces) == set("ifgoch") and np.allclose(traces["h"][:, -1], y.reshape(1, -1))


def test_every_layer_of_a_model_is_traced_in_the_order_of_the_input(x, mask):
    both = Bidirectional(LSTM(3, return_sequences=True, **F64))
    top = [GRU(2, **F64), Dense(2, **F64)]
    model = random_weights(Sequential([Input((None, 4), **F64), both, *top]))
    found = explain.layer_traces(model, x, mask)
    assert [layer.kind for layer in found] == ["LSTM, forward", "LSTM, backward", "GRU"]
    joined = np.concatenate([found[0].traces["h"], found[1].traces["h"]], axis=2)
    y = both(x, mask=mask)
    assert np.allclose(joined[mask], y[mask])
    assert np.allclose(found[2].traces["h"][:, -1], top[0](y, mask=mask))
    assert explain.recurrent_layers(model) == [*both.sublayers(), top[0]]


def test_gradient_norms_reach_through_a_bidirectional_layer(x, mask):
    """Its forward half alone, with the weights of the half, has the same norms."""
    both = Bidirectional(GRU(3, **F64))
    top = Dense(2, "softmax", **F64)
    model = random_weights(Sequential([Input((None, 4), **F64), both, top]))
    model.compile("sgd", "sparse_categorical_crossentropy")
    top.kernel[3:] = 0.0  # the backward half is not listened to
    half = GRU(3, **F64)
    alone = Sequential([Input((None, 4), **F64), half, Dense(2, "softmax", **F64)])
    alone.compile("sgd", "sparse_categorical_crossentropy")
    alone.set_weights([*both.forward_layer.get_weights(), top.kernel[:3], top.bias])
    y = np.array([0, 1])
    got, want = (explain.gradient_norms(m, x, y, mask) for m in (model, alone))
    assert np.allclose(got, want, equal_nan=True) and np.isfinite(got[:, -4:]).all()


def test_gradient_norms_of_a_layer_that_reads_backwards(x):
    """As of one that reads forwards, given the sequence from its end."""
    weights, norms = None, []
    for backwards in (False, True):
        layers = [GRU(3, go_backwards=backwards, **F64), Dense(2, "softmax", **F64)]
        model = random_weights(Sequential([Input((None, 4), **F64), *layers]))
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile("sgd", "sparse_categorical_crossentropy")
        norms.append(
            explain.gradient_norms(model, x[:, :: -1 if backwards else 1], np.array([0, 1]))
        )
    assert np.allclose(*norms)


def test_saturation_counts_real_steps_only(mask):
    rng = np.random.default_rng(0)
    traces = {
        "i": rng.random((2, 6, 5)),
        "f": rng.random((2, 6, 5)),
        "c": rng.normal(size=(2, 6, 5)),
    }
    result = explain.gate_saturation(traces, low=0.2, high=0.7, mask=mask)
    assert set(result.left) == {"i", "f"}
    real = traces["f"][mask]
    assert np.allclose(result.left["f"], (real < 0.2).mean(axis=0))
    assert np.allclose(result.right["f"], (real > 0.7).mean(axis=0))
    assert np.isclose(result.right_steps["i"][5], (traces["i"][0, 5] > 0.7).mean())
    assert np.isclose(result.left_steps["i"][0], (traces["i"][:, 0] < 0.2).mean())
    one = explain.gate_saturation({"z": traces["i"][0]})
    assert np.allclose(one.right["z"], (traces["i"][0] > 0.9).mean(axis=0))


def test_trajectories_are_principal_components(mask):
    h = np.random.default_rng(0).normal(size=(2, 6, 5)) * np.array([5.0, 3.0, 1.0, 0.5, 0.1])
    h[1, 4:] = np.nan
    result = explain.hidden_trajectories(h, components=3, mask=mask)
    real = h[mask]
    covariance = np.cov(real.T)
    for direction, share in zip(result.components, result.explained, strict=True):
        assert np.isclose(np.linalg.norm(direction), 1)
        along = covariance @ direction
        assert np.allclose(along, (direction @ along) * direction)
        assert np.isclose(share, direction @ along / np.trace(covariance))
    assert np.isnan(result.paths[~mask]).all()
    assert np.allclose(result.paths[mask], (real - real.mean(axis=0)) @ result.components.T)
    assert np.allclose(result.project(h[0]), result.paths[0])


def test_trajectories_keep_distances_in_full_dimension():
    h = np.random.default_rng(0).normal(size=(7, 3))
    paths = explain.hidden_trajectories(h, components=3).paths[0]
    assert np.allclose(np.linalg.norm(np.diff(h, axis=0), axis=1),
                       np.linalg.norm(np.diff(paths, axis=0), axis=1))  # fmt: skip
    few = explain.hidden_trajectories(h[:2, :], components=3)
    assert few.paths.shape == (1, 2, 3) and np.allclose(few.explained, [1, 0, 0])


def test_bad_input_is_named(x):
    with pytest.raises(ValueError, match="expected 0 <= low < high <= 1"):
        explain.gate_saturation({"f": x}, low=0.9, high=0.1)
    with pytest.raises(ValueError, match=r"expected gates .* got \['h'\]"):
        explain.gate_saturation({"h": x})
    with pytest.raises(ValueError, match="components: expected 1 to 4, got 5"):
        explain.hidden_trajectories(x, components=5)
    with pytest.raises(ValueError, match="at least two finite ones, got 1"):
        explain.hidden_trajectories(x[0, :1])
    with pytest.raises(ValueError, match="expected a recurrent layer, got Dense"):
        explain.gate_traces(Dense(3), x)
    with pytest.raises(ValueError, match="expected a loss; compile the model first"):
        explain.gradient_norms(Sequential([Input((None, 4)), GRU(2)]), x, x)
