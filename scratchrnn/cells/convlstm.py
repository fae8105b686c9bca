"""Convolutional LSTM, forward and backward: states are images, products are convolutions.

The LSTM of `lstm.py` with * (see `convolution`) in the place of both matrix products: a unit
sees a neighbourhood of the input and of the state around its own place, the same everywhere, so
that what is learnt of motion in one corner holds in all of them. The input may be strided,
dilated or unpadded; the state is always convolved with stride 1, "same", and keeps its size.

Shapes: x (N,T,A,B,C), h c (N,T,A',B',F), Wx (P,Q,C,4F), Wh (P,Q,F,4F), b (4F,); gates packed by
channel in the order i f g o. N sequences, T steps, images A by B, C channels, F filters.

Forward, for t = 1 … T                            Backward, for t = T … 1
    a = x * Wx + h_prev * Wh + b        (1)    dh_total = dh + dh_next
    i = σ(a_i)                          (2)    do = dh_total ⊙ φ(c)                      (7')
    f = σ(a_f)                          (3)    dc = dc_next + dh_total ⊙ o ⊙ φ'(c)       (7')
    g = φ(a_g)                          (4)    di = dc ⊙ g, df = dc ⊙ c_prev, dg = dc ⊙ i
    c = f ⊙ c_prev + i ⊙ g              (5)                       dc_prev = dc ⊙ f       (5')
    o = σ(a_o)                          (6)    da = (di, df, dg, do) ⊙ σ', σ', φ', σ'  (2'…6')
    h = o ⊙ φ(c)                        (7)    dx, dWx = gradients of x * Wx             (1')
                                               dh_prev, dWh = gradients of h_prev * Wh   (1')
                                               db += Σ_nab da                            (1')

At a masked step h = h_prev and c = c_prev. A recurrent mask (N,A',B',F) multiplies h_prev in (1).

Memory: the cache of a sequence holds x, h, c and four gates,
N·(T·A·B·C + (2(T+1) + 4T)·A'·B'·F) numbers. There is no compiled twin: it runs in NumPy.

Reference: X. Shi, Z. Chen, H. Wang, D.-Y. Yeung, W.-K. Wong, W.-C. Woo, "Convolutional LSTM
network: a machine learning approach for precipitation nowcasting", NeurIPS 2015; without its
peepholes, as in Keras.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .activations import Activation, get_activation
from .common import check_array, given_or_zeros, scale, sums_from, swap_time, where
from .convolution import Windows, convolve, convolve_backward


class ConvLSTMOptions(NamedTuple):
    """What forward and backward must agree on besides the weights."""

    windows: Windows  # of the input's convolution
    activation: str | Activation = "tanh"  # φ
    recurrent_activation: str | Activation = "sigmoid"  # σ
    recurrent_mask: np.ndarray | None = None  # (N,A',B',F)


class ConvLSTMCache(NamedTuple):
    """What forward keeps for backward: time first, row 0 is h0, c0; for one step without T."""

    x: np.ndarray  # (T,N,A,B,C); step (N,A,B,C)
    h: np.ndarray  # (T+1,N,A',B',F); step (2,N,A',B',F): h_prev, h
    c: np.ndarray  # (T+1,N,A',B',F); step (2,N,A',B',F): c_prev, c
    gates: np.ndarray  # (T,N,A',B',4F): i f g o; step (N,A',B',4F)
    mask: np.ndarray | None  # (T,N,1,1,1)
    Wx: np.ndarray  # (P,Q,C,4F)
    Wh: np.ndarray  # (P,Q,F,4F)
    has_bias: bool
    options: ConvLSTMOptions


class ConvLSTMGrads(NamedTuple):
    """Gradients, each shaped as its argument; db is None without b."""

    dx: np.ndarray  # (N,T,A,B,C)
    dh0: np.ndarray  # (N,A',B',F)
    dc0: np.ndarray  # (N,A',B',F)
    dWx: np.ndarray  # (P,Q,C,4F)
    dWh: np.ndarray  # (P,Q,F,4F)
    db: np.ndarray | None  # (4F,)


def convlstm_step(x, h_prev, c_prev, Wx, Wh, b=None, **options):
    """Advance output and cell state by one step.

    Parameters
    ----------
    x : ndarray, (N, A, B, C)
    h_prev, c_prev : ndarray, (N, A', B', F)
    Wx, Wh, b : ndarray, (P, Q, C, 4F), (P, Q, F, 4F) and (4F,) or None
    **options
        The fields of `ConvLSTMOptions`, as in `convlstm_forward`.

    Returns
    -------
    h, c : ndarray, (N, A', B', F)
    cache : ConvLSTMCache

    References
    ----------
    Shi et al. (2015); equations (1) to (7) of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.convlstm import convlstm_step
    >>> from scratchrnn.cells.convolution import Windows
    >>> x, state = np.ones((1, 3, 3, 1)), np.zeros((1, 3, 3, 1))
    >>> w = np.full((3, 3, 1, 4), 0.1)
    >>> h, c, _ = convlstm_step(x, state, state, w, w, windows=Windows((3, 3), padding="same"))
    >>> h[0, :, :, 0].round(2)
    array([[0.13, 0.22, 0.13],
           [0.22, 0.33, 0.22],
           [0.13, 0.22, 0.13]])
    """
    options = ConvLSTMOptions(**options)
    phi = get_activation("convlstm_step", options.activation).f
    sigma = get_activation("convlstm_step", options.recurrent_activation).f
    same = Windows(Wh.shape[:2], padding="same")
    h_dropped = scale(h_prev, options.recurrent_mask)
    a = convolve(x, Wx, options.windows) + convolve(h_dropped, Wh, same)  # (1)
    if b is not None:
        a = a + b
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
    i, f, g = sigma(a_i), sigma(a_f), phi(a_g)  # (2) (3) (4)
    c = f * c_prev + i * g  # (5)
    o = sigma(a_o)  # (6)
    h = o * phi(c)  # (7)
    gates = np.concatenate([i, f, g, o], axis=-1)
    h_rows, c_rows = np.stack([h_prev, h]), np.stack([c_prev, c])
    return h, c, ConvLSTMCache(x, h_rows, c_rows, gates, None, Wx, Wh, b is not None, options)


def convlstm_step_backward(dh, dc, cache):
    """Gradients of one step, given the gradients of everything that follows on h and c.

    Parameters
    ----------
    dh, dc : ndarray, (N, A', B', F)
        From above and from step t + 1 together.
    cache : ConvLSTMCache

    Returns
    -------
    dx : ndarray, (N, A, B, C)
    dh_prev, dc_prev : ndarray, (N, A', B', F)
    dWx, dWh, db : ndarray
        Shaped as Wx, Wh, b.

    References
    ----------
    Equations (7') to (1') of this module.
    """
    x, (h_prev, _), (c_prev, c), gates, _, Wx, Wh, _, options = cache
    phi = get_activation("convlstm_step_backward", options.activation)
    dsigma = get_activation("convlstm_step_backward", options.recurrent_activation).df
    i, f, g, o = np.split(gates, 4, axis=-1)
    phi_c = phi.f(c)
    dc = dc + dh * o * phi.df(phi_c)  # (7')
    da_i, da_f = dc * g * dsigma(i), dc * c_prev * dsigma(f)  # (5') (2') (3')
    da_g, da_o = dc * i * phi.df(g), dh * phi_c * dsigma(o)  # (5') (4') (7') (6')
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=-1)  # (N,A',B',4F)
    same = Windows(Wh.shape[:2], padding="same")
    h_dropped = scale(h_prev, options.recurrent_mask)
    dx, dWx = convolve_backward(da, x, Wx, options.windows)  # (1')
    dh_dropped, dWh = convolve_backward(da, h_dropped, Wh, same)  # (1')
    dh_prev = scale(dh_dropped, options.recurrent_mask)
    return dx, dh_prev, dc * f, dWx, dWh, da.sum(axis=(0, 1, 2))  # (5') (1')


def convlstm_forward(x, h0, c0, Wx, Wh, b=None, mask=None, *, windows, **options):
    """Run the network over whole sequences of images.

    Parameters
    ----------
    x : ndarray, (N, T, A, B, C)
    h0, c0 : ndarray, (N, A', B', F), or None
        Initial output and cell state; None means zeros.
    Wx, Wh, b : ndarray, (P, Q, C, 4F), (P, Q, F, 4F) and (4F,) or None
        Gates by channel in the order i f g o.
    mask : ndarray of bool, (N, T), or None
        True where a step is real. A masked step carries h and c through unchanged, and
        whatever x holds there, NaN included, has no effect.
    windows : Windows
        How the kernel moves over the input: strides, padding, dilation.
    activation, recurrent_activation : str or Activation, default "tanh" and "sigmoid"
        φ and σ of the equations.
    recurrent_mask : ndarray, (N, A', B', F), or None
        Variational dropout mask of h_prev, the same at every step.

    Returns
    -------
    h : ndarray, (N, T, A', B', F)
    hT, cT : ndarray, (N, A', B', F)
        The final states.
    cache : ConvLSTMCache

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Shi et al. (2015); equations (1) to (7) of this module.
    """
    N, T, F, dtype = *x.shape[:2], Wh.shape[2], x.dtype
    state = (N, *windows.output(x.shape[2:4]), F)
    P, Q = windows.size
    Wx = check_array("convlstm_forward", "Wx", Wx, (P, Q, x.shape[4], 4 * F), dtype)
    Wh = check_array("convlstm_forward", "Wh", Wh, (P, Q, F, 4 * F), dtype)
    if b is not None:
        b = check_array("convlstm_forward", "b", b, (4 * F,), dtype)
    if options.get("recurrent_mask") is not None:
        options["recurrent_mask"] = check_array(
            "convlstm_forward", "recurrent_mask", options["recurrent_mask"], state, dtype
        )
    h, c = np.empty((T + 1, *state), dtype), np.empty((T + 1, *state), dtype)
    h[0] = given_or_zeros("convlstm_forward", "h0", h0, state, dtype)
    c[0] = given_or_zeros("convlstm_forward", "c0", c0, state, dtype)
    gates = np.empty((T, *state[:3], 4 * F), dtype)
    x = swap_time(x)  # (T,N,A,B,C)
    if mask is not None:
        mask = swap_time(check_array("convlstm_forward", "mask", mask, (N, T), bool))
        mask = mask[:, :, None, None, None]  # (T,N,1,1,1)
        x = np.where(mask, x, 0)
    options["windows"] = windows
    for t in range(T):
        m = None if mask is None else mask[t]
        h_new, c_new, step = convlstm_step(x[t], h[t], c[t], Wx, Wh, b, **options)
        h[t + 1], c[t + 1] = where(m, h_new, h[t]), where(m, c_new, c[t])
        gates[t] = step.gates
    has_bias, options = b is not None, ConvLSTMOptions(**options)
    cache = ConvLSTMCache(x, h, c, gates, mask, Wx, Wh, has_bias, options)
    return swap_time(h[1:]), h[T].copy(), c[T].copy(), cache


def convlstm_backward(dh, cache, dhT=None, dcT=None, *, onto=None, with_dx=True):
    """Backpropagate through time: gradients of everything that `convlstm_forward` took.

    Parameters
    ----------
    dh : ndarray, (N, T, A', B', F), or None
        Gradient of the loss on every output, from above; None means zeros.
    cache : ConvLSTMCache
    dhT, dcT : ndarray, (N, A', B', F), or None
        Gradients on the final states; None means zeros.
    onto : ConvLSTMGrads, optional
        What this function gave for the steps after these, where a long sequence is taken one
        segment at a time: the weights' gradients are summed onto its own.
    with_dx : bool, default True
        False: nothing needs dx, and it is None.

    Returns
    -------
    ConvLSTMGrads
        dx, dh0, dc0 and those of the weights; dx is 0 at masked steps.

    Raises
    ------
    ValueError
        If a shape does not fit.

    References
    ----------
    Equations (7') to (1') of this module.
    """
    x, h, c, gates, mask, Wx, Wh, has_bias, _ = cache
    T, state, dtype = len(x), h.shape[1:], h.dtype
    shape = (state[0], T, *state[1:])
    dh = swap_time(given_or_zeros("convlstm_backward", "dh", dh, shape, dtype))
    dh_next = given_or_zeros("convlstm_backward", "dhT", dhT, state, dtype)
    dc_next = given_or_zeros("convlstm_backward", "dcT", dcT, state, dtype)
    dx = np.empty_like(x)
    totals = sums_from(onto, dtype, dWx=Wx.shape, dWh=Wh.shape, db=Wx.shape[3:])
    for t in reversed(range(T)):
        m = None if mask is None else mask[t]
        dh_total, dc_total = dh[t] + dh_next, dc_next
        step = cache._replace(x=x[t], h=h[t : t + 2], c=c[t : t + 2], gates=gates[t])
        dx[t], dh_prev, dc_prev, *weights = convlstm_step_backward(
            where(m, dh_total, 0), where(m, dc_total, 0), step
        )
        for total, step_gradient in zip(totals, weights, strict=True):
            total += step_gradient
        dh_next, dc_next = where(m, dh_prev, dh_total), where(m, dc_prev, dc_total)
    if not has_bias:
        totals[2] = None
    dx = swap_time(dx) if with_dx else None
    return ConvLSTMGrads(dx, dh_next.copy(), dc_next.copy(), *totals)
