"""The compiled recurrences: equal to the readable ones, whatever they are given.

All of it also passes with NUMBA_DISABLE_JIT=1, where kernels run as plain Python.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scratchrnn.kernels import activations, plan, sequence

from scratchrnn import cells, kernels
from scratchrnn.cells.activations import ACTIVATIONS
from tests.kernel_cases import Problem, assert_equal_to_cells, assert_same_bits

CELLS = ("rnn", "lstm", "gru")
DTYPES = (np.float32, np.float64)
VARIANTS = [
    ("rnn", {}),
    ("lstm", {}),
    ("lstm", {"peepholes": True}),
    ("gru", {}),
    ("gru", {"reset_after": False}),
]


def masks(N: int, T: int) -> st.SearchStrategy:
    """No mask, lengths, padding in front, or holes; whole rows may be hidden."""
    lengths = st.lists(st.integers(0, T), min_size=N, max_size=N).map(np.array)
    steps = np.arange(T)[None, :]
    return st.one_of(
        st.none(),
        lengths.map(lambda n: steps < n[:, None]),
        lengths.map(lambda n: steps >= n[:, None]),
        st.integers(0, 99).map(lambda seed: np.random.default_rng(seed).random((N, T)) < 0.5),
    )


@st.composite
def problems(draw, cell: str, dtype: type):
    """Problems with 1 in every dimension, and sizes off every block and vector."""
    N, T = draw(st.sampled_from([1, 2, 5, 9, 13])), draw(st.sampled_from([1, 2, 7]))
    D, H = draw(st.sampled_from([1, 3, 8, 17])), draw(st.sampled_from([1, 2, 8, 19, 33]))
    flags = {name: draw(st.booleans()) for name in ("bias", "states", "dropped")}
    if cell == "lstm":
        flags["peepholes"] = draw(st.booleans())
    if cell == "gru":
        flags["reset_after"] = draw(st.booleans())
    seed = draw(st.integers(0, 2**16))
    return Problem(cell, (N, T, D, H), dtype, draw(masks(N, T)), seed, **flags)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("cell", CELLS)
@given(data=st.data())
def test_kernels_equal_cells(cell, dtype, data):
    assert_equal_to_cells(data.draw(problems(cell, dtype)))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("cell", CELLS)
def test_every_named_activation_equals_that_of_the_cells(cell, name):
    shape, gain = (3, 3, 2, 5), 0.1 if name == "exponential" else 1.0
    both = {} if cell == "rnn" else {"recurrent_activation": "hard_sigmoid"}
    assert_equal_to_cells(Problem(cell, shape, activation=name, gain=gain, **both))
    if cell != "rnn":
        assert_equal_to_cells(Problem(cell, shape, recurrent_activation=name, gain=gain))


def test_kernels_know_every_activation_of_the_cells():
    assert activations.CODES.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_many_rows_steps_and_columns_equal_cells(cell, options):
    mask = np.random.default_rng(3).random((plan.MOST_ROWS + 3, 9)) < 0.8
    assert_equal_to_cells(Problem(cell, (plan.MOST_ROWS + 3, 9, 37, 70), mask=mask, **options))


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell, options", VARIANTS)
def test_sizes_of_blocks_and_segments_change_no_bit(cell, options, masked, monkeypatch):
    mask = np.random.default_rng(1).random((5, 11)) < 0.6 if masked else None
    problem = Problem(cell, (5, 11, 3, 6), mask=mask, dropped=True, **options)
    whole = problem.run()
    monkeypatch.setattr(sequence, "DA_BYTES", 1)
    for module in CELLS:
        monkeypatch.setattr(f"scratchrnn.kernels.{module}.CACHE_BYTES", 1)
    assert_same_bits(problem.run(), whole)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell, options", VARIANTS)
def test_backward_in_segments_gives_the_bits_of_one_pass(cell, options, masked):
    N, T = 4, 10
    mask = np.random.default_rng(1).random((N, T)) < 0.6 if masked else None
    problem = Problem(cell, (N, T, 3, 6), mask=mask, **options)
    whole = problem.run()
    forward, backward = (getattr(kernels, f"{cell}_{way}") for way in ("forward", "backward"))
    states, caches, pieces = problem.states, [], [slice(0, 3), slice(3, 7), slice(7, 10)]
    for piece in pieces:
        part = None if mask is None else mask[:, piece]
        weights = problem.Wx, problem.Wh, problem.b, part
        _, *states, cache = forward(problem.x[:, piece], *states, *weights, **problem.options)
        caches.append(cache)
    d_states, grads, dx = problem.d_states, None, []
    for piece, cache in zip(pieces[::-1], caches[::-1], strict=True):
        grads = backward(problem.dh[:, piece], cache, *d_states, onto=grads)
        d_states = grads[1 : 1 + len(d_states)]
        dx.append(grads.dx)
    got = {**grads._asdict(), "dx": np.concatenate(dx[::-1], axis=1)}
    assert_same_bits(got, {name: whole[name] for name in got})


@pytest.mark.parametrize("cell", CELLS)
def test_a_row_does_not_depend_on_the_others(cell):
    problem = Problem(cell, (13, 6, 4, 9), np.float32)
    whole, _ = problem.forward()
    problem.x, problem.states = problem.x[4:5], [s[4:5] for s in problem.states]
    alone, _ = problem.forward()
    assert alone["h"].tobytes() == whole["h"][4:5].tobytes()


# -- what comes in -------------------------------------------------------------------------------


def awkward(a: np.ndarray) -> np.ndarray:
    """The same numbers, every second of a larger array, backwards in memory and read-only."""
    spread = np.zeros([2 * n for n in a.shape], a.dtype)
    view = spread[tuple(slice(None, None, -2) for _ in a.shape)]
    view[...] = a
    view.flags.writeable = False
    return view


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_strided_and_read_only_arrays_are_welcome(cell, options):
    mask = np.random.default_rng(2).random((4, 5)) < 0.7
    problem = Problem(cell, (4, 5, 3, 6), mask=mask, dropped=True, **options)
    plain = problem.run()
    for name in ("x", "Wx", "Wh", "b", "mask", "dh"):
        setattr(problem, name, awkward(getattr(problem, name)))
    problem.states = [awkward(s) for s in problem.states]
    problem.d_states = [awkward(s) for s in problem.d_states]
    for name in ("recurrent_mask", "peepholes"):
        if name in problem.options:
            problem.options[name] = awkward(problem.options[name])
    assert_same_bits(problem.run(), plain)


def test_foreign_byte_order_and_unaligned_memory_are_welcome():
    problem = Problem("lstm", (2, 3, 4, 5))
    plain = problem.run()
    problem.x = problem.x.astype(">f8")
    raw = np.zeros(problem.Wx.nbytes + 1, np.uint8)
    unaligned = raw[1:].view(np.float64).reshape(problem.Wx.shape)
    unaligned[...] = problem.Wx
    problem.Wx = unaligned
    assert_same_bits(problem.run(), plain)


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_no_argument_is_changed_and_backward_may_be_asked_again(cell, options):
    problem = Problem(cell, (3, 4, 2, 5), dropped=True, **options)
    arguments = [problem.x, problem.Wx, problem.Wh, problem.b, problem.dh]
    arguments += [*problem.states, *problem.d_states]
    arguments += [a for a in problem.options.values() if isinstance(a, np.ndarray)]
    before = [a.copy() for a in arguments]
    _, cache = problem.forward()
    first = {k: None if g is None else g.copy() for k, g in problem.backward(cache).items()}
    assert_same_bits(problem.backward(cache), first)
    for a, b in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", CELLS)
def test_absent_gradients_are_zero(cell):
    problem = Problem(cell, (3, 4, 2, 5))
    problem.d_states = [None] * len(problem.d_states)
    problem.dh[:] = 0
    _, cache = problem.forward()
    with_zeros = problem.backward(cache)
    problem.dh = None
    assert_same_bits(problem.backward(cache), with_zeros)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(0, 3, 2, 4), (2, 0, 3, 4)])
def test_empty_batches_and_sequences_equal_cells(cell, shape):
    assert_equal_to_cells(Problem(cell, shape))


# -- NaN, infinity, masks ------------------------------------------------------------------------


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_nan_comes_through_in_its_own_row_only(cell, options):
    problem = Problem(cell, (3, 5, 2, 4), **options)
    problem.x[1, 2, 0] = np.nan
    h, _ = problem.forward()
    want, _ = problem.forward(cells)
    np.testing.assert_array_equal(np.isnan(h["h"]), np.isnan(want["h"]))
    assert np.isnan(h["h"][1, 2:]).all()
    assert not np.isnan(h["h"][[0, 2]]).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinite_inputs_saturate(dtype):
    problem = Problem("lstm", (2, 2, 1, 3), dtype, bias=False)
    problem.x[:] = np.array([np.inf, -np.inf])[:, None, None]
    h, _ = problem.forward()
    want, _ = problem.forward(cells)
    np.testing.assert_allclose(h["h"], want["h"], atol=1e-6)


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_masked_steps_change_nothing_and_get_no_gradient(cell, options):
    mask = np.array([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0], [0, 1, 1, 1, 1]], bool)
    problem = Problem(cell, (3, 5, 2, 4), mask=mask, **options)
    first = problem.run()
    problem.x[~mask] = 1e30
    assert_same_bits(problem.run(), first)
    assert not first["dx"][~mask].any()
    np.testing.assert_array_equal(first["h"][0, 2], first["h"][0, 1])
    np.testing.assert_array_equal(first["hT"][1], problem.states[0][1])


@pytest.mark.parametrize("cell", CELLS)
def test_cache_holds_what_that_of_the_cells_holds(cell):
    mask = np.array([[1, 0, 1], [1, 1, 0]], bool)
    problem = Problem(cell, (2, 3, 2, 4), mask=mask)
    (_, got), (_, want) = problem.forward(), problem.forward(cells)
    assert got._fields == want._fields
    real = mask.T
    for name in ("x", "h", "c", "gates", "u_n", "mask"):
        if hasattr(want, name):
            mine, other = getattr(got, name), getattr(want, name)
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
            if name in ("gates", "u_n"):
                mine, other = mine[real], other[real]
            np.testing.assert_allclose(mine, other, rtol=0, atol=1e-14)


# -- steps and errors ----------------------------------------------------------------------------


@pytest.mark.parametrize("cell, options", VARIANTS)
def test_steps_equal_those_of_the_cells(cell, options):
    problem = Problem(cell, (3, 1, 2, 5), dropped=True, **options)
    results = []
    for module in (kernels, cells):
        step, back = (getattr(module, f"{cell}_step{w}") for w in ("", "_backward"))
        weights = problem.Wx, problem.Wh, problem.b
        *new, cache = step(problem.x[:, 0], *problem.states, *weights, **problem.options)
        results.append([*new, *back(*problem.d_states, cache)])
    assert len(results[0]) == len(results[1])
    for mine, other in zip(*results, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, atol=1e-13)
