"""More recurrent networks as other people write them: whole sequences, loops, joined weights.

As in ``foreign``, `bug=None` is right and every other value is a mistake of public code.
"""

from __future__ import annotations

import math

import foreign
import numpy as np

sigmoid = foreign.sigmoid


# --- CS231n: an LSTM over a sequence, made of steps; the last states are outputs too --------------


def lstm_forward(x, h0, c0, Wx, Wh, b):
    h, c, hs, caches = h0, c0, [], []
    for t in range(x.shape[1]):
        h, c, cache = foreign.lstm_step_forward(x[:, t, :], h, c, Wx, Wh, b)
        hs.append(h)
        caches.append(cache)
    return np.stack(hs, axis=1), h, c, caches


def lstm_backward(bug=None):
    """Return the backward function of `lstm_forward` with one mistake."""
    step = foreign.lstm_step_backward()

    def backward(dh, dhT, dcT, cache):
        N, T, H = dh.shape
        dh_next, dc_next = dhT, dcT
        if bug == "final state ignored":
            dh_next = np.zeros((N, H))
        if bug == "final cell ignored":
            dc_next = np.zeros((N, H))
        total = None
        dx = np.zeros((N, T, cache[0][0].shape[1]))
        for t in reversed(range(T)):
            given = dh[:, t]
            if bug == "upstream of the last step only" and t < T - 1:
                given = 0
            dx[:, t], dh_next, dc_next, *grads = step(given + dh_next, dc_next, cache[t])
            if bug == "dc lost":
                dc_next = np.zeros((N, H))
            if bug == "dh_next lost" and t > 0:
                dh_next = np.zeros((N, H))
            if total is None or bug == "overwritten":
                total = grads
            else:
                total = [a + g for a, g in zip(total, grads, strict=True)]
        if bug == "stored the wrong way round":
            dx = dx[:, ::-1]
        dh0, dc0 = (dc_next, dh_next) if bug == "states exchanged" else (dh_next, dc_next)
        return dx, dh0, dc0, *total

    return backward


# --- one batch matrix with the bias as its first row, time first (a well-known gist's manner) -----


def joined_forward(X, W, c0, h0):
    """LSTM with gates i f o g; X (n, batch, D), W (1 + D + H, 4H)."""
    n, batch, _ = X.shape
    H = h0.shape[1]
    left = np.zeros((n, batch, W.shape[0]))
    out, cell, gates = np.zeros((n, batch, H)), np.zeros((n, batch, H)), []
    for t in range(n):
        prev_h, prev_c = (out[t - 1], cell[t - 1]) if t else (h0, c0)
        left[t] = np.hstack([np.ones((batch, 1)), X[t], prev_h])
        a = left[t] @ W
        gate = np.hstack([sigmoid(a[:, : 3 * H]), np.tanh(a[:, 3 * H :])])
        i, f, o, g = np.split(gate, 4, axis=1)
        cell[t] = i * g + f * prev_c
        out[t] = o * np.tanh(cell[t])
        gates.append(gate)
    return out, {"W": W, "left": left, "gates": gates, "cell": cell, "c0": c0}


def joined_backward(bug=None):
    """Return the backward function of `joined_forward` with one mistake."""

    def backward(dout, cache):
        W, left, cell, c0 = (cache[k] for k in ("W", "left", "cell", "c0"))
        n, batch, H = dout.shape
        D = W.shape[0] - H - 1
        dW, dX, dh, dc = np.zeros_like(W), np.zeros((n, batch, D)), 0.0, 0.0
        for t in reversed(range(n)):
            i, f, o, g = np.split(cache["gates"][t], 4, axis=1)
            prev_c = cell[t - 1] if t else c0
            if bug == "cell for cell before":
                prev_c = cell[t]
            dH, tanh_c = dout[t] + dh, np.tanh(cell[t])
            slope = 1 if bug == "no tanh of the cell" else 1 - tanh_c**2
            dC = dc + dH * o * slope
            da = [dC * g * i * (1 - i), dC * prev_c * f * (1 - f), dH * tanh_c * o * (1 - o)]
            da = np.hstack([*da, dC * i * (1 - g**2)])
            if bug == "dW of one step":
                dW = left[t].T @ da
            else:
                dW += left[t].T @ da
            back = da @ W.T
            dX[t], dh, dc = back[:, 1 : D + 1], back[:, D + 1 :], dC * f
            if bug == "columns shifted":
                dX[t] = back[:, :D]
        return dX, dW, dc, dh

    return backward


# --- loops over numbers, one sequence, lists of lists (a first course in Python) ------------------


def loops_forward(x, W, U, b):
    """h_t = tanh(W x_t + U h_(t-1) + b), all in loops; x (T, D)."""
    T, D, H = len(x), len(x[0]), len(b)
    h = [[0.0] * H for _ in range(T + 1)]
    for t in range(T):
        for j in range(H):
            total = b[j]
            for k in range(D):
                total += W[j][k] * x[t][k]
            for k in range(H):
                total += U[j][k] * h[t][k]
            h[t + 1][j] = math.tanh(total)
    return np.array(h[1:]), (x, W, U, h)


def loops_backward(bug=None):
    """Return the backward function of `loops_forward` with one mistake."""

    def backward(dy, cache):
        x, W, U, h = cache
        (T, D), H = np.shape(x), len(U)
        dx, dW, dU, db = np.zeros((T, D)), np.zeros((H, D)), np.zeros((H, H)), np.zeros(H)
        later = [0.0] * H
        for t in range(T - 1, -1, -1):
            da = [(dy[t][j] + later[j]) * (1 - h[t + 1][j] ** 2) for j in range(H)]
            later = [0.0] * H
            for j in range(H):
                db[j] += da[j]
                for k in range(D):
                    dW[j, k] += da[j] * x[t][k]
                    dx[t, k] += da[j] * W[j][k]
                for k in range(H):
                    row, column = (k, j) if bug == "indices exchanged" else (j, k)
                    dU[row, column] += da[j] * h[t + (bug == "h after")][k]
                    later[k] += da[j] * (U[k][j] if bug == "U read along the row" else U[j][k])
                if bug == "bias of one unit":
                    db[j] -= da[j] * (j > 0)
        return dx, dW, dU, db

    return backward


# --- a GRU with the reset gate after the product: two biases, einsum, mask, both directions -------


def gru_forward(x, Wx, Wh, b, mask):
    """Gates r z n, weights (gates, units, features); x (N, T, D). Read from the end as well."""
    outputs, caches = [], []
    for turn in (slice(None), slice(None, None, -1)):
        h = np.zeros((x.shape[0], Wh.shape[1]))
        steps, cache = [], []
        for t in range(x.shape[1])[turn]:
            u = np.einsum("nd,ghd->gnh", x[:, t], Wx) + b[0][:, None]
            v = np.einsum("nk,ghk->gnh", h, Wh) + b[1][:, None]
            r, z = sigmoid(u[0] + v[0]), sigmoid(u[1] + v[1])
            n = np.tanh(u[2] + r * v[2])
            real = mask[:, t, None]
            cache.append((t, h, r, z, n, v[2], real))
            h = np.where(real, (1 - z) * n + z * h, h)
            steps.append(h)
        outputs.append(np.stack(steps[turn], axis=1))
        caches.append(cache)
    return np.concatenate(outputs, axis=2), (x, Wx, Wh, caches)


def gru_backward(bug=None):
    """Return the backward function of `gru_forward` with one mistake."""

    def backward(dy, cache):
        x, Wx, Wh, caches = cache
        dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
        db = np.zeros((2, *Wh.shape[:2]))
        for half, steps in zip(np.split(dy, 2, axis=2), caches, strict=True):
            backwards = steps[0][0] > 0
            dh = np.zeros_like(half[:, 0])
            for t, h, r, z, n, k, real in reversed(steps):
                place = x.shape[1] - 1 - t if bug == "half not turned" and backwards else t
                total = half[:, place] + dh
                d = np.where(real, total, 0)
                if bug == "mask forgotten":
                    d = total
                dn = d * (1 - z) * (1 - n**2)
                dr, dz = dn * k * r * (1 - r), d * (h - n) * z * (1 - z)
                du = np.stack([dr, dz, dn])
                dv = np.stack([dr, dz, dn if bug == "r left out of the product" else dn * r])
                dx[:, t] += np.einsum("gnh,ghd->nd", du, Wx)
                dWx += np.einsum("gnh,nd->ghd", du, x[:, t])
                dWh += np.einsum("gnh,nk->ghk", dv, h)
                db[0] += du.sum(axis=1)
                db[1] += (du if bug == "one bias for both" else dv).sum(axis=1)
                carried = 0 if bug == "carry lost" else np.where(real, 0, total)
                dh = d * z + np.einsum("gnh,ghk->nk", dv, Wh) + carried
                if bug == "h forgotten":
                    dh = np.einsum("gnh,ghk->nk", dv, Wh) + carried
        return dx, dWx, dWh, db

    return backward


# --- the last real step of padded sequences, then a linear layer ----------------------------------


def last_forward(h, V, lengths):
    """Score each sequence by its last real state; h (N, T, H), lengths (N,)."""
    last = h[np.arange(len(h)), lengths - 1]
    return last @ V, (h, V, lengths, last)


def last_backward(bug=None):
    """Return the backward function of `last_forward` with one mistake."""

    def backward(dy, cache):
        h, V, lengths, last = cache
        dh = np.zeros_like(h)
        at = h.shape[1] - 1 if bug == "padded step for the last" else lengths - 1
        dh[np.arange(len(h)), at] = dy @ V.T
        left = h[:, -1] if bug == "padded state for the last" else last
        return dh, left.T @ dy

    return backward


# --- kinks: leaky relu, hard sigmoid, the greatest over time --------------------------------------


def kinks_forward(x, W, b):
    """max over time of leaky_relu(x W + b) times a hard sigmoid of the same; x (N, T, D)."""
    a = x @ W + b
    y = np.where(a > 0, a, 0.1 * a) * np.clip(0.2 * a + 0.5, 0, 1)
    return y.max(axis=1), (x, W, a, y)


def kinks_backward(bug=None):
    """Return the backward function of `kinks_forward` with one mistake."""

    def backward(dy, cache):
        x, W, a, y = cache
        first = y.argmax(axis=1)[:, None]
        d = np.zeros_like(y)
        np.put_along_axis(d, first, dy[:, None], axis=1)
        if bug == "greatest shared":
            d = np.broadcast_to(dy[:, None] / y.shape[1], y.shape)
        leaky, hard = np.where(a > 0, a, 0.1 * a), np.clip(0.2 * a + 0.5, 0, 1)
        inside = np.abs(a) < 2.5
        slope = 0.0 if bug == "leak forgotten" else 0.1
        da = d * (np.where(a > 0, 1, slope) * hard + leaky * 0.2 * inside)
        if bug == "clip forgotten":
            da = d * (np.where(a > 0, 1, slope) * hard + leaky * 0.2)
        return da @ W.T, np.einsum("ntd,nth->dh", x, da), da.sum(axis=(0, 1))

    return backward
