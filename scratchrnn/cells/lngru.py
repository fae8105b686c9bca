"""Layer-normalised GRU (reset after the product), forward and backward.

The GRU of `gru.py` whose two products are normalised before the gates see them. The columns of
the gates z and r are normalised together, those of the candidate n by themselves, so that a
saturated gate does not squeeze the candidate.

Shapes: x (N,T,D), h (N,T,H), Wx (D,3H), Wh (H,3H), b (2,3H) (row 0 beside x, row 1 beside h),
gamma (2,3H): rows γx, γh; gates packed by column in the order z r n. G = 3 gates.
LN(v) normalises the first 2H columns of v and the last H, see `normalization`.

Forward, for t = 1 … T                            Backward, for t = T … 1
    p = LN(x Wx),  a = γx ⊙ p + b_x     (1)    dh_total = dh + dh_next
    q = LN(h_prev Wh)                          dz = dh_total ⊙ (h_prev - n)
    u = γh ⊙ q + b_h                    (2)    dn = dh_total ⊙ (1 - z)
    z = σ(a_z + u_z)                    (3)    dh_prev = dh_total ⊙ z                    (6')
    r = σ(a_r + u_r)                    (4)    da_n = dn ⊙ φ'(n)
    n = φ(a_n + r ⊙ u_n)                (5)    dr = da_n ⊙ u_n,   du_n = da_n ⊙ r        (5')
    h = z ⊙ h_prev + (1 - z) ⊙ n        (6)    da_r = du_r = dr ⊙ σ'(r)                  (4')
                                               da_z = du_z = dz ⊙ σ'(z)                  (3')
                                               dγh += Σ_n du ⊙ q,  db_h += Σ_n du
                                               ds = LN'(du ⊙ γh)
                                               dh_prev += ds Whᵀ,  dWh += h_prevᵀ ds     (2')
                                               dγx += Σ_n da ⊙ p,  db_x += Σ_n da
                                               dv = LN'(da ⊙ γx)
                                               dx = dv Wxᵀ,        dWx += xᵀ dv          (1')

At a masked step h = h_prev. A recurrent mask multiplies h_prev in (2), not in (6).

Memory: the cache holds x, h, the gates, u_n, p, q and four factors a row,
N·(T·D + (T+1)·H + 10·T·H + 4·T) numbers. There is no compiled twin: it runs in NumPy.

References: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450 (2016),
equations (26) to (28) of its supplement, where z and 1 - z change places.
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


class LNGRUOptions(NamedTuple):
    """What forward and backward must agree on besides the matrices."""

    gamma: np.ndarray  # (2,3H): rows γx, γh
    epsilon: float = 1e-5
    activation: str | Activation = "tanh"  # φ
    recurrent_activation: str | Activation = "sigmoid"  # σ
    recurrent_mask: np.ndarray | None = None  # (N,H)


class LNGRUCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 of h is h0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    gates: np.ndarray  # (T,N,3H): z r n; step (N,3H)
    u_n: np.ndarray  # (T,N,H); step (N,H)
    p: np.ndarray  # (T,N,3H); step (N,3H)
    q: np.ndarray  # (T,N,3H); step (N,3H)
    factors: np.ndarray  # (T,N,4): 1/σ of p's two parts, then of q's; step (N,4)
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,3H)
    Wh: np.ndarray  # (H,3H)
    has_bias: bool
    options: LNGRUOptions


class LNGRUGrads(NamedTuple):
    """Gradients, each shaped as its argument; db is None without b."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,3H)
    dWh: np.ndarray  # (H,3H)
    db: np.ndarray | None  # (2,3H)
    dgamma: np.ndarray  # (2,3H)


def _normalize(v, H, epsilon):
    """LN of the gates' columns and of the candidate's: values (N,3H) and factors (N,2)."""
    gates, r_gates = normalize(v[:, : 2 * H], epsilon)
    candidate, r_candidate = normalize(v[:, 2 * H :], epsilon)
    values = np.concatenate([gates, candidate], axis=1)
    return values, np.concatenate([r_gates, r_candidate], axis=1)


def _normalize_backward(dn, n, factors):
    """LN' of both parts."""
    H = n.shape[1] // 3
    gates = normalize_backward(dn[:, : 2 * H], n[:, : 2 * H], factors[:, :1])
    candidate = normalize_backward(dn[:, 2 * H :], n[:, 2 * H :], factors[:, 1:])
    return np.concatenate([gates, candidate], axis=1)


def lngru_step(x, h_prev, Wx, Wh, b=None, **options):
    """Advance the state by one step.

    Parameters
    ----------
    x : ndarray, (N, D)
    h_prev : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (2, 3H) or None
    **options
        The fields of `LNGRUOptions`, as in `lngru_forward`.

    Returns
    -------
    h : ndarray, (N, H)
    cache : LNGRUCache

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (1) to (6) of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.lngru import lngru_step
    >>> rng = np.random.default_rng(0)
    >>> x, h, Wx, Wh = (rng.normal(size=s) for s in [(2, 3), (2, 4), (3, 12), (4, 12)])
    >>> h_new, cache = lngru_step(x, h, Wx, Wh, gamma=np.ones((2, 12)))
    >>> a_thousandfold, _ = lngru_step(1000 * x, h, Wx, Wh, gamma=np.ones((2, 12)))
    >>> bool(abs(h_new - a_thousandfold).max() < 1e-4)
    True
    """
    options, H = LNGRUOptions(**options), h_prev.shape[1]
    phi = get_activation("lngru_step", options.activation).f
    sigma = get_activation("lngru_step", options.recurrent_activation).f
    b_x, b_h = (0, 0) if b is None else b
    p, rp = _normalize(x @ Wx, H, options.epsilon)
    q, rq = _normalize(scale(h_prev, options.recurrent_mask) @ Wh, H, options.epsilon)
    a_z, a_r, a_n = np.split(options.gamma[0] * p + b_x, 3, axis=1)  # (1)
    u_z, u_r, u_n = np.split(options.gamma[1] * q + b_h, 3, axis=1)  # (2)
    z = sigma(a_z + u_z)  # (3)
    r = sigma(a_r + u_r)  # (4)
    n = phi(a_n + r * u_n)  # (5)
    h = z * h_prev + (1 - z) * n  # (6)
    gates, factors = np.concatenate([z, r, n], axis=1), np.concatenate([rp, rq], axis=1)
    h_rows, has_bias = np.stack([h_prev, h]), b is not None
    return h, LNGRUCache(x, h_rows, gates, u_n, p, q, factors, None, Wx, Wh, has_bias, options)


def lngru_step_backward(dh, cache):
    """Gradients of one step, given the gradient of everything that follows on its output.

    Parameters
    ----------
    dh : ndarray, (N, H)
        From above and from step t + 1 together.
    cache : LNGRUCache

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh, db, dgamma : ndarray, (D, 3H), (H, 3H), (2, 3H), (2, 3H)

    References
    ----------
    Equations (6') to (1') of this module.
    """
    x, (h_prev, _), gates, u_n, p, q, factors, _, Wx, Wh, _, options = cache
    dphi = get_activation("lngru_step_backward", options.activation).df
    dsigma = get_activation("lngru_step_backward", options.recurrent_activation).df
    z, r, n = np.split(gates, 3, axis=1)
    dz, dn = dh * (h_prev - n), dh * (1 - z)  # (6')
    da_n = dn * dphi(n)  # (5')
    dr, du_n = da_n * u_n, da_n * r  # (5')
    da_r, da_z = dr * dsigma(r), dz * dsigma(z)  # (4') (3')
    da = np.concatenate([da_z, da_r, da_n], axis=1)  # (N,3H)
    du = np.concatenate([da_z, da_r, du_n], axis=1)  # (N,3H)
    db = np.stack([da.sum(axis=0), du.sum(axis=0)])  # (1') (2')
    dgamma = np.stack([(da * p).sum(axis=0), (du * q).sum(axis=0)])  # (1') (2')
    dv = _normalize_backward(da * options.gamma[0], p, factors[:, :2])  # (1')
    ds = _normalize_backward(du * options.gamma[1], q, factors[:, 2:])  # (2')
    dh_prev = dh * z + scale(ds @ Wh.T, options.recurrent_mask)  # (6') (2')
    dWh = scale(h_prev, options.recurrent_mask).T @ ds  # (2')
    return dv @ Wx.T, dh_prev, x.T @ dv, dWh, db, dgamma  # (1')


def lngru_forward(x, h0, Wx, Wh, b=None, mask=None, *, gamma, **options):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H), or None
        Initial state; None means zeros.
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (2, 3H) or None
        Gates by column in the order z r n.
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries the state through unchanged, and
        whatever x holds there, NaN included, has no effect.
    gamma : ndarray, (2, 3H)
        Rows γx, γh.
    epsilon : float, default 1e-5
    activation, recurrent_activation : str or Activation, default "tanh" and "sigmoid"
        φ and σ of the equations.
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT : ndarray, (N, H)
        The final state.
    cache : LNGRUCache

    Raises
    ------
    ValueError
        If a shape, a dtype or an activation's name does not fit.

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (1) to (6) of this module.
    """
    x, h0, Wx, Wh, b, mask, options["recurrent_mask"] = check_sequence(
        "lngru_forward", 3, x, {"h0": h0}, Wx, Wh, b, mask, options.get("recurrent_mask"),
        bias_shape=lambda H: (2, 3 * H),
    )  # fmt: skip
    (N, H), T, dtype = h0.shape, x.shape[1], h0.dtype
    options["gamma"] = check_array("lngru_forward", "gamma", gamma, (2, 3 * H), dtype)
    x, mask = time_first(x, mask)  # (T,N,D), (T,N,1)
    h = np.empty((T + 1, N, H), dtype)
    kept = {
        name: np.empty((T, N, columns), dtype)
        for name, columns in [("gates", 3 * H), ("u_n", H), ("p", 3 * H), ("q", 3 * H)]
    }
    kept["factors"] = np.empty((T, N, 4), dtype)
    h[0] = h0
    for t in range(T):
        h_new, step = lngru_step(x[t], h[t], Wx, Wh, b, **options)
        h[t + 1] = where(None if mask is None else mask[t], h_new, h[t])
        for name, rows in kept.items():
            rows[t] = getattr(step, name)
    has_bias, options = b is not None, LNGRUOptions(**options)
    cache = LNGRUCache(x, h, **kept, mask=mask, Wx=Wx, Wh=Wh, has_bias=has_bias, options=options)
    return swap_time(h[1:]), h[T].copy(), cache


def lngru_backward(dh, cache, dhT=None, *, onto=None, with_dx=True):
    """Backpropagate through time: gradients of everything that `lngru_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, H), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : LNGRUCache
    dhT : ndarray, (N, H), or None
        Gradient on the final state; None means zeros.
    onto : LNGRUGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None.

    Returns
    -------
    LNGRUGrads
        dx (N,T,D), dh0 (N,H), and those of the weights; dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Equations (6') to (1') of this module.
    """
    T, (N, H), dtype = len(cache.x), cache.h.shape[1:], cache.h.dtype
    dh = swap_time(given_or_zeros("lngru_backward", "dh", dh, (N, T, H), dtype))
    dh_next = given_or_zeros("lngru_backward", "dhT", dhT, (N, H), dtype)
    dx = np.empty_like(cache.x)
    shapes = {"dWx": cache.Wx.shape, "dWh": cache.Wh.shape, "db": (2, 3 * H), "dgamma": (2, 3 * H)}
    totals = sums_from(onto, dtype, **shapes)
    for t in reversed(range(T)):
        m = None if cache.mask is None else cache.mask[t]
        dh_total = dh[t] + dh_next
        rows = {
            name: getattr(cache, name)[t] for name in ("x", "gates", "u_n", "p", "q", "factors")
        }
        step = cache._replace(h=cache.h[t : t + 2], **rows)
        dx[t], dh_prev, *weights = lngru_step_backward(where(m, dh_total, 0), step)
        for total, step_gradient in zip(totals, weights, strict=True):
            total += step_gradient
        dh_next = where(m, dh_prev, dh_total)
    if not cache.has_bias:
        totals[2] = None
    dx = swap_time(dx) if with_dx else None
    return LNGRUGrads(dx, dh_next.copy(), *totals)
