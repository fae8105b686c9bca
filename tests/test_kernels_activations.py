"""Error bounds of the vectorised tanh and sigmoid, against longer arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scratchrnn.kernels.common import activation_codes

from scratchrnn import cells, kernels
from scratchrnn.cells.activations import ACTIVATIONS

ULP = {np.float32: 3, np.float64: 4.5}  # 4.5 ulp of float64 are 1e-15


def compiled(name: str, a: np.ndarray) -> np.ndarray:
    """Apply a compiled activation: one step of a network with the weights 1 and 0."""
    one, zero = np.ones((1, 1), a.dtype), np.zeros((1, 1), a.dtype)
    return kernels.rnn_forward(a[:, None, None], None, one, zero, activation=name)[1][:, 0]


def exact(name: str, a: np.ndarray) -> np.ndarray:
    """The same in the longest arithmetic there is."""
    a = a.astype(np.longdouble)
    return np.tanh(a) if name == "tanh" else 1 / (1 + np.exp(-a))


def arguments(dtype) -> np.ndarray:
    """Numbers of every size, near 0, and where the range reduction changes its mind."""
    rng = np.random.default_rng(0)
    edges = np.log(2) * (np.arange(-60, 60) + 0.5)
    wide = [rng.uniform(-s, s, 300) for s in (1e-30, 1e-6, 1e-2, 0.5, 2, 10, 30, 80)]
    return np.concatenate([*wide, edges, edges * (1 + 1e-7), np.zeros(1)]).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_error_is_within_the_stated_bounds(name, dtype):
    a = arguments(dtype)
    want = exact(name, a)
    error = np.abs(compiled(name, a) - want)
    ulps = error / np.spacing(np.abs(want).astype(dtype))
    assert ulps.max() <= ULP[dtype]
    if dtype is np.float64:
        assert (error[want != 0] <= 1e-15 * np.abs(want[want != 0])).all()


@pytest.mark.parametrize("dtype, floor", [(np.float32, 3e-38), (np.float64, 1e-307)])
def test_far_ends_and_special_values(dtype, floor):
    a = np.array([np.inf, -np.inf, np.nan, 1e30, -1e30, 0.0, -0.0], dtype)
    tanh, sigmoid = compiled("tanh", a), compiled("sigmoid", a)
    np.testing.assert_array_equal(tanh, np.array([1, -1, np.nan, 1, -1, 0, 0], dtype))
    np.testing.assert_allclose(sigmoid, [1, 0, np.nan, 1, 0, 0.5, 0.5], rtol=0, atol=floor)
    assert tanh.dtype == sigmoid.dtype == dtype


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_activation_never_decreases_and_stays_in_its_range(name):
    y = compiled(name, np.linspace(-12, 12, 4001).astype(np.float32))
    low = -1 if name == "tanh" else 0
    assert (np.diff(y) >= -2e-7).all()
    assert y.min() >= low
    assert y.max() <= 1


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_the_cells_on_both_sides_of_every_kink(name):
    kinks = np.array([-9.0, -6.0, -3.0, -1.0, 0.0, 1.0, 3.0, 6.0, 9.0])
    x = np.concatenate([kinks - 0.4, kinks + 0.4])[:, None, None]
    one, zero, slopes = np.ones((1, 1)), np.zeros((1, 1)), []
    for module in (kernels, cells):
        h, _, cache = module.rnn_forward(x, None, one, zero, activation=name)
        grads = module.rnn_backward(np.ones_like(h), cache)
        slopes.append(np.concatenate([h, grads.dx], axis=2))
    np.testing.assert_allclose(slopes[0], slopes[1], rtol=1e-13, atol=1e-15)


def test_the_usual_activations_have_types_of_their_own_and_all_others_share_one():
    def types(*names):
        return [type(code) for code in activation_codes("", *names)]

    assert types("tanh") == [np.int8]
    assert types("relu") == [np.int32]
    assert types("linear") == [np.int64]
    assert types("tanh", "sigmoid") == [np.int8, np.int16]
    assert types("sigmoid", "tanh") == types("relu", "sigmoid") == [np.int64, np.int64]
