"""v2: the loop over time compiled by Numba, written plainly; products out of the loop as in v1."""

from __future__ import annotations

import math

import numba
import numpy as np

from .ladder_v0 import task
from .ladder_v1 import Cache, Grads, prepare, weight_gradients


@numba.njit(error_model="numpy")
def _forward(gates, h, c, Wh):
    T, N, H = len(gates), gates.shape[1], len(Wh)
    for t in range(T):
        for n in range(N):
            a = gates[t, n]
            for k in range(H):
                value = h[t, n, k]
                for j in range(4 * H):
                    a[j] += value * Wh[k, j]  # (1), the part of h_prev
            for j in range(H):
                i = 1 / (1 + math.exp(-a[j]))  # (2)
                f = 1 / (1 + math.exp(-a[H + j]))  # (3)
                g = math.tanh(a[2 * H + j])  # (4)
                o = 1 / (1 + math.exp(-a[3 * H + j]))  # (6)
                a[j], a[H + j], a[2 * H + j], a[3 * H + j] = i, f, g, o
                c[t + 1, n, j] = f * c[t, n, j] + i * g  # (5)
                h[t + 1, n, j] = o * math.tanh(c[t + 1, n, j])  # (7)


@numba.njit(error_model="numpy")
def _backward(dh, gates, c, da, WhT):
    T, N, H = len(gates), gates.shape[1], WhT.shape[1]
    dh_next, dc_next = np.zeros_like(c[0]), np.zeros_like(c[0])
    for t in range(T - 1, -1, -1):
        for n in range(N):
            a, d = gates[t, n], da[t, n]
            for j in range(H):
                i, f, g, o = a[j], a[H + j], a[2 * H + j], a[3 * H + j]
                total, tanh_c = dh[n, t, j] + dh_next[n, j], math.tanh(c[t + 1, n, j])
                dc = dc_next[n, j] + total * o * (1 - tanh_c * tanh_c)  # (7')
                d[3 * H + j] = total * tanh_c * o * (1 - o)  # (7') (6')
                d[j] = dc * g * i * (1 - i)  # (5') (2')
                d[H + j] = dc * c[t, n, j] * f * (1 - f)  # (5') (3')
                d[2 * H + j] = dc * i * (1 - g * g)  # (5') (4')
                dc_next[n, j] = dc * f  # (5')
                dh_next[n, j] = 0
            for k in range(4 * H):
                value = d[k]
                for j in range(H):
                    dh_next[n, j] += value * WhT[k, j]  # (1')


def lstm_forward(x, h0, c0, Wx, Wh, b):
    """Run the network over whole sequences from zero states."""
    cache = prepare(x, Wx, Wh, b)
    _forward(cache.gates, cache.h, cache.c, Wh)
    return cache.h[1:].swapaxes(0, 1), cache.h[-1], cache.c[-1], cache


def lstm_backward(dh, cache: Cache) -> Grads:
    """Backpropagate through time."""
    da = np.empty_like(cache.gates)
    _backward(dh, cache.gates, cache.c, da, np.ascontiguousarray(cache.Wh.T))
    return weight_gradients(da, cache)


TASKS = {"layer": task(lstm_forward, lstm_backward)}
