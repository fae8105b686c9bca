"""Recurrent networks as other people write them, each right, or wrong in one named way.

Column layouts, orders of arguments, names and caches differ on purpose; every mistake is one that
public code has had. `bug=None` is the right function.
"""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# --- CS231n: vanilla RNN over a sequence, h0 given, cache a tuple -------------------------------


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.empty((N, T, h0.shape[1]))
    prev = h0
    for t in range(T):
        prev = np.tanh(x[:, t] @ Wx + prev @ Wh + b)
        h[:, t] = prev
    return h, (x, h0, Wx, Wh, h)


def one_step(dh, h, Wh, t):
    """What step t+1's own loss alone hands to step t."""
    if t + 1 == dh.shape[1]:
        return 0.0
    return (dh[:, t + 1] * (1 - h[:, t + 1] ** 2)) @ Wh.T


def rnn_backward(bug=None):
    """Return the backward function of `rnn_forward` with one mistake."""

    def backward(dh, cache):
        x, h0, Wx, Wh, h = cache
        N, T, H = h.shape
        dx, dWx, dWh = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh)
        db, carried = np.zeros(H), np.zeros((N, H))
        for t in reversed(range(T)):
            h_prev = h[:, t - 1] if t > 0 else h0
            total = dh[:, t] + carried
            if bug == "no BPTT":
                total = dh[:, t]
            if bug == "overwritten dh" and t < T - 1:
                total = carried
            if bug == "truncated":
                total = dh[:, t] + one_step(dh, h, Wh, t)
            if bug == "dh in place":
                total = dh[:, t]
                total += carried
            da = total * (1 - h[:, t] ** 2)
            if bug == "derivative of pre-activation":
                da = total * (1 - np.tanh(h[:, t]) ** 2)
            if bug == "no derivative":
                da = total
            dx[:, t] = da @ Wx.T
            carried = da @ Wh.T
            if bug == "dh_prev not transposed":
                carried = da @ Wh
            left = h[:, t] if bug == "h for h_prev" else h_prev
            if bug == "last step only" and t < T - 1:
                continue
            if bug == "overwritten dWh":
                dWh[:] = 0
            if bug == "overwritten all":
                dWh[:], dWx[:], db[:] = 0, 0, 0
            dWx += x[:, t].T @ da
            dWh += left.T @ da
            db += da[0] if bug == "bias of one row" else da.sum(axis=0)
        if bug == "mean over batch":
            dWx, dWh, db = dWx / N, dWh / N, db / N
        if bug == "dWh transposed":
            dWh = dWh.T
        if bug == "dx shifted":
            dx = np.roll(dx, 1, axis=1)
        if bug == "dh0 sign":
            carried = -carried
        if bug == "dh0 zero":
            carried = np.zeros_like(carried)
        return dx, carried, dWx, dWh, db

    return backward


# --- CS231n: one LSTM step, gates i f o g ---------------------------------------------------------


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), sigmoid(a[:, 2 * H : 3 * H])
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(bug=None):
    """Return the backward function of `lstm_step_forward` with one mistake."""

    def backward(dnext_h, dnext_c, cache):
        x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
        tanh_c = np.tanh(next_c)
        if bug == "dc in place":
            dnext_c += dnext_h * o * (1 - tanh_c**2)
            dc = dnext_c
        else:
            dc = dnext_c + dnext_h * o * (1 - tanh_c**2)
        if bug == "dc ignored":
            dc = dnext_h * o * (1 - tanh_c**2)
        if bug == "dh ignored in dc":
            dc = dnext_c
        if bug == "tanh twice":
            dc = dnext_c + dnext_h * o * (1 - np.tanh(tanh_c) ** 2)
        di, df, do, dg = dc * g, dc * prev_c, dnext_h * tanh_c, dc * i
        gates = [
            di * i * (1 - i),
            df * f * (1 - f),
            do * o * (1 - o),
            dg * (1 - g**2),
        ]
        if bug == "sigmoid twice":
            gates[1] = df * sigmoid(f) * (1 - sigmoid(f))
        if bug == "half a derivative":
            gates[1] = df * f
        if bug == "dc without i":
            gates[3] = dc * (1 - g**2)
        if bug == "gates swapped":
            gates = [gates[0], gates[2], gates[1], gates[3]]
        if bug == "gate sign":
            gates[3] = -gates[3]
        if bug == "gate zero":
            gates[1] = np.zeros_like(f)
        da = np.concatenate(gates, axis=1)
        dx, dprev_h = da @ Wx.T, da @ Wh.T
        dprev_c = dc if bug == "dc not times f" else dc * f
        dWx, dWh, db = x.T @ da, prev_h.T @ da, da.sum(axis=0)
        if bug == "next_h for prev_h":
            dWh = (o * tanh_c).T @ da
        if bug == "bias not summed":
            db = da
        if bug == "bias copied":
            H = f.shape[1]
            db[H : 2 * H] = db[:H]
        if bug == "returned in wrong order":
            return dx, dprev_c, dprev_h, dWx, dWh, db
        return dx, dprev_h, dprev_c, dWx, dWh, db

    return backward


# --- column vectors, a dict of parameters, gradients by name (Coursera's manner) -----------------


def gru_cell_forward(xt, a_prev, parameters):
    """GRU with the reset gate before the product; x (n_x, m), a (n_a, m)."""
    p = parameters
    joined = np.concatenate([a_prev, xt])
    z = sigmoid(p["Wz"] @ joined + p["bz"])
    r = sigmoid(p["Wr"] @ joined + p["br"])
    n = np.tanh(p["Wn"] @ np.concatenate([r * a_prev, xt]) + p["bn"])
    a_next = z * a_prev + (1 - z) * n
    return a_next, {"z": z, "r": r, "n": n, "a_prev": a_prev, "xt": xt, "p": p}


def gru_cell_backward(bug=None):
    """Return the backward function of `gru_cell_forward` with one mistake."""

    def backward(da_next, cache):
        z, r, n = cache["z"], cache["r"], cache["n"]
        a_prev, xt, p = cache["a_prev"], cache["xt"], cache["p"]
        size = a_prev.shape[0]
        joined = np.concatenate([a_prev, xt])
        dz = da_next * (a_prev - n) * z * (1 - z)
        if bug == "z sign":
            dz = -dz
        dn = da_next * (1 - z) * (1 - n**2)
        inner = p["Wn"].T @ dn
        dr = inner[:size] * a_prev * r * (1 - r)
        gates = p["Wz"].T @ dz + p["Wr"].T @ dr
        da_prev = da_next * z + gates[:size] + inner[:size] * r
        if bug == "r h forgotten":
            da_prev = da_next * z + gates[:size]
        if bug == "r forgotten":
            da_prev = da_next * z + gates[:size] + inner[:size]
        left = a_prev if bug == "h for r h" else r * a_prev
        grads = {
            "dxt": gates[size:] + inner[size:],
            "da_prev": da_prev,
            "dWz": dz @ joined.T,
            "dWr": dr @ joined.T,
            "dWn": dn @ np.concatenate([left, xt]).T,
            "dbz": dz.sum(axis=1, keepdims=True),
            "dbr": dr.sum(axis=1, keepdims=True),
            "dbn": dn.sum(axis=1, keepdims=True),
        }
        if bug == "bias summed over units":
            grads["dbn"] = dn.sum(axis=0, keepdims=True)
        if bug == "one gradient forgotten":
            del grads["dWr"]
        return grads

    return backward


# --- a class with state, weights (units, features), time first, masks -----------------------------


class ReluRNN:
    """h_t = relu(W x_t + U h_{t-1} + b), time first; padded steps carry the state."""

    def __init__(self, bug=None):
        self.bug = bug
        self.dW = None

    def forward(self, xs, W, U, b, mask):
        T, N, _ = xs.shape
        self.inputs, self.states = (xs, W, U, mask), [np.zeros((N, len(b)))]
        for t in range(T):
            h = np.maximum(xs[t] @ W.T + self.states[-1] @ U.T + b, 0)
            h = np.where(mask[t][:, None], h, self.states[-1])
            self.states.append(h)
        return np.stack(self.states[1:])

    def backward(self, dhs):
        xs, W, U, mask = self.inputs
        dxs, dU, db = np.zeros_like(xs), np.zeros_like(U), np.zeros(len(U))
        if self.bug != "accumulates" or self.dW is None:
            self.dW = np.zeros_like(W)
        carried = np.zeros_like(self.states[0])
        for t in reversed(range(len(xs))):
            total = dhs[t] + carried
            real = mask[t][:, None] | (self.bug == "mask not in backward")
            da = np.where(real & (self.states[t + 1] > 0), total, 0)
            if self.bug == "relu ignored":
                da = np.where(real, total, 0)
            dxs[t] = da @ W
            self.dW += da.T @ xs[t]
            dU += da.T @ self.states[t + (self.bug == "h for h_prev")]
            db += da.sum(axis=0)
            carried = da @ U + np.where(real, 0, total)
            if self.bug == "carry lost":
                carried = da @ U
        if self.bug == "dx not turned back":
            dxs = dxs[::-1]
        return dxs, self.dW, dU, db


# --- a loss that returns its own gradient ---------------------------------------------------------


def softmax_loss(bug=None):
    """Return temporal softmax cross-entropy, mean over the real steps, with one mistake."""

    def loss(x, y, mask):
        shifted = x - x.max(axis=-1, keepdims=True)
        p = np.exp(shifted) / np.exp(shifted).sum(axis=-1, keepdims=True)
        picked = np.take_along_axis(p, y[..., None], axis=-1)[..., 0]
        count = mask.sum()
        dx = p.copy()
        np.put_along_axis(dx, y[..., None], np.take_along_axis(p, y[..., None], -1) - 1, -1)
        dx *= mask[..., None]
        if bug == "sum for mean":
            return -(np.log(picked) * mask).sum() / count, dx
        if bug == "padding counted":
            return -(np.log(picked) * mask).sum() / count, dx / mask.size
        if bug == "sign":
            return -(np.log(picked) * mask).sum() / count, -dx / count
        return -(np.log(picked) * mask).sum() / count, dx / count

    return loss
