"""Pieces of a round that the three kernels share: rows in, rows out.

Arrays over time and batch are flat here: row t·N + n time first, n·T + t batch first. `order`,
`when`, `until` and `active` are those of `plan.Plan`.
"""

from __future__ import annotations

import numpy as np

from .jit import part
from .tile import copy

U64 = np.uint64


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
        for r in range(m):
            for j in range(scale.shape[1]):
                values[r, j] *= scale[order[r], j]


@part
def add_upstream(dh, n, T, begin, end, values, r):
    """values[r] += the gradients from above on row n at steps end - 1 … begin."""
    if len(dh):
        for t in range(end - 1, begin - 1, -1):
            for j in range(dh.shape[1]):
                values[r, j] += dh[n * T + t, j]


@part
def chain(da, column, d, values, at, values_column, m, H):
    """Chain rule, m by H: da[r, column+j] *= d[r, j] values[at[r], values_column+j]."""
    for r in range(m):
        i = at[r]
        for j in range(U64(H)):
            da[r, U64(column) + j] *= d[r, j] * values[i, U64(values_column) + j]


@part
def times(d, values, at, column, m, H):
    """d[r, j] *= values[at[r], column+j] for m rows and H columns."""
    for r in range(m):
        i = at[r]
        for j in range(U64(H)):
            d[r, j] *= values[i, U64(column) + j]
