"""Vectors of numbers in compiled code: what each operation gives, and what it leaves alone."""

from __future__ import annotations

import re

import numba
import numpy as np
import pytest
from scratchrnn.kernels import plain_vectors, vectors
from scratchrnn.kernels.vectors import (
    VECTOR,
    at_least,
    at_most,
    if_over,
    lane,
    length,
    load,
    low_bits_as_exponent,
    prefetch,
    store,
    with_lane,
    with_sign_of,
)

DTYPES = (np.float32, np.float64)
NUMBERS = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-30, 7.0]


def column(dtype, scale=1.0) -> np.ndarray:
    """More numbers than fill a vector, special ones among them."""
    return (np.resize(NUMBERS, 21) * scale).astype(dtype)


@numba.njit
def arithmetic(x, y, out):
    for j in range(0, len(x), VECTOR // x.itemsize):
        w = len(x) - j
        a, b = load(x, j, w), load(y, j, w)
        store(out, j, w, (2.0 * a + b) / (b - 1) - a * b)


@pytest.mark.parametrize("dtype", DTYPES)
def test_operators_compute_what_numpy_computes(dtype):
    x, y = np.linspace(-2, 2, 21).astype(dtype), np.linspace(3, 9, 21).astype(dtype)
    out = np.zeros_like(x)
    arithmetic(x, y, out)
    np.testing.assert_allclose(out, (2 * x + y) / (y - 1) - x * y, rtol=1e-5, atol=1e-5)


@numba.njit
def choices(x, y, out):
    for j in range(0, len(x), VECTOR // x.itemsize):
        w = len(x) - j
        a, b = load(x, j, w), load(y, j, w)
        store(out[0], j, w, at_least(a, -1.0))
        store(out[1], j, w, at_most(a, b))
        store(out[2], j, w, if_over(a, 0.0, b, 5.0))
        store(out[3], j, w, with_sign_of(a, b))


@pytest.mark.parametrize("dtype", DTYPES)
def test_choices_are_by_lane_and_keep_nan(dtype):
    x, y = column(dtype), column(dtype)[::-1].copy()
    out = np.zeros((4, 21), dtype)
    choices(x, y, out)
    low, high = dtype(-1), y
    np.testing.assert_array_equal(out[0], np.where(x < low, low, x))
    np.testing.assert_array_equal(out[1], np.where(x > high, high, x))
    np.testing.assert_array_equal(out[2], np.where(x > 0, y, dtype(5)))
    np.testing.assert_array_equal(out[3], np.copysign(x, y))
    np.testing.assert_array_equal(np.signbit(out[3]), np.signbit(np.copysign(x, y)))


@numba.njit
def copy_some(x, out, offset, count):
    store(out, offset, count, load(x, offset, count))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [-1, 0, 1, 3, 1000])
def test_load_and_store_touch_no_more_than_they_are_asked_to(dtype, count):
    lanes = VECTOR // np.dtype(dtype).itemsize
    x, out = np.arange(1, 100).astype(dtype), np.zeros(99, dtype)
    copy_some(x, out, 5, count)
    touched = max(0, min(count, lanes))
    np.testing.assert_array_equal(out[5 : 5 + touched], x[5 : 5 + touched])
    assert np.count_nonzero(out) == touched


@numba.njit
def by_lane(x, out):
    a = load(x, 0, 3)
    store(out, 0, length(a), with_lane(a, 1, lane(a, 1) + lane(a, 2)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_single_lanes_can_be_read_and_written(dtype):
    x, out = np.arange(1, 40).astype(dtype), np.zeros(40, dtype)
    by_lane(x, out)
    assert out[:3].tolist() == [1, 5, 3]
    assert not out[3:].any()


@numba.njit
def powers(x, out):
    store(out, 0, 4, low_bits_as_exponent(load(x, 0, 4)))


@pytest.mark.parametrize("dtype, shift, bias", [(np.float32, 1.5 * 2**23, 127),
                                                (np.float64, 1.5 * 2**52, 1023)])  # fmt: skip
def test_low_bits_become_the_exponent(dtype, shift, bias):
    x, out = (np.array([-3, 0, 1, 10]) + bias + shift).astype(dtype), np.zeros(4, dtype)
    powers(x, out)
    assert out.tolist() == [0.125, 1, 2, 1024]


@numba.njit
def ask(x):
    prefetch(x, 5, 1)
    prefetch(x, 8, 0)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="only compiled code asks")
def test_prefetch_asks_for_the_line_of_an_element_to_write_or_to_read():
    ask(np.zeros(20))
    (text,) = ask.inspect_llvm().values()
    asked = re.findall(r"i64 (\d+)\n.*llvm\.prefetch.* i32 (\d), i32 (\d), i32 (\d)\)", text)
    assert [numbers[1:] for numbers in asked] == [("1", "2", "1"), ("0", "2", "1")]
    assert [int(numbers[0]) for numbers in asked] in ([5, 8], [40, 64])  # elements, or bytes


def test_plain_python_tells_whoever_leaves_an_array():
    lanes = VECTOR // 8
    x = np.arange(1.0, lanes + 4)
    assert plain_vectors.load(x, 3, lanes).tolist() == x[3:].tolist()  # just inside
    plain_vectors.store(x, 3, lanes, plain_vectors.load(x, 0, lanes))
    assert x.tolist() == [1, 2, 3, *range(1, lanes + 1)]
    for offset, count in ((-1, 1), (4, lanes), (len(x), 1), (len(x) + 1, 0)):
        with pytest.raises(IndexError, match=f"elements {offset} to .* of {len(x)}"):
            plain_vectors.load(x, offset, count)
        with pytest.raises(IndexError, match=f"elements {offset} to .* of {len(x)}"):
            plain_vectors.store(x, offset, count, np.zeros(lanes))
    for count in (0, -1):
        assert not plain_vectors.load(x, 0, count).any()
        plain_vectors.store(x, 0, count, np.full(lanes, 9.0))
        assert x[0] == 1


def test_numpy_stands_in_for_everything_that_is_compiled():
    stand_ins = {name for name, f in vars(plain_vectors).items() if callable(f) and name[0] != "_"}
    assert stand_ins <= vars(vectors).keys()
    for name in stand_ins:
        compiled = getattr(vectors, name)
        assert (compiled is getattr(plain_vectors, name)) == bool(numba.config.DISABLE_JIT)
