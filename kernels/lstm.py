"""Long short-term memory, compiled: the functions of `scratchrnn.cells.lstm`, the same results.

What differs from the cell, and why.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import pool
from .activations import activate, derivative
from .common import activation_code, check_sequence, readable, shaped
from .gradients import input_rows, peephole_columns
from .host import CACHE_BYTES, bias_row, column_groups, packed, plan_scratch, rows_and_rank, rows_of, segments
from .jit import inlined, jit, part
from .plan import add_upstream, gather_inputs, hold_after, hold_before, load_rows, plan_block, scale_rows, share_rows, store_rows, threads_for, turn_out
from .tile import add_transposed, multiply, padded
from .workspace import workspace

U64 = np.uint64


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
def _units(a, k, m, at, N, c, h, gates, hs, p, phi, sigma):
    """Equations (2) to (7) for m rows of `a`, in place; then to the caches and to hs."""
    H, zero = hs.shape[1], np.int64(0)
    f, g, o = U64(H), U64(2 * H), U64(3 * H)  # where the columns of a gate begin; i at 0
    if len(p):
        for r in range(m):
            q = at[r]
            for j in range(U64(H)):
                a[k + r, j] += p[0, j] * c[q, j]  # (2)
                a[k + r, f + j] += p[1, j] * c[q, j]  # (3)
    activate(sigma, a, k, m, zero, 2 * H)  # (2) (3)
    activate(phi, a, k, m, 2 * H, H)  # (4)
    for r in range(m):
        q = at[r]
        for j in range(U64(H)):
            c_new = a[k + r, f + j] * c[q, j] + a[k + r, j] * a[k + r, g + j]  # (5)
            c[q + N, j] = c_new
            hs[r, j] = c_new
    if len(p):
        for r in range(m):
            for j in range(U64(H)):
                a[k + r, o + j] += p[2, j] * hs[r, j]  # (6)
    activate(sigma, a, k, m, 3 * H, H)  # (6)
    activate(phi, hs, zero, m, zero, H)  # (7)
    for r in range(m):
        q = at[r]
        for j in range(U64(H)):
            h_new = a[k + r, o + j] * hs[r, j]  # (7)
            hs[r, j] = h_new
            h[q + N, j] = h_new
        for j in range(U64(4 * H)):
            gates[q, j] = a[k + r, j]


@jit
def _forward_rows(
    rows, x, T, mask, X, h, c, gates, out, bias, wx, wh, p, dropped, phi, sigma,
    a, hs, xs, at, order, when, active, counts,
):  # fmt: skip
    """All steps of some rows: equations (1) to (7), time in blocks of len(when) steps."""
    N, H = len(h) // (T + 1), h.shape[1]
    zero = np.int64(0)  # a literal 0 would be a type of its own, and compile everything again
    for t0 in range(0, T, len(when)):
        t1 = min(T, t0 + len(when))
        rounds = plan_block(mask, rows, t0, t1, order, when, active, counts)
        k = gather_inputs(x, T, N, order, when, active, rounds, X, xs)
        multiply(a, zero, bias, zero, xs, zero, zero, wx, k, 4 * H)  # (1), the part of x, all steps at once
        load_rows(h, t0, N, order, dropped, hs)
        k = zero
        for s in range(rounds):
            m = active[s]
            multiply(a, k, a, k, hs, zero, zero, wh, m, 4 * H)  # (1), the part of h_prev
            if len(mask):
                hold_before(h, N, order, when, s, m, t0)
                hold_before(c, N, order, when, s, m, t0)
            for r in range(m):
                at[r] = when[s, r] * N + order[r]
            _units(a, k, m, at, N, c, h, gates, hs, p, phi, sigma)
            scale_rows(hs, m, order, dropped, H)
            k += m
        if len(mask):
            hold_after(h, N, order, when, active, rounds, t0, t1)
            hold_after(c, N, order, when, active, rounds, t0, t1)
        turn_out(h, T, N, order, t0, t1, out)


@inlined
def _units_backward(da, m, at, N, c, gates, dh, dc, tc, steps, p, phi, sigma):
    """Equations (7') to (2') for m rows; dh and dc come from step t + 1 and leave for t - 1."""
    H, zero = dc.shape[1], np.int64(0)
    f, g, o = U64(H), U64(2 * H), U64(3 * H)
    for r in range(m):
        q = at[r] + N
        for j in range(U64(H)):
            tc[r, j] = c[q, j]
    activate(phi, tc, zero, m, zero, H)  # φ(c) once more: cheaper than to keep it
    derivative(sigma, gates, at, da, zero, m, zero, 2 * H)
    derivative(phi, gates, at, da, zero, m, 2 * H, H)
    derivative(sigma, gates, at, da, zero, m, 3 * H, H)
    for r in range(m):
        q = at[r]
        for j in range(U64(H)):
            d = dh[r, j]
            da[r, o + j] *= d * tc[r, j]  # (7') (6')
            dh[r, j] = d * gates[q, o + j]
    derivative(phi, tc, steps, tc, zero, m, zero, H)
    for r in range(m):
        for j in range(U64(H)):
            dc[r, j] += dh[r, j] * tc[r, j]  # (7')
        if len(p):
            for j in range(U64(H)):
                dc[r, j] += da[r, o + j] * p[2, j]  # (6')
    for r in range(m):
        q = at[r]
        for j in range(U64(H)):
            da[r, j] *= dc[r, j] * gates[q, g + j]  # (5') (2')
        for j in range(U64(H)):
            da[r, f + j] *= dc[r, j] * c[q, j]  # (5') (3')
        for j in range(U64(H)):
            da[r, g + j] *= dc[r, j] * gates[q, j]  # (5') (4')
        for j in range(U64(H)):
            dc[r, j] *= gates[q, f + j]  # (5')
        if len(p):
            for j in range(U64(H)):
                dc[r, j] += da[r, f + j] * p[1, j] + da[r, j] * p[0, j]  # (3') (2')


@jit
def _backward_rows(
    rows, dh, T, first, last, mask, rank, c, gates, das, dh_next, dc_next, whT, zeros,
    p, dropped, phi, sigma, da, dhs, dcs, tc, at, steps, order, when, active, counts,
):  # fmt: skip
    """Steps last - 1 … first of some rows: equations (7') to (2') and dh_prev of (1')."""
    N, H, block, zero = len(dh_next), c.shape[1], len(when), np.int64(0)
    for t0 in range(first + (last - 1 - first) // block * block, first - 1, -block):
        t1 = min(last, t0 + block)
        rounds = plan_block(mask, rows, t0, t1, order, when, active, counts)
        for r in range(len(rows)):
            for j in range(H):
                dhs[r, j] = dh_next[order[r], j]
                dcs[r, j] = dc_next[order[r], j]
        for s in range(rounds - 1, -1, -1):
            m = active[s]
            for r in range(m):
                at[r] = when[s, r] * N + order[r]
            add_upstream(dh, T, order, when, active, rounds, s, t0, t1, dhs)
            _units_backward(da, m, at, N, c, gates, dhs, dcs, tc, steps, p, phi, sigma)
            multiply(dhs, zero, zeros, zero, da, zero, zero, whT, m, H)  # (1')
            scale_rows(dhs, m, order, dropped, H)
            store_rows(da, m, at, first * N, rank, das)
        if len(mask):
            add_upstream(dh, T, order, when, active, rounds, zero - 1, t0, t1, dhs)
        for r in range(len(rows)):
            for j in range(H):
                dh_next[order[r], j] = dhs[r, j]
                dc_next[order[r], j] = dcs[r, j]


def lstm_forward(
    x, h0, c0, Wx, Wh, b=None, mask=None, *, peepholes=None, activation="tanh",
    recurrent_activation="sigmoid", recurrent_mask=None,
):  # fmt: skip
    who = "lstm_forward"
    x, h0, c0, Wx, Wh, b, mask, recurrent_mask = check_sequence(
        who, 4, x, {"h0": h0, "c0": c0}, Wx, Wh, b, mask, recurrent_mask
    )
    (N, T, D), H, dtype = x.shape, len(Wh), x.dtype
    if peepholes is not None:
        peepholes = shaped(who, "peepholes", peepholes, (3, H), dtype)
    phi, sigma = activation_code(who, activation), activation_code(who, recurrent_activation)
    new = np.empty if mask is None else np.zeros
    X, gates = new((T, N, D), dtype), new((T, N, 4 * H), dtype)
    h, c, out = np.empty((T + 1, N, H), dtype), np.empty((T + 1, N, H), dtype), np.empty((N, T, H), dtype)
    h[0], c[0] = h0, c0
    none = np.empty((0, H), dtype)
    p = none if peepholes is None else np.array(peepholes)
    dropped = none if recurrent_mask is None else np.array(recurrent_mask)
    m = readable(np.empty((0, 0), bool) if mask is None else mask)
    with workspace(dtype) as work:
        bias, wx, wh = bias_row(work, b, 4 * H), packed(work, readable(Wx)), packed(work, readable(Wh))
        ld = padded(4 * H, dtype.itemsize)
        tasks = []
        xr = rows_of(readable(x))
        for rows in share_rows(mask, N, threads_for(8.0 * N * T * H * (D + H))):
            R = len(rows)
            block = max(1, min(T, 64, CACHE_BYTES // (R * ld * dtype.itemsize)))
            tasks.append((_forward_rows, rows, xr, T, m, rows_of(X), rows_of(h), rows_of(c), rows_of(gates), rows_of(out), bias, wx, wh, p, dropped, phi, sigma,
                work.take(block * R, ld), work.take(R, H), work.take(block * R, D), work.take(R, dtype=np.int64), *plan_scratch(work, R, block)))
        pool.run(tasks)
    mask = None if mask is None else np.array(mask.T, order="C")[:, :, None]
    options = LSTMOptions(peepholes, activation, recurrent_activation, recurrent_mask)
    return out, h[T].copy(), c[T].copy(), LSTMCache(X, h, c, gates, mask, Wx, Wh, b is not None, options)


def lstm_backward(dh, cache, dhT=None, dcT=None, *, onto=None):
    who = "lstm_backward"
    X, h, c, gates, mask, Wx, Wh, has_bias, options = cache
    (T, N, D), H, dtype = X.shape, len(Wh), X.dtype
    phi, sigma = activation_code(who, options.activation), activation_code(who, options.recurrent_activation)
    dh_next, dc_next = np.zeros((N, H), dtype), np.zeros((N, H), dtype)
    if dhT is not None: dh_next[:] = shaped(who, "dhT", dhT, (N, H), dtype)
    if dcT is not None: dc_next[:] = shaped(who, "dcT", dcT, (N, H), dtype)
    dh = readable(np.empty((0, H), dtype) if dh is None else shaped(who, "dh", dh, (N, T, H), dtype).reshape(N * T, H))
    none = np.empty((0, H), dtype)
    p = none if options.peepholes is None else np.array(options.peepholes)
    dropped = none if options.recurrent_mask is None else np.array(options.recurrent_mask)
    if mask is not None: mask = np.ascontiguousarray(mask[:, :, 0].T)
    m = readable(np.empty((0, 0), bool) if mask is None else mask)
    dx = (np.empty if mask is None else np.zeros)((N, T, D), dtype)
    lanes = 64 // dtype.itemsize
    ldw = -(-4 * H // lanes) * lanes
    dWx, dWh, db = np.zeros((D, ldw), dtype), np.zeros((H, ldw), dtype), np.zeros(4 * H, dtype)
    dp = np.zeros((3, H), dtype)
    if onto is not None:
        dWx[:, :4*H], dWh[:, :4*H] = onto.dWx, onto.dWh
        if has_bias: db[:] = onto.db
        if len(p): dp[:] = onto.dpeepholes
    with workspace(dtype) as work:
        whT, wxT = packed(work, readable(Wh), True), packed(work, readable(Wx), True)
        ld, ldh, ldd = (padded(q, dtype.itemsize) for q in (4 * H, H, D))
        zeros = bias_row(work, None, max(D, H))
        threads = threads_for(16.0 * N * T * H * (D + H))
        steps = np.arange(N)
        tasks = []
        segs = segments(T, N * ld * dtype.itemsize)
        das = work.take(N * max((b - a for a, b in segs), default=0), ld)
        shares = []
        for rows in share_rows(mask, N, threads):
            R = len(rows)
            block = max(1, min(T, 32))
            shares.append((rows, (work.take(R, ld), work.take(R, ldh), work.take(R, H), work.take(R, H), work.take(R, dtype=np.int64), steps, *plan_scratch(work, R, block))))
        scratches = [work.take(64, ldd) for _ in range(2 * threads)]
        for first, last in segs:
            real, rank = rows_and_rank(mask, first, last)
            pool.run([(_backward_rows, rows, dh, T, first, last, m, rank, rows_of(c), rows_of(gates), das, dh_next, dc_next, whT, zeros, p, dropped, phi, sigma, *scratch) for rows, scratch in shares])
            K, i = N * (last - first), first * N
            xs, hs = rows_of(X), rows_of(h)
            if len(dropped):
                hs = rows_of(h[first:last] * dropped); 
            if mask is not None:
                K = len(real)
                xs = xs[i + real]
                hs = hs[real if len(dropped) else i + real]
            ix = 0 if mask is not None else i
            ih = 0 if mask is not None or len(dropped) else i
            tasks = []
            for j, J in column_groups(4 * H, dtype.itemsize, threads):
                tasks.append((add_transposed, dWx, db, j, xs, ix, das, 0, K, J))
                tasks.append((add_transposed, dWh, np.empty(0,dtype), j, hs, ih, das, 0, K, J))
            cuts = [K * q // (2 * threads) for q in range(2 * threads + 1)]
            for q in range(2 * threads):
                tasks.append((input_rows, rows_of(dx), das, 0, wxT, zeros, real, first, T, N, cuts[q], cuts[q + 1], scratches[q]))
            if len(p):
                tasks.append((peephole_columns, das, K, real, rows_of(c), i, N, dp))
            pool.run(tasks)
    dWx, dWh = (np.ascontiguousarray(d[:, :4 * H]) for d in (dWx, dWh))
    return LSTMGrads(dx, dh_next, dc_next, dWx, dWh, db if has_bias else None, dp if len(p) else None)
