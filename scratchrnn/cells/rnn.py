"""The vanilla (Elman) recurrent network, forward and backward through time.

The hidden state h is the network's memory: at every step the new input and the old state go
through one affine map and one activation. Its weakness is in equation (1'): to reach step t - 1
a gradient must pass the same Whᵀ and the factor φ' once more, so through T steps it shrinks or
grows like a T-th power (Bengio, Simard, Frasconi 1994; Pascanu, Mikolov, Bengio 2013).

Shapes: x (N,T,D), h (N,T,H), Wx (D,H), Wh (H,H), b (H,). N sequences, T steps, D inputs, H units.

Forward, for t = 1 … T                         Backward, for t = T … 1
    a = x Wx + h_prev Wh + b      (1)              dh_total = dh + dh_next
    h = φ(a)                      (2)              da = dh_total ⊙ φ'(a)             (2')
                                                   dx = da Wxᵀ,  dh_prev = da Whᵀ    (1')
                                                   dWx += xᵀ da, dWh += h_prevᵀ da   (1')
                                                   db += Σ_n da                      (1')

φ is tanh, relu or sigmoid (or any other in `activations`); φ' is written in the output h:
1 - h² for tanh. At a masked step h = h_prev, so dh_total passes to step t - 1 untouched.
With variational dropout (Gal, Ghahramani 2016) h_prev in (1) is multiplied by one mask for
all steps, and so is dh_prev in (1').

Memory: the cache of a sequence holds x and h, N·(T·D + (T+1)·H) numbers.

By hand, two steps with N = D = H = 1, tanh, Wx = 0.5, Wh = -1, b = 0.1, x = (1, 2), h0 = 0:
h_1 = tanh(0.6) = 0.53705, h_2 = tanh(1.1 - 0.53705) = tanh(0.56295) = 0.51016. With
L = h_2: da_2 = 1 - h_2² = 0.73973, dh_1 = -0.73973, da_1 = -0.73973·(1 - h_1²) = -0.52638,
dWx = 2·0.73973 - 0.52638 = 0.95309, dWh = h_1·0.73973 = 0.39727, db = 0.21336.

References: J. L. Elman, "Finding structure in time", Cognitive Science 14 (1990), 179-211.
P. J. Werbos, "Backpropagation through time", Proc. IEEE 78 (1990), 1550-1560.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation, get_activation
from .common import check_sequence, given_or_zeros, scale, sums_from, swap_time, time_first, where


class RNNCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 of h is h0; for one step without T."""

    x: np.ndarray  # (T,N,D); step (N,D)
    h: np.ndarray  # (T+1,N,H); step (2,N,H): h_prev, h
    mask: np.ndarray | None  # (T,N,1)
    Wx: np.ndarray  # (D,H)
    Wh: np.ndarray  # (H,H)
    has_bias: bool
    activation: str | Activation
    recurrent_mask: np.ndarray | None  # (N,H)


class RNNGrads(NamedTuple):
    """Gradients of the loss, each shaped as what it is the gradient of; db is None without b."""

    dx: np.ndarray  # (N,T,D)
    dh0: np.ndarray  # (N,H)
    dWx: np.ndarray  # (D,H)
    dWh: np.ndarray  # (H,H)
    db: np.ndarray | None  # (H,)


def rnn_step(x, h_prev, Wx, Wh, b=None, *, activation="tanh", recurrent_mask=None):
    """Advance the state by one step: equations (1) and (2).

    Parameters
    ----------
    x, h_prev : ndarray, (N, D) and (N, H)
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,) or None
    activation : str or Activation, default "tanh"
    recurrent_mask : ndarray, (N, H), or None
        Multiplies h_prev inside the recurrent product.

    Returns
    -------
    h, cache : ndarray, (N, H), and RNNCache

    Examples
    --------
    >>> from scratchrnn.cells import rnn_step
    >>> h, _ = rnn_step(np.ones((1, 1)), np.zeros((1, 1)), np.array([[0.5]]),
    ...                 np.array([[-1.0]]), np.array([0.1]))
    >>> h.round(5)
    array([[0.53705]])
    """
    a = x @ Wx + scale(h_prev, recurrent_mask) @ Wh  # (1)
    if b is not None:
        a = a + b
    h = get_activation("rnn_step", activation).f(a)  # (2)
    h_rows = np.stack([h_prev, h])
    return h, RNNCache(x, h_rows, None, Wx, Wh, b is not None, activation, recurrent_mask)


def rnn_step_backward(dh, cache):
    """Go back through one step: equations (2') and (1').

    Parameters
    ----------
    dh : ndarray, (N, H), from above and from step t + 1 together
    cache : RNNCache

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh, db : ndarray, (D, H), (H, H) and (H,)

    Examples
    --------
    >>> from scratchrnn.cells import rnn_step, rnn_step_backward
    >>> w = np.ones((1, 1))
    >>> h, cache = rnn_step(w, w, w, w, np.zeros(1))
    >>> [float(g.round(4).item()) for g in rnn_step_backward(w, cache)]
    [0.0707, 0.0707, 0.0707, 0.0707, 0.0707]
    """
    x, (h_prev, h), _, Wx, Wh, _, activation, recurrent_mask = cache
    da = dh * get_activation("rnn_step_backward", activation).df(h)  # (2')
    dx = da @ Wx.T  # (1')
    dh_prev = scale(da @ Wh.T, recurrent_mask)  # (1')
    dWx = x.T @ da  # (1')
    dWh = scale(h_prev, recurrent_mask).T @ da  # (1')
    db = da.sum(axis=0)  # (1')
    return dx, dh_prev, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b=None, mask=None, *, activation="tanh", recurrent_mask=None):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H), or None for zeros
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,) or None
    mask : ndarray of bool, (N, T), or None
        True where a step is real; what x holds at the others, NaN included, has no effect.
    activation : str or Activation, default "tanh"
    recurrent_mask : ndarray, (N, H), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, H)
    hT : ndarray, (N, H), the final state
    cache : RNNCache

    Raises
    ------
    ValueError
        If a shape, a dtype or the activation's name does not fit.

    References
    ----------
    Elman (1990); equations (1) and (2) of this module.

    Examples
    --------
    >>> from scratchrnn.cells import rnn_forward
    >>> h, hT, cache = rnn_forward(np.array([[[1.0], [2.0]]]), None, np.array([[0.5]]),
    ...                            np.array([[-1.0]]), np.array([0.1]))
    >>> h.round(5).ravel()
    array([0.53705, 0.51016])
    """
    x, h0, Wx, Wh, b, mask, recurrent_mask = check_sequence(
        "rnn_forward", 1, x, {"h0": h0}, Wx, Wh, b, mask, recurrent_mask
    )
    x, mask = time_first(x, mask)  # (T,N,D), (T,N,1)
    T = len(x)
    h = np.empty((T + 1, *h0.shape), h0.dtype)  # (T+1,N,H)
    h[0] = h0
    options = dict(activation=activation, recurrent_mask=recurrent_mask)
    for t in range(T):
        h_new, _ = rnn_step(x[t], h[t], Wx, Wh, b, **options)
        h[t + 1] = where(None if mask is None else mask[t], h_new, h[t])
    cache = RNNCache(x, h, mask, Wx, Wh, b is not None, activation, recurrent_mask)
    return swap_time(h[1:]), h[T].copy(), cache


def rnn_backward(dh, cache, dhT=None, *, onto=None, with_dx=True):
    """Backpropagate through time: gradients of everything that `rnn_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on every output, or None for zeros
    cache : RNNCache
    dhT : ndarray, (N, H), from above on the final state, or None for zeros
    onto : RNNGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None. (The compiled twin saves its product then.)

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
    Werbos (1990); equations (2') and (1') of this module.

    Examples
    --------
    >>> from scratchrnn.cells import rnn_backward, rnn_forward
    >>> h, hT, cache = rnn_forward(np.array([[[1.0], [2.0]]]), None, np.array([[0.5]]),
    ...                            np.array([[-1.0]]), np.array([0.1]))
    >>> grads = rnn_backward(None, cache, dhT=np.ones((1, 1)))
    >>> [float(g.round(5).item()) for g in (grads.dWx, grads.dWh, grads.db)]
    [0.95309, 0.39727, 0.21336]
    """
    x, h, mask, Wx, Wh = cache[:5]
    T = len(x)
    N, H = h.shape[1:]
    dh = swap_time(given_or_zeros("rnn_backward", "dh", dh, (N, T, H), h.dtype))
    dh_next = given_or_zeros("rnn_backward", "dhT", dhT, (N, H), h.dtype)
    dx = np.empty_like(x)
    dWx, dWh, db = sums_from(onto, h.dtype, dWx=Wx.shape, dWh=Wh.shape, db=(H,))
    for t in reversed(range(T)):
        m = None if mask is None else mask[t]
        dh_total = dh[t] + dh_next
        step = cache._replace(x=x[t], h=h[t : t + 2])
        dx[t], dh_prev, dWx_t, dWh_t, db_t = rnn_step_backward(where(m, dh_total, 0), step)
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
        dh_next = where(m, dh_prev, dh_total)
    dx = swap_time(dx) if with_dx else None
    return RNNGrads(dx, dh_next.copy(), dWx, dWh, db if cache.has_bias else None)
