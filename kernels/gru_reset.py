"""The reset gate of a GRU: equations (3), (4) and, without reset_after, (5b') and (4')."""

from __future__ import annotations

from .activations import activated, slope
from .jit import inlined
from .tile import store_in_panels
from .vectors import VECTOR, load, store


@inlined
def reset(a, k, s, m, order, when, N, gates, u, hd, after, sigma):
    """Equations (3) and (4) for m rows of `a`; without reset_after hd becomes r ⊙ h_prev."""
    H = hd.shape[1]
    for i in range(m):
        q, x, v = (when[s, i] * N + order[i]) * 3 * H, (k + i) * a.shape[1], i * u.shape[1]
        for j in range(0, H, VECTOR // a.itemsize):
            w = H - j
            z = activated(sigma, load(a, x + j, w) + load(u, v + j, w))  # (3)
            r = activated(sigma, load(a, x + H + j, w) + load(u, v + H + j, w))  # (4)
            store(gates, q + j, w, z)
            store(gates, q + H + j, w, r)
            if not after:
                store(hd, i * H + j, w, r * load(hd, i * H + j, w))


@inlined
def reset_backward(da, das, place, s, m, order, when, N, gates, dk, hd, sigma):
    """Equations (5b') and (4'), dk being the gradient of r ⊙ h_prev, which is left in hd."""
    H = hd.shape[1]
    gate = -(-H // (VECTOR // da.itemsize)) * (VECTOR // da.itemsize)
    for i in range(m):
        q, x, v = (when[s, i] * N + order[i]) * 3 * H, i * da.shape[1], i * dk.shape[1]
        for j in range(0, H, VECTOR // da.itemsize):
            w = H - j
            r, k, h_prev = load(gates, q + H + j, w), load(dk, v + j, w), load(hd, i * H + j, w)
            da_r = k * h_prev * slope(sigma, r)  # (5b') (4')
            store(da, x + H + j, w, da_r)
            store_in_panels(das, place[i], gate + j, da_r)
            store(dk, v + j, w, k * r)  # (5b')
            store(hd, i * H + j, w, h_prev * r)  # k, for dWh_n
