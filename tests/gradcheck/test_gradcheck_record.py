"""What a check has looked at, and with which gradients from above, is what it says."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients
from scratchrnn.gradcheck.numeric import Lines, from_ladder

X = np.random.default_rng(0).uniform(0.5, 1.5, size=(3, 4))


def square(x):
    return x * x


def upstream_of(seed: int) -> np.ndarray:
    """Return the gradient from above that backward gets."""
    seen = []

    def backward(dy):
        seen.append(dy.copy())
        return 2 * X * dy

    assert check_gradients(square, [X], backward, seed=seed).ok
    return seen[0]


def test_gradients_from_above_are_of_both_signs_unequal_and_none_near_zero():
    dy = upstream_of(0)
    assert dy.shape == X.shape and len(np.unique(dy)) == dy.size
    assert (dy > 0).any() and (dy < 0).any()
    assert np.abs(dy).min() >= 0.5 and np.abs(dy).max() <= 1.5


def test_the_seed_decides_the_gradient_from_above():
    np.testing.assert_array_equal(upstream_of(3), upstream_of(3))
    assert not np.isclose(upstream_of(3), upstream_of(4)).any()


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_an_error_is_relative_to_the_larger_of_both(factor):
    result = check_gradients(square, [X], lambda dy: factor * 2 * X * dy)
    assert result["x"].worst_error == pytest.approx(0.5, rel=1e-6)


def test_every_entry_is_counted():
    (check,) = check_gradients(square, [X], lambda dy: 2 * X * dy)
    assert (check.checked, check.kinks, check.unresolved) == (12, 0, 0)
    x = X - 1.0
    x[0, :2] = 0.0  # kinks
    (check,) = check_gradients(np.abs, [x], lambda dy: np.sign(x) * dy)
    assert (check.checked, check.kinks) == (10, 2)


def test_the_worst_entry_is_named_with_both_values():
    def backward(dy):
        dx = 2 * X * dy
        dx[2, 1] = 9.0
        return dx

    (check,) = check_gradients(square, [X], backward)
    dy = upstream_of(0)
    assert not check.ok and check.worst_index == (2, 1) and check.analytic == 9.0
    assert check.numeric == pytest.approx(2 * X[2, 1] * dy[2, 1], rel=1e-6)


def test_a_large_array_is_checked_in_three_directions_and_in_some_of_its_entries():
    x = np.random.default_rng(1).uniform(0.5, 1.5, size=(12, 10))
    (check,) = check_gradients(square, [x], lambda dy: 2 * x * dy, max_entries=100)
    assert check.ok and check.method == "inner products" and check.checked == 3 + 24
    (check,) = check_gradients(square, [x], lambda dy: 3 * x * dy, max_entries=100)
    assert not check.ok


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_two_entries_of_a_large_array_that_are_exchanged_are_found(first):
    x = np.random.default_rng(1).uniform(0.5, 1.5, size=(12, 10))

    def backward(dy):  # the sum stays
        dx = 2 * x * dy
        dx.flat[first : first + 2] = dx.flat[first : first + 2][::-1].copy()
        return dx

    assert not check_gradients(square, [x], backward, max_entries=100).ok


def test_a_function_that_drifts_a_little_is_no_function_of_its_inputs():
    calls = []

    def f(x):
        calls.append(None)
        return x * x * (1 + 1e-7 * len(calls))

    result = check_gradients(f, [X], lambda dy: 2 * X * dy)
    assert any("when it is called again" in problem for problem in result.problems)


def test_a_difference_is_central_and_puts_back_what_was_there():
    x = np.array([0.5, np.nan, -2.0])
    lines = Lines(
        lambda arrays: np.sin(arrays[0][::2]), [x], np.ones(2), float(np.finfo(float).eps)
    )
    before = x.copy()
    slopes = [lines.row(0, k)[0] for k in range(3)]
    np.testing.assert_allclose(slopes, [[np.cos(0.5), 0], [0, 0], [0, np.cos(2.0)]], atol=1e-9)
    assert lines.refine_entry(0, 2).value == pytest.approx(np.cos(2.0), rel=1e-10)
    np.testing.assert_array_equal(x, before)


def test_two_steps_together_know_a_cubic():
    h = 8.0 ** -np.arange(4)  # long steps: each by itself is off by h²
    estimate = from_ladder(h, h, 3 * h + h**3, -3 * h - h**3)
    assert estimate.value == pytest.approx(3.0, rel=1e-12)
