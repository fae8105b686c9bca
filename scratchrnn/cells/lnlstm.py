"""Layer-normalised LSTM, forward and backward.

An LSTM whose sums are normalised before the gates see them, row by row: whatever the scale of
x, h or the weights, the pre-activations stay where sigmoid and tanh have a slope. The cell state
itself is carried as it is, only its way out is normalised (7), so the constant error carousel
of (5) is untouched.

Shapes: x (N,T,D), h c (N,T,H), Wx (D,4H), Wh (H,4H), b (4H,), gamma (2,4H): rows γx, γh;
gamma_c (H,), beta_c (H,); gates packed by column in the order i f g o. G = 4 gates.
LN(v) normalises all columns of v together, see `normalization`. The paper's two further shifts
beside b would add up to one with it, so they are not here.

Forward, for t = 1 … T                            Backward, for t = T … 1
    u = LN(x Wx),  w = LN(h_prev Wh)    (0)    dh_total = dh + dh_next
    a = γx ⊙ u + γh ⊙ w + b             (1)    do = dh_total ⊙ φ(q),  dq = dh_total ⊙ o ⊙ φ'(q)
    i = σ(a_i)                          (2)    dv = dq ⊙ γc,  dγc += Σ_n dq ⊙ v,  dβc += Σ_n dq
    f = σ(a_f)                          (3)    dc = dc_next + LN'(dv)                        (7')
    g = φ(a_g)                          (4)    di = dc ⊙ g, df = dc ⊙ c_prev, dg = dc ⊙ i
    c = f ⊙ c_prev + i ⊙ g              (5)                            dc_prev = dc ⊙ f      (5')
    o = σ(a_o)                          (6)    da = (di, df, dg, do) ⊙ σ', σ', φ', σ'   (2'…6')
    v = LN(c),  q = γc ⊙ v + βc                dγx += Σ_n da ⊙ u, dγh += Σ_n da ⊙ w, db += Σ_n da
    h = o ⊙ φ(q)                        (7)    dp = LN'(da ⊙ γx),  ds = LN'(da ⊙ γh)         (1')
                                               dx = dp Wxᵀ,       dh_prev = ds Whᵀ
                                               dWx += xᵀ dp,      dWh += h_prevᵀ ds          (0')

At a masked step h = h_prev and c = c_prev. A recurrent mask multiplies h_prev in (0).

Memory: the cache holds x, h, c, the gates, u, w, v and three factors a row,
N·(T·D + 2(T+1)·H + 13·T·H + 3·T) numbers. There is no compiled twin: it runs in NumPy.

References: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450 (2016),
equations (20) to (22) of its supplement.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation, get_activation
from .common import (
    check_array,
    check_sequence,
    given_or_zeros,
    scale,
    sums_from,
    swap_time,
    time_first,
    where,
)
from .normalization import normalize, normalize_backward


class LNLSTMOptions(NamedTuple):
    """What forward and backward must agree on besides the matrices."""

    gamma: np.ndarray  # (2,4H): rows γx, γh
    gamma_c: np.ndarray  # (H,)
    beta_c: np.ndarray  # (H,)
    epsilon: float = 1e-5
    activation: str | Activation = "tanh"  # φ
    recurrent_activation: str | Activation = "sigmoid"  # σ
    recurrent_mask: np.ndarray | None = None  # (N,H)


class Norms(NamedTuple):
    """What was normalised and its factors: T rows of each; for one step without T."""

    u: np.ndarray  # (T,N,4H)
    w: np.ndarray  # (T,N,4H)
    v: np.ndarray  # (T,N,H)
    ru: np.ndarray  # (T,N,1)
    rw: np.ndarray  # (T,N,1)
    rv: np.ndarray  # (T,N,1)


class LNLSTMCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 is h0, c0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    c: np.ndarray  # (T+1,N,H); step (2,N,H): c_prev, c
    gates: np.ndarray  # (T,N,4H): i f g o; step (N,4H)
    norms: Norms
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,4H)
    Wh: np.ndarray  # (H,4H)
    has_bias: bool
    options: LNLSTMOptions


class LNLSTMGrads(NamedTuple):
    """Gradients, each shaped as its argument; db is None without b."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dc0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,4H)
    dWh: np.ndarray  # (H,4H)
    db: np.ndarray | None  # (4H,)
    dgamma: np.ndarray  # (2,4H)
    dgamma_c: np.ndarray  # (H,)
    dbeta_c: np.ndarray  # (H,)


def lnlstm_step(x, h_prev, c_prev, Wx, Wh, b=None, **options):
    """Advance output and cell state by one step.

    Parameters
    ----------
    x : ndarray, (N, D)
    h_prev, c_prev : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
    **options
        The fields of `LNLSTMOptions`, as in `lnlstm_forward`.

    Returns
    -------
    h, c : ndarray, (N, H)
    cache : LNLSTMCache

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (0) to (7) of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.lnlstm import lnlstm_step
    >>> rng = np.random.default_rng(0)
    >>> x, h, c, Wx, Wh = (rng.normal(size=s) for s in [(2, 3), (2, 4), (2, 4), (3, 16), (4, 16)])
    >>> options = dict(gamma=np.ones((2, 16)), gamma_c=np.ones(4), beta_c=np.zeros(4))
    >>> h, c, cache = lnlstm_step(x, h, c, Wx, Wh, **options)
    >>> a_thousandfold = lnlstm_step(1000 * x, cache.h[0], cache.c[0], Wx, Wh, **options)[0]
    >>> bool(abs(h - a_thousandfold).max() < 1e-4)
    True
    """
    options = LNLSTMOptions(**options)
    phi = get_activation("lnlstm_step", options.activation).f
    sigma = get_activation("lnlstm_step", options.recurrent_activation).f
    u, ru = normalize(x @ Wx, options.epsilon)  # (0)
    w, rw = normalize(scale(h_prev, options.recurrent_mask) @ Wh, options.epsilon)  # (0)
    a = options.gamma[0] * u + options.gamma[1] * w  # (1)
    if b is not None:
        a = a + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i, f, g, o = sigma(a_i), sigma(a_f), phi(a_g), sigma(a_o)  # (2) (3) (4) (6)
    c = f * c_prev + i * g  # (5)
    v, rv = normalize(c, options.epsilon)
    h = o * phi(options.gamma_c * v + options.beta_c)  # (7)
    gates = np.concatenate([i, f, g, o], axis=1)
    norms = Norms(u, w, v, ru, rw, rv)
    h_rows, c_rows = np.stack([h_prev, h]), np.stack([c_prev, c])
    has_bias = b is not None
    return h, c, LNLSTMCache(x, h_rows, c_rows, gates, norms, None, Wx, Wh, has_bias, options)


def lnlstm_step_backward(dh, dc, cache):
    """Gradients of one step, given the gradients of everything that follows on h and c.

    Parameters
    ----------
    dh, dc : ndarray, (N, H)
        From above and from step t + 1 together.
    cache : LNLSTMCache

    Returns
    -------
    dx : ndarray, (N, D)
    dh_prev, dc_prev : ndarray, (N, H)
    dWx, dWh, db, dgamma, dgamma_c, dbeta_c : ndarray
        Shaped as Wx, Wh, b, gamma, gamma_c, beta_c.

    References
    ----------
    Equations (7') to (0') of this module.
    """
    x, (h_prev, _), (c_prev, _), gates, norms, _, Wx, Wh, _, options = cache
    phi = get_activation("lnlstm_step_backward", options.activation)
    dsigma = get_activation("lnlstm_step_backward", options.recurrent_activation).df
    i, f, g, o = np.split(gates, 4, axis=1)
    u, w, v, ru, rw, rv = norms
    phi_q = phi.f(options.gamma_c * v + options.beta_c)
    dq = dh * o * phi.df(phi_q)  # (7')
    dgamma_c, dbeta_c = (dq * v).sum(axis=0), dq.sum(axis=0)  # (7')
    dc = dc + normalize_backward(dq * options.gamma_c, v, rv)  # (7')
    da_i, da_f = dc * g * dsigma(i), dc * c_prev * dsigma(f)  # (5') (2') (3')
    da_g, da_o = dc * i * phi.df(g), dh * phi_q * dsigma(o)  # (5') (4') (7') (6')
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (N,4H)
    dgamma = np.stack([(da * u).sum(axis=0), (da * w).sum(axis=0)])  # (1')
    dp = normalize_backward(da * options.gamma[0], u, ru)  # (1')
    ds = normalize_backward(da * options.gamma[1], w, rw)  # (1')
    dh_prev = scale(ds @ Wh.T, options.recurrent_mask)  # (0')
    dWh = scale(h_prev, options.recurrent_mask).T @ ds  # (0')
    weights = (x.T @ dp, dWh, da.sum(axis=0), dgamma, dgamma_c, dbeta_c)
    return dp @ Wx.T, dh_prev, dc * f, *weights  # (0') (5')


def lnlstm_forward(x, h0, c0, Wx, Wh, b=None, mask=None, *, gamma, gamma_c, beta_c, **options):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0, c0 : ndarray, (N, H), or None
        Initial output and cell state; None means zeros.
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
        Gates by column in the order i f g o.
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries h and c through unchanged, and
        whatever x holds there, NaN included, has no effect.
    gamma : ndarray, (2, 4H)
        Rows γx, γh.
    gamma_c, beta_c : ndarray, (H,)
    epsilon : float, default 1e-5
    activation, recurrent_activation : str or Activation, default "tanh" and "sigmoid"
        φ and σ of the equations.
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT, cT : ndarray, (N, H)
        The final states.
    cache : LNLSTMCache

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation's name does not fit.

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (0) to (7) of this module.
    """
    x, h0, c0, Wx, Wh, b, mask, recurrent_mask = check_sequence(
        "lnlstm_forward", 4, x, {"h0": h0, "c0": c0}, Wx, Wh, b, mask, options.get("recurrent_mask")
    )
    (N, H), T, dtype = h0.shape, x.shape[1], h0.dtype
    options["recurrent_mask"] = recurrent_mask
    options["gamma"] = check_array("lnlstm_forward", "gamma", gamma, (2, 4 * H), dtype)
    options["gamma_c"] = check_array("lnlstm_forward", "gamma_c", gamma_c, (H,), dtype)
    options["beta_c"] = check_array("lnlstm_forward", "beta_c", beta_c, (H,), dtype)
    x, mask = time_first(x, mask)  # (T,N,D), (T,N,1)
    h, c = np.empty((T + 1, N, H), dtype), np.empty((T + 1, N, H), dtype)
    gates = np.empty((T, N, 4 * H), dtype)
    norms = Norms(*(np.empty((T, N, n), dtype) for n in (4 * H, 4 * H, H, 1, 1, 1)))
    h[0], c[0] = h0, c0
    for t in range(T):
        m = None if mask is None else mask[t]
        h_new, c_new, step = lnlstm_step(x[t], h[t], c[t], Wx, Wh, b, **options)
        h[t + 1], c[t + 1] = where(m, h_new, h[t]), where(m, c_new, c[t])
        gates[t] = step.gates
        for rows, row in zip(norms, step.norms, strict=True):
            rows[t] = row
    has_bias, options = b is not None, LNLSTMOptions(**options)
    cache = LNLSTMCache(x, h, c, gates, norms, mask, Wx, Wh, has_bias, options)
    return swap_time(h[1:]), h[T].copy(), c[T].copy(), cache


def lnlstm_backward(dh, cache, dhT=None, dcT=None, *, onto=None, with_dx=True):
    """Backpropagate through time: gradients of everything that `lnlstm_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, H), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : LNLSTMCache
    dhT, dcT : ndarray, (N, H), or None
        Gradients on the final states; None means zeros.
    onto : LNLSTMGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None.

    Returns
    -------
    LNLSTMGrads
        dx (N,T,D), dh0 and dc0 (N,H), and those of the weights; dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Equations (7') to (0') of this module.
    """
    T, (N, H), dtype = len(cache.x), cache.h.shape[1:], cache.h.dtype
    dh = swap_time(given_or_zeros("lnlstm_backward", "dh", dh, (N, T, H), dtype))
    dh_next = given_or_zeros("lnlstm_backward", "dhT", dhT, (N, H), dtype)
    dc_next = given_or_zeros("lnlstm_backward", "dcT", dcT, (N, H), dtype)
    dx = np.empty_like(cache.x)
    totals = sums_from(
        onto, dtype, dWx=cache.Wx.shape, dWh=cache.Wh.shape, db=(4 * H,), dgamma=(2, 4 * H),
        dgamma_c=(H,), dbeta_c=(H,),
    )  # fmt: skip
    for t in reversed(range(T)):
        m = None if cache.mask is None else cache.mask[t]
        dh_total, dc_total = dh[t] + dh_next, dc_next
        step = cache._replace(
            x=cache.x[t], h=cache.h[t : t + 2], c=cache.c[t : t + 2], gates=cache.gates[t],
            norms=Norms(*(rows[t] for rows in cache.norms)),
        )  # fmt: skip
        dx[t], dh_prev, dc_prev, *weights = lnlstm_step_backward(
            where(m, dh_total, 0), where(m, dc_total, 0), step
        )
        for total, step_gradient in zip(totals, weights, strict=True):
            total += step_gradient
        dh_next, dc_next = where(m, dh_prev, dh_total), where(m, dc_prev, dc_total)
    if not cache.has_bias:
        totals[2] = None
    dx = swap_time(dx) if with_dx else None
    return LNLSTMGrads(dx, dh_next.copy(), dc_next.copy(), *totals)
