"""Numbers by the vector: what a loop over the units of a layer is written with.

    for j in range(0, H, lanes):
        x = load(a, row + j, H - j)  # one vector of a, zeros after the last unit
        store(b, row + j, H - j, 2.0 * x)

Why not leave it to the compiler: before it may turn a loop into vectors it has to make sure that
no array overlaps another, and gives up where a dozen are in play. The equations of a cell had to
be cut into ten passes over the data, each of which took 50 ms to compile. Written like this they
are one pass, as in the cell, and every unit goes through the same instructions wherever its
vector begins. In plain Python (NUMBA_DISABLE_JIT=1) a vector is a short NumPy array.
"""

from __future__ import annotations

import operator

import numba
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

from .jit import target_features

ir = cgutils.ir  # llvmlite's, which Numba brings along
_FEATURES = target_features()
# Bytes in a vector register.
VECTOR = 64 if "+avx512f" in _FEATURES else 32 if "+avx2" in _FEATURES else 16


class Vector(types.Type):
    """The type of a register full of numbers."""

    def __init__(self, dtype):
        self.dtype, self.lanes = dtype, VECTOR * 8 // dtype.bitwidth
        super().__init__(name=f"Vector({dtype})")


@register_model(Vector)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        element = manager.lookup(kind.dtype).get_value_type()
        super().__init__(manager, kind, ir.VectorType(element, kind.lanes))


def _integers(kind):
    """Return the type of a vector of integers as wide as the numbers."""
    return ir.VectorType(ir.IntType(kind.dtype.bitwidth), kind.lanes)


def _in_all_lanes(build, scalar, lanes):
    empty = ir.Constant(ir.VectorType(scalar.type, lanes), ir.Undefined)
    first = build.insert_element(empty, scalar, ir.IntType(32)(0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes)
    return build.shuffle_vector(first, empty, zeros)


def _as_vector(context, build, value, kind, vector):
    """Return a vector as it is, a number in all lanes of one."""
    if isinstance(kind, Vector):
        return value
    return _in_all_lanes(build, context.cast(build, value, kind, vector.dtype), vector.lanes)


def _place(context, build, kind, array, offset, count):
    """Return the address of array's element `offset`, and which lanes are among `count`."""
    vector = Vector(kind.dtype)
    base = context.make_array(kind)(context, build, array).data
    address = build.bitcast(build.gep(base, [offset]), context.get_value_type(vector).as_pointer())
    numbers = _integers(vector)
    most = ir.IntType(64)(vector.lanes)
    count = build.select(build.icmp_signed("<", count, most), count, most)
    if numbers.element.width < 64:
        count = build.trunc(count, numbers.element)
    lanes = ir.Constant(numbers, list(range(vector.lanes)))
    return address, build.icmp_signed(">", _in_all_lanes(build, count, vector.lanes), lanes)


def _masked(context, build, name, vector, result, *arguments):
    code = f"v{vector.lanes}f{vector.dtype.bitwidth}"
    kind = ir.FunctionType(result, [a.type for a in arguments])
    function = cgutils.get_or_insert_function(build.module, kind, f"llvm.masked.{name}.{code}.p0")
    return build.call(function, arguments)


@intrinsic
def load(typing, array, offset, count):
    """Return elements offset, offset + 1, … of an array: at most `count`, and then zeros."""
    vector = Vector(array.dtype)

    def codegen(context, build, signature, arguments):
        address, which = _place(context, build, signature.args[0], *arguments)
        kind = context.get_value_type(vector)
        align, zeros = ir.IntType(32)(vector.dtype.bitwidth // 8), ir.Constant(kind, None)
        return _masked(context, build, "load", vector, kind, address, align, which, zeros)

    return vector(array, types.intp, types.intp), codegen


@intrinsic
def store(typing, array, offset, count, value):
    """Set elements offset, offset + 1, … of an array, at most `count`."""

    def codegen(context, build, signature, arguments):
        *where, value = arguments
        address, which = _place(context, build, signature.args[0], *where)
        align = ir.IntType(32)(array.dtype.bitwidth // 8)
        kind = Vector(array.dtype)
        _masked(context, build, "store", kind, ir.VoidType(), value, address, align, which)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, Vector(array.dtype)), codegen


@intrinsic
def prefetch(typing, array, offset, write):
    """Fetch the cache line of an element, to read (0) or to write (1); it need not exist."""
    if not isinstance(write, types.IntegerLiteral):
        return None  # Numba asks again with the literal

    def codegen(context, build, signature, arguments):
        base = context.make_array(signature.args[0])(context, build, arguments[0]).data
        address, whole = build.gep(base, [arguments[1]]), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, whole, whole, whole])
        function = cgutils.get_or_insert_function(build.module, kind, "llvm.prefetch.p0")
        build.call(function, [address, whole(write.literal_value), whole(2), whole(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, write), codegen


def _operator(symbol, instruction):
    """Teach Numba an operator between vectors, or a vector and a number."""

    @infer_global(symbol)
    class _Typing(AbstractTemplate):
        def generic(self, args, kws):
            for kind in args:
                if isinstance(kind, Vector):
                    return signature(kind, *args)
            return None

    def codegen(context, build, signature, arguments):
        x, y = (
            _as_vector(context, build, value, kind, signature.return_type)
            for value, kind in zip(arguments, signature.args, strict=True)
        )
        return getattr(build, instruction)(x, y, flags=["contract"])

    for kinds in (Vector, Vector), (Vector, types.Any), (types.Any, Vector):
        lower_builtin(symbol, *kinds)(codegen)


_operator(operator.add, "fadd")
_operator(operator.sub, "fsub")
_operator(operator.mul, "fmul")
_operator(operator.truediv, "fdiv")


@intrinsic
def at_least(typing, x, low):
    """Return max(x, low); NaN stays."""

    def codegen(context, build, signature, arguments):
        low_everywhere = _as_vector(context, build, arguments[1], low, x)
        under = build.fcmp_ordered("<", arguments[0], low_everywhere)
        return build.select(under, low_everywhere, arguments[0])

    return x(x, low), codegen


@intrinsic
def at_most(typing, x, high):
    """Return min(x, high); NaN stays."""

    def codegen(context, build, signature, arguments):
        high_everywhere = _as_vector(context, build, arguments[1], high, x)
        over = build.fcmp_ordered(">", arguments[0], high_everywhere)
        return build.select(over, high_everywhere, arguments[0])

    return x(x, high), codegen


@intrinsic
def if_over(typing, x, limit, yes, no):
    """Return `yes` where x > limit, else `no`."""

    def codegen(context, build, signature, arguments):
        x_value, *others = arguments
        others = [
            _as_vector(context, build, value, kind, x)
            for value, kind in zip(others, signature.args[1:], strict=True)
        ]
        return build.select(build.fcmp_ordered(">", x_value, others[0]), *others[1:])

    return x(x, limit, yes, no), codegen


@intrinsic
def with_sign_of(typing, x, y):
    """Return |x| with the sign of y."""

    def codegen(context, build, signature, arguments):
        kind = context.get_value_type(x)
        name = f"llvm.copysign.v{x.lanes}f{x.dtype.bitwidth}"
        function = ir.FunctionType(kind, [kind, kind])
        return build.call(cgutils.get_or_insert_function(build.module, function, name), arguments)

    return x(x, x), codegen


@intrinsic
def low_bits_as_exponent(typing, x):
    """Return 2^k, where k + bias is what the lowest bits of x hold."""

    def codegen(context, build, signature, arguments):
        integers, shift = _integers(x), 23 if x.dtype.bitwidth == 32 else 52
        bits = build.bitcast(arguments[0], integers)
        bits = build.shl(bits, ir.Constant(integers, [shift] * x.lanes))
        return build.bitcast(bits, context.get_value_type(x))

    return x(x), codegen


@intrinsic
def length(typing, x):
    """Return how many numbers a vector holds."""

    def codegen(context, build, signature, arguments):
        return ir.IntType(64)(x.lanes)

    return types.int64(x), codegen


@intrinsic
def lane(typing, x, q):
    """Return the number in lane q."""

    def codegen(context, build, signature, arguments):
        return build.extract_element(*arguments)

    return x.dtype(x, types.intp), codegen


@intrinsic
def with_lane(typing, x, q, value):
    """Return x with another number in lane q."""

    def codegen(context, build, signature, arguments):
        x_value, q_value, number = arguments
        return build.insert_element(x_value, number, q_value)

    return x(x, types.intp, x.dtype), codegen


if numba.config.DISABLE_JIT:
    from . import plain_vectors as plain

    load, store, prefetch, length, lane, with_lane = (
        plain.load, plain.store, plain.prefetch, plain.length, plain.lane, plain.with_lane,
    )  # fmt: skip
    at_least, at_most, if_over, with_sign_of, low_bits_as_exponent = (
        plain.at_least, plain.at_most, plain.if_over, plain.with_sign_of,
        plain.low_bits_as_exponent,
    )  # fmt: skip
