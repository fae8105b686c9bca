"""The vanilla recurrent network, compiled: the functions of `scratchrnn.cells.rnn`.

Read the cell first: equations (1), (2) and (2'), (1') are those of its docstring. What differs is
what differs in `lstm`, whose docstring says it, (a) to (d).

Memory: the cache is the cell's, N·(T·D + (T+1)·H) numbers; the scratch that is kept for the next
call is as in `lstm`, with H in place of 4H.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import activated, slope
from .common import (
    activation_codes,
    cached_mask,
    check_sequence,
    given_or_zeros,
    mask_of,
    rows_or_none,
    shaped,
)
from .jit import inlined, jit
from .plan import plans, threads_for
from .rounds import add_upstream, copy_row, gather_inputs, scale_rows
from .sequence import (
    CACHE_BYTES,
    WeightGradient,
    bytes_of_step,
    packed,
    packed_transposed,
    padded_row,
    readable,
    rows_of,
    run_shares,
    segment_steps,
    segments_backward,
)
from .tile import copy, multiply, padded, panels_off, store_in_panels, whole
from .vectors import VECTOR, load, store
from .workspace import fresh, workspace


class RNNCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 of h is h0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,H)
    Wh: np.ndarray  # (H,H)
    has_bias: bool
    activation: str
    recurrent_mask: np.ndarray | None  # (N,H)


class RNNGrads(NamedTuple):
    """Gradients of the loss, each shaped as what it is the gradient of; db is None without b."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,H)
    dWh: np.ndarray  # (H,H)
    db: np.ndarray | None  # (H,)


@inlined
def _units(a, k, s, m, order, when, T, h, out, hs, phi):
    """Equation (2) for m rows of `a`; hs becomes the state of this step."""
    N, H = len(h) // (T + 1), hs.shape[1]
    for r in range(m):
        n, t = order[r], when[s, r]
        for j in range(0, H, VECTOR // a.itemsize):
            h_t = activated(phi, load(a, (k + r) * a.shape[1] + j, H - j))  # (2)
            store(hs, r * H + j, H - j, h_t)
            store(h, ((t + 1) * N + n) * H + j, H - j, h_t)
            store(out, (n * T + t) * H + j, H - j, h_t)


@jit
def _forward_rows(
    order, when, until, lead, active, x, T, X, h, out, bias, wx, wh, dropped, phi, a, hs, xs,
):  # fmt: skip
    """All steps of some rows: equations (1) and (2)."""
    N, H = len(h) // (T + 1), h.shape[1]
    zero, one = np.int64(0), np.int64(1)  # literals would be types of their own
    for r in range(len(order)):
        n = order[r]
        copy_row(hs, r, one, one, h, n)
        copy_row(h, N + n, N, lead[r], hs, r)
        copy_row(out, n * T, one, lead[r], hs, r)
    k = end = zero
    for s in range(len(active)):
        m = active[s]
        if k == end:  # (1), the part of x, for as many rounds as fit
            k = zero
            end = gather_inputs(x, T, N, order, when, active, s, X, xs)
            multiply(a, zero, bias, zero, xs, zero, zero, wx, end, H)
        scale_rows(hs, m, order, dropped)
        multiply(a, k, a, k, hs, zero, zero, wh, m, H)  # (1), the part of h_prev
        _units(a, k, s, m, order, when, T, h, out, hs, phi)
        for r in range(m):
            n, t = order[r], when[s, r] + 1
            masked = until[s, r] - t  # steps that carry this one's state
            copy_row(h, (t + 1) * N + n, N, masked, hs, r)
            copy_row(out, n * T + t, one, masked, hs, r)
        k += m


@inlined
def _units_backward(da, das, first, rank, s, m, order, when, N, h, dhs, phi):
    """Equation (2') for m rows."""
    H = h.shape[1]
    for r in range(m):
        h_t = ((when[s, r] + 1) * N + order[r]) * H
        place = (when[s, r] - first) * N + order[r]  # of the row in das
        if len(rank):
            place = rank[place]
        for j in range(0, H, VECTOR // da.itemsize):
            dh = load(dhs, r * dhs.shape[1] + j, H - j)
            d = dh * slope(phi, load(h, h_t + j, H - j))  # (2')
            store(da, r * da.shape[1] + j, H - j, d)
            store_in_panels(das, place, j, d)


@jit
def _backward_rows(
    order, when, until, lead, active, dh, T, first, rank, h, das, dx, dh_next, wT, zeros, dropped,
    phi, da, dhs,
):  # fmt: skip
    """Steps from the last to `first` of some rows: equations (2') and (1'), dh_prev and dx."""
    N, H, D = len(dh_next), h.shape[1], dx.shape[1]
    zero, one = np.int64(0), np.int64(1)
    for r in range(len(order)):
        copy_row(dhs, r, one, one, dh_next, order[r])
    for s in range(len(active) - 1, -1, -1):
        m = active[s]
        for r in range(m):
            add_upstream(dh, order[r], T, when[s, r], until[s, r], dhs, r)
        _units_backward(da, das, first, rank, s, m, order, when, N, h, dhs, phi)
        multiply(dhs, zero, zeros, zero, da, zero, zero, wT, m, H + D)  # (1') dh_prev | dx
        for r in range(m):
            copy(dx, (order[r] * T + when[s, r]) * D, dhs, r * dhs.shape[1] + H, D)
        scale_rows(dhs, m, order, dropped)
    for r in range(len(order)):
        n = order[r]
        add_upstream(dh, n, T, first, lead[r], dhs, r)
        copy_row(dh_next, n, one, one, dhs, r)


def rnn_forward(x, h0, Wx, Wh, b=None, mask=None, *, activation="tanh", recurrent_mask=None):
    """Run the network over whole sequences, as `scratchrnn.cells.rnn_forward` does.

    Parameters
    ----------
    x : ndarray of float32 or float64, (N, T, D)
    h0 : ndarray, (N, H), or None
        Initial state; None means zeros.
    Wx : ndarray, (D, H)
    Wh : ndarray, (H, H)
    b : ndarray, (H,), or None
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries the state through unchanged, costs
        nothing, and whatever x holds there, NaN included, has no effect.
    activation : str, default "tanh"
        A name only.
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT : ndarray, (N, H)
        The final state.
    cache : RNNCache

    Raises
    ------
    ValueError
        If a shape, a dtype or the activation does not fit.

    References
    ----------
    Elman (1990); equations (1) and (2) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import rnn_forward
    >>> h, hT, cache = rnn_forward(np.array([[[1.0], [2.0]]]), None, np.array([[0.5]]),
    ...                            np.array([[-1.0]]), np.array([0.1]))
    >>> h.round(5).ravel()
    array([0.53705, 0.51016])
    """
    x, h0, Wx, Wh, b, mask, dropped = check_sequence(
        "rnn_forward", 1, x, {"h0": h0}, Wx, Wh, b, mask, recurrent_mask
    )
    (N, T, D), H, dtype, masked = x.shape, len(Wh), x.dtype, mask is not None
    codes = activation_codes("rnn_forward", activation)
    X = fresh((T, N, D), dtype, masked)
    h, out = fresh((T + 1, N, H), dtype), fresh((N, T, H), dtype)
    h[0], ld = h0, padded(H, dtype.itemsize)
    with workspace(dtype) as work:

        def scratch(rows):
            block = max(rows, min(T * rows, CACHE_BYTES // (ld * dtype.itemsize)))
            return work.take(block, ld), work.take(rows, H), work.take(block, D)

        bias, wx, wh = padded_row(work, H, b), packed(work, Wx), packed(work, Wh)
        inputs = readable(x).reshape(N * T, D)
        arguments = (inputs, T, *map(rows_of, (X, h, out)), bias, wx, wh)
        arguments += (rows_or_none(dropped, h), *codes)
        shares = plans(mask, N, 0, T, threads_for(N, T, D, H, 1))
        run_shares(_forward_rows, shares, arguments, scratch)
    cache = RNNCache(X, h, cached_mask(mask), Wx, Wh, b is not None, activation, dropped)
    return out, h[T].copy(), cache


def rnn_backward(dh, cache, dhT=None, *, onto=None, with_dx=True):
    """Backpropagate through time, as `scratchrnn.cells.rnn_backward` does.

    Parameters
    ----------
    dh : ndarray, (N, T, H), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : RNNCache
        Of this module's `rnn_forward`.
    dhT : ndarray, (N, H), or None
        Gradient on the final state; None means zeros.
    onto : RNNGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None; its product is saved.

    Returns
    -------
    RNNGrads
        dx (N,T,D), dh0 (N,H), dWx (D,H), dWh (H,H), db (H,); dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Werbos (1990); equations (2') and (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import rnn_backward, rnn_forward
    >>> h, hT, cache = rnn_forward(np.array([[[1.0], [2.0]]]), None, np.array([[0.5]]),
    ...                            np.array([[-1.0]]), np.array([0.1]))
    >>> grads = rnn_backward(None, cache, dhT=np.ones((1, 1)))
    >>> [float(g.round(5).item()) for g in (grads.dWx, grads.dWh, grads.db)]
    [0.95309, 0.39727, 0.21336]
    """
    X, h, Wx, Wh = cache.x, cache.h, cache.Wx, cache.Wh
    (T, N, D), H, dtype, who = X.shape, h.shape[2], h.dtype, "rnn_backward"
    dh = np.empty((0, H), dtype) if dh is None else shaped(who, "dh", dh, (N, T, H), dtype)
    dh_next = given_or_zeros(who, "dhT", dhT, (N, H), dtype)
    codes, dropped = activation_codes(who, cache.activation), rows_or_none(cache.recurrent_mask, h)
    mask = mask_of(cache)
    dx = fresh((N, T, D if with_dx else 0), dtype, mask is not None)
    Wx_dx = Wx[: dx.shape[2]]  # for dx, or none of it
    begin = onto or RNNGrads(*[None] * 5)
    sum_x = WeightGradient(Wx.shape, 1, dtype, begin.dWx, begin.db)
    sum_h = WeightGradient(Wh.shape, 1, dtype, begin.dWh)
    threads = threads_for(N, T, D, H, 2)
    step_bytes = bytes_of_step(N, 1, H, dtype)
    with workspace(dtype) as work:

        def scratch(rows):
            return tuple(work.take(rows, padded(q, dtype.itemsize)) for q in (H, H + D))

        K, columns = N * segment_steps(T, step_bytes), whole(H, dtype.itemsize)
        das = work.take(*panels_off(K, columns, dtype.itemsize))
        wT, zeros = packed_transposed(work, Wh, Wx_dx), padded_row(work, H + D)
        upstream, mark = readable(dh).reshape(-1, H), work.used
        for segment in segments_backward(mask, N, T, threads, step_bytes):
            work.used = mark  # every segment has the same scratch
            arguments = (upstream, T, segment.first, segment.rank, rows_of(h), das, rows_of(dx))
            arguments += (dh_next, wT, zeros, dropped, *codes)
            h_prev = segment.rows(h[:T] * dropped if len(dropped) else h)
            rows = das, segment.count, threads
            tasks = sum_x.tasks(segment.rows(X), *rows, sum_h, h_prev)
            run_shares(_backward_rows, segment.shares, arguments, scratch, tasks)
    dx, db = dx if with_dx else None, sum_x.db if cache.has_bias else None
    return RNNGrads(dx, dh_next, sum_x.dW, sum_h.dW, db)
