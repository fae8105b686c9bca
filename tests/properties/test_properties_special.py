"""Recurrences whose result is known: gates held open or shut, no recurrence, frozen states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..recurrences import BACKENDS
from .problems import FORMS, assert_same, problems, random_problem, take_steps

backends = pytest.mark.parametrize("backend", BACKENDS)
SMOOTH_FORMS = sorted(set(FORMS) - {"rnn relu"})  # a difference must not step over a kink
SHUT = 200.0  # a pre-activation that a sigmoid takes to exactly 0 or 1
sizes = st.tuples(*(st.integers(1, 5) for _ in range(4)))
seeds = st.integers(0, 2**32 - 1)


def gated(form, shape, seed, dtype, openings: dict[int, float]):
    """Return a problem whose gates (by number) have pre-activations of ±SHUT whatever comes in."""
    problem = random_problem(form, shape, np.random.default_rng(seed), dtype)
    H = shape[3]
    arrays = {k: problem.arrays[k].copy() for k in ("Wx", "Wh", "b")}
    for gate, value in openings.items():
        columns = slice(gate * H, (gate + 1) * H)
        for array in arrays.values():
            array[..., columns] = 0
        arrays["b"][..., columns] = value / (2 if arrays["b"].ndim == 2 else 1)
    return problem.with_arrays(**arrays)


@backends
@given(
    shape=sizes, seed=seeds, dtype=st.sampled_from([np.float32, np.float64]), after=st.booleans()
)
def test_a_gru_with_z_one_carries_the_state_unchanged(backend, shape, seed, dtype, after):
    form = "gru after" if after else "gru before"
    problem = gated(form, shape, seed, dtype, {0: SHUT})
    outputs, gradients = problem.both(backend)
    h0 = problem.arrays["h0"]
    np.testing.assert_array_equal(outputs["hT"], h0)
    np.testing.assert_array_equal(outputs["h"], np.repeat(h0[:, None], shape[1], axis=1))
    total = problem.upstream["h"].sum(axis=1) + problem.upstream["hT"]
    assert_same({"h0": gradients["h0"]}, {"h0": total}, 4 * problem.tolerance)
    assert not gradients["x"].any()


@backends
@given(shape=sizes, seed=seeds, dtype=st.sampled_from([np.float32, np.float64]))
def test_an_lstm_with_f_one_and_i_zero_carries_the_cell_state_unchanged(
    backend, shape, seed, dtype
):
    problem = gated("lstm", shape, seed, dtype, {0: -SHUT, 1: SHUT})
    outputs, gradients = problem.both(backend)
    np.testing.assert_array_equal(outputs["cT"], problem.arrays["c0"])
    alone = problem.with_upstream(h=np.zeros_like(problem.upstream["h"]), hT=None)
    np.testing.assert_array_equal(alone.backward(backend)["c0"], problem.upstream["cT"])
    assert np.isfinite(gradients["c0"]).all()


@backends
@given(shape=sizes, seed=seeds, dtype=st.sampled_from([np.float32, np.float64]))
def test_a_tanh_rnn_without_recurrent_weights_is_a_dense_layer(backend, shape, seed, dtype):
    problem = random_problem("rnn tanh", shape, np.random.default_rng(seed), dtype)
    problem = problem.with_arrays(Wh=np.zeros_like(problem.arrays["Wh"]))
    x, Wx, b = (problem.arrays[key] for key in ("x", "Wx", "b"))
    outputs, gradients = problem.both(backend)
    h = np.tanh(x @ Wx + b)
    np.testing.assert_allclose(outputs["h"], h, rtol=0, atol=problem.tolerance)
    dh = problem.upstream["h"].copy()
    dh[:, -1] += problem.upstream["hT"]
    da = dh * (1 - h**2)
    expected = {
        "x": da @ Wx.T,
        "Wx": np.einsum("ntd,nth->dh", x, da),
        "b": da.sum(axis=(0, 1)),
        "h0": np.zeros_like(problem.arrays["h0"]),
    }
    got = {key: gradients[key] for key in expected}
    assert_same(got, expected, 8 * problem.tolerance)


@backends
@given(problem=problems(least_steps=2, dtypes=(np.float64,), forms=SMOOTH_FORMS), data=st.data())
def test_truncated_bptt_is_the_gradient_with_the_carried_state_frozen(backend, problem, data):
    at = data.draw(st.integers(1, problem.arrays["x"].shape[1] - 1))
    early = take_steps(problem, slice(None, at))
    ends = early.forward(backend)
    carried = {f"{letter}0": ends[f"{letter}T"] for letter in problem.states}
    nothing = {f"{letter}T": np.zeros_like(ends[f"{letter}T"]) for letter in problem.states}
    late = take_steps(problem, slice(at, None), **carried)
    parts = [early.with_upstream(**nothing).backward(backend), late.backward(backend)]
    truncated = parts[0]["Wh"] + parts[1]["Wh"]

    def loss(Wh):
        # The late half starts from the state that the weights as they were have led to.
        first = early.with_arrays(Wh=Wh).forward(backend)
        second = late.with_arrays(Wh=Wh).forward(backend)
        total = np.vdot(early.upstream["h"], first["h"])
        return total + sum(np.vdot(late.upstream[key], second[key]) for key in second)

    rng = np.random.default_rng(data.draw(seeds))
    direction = rng.standard_normal(truncated.shape)
    step = 1e-6
    Wh = problem.arrays["Wh"]
    numeric = (loss(Wh + step * direction) - loss(Wh - step * direction)) / (2 * step)
    analytic = np.vdot(truncated, direction)
    size = np.linalg.norm(truncated) * np.linalg.norm(direction) + 1
    assert abs(numeric - analytic) <= 1e-7 * size


@backends
@pytest.mark.parametrize("form", FORMS)
def test_shapes_of_ones_and_shapes_beyond_a_block_agree_with_each_other(backend, form):
    # One row alone must not depend on how many others share its block, nor on a wide state.
    for shape in [(1, 1, 1, 1), (5, 2, 1, 9), (9, 3, 17, 1), (2, 1, 3, 33)]:
        problem = random_problem(form, shape, np.random.default_rng(0))
        (outputs, gradients), (want, wanted) = problem.both(backend), problem.both("numpy")
        assert_same(outputs, want, 1e-12)
        assert_same(gradients, wanted, 1e-11)
