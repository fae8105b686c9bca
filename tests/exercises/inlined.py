"""A student's LSTM without steps: products over all time steps at once, names of its own."""

import numpy as np


def sig(a):
    return np.where(a >= 0, 1, np.exp(-np.abs(a))) / (1 + np.exp(-np.abs(a)))


def lstm_forward(x, h0, c0, Wx, Wh, b):
    N, T, D = x.shape
    H = h0.shape[1]
    hs = np.empty((T + 1, N, H))
    cs = np.empty((T + 1, N, H))
    G = np.empty((T, N, 4 * H))
    hs[0], cs[0] = h0, c0
    xs = x.transpose(1, 0, 2)
    pre = xs @ Wx + b
    for t in range(T):
        z = pre[t] + hs[t] @ Wh
        G[t] = sig(z)
        G[t, :, 2 * H : 3 * H] = np.tanh(z[:, 2 * H : 3 * H])
        ig, fg, gg, og = G[t, :, :H], G[t, :, H : 2 * H], G[t, :, 2 * H : 3 * H], G[t, :, 3 * H :]
        cs[t + 1] = fg * cs[t] + ig * gg
        hs[t + 1] = og * np.tanh(cs[t + 1])
    return hs[1:].transpose(1, 0, 2), hs[-1], cs[-1], (xs, hs, cs, G, Wx, Wh)


def lstm_backward(dh, cache, dhT, dcT):
    xs, hs, cs, G, Wx, Wh = cache
    T, N, D = xs.shape
    H = hs.shape[2]
    dz = np.empty_like(G)
    dhn, dcn = dhT, dcT
    for t in range(T - 1, -1, -1):
        ig, fg, gg, og = np.split(G[t], 4, axis=1)
        dht = dh[:, t] + dhn
        tc = np.tanh(cs[t + 1])
        dct = dcn + dht * og * (1 - tc * tc)
        dz[t, :, :H] = dct * gg * ig * (1 - ig)
        dz[t, :, H : 2 * H] = dct * cs[t] * fg * (1 - fg)
        dz[t, :, 2 * H : 3 * H] = dct * ig * (1 - gg * gg)
        dz[t, :, 3 * H :] = dht * tc * og * (1 - og)
        dcn = dct * fg
        dhn = dz[t] @ Wh.T
    dx = (dz @ Wx.T).transpose(1, 0, 2)
    flat = dz.reshape(T * N, -1)
    dWx = xs.reshape(T * N, D).T @ flat
    dWh = hs[:-1].reshape(T * N, H).T @ flat
    return dx, dhn, dcn, dWx, dWh, flat.sum(axis=0)
