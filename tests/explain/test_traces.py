"""Gates, running predictions and gradient norms are what the equations say they are."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.layers import GRU, LSTM, Dense, Input, SimpleRNN

CELLS = {"rnn": SimpleRNN, "lstm": LSTM, "gru": GRU}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(3, 6, 4))


@pytest.fixture
def mask():
    return np.arange(6) < np.array([[6], [4], [1]])


def layer_of(cell, **options):
    layer = CELLS[cell](5, seed=1, dtype="float64", **options)
    layer.build((None, None, 4))
    rng = np.random.default_rng(2)
    layer.set_weights([rng.normal(size=w.shape) * 0.5 for w in layer.weights])
    return layer


def model_of(cell, return_sequences=False):
    from scratchrnn.models import Sequential

    recurrent = layer_of(cell, return_sequences=return_sequences)
    top = Dense(3, activation="softmax", seed=3, dtype="float64")
    model = Sequential([Input((None, 4)), recurrent, top])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


@pytest.mark.parametrize(("cell", "letters"), [("rnn", "h"), ("lstm", "ifgoch"), ("gru", "zrnh")])
def test_every_gate_and_state_is_there(cell, letters, x):
    layer = layer_of(cell)
    traces = explain.gate_traces(layer, x)
    assert "".join(traces) == letters
    assert all(trace.shape == (3, 6, 5) for trace in traces.values())
    assert np.allclose(traces["h"][:, -1], layer(x))


def test_lstm_traces_satisfy_the_equations(x):
    t = explain.gate_traces(layer_of("lstm"), x)
    c_prev = np.concatenate([np.zeros((3, 1, 5)), t["c"][:, :-1]], axis=1)
    assert np.allclose(t["c"], t["f"] * c_prev + t["i"] * t["g"])
    assert np.allclose(t["h"], t["o"] * np.tanh(t["c"]))


@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_traces_satisfy_the_equations(x, reset_after):
    t = explain.gate_traces(layer_of("gru", reset_after=reset_after), x)
    h_prev = np.concatenate([np.zeros((3, 1, 5)), t["h"][:, :-1]], axis=1)
    assert np.allclose(t["h"], t["z"] * h_prev + (1 - t["z"]) * t["n"])


def test_looking_changes_nothing(x):
    layer = layer_of("lstm")
    before, y = layer.get_weights(), layer(x)
    layer.backward(np.ones_like(y))
    gradients = [g.copy() for g in layer.gradients]
    explain.gate_traces(layer, x * 2)
    assert all(np.array_equal(a, b) for a, b in zip(before, layer.weights, strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(gradients, layer.gradients, strict=True))


def test_the_last_recurrent_layer_is_found_and_its_absence_named():
    from scratchrnn.models import Sequential

    model = model_of("gru")
    assert explain.recurrent_layer(model) is model.layers[0]
    model = Sequential([Input((4,)), Dense(3)])
    with pytest.raises(ValueError, match="expected a SimpleRNN, LSTM or GRU layer"):
        explain.recurrent_layer(model)


@pytest.mark.parametrize("cell", CELLS)
def test_the_running_prediction_is_that_of_each_beginning(cell, x, mask):
    model = model_of(cell)
    running = explain.running_prediction(model, x, mask)
    assert running.shape == (3, 6, 3)
    for row in range(3):
        for step in range(mask[row].sum()):
            alone = model.predict(x[row : row + 1, : step + 1], verbose=0)
            assert np.allclose(running[row, step], alone[0])
    assert np.allclose(running[:, -1], model.predict(x, mask=mask, verbose=0))


def test_the_running_prediction_knows_nothing_of_what_follows(x):
    model = model_of("lstm")
    changed = x.copy()
    changed[:, 3:] += 10
    one, other = (explain.running_prediction(model, a) for a in (x, changed))
    assert np.array_equal(one[:, :3], other[:, :3]) and not np.allclose(one[:, 3:], other[:, 3:])


def loss_from_step(model, states, x, y):
    """The loss of the rest of one sequence, begun from given states."""
    h = model.layers[0](x, initial_state=states) if x.shape[1] else states[0]
    return model.loss(y, model.layers[1](h))


@pytest.mark.parametrize("cell", CELLS)
def test_gradient_norms_are_those_of_finite_differences(cell, x, mask):
    model, y = model_of(cell), np.array([2, 0, 1])
    norms = explain.gradient_norms(model, x, y, mask)
    layer = model.layers[0]
    for row in range(3):
        length = int(mask[row].sum())
        traces = explain.gate_traces(layer, x[row : row + 1, :length])
        expected = []
        for step in range(length):
            states = [traces[name][:, step] for name in layer.state_names]
            rest, target = x[row : row + 1, step + 1 : length], y[row : row + 1]
            squares = 0.0
            for which, unit in np.ndindex(len(states), 5):
                ends = []
                for sign in (1, -1):
                    moved = [s.copy() for s in states]
                    moved[which][0, unit] += sign * 1e-5
                    ends.append(loss_from_step(model, moved, rest, target))
                squares += ((ends[0] - ends[1]) / 2e-5) ** 2
            expected.append(np.sqrt(squares))
        assert np.isnan(norms[row, : 6 - length]).all()
        assert np.allclose(norms[row, 6 - length :], np.array(expected) / expected[-1], rtol=1e-6)


def test_gradient_norms_count_what_comes_from_every_step():
    model = model_of("rnn", return_sequences=True)
    x = np.random.default_rng(0).normal(size=(1, 4, 4))
    y = np.array([[0, 1, 2, 0]])
    norms = explain.gradient_norms(model, x, y)[0]
    assert norms[-1] == 1.0 and np.isfinite(norms).all()
    model.layers[0].recurrent_kernel[...] = 0
    direct = model.loss.gradient(y, model(x)), model.layers[1]
    d = np.linalg.norm(direct[1].backward(direct[0])[0], axis=1)
    assert np.allclose(explain.gradient_norms(model, x, y)[0], d / d[-1])
