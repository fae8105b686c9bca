"""Pieces of a round that the three kernels share: rows in, rows out.

Arrays over time and batch are flat here: row t·N + n time first, n·T + t batch first. `order`,
`when`, `until` and `active` are those of `plan.Plan`.
"""

from __future__ import annotations

from .jit import part
from .tile import copy
from .vectors import VECTOR, load, store


@part
def copy_row(array, first, step, count, values, i):
    """array[first], array[first + step], … = values[i], `count` times; the shorter row counts."""
    row, columns = array.shape[1], min(array.shape[1], values.shape[1])
    for q in range(count):
        copy(array, (first + q * step) * row, values, i * values.shape[1], columns)


@part
def gather_inputs(x, T, N, order, when, active, s, X, xs):
    """Copy inputs to the cache X and, round by round, to xs; return how many rows xs took.

    From round s on, as many whole rounds as xs has room for.
    """
    D, k = X.shape[1], 0
    while s < len(active) and k + active[s] <= len(xs):
        for r in range(active[s]):
            n, t = order[r], when[s, r]
            copy(X, (t * N + n) * D, x, (n * T + t) * D, D)
            copy(xs, k * D, x, (n * T + t) * D, D)
            k += 1
        s += 1
    return k


@part
def scale_rows(values, m, order, scale):
    """values[r] *= scale[order[r]] for the first m rows; an empty scale is 1."""
    if len(scale):
        H, row = scale.shape[1], values.shape[1]
        for r in range(m):
            for j in range(0, H, VECTOR // values.itemsize):
                x = load(values, r * row + j, H - j) * load(scale, order[r] * H + j, H - j)
                store(values, r * row + j, H - j, x)


@part
def add_upstream(dh, n, T, begin, end, values, r):
    """values[r] += the gradients from above on row n at steps end - 1 … begin."""
    if len(dh):
        H, row = dh.shape[1], r * values.shape[1]
        for t in range(end - 1, begin - 1, -1):
            for j in range(0, H, VECTOR // values.itemsize):
                x = load(values, row + j, H - j) + load(dh, (n * T + t) * H + j, H - j)
                store(values, row + j, H - j, x)
