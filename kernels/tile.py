"""The register-blocked product: out = start + A B, near the peak of a core at small sizes too.

As a student would write it, four rows and four k at once with the columns innermost, the product
runs at half the peak: every four multiply-adds cost a load and a store of `out`. Here a tile of
8 rows by 2 vectors of `out` stays in registers for all k (`tile`, written in LLVM's own
instructions, which Numba has no other way to say), so that one k costs 2 loads of B and 8 of A
for 16 multiply-adds. Measured on one core of Zen 5, float32, 16 rows, K = 256, J = 1024:
230 GFLOP/s, where the plain loop gave 127 and OpenBLAS 76 (113 for large matrices).

B comes in panels two vectors wide (`pack`), so that a tile reads memory in order; rows of `out`
and `start` are padded to whole vectors (`padded`). Every element is one chain of multiply-adds
over k = 0, 1, 2, …, beginning at `start`: the same bits in whatever tile it falls.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

from .jit import jit, part, target_features
from .vectors import VECTOR

ir = cgutils.ir  # llvmlite's, which Numba brings along
U64 = np.uint64
# Rows of a tile: what 16 (AVX2) or 32 (AVX-512, NEON) registers can hold.
ROWS = 8 if VECTOR == 64 or "+neon" in target_features() else 4


@intrinsic
def tile(typing, rows, vectors, out, o, ldo, start, s, lds, a, i, row, step, b, p, ldb, panel, K):
    """out[o + r ldo + j] = start[s + r lds + j] + Σ_k a[i + r row + k step] b[p + k ldb + j].

    For `rows` values of r and `vectors` whole vectors of j, both literals; after each two of
    them, B goes on `panel` elements later. Arrays are contiguous, whatever their number of axes,
    and offsets count elements.
    """
    if not isinstance(rows, types.IntegerLiteral):
        return None  # Numba asks again with the literals
    n = types.intp
    signature = types.void(rows, vectors, out, n, n, start, n, n, a, n, n, n, b, n, n, n, n)

    def codegen(context, build, signature, arguments):
        kinds = signature.args
        out, start, a, b = (
            context.make_array(kinds[q])(context, build, arguments[q]).data for q in (2, 5, 8, 12)
        )
        write = _Tile(build, context.get_value_type(kinds[2].dtype), kinds[2].dtype.bitwidth // 8)
        write.places = [
            (r, v) for r in range(rows.literal_value) for v in range(vectors.literal_value)
        ]
        o, ldo, s, lds, i, row, step, p, ldb, panel, K = (
            arguments[q] for q in (3, 4, 6, 7, 9, 10, 11, 13, 14, 15, 16)
        )
        totals = write.load_all(start, s, lds)
        totals = write.loop(totals, a, i, row, step, b, p, ldb, panel, K)
        write.store_all(totals, out, o, ldo)
        return context.get_dummy_value()

    return signature, codegen


class _Tile:
    """Writes the instructions of one tile: its values in registers, one per (row, vector)."""

    def __init__(self, build, element, size):
        self.build, self.size, self.lanes = build, size, VECTOR // size
        self.vector = ir.VectorType(element, self.lanes)
        self.whole = ir.IntType(64)

    def vector_at(self, base, offset, v):
        offset = self.build.add(offset, self.whole(v * self.lanes))
        return self.build.bitcast(self.build.gep(base, [offset]), self.vector.as_pointer())

    def load(self, base, offset, v):
        value = self.build.load(self.vector_at(base, offset, v))
        value.align = self.size
        return value

    def row(self, first, stride, r):
        return self.build.add(first, self.build.mul(stride, self.whole(r)))

    def load_all(self, base, first, stride):
        return [self.load(base, self.row(first, stride, r), v) for r, v in self.places]

    def store_all(self, totals, base, first, stride):
        for total, (r, v) in zip(totals, self.places, strict=True):
            place = self.vector_at(base, self.row(first, stride, r), v)
            self.build.store(total, place).align = self.size

    def in_all_lanes(self, base, offset):
        undefined = ir.Constant(self.vector, ir.Undefined)
        scalar = self.build.load(self.build.gep(base, [offset]))
        scalar = self.build.insert_element(undefined, scalar, ir.IntType(32)(0))
        first_lane = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), [0] * self.lanes)
        return self.build.shuffle_vector(scalar, undefined, first_lane)

    def multiply_add(self, total, x, y):
        product = self.build.fmul(x, y, flags=["contract"])
        return self.build.fadd(total, product, flags=["contract"])

    def loop(self, totals, a, i, row, step, b, p, ldb, panel, K):
        """for k in range(K): total[r, v] += a[r, k] * b[k, v], everything but k unrolled."""
        build, zero = self.build, self.whole(0)
        rows, vectors = (1 + max(place) for place in zip(*self.places, strict=True))
        a_rows = [self.row(i, row, r) for r in range(rows)]
        before = build.block
        body, after = build.append_basic_block("k"), build.append_basic_block("after")
        build.cbranch(build.icmp_signed("<", zero, K), body, after)

        build.position_at_end(body)
        k = build.phi(self.whole)
        sums = [build.phi(self.vector) for _ in totals]
        b_row, a_column = build.add(p, build.mul(k, ldb)), build.mul(k, step)
        b_k = [self.load(b, self.row(b_row, panel, v // 2), v % 2) for v in range(vectors)]
        a_k = [self.in_all_lanes(a, build.add(a_row, a_column)) for a_row in a_rows]
        added = [
            self.multiply_add(total, a_k[r], b_k[v])
            for total, (r, v) in zip(sums, self.places, strict=True)
        ]
        k_next = build.add(k, self.whole(1))
        build.cbranch(build.icmp_signed("<", k_next, K), body, after)
        for phi, first, next_one in zip([k, *sums], [zero, *totals], [k_next, *added], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(next_one, body)

        build.position_at_end(after)
        results = [build.phi(self.vector) for _ in totals]
        for phi, first, last in zip(results, totals, added, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(last, body)
        return results


def _tile_in_numpy(rows, vectors, out, o, ldo, start, s, lds, a, i, row, step, b, p, ldb, panel, K):
    """What `tile` does, for NUMBA_DISABLE_JIT=1; as silent about the padding as `tile` is."""
    out, start, a, b = (array.reshape(-1) for array in (out, start, a, b))
    width = min(vectors, 2) * (VECTOR // out.itemsize)
    for r in range(rows):
        for v in range(0, vectors, 2):
            skip = v // 2 * width
            total = start[s + r * lds + skip :][:width].copy()
            for k in range(K):
                with np.errstate(all="ignore"):
                    b_k = b[p + v // 2 * panel + k * ldb :][:width]
                    total += a[i + r * row + k * step] * b_k
            out[o + r * ldo + skip :][:width] = total


@intrinsic
def copy(typing, out, o, values, i, count):
    """out[o + j] = values[i + j] for `count` values of j, as one move of memory.

    A loop is checked for overlap each time before it may run in vectors; for short rows that
    takes longer than the move (a row of da into panels: 305 ns, and 95 ns like this).
    """
    n = types.intp

    def codegen(context, build, signature, arguments):
        out, o, values, i, count = arguments
        kinds = signature.args
        target, source = (
            build.gep(context.make_array(kind)(context, build, array).data, [start])
            for kind, array, start in ((kinds[0], out, o), (kinds[2], values, i))
        )
        size = kinds[0].dtype.bitwidth // 8
        cgutils.raw_memcpy(build, target, source, count, size, align=size)
        return context.get_dummy_value()

    return types.void(out, n, values, n, n), codegen


def _copy_in_numpy(out, o, values, i, count):
    """What `copy` does, for NUMBA_DISABLE_JIT=1."""
    out.reshape(-1)[o : o + count] = values.reshape(-1)[i : i + count]


@part
def multiply(out, o, start, s, a, i, column, b, M, J):
    """out[o:o+M, :J] = start[s:s+M, :J] + a[i:i+M, column:column+K] B, with B packed in `b`.

    A `start` of one row is added to every row. Columns are computed to the end of a vector, and
    under rows that fill no tile of `ROWS` to the end of a panel. Where K is large, a single row
    goes by six vectors: the loop over K runs ahead of itself no longer, and of two every
    multiply-add waits for the last but one (1 row, K = 512: 3.1 µs, and 1.8 like this).
    """
    lanes = VECTOR // out.itemsize
    panel, ldb = b.shape[1], 2 * lanes
    K, ldo, lds, row = panel // ldb, out.shape[1], start.shape[1], a.shape[1]
    if len(start) == 1:
        lds = 0
    o, s, i = o * ldo, s * lds, i * row + column
    for j in range(0, J, 2 * lanes):
        m = 0
        while m + ROWS <= M:
            if j + lanes < J:
                tile(ROWS, 2, out, o + m * ldo + j, ldo, start, s + m * lds + j, lds,
                     a, i + m * row, row, 1, b, j * K, ldb, panel, K)  # fmt: skip
            else:
                tile(ROWS, 1, out, o + m * ldo + j, ldo, start, s + m * lds + j, lds,
                     a, i + m * row, row, 1, b, j * K, ldb, panel, K)  # fmt: skip
            m += ROWS
        while m + 4 <= M:
            tile(4, 2, out, o + m * ldo + j, ldo, start, s + m * lds + j, lds,
                 a, i + m * row, row, 1, b, j * K, ldb, panel, K)  # fmt: skip
            m += 4
        if m + 2 <= M:  # two rows take no longer than one
            tile(2, 2, out, o + m * ldo + j, ldo, start, s + m * lds + j, lds,
                 a, i + m * row, row, 1, b, j * K, ldb, panel, K)  # fmt: skip
    if M % 2:
        m, j = M - 1, 0
        while K > 256 and j + 5 * lanes < J:
            tile(1, 6, out, o + m * ldo + j, 0, start, s + m * lds + j, 0,
                 a, i + m * row, 0, 1, b, j * K, ldb, panel, K)  # fmt: skip
            j += 6 * lanes
        while j < J:
            tile(1, 2, out, o + m * ldo + j, 0, start, s + m * lds + j, 0,
                 a, i + m * row, 0, 1, b, j * K, ldb, panel, K)  # fmt: skip
            j += 2 * lanes


@jit
def add_transposed(out, a, out2, a2, sums, b, K, first, last, one):
    """out += a[:K].T B, out2 += a2[:K].T B and sums += Σ B, from the last row of B to the first.

    B is K rows in panels, as `store_panels` lays them out, of which first … last - 1 are summed
    here; column q of panel p is column p · width + q of the results, whose rows are whole panels.
    Empty results are left alone. `one` holds a single 1.
    """
    width = 2 * (VECTOR // out.itemsize)
    block = 256  # so many rows of a panel stay in the nearest cache
    for end in range(K, 0, -block):
        rows = min(block, end)
        for panel in range(first, last):
            p, o = panel * b.shape[1] + (end - 1) * width, panel * width
            _add_tiles(out, o, a, end - 1, b, p, rows)
            _add_tiles(out2, o, a2, end - 1, b, p, rows)
            if len(sums):
                tile(1, 2, sums, o, 0, sums, o, 0, one, 0, 0, 0, b, p, -width, 0, rows)


@part
def _add_tiles(out, o, a, last, b, p, rows):
    """Columns o … of `out`, one panel of them, += a.T B for some rows, of which `last` is first."""
    width = 2 * (VECTOR // out.itemsize)
    ldo, lda = out.shape[1], a.shape[1]
    m = 0
    while m + ROWS <= len(out):
        tile(ROWS, 2, out, o + m * ldo, ldo, out, o + m * ldo, ldo, a, last * lda + m, 1, -lda,
             b, p, -width, 0, rows)  # fmt: skip
        m += ROWS
    while m + 2 <= len(out):
        tile(2, 2, out, o + m * ldo, ldo, out, o + m * ldo, ldo, a, last * lda + m, 1, -lda,
             b, p, -width, 0, rows)  # fmt: skip
        m += 2
    if m < len(out):
        tile(1, 2, out, o + m * ldo, ldo, out, o + m * ldo, ldo, a, last * lda + m, 1, -lda,
             b, p, -width, 0, rows)  # fmt: skip


@intrinsic
def store_in_panels(typing, b, row, column, values):
    """Store a whole vector as columns column … of a row of B; column is a multiple of it."""

    def codegen(context, build, signature, arguments):
        kind, width = context.make_array(signature.args[0]), ir.IntType(64)(2 * values.lanes)
        b_value, row, column, vector = arguments
        array = kind(context, build, b_value)
        panel = build.mul(build.udiv(column, width), build.extract_value(array.shape, 1))
        place = build.add(build.mul(row, width), build.urem(column, width))
        address = build.gep(array.data, [build.add(panel, place)])
        address = build.bitcast(address, vector.type.as_pointer())
        build.store(vector, address).align = values.dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.void(b, types.intp, types.intp, values), codegen


def _store_in_panels_in_numpy(b, row, column, values):
    """What `store_in_panels` does, for NUMBA_DISABLE_JIT=1."""
    width = 2 * (VECTOR // b.itemsize)
    place = row * width + column % width
    b[column // width, place : place + len(values)] = values


if numba.config.DISABLE_JIT:
    tile, copy, store_in_panels = _tile_in_numpy, _copy_in_numpy, _store_in_panels_in_numpy


@jit
def pack(weights, transposed, column, b, first, last):
    """Lay rows first … last - 1 of weights (K,J), or (J,K), out in B for `multiply`.

    As columns column … of B; those of a transposed one as column + first … .
    """
    width, columns = 2 * (VECTOR // b.itemsize), weights.shape[1]
    if transposed:
        for j0 in range(first, last, 16):  # 16 by 16 squares: whole cache lines on both sides
            for k0 in range(0, columns, 16):
                for j in range(j0, min(j0 + 16, last)):
                    p, q = U64(column + j) // U64(width), U64(column + j) % U64(width)
                    for k in range(U64(k0), U64(min(k0 + 16, columns))):
                        b[p, k * U64(width) + q] = weights[j, k]
        return
    for k in range(first, last):
        j = 0
        while j < columns:
            p, q = (column + j) // width, (column + j) % width
            count = min(width - q, columns - j)
            copy(b, p * b.shape[1] + k * width + q, weights, k * columns + j, count)
            j += count


def panels(K: int, J: int, itemsize: int) -> tuple[int, int]:
    """Return the shape that a matrix (K, J) has in panels."""
    width = 2 * VECTOR // itemsize
    return -(-J // width), K * width


def panels_off(K: int, J: int, itemsize: int) -> tuple[int, int]:
    """Return `panels` with room between them, so that they do not meet in one cache set."""
    count, size = panels(K, J, itemsize)
    return count, size + VECTOR // itemsize


def whole(columns: int, itemsize: int) -> int:
    """Return `columns` rounded up to whole vectors: what a gate takes in da's panels."""
    lanes = VECTOR // itemsize
    return -(-columns // lanes) * lanes


def padded(columns: int, itemsize: int) -> int:
    """Return a length for rows of `multiply`'s result: whole panels, off multiples of 4 KB."""
    width = 2 * VECTOR // itemsize
    return -(-columns // width) * width + VECTOR // itemsize
