"""Long short-term memory, compiled: the functions of `scratchrnn.cells.lstm`, the same results.

Read the cell first: equations (1) to (7) and (7') to (1') are those of its docstring, and stand
here in the same order, in `_units` and `_units_backward`. What differs, and what it bought
(LSTM 32,100,64,128, float32, forward and backward, one core of Zen 5: the cell takes 78 ms):

(a) x Wx + b is one product for many steps; dWx, dWh and db are one sum after the loop; dx shares
    the product of dh_prev, da [Whᵀ | Wxᵀ]. Only h_prev Wh and that product stay in the loop.
(b) Products are `tile.multiply`, at twice the speed of OpenBLAS on such shapes.
(c) The loop runs over a few rows at once, for all their steps, so that their state stays in the
    nearest caches; other rows are another thread's. Under a mask it runs over real steps only.
(d) The equations of a unit are one pass over vectors of units (`vectors`, `activations`), which
    leaves every result where it belongs. Ten passes that the compiler could turn into vectors by
    itself took 1.05 µs a row and step forward and 1.10 backward, one takes 0.97 and 0.97, where
    the products alone take 0.82 (what is needed lying in the nearer caches).
(e) What the next step will read or write is fetched ahead, during this step's product: backward
    1.36 -> 1.12 µs a row and step, forward 1.14 -> 1.02, at sizes that the caches do not hold.

Memory: the cache is the cell's, N·(T·D + 2(T+1)·H + 4·T·H) numbers. The scratch that is kept for
the next call is the packed weights, (D + H)·4H numbers, the da of one backward segment, at most
8 MB or one step, and a block of pre-activations for each share, at most 0.5 MB or one step.
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
from .peepholes import add_peepholes
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
from .vectors import VECTOR, load, prefetch, store
from .workspace import fresh, workspace


class LSTMOptions(NamedTuple):
    """What forward and backward must agree on besides the weights."""

    peepholes: np.ndarray | None = None  # (3,H): rows p_i, p_f, p_o
    activation: str = "tanh"  # φ
    recurrent_activation: str = "sigmoid"  # σ
    recurrent_mask: np.ndarray | None = None  # (N,H)


class LSTMCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 is h0, c0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    c: np.ndarray  # (T+1,N,H); step (2,N,H): c_prev, c
    gates: np.ndarray  # (T,N,4H): i f g o; step (N,4H)
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,4H)
    Wh: np.ndarray  # (H,4H)
    has_bias: bool
    options: LSTMOptions


class LSTMGrads(NamedTuple):
    """Gradients, each shaped as its argument; db and dpeepholes are None where those were."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dc0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,4H)
    dWh: np.ndarray  # (H,4H)
    db: np.ndarray | None  # (4H,)
    dpeepholes: np.ndarray | None  # (3,H)


@inlined
def _units(a, k, s, m, order, when, T, gates, h, c, out, hs, cs, p, phi, sigma):
    """Equations (2) to (7) for m rows of `a`; hs and cs become those of this step."""
    N, H = len(h) // (T + 1), hs.shape[1]
    for r in range(m):
        n, t, x = order[r], when[s, r], (k + r) * a.shape[1]
        for j in range(0, H, VECTOR // a.itemsize):
            w, c_prev = H - j, load(cs, r * H + j, H - j)
            i, f = load(a, x + j, w), load(a, x + H + j, w)
            g, o = load(a, x + 2 * H + j, w), load(a, x + 3 * H + j, w)
            if len(p):
                i, f = i + load(p, j, w) * c_prev, f + load(p, H + j, w) * c_prev
            i, f = activated(sigma, i), activated(sigma, f)  # (2) (3)
            g = activated(phi, g)  # (4)
            c_t = f * c_prev + i * g  # (5)
            if len(p):
                o = o + load(p, 2 * H + j, w) * c_t
            o = activated(sigma, o)  # (6)
            h_t = o * activated(phi, c_t)  # (7)
            store(cs, r * H + j, w, c_t)
            store(hs, r * H + j, w, h_t)
            store(c, ((t + 1) * N + n) * H + j, w, c_t)
            store(h, ((t + 1) * N + n) * H + j, w, h_t)
            store(out, (n * T + t) * H + j, w, h_t)
            q = (t * N + n) * 4 * H + j
            store(gates, q, w, i)
            store(gates, q + H, w, f)
            store(gates, q + 2 * H, w, g)
            store(gates, q + 3 * H, w, o)
            for gate in range(4):  # where the next step will write
                prefetch(gates, q + (4 * N + gate) * H, 1)
            prefetch(c, ((t + 2) * N + n) * H + j, 1)
            prefetch(h, ((t + 2) * N + n) * H + j, 1)
            prefetch(out, (n * T + t + 1) * H + j, 1)


@jit
def _forward_rows(
    order, when, until, lead, active, x, T, X, h, c, gates, out, bias, wx, wh, p, dropped,
    phi, sigma, a, hs, cs, xs,
):  # fmt: skip
    """All steps of some rows: equations (1) to (7)."""
    N, H = len(h) // (T + 1), h.shape[1]
    zero, one = np.int64(0), np.int64(1)  # literals would be types of their own
    for r in range(len(order)):
        n = order[r]
        copy_row(hs, r, one, one, h, n)
        copy_row(cs, r, one, one, c, n)
        copy_row(h, N + n, N, lead[r], hs, r)
        copy_row(c, N + n, N, lead[r], cs, r)
        copy_row(out, n * T, one, lead[r], hs, r)
    k = end = zero
    for s in range(len(active)):
        m = active[s]
        if k == end:  # (1), the part of x, for as many rounds as fit
            k = zero
            end = gather_inputs(x, T, N, order, when, active, s, X, xs)
            multiply(a, zero, bias, zero, xs, zero, zero, wx, end, 4 * H)
        scale_rows(hs, m, order, dropped)
        multiply(a, k, a, k, hs, zero, zero, wh, m, 4 * H)  # (1), the part of h_prev
        _units(a, k, s, m, order, when, T, gates, h, c, out, hs, cs, p, phi, sigma)
        for r in range(m):
            n, t = order[r], when[s, r] + 1
            masked = until[s, r] - t  # steps that carry this one's state
            copy_row(h, (t + 1) * N + n, N, masked, hs, r)
            copy_row(c, (t + 1) * N + n, N, masked, cs, r)
            copy_row(out, n * T + t, one, masked, hs, r)
        k += m


@inlined
def _units_backward(
    da, das, first, rank, s, m, order, when, N, T, dh, c, gates, dhs, dcs, p, phi, sigma
):
    """Equations (7') to (2') for m rows; dcs becomes that of step t - 1."""
    H = dcs.shape[1]
    gate = -(-H // (VECTOR // da.itemsize)) * (VECTOR // da.itemsize)  # its columns in panels
    for r in range(m):
        q, x = when[s, r] * N + order[r], r * da.shape[1]
        place = rank[q - first * N] if len(rank) else q - first * N  # of the row in das
        for j in range(0, H, VECTOR // da.itemsize):
            w, y = H - j, q * 4 * H + j
            i, f = load(gates, y, w), load(gates, y + H, w)
            g, o = load(gates, y + 2 * H, w), load(gates, y + 3 * H, w)
            phi_c = activated(phi, load(c, (q + N) * H + j, w))  # again: cheaper than to keep it
            dh_t = load(dhs, r * dhs.shape[1] + j, w)
            dc = load(dcs, r * H + j, w) + dh_t * o * slope(phi, phi_c)  # (7')
            da_o = dh_t * phi_c * slope(sigma, o)  # (7') (6')
            if len(p):
                dc = dc + da_o * load(p, 2 * H + j, w)  # (6')
            da_i = dc * g * slope(sigma, i)  # (5') (2')
            da_f = dc * load(c, q * H + j, w) * slope(sigma, f)  # (5') (3')
            da_g = dc * i * slope(phi, g)  # (5') (4')
            dc = dc * f  # (5')
            if len(p):
                dc = dc + da_f * load(p, H + j, w) + da_i * load(p, j, w)  # (3') (2')
            store(dcs, r * H + j, w, dc)
            store(da, x + j, w, da_i)
            store(da, x + H + j, w, da_f)
            store(da, x + 2 * H + j, w, da_g)
            store(da, x + 3 * H + j, w, da_o)
            store_in_panels(das, place, j, da_i)
            store_in_panels(das, place, gate + j, da_f)
            store_in_panels(das, place, 2 * gate + j, da_g)
            store_in_panels(das, place, 3 * gate + j, da_o)
            for before in range(4):  # what the step before will read
                prefetch(gates, y + (before - 4 * N) * H, 0)
            prefetch(c, (q - N) * H + j, 0)
            if len(dh):
                prefetch(dh, (order[r] * T + when[s, r] - 1) * H + j, 0)


@jit
def _backward_rows(
    order, when, until, lead, active, dh, T, first, rank, c, gates, das, dx, dh_next, dc_next,
    wT, zeros, p, dropped, phi, sigma, da, dhs, dcs,
):  # fmt: skip
    """Steps from the last to `first` of some rows: equations (7') to (2'), dh_prev and dx."""
    N, H, D = len(dh_next), c.shape[1], dx.shape[1]
    zero, one = np.int64(0), np.int64(1)
    for r in range(len(order)):
        copy_row(dhs, r, one, one, dh_next, order[r])
        copy_row(dcs, r, one, one, dc_next, order[r])
    for s in range(len(active) - 1, -1, -1):
        m = active[s]
        for r in range(m):
            add_upstream(dh, order[r], T, when[s, r], until[s, r], dhs, r)
        _units_backward(
            da, das, first, rank, s, m, order, when, N, T, dh, c, gates, dhs, dcs, p, phi, sigma
        )
        multiply(dhs, zero, zeros, zero, da, zero, zero, wT, m, H + D)  # (1') dh_prev | dx
        for r in range(m):
            copy(dx, (order[r] * T + when[s, r]) * D, dhs, r * dhs.shape[1] + H, D)
        scale_rows(dhs, m, order, dropped)
    for r in range(len(order)):
        n = order[r]
        add_upstream(dh, n, T, first, lead[r], dhs, r)
        copy_row(dh_next, n, one, one, dhs, r)
        copy_row(dc_next, n, one, one, dcs, r)


def lstm_forward(x, h0, c0, Wx, Wh, b=None, mask=None, *, peepholes=None, **options):
    """Run the network over whole sequences, as `scratchrnn.cells.lstm_forward` does.

    Parameters
    ----------
    x : ndarray of float32 or float64, (N, T, D)
    h0, c0 : ndarray, (N, H), or None
        Initial output and cell state; None means zeros.
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
        Gates by column in the order i f g o.
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries h and c through unchanged, costs
        nothing, and whatever x holds there, NaN included, has no effect.
    peepholes : ndarray, (3, H), or None
        Rows p_i, p_f, p_o.
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        φ and σ of the equations: names only.
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT, cT : ndarray, (N, H)
        The final states.
    cache : LSTMCache
        Its gates are 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation does not fit.

    References
    ----------
    Hochreiter, Schmidhuber (1997); Gers et al. (2000, 2002); equations (1) to (7) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import lstm_forward
    >>> rng = np.random.default_rng(0)
    >>> x, Wx, Wh = (rng.normal(size=s) for s in [(2, 5, 3), (3, 16), (4, 16)])
    >>> h, hT, cT, cache = lstm_forward(x, None, None, Wx, Wh)
    >>> h.shape, cT.shape, cache.gates.shape
    ((2, 5, 4), (2, 4), (5, 2, 16))
    """
    options = LSTMOptions(peepholes=peepholes, **options)
    x, h0, c0, Wx, Wh, b, mask, dropped = check_sequence(
        "lstm_forward", 4, x, {"h0": h0, "c0": c0}, Wx, Wh, b, mask, options.recurrent_mask
    )
    (N, T, D), H, dtype, masked = x.shape, len(Wh), x.dtype, mask is not None
    if peepholes is not None:
        peepholes = shaped("lstm_forward", "peepholes", peepholes, (3, H), dtype)
    codes = activation_codes("lstm_forward", options.activation, options.recurrent_activation)
    X, gates = (fresh(shape, dtype, masked) for shape in [(T, N, D), (T, N, 4 * H)])
    h, c, out = (fresh(shape, dtype) for shape in [(T + 1, N, H), (T + 1, N, H), (N, T, H)])
    h[0], c[0] = h0, c0
    ld = padded(4 * H, dtype.itemsize)
    with workspace(dtype) as work:

        def scratch(rows):
            block = max(rows, min(T * rows, CACHE_BYTES // (ld * dtype.itemsize)))
            shapes = (block, ld), (rows, H), (rows, H), (block, D)
            return tuple(work.take(*shape) for shape in shapes)

        bias, wx, wh = padded_row(work, 4 * H, b), packed(work, Wx), packed(work, Wh)
        inputs = readable(x).reshape(N * T, D)
        arguments = (inputs, T, *map(rows_of, (X, h, c, gates, out)), bias, wx, wh)
        arguments += (rows_or_none(peepholes, h), rows_or_none(dropped, h), *codes)
        shares = plans(mask, N, 0, T, threads_for(N, T, D, H, 4))
        run_shares(_forward_rows, shares, arguments, scratch)
    options = options._replace(peepholes=peepholes, recurrent_mask=dropped)
    cache = LSTMCache(X, h, c, gates, cached_mask(mask), Wx, Wh, b is not None, options)
    return out, h[T].copy(), c[T].copy(), cache


def lstm_backward(dh, cache, dhT=None, dcT=None, *, onto=None, with_dx=True):
    """Backpropagate through time, as `scratchrnn.cells.lstm_backward` does.

    Parameters
    ----------
    dh : ndarray, (N, T, H), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : LSTMCache
        Of this module's `lstm_forward`.
    dhT, dcT : ndarray, (N, H), or None
        Gradients on the final states; None means zeros.
    onto : LSTMGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None; its product is saved.

    Returns
    -------
    LSTMGrads
        dx (N,T,D), dh0 and dc0 (N,H), dWx, dWh, db, dpeepholes; dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Werbos (1990); equations (7') to (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import lstm_backward, lstm_forward
    >>> rng = np.random.default_rng(0)
    >>> x, Wx, Wh = (rng.normal(size=s) for s in [(2, 5, 3), (3, 16), (4, 16)])
    >>> h, hT, cT, cache = lstm_forward(x, None, None, Wx, Wh)
    >>> lstm_backward(np.ones_like(h), cache).dWh.shape
    (4, 16)
    """
    X, h, c, gates, _, Wx, Wh, has_bias, options = cache
    (T, N, D), H, dtype, who = X.shape, h.shape[2], h.dtype, "lstm_backward"
    dh = np.empty((0, H), dtype) if dh is None else shaped(who, "dh", dh, (N, T, H), dtype)
    dh_next = given_or_zeros(who, "dhT", dhT, (N, H), dtype)
    dc_next = given_or_zeros(who, "dcT", dcT, (N, H), dtype)
    codes = activation_codes(who, options.activation, options.recurrent_activation)
    p, dropped = rows_or_none(options.peepholes, h), rows_or_none(options.recurrent_mask, h)
    mask = mask_of(cache)
    dx = fresh((N, T, D if with_dx else 0), dtype, mask is not None)
    Wx_dx = Wx[: dx.shape[2]]  # for dx, or none of it
    begin = onto or LSTMGrads(*[None] * 7)
    sum_x = WeightGradient(Wx.shape, 4, dtype, begin.dWx, begin.db)
    sum_h = WeightGradient(Wh.shape, 4, dtype, begin.dWh)
    dp = given_or_zeros(who, "onto", begin.dpeepholes, p.shape, dtype)
    threads = threads_for(N, T, D, H, 8)
    step_bytes = bytes_of_step(N, 4, H, dtype)
    with workspace(dtype) as work:

        def scratch(rows):
            shapes = [(rows, padded(q, dtype.itemsize)) for q in (4 * H, H + D)]
            return tuple(work.take(*shape) for shape in (*shapes, (rows, H)))

        columns = 4 * whole(H, dtype.itemsize)
        count, row = panels_off(N * segment_steps(T, step_bytes), columns, dtype.itemsize)
        das, zeros = work.take(count, row), padded_row(work, H + D)
        wT = packed_transposed(work, Wh, Wx_dx)
        upstream, mark = readable(dh).reshape(-1, H), work.used
        for segment in segments_backward(mask, N, T, threads, step_bytes):
            work.used = mark  # every segment has the same scratch
            arguments = (upstream, T, segment.first, segment.rank, rows_of(c), rows_of(gates))
            arguments += (das, rows_of(dx), dh_next, dc_next, wT, zeros, p, dropped, *codes)
            h_prev = segment.rows(h[:T] * dropped if len(dropped) else h)
            K, rows = segment.count, (das, segment.count, threads)
            tasks = sum_x.tasks(segment.rows(X), *rows, sum_h, h_prev)
            if len(p):
                tasks.append((add_peepholes, dp, das, segment.rows(c), segment.rows(c[1:]), K))
            run_shares(_backward_rows, segment.shares, arguments, scratch, tasks)
    db, dp = sum_x.db if has_bias else None, dp if len(p) else None
    return LSTMGrads(dx if with_dx else None, dh_next, dc_next, sum_x.dW, sum_h.dW, db, dp)
