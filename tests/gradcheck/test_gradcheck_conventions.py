"""Everybody's way of writing a function pair is understood, or refused in clear words."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

from scratchrnn.cells import gru, lstm, rnn
from scratchrnn.gradcheck import check_gradients

RNG = np.random.default_rng(0)
X, W, B = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 2)), RNG.standard_normal(2)
Grads = namedtuple("Grads", "dx dw db")


def affine(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dy, cache):
    x, w = cache
    return dy @ w.T, x.T @ dy, dy.sum(axis=0)


def named(dy, cache):
    return Grads(*affine_backward(dy, cache))


BACKWARDS = {
    "tuple": affine_backward,
    "list": lambda dy, cache: list(affine_backward(dy, cache)),
    "named tuple": named,
    "d names": lambda dy, cache: named(dy, cache)._asdict(),
    "plain names": lambda dy, cache: dict(zip("xwb", named(dy, cache), strict=True)),
    "grad names": lambda dy, cache: dict(
        zip(("grad_x", "w_grad", "d_b"), named(dy, cache), strict=True)
    ),
    "other order": lambda dy, cache: dict(reversed(named(dy, cache)._asdict().items())),
    "cache first": lambda cache, dy: affine_backward(dy, cache),
    "cache first, called residuals": lambda res, dy: affine_backward(dy, res),
    "cache by keyword": lambda dy, *, cache: affine_backward(dy, cache),
    "cache by keyword, other options": lambda dy, *, scale=1.0, ctx, **_: named(dy * scale, ctx),
    "star arguments": lambda *given: affine_backward(*given),
    "state": lambda dy: (dy @ W.T, X.T @ dy, dy.sum(axis=0)),
}


@pytest.mark.parametrize("manner", BACKWARDS)
def test_gradients_may_come_in_any_manner(manner):
    def f(x, w, b):
        return affine(x, w, b) if manner != "state" else x @ w + b

    result = check_gradients(f, [X, W, B], BACKWARDS[manner])
    assert result.ok, result
    assert [array.name for array in result] == ["x", "w", "b"]


def test_inputs_may_come_by_name():
    assert check_gradients(
        affine,
        {"b": B, "w": W, "x": X},
        lambda dy, cache: {"dx": dy @ W.T, "dw": X.T @ dy, "db": dy.sum(axis=0)},
    ).ok


def test_a_cache_that_is_an_array_is_known_by_a_keyword_too():
    def square(x):
        return x**2, x

    assert check_gradients(square, [X], lambda dy, *, tape: 2 * tape * dy).ok


def test_a_cache_that_is_an_array_is_known_by_the_name_of_its_parameter():
    def relu(x):
        return np.maximum(x, 0), x

    def relu_backward(dout, cache):
        return dout * (cache > 0)

    def backward(dout, x):
        return dout * (x > 0)

    assert check_gradients(relu, [X], relu_backward).ok
    assert check_gradients(relu, [X], backward, cache=True).ok


@pytest.mark.parametrize(
    "module, name, gates", [(rnn, "rnn", 1), (lstm, "lstm", 4), (gru, "gru", 3)]
)
def test_the_functional_core_is_checked_in_one_line(module, name, gates):
    N, T, D, H = 2, 3, 4, 5
    inputs = {"x": (N, T, D), "h0": (N, H), "c0": (N, H), "Wx": (D, gates * H)}
    inputs |= {"Wh": (H, gates * H), "b": (2, 3 * H) if name == "gru" else (gates * H,)}
    inputs = {key: RNG.standard_normal(shape) for key, shape in inputs.items()}
    if name != "lstm":
        del inputs["c0"]
    forward, backward = (getattr(module, f"{name}_{way}") for way in ("forward", "backward"))
    result = check_gradients(forward, inputs, backward, tolerance=1e-7)
    assert result.ok, result
    assert not result.notes


def test_a_loss_may_return_its_own_gradients():
    def loss(x, target, weights):
        return 0.5 * ((x - target) ** 2).sum(), {"x": x - target, "target": target - x}

    assert check_gradients(loss, [X, X[::-1].copy(), None], wrt=["x", "target"]).ok
    assert check_gradients(lambda x: ((x**2).sum(), 2 * x), [X]).ok
    assert not check_gradients(lambda x, w: ((x @ w).sum(), X, W), [X, W]).ok


def test_arrays_inside_dicts_and_lists_are_checked_under_their_path():
    def f(params, xs):
        return xs[0] @ params["w"] + xs[1], params

    result = check_gradients(
        f,
        [{"w": W, "scale": 3}, [X, B]],
        lambda dy, cache: ({"w": X.T @ dy}, [dy @ W.T, dy.sum(0)]),
    )
    assert result.ok
    assert [array.name for array in result] == ["params['w']", "xs[0]", "xs[1]"]


def test_whatever_is_not_an_array_of_floats_is_passed_on():
    labels, mask = np.array([0, 1, 1]), np.array([True, False, True])

    def f(x, labels, mask, scale, kind=None):
        assert labels.dtype == int and mask.dtype == bool and scale == 2.0
        return scale * (x[np.arange(3), labels] * mask)

    def backward(dy):
        dx = np.zeros_like(X)
        dx[np.arange(3), labels] = 2.0 * dy * mask
        return dx

    assert check_gradients(f, [X, labels, mask, 2.0, None], backward).ok


def test_float32_inputs_are_checked_in_float64():
    x = X.astype(np.float32)
    result = check_gradients(np.tanh, [x], lambda dy: dy * (1 - np.tanh(x.astype(float)) ** 2))
    assert result.ok
    assert not result.notes


def test_wrt_leaves_inputs_out():
    def backward(dy, cache):
        dx, dw, db = affine_backward(dy, cache)
        return dx, 0 * dw, db

    assert not check_gradients(affine, [X, W, B], backward).ok
    assert check_gradients(affine, [X, W, B], backward, wrt=["x", "b"]).ok
    assert check_gradients(affine, [X, W, B], lambda dy, cache: dy @ W.T, wrt="x").ok


def test_outputs_choose_which_results_have_an_upstream_gradient():
    def f(x):
        return np.sin(x), np.cos(x)

    assert check_gradients(f, [X], lambda ds: ds * np.cos(X), outputs=[0]).ok
    assert check_gradients(f, [X], lambda dc: -dc * np.sin(X), outputs=[1]).ok


def test_scalars_and_empty_arrays_are_arrays_too():
    result = check_gradients(
        lambda a, e: a**3,
        [np.array(2.0), np.zeros((0, 3))],
        lambda dy: (np.array(3 * 2.0**2 * dy), np.zeros((0, 3))),
    )
    assert result.ok
    assert result["a"].shape == ()


WRONG_COUNTS = {
    "backward returned 2 gradients for 3 inputs (x, w, b)": lambda dy, c: (dy @ W.T, X.T @ dy),
    "no name of an input": lambda dy, c: {"q": dy},
}


@pytest.mark.parametrize("words", WRONG_COUNTS)
def test_gradients_that_line_up_with_nothing_are_wrong(words):
    result = check_gradients(affine, [X, W, B], WRONG_COUNTS[words])
    assert not result.ok
    assert words in str(result)


def test_a_missing_gradient_is_wrong():
    result = check_gradients(affine, [X, W, B], lambda dy, c: {"dx": dy @ W.T, "db": dy.sum(0)})
    assert [array.name for array in result if not array.ok] == ["w"]
    assert result["w"].diagnosis == "no gradient was returned"


SHAPES = {
    "is transposed": lambda dy: (X.T @ dy).T,
    "is not summed over the batch (axis 0)": lambda dy: X[:, :, None] * dy[:, None, :],
    "is summed over axis 0 of the input": lambda dy: (X.T @ dy).sum(axis=0),
    "has the right numbers: reshape to (4, 2)": lambda dy: (X.T @ dy).ravel(),
}


@pytest.mark.parametrize("words", SHAPES)
def test_a_wrong_shape_is_explained(words):
    result = check_gradients(
        affine, [X, W, B], lambda dy, c: (dy @ W.T, SHAPES[words](dy), dy.sum(0))
    )
    assert result["x"].ok and result["b"].ok
    assert words in result["w"].diagnosis


ERRORS = [
    (lambda: check_gradients(np.sin, [np.arange(3)], np.cos), "inputs: expected at least one"),
    (lambda: check_gradients(np.sin, 3.0, np.cos), "inputs: expected a sequence or a mapping"),
    (lambda: check_gradients(lambda x: x, [X + 1j], np.cos), "x: expected a real array"),
    (
        lambda: check_gradients(lambda x: "no", [X], np.cos),
        "f: output: expected an array of floats",
    ),
    (lambda: check_gradients(lambda x: x, [X]), r"f: expected \(loss, gradients\)"),
    (lambda: check_gradients(lambda x: (x, x), [X], lambda dy: dy), "to take 2 arguments.*takes 1"),
    (lambda: check_gradients(lambda x: x, [X], np.cos, wrt=["y"]), r"among \['x'\], got \['y'\]"),
    (lambda: check_gradients(np.sin, [X], np.cos, tolerance=0), "tolerance: expected a positive"),
    (
        lambda: check_gradients(np.sin, [X], np.cos, floor=-1),
        "floor: expected a number of at least 0",
    ),
    (lambda: check_gradients(np.sin, [X], np.cos, method="magic"), "method: expected one of"),
    (
        lambda: check_gradients(np.sin, [X], np.cos, max_entries=-1),
        "max_entries: expected at least",
    ),
]


@pytest.mark.parametrize("call, words", ERRORS)
def test_what_cannot_be_checked_is_refused_in_clear_words(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def product_of_dicts(p, q):
    return p["W"] * q["W"]


NESTED = {
    "by argument": lambda dy: {"p": {"W": dy * (X + 1)}, "q": {"dW": dy * X}},
    "by argument with d": lambda dy: {"dp": {"dW": dy * (X + 1)}, "dq": {"W": dy * X}},
    "by position": lambda dy: ({"W": dy * (X + 1)}, {"W": dy * X}),
}


@pytest.mark.parametrize("manner", NESTED)
def test_gradients_may_be_nested_as_the_inputs_are(manner):
    for inputs in ([{"W": X}, {"W": X + 1}], {"p": {"W": X}, "q": {"W": X + 1}}):
        result = check_gradients(product_of_dicts, inputs, NESTED[manner])
        assert result.ok, result


def test_the_keys_of_a_dict_need_not_be_words():
    def backward(dy):
        return {(0, "W"): 2 * dy, 1: 3 * dy}

    result = check_gradients(lambda p: 2 * p[0, "W"] + 3 * p[1], [{(0, "W"): X, 1: X}], backward)
    assert result.ok, result
    nested = check_gradients(
        lambda p: 2 * p[0, "W"] + 3 * p[1], [{(0, "W"): X, 1: X}], lambda dy: (backward(dy),)
    )
    assert nested.ok, nested


@pytest.mark.parametrize("nonsense", ["no", [[1.0, 2.0], [3.0]], object()])
def test_a_gradient_that_is_no_array_of_numbers_is_wrong(nonsense):
    def backward(dy, cache):
        dx, dw, _ = affine_backward(dy, cache)
        return dx, dw, nonsense

    result = check_gradients(affine, [X, W, B], backward)
    assert [array.name for array in result if not array.ok] == ["b"]
    assert result["b"].diagnosis == "dtype: expected float64, got object"
