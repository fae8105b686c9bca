"""The words of a diagnosis fit: units are no batch, one column is no gate, rounding no mistake."""

from __future__ import annotations

import foreign
import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

H, N, D, T = 4, 3, 2, 5


def arrays(*shapes, seed=0):
    rng = np.random.default_rng(seed)
    return [0.8 * rng.standard_normal(shape) for shape in shapes]


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


# --- A cell of columns, whose peepholes run along the units as the state does ------------------


def peephole_forward(x, c_prev, W, p, V):
    i = sigmoid(W @ x + p * c_prev)
    c = c_prev + i * np.tanh(W @ x)
    return V @ c, c, (x, c_prev, W, p, V, i, c)


def peephole_backward(wrong):
    def backward(dy, dc, cache):
        x, c_prev, W, p, V, i, c = cache
        g = np.tanh(W @ x)
        dc = dc + V.T @ dy
        di = dc * g * i * (1 - i)
        da = di + dc * i * (1 - g**2)
        dp = di * c_prev
        dp = {"row": dp[:, :1], "mean": dp.mean(1, keepdims=True)}.get(
            wrong, dp.sum(1, keepdims=True)
        )
        return W.T @ da, dc + di * p, da @ x.T, dp, dy @ c.T

    return backward


PEEPHOLE = arrays((D, N), (H, N), (H, D), (H, 1), (3 + D, H))


def test_a_peephole_that_runs_along_the_units_does_not_make_a_batch_of_them():
    assert check_gradients(peephole_forward, PEEPHOLE, peephole_backward(None)).ok
    result = check_gradients(peephole_forward, PEEPHOLE, peephole_backward("row"))
    assert [array.name for array in result if not array.ok] == ["p"]
    assert result["p"].diagnosis == "is not summed over the batch: counts the first sequence alone"
    result = check_gradients(peephole_forward, PEEPHOLE, peephole_backward("mean"))
    assert "(1/N = 0.333333)" in result["p"].diagnosis


def test_the_units_of_one_sequence_are_no_batch():
    x, W, b = arrays((1, T, H), (H, D), (D,))

    def forward(x, W, b):
        return np.cumsum(x, axis=1) @ W + b

    def backward(dy):
        da = np.cumsum(dy[:, ::-1], axis=1)[:, ::-1]
        db = dy.sum(axis=(0, 1))
        return da @ W.T, np.einsum("nth,ntd->hd", x, da), db * np.array([1.0, 2.0])

    result = check_gradients(forward, [x, W, b], backward)
    assert result["x"].ok
    assert result["b"].diagnosis == "wrong only at indices of axis 0 1 of 2"


def test_one_column_is_no_gate():
    x, W, b = arrays((3, 1), (D, 3), (D, 1))
    result = check_gradients(
        lambda x, W, b: np.tanh(W @ x + b).sum(),
        [x, W, b],
        lambda dy: _dense(dy, x, W, b, np.array([1.0, 1.0, -1.0])),
    )
    assert [array.name for array in result if not array.ok] == ["W"]
    assert result["W"].diagnosis == "wrong only at indices of axis 1 2 of 3"


def _dense(dy, x, W, b, factors):
    da = dy * (1 - np.tanh(W @ x + b) ** 2)
    return W.T @ da, (da @ x.T) * factors, da


@pytest.mark.parametrize("units", [1, 2, 5])
def test_a_mean_for_a_sum_is_named_however_few_the_units(units):
    x, W, b = arrays((N, D), (D, units), (units,))

    def backward(dy):
        da = dy * (1 - np.tanh(x @ W + b) ** 2)
        return da @ W.T, x.T @ da, da.mean(axis=0)

    result = check_gradients(lambda x, W, b: np.tanh(x @ W + b), [x, W, b], backward)
    assert result["b"].diagnosis == "is 0.333333 times what it should be (1/N = 0.333333)"


def test_a_factor_that_may_be_either_length_says_so():
    x, W = arrays((N, N, D), (D, H))

    def backward(dy):
        da = np.cumsum(dy[:, ::-1], axis=1)[:, ::-1]
        return da @ W.T, np.einsum("ntd,nth->dh", x, da) / N

    result = check_gradients(lambda x, W: np.cumsum(x, axis=1) @ W, [x, W], backward)
    assert "(1/N or 1/T = 0.333333)" in result["W"].diagnosis


@pytest.mark.parametrize("row, index", [(0, 0), (-1, N - 1)])
def test_one_row_for_all_is_named_where_rows_meet(row, index):
    x, beta = arrays((N, D), (D,))

    def forward(x, beta):
        return (x - x.mean(axis=0)) ** 2 + beta

    def backward(dy):
        dx = 2 * dy * (x - x.mean(axis=0))
        return dx - dx.mean(axis=0), dy[row]

    result = check_gradients(forward, [x, beta], backward)
    assert result["x"].ok
    text = f"is not summed over axis 0 of output: counts index {index} alone"
    assert result["beta"].diagnosis == text


def test_a_lost_axis_of_length_one_is_a_matter_of_shape_alone():
    x, b = arrays((H, N), (H, 1))
    result = check_gradients(lambda x, b: x + b, [x, b], lambda dy: (1 * dy, dy.sum(axis=1)))
    shapes = "shape: expected (4, 1), got (4,)"
    assert result["b"].diagnosis == f"{shapes}; has the right numbers: reshape to (4, 1)"


# --- Rounding inside backward -------------------------------------------------------------------


def chain(emissions, tags):
    """The log-likelihood of a chain without transitions, in log space as everybody writes it."""
    top = emissions.max(axis=1)
    forward = np.cumsum(top + np.log(np.exp(emissions - top[:, None]).sum(axis=1)))
    here = emissions + (forward - forward[0] + forward[0] - np.diff(forward, prepend=0))[:, None]
    behind = (forward[-1] - forward)[:, None]
    gradient = np.exp(here + behind - forward[-1])
    gradient[np.arange(len(tags)), tags] -= 1
    gold = emissions[np.arange(len(tags)), tags].sum()
    return forward[-1] - gold, gradient


@pytest.mark.parametrize("limit", [2000, 3])
@pytest.mark.parametrize("seed", range(6))
def test_a_gradient_that_is_zero_but_for_rounding_is_right(seed, limit):
    # The gradient is p - 1 with p = exp(sum of numbers near 1000): exact to 1e-13 at best.
    rng = np.random.default_rng(seed)
    emissions, tags = 1000 * rng.standard_normal((6, 1)), np.zeros(6, dtype=int)
    result = check_gradients(chain, [emissions, tags], max_entries=limit)
    assert result.ok, result


def test_inputs_on_a_kink_do_not_excuse_a_wrong_gradient():
    # Equal numbers: their last digits decide which one is the greatest, and has the gradient.
    x, W = np.full((3, 4), 0.7), np.random.default_rng(0).standard_normal((4, 2))

    def backward(dy):
        dx = np.zeros_like(x)
        dx[np.arange(3), x.argmax(axis=1)] = dy.sum(axis=1)
        return dx, np.full_like(W, 0.3)

    result = check_gradients(lambda x, W: x.max(axis=1)[:, None] + (W**2).sum(0), [x, W], backward)
    assert [array.name for array in result if not array.ok] == ["W"]


@pytest.mark.parametrize("seed", [0, 5])
def test_float32_far_from_a_line_raises_no_alarm(seed):
    # Weights of 3 bend the function within a step that float32 can still see.
    rng = np.random.default_rng(seed)
    inputs = [3 * rng.standard_normal(s) for s in ((2, 5, 2), (2, 3), (2, 3), (3, 3), (3,))]

    def forward(*inputs):
        h, cache = foreign.rnn_forward(*single(inputs))
        return h.astype(np.float32), single(cache)

    def backward(dh, cache):
        return single(foreign.rnn_backward()(*single([dh]), cache))

    result = check_gradients(forward, inputs, backward)
    assert result.ok, result


def single(arrays):
    return [np.asarray(array, np.float32) for array in arrays]


def test_a_wrong_gradient_that_grows_with_every_call_keeps_its_diagnosis():
    x = np.random.default_rng(0).standard_normal((3, 4))
    kept = np.zeros_like(x)

    def backward(dy):
        kept[...] -= dy * np.cos(x)
        return kept.copy()

    result = check_gradients(np.sin, [x], backward)
    assert any("accumulates" in problem for problem in result.problems)
    assert result["x"].kinds == ("sign",)
