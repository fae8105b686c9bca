"""Numeric derivatives: exact enough, honest about their own error, and not fooled."""

from __future__ import annotations

import os

import numpy as np
import pytest
import trials

from scratchrnn.gradcheck import check_gradients
from scratchrnn.gradcheck.numeric import Lines


def ladder(f, x, upstream=1.0):
    """Return the estimate of the derivative of upstream · f at one number."""
    lines = Lines(
        lambda arrays: np.atleast_1d(f(arrays[0]))[:1],
        [np.array([float(x)])],
        np.array([upstream]),
        float(np.finfo(float).eps),
    )
    with np.errstate(all="ignore"):
        return lines.refine_entry(0, 0)


@pytest.mark.parametrize(
    ("f", "x", "slope"),
    [
        (np.sin, 1.0, np.cos(1.0)),
        (np.exp, -20.0, np.exp(-20.0)),
        (np.tanh, 3.0, 1 - np.tanh(3.0) ** 2),
        (lambda x: np.tanh(1e3 * x), 1e-4, 1e3 * (1 - np.tanh(0.1) ** 2)),
        (lambda x: 1e-9 * x**3, 2.0, 1.2e-8),
        (lambda x: 1.0 + 1e-9 * x, 2.0, 1e-9),
        (lambda x: 1e6 * x + 1e-3, 0.0, 1e6),
        (lambda x: np.maximum(x, 0), 1e-6, 1.0),
        (np.log, 1e-5, 1e5),
    ],
)
def test_the_estimate_is_within_its_own_error_of_the_derivative(f, x, slope):
    estimate = ladder(f, x)
    assert estimate.kind == "smooth"
    assert abs(estimate.value - slope) <= estimate.error + 1e-9 * abs(slope)
    assert estimate.error <= 1e-4 * abs(slope)


@pytest.mark.parametrize("distance", [1e-2, 1e-4, 1e-6])
def test_a_kink_close_by_is_not_stepped_over(distance):
    estimate = ladder(lambda x: np.maximum(x, 0), -distance)
    assert estimate.kind != "kink"
    assert abs(estimate.value) <= estimate.error < 1e-2


def test_a_function_that_nothing_moves_has_slope_zero_with_hardly_any_error():
    estimate = ladder(lambda x: x * 0 + 7.0, 1.0)
    assert estimate.value == 0
    assert estimate.error < 1e-12


def test_a_slope_below_the_rounding_of_the_output_is_noise():
    assert ladder(lambda x: 1.0 + 1e-25 * x, 1.0).error > 1e-25


@pytest.mark.parametrize("f", [np.abs, lambda x: np.maximum(x, 0), lambda x: np.tanh(np.abs(x))])
def test_a_kink_is_seen(f):
    assert ladder(f, 0.0).kind == "kink"


def test_the_edge_of_a_domain_is_no_derivative():
    assert ladder(np.sqrt, 0.0).kind == "kink"


def test_kinks_are_skipped_and_said_so():
    x = np.array([0.0, 0.7, -0.3, 0.0])
    result = check_gradients(lambda x: np.maximum(x, 0), [x], lambda dy: dy * (x > 0))
    assert result.ok
    assert result["x"].kinks == 2
    assert "2 at kinks skipped" in result["x"].verdict
    assert not check_gradients(lambda x: np.maximum(x, 0), [x], lambda dy: dy).ok


def test_an_array_that_is_all_kinks_is_reported_as_not_checked():
    x = np.zeros(3)
    result = check_gradients(lambda x: np.maximum(x, 0), [x], lambda dy: dy * (x > 0))
    assert result["x"].verdict.startswith("not checked")


def test_small_gradients_are_compared_as_strictly_as_large_ones():
    x = 1e-6 * np.random.default_rng(0).standard_normal(5)
    assert check_gradients(lambda x: 1e-8 * x**2, [x], lambda dy: 2e-8 * dy * x).ok
    result = check_gradients(lambda x: 1e-8 * x**2, [x], lambda dy: 2.001e-8 * dy * x)
    assert not result.ok
    assert result.worst_error == pytest.approx(5e-4, rel=1e-2)


def test_an_entry_near_zero_beside_large_ones_raises_no_alarm():
    x = np.array([1.0, 2.0, 1e-13])
    assert check_gradients(lambda x: (x**2).sum(), [x], lambda dy: 2 * dy * x).ok


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_never_passes(bad):
    x = np.array([1.0, 2.0])
    result = check_gradients(np.sin, [x], lambda dy: dy * np.array([np.cos(1.0), bad]))
    assert not result.ok
    assert not result.worst_error <= 1.0 or result.worst_error == 1.0


def test_the_tolerance_is_the_relative_error_that_passes():
    x = np.random.default_rng(0).standard_normal(6)

    def check(tolerance):
        return check_gradients(
            np.sin, [x], lambda dy: dy * np.cos(x) * (1 + 1e-5), tolerance=tolerance
        ).ok

    assert check(2e-5)
    assert not check(5e-6)


def test_a_floor_makes_the_comparison_of_tiny_gradients_absolute():
    def check(floor):
        return check_gradients(
            lambda x: 1e-6 * x, [np.ones(3)], lambda dy: 1.01e-6 * dy, floor=floor
        ).ok

    assert not check(0.0)
    assert check(1.0)


@pytest.mark.parametrize("wrong", [1.0, 1.0 + 1e-3])
def test_large_arrays_are_checked_by_inner_products(wrong):
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal((8, 50)), rng.standard_normal((50, 40))

    def backward(dy):
        dw = x.T @ (dy * (1 - np.tanh(x @ w) ** 2))
        dw[31, 7] *= wrong
        return dw

    result = check_gradients(lambda w: np.tanh(x @ w), [w], backward, max_entries=100)
    assert result["w"].method == "inner products"
    assert result.ok == (wrong == 1.0)


def test_a_wrong_large_array_is_diagnosed():
    w = np.random.default_rng(1).standard_normal((30, 20))
    result = check_gradients(
        lambda x: np.tanh(x), {"x": w}, lambda dy: -dy * (1 - np.tanh(w) ** 2), max_entries=50
    )
    assert result["x"].kinds == ("sign",)


def test_the_complex_step_reaches_rounding():
    x = np.random.default_rng(0).standard_normal((3, 4))
    result = check_gradients(
        np.tanh, [x], lambda dy: dy * (1 - np.tanh(x) ** 2), method="complex", tolerance=1e-12
    )
    assert result.ok
    assert result.method == "complex step"
    wrong = check_gradients(
        lambda x: np.tanh(x), {"x": x}, lambda dy: -dy / np.cosh(x) ** 2, method="complex"
    )
    assert wrong["x"].kinds == ("sign",)


def test_the_complex_step_is_refused_where_it_would_lie():
    x = np.array([-0.4, 0.3])
    with pytest.raises(ValueError, match=r"method: expected an f that computes with complex"):
        check_gradients(np.abs, [x], lambda dy: dy * np.sign(x), method="complex")
    with pytest.raises(ValueError, match=r"method: f refuses complex numbers"):
        check_gradients(lambda x: np.floor(x) + x, [x], lambda dy: dy, method="complex")


@pytest.mark.parametrize("inside", [False, True])
def test_functions_in_float32_are_checked_more_coarsely_and_said_so(inside):
    x = np.random.default_rng(0).standard_normal((3, 4))
    last = np.float64 if inside else np.float32

    def forward(x):
        return np.tanh(x.astype(np.float32)).astype(last)

    def backward(dy):
        return (dy * (1 - np.tanh(x) ** 2)).astype(np.float32)

    result = check_gradients(forward, [x], backward)
    assert result.ok, result
    assert "float32" in result.notes[0]
    assert not check_gradients(forward, [x], lambda dy: 1.1 * backward(dy)).ok


def test_integers_and_low_precision_are_no_gradients():
    x = np.array([1.0, 2.0])
    for kind in (np.int64, np.float32):
        result = check_gradients(lambda x: 2 * x, [x], lambda dy, kind=kind: (2 * dy).astype(kind))
        assert f"got {np.dtype(kind)}" in result["x"].diagnosis


def test_nan_in_inputs_that_reach_nothing_asks_for_a_gradient_of_zero():
    x = np.array([1.0, np.nan, 2.0])
    real = np.array([True, False, True])

    def forward(x):
        return np.where(real, x, 0.0) ** 2

    assert check_gradients(forward, [x], lambda dy: np.where(real, 2 * dy * x, 0)).ok
    assert not check_gradients(forward, [x], lambda dy: np.where(real, 2 * dy * x, 1e-3)).ok


def test_results_do_not_change_from_run_to_run():
    x = np.random.default_rng(0).standard_normal((3, 4))
    runs = [check_gradients(np.tanh, [x], lambda dy: dy / np.cosh(x) ** 2) for _ in range(2)]
    assert str(runs[0]) == str(runs[1])


def test_right_functions_at_extreme_scales_raise_no_alarm():
    for seed in range(45):
        name, result = trials.trial(seed)
        assert result.ok, f"{name}, seed {seed}:\n{result}"


@pytest.mark.slow
def test_ten_thousand_right_functions_raise_no_alarm():
    assert trials.count_alarms(10_000, first=45, processes=os.cpu_count() or 1) == 0


@pytest.mark.slow
def test_small_mistakes_in_one_entry_are_not_missed():
    missed, _, spoiled = trials.count_misses(500)
    assert spoiled > 400
    assert missed == 0
