"""Steps that the three kernels share between Python and compiled code."""

from __future__ import annotations

import numpy as np

from .tile import pack, padded, panels

CACHE_BYTES = 2**19  # what a share's block of pre-activations may fill of the second-level cache
DA_BYTES = 2**23  # what the da of one backward segment may fill of the last-level cache


def rows_of(a: np.ndarray) -> np.ndarray:
    """View (A, B, C) as (A·B, C)."""
    return a.reshape(a.shape[0] * a.shape[1], a.shape[2])


def packed(work, W, transposed=False):
    """Pack a matrix, or its transpose, for `multiply`."""
    K, J = W.shape[::-1] if transposed else W.shape
    b = work.take(*panels(K, J, W.itemsize))
    pack(W, transposed, b)
    return b


def bias_row(work, b, columns):
    """Return the bias, or zeros, as one padded row."""
    row = work.take(1, padded(columns, work.dtype.itemsize))
    row[:] = 0
    if b is not None:
        row[0, : len(b)] = b
    return row


def plan_scratch(work, rows, block):
    """order, when, active and counts of `plan_block`."""
    integers = np.int64
    return (
        work.take(rows, dtype=integers),
        work.take(block, rows, dtype=integers),
        work.take(block, dtype=integers),
        work.take(rows, dtype=integers),
    )


def rows_and_rank(mask, a, b):
    """Real steps of a … b - 1, time first, as flat numbers, and the rank of each; empty: all."""
    if mask is None:
        empty = np.empty(0, np.int64)
        return empty, empty
    flat = mask[:, a:b].T.ravel()
    return np.flatnonzero(flat), np.cumsum(flat) - 1


def segments(T, bytes_per_step):
    """Cut T steps, from the last, into pieces whose da fits into the last-level cache."""
    steps = max(1, DA_BYTES // max(1, bytes_per_step))
    return [(max(0, end - steps), end) for end in range(T, 0, -steps)]


def column_groups(columns, itemsize, groups):
    """Cut columns into about so many groups of whole panels."""
    from .tile import VECTOR

    width = 2 * VECTOR // itemsize
    count = -(-columns // width)
    edges = [width * round(count * g / groups) for g in range(groups)] + [columns]
    return [(a, b - a) for a, b in zip(edges, edges[1:], strict=False) if a < b]
