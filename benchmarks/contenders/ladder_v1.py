"""v1: every product that can leave the loop leaves it; still NumPy.

x Wx + b is one product for all steps, and so are dx, dWx, dWh and db after the loop; h_prev Wh and
da Whᵀ have to wait for their step. Equation tags as in `scratchrnn.cells.lstm`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scratchrnn.cells import sigmoid

from .ladder_v0 import task


class Cache(NamedTuple):
    """What forward keeps, time first; row 0 of h and c is the initial state."""

    x: np.ndarray  # (T,N,D)
    h: np.ndarray  # (T+1,N,H)
    c: np.ndarray  # (T+1,N,H)
    gates: np.ndarray  # (T,N,4H): i f g o
    Wx: np.ndarray
    Wh: np.ndarray


class Grads(NamedTuple):
    """Gradients, each shaped as its argument."""

    dx: np.ndarray
    dWx: np.ndarray
    dWh: np.ndarray
    db: np.ndarray


def prepare(x, Wx, Wh, b) -> Cache:
    """Return a cache with zero initial states, and (1) without h_prev Wh in the place of gates."""
    (N, T, D), H = x.shape, len(Wh)
    x = np.ascontiguousarray(x.swapaxes(0, 1))
    gates = (x.reshape(T * N, D) @ Wx + b).reshape(T, N, 4 * H)  # (1), the part of x
    h, c = np.zeros((T + 1, N, H), x.dtype), np.zeros((T + 1, N, H), x.dtype)
    return Cache(x, h, c, gates, Wx, Wh)


def weight_gradients(da, cache: Cache) -> Grads:
    """Return (1') from da (T,N,4H) of all steps."""
    (T, N, D), H = cache.x.shape, len(cache.Wh)
    rows = da.reshape(T * N, 4 * H)
    dx = (rows @ cache.Wx.T).reshape(T, N, D).swapaxes(0, 1)
    dWx = cache.x.reshape(T * N, D).T @ rows
    dWh = cache.h[:-1].reshape(T * N, H).T @ rows
    return Grads(dx, dWx, dWh, rows.sum(axis=0))


def lstm_forward(x, h0, c0, Wx, Wh, b):
    """Run the network over whole sequences from zero states."""
    cache, H = prepare(x, Wx, Wh, b), len(Wh)
    _, h, c, gates, *_ = cache
    for t in range(len(gates)):
        a = gates[t]
        a += h[t] @ Wh  # (1), the part of h_prev
        a[:, : 2 * H] = sigmoid(a[:, : 2 * H])  # (2) (3)
        np.tanh(a[:, 2 * H : 3 * H], out=a[:, 2 * H : 3 * H])  # (4)
        a[:, 3 * H :] = sigmoid(a[:, 3 * H :])  # (6)
        i, f, g, o = np.split(a, 4, axis=1)
        c[t + 1] = f * c[t] + i * g  # (5)
        h[t + 1] = o * np.tanh(c[t + 1])  # (7)
    return h[1:].swapaxes(0, 1), h[-1], c[-1], cache


def lstm_backward(dh, cache: Cache) -> Grads:
    """Backpropagate through time."""
    _, h, c, gates, _, Wh = cache
    da, dh_next, dc_next = np.empty_like(gates), np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in reversed(range(len(gates))):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        da_i, da_f, da_g, da_o = np.split(da[t], 4, axis=1)
        dh_total, tanh_c = dh[:, t] + dh_next, np.tanh(c[t + 1])
        dc = dc_next + dh_total * o * (1 - tanh_c**2)  # (7')
        da_o[...] = dh_total * tanh_c * o * (1 - o)  # (7') (6')
        da_i[...] = dc * g * i * (1 - i)  # (5') (2')
        da_f[...] = dc * c[t] * f * (1 - f)  # (5') (3')
        da_g[...] = dc * i * (1 - g**2)  # (5') (4')
        dc_next = dc * f  # (5')
        dh_next = da[t] @ Wh.T  # (1')
    return weight_gradients(da, cache)


TASKS = {"layer": task(lstm_forward, lstm_backward)}
