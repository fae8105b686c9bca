"""Who computes which rows at which steps: shares of the batch, and real steps under a mask.

A masked step carries the state through, so a row is its real steps alone. Time is cut into
blocks; inside a block the rows are sorted by how many real steps they have there, and in round s
only the first `active[s]` of them are still at work. So padding before or after a sequence and
holes in it cost nothing, and no product is done for a masked step.

Rows never meet but in the sums over the batch (gradients of weights), which `gradients` adds up
in an order of its own: how rows are shared out changes no bit of any result.

Arrays over time and batch are flat here: row t·N + n time first, n·T + t batch first.
"""

from __future__ import annotations

import numpy as np

from . import pool
from .jit import inlined, jit, part

WORTH_A_THREAD = 4e6  # floating-point operations below which waking a second thread gains nothing
MOST_ROWS = 32  # rows of one share: their workspace stays in the nearest caches


def threads_for(operations: float) -> int:
    """Return how many threads to use for so many floating-point operations."""
    return max(1, min(pool.get_num_threads(), int(operations / WORTH_A_THREAD)))


def share_rows(mask: np.ndarray | None, N: int, threads: int) -> list[np.ndarray]:
    """Divide N rows among threads: neighbours together, or dealt out by length under a mask.

    Parameters
    ----------
    mask : ndarray of bool, (N, T), or None
    N, threads : int

    Returns
    -------
    list of ndarray of int64
        Row numbers of each share.
    """
    shares = max(min(threads, -(-N // 4)), -(-N // MOST_ROWS))
    if mask is not None:
        longest_first = np.argsort(-mask.sum(axis=1), kind="stable")
        return [np.ascontiguousarray(longest_first[s::shares]) for s in range(shares)]
    edges = [*(round(N * s / shares / 4) * 4 for s in range(shares)), N]
    return [np.arange(a, b) for a, b in zip(edges, edges[1:], strict=False) if a < b]


@inlined
def plan_block(mask, rows, t0, t1, order, when, active, counts):
    """Lay out the real steps of some rows in t0 … t1 - 1 and return how many rounds they take.

    In round s the rows order[:active[s]] take their s-th real step, row order[r] the one at time
    when[s, r]. An empty mask hides nothing. `counts` is scratch.
    """
    if len(mask) == 0:
        for r in range(len(rows)):
            order[r] = rows[r]
        for s in range(t1 - t0):
            active[s] = len(rows)
            for r in range(len(rows)):
                when[s, r] = t0 + s
        return t1 - t0
    active[: t1 - t0] = 0
    for r in range(len(rows)):
        counts[r] = 0
        for t in range(t0, t1):
            counts[r] += mask[rows[r], t]
    sorted_rows = 0
    for count in range(t1 - t0, -1, -1):  # a counting sort: most real steps first
        for r in range(len(rows)):
            if counts[r] == count:
                order[sorted_rows] = rows[r]
                s = 0
                for t in range(t0, t1):
                    if mask[rows[r], t]:
                        when[s, sorted_rows] = t
                        active[s] += 1
                        s += 1
                sorted_rows += 1
    rounds = 0
    while rounds < t1 - t0 and active[rounds]:
        rounds += 1
    return rounds


@inlined
def gather_inputs(x, T, N, order, when, active, rounds, X, xs):
    """Copy the inputs of a block's real steps to the cache X and, round by round, to xs."""
    k = 0
    for s in range(rounds):
        for r in range(active[s]):
            n, t = order[r], when[s, r]
            for j in range(X.shape[1]):
                X[t * N + n, j] = x[n * T + t, j]
                xs[k, j] = x[n * T + t, j]
            k += 1
    return k


@inlined
def load_rows(state, t, N, order, scale, out):
    """out[r] = state of row order[r] before step t, times `scale` unless that is empty."""
    for r in range(len(order)):
        n = order[r]
        for j in range(state.shape[1]):
            out[r, j] = state[t * N + n, j]
    scale_rows(out, len(order), order, scale, state.shape[1])


@inlined
def scale_rows(values, m, order, scale, columns):
    """values[r] *= scale[order[r]] for the first m rows; an empty scale is 1."""
    if len(scale):
        for r in range(m):
            n = order[r]
            for j in range(columns):
                values[r, j] *= scale[n, j]


@inlined
def hold_before(state, N, order, when, s, m, t0):
    """Carry the state of m rows through the masked steps just before those of round s."""
    for r in range(m):
        n = order[r]
        for t in range(when[s - 1, r] + 1 if s else t0, when[s, r]):
            for j in range(state.shape[1]):
                state[(t + 1) * N + n, j] = state[t * N + n, j]


@inlined
def hold_after(state, N, order, when, active, rounds, t0, t1):
    """Carry the state of every row through its masked steps at the end of a block."""
    for r in range(len(order)):
        n, begin = order[r], t0
        for s in range(rounds):
            if r < active[s]:
                begin = when[s, r] + 1
        for t in range(begin, t1):
            for j in range(state.shape[1]):
                state[(t + 1) * N + n, j] = state[t * N + n, j]


@inlined
def turn_out(h, T, N, order, t0, t1, out):
    """Copy the outputs of a block, time first in h, batch first to `out`."""
    for n in order:
        for t in range(t0, t1):
            for j in range(h.shape[1]):
                out[n * T + t, j] = h[(t + 1) * N + n, j]


@inlined
def add_upstream(dh, T, order, when, active, rounds, s, t0, t1, dhs):
    """Add the gradients from above to dhs, of round s and of the masked steps that follow it.

    Round -1 stands for the masked steps at the beginning of the block.
    """
    if len(dh) == 0:
        return
    m = active[s] if s >= 0 else len(order)
    for r in range(m):
        begin = when[s, r] if s >= 0 else t0
        end = when[s + 1, r] if s + 1 < rounds and r < active[s + 1] else t1
        for t in range(end - 1, begin - 1, -1):
            for j in range(dh.shape[1]):
                dhs[r, j] += dh[order[r] * T + t, j]


@inlined
def store_rows(values, m, at, first, rank, out):
    """out[rank of real step at[r] - first] = values[r]; an empty rank counts every step."""
    for r in range(m):
        q = at[r] - first
        if len(rank):
            q = rank[q]
        for j in range(out.shape[1]):
            out[q, j] = values[r, j]
