"""Long short-term memory with forget gate and optional peepholes, forward and backward.

Beside the output h runs a cell state c that is only ever scaled and added to, equation (5).
Backwards the same line reads dc_prev = dc ⊙ f (5'): no matrix, no squashing, so where the
forget gate is open a gradient passes through hundreds of steps (the "constant error carousel").

Shapes: x (N,T,D), h c (N,T,H), Wx (D,4H), Wh (H,4H), b (4H,), peepholes (3,H); gates packed
by column in the order i f g o. N sequences, T steps, D inputs, H units, G = 4 gates.

Forward, for t = 1 … T                            Backward, for t = T … 1
    a = x Wx + h_prev Wh + b            (1)    dh_total = dh + dh_next
    i = σ(a_i + p_i ⊙ c_prev)           (2)    do = dh_total ⊙ φ(c)                      (7')
    f = σ(a_f + p_f ⊙ c_prev)           (3)    dc = dc_next + dh_total ⊙ o ⊙ φ'(c)       (7')
    g = φ(a_g)                          (4)    da_o = do ⊙ σ'(o),  dc += da_o ⊙ p_o      (6')
    c = f ⊙ c_prev + i ⊙ g              (5)    di = dc ⊙ g, df = dc ⊙ c_prev, dg = dc ⊙ i
    o = σ(a_o + p_o ⊙ c)                (6)                       dc_prev = dc ⊙ f       (5')
    h = o ⊙ φ(c)                        (7)    da_g = dg ⊙ φ'(g)                         (4')
                                               da_f = df ⊙ σ'(f), dc_prev += da_f ⊙ p_f  (3')
                                               da_i = di ⊙ σ'(i), dc_prev += da_i ⊙ p_i  (2')
                                               dx = da Wxᵀ,       dh_prev = da Whᵀ       (1')
                                               dWx += xᵀ da,      dWh += h_prevᵀ da      (1')
                                               db += Σ_n da,      dp_i += Σ_n da_i ⊙ c_prev, …

Derivatives are written in the outputs: σ'(f) = f(1 - f), φ'(g) = 1 - g², φ'(c) = 1 - φ(c)².
At a masked step h = h_prev and c = c_prev. A recurrent mask multiplies h_prev in (1) only.

Memory: the cache of a sequence holds x, h, c and four gates, N·(T·D + 2(T+1)·H + 4·T·H) numbers.

References: S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997).
F. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", Neural Computation 12 (2000): f.
F. Gers, N. Schraudolph, J. Schmidhuber, "Learning precise timing", JMLR 3 (2002): peepholes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation, get_activation
from .common import check_sequence, given_or_zeros, scale, sums_from, swap_time, time_first, where


class LSTMOptions(NamedTuple):
    """What forward and backward must agree on besides the weights."""

    peepholes: np.ndarray | None = None  # (3,H): rows p_i, p_f, p_o
    activation: str | Activation = "tanh"  # φ
    recurrent_activation: str | Activation = "sigmoid"  # σ
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


def lstm_step(x, h_prev, c_prev, Wx, Wh, b=None, **options):
    """Advance output and cell state by one step: equations (1) to (7).

    Parameters
    ----------
    x, h_prev, c_prev : ndarray, (N, D), (N, H) and (N, H)
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
    **options : the fields of `LSTMOptions`, as in `lstm_forward`

    Returns
    -------
    h, c, cache : ndarray, (N, H), twice; LSTMCache

    Examples
    --------
    >>> from scratchrnn.cells import lstm_step
    >>> w = np.full((1, 4), 0.5)
    >>> h, c, _ = lstm_step(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), w, w)
    >>> h.round(4), c.round(4)
    (array([[0.4489]]), array([[0.9101]]))
    """
    options = LSTMOptions(**options)
    phi = get_activation("lstm_step", options.activation).f
    sigma = get_activation("lstm_step", options.recurrent_activation).f
    p_i, p_f, p_o = (0, 0, 0) if options.peepholes is None else options.peepholes
    a = x @ Wx + scale(h_prev, options.recurrent_mask) @ Wh  # (1)
    a = a if b is None else a + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i = sigma(a_i + p_i * c_prev)  # (2)
    f = sigma(a_f + p_f * c_prev)  # (3)
    g = phi(a_g)  # (4)
    c = f * c_prev + i * g  # (5)
    o = sigma(a_o + p_o * c)  # (6)
    h = o * phi(c)  # (7)
    h_rows, c_rows = np.stack([h_prev, h]), np.stack([c_prev, c])
    gates = np.concatenate([i, f, g, o], axis=1)
    return h, c, LSTMCache(x, h_rows, c_rows, gates, None, Wx, Wh, b is not None, options)


def lstm_step_backward(dh, dc, cache):
    """Go back through one step: equations (7') to (1').

    Parameters
    ----------
    dh, dc : ndarray, (N, H), from above and from step t + 1 together
    cache : LSTMCache

    Returns
    -------
    dx, dh_prev, dc_prev : ndarray, (N, D), (N, H) and (N, H)
    dWx, dWh, db, dpeepholes : ndarray, (D, 4H), (H, 4H), (4H,) and (3, H)

    Examples
    --------
    >>> from scratchrnn.cells import lstm_step, lstm_step_backward
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, c, cache = lstm_step(one, one, one, w, w)
    >>> [g.shape for g in lstm_step_backward(one, one, cache)]
    [(1, 1), (1, 1), (1, 1), (1, 4), (1, 4), (4,), (3, 1)]
    """
    x, (h_prev, _), (c_prev, c), gates, _, Wx, Wh, _, options = cache
    phi = get_activation("lstm_step_backward", options.activation)
    dsigma = get_activation("lstm_step_backward", options.recurrent_activation).df
    p_i, p_f, p_o = (0, 0, 0) if options.peepholes is None else options.peepholes
    i, f, g, o = np.split(gates, 4, axis=1)
    phi_c = phi.f(c)
    da_o = dh * phi_c * dsigma(o)  # (7') (6')
    dc = dc + dh * o * phi.df(phi_c) + da_o * p_o  # (7') (6')
    di, df, dg = dc * g, dc * c_prev, dc * i  # (5')
    da_g = dg * phi.df(g)  # (4')
    da_f = df * dsigma(f)  # (3')
    da_i = di * dsigma(i)  # (2')
    dc_prev = dc * f + da_f * p_f + da_i * p_i  # (5') (3') (2')
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (N,4H)
    dx = da @ Wx.T  # (1')
    dh_prev = scale(da @ Wh.T, options.recurrent_mask)  # (1')
    dWx = x.T @ da  # (1')
    dWh = scale(h_prev, options.recurrent_mask).T @ da  # (1')
    db = da.sum(axis=0)  # (1')
    dpeepholes = np.stack(
        [(da_i * c_prev).sum(axis=0), (da_f * c_prev).sum(axis=0), (da_o * c).sum(axis=0)]
    )  # (2') (3') (6')
    return dx, dh_prev, dc_prev, dWx, dWh, db, dpeepholes


def lstm_forward(x, h0, c0, Wx, Wh, b=None, mask=None, *, peepholes=None, **options):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0, c0 : ndarray, (N, H), or None for zeros
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
    mask : ndarray of bool, (N, T), or None
        True where a step is real; what x holds at the others, NaN included, has no effect.
    peepholes : ndarray, (3, H), or None
    activation, recurrent_activation : str or Activation, default "tanh" and "sigmoid"
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT, cT : ndarray, (N, H), the final states
    cache : LSTMCache

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation's name does not fit.

    References
    ----------
    Hochreiter, Schmidhuber (1997); Gers et al. (2000, 2002); equations (1) to (7).

    Examples
    --------
    >>> from scratchrnn.cells import lstm_forward
    >>> x, Wx, Wh = np.ones((2, 5, 3)), np.ones((3, 16)), np.ones((4, 16))
    >>> h, hT, cT, cache = lstm_forward(x, None, None, Wx, Wh)
    >>> h.shape, cT.shape, cache.gates.shape
    ((2, 5, 4), (2, 4), (5, 2, 16))
    """
    x, h0, c0, Wx, Wh, b, mask, options["recurrent_mask"] = check_sequence(
        "lstm_forward", 4, x, {"h0": h0, "c0": c0}, Wx, Wh, b, mask, options.get("recurrent_mask")
    )
    if peepholes is not None:
        peepholes = given_or_zeros("lstm_forward", "peepholes", peepholes, (3, len(Wh)), h0.dtype)
    options["peepholes"] = peepholes
    x, mask = time_first(x, mask)  # (T,N,D), (T,N,1)
    T, (N, H) = len(x), h0.shape
    h, c = np.empty((T + 1, N, H), h0.dtype), np.empty((T + 1, N, H), h0.dtype)
    gates = np.empty((T, N, 4 * H), h0.dtype)
    h[0], c[0] = h0, c0
    for t in range(T):
        m = None if mask is None else mask[t]
        h_new, c_new, step = lstm_step(x[t], h[t], c[t], Wx, Wh, b, **options)
        h[t + 1], c[t + 1] = where(m, h_new, h[t]), where(m, c_new, c[t])
        gates[t] = step.gates
    cache = LSTMCache(x, h, c, gates, mask, Wx, Wh, b is not None, LSTMOptions(**options))
    return swap_time(h[1:]), h[T].copy(), c[T].copy(), cache


def lstm_backward(dh, cache, dhT=None, dcT=None, *, onto=None, with_dx=True):
    """Backpropagate through time (Werbos 1990): gradients of all that `lstm_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on every output, or None for zeros
    cache : LSTMCache
    dhT, dcT : ndarray, (N, H), from above on the final states, or None for zeros
    onto : LSTMGrads, optional
        What the segment of steps after this one gave: weight gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None. (The compiled twin saves its product then.)

    Returns
    -------
    LSTMGrads
        dx (N,T,D), dh0 and dc0 (N,H), dWx, dWh, db, dpeepholes; dx is 0 at masked steps.

    Examples
    --------
    >>> from scratchrnn.cells import lstm_backward, lstm_forward
    >>> x, Wx, Wh = np.ones((2, 5, 3)), np.ones((3, 16)), np.ones((4, 16))
    >>> h, hT, cT, cache = lstm_forward(x, None, None, Wx, Wh)
    >>> lstm_backward(np.ones_like(h), cache).dWh.shape
    (4, 16)
    """
    x, h, c, gates, mask, Wx, Wh, has_bias, options = cache
    T, (N, H), dtype = len(x), h.shape[1:], h.dtype
    dh = swap_time(given_or_zeros("lstm_backward", "dh", dh, (N, T, H), dtype))
    dh_next = given_or_zeros("lstm_backward", "dhT", dhT, (N, H), dtype)
    dc_next = given_or_zeros("lstm_backward", "dcT", dcT, (N, H), dtype)
    dx = np.empty_like(x)
    dWx, dWh, db, dpeepholes = sums_from(
        onto, dtype, dWx=Wx.shape, dWh=Wh.shape, db=(4 * H,), dpeepholes=(3, H)
    )
    for t in reversed(range(T)):
        m = None if mask is None else mask[t]
        dh_total = dh[t] + dh_next
        step = cache._replace(x=x[t], h=h[t : t + 2], c=c[t : t + 2], gates=gates[t])
        dx[t], dh_prev, dc_prev, *weights = lstm_step_backward(
            where(m, dh_total, 0), where(m, dc_next, 0), step
        )
        for total, step_gradient in zip((dWx, dWh, db, dpeepholes), weights, strict=True):
            total += step_gradient
        dh_next, dc_next = where(m, dh_prev, dh_total), where(m, dc_prev, dc_next)
    db = db if has_bias else None
    dpeepholes = None if options.peepholes is None else dpeepholes
    dx = swap_time(dx) if with_dx else None
    return LSTMGrads(dx, dh_next.copy(), dc_next.copy(), dWx, dWh, db, dpeepholes)
