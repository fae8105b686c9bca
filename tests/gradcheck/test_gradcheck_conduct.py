"""A pair that changes its inputs, accumulates, or is not a function is found out."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

X = np.random.default_rng(0).standard_normal((3, 4))


def test_inputs_changed_by_f_are_a_problem():
    def f(x):
        x *= 1.0 + 1e-3
        return np.sin(x)

    before = X.copy()
    result = check_gradients(f, [X], lambda dy: dy * np.cos(X * 1.001) * 1.001)
    assert result.problems == ["f changes its input x in place"]
    assert not result.ok and result["x"].ok
    assert np.array_equal(X, before)


def test_inputs_changed_by_backward_are_a_problem():
    def f(x):
        return np.sin(x), (x,)

    def backward(dy, cache):
        (x,) = cache
        np.cos(x, out=x)
        return dy * x

    result = check_gradients(f, [X], backward)
    assert "backward changes its input x in place" in result.problems


def test_an_upstream_gradient_changed_in_place_is_a_problem():
    def backward(dy):
        dy *= np.cos(X)
        return dy

    result = check_gradients(np.sin, [X], backward)
    assert "backward changes the upstream gradient of output in place" in result.problems


def test_gradients_that_accumulate_are_a_problem():
    total = np.zeros_like(X)

    def backward(dy):
        nonlocal total
        total = total + dy * np.cos(X)
        return total.copy()

    result = check_gradients(np.sin, [X], backward)
    assert any("twice as large: it accumulates" in problem for problem in result.problems)


def test_gradients_that_depend_on_the_number_of_forward_calls_are_a_problem():
    calls = []

    def f(x):
        calls.append(1)
        return np.sin(x), len(calls)

    def backward(dy, cache):
        return dy * np.cos(X) * (1 + 1e-3 * cache)

    result = check_gradients(f, [X], backward)
    assert any("once more give other gradients" in problem for problem in result.problems)


def test_a_backward_for_one_use_is_only_noted():
    def f(x):
        return np.sin(x), [x.copy()]

    result = check_gradients(f, [X], lambda dy, cache: dy * np.cos(cache.pop()))
    assert result.ok
    assert "once for each forward" in result.notes[0]


def test_shared_memory_is_noted_and_wrong_when_strict():
    def add(x, y):
        return x + y

    loose = check_gradients(add, [X, X + 1], lambda dy: (dy, dy))
    assert loose.ok
    assert any("shares memory with" in note for note in loose.notes)
    strict = check_gradients(add, [X, X + 1], lambda dy: (dy, dy), strict=True)
    assert not strict.ok
    assert "the gradient of x shares memory with the gradient of y" in str(strict)
    assert check_gradients(add, [X, X + 1], lambda dy: (dy + 0, dy + 0), strict=True).ok


def test_a_buffer_that_the_next_backward_overwrites_is_not_fresh():
    buffer, calls = np.zeros_like(X), []

    def backward(dy):
        calls.append(1)
        buffer[...] = dy * np.cos(X) * (1 + 1e-13 * len(calls))
        return buffer

    result = check_gradients(np.sin, [X], backward, strict=True)
    assert any("overwritten by the next backward" in problem for problem in result.problems)


def test_a_function_of_more_than_its_inputs_is_a_problem():
    rng = np.random.default_rng(0)
    result = check_gradients(
        lambda x: x * (rng.random(x.shape) > 0.5), [X], lambda dy: dy, tolerance=0.5
    )
    assert any("draws random numbers, or keeps state" in problem for problem in result.problems)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_a_problem(bad):
    result = check_gradients(lambda x: x * bad, [X], lambda dy: dy * bad)
    assert "f gives values that are not finite in output" in result.problems
