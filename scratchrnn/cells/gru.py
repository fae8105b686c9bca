"""The gated recurrent unit, reset gate after or before the product, forward and backward.

One state h and two gates: z keeps the old state or takes the candidate n, equation (6); r
decides how much of the old state the candidate sees. (z does the work of the LSTM's *input and
forget* gates at once, i = 1 - f; there is no output gate.) Two networks go by the name GRU:
`reset_after=True` (cuDNN, Keras, PyTorch; equation 5) resets the product h_prev Wh_n and has two
biases; `reset_after=False` (the paper; equation 5b) resets h_prev before it. Weights of the one
give wrong numbers in the other.

Shapes: x (N,T,D), h (N,T,H), Wx (D,3H), Wh (H,3H), b (2,3H) with reset_after (row 0 beside x,
row 1 beside h), else (3H,); gates packed by column in the order z r n. G = 3 gates.

Forward, for t = 1 … T                            Backward, for t = T … 1
    a = x Wx + b_x                      (1)    dh_total = dh + dh_next
    u = h_prev Wh + b_h                 (2)    dz = dh_total ⊙ (h_prev - n)
    z = σ(a_z + u_z)                    (3)    dn = dh_total ⊙ (1 - z)
    r = σ(a_r + u_r)                    (4)    dh_prev = dh_total ⊙ z                    (6')
    n = φ(a_n + r ⊙ u_n)                (5)    da_n = dn ⊙ φ'(n)
    h = z ⊙ h_prev + (1 - z) ⊙ n        (6)    dr = da_n ⊙ u_n,   du_n = da_n ⊙ r        (5')
reset_after=False, instead of u_n and (5):     da_r = du_r = dr ⊙ σ'(r)                  (4')
    k = r ⊙ h_prev                             da_z = du_z = dz ⊙ σ'(z)                  (3')
    n = φ(a_n + k Wh_n)                (5b)    dh_prev += du Whᵀ, dWh += h_prevᵀ du      (2')
                                               dx = da Wxᵀ,       dWx += xᵀ da           (1')
                                               db_x += Σ_n da,    db_h += Σ_n du
instead of (5'): dk = da_n Wh_nᵀ, dr = dk ⊙ h_prev, dh_prev += dk ⊙ r, dWh_n += kᵀ da_n   (5b')

Derivatives are written in the outputs: σ'(z) = z(1 - z), φ'(n) = 1 - n². At a masked step
h = h_prev. A recurrent mask multiplies h_prev in the products (2) and (5b), not in (6).

Memory: the cache of a sequence holds x, h, three gates and (reset_after) u_n,
N·(T·D + (T+1)·H + 3·T·H + T·H) numbers; without u_n, T·H fewer a sequence.

References: K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP
2014 (reset before). J. Chung et al., arXiv:1412.3555. cuDNN's and Keras's form is reset after.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation, get_activation
from .common import check_sequence, given_or_zeros, scale, sums_from, swap_time, time_first, where


class GRUOptions(NamedTuple):
    """What forward and backward must agree on besides the weights."""

    reset_after: bool = True
    activation: str | Activation = "tanh"  # φ
    recurrent_activation: str | Activation = "sigmoid"  # σ
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


def gru_step(x, h_prev, Wx, Wh, b=None, **options):
    """Advance the state by one step: equations (1) to (6).

    Parameters
    ----------
    x, h_prev : ndarray, (N, D) and (N, H)
    Wx, Wh : ndarray, (D, 3H) and (H, 3H)
    b : ndarray, (2, 3H) with reset_after, else (3H,), or None
    **options : the fields of `GRUOptions`, as in `gru_forward`

    Returns
    -------
    h, cache : ndarray, (N, H), and GRUCache

    Examples
    --------
    >>> from scratchrnn.cells import gru_step
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> gru_step(one, one, w, w)[0].round(4)
    array([[0.9191]])
    """
    options = GRUOptions(**options)
    H = h_prev.shape[1]
    phi = get_activation("gru_step", options.activation).f
    sigma = get_activation("gru_step", options.recurrent_activation).f
    b_x, b_h = (0, 0) if b is None else b if options.reset_after else (b, 0)
    h_dropped = scale(h_prev, options.recurrent_mask)
    a_z, a_r, a_n = np.split(x @ Wx + b_x, 3, axis=1)  # (1)
    columns = slice(None) if options.reset_after else slice(2 * H)
    u = h_dropped @ Wh[:, columns] + b_h  # (2)
    z = sigma(a_z + u[:, :H])  # (3)
    r = sigma(a_r + u[:, H : 2 * H])  # (4)
    if options.reset_after:
        u_n = u[:, 2 * H :]
        n = phi(a_n + r * u_n)  # (5)
    else:
        u_n = None
        n = phi(a_n + (r * h_dropped) @ Wh[:, 2 * H :])  # (5b)
    h = z * h_prev + (1 - z) * n  # (6)
    gates = np.concatenate([z, r, n], axis=1)
    cache = GRUCache(x, np.stack([h_prev, h]), gates, u_n, None, Wx, Wh, b is not None, options)
    return h, cache


def gru_step_backward(dh, cache):
    """Go back through one step: equations (6') to (1').

    Parameters
    ----------
    dh : ndarray, (N, H), from above and from step t + 1 together
    cache : GRUCache

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh : ndarray, (D, 3H) and (H, 3H)
    db : ndarray, (2, 3H) with reset_after, else (3H,)

    Examples
    --------
    >>> from scratchrnn.cells import gru_step, gru_step_backward
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_step(one, one, w, w)
    >>> [g.shape for g in gru_step_backward(one, cache)]
    [(1, 1), (1, 1), (1, 3), (1, 3), (2, 3)]
    """
    x, (h_prev, _), gates, u_n, _, Wx, Wh, _, options = cache
    H = h_prev.shape[1]
    dphi = get_activation("gru_step_backward", options.activation).df
    dsigma = get_activation("gru_step_backward", options.recurrent_activation).df
    z, r, n = np.split(gates, 3, axis=1)
    h_dropped = scale(h_prev, options.recurrent_mask)
    dz, dn = dh * (h_prev - n), dh * (1 - z)  # (6')
    da_n = dn * dphi(n)  # (5')
    if options.reset_after:
        dr, du_n = da_n * u_n, da_n * r  # (5')
    else:
        dk = da_n @ Wh[:, 2 * H :].T  # (5b')
        dr = dk * h_dropped  # (5b')
    da_r, da_z = dr * dsigma(r), dz * dsigma(z)  # (4') (3')
    da = np.concatenate([da_z, da_r, da_n], axis=1)  # (N,3H)
    if options.reset_after:
        du = np.concatenate([da_z, da_r, du_n], axis=1)  # (N,3H)
        dh_dropped, dWh = du @ Wh.T, h_dropped.T @ du  # (2')
        db = np.stack([da.sum(axis=0), du.sum(axis=0)])  # (1') (2')
    else:
        du = da[:, : 2 * H]
        dh_dropped = du @ Wh[:, : 2 * H].T + dk * r  # (2') (5b')
        dWh = np.concatenate([h_dropped.T @ du, (r * h_dropped).T @ da_n], axis=1)  # (2') (5b')
        db = da.sum(axis=0)  # (1')
    dh_prev = dh * z + scale(dh_dropped, options.recurrent_mask)  # (6') (2')
    return da @ Wx.T, dh_prev, x.T @ da, dWh, db  # (1')


def gru_forward(x, h0, Wx, Wh, b=None, mask=None, **options):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H), or None for zeros
    Wx, Wh : ndarray, (D, 3H) and (H, 3H)
    b : ndarray, (2, 3H) with reset_after, else (3H,), or None
    mask : ndarray of bool, (N, T), or None
        True where a step is real; what x holds at the others, NaN included, has no effect.
    reset_after : bool, default True: (5), or (5b)
    activation, recurrent_activation : str or Activation, default "tanh" and "sigmoid"
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT : ndarray, (N, H), the final state
    cache : GRUCache

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation's name does not fit.

    References
    ----------
    Cho et al. (2014); equations (1) to (6) of this module.

    Examples
    --------
    >>> from scratchrnn.cells import gru_forward
    >>> x, Wx, Wh = np.ones((2, 5, 3)), np.ones((3, 12)), np.ones((4, 12))
    >>> h, hT, cache = gru_forward(x, None, Wx, Wh, np.zeros((2, 12)))
    >>> h.shape, cache.gates.shape
    ((2, 5, 4), (5, 2, 12))
    """
    after = options.get("reset_after", True)
    x, h0, Wx, Wh, b, mask, options["recurrent_mask"] = check_sequence(
        "gru_forward", 3, x, {"h0": h0}, Wx, Wh, b, mask, options.get("recurrent_mask"),
        bias_shape=lambda H: (2, 3 * H) if after else (3 * H,),
    )  # fmt: skip
    x, mask = time_first(x, mask)  # (T,N,D), (T,N,1)
    T, (N, H) = len(x), h0.shape
    h = np.empty((T + 1, N, H), h0.dtype)
    gates = np.empty((T, N, 3 * H), h0.dtype)
    u_n = np.empty((T, N, H), h0.dtype) if after else None
    h[0] = h0
    for t in range(T):
        h_new, step = gru_step(x[t], h[t], Wx, Wh, b, **options)
        h[t + 1] = where(None if mask is None else mask[t], h_new, h[t])
        gates[t] = step.gates
        if after:
            u_n[t] = step.u_n
    cache = GRUCache(x, h, gates, u_n, mask, Wx, Wh, b is not None, GRUOptions(**options))
    return swap_time(h[1:]), h[T].copy(), cache


def gru_backward(dh, cache, dhT=None, *, onto=None, with_dx=True):
    """Backpropagate through time (Werbos 1990): gradients of all that `gru_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on every output, or None for zeros
    cache : GRUCache
    dhT : ndarray, (N, H), from above on the final state, or None for zeros
    onto : GRUGrads, optional
        What the segment of steps after this one gave: weight gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None. (The compiled twin saves its product then.)

    Returns
    -------
    GRUGrads
        dx (N,T,D), dh0 (N,H), dWx (D,3H), dWh (H,3H), db; dx is 0 at masked steps.

    Examples
    --------
    >>> from scratchrnn.cells import gru_backward, gru_forward
    >>> x, Wx, Wh = np.ones((2, 5, 3)), np.ones((3, 12)), np.ones((4, 12))
    >>> h, hT, cache = gru_forward(x, None, Wx, Wh)
    >>> gru_backward(np.ones_like(h), cache).dWh.shape
    (4, 12)
    """
    x, h, gates, u_n, mask, Wx, Wh, has_bias, options = cache
    T, (N, H) = len(x), h.shape[1:]
    dh = swap_time(given_or_zeros("gru_backward", "dh", dh, (N, T, H), h.dtype))
    dh_next = given_or_zeros("gru_backward", "dhT", dhT, (N, H), h.dtype)
    dx, b_shape = np.empty_like(x), (2, 3 * H) if options.reset_after else (3 * H,)
    dWx, dWh, db = sums_from(onto, h.dtype, dWx=Wx.shape, dWh=Wh.shape, db=b_shape)
    for t in reversed(range(T)):
        m = None if mask is None else mask[t]
        dh_total = dh[t] + dh_next
        u_n_t = None if u_n is None else u_n[t]
        step = cache._replace(x=x[t], h=h[t : t + 2], gates=gates[t], u_n=u_n_t)
        dx[t], dh_prev, dWx_t, dWh_t, db_t = gru_step_backward(where(m, dh_total, 0), step)
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
        dh_next = where(m, dh_prev, dh_total)
    dx = swap_time(dx) if with_dx else None
    return GRUGrads(dx, dh_next.copy(), dWx, dWh, db if has_bias else None)
