"""The gated recurrent unit, compiled: the functions of `scratchrnn.cells.gru`, both forms.

Read the cell first: equations (1) to (6) and (6') to (1') are those of its docstring; the reset
gate's are in `gru_reset`. What differs is what differs in `lstm`, whose docstring says
it, (a) to (d); further:

(f) With reset_after, u = h_prev Wh + b_h is one product with its own bias, and da and du, which
    differ in the columns of n alone, are kept side by side for the sums over time.
(g) With reset_after=False the loop has two products forward and three backward, since r must be
    known before k Wh_n, and dk before da_r.

Memory: the cache is the cell's, N·(T·D + (T+1)·H + 3·T·H + T·H) numbers (T·H fewer without u_n);
the scratch that is kept for the next call is as in `lstm`, with 6H (4H) in place of 4H.
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
from .gru_reset import reset, reset_backward
from .gru_sums import GRUSums
from .jit import inlined, jit
from .plan import plans, threads_for
from .rounds import add_upstream, copy_row, gather_inputs, scale_rows
from .sequence import (
    CACHE_BYTES,
    INT,
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
from .tile import multiply, padded, panels_off, store_in_panels, whole
from .vectors import VECTOR, load, store
from .workspace import fresh, workspace


class GRUOptions(NamedTuple):
    """What forward and backward must agree on besides the weights."""

    reset_after: bool = True
    activation: str = "tanh"  # φ
    recurrent_activation: str = "sigmoid"  # σ
    recurrent_mask: np.ndarray | None = None  # (N,H)


class GRUCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 of h is h0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    gates: np.ndarray  # (T,N,3H): z r n; step (N,3H)
    u_n: np.ndarray | None  # (T,N,H); step (N,H); None without reset_after
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,3H)
    Wh: np.ndarray  # (H,3H)
    has_bias: bool
    options: GRUOptions


class GRUGrads(NamedTuple):
    """Gradients of the loss, each shaped as what it is the gradient of; db is None without b."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,3H)
    dWh: np.ndarray  # (H,3H)
    db: np.ndarray | None  # (2,3H) with reset_after, else (3H,)


@inlined
def _units(a, k, s, m, order, when, T, gates, u_n, h, out, hs, u, after, phi):
    """Equations (5) and (6) for m rows of `a`; hs becomes the state of this step."""
    N, H = len(h) // (T + 1), hs.shape[1]
    for i in range(m):
        n, t = order[i], when[s, i]
        q, v = (t * N + n) * 3 * H, i * u.shape[1]
        for j in range(0, H, VECTOR // a.itemsize):
            w = H - j
            z, r = load(gates, q + j, w), load(gates, q + H + j, w)
            x = load(a, (k + i) * a.shape[1] + 2 * H + j, w)
            if after:
                u_j = load(u, v + 2 * H + j, w)
                store(u_n, (t * N + n) * H + j, w, u_j)
                x = x + r * u_j  # (5)
            else:
                x = x + load(u, v + j, w)  # (5b)
            new = activated(phi, x)  # (5) (5b)
            h_t = z * load(hs, i * H + j, w) + (1.0 - z) * new  # (6)
            store(gates, q + 2 * H + j, w, new)
            store(hs, i * H + j, w, h_t)
            store(h, ((t + 1) * N + n) * H + j, w, h_t)
            store(out, (n * T + t) * H + j, w, h_t)


@jit
def _forward_rows(
    order, when, until, lead, active, x, T, X, h, gates, u_n, out, bias, bias_h, wx, wh, wn,
    dropped, after, phi, sigma, a, u, hs, hd, xs,
):  # fmt: skip
    """All steps of some rows: equations (1) to (6)."""
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
        if k == end:  # (1) for as many rounds as fit
            k = zero
            end = gather_inputs(x, T, N, order, when, active, s, X, xs)
            multiply(a, zero, bias, zero, xs, zero, zero, wx, end, 3 * H)
        for r in range(m):
            copy_row(hd, r, one, one, hs, r)
        scale_rows(hd, m, order, dropped)
        columns = 3 * H if after else 2 * H
        multiply(u, zero, bias_h, zero, hd, zero, zero, wh, m, columns)  # (2)
        reset(a, k, s, m, order, when, N, gates, u, hd, after, sigma)
        if not after:
            multiply(u, zero, bias_h, zero, hd, zero, zero, wn, m, H)  # (5b)
        _units(a, k, s, m, order, when, T, gates, u_n, h, out, hs, u, after, phi)
        for r in range(m):
            n, t = order[r], when[s, r] + 1
            masked = until[s, r] - t  # steps that carry this one's state
            copy_row(h, (t + 1) * N + n, N, masked, hs, r)
            copy_row(out, n * T + t, one, masked, hs, r)
        k += m


@inlined
def _units_backward(
    da, du, das, dus, place, s, m, order, when, N, h, gates, u_n, dhs, after, phi, sigma
):
    """Equations (6') to (3') for m rows, but for r without reset_after; dhs becomes dh ⊙ z."""
    H = h.shape[1]
    gate = -(-H // (VECTOR // da.itemsize)) * (VECTOR // da.itemsize)  # its columns in panels
    for i in range(m):
        q, x, v = when[s, i] * N + order[i], i * da.shape[1], i * du.shape[1]
        for j in range(0, H, VECTOR // da.itemsize):
            w, y = H - j, q * 3 * H + j
            z, r, new = load(gates, y, w), load(gates, y + H, w), load(gates, y + 2 * H, w)
            dh = load(dhs, i * dhs.shape[1] + j, w)
            da_z = dh * (load(h, q * H + j, w) - new) * slope(sigma, z)  # (6') (3')
            da_n = dh * (1.0 - z) * slope(phi, new)  # (6') (5')
            store(dhs, i * dhs.shape[1] + j, w, dh * z)  # (6')
            store(da, x + j, w, da_z)
            store(da, x + 2 * H + j, w, da_n)
            store_in_panels(das, place[i], j, da_z)
            store_in_panels(das, place[i], 2 * gate + j, da_n)
            if after:
                da_r = da_n * load(u_n, q * H + j, w) * slope(sigma, r)  # (5') (4')
                store(da, x + H + j, w, da_r)
                store(du, v + j, w, da_z)
                store(du, v + H + j, w, da_r)
                store(du, v + 2 * H + j, w, da_n * r)  # (5')
                store_in_panels(das, place[i], gate + j, da_r)
                store_in_panels(dus, place[i], j, da_z)
                store_in_panels(dus, place[i], gate + j, da_r)
                store_in_panels(dus, place[i], 2 * gate + j, da_n * r)
            else:
                store_in_panels(dus, place[i], j, da_n)


@jit
def _backward_rows(
    order, when, until, lead, active, dh, T, first, rank, h, gates, u_n, das, dus, ks, dx,
    dh_next, wxT, whT, wnT, zeros, dropped, after, phi, sigma, da, du, dhs, dk, dxs, hd, place,
):  # fmt: skip
    """Steps from the last to `first` of some rows: equations (6') to (1')."""
    N, H, D = len(dh_next), h.shape[1], dx.shape[1]
    zero, one = np.int64(0), np.int64(1)
    for r in range(len(order)):
        copy_row(dhs, r, one, one, dh_next, order[r])
    for s in range(len(active) - 1, -1, -1):
        m = active[s]
        for r in range(m):
            place[r] = (when[s, r] - first) * N + order[r]
            if len(rank):
                place[r] = rank[place[r]]
            copy_row(hd, r, one, one, h, when[s, r] * N + order[r])
            add_upstream(dh, order[r], T, when[s, r], until[s, r], dhs, r)
        scale_rows(hd, m, order, dropped)
        _units_backward(
            da, du, das, dus, place, s, m, order, when, N, h, gates, u_n, dhs, after, phi, sigma
        )
        if after:
            multiply(dk, zero, zeros, zero, du, zero, zero, whT, m, H)  # (2')
        else:
            multiply(dk, zero, zeros, zero, da, zero, 2 * H, wnT, m, H)  # (5b')
            reset_backward(da, das, place, s, m, order, when, N, gates, dk, hd, sigma)
            multiply(dk, zero, dk, zero, da, zero, zero, whT, m, H)  # (2')
        scale_rows(dk, m, order, dropped)
        multiply(dxs, zero, zeros, zero, da, zero, zero, wxT, m, D)  # (1')
        for r in range(m):
            for j in range(0, H, VECTOR // da.itemsize):
                x, w = r * dhs.shape[1] + j, H - j
                store(dhs, x, w, load(dhs, x, w) + load(dk, r * dk.shape[1] + j, w))  # (1')
            copy_row(dx, order[r] * T + when[s, r], one, one, dxs, r)
            if len(ks):
                copy_row(ks, place[r], one, one, hd, r)
    for r in range(len(order)):
        n = order[r]
        add_upstream(dh, n, T, first, lead[r], dhs, r)
        copy_row(dh_next, n, one, one, dhs, r)


def gru_forward(x, h0, Wx, Wh, b=None, mask=None, **options):
    """Run the network over whole sequences, as `scratchrnn.cells.gru_forward` does.

    Parameters
    ----------
    x : ndarray of float32 or float64, (N, T, D)
    h0 : ndarray, (N, H), or None
        Initial state; None means zeros.
    Wx, Wh : ndarray, (D, 3H) and (H, 3H)
        Gates by column in the order z r n.
    b : ndarray, (2, 3H) with reset_after, else (3H,), or None
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries the state through unchanged, costs
        nothing, and whatever x holds there, NaN included, has no effect.
    reset_after : bool, default True
        Reset the product (5) or the state before it (5b).
    activation, recurrent_activation : str, default "tanh" and "sigmoid"
        φ and σ of the equations: names only.
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT : ndarray, (N, H)
        The final state.
    cache : GRUCache
        Its gates and u_n are 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation does not fit.

    References
    ----------
    Cho et al. (2014); equations (1) to (6) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import gru_forward
    >>> rng = np.random.default_rng(0)
    >>> x, Wx, Wh = (rng.normal(size=s) for s in [(2, 5, 3), (3, 12), (4, 12)])
    >>> h, hT, cache = gru_forward(x, None, Wx, Wh, np.zeros((2, 12)))
    >>> h.shape, cache.gates.shape
    ((2, 5, 4), (5, 2, 12))
    """
    options, who = GRUOptions(**options), "gru_forward"
    after = bool(options.reset_after)
    x, h0, Wx, Wh, b, mask, dropped = check_sequence(
        who, 3, x, {"h0": h0}, Wx, Wh, b, mask, options.recurrent_mask,
        bias_shape=lambda H: (2, 3 * H) if after else (3 * H,),
    )  # fmt: skip
    (N, T, D), H, dtype, masked = x.shape, len(Wh), x.dtype, mask is not None
    codes = activation_codes(who, options.activation, options.recurrent_activation)
    shapes = (T, N, D), (T, N, 3 * H), (T if after else 0, N, H)
    X, gates, u_n = (fresh(shape, dtype, masked) for shape in shapes)
    h, out = fresh((T + 1, N, H), dtype), fresh((N, T, H), dtype)
    h[0], ld = h0, padded(3 * H, dtype.itemsize)
    b_x, b_h = b if b is not None and after else (b, None)
    with workspace(dtype) as work:

        def scratch(rows):
            block = max(rows, min(T * rows, CACHE_BYTES // (ld * dtype.itemsize)))
            shapes = (block, ld), (rows, ld), (rows, H), (rows, H), (block, D)
            return tuple(work.take(*shape) for shape in shapes)

        biases = padded_row(work, 3 * H, b_x), padded_row(work, 3 * H, b_h)
        inputs, cut = readable(x).reshape(N * T, D), 3 * H if after else 2 * H
        weights = packed(work, Wx), packed(work, Wh[:, :cut]), packed(work, Wh[:, cut:])
        arguments = (inputs, T, *map(rows_of, (X, h, gates, u_n, out)), *biases, *weights)
        arguments += (rows_or_none(dropped, h), after, *codes)
        shares = plans(mask, N, 0, T, threads_for(N, T, D, H, 3))
        run_shares(_forward_rows, shares, arguments, scratch)
    options, u_n = options._replace(recurrent_mask=dropped), u_n if after else None
    cache = GRUCache(X, h, gates, u_n, cached_mask(mask), Wx, Wh, b is not None, options)
    return out, h[T].copy(), cache


def gru_backward(dh, cache, dhT=None, *, onto=None, with_dx=True):
    """Backpropagate through time, as `scratchrnn.cells.gru_backward` does.

    Parameters
    ----------
    dh : ndarray, (N, T, H), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : GRUCache
        Of this module's `gru_forward`.
    dhT : ndarray, (N, H), or None
        Gradient on the final state; None means zeros.
    onto : GRUGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None; its product is saved.

    Returns
    -------
    GRUGrads
        dx (N,T,D), dh0 (N,H), dWx (D,3H), dWh (H,3H), db; dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Werbos (1990); equations (6') to (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import gru_backward, gru_forward
    >>> rng = np.random.default_rng(0)
    >>> x, Wx, Wh = (rng.normal(size=s) for s in [(2, 5, 3), (3, 12), (4, 12)])
    >>> h, hT, cache = gru_forward(x, None, Wx, Wh)
    >>> gru_backward(np.ones_like(h), cache).dWh.shape
    (4, 12)
    """
    X, h, gates, u_n, _, Wx, Wh, has_bias, options = cache
    (T, N, D), H, dtype, who = X.shape, h.shape[2], h.dtype, "gru_backward"
    after = bool(options.reset_after)
    dh = np.empty((0, H), dtype) if dh is None else shaped(who, "dh", dh, (N, T, H), dtype)
    dh_next = given_or_zeros(who, "dhT", dhT, (N, H), dtype)
    codes = activation_codes(who, options.activation, options.recurrent_activation)
    dropped, mask = rows_or_none(options.recurrent_mask, h), mask_of(cache)
    dx = fresh((N, T, D if with_dx else 0), dtype, mask is not None)
    Wx_dx = Wx[: dx.shape[2]]  # for dx, or none of it
    u_n = np.empty((0, N, H), dtype) if u_n is None else u_n
    sums = GRUSums(Wx, Wh, after, onto)
    threads = threads_for(N, T, D, H, 6)
    step_bytes = bytes_of_step(N, 6, H, dtype)
    with workspace(dtype) as work:

        def scratch(rows):
            columns = (padded(q, dtype.itemsize) for q in (3 * H, 3 * H, H, H, D))
            arrays = [work.take(rows, q) for q in columns]
            arrays.append(work.take(rows, H))
            return *arrays, work.take(rows, dtype=INT)

        K, cut = N * segment_steps(T, step_bytes), 3 * H if after else 2 * H
        gate = whole(H, dtype.itemsize)
        das = work.take(*panels_off(K, 3 * gate, dtype.itemsize))
        dus = work.take(*panels_off(K, 3 * gate if after else gate, dtype.itemsize))
        ks = work.take(0 if after else K, H)
        weights = [packed_transposed(work, W) for W in (Wx_dx, Wh[:, :cut], Wh[:, cut:])]
        zeros = padded_row(work, max(D, H))
        upstream, mark = readable(dh).reshape(-1, H), work.used
        for segment in segments_backward(mask, N, T, threads, step_bytes):
            work.used = mark  # every segment has the same scratch
            arguments = (upstream, T, segment.first, segment.rank, rows_of(h), rows_of(gates))
            arguments += (rows_of(u_n), das, dus, ks, rows_of(dx), dh_next, *weights, zeros)
            arguments += (dropped, after, *codes)
            h_prev = segment.rows(h[:T] * dropped if len(dropped) else h)
            tasks = sums.tasks(segment, segment.rows(X), h_prev, ks, das, dus, threads)
            run_shares(_backward_rows, segment.shares, arguments, scratch, tasks)
    return GRUGrads(dx if with_dx else None, dh_next, *sums.gradients(has_bias))
