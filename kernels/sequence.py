"""Steps of a sequence function between its arguments and its compiled loop, shared by all three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from . import pool
from .plan import Plan, plans
from .tile import add_transposed, pack, padded, panels, whole
from .workspace import Workspace, fresh

CACHE_BYTES = 2**19  # pre-activations of one share, which are to stay in the second-level cache
DA_BYTES = 2**23  # da of one backward segment, which is to stay in the last-level cache
INT = np.dtype(np.int64)


def rows_of(a: np.ndarray) -> np.ndarray:
    """View (A, B, C) as (A·B, C)."""
    return a.reshape(a.shape[0] * a.shape[1], a.shape[2])


def run_shares(
    function: Callable,
    shares: list[Plan],
    arguments: tuple,
    scratch: Callable[[int], tuple],
    then: Iterable[tuple] = (),
) -> None:
    """Run a compiled loop over every share, with arguments common to all and scratch of its own.

    Parameters
    ----------
    function : compiled function
        Takes the fields of a plan, `arguments` and what `scratch` gives.
    shares : list of Plan
    arguments : tuple
    scratch : callable
        Number of rows -> tuple of arrays.
    then : iterable of tuple
        Tasks for the pool that need what all shares have written.
    """
    tasks = [(function, *plan, *arguments, *scratch(len(plan.order))) for plan in shares]
    pool.run(tasks, list(then))


_kept: ContextVar[dict | None] = ContextVar("scratchrnn_packed_weights", default=None)


@contextmanager
def same_weights() -> Iterator[None]:
    """Lay weights out once for all calls in this block, in which nobody changes them."""
    token = _kept.set({})
    try:
        yield
    finally:
        _kept.reset(token)


def packed(work: Workspace, *matrices: np.ndarray) -> np.ndarray:
    """Lay matrices (K, J) out side by side for `multiply`."""
    K, J = len(matrices[0]), sum(W.shape[1] for W in matrices)
    return _lay_out(False, work, matrices, K, J, [W.shape[1] for W in matrices])


def packed_transposed(work: Workspace, *matrices: np.ndarray) -> np.ndarray:
    """Lay the transposes of matrices (J, K) out side by side for `multiply`."""
    K, J = matrices[0].shape[1], sum(map(len, matrices))
    return _lay_out(True, work, matrices, K, J, [len(W) for W in matrices])


def _lay_out(transposed, work, matrices, K, J, widths):
    kept, shape = _kept.get(), panels(K, J, work.dtype.itemsize)
    places = [(W.ctypes.data, W.shape, W.strides) for W in matrices] if kept is not None else []
    key = (transposed, work.dtype, *places)
    if kept and key in kept:
        return kept[key][0]
    b = work.take(*shape) if kept is None else fresh(shape, work.dtype)
    b[-1:] = 0  # the columns after the last
    column, tasks = 0, []
    parts = pool.get_num_threads() if K * J > 2**17 else 1
    for W, width in zip(matrices, widths, strict=True):
        tasks += [(pack, readable(W), transposed, column, b, *cut) for cut in cuts(len(W), parts)]
        column += width
    if parts > 1:
        pool.run(tasks)
    else:  # to wake a thread would take longer
        for task, *arguments in tasks:
            task(*arguments)
    if kept is not None:
        kept[key] = b, matrices  # these too: another array must not get their memory
    return b


def readable(a: np.ndarray) -> np.ndarray:
    """Return `a` contiguous, aligned and read-only: one type for the compiler."""
    if not (a.flags.c_contiguous and a.flags.aligned):
        a = np.require(a, requirements=["C", "A"])
    a = a.view()
    a.flags.writeable = False
    return a


def padded_row(work: Workspace, columns: int, values: np.ndarray | None = None) -> np.ndarray:
    """Return one row of `values`, or zeros, as long as the rows of `multiply`'s results."""
    row = work.take(1, padded(columns, work.dtype.itemsize))
    row[:] = 0
    if values is not None:
        row[0, :columns] = values
    return row


def cuts(count: int, parts: int) -> list[tuple[int, int]]:
    """Cut 0 … count - 1 into at most so many ranges."""
    edges = [count * q // parts for q in range(parts + 1)]
    return [(a, b) for a, b in pairwise(edges) if a < b]


class Segment(NamedTuple):
    """Steps first … last - 1 of a backward pass, and which of their rows are real."""

    first: int
    last: int
    real: np.ndarray  # flat numbers (t - first) N + n of real steps; empty: all are
    rank: np.ndarray  # flat number -> place among the real steps; empty: the same
    count: int  # of real steps
    shares: list[Plan]

    def rows(self, a: np.ndarray) -> np.ndarray:
        """Rows (t, n) of a (T, N, …) of which steps are real, under one another."""
        rows = rows_of(a[self.first : self.last])
        return rows[self.real] if len(self.rank) else rows


def segments_backward(
    mask: np.ndarray | None, N: int, T: int, threads: int, step_bytes: int
) -> Iterator[Segment]:
    """Cut T steps, from the last, into segments whose da stays in the last-level cache.

    Parameters
    ----------
    mask : ndarray of bool, (N, T), or None
    N, T, threads : int
    step_bytes : int
        Size of the da of one step.

    Yields
    ------
    Segment
    """
    steps = segment_steps(T, step_bytes)
    all_real = np.empty(0, np.int64)
    for last in range(T, 0, -steps):
        first = max(0, last - steps)
        shares = plans(mask, N, first, last, threads)
        if mask is None:
            yield Segment(first, last, all_real, all_real, N * (last - first), shares)
        else:
            flat = mask[:, first:last].T.ravel()
            real = np.flatnonzero(flat)
            yield Segment(first, last, real, np.cumsum(flat) - 1, len(real), shares)


def bytes_of_step(N: int, gates: int, H: int, dtype: np.dtype) -> int:
    """Return the size of the da of one step."""
    return N * gates * whole(H, dtype.itemsize) * dtype.itemsize


def segment_steps(T: int, step_bytes: int) -> int:
    """Return how many of T steps a backward segment has, all but the first in time."""
    return max(1, min(T, DA_BYTES // max(1, step_bytes)))


class WeightGradient:
    """dW = Σ aᵀ da, and db = Σ da, summed over segments in panels.

    Rows da of all real steps stand under one another, time first, and a sum runs over them from
    the last step to the first and within a step from the last sequence to the first: the order
    of a loop backward through time. Every element is one sum of one thread, so neither the
    number of threads nor a cut into segments of time changes a bit.

    A gate takes a whole number of vectors of the panels, zeros after its last column.

    Parameters
    ----------
    shape : tuple of int
        Of dW: rows, and H times the number of gates.
    gates : int
    dtype : dtype
    dW, db : ndarray, optional
        Where the sums begin, instead of zero.
    """

    def __init__(self, shape, gates, dtype, dW=None, db=None):
        self.gates, self.H = gates, shape[1] // gates
        self.panels, width = panels(1, gates * whole(self.H, dtype.itemsize), dtype.itemsize)
        self.sum = fresh((shape[0], self.panels * width), dtype, zero=True)
        self.bias_sum = fresh((1, self.panels * width), dtype, zero=True)
        self.one = np.ones((1, 1), dtype)
        if dW is not None:
            self._by_gate(self.sum)[:] = dW.reshape(shape[0], gates, self.H)
        if db is not None:
            self._by_gate(self.bias_sum)[:] = db.reshape(1, gates, self.H)

    def _by_gate(self, sums):
        """View sums as (rows, gates, H), without the columns between."""
        columns = whole(self.H, sums.itemsize)
        gates = sums[:, : self.gates * columns].reshape(len(sums), self.gates, columns)
        return gates[:, :, : self.H]

    def tasks(self, a, das, count, threads, beside=None, a2=None, bias=True) -> list[tuple]:
        """Return tasks for the pool that add the `count` rows of a segment.

        Parameters
        ----------
        a : ndarray, (count, rows of dW)
        das : ndarray
            The da of the segment in panels.
        count, threads : int
        beside : WeightGradient, optional
            Another one, of `a2`, to which the same da belong.
        a2 : ndarray, (count, rows of the other dW)
        bias : bool, default True
            Add to db as well.
        """
        sums = self.bias_sum if bias else self.bias_sum[:0]
        other = (self.sum[:0], a) if beside is None else (beside.sum, a2)
        return [
            (add_transposed, self.sum, a, *other, sums, das, count, *cut, self.one)
            for cut in cuts(self.panels, 4 * threads if threads > 1 else 1)
        ]

    @property
    def dW(self) -> np.ndarray:
        """The gradient of the weights."""
        return self._by_gate(self.sum).reshape(len(self.sum), self.gates * self.H)

    @property
    def db(self) -> np.ndarray:
        """The gradient of the bias."""
        return self._by_gate(self.bias_sum).reshape(-1).copy()
