"""Activations that vectorise, in place on rows of a workspace, and their derivatives.

`math.tanh` in a compiled loop costs 12 to 15 ns an element: a call each. Here exp is arithmetic
without a branch, so that 16 float32 (8 float64) go through at once: sigmoid 0.15 ns, tanh 0.18 ns
an element on Zen 5 (float64 0.49 and 0.55; NumPy's float32 tanh 0.56).

    exp(a) = 2^k · exp(r),   k = round(a / ln 2),   r = a - k·ln 2,   |r| <= ln(2) / 2

exp(r) - 1 is a polynomial: of degree 7 in float32 (Cephes' coefficients), Taylor's of degree 13
in float64. Adding 1.5·2^23 (2^52) rounds to an integer and leaves it in the low bits, which moved
to the exponent make 2^k; NaN comes through, since nothing is converted to an integer. tanh is
built from exp - 1, so that it keeps its relative precision near 0.

Error bounds (tested): float32 at most 3 ulp; float64 at most 1e-15 relative; where |a| > 87 (707
in float64) sigmoid stops at 2e-38 (5e-308) instead of going on to 0.

The other activations of `scratchrnn.cells` are here too; those with a logarithm or a general
exponential call the C library and are slow.
"""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload

from .jit import OPTIONS, inlined

F32, I32, F64, I64, U64 = np.float32, np.int32, np.float64, np.int64, np.uint64

CODES = {
    name: code
    for code, name in enumerate(
        ("tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "hard_tanh", "relu6", "leaky_relu",
         "elu", "selu", "softplus", "softsign", "exponential")
    )
}  # fmt: skip
FAST = 3  # codes below are those that kernels compile for first
SELU_SCALE, SELU_ALPHA, LEAKY_SLOPE = 1.0507009873554805, 1.6732632423543772, 0.2


def _exp_parts32(a):
    shift = F32(12582912.0 + 127.0)  # 1.5 · 2^23, and the bias of the exponent
    t = a * F32(1.4426950408889634) + shift
    power = I32(F32(t).view(I32) << 23).view(F32)
    k = t - shift
    r = a - k * F32(0.693359375) - k * F32(-2.12194440e-4)  # ln 2 in two parts
    p = F32(1.9875691500e-4)
    p = p * r + F32(1.3981999507e-3)
    p = p * r + F32(8.3334519073e-3)
    p = p * r + F32(4.1665795894e-2)
    p = p * r + F32(1.6666665459e-1)
    p = p * r + F32(5.0000001201e-1)
    return power, p * (r * r) + r


def _exp_parts64(a):
    shift = 6755399441055744.0 + 1023.0  # 1.5 · 2^52, and the bias of the exponent
    t = a * 1.4426950408889634 + shift
    power = I64(F64(t).view(I64) << 52).view(F64)
    k = t - shift
    r = a - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10
    p = 1.0 / 6227020800.0
    p = p * r + 1.0 / 479001600.0
    p = p * r + 1.0 / 39916800.0
    p = p * r + 1.0 / 3628800.0
    p = p * r + 1.0 / 362880.0
    p = p * r + 1.0 / 40320.0
    p = p * r + 1.0 / 5040.0
    p = p * r + 1.0 / 720.0
    p = p * r + 1.0 / 120.0
    p = p * r + 1.0 / 24.0
    p = p * r + 1.0 / 6.0
    p = p * r + 0.5
    return power, p * (r * r) + r


def exp_parts(a):
    """Return 2^k and exp(r) - 1, where exp(a) = 2^k exp(r); |a| must not be over 87 (707)."""
    return _exp_parts32(a) if isinstance(a, F32) else _exp_parts64(a)


@overload(exp_parts, jit_options=OPTIONS)
def _exp_parts(a):
    return _exp_parts32 if a == types.float32 else _exp_parts64


@inlined
def _tanh(a, first, rows, column, columns):
    one, two, low = a.dtype.type(1), a.dtype.type(2), a.dtype.type(-40)
    for i in range(first, first + rows):
        for j in range(U64(column), U64(column + columns)):
            x = -two * abs(a[i, j])
            x = low if x < low else x  # tanh(20) is 1
            power, p = exp_parts(x)
            e = power * p + (power - one)  # exp(-2|a|) - 1
            a[i, j] = np.copysign(e / (e + two), a[i, j])


@inlined
def _sigmoid(a, first, rows, column, columns):
    one = a.dtype.type(1)
    top = a.dtype.type(87 if a.itemsize == 4 else 707)
    for i in range(first, first + rows):
        for j in range(U64(column), U64(column + columns)):
            x = -a[i, j]
            x = top if x > top else x
            x = -top if x < -top else x
            power, p = exp_parts(x)
            a[i, j] = one / ((one + power) + power * p)


@inlined
def _clip(a, first, rows, column, columns, divisor, offset, low, high):
    """a = min(max(a / divisor + offset, low), high); relu where `high` is infinite."""
    divisor, offset = a.dtype.type(divisor), a.dtype.type(offset)
    low, high = a.dtype.type(low), a.dtype.type(high)
    for i in range(first, first + rows):
        for j in range(U64(column), U64(column + columns)):
            y = a[i, j] / divisor + offset
            y = low if y < low else y
            a[i, j] = high if y > high else y


@inlined
def _elu(a, first, rows, column, columns, alpha, scale):
    zero, scale, alpha = a.dtype.type(0), a.dtype.type(scale), a.dtype.type(alpha)
    for i in range(first, first + rows):
        for j in range(U64(column), U64(column + columns)):
            x = a[i, j]
            a[i, j] = scale * (x if x > zero else alpha * np.expm1(x))


@inlined
def _other(code, a, first, rows, column, columns):
    zero, one, slope = a.dtype.type(0), a.dtype.type(1), a.dtype.type(LEAKY_SLOPE)
    for i in range(first, first + rows):
        begin, end = U64(column), U64(column + columns)
        if code == 7:
            for j in range(begin, end):
                a[i, j] = a[i, j] if a[i, j] > zero else slope * a[i, j]
        elif code == 10:
            for j in range(begin, end):
                x = a[i, j]
                a[i, j] = (zero if x < zero else x) + np.log1p(np.exp(-abs(x)))
        elif code == 11:
            for j in range(begin, end):
                a[i, j] = a[i, j] / (one + abs(a[i, j]))
        else:
            for j in range(begin, end):
                a[i, j] = np.exp(a[i, j])


@inlined
def _fast(code, a, first, rows, column, columns):
    if code == 0:
        _tanh(a, first, rows, column, columns)
    elif code == 1:
        _sigmoid(a, first, rows, column, columns)
    else:
        _clip(a, first, rows, column, columns, 1.0, 0.0, 0.0, np.inf)


def _activate_fast(code, a, first, rows, column, columns):
    _fast(code, a, first, rows, column, columns)


def _activate_any(code, a, first, rows, column, columns):
    if code < 3:
        _fast(code, a, first, rows, column, columns)
    elif code == 4:
        _clip(a, first, rows, column, columns, 6.0, 0.5, 0.0, 1.0)
    elif code == 5:
        _clip(a, first, rows, column, columns, 1.0, 0.0, -1.0, 1.0)
    elif code == 6:
        _clip(a, first, rows, column, columns, 1.0, 0.0, 0.0, 6.0)
    elif code == 8:
        _elu(a, first, rows, column, columns, 1.0, 1.0)
    elif code == 9:
        _elu(a, first, rows, column, columns, SELU_ALPHA, SELU_SCALE)
    elif code != 3:
        _other(code, a, first, rows, column, columns)


def activate(code, a, first, rows, column, columns):
    """Replace a[first:first+rows, column:column+columns] by its activation.

    A code of type int32 compiles tanh, sigmoid and relu alone, int64 all of them.
    """
    _activate_any(code, a, first, rows, column, columns)


@overload(activate, jit_options=OPTIONS)
def _activate(code, a, first, rows, column, columns):
    return _activate_fast if code == types.int32 else _activate_any


@inlined
def _derivative_inside(y, at, d, rows, column, columns, slope, low, high):
    """d = slope where low < y < high, else 0."""
    slope, zero = d.dtype.type(slope), d.dtype.type(0)
    low, high = d.dtype.type(low), d.dtype.type(high)
    for r in range(rows):
        i = at[r]
        for j in range(U64(column), U64(column + columns)):
            d[r, j] = slope if (y[i, j] > low) & (y[i, j] < high) else zero


@inlined
def _derivative_other(code, y, at, d, rows, column, columns):
    zero, one = d.dtype.type(0), d.dtype.type(1)
    slope, scale = d.dtype.type(LEAKY_SLOPE), d.dtype.type(SELU_SCALE)
    scaled_alpha = d.dtype.type(SELU_SCALE * SELU_ALPHA)
    for r in range(rows):
        i = at[r]
        begin, end = U64(column), U64(column + columns)
        if code == 7:
            for j in range(begin, end):
                d[r, j] = one if y[i, j] > zero else slope
        elif code == 8:
            for j in range(begin, end):
                d[r, j] = one if y[i, j] > zero else y[i, j] + one
        elif code == 9:
            for j in range(begin, end):
                d[r, j] = scale if y[i, j] > zero else y[i, j] + scaled_alpha
        elif code == 10:
            for j in range(begin, end):
                d[r, j] = -np.expm1(-y[i, j])
        elif code == 11:
            for j in range(begin, end):
                d[r, j] = (one - abs(y[i, j])) * (one - abs(y[i, j]))
        elif code == 12:
            for j in range(begin, end):
                d[r, j] = y[i, j]
        else:
            for j in range(begin, end):
                d[r, j] = one


@inlined
def _derivative_fast(code, y, at, d, rows, column, columns):
    one, zero = d.dtype.type(1), d.dtype.type(0)
    for r in range(rows):
        i = at[r]
        begin, end = U64(column), U64(column + columns)
        if code == 0:
            for j in range(begin, end):
                d[r, j] = one - y[i, j] * y[i, j]
        elif code == 1:
            for j in range(begin, end):
                d[r, j] = y[i, j] * (one - y[i, j])
        else:
            for j in range(begin, end):
                d[r, j] = one if y[i, j] > zero else zero


def _derivative_only_fast(code, y, at, d, rows, column, columns):
    _derivative_fast(code, y, at, d, rows, column, columns)


def _derivative_any(code, y, at, d, rows, column, columns):
    if code < 3:
        _derivative_fast(code, y, at, d, rows, column, columns)
    elif code == 4:
        _derivative_inside(y, at, d, rows, column, columns, 1.0 / 6.0, 0.0, 1.0)
    elif code == 5:
        _derivative_inside(y, at, d, rows, column, columns, 1.0, -1.0, 1.0)
    elif code == 6:
        _derivative_inside(y, at, d, rows, column, columns, 1.0, 0.0, 6.0)
    else:
        _derivative_other(code, y, at, d, rows, column, columns)


def derivative(code, y, at, d, rows, column, columns):
    """d[r, j] = f'(a), written in the output y[at[r], j] = f(a), for `columns` of j."""
    _derivative_any(code, y, at, d, rows, column, columns)


@overload(derivative, jit_options=OPTIONS)
def _derivative(code, y, at, d, rows, column, columns):
    return _derivative_only_fast if code == types.int32 else _derivative_any
