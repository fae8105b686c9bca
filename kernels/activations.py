"""Activations of vectors, and their derivatives.

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
exponential call the C library for every element and are slow.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic, overload

from .jit import OPTIONS, inlined
from .vectors import (
    at_least,
    at_most,
    if_over,
    lane,
    length,
    low_bits_as_exponent,
    with_lane,
    with_sign_of,
)

CODES = {
    name: code
    for code, name in enumerate(
        ("tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "hard_tanh", "relu6", "leaky_relu",
         "elu", "selu", "softplus", "softsign", "exponential")
    )
}  # fmt: skip
# Compiled code takes the code of an activation as an integer, whose type says what to compile:
# the first three have types of their own, so that a kernel holds nothing but what it uses; with
# int64 it holds them all (other pairs than tanh and sigmoid, others than these three).
INTEGERS = (np.int8, np.int16, np.int32)
SELU_SCALE, SELU_ALPHA, LEAKY_SLOPE = 1.0507009873554805, 1.6732632423543772, 0.2


def _exp_parts32(a):
    a = at_most(at_least(a, -87.0), 87.0)
    shift = 12582912.0 + 127.0  # 1.5 · 2^23, and the bias of the exponent
    t = a * 1.4426950408889634 + shift
    k = t - shift
    r = a - k * 0.693359375 - k * -2.12194440e-4  # ln 2 in two parts
    p = r * 1.9875691500e-4 + 1.3981999507e-3
    p = p * r + 8.3334519073e-3
    p = p * r + 4.1665795894e-2
    p = p * r + 1.6666665459e-1
    p = p * r + 5.0000001201e-1
    return low_bits_as_exponent(t), p * (r * r) + r


def _exp_parts64(a):
    a = at_most(at_least(a, -707.0), 707.0)
    shift = 6755399441055744.0 + 1023.0  # 1.5 · 2^52, and the bias of the exponent
    t = a * 1.4426950408889634 + shift
    k = t - shift
    r = a - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10
    p = r * (1.0 / 6227020800.0) + 1.0 / 479001600.0
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
    return low_bits_as_exponent(t), p * (r * r) + r


def _exp_parts(a):
    """Return 2^k and exp(r) - 1, where exp(a) = 2^k exp(r); over ±87 (±707) a is as if there."""
    return _exp_parts32(a) if a.itemsize == 4 else _exp_parts64(a)


@overload(_exp_parts, jit_options=OPTIONS, inline="always")
def _compiled_exp_parts(a):
    return _exp_parts32 if a.dtype == types.float32 else _exp_parts64


def _tanh(a):
    power, p = _exp_parts(at_most(2.0 * a, -2.0 * a))  # of -2|a|
    e = power * p + (power - 1.0)  # exp(-2|a|) - 1
    return with_sign_of(e / (e + 2.0), a)


def _sigmoid(a):
    power, p = _exp_parts(-1.0 * a)
    return 1.0 / ((1.0 + power) + power * p)


@inlined
def _elu(a, alpha, scale):
    power, p = _exp_parts(at_most(a, 0.0))
    return scale * if_over(a, 0.0, a, alpha * (power * p + (power - 1.0)))


@inlined
def _by_element(code, x):
    """What no vector instruction computes: log(1 + exp(-|a|)), or exp(a)."""
    for q in range(length(x)):
        a = lane(x, q)
        x = with_lane(x, q, np.log1p(np.exp(-abs(a))) if code == 10 else np.exp(a))
    return x


def _relu(a):
    return at_least(a, 0.0)


def _any(code, x):
    if code == 0:
        y = _compiled_tanh(x)
    elif code == 1:
        y = _compiled_sigmoid(x)
    elif code == 2:
        y = at_least(x, 0.0)
    elif code == 3:
        y = x
    elif code == 4:
        y = at_most(at_least(x / 6.0 + 0.5, 0.0), 1.0)
    elif code == 5:
        y = at_most(at_least(x, -1.0), 1.0)
    elif code == 6:
        y = at_most(at_least(x, 0.0), 6.0)
    elif code == 7:
        y = if_over(x, 0.0, x, LEAKY_SLOPE * x)
    elif code == 8:
        y = _elu(x, 1.0, 1.0)
    elif code == 9:
        y = _elu(x, SELU_ALPHA, SELU_SCALE)
    elif code == 10:
        y = at_least(x, 0.0) + _by_element(code, x)
    elif code == 11:
        y = x / (1.0 + at_least(x, -1.0 * x))
    else:
        y = _by_element(code, x)
    return y


@inlined
def _inside(y, low, high, slope):
    """Return `slope` where low < y < high, else 0."""
    return if_over(y, low, slope, 0.0) * if_over(-1.0 * y, -high, 1.0, 0.0)


def _any_slope(code, y):
    if code == 0:
        d = 1.0 - y * y
    elif code == 1:
        d = y * (1.0 - y)
    elif code == 2:
        d = if_over(y, 0.0, 1.0, 0.0)
    elif code == 4:
        d = _inside(y, 0.0, 1.0, 1.0 / 6.0)
    elif code == 5:
        d = _inside(y, -1.0, 1.0, 1.0)
    elif code == 6:
        d = _inside(y, 0.0, 6.0, 1.0)
    elif code == 7:
        d = if_over(y, 0.0, 1.0, LEAKY_SLOPE)
    elif code == 8:
        d = if_over(y, 0.0, 1.0, y + 1.0)
    elif code == 9:
        d = if_over(y, 0.0, SELU_SCALE, y + SELU_SCALE * SELU_ALPHA)
    elif code == 10:
        d = -1.0 * _elu(-1.0 * y, 1.0, 1.0)
    elif code == 11:
        d = (1.0 - at_least(y, -1.0 * y)) * (1.0 - at_least(y, -1.0 * y))
    elif code == 12:
        d = y
    else:
        d = if_over(y, 0.0, 1.0, 1.0)
    return d


def _tanh_slope(y):
    return 1.0 - y * y


def _sigmoid_slope(y):
    return y * (1.0 - y)


def _relu_slope(y):
    return if_over(y, 0.0, 1.0, 0.0)


_compiled_tanh, _compiled_sigmoid = inlined(_tanh), inlined(_sigmoid)
_KINDS = types.int8, types.int16, types.int32


def _by_kind(known, other):
    """Return an intrinsic of a code and a vector: what it compiles depends on the code's type."""

    @intrinsic
    def chosen(typing, code, x):
        def codegen(context, build, signature, arguments):
            if code in _KINDS:
                function = known[_KINDS.index(code)]
                return context.compile_internal(build, function, x(x), arguments[1:])
            return context.compile_internal(build, other, x(code, x), arguments)

        return x(code, x), codegen

    return chosen


def activated(code, x):
    """Return a vector's activation, of which `code` is the number."""
    return _any(code, x)


def slope(code, y):
    """Return the activation's derivative, written in its output y."""
    return _any_slope(code, y)


if not numba.config.DISABLE_JIT:
    activated = _by_kind((_tanh, _sigmoid, _relu), _any)
    slope = _by_kind((_tanh_slope, _sigmoid_slope, _relu_slope), _any_slope)
