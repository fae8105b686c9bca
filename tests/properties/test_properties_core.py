"""What every recurrence is, on both backends, in both precisions, for every shape."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..recurrences import BACKENDS
from .problems import assert_same, problems, take_rows, take_steps

backends = pytest.mark.parametrize("backend", BACKENDS)
TOTALS = ("Wx", "Wh", "b", "peepholes")  # summed over the batch and over time


@backends
@given(problem=problems(), factor=st.floats(-3, 3), seed=st.integers(0, 2**32 - 1))
def test_backward_is_linear_in_the_upstream_gradient(backend, problem, factor, seed):
    rng = np.random.default_rng(seed)
    other = {
        k: rng.standard_normal(u.shape).astype(problem.dtype) for k, u in problem.upstream.items()
    }
    scaled = problem.dtype(factor)
    both = {k: scaled * u + other[k] for k, u in problem.upstream.items()}
    first = problem.backward(backend)
    second = problem.with_upstream(**other).backward(backend)
    expected = {k: scaled * g + second[k] for k, g in first.items()}
    got = problem.with_upstream(**both).backward(backend)
    size = max(float(np.max(np.abs(g))) for g in [*first.values(), *second.values()])
    assert_same(got, expected, 4 * problem.tolerance * max(1.0, size))


@backends
@given(problem=problems())
def test_a_batch_is_the_stack_of_its_rows(backend, problem):
    outputs, gradients = problem.both(backend)
    rows = []
    for n in range(len(problem.arrays["x"])):
        one = slice(n, n + 1)
        alone = problem.with_arrays(**take_rows(problem.arrays, one))
        rows.append(alone.with_upstream(**take_rows(problem.upstream, one)).both(backend))
    stacked = {k: np.concatenate([o[k] for o, _ in rows]) for k in outputs}
    assert_same(outputs, stacked, problem.tolerance)
    joined = {
        k: sum(g[k] for _, g in rows) if k in TOTALS else np.concatenate([g[k] for _, g in rows])
        for k in gradients
    }
    assert_same(gradients, joined, 4 * problem.tolerance)


@backends
@given(problem=problems(least_steps=2), data=st.data())
def test_two_halves_that_carry_the_state_and_its_gradient_are_the_whole(backend, problem, data):
    at = data.draw(st.integers(1, problem.arrays["x"].shape[1] - 1))
    early = take_steps(problem, slice(None, at))
    ends = early.forward(backend)
    carried = {f"{letter}0": ends[f"{letter}T"] for letter in problem.states}
    late = take_steps(problem, slice(at, None), **carried)
    late_outputs, late_gradients = late.both(backend)
    handed_back = {f"{letter}T": late_gradients[f"{letter}0"] for letter in problem.states}
    early_gradients = early.with_upstream(**handed_back).backward(backend)

    outputs, gradients = problem.both(backend)
    joined = {**late_outputs, "h": np.concatenate([ends["h"], late_outputs["h"]], axis=1)}
    assert_same(outputs, joined, problem.tolerance)
    summed = {k: early_gradients[k] + late_gradients[k] for k in gradients if k in TOTALS}
    dx = np.concatenate([early_gradients["x"], late_gradients["x"]], axis=1)
    states = {f"{letter}0": early_gradients[f"{letter}0"] for letter in problem.states}
    assert_same(gradients, {**summed, **states, "x": dx}, 4 * problem.tolerance)


@backends
@given(problem=problems(masked=st.just(True)), bad=st.sampled_from([np.nan, np.inf, 1e30]))
def test_masked_steps_change_nothing_and_get_no_gradient(backend, problem, bad):
    hidden = ~problem.arrays["mask"]
    x = problem.arrays["x"].copy()
    x[hidden] = bad
    clean, gradients = problem.both(backend)
    spoiled, spoiled_gradients = problem.with_arrays(x=x).both(backend)
    assert_same(spoiled, clean, 0)
    assert_same(spoiled_gradients, gradients, 0)
    assert not spoiled_gradients["x"][hidden].any()


@backends
@given(problem=problems(masked=st.just(True)))
def test_masked_steps_carry_the_state(backend, problem):
    outputs = problem.forward(backend)
    before = np.concatenate([problem.arrays["h0"][:, None], outputs["h"][:, :-1]], axis=1)
    hidden = ~problem.arrays["mask"]
    np.testing.assert_array_equal(outputs["h"][hidden], before[hidden])
    np.testing.assert_array_equal(outputs["h"][:, -1], outputs["hT"])


@backends
@given(problem=problems(masked=st.just(False)), more=st.integers(1, 5), after=st.booleans())
def test_the_length_of_the_padding_is_irrelevant(backend, problem, more, after):
    (N, T, D), H = problem.arrays["x"].shape, problem.arrays["Wh"].shape[0]
    sides = ((0, 0), (0, more) if after else (more, 0))
    real = slice(0, T) if after else slice(more, more + T)
    padded = problem.with_arrays(
        x=np.pad(problem.arrays["x"], (*sides, (0, 0)), constant_values=np.nan),
        mask=np.pad(np.ones((N, T), bool), sides),
    ).with_upstream(h=np.pad(problem.upstream["h"], (*sides, (0, 0))))
    outputs, gradients = problem.both(backend)
    longer, longer_gradients = padded.both(backend)
    assert_same({**longer, "h": longer["h"][:, real]}, outputs, problem.tolerance)
    assert longer_gradients["x"].shape == (N, T + more, D)
    assert longer["h"].shape == (N, T + more, H)
    trimmed = {**longer_gradients, "x": longer_gradients["x"][:, real]}
    assert_same(trimmed, gradients, 4 * problem.tolerance)


@backends
@given(problem=problems(), seed=st.integers(0, 2**32 - 1))
def test_permuting_the_units_permutes_the_results(backend, problem, seed):
    H = problem.arrays["Wh"].shape[0]
    order = np.random.default_rng(seed).permutation(H)
    gates = problem.arrays["Wx"].shape[1] // H
    columns = np.concatenate([g * H + order for g in range(gates)])

    def permuted(arrays):
        moved = {}
        for key, a in arrays.items():
            if key in ("x", "mask") or a is None:
                moved[key] = a
            elif key == "Wh":
                moved[key] = a[order][:, columns]
            else:
                moved[key] = a[..., columns if key in ("Wx", "b") else order]
        return moved

    shuffled = problem.with_arrays(**permuted(problem.arrays))
    shuffled = shuffled.with_upstream(**permuted(problem.upstream))
    (outputs, gradients), (got, got_gradients) = problem.both(backend), shuffled.both(backend)
    assert_same(got, permuted(outputs), problem.tolerance)
    assert_same(got_gradients, permuted(gradients), 4 * problem.tolerance)


@backends
@given(problem=problems(dtypes=(np.float64,), masked=st.booleans()))
def test_float32_follows_float64(backend, problem):
    def rounded(arrays):
        return {
            k: a if a is None or a.dtype == bool else a.astype(np.float32)
            for k, a in arrays.items()
        }

    def widened(arrays):
        return {
            k: a if a is None or a.dtype == bool else a.astype(np.float64)
            for k, a in arrays.items()
        }

    single = problem.with_arrays(**rounded(problem.arrays))
    single = single.with_upstream(**rounded(problem.upstream))
    double = problem.with_arrays(**widened(single.arrays))
    double = double.with_upstream(**widened(single.upstream))
    outputs, gradients = single.both(backend)
    assert all(a.dtype == np.float32 for a in [*outputs.values(), *gradients.values()])
    expected, expected_gradients = double.both(backend)
    assert_same(widened(outputs), expected, 2e-5)
    assert_same(widened(gradients), expected_gradients, 1e-4)


@given(problem=problems())
def test_the_backends_agree(problem):
    (outputs, gradients), (other, other_gradients) = map(problem.both, BACKENDS)
    assert_same(other, outputs, problem.tolerance)
    assert_same(other_gradients, gradients, 4 * problem.tolerance)


@backends
@given(problem=problems())
def test_no_argument_is_changed_and_every_gradient_is_fresh(backend, problem):
    before = {k: None if a is None else a.copy() for k, a in problem.arrays.items()}
    upstream = {k: u.copy() for k, u in problem.upstream.items()}
    gradients = problem.backward(backend)
    for key, a in before.items():
        np.testing.assert_array_equal(problem.arrays[key], a)
    for key, u in upstream.items():
        np.testing.assert_array_equal(problem.upstream[key], u)
    given_arrays = [
        *problem.upstream.values(),
        *(a for a in problem.arrays.values() if a is not None),
    ]
    for gradient in gradients.values():
        assert not any(np.shares_memory(gradient, a) for a in given_arrays)
