"""Wrong code of other people's is flagged, in the right arrays, and named where that is certain."""

from __future__ import annotations

import functools

import foreign
import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

N, T, D, H = 3, 4, 2, 5
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], bool)


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [0.8 * rng.standard_normal(shape) for shape in shapes]


@functools.cache
def check_rnn(bug, seed=0):
    inputs = arrays((N, T, D), (N, H), (D, H), (H, H), (H,), seed=seed)
    return check_gradients(foreign.rnn_forward, inputs, foreign.rnn_backward(bug))


@functools.cache
def check_lstm(bug, seed=0):
    inputs = arrays((N, D), (N, H), (N, H), (D, 4 * H), (H, 4 * H), (4 * H,), seed=seed)
    return check_gradients(foreign.lstm_step_forward, inputs, foreign.lstm_step_backward(bug))


@functools.cache
def check_gru(bug, seed=0):
    names = ("Wz", "Wr", "Wn", "bz", "br", "bn")
    values = arrays(*[(H, H + D)] * 3, *[(H, 1)] * 3, seed=seed)
    inputs = [*arrays((D, N), (H, N), seed=seed + 1), dict(zip(names, values, strict=True))]
    return check_gradients(foreign.gru_cell_forward, inputs, foreign.gru_cell_backward(bug))


@functools.cache
def check_relu(bug, seed=0):
    model = foreign.ReluRNN(bug)
    inputs = [*arrays((T, N, D), (H, D), (H, H), (H,), seed=seed), MASK.T]
    return check_gradients(model.forward, inputs, model.backward)


@functools.cache
def check_loss(bug, seed=0):
    labels = np.random.default_rng(seed).integers(0, H, (N, T))
    return check_gradients(foreign.softmax_loss(bug), [*arrays((N, T, H)), labels, MASK])


EVERY_RNN = ("x", "h0", "Wx", "Wh", "b")
GATED = ("Wx", "Wh", "b")
BEFORE = ("x", "prev_h")


def everywhere(names, kind):
    return dict.fromkeys(names, kind)


# For each mistake: the arrays that it makes wrong, and the one explanation that fits, if any.
RNN_MISTAKES = {
    "no BPTT": everywhere(EVERY_RNN, "no BPTT"),
    "overwritten dh": everywhere(EVERY_RNN, "upstream lost"),
    "derivative of pre-activation": everywhere(EVERY_RNN, None),
    "no derivative": everywhere(EVERY_RNN, None),
    "dh_prev not transposed": everywhere(EVERY_RNN, None),
    "h for h_prev": {"Wh": "off by one"},
    "last step only": everywhere(("Wx", "Wh", "b"), "time sum"),
    "overwritten dWh": {"Wh": "time sum"},
    "overwritten all": everywhere(("Wx", "Wh", "b"), "time sum"),
    "bias of one row": {"b": "batch sum"},
    "mean over batch": everywhere(("Wx", "Wh", "b"), "factor"),
    "dWh transposed": {"Wh": "transposed"},
    "dx shifted": {"x": "shifted"},
    "dh0 sign": {"h0": "sign"},
    "dh0 zero": {"h0": "zero"},
    "truncated": everywhere(EVERY_RNN, "truncated"),
}
LSTM_MISTAKES = {
    "dc ignored": everywhere((*BEFORE, "prev_c", *GATED), "output ignored"),
    "dh ignored in dc": {"prev_c": "output ignored", **everywhere((*BEFORE, *GATED), None)},
    "tanh twice": everywhere((*BEFORE, "prev_c", *GATED), None),
    "sigmoid twice": everywhere((*BEFORE, *GATED), None),
    "half a derivative": everywhere((*BEFORE, *GATED), None),
    "dc without i": everywhere((*BEFORE, *GATED), None),
    "gates swapped": {**everywhere(BEFORE, None), **everywhere(GATED, "gates permuted")},
    "gate sign": {**everywhere(BEFORE, None), **everywhere(GATED, "gate sign")},
    "gate zero": {**everywhere(BEFORE, None), **everywhere(GATED, "gate zero")},
    "dc not times f": {"prev_c": None},
    "bias not summed": {"b": "missing sum"},
    "bias copied": {"b": "gate copied"},
    "returned in wrong order": everywhere(("prev_h", "prev_c"), "other array"),
    "next_h for prev_h": {"Wh": "off by one"},
}
GRU_MISTAKES = {
    "z sign": {
        "xt": None,
        "a_prev": None,
        "parameters['Wz']": "sign",
        "parameters['bz']": "sign",
    },
    "r h forgotten": {"a_prev": None},
    "r forgotten": {"a_prev": None},
    "h for r h": {"parameters['Wn']": None},
    "bias summed over units": {"parameters['bn']": None},
    "one gradient forgotten": {"parameters['Wr']": None},
}
RELU_MISTAKES = {
    "mask not in backward": everywhere(("xs", "W", "U", "b"), None),
    "relu ignored": everywhere(("xs", "W", "U", "b"), None),
    "h for h_prev": {"U": "off by one"},
    "carry lost": everywhere(("xs", "W", "U", "b"), None),
    "dx not turned back": {"xs": "reversed"},
}
LOSS_MISTAKES = {
    "sum for mean": {"x": "factor"},
    "padding counted": {"x": "factor"},
    "sign": {"x": "sign"},
}
CHECKS = {
    check_rnn: RNN_MISTAKES,
    check_lstm: LSTM_MISTAKES,
    check_gru: GRU_MISTAKES,
    check_relu: RELU_MISTAKES,
    check_loss: LOSS_MISTAKES,
}
EVERY_MISTAKE = [
    pytest.param(check, bug, wrong, id=f"{check.__name__}-{bug}")
    for check, mistakes in CHECKS.items()
    for bug, wrong in mistakes.items()
]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_right_code_is_right(check):
    for seed in range(3):
        result = check(None, seed)
        assert result.ok, result
        assert result.worst_error < 1e-6


@pytest.mark.parametrize(("check", "bug", "wrong"), EVERY_MISTAKE)
def test_a_mistake_is_found_in_exactly_the_arrays_it_spoils(check, bug, wrong):
    result = check(bug)
    assert {array.name for array in result if not array.ok} == set(wrong), result


@pytest.mark.parametrize(("check", "bug", "wrong"), EVERY_MISTAKE)
def test_a_mistake_is_named_when_one_explanation_fits(check, bug, wrong):
    for seed in range(2):
        result = check(bug, seed)
        for name, kind in wrong.items():
            assert result[name].kinds == (() if kind is None else (kind,)), result


HINTS = [
    (check_rnn, "no derivative", "Wx", "the derivative of tanh is missing"),
    (check_rnn, "derivative of pre-activation", "b", "tanh is applied again to its own output"),
    (check_rnn, "dh_prev not transposed", "Wx", "what step t+1 hands to t"),
    (check_rnn, "mean over batch", "Wx", "(1/N = 0.333333)"),
    (check_rnn, "last step only", "b", "counts only the last step"),
    (check_rnn, "overwritten all", "Wx", "overwritten on the way back"),
    (check_rnn, "bias of one row", "b", "counts the first sequence alone"),
    (check_rnn, "h for h_prev", "Wh", "with h of step t"),
    (check_rnn, "truncated", "Wx", "cut after 1 step back"),
    (check_lstm, "sigmoid twice", "b", "in gate 1 of 4: sigmoid is applied again"),
    (check_lstm, "half a derivative", "prev_h", "in gate 1 of 4: the derivative of sigmoid lacks"),
    (check_lstm, "dc without i", "Wh", "in gate 3 of 4 alone"),
    (check_lstm, "tanh twice", "Wx", "in gates 0, 1, 3 by one common factor"),
    (check_lstm, "gate sign", "x", "gate 3 of 4 (columns 15:20) has the wrong sign"),
    (check_lstm, "gates swapped", "Wx", "gate 1 holds that of gate 2, gate 2 holds that of gate 1"),
    (check_lstm, "bias not summed", "b", "shape: expected (20,), got (3, 20); is not summed over"),
    (check_lstm, "returned in wrong order", "prev_h", "is the gradient of prev_c"),
    (check_lstm, "next_h for prev_h", "Wh", "is a product with output 0"),
    (check_lstm, "dc ignored", "Wx", "ignores the upstream gradient on output 1"),
    (check_gru, "one gradient forgotten", "parameters['Wr']", "no gradient was returned"),
    (check_gru, "bias summed over units", "parameters['bn']", "expected (5, 1), got (1, 3)"),
    (check_gru, "h for r h", "parameters['Wn']", "wrong only at"),
    (check_relu, "mask not in backward", "W", "are they masked?"),
    (check_relu, "relu ignored", "W", "are they cut off?"),
    (check_relu, "carry lost", "xs", "right at the last step and wrong before"),
]


@pytest.mark.parametrize(("check", "bug", "name", "words"), HINTS)
def test_the_diagnosis_says_what_to_look_at(check, bug, name, words):
    assert words in check(bug)[name].diagnosis


@pytest.mark.parametrize("N, T", [(1, 4), (3, 1), (1, 1)])
def test_nothing_is_claimed_about_an_axis_of_length_one(N, T):
    inputs = arrays((N, T, D), (N, H), (D, H), (H, H), (H,))
    for bug in ("mean over batch", "no BPTT", "overwritten all", "bias of one row"):
        result = check_gradients(foreign.rnn_forward, inputs, foreign.rnn_backward(bug))
        for array in result:
            assert not {"time sum", "batch sum", "factor"} & set(array.kinds) or not array.ok
    single = check_gradients(foreign.rnn_forward, inputs, foreign.rnn_backward("mean over batch"))
    assert single.ok == (N == 1)


def test_explanations_that_fit_alike_are_all_named():
    # Of two equal sequences, the first one's gradient is also a fixed part of the sum.
    x, (w,) = np.repeat(*arrays((1, 4)), 2, axis=0), arrays((4,), seed=1)
    result = check_gradients(
        lambda x, w: (x * w).sum(axis=1), [x, w], lambda dy: (np.outer(dy, w), dy[0] * x[0])
    )
    assert result["x"].ok
    assert result["w"].kinds == ("factor", "batch sum")
    assert "either is 0." in result["w"].diagnosis
    assert ", or is not summed over the batch" in result["w"].diagnosis


def test_one_number_is_not_enough_for_a_factor():
    result = check_gradients(np.sin, [np.array([0.3])], lambda dy: 1.7 * dy * np.cos(0.3))
    assert not result.ok
    assert result["x"].kinds == ()


def test_a_factor_is_given_with_its_value():
    x = np.random.default_rng(0).standard_normal((4, 3))
    result = check_gradients(np.sin, [x], lambda dy: 2 * dy * np.cos(x))
    assert "is 2 times what it should be" in result["x"].diagnosis


def test_nan_in_padding_that_leaks_into_a_gradient_is_found():
    x = np.random.default_rng(0).standard_normal((N, T, D))
    x[~MASK] = np.nan
    (weights,) = arrays((D, H))

    def forward(x, w):
        real = np.where(MASK[..., None], x, 0)
        return np.tanh(real @ w) * MASK[..., None], (x, real, w)

    def right(dy, cache):
        _, real, w = cache
        da = dy * MASK[..., None] * (1 - np.tanh(real @ w) ** 2)
        return da @ w.T, np.einsum("ntd,nth->dh", real, da)

    def leaks(dy, cache):
        x, real, w = cache
        da = dy * MASK[..., None] * (1 - np.tanh(real @ w) ** 2)
        return da @ w.T, np.einsum("ntd,nth->dh", x, da)

    assert check_gradients(forward, [x, weights], right).ok
    result = check_gradients(forward, [x, weights], leaks)
    assert result["x"].ok
    assert result["w"].kinds == ("not finite",)
    assert np.isnan(result.worst_error)
