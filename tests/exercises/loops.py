"""A student's solutions with loops over every index: correct, slow, in names of their own."""

import math

import numpy as np


def sig(v):
    if v >= 0:
        return 1.0 / (1.0 + math.exp(-v))
    e = math.exp(v)
    return e / (1.0 + e)


def sigmoid(a):
    out = np.empty_like(a)
    for index in np.ndindex(*a.shape):
        out[index] = sig(a[index])
    return out


def rnn_step(x, h_prev, Wx, Wh, b):
    N, D = x.shape
    H = h_prev.shape[1]
    out = np.zeros((N, H))
    for n in range(N):
        for j in range(H):
            s = b[j]
            for d in range(D):
                s += x[n, d] * Wx[d, j]
            for k in range(H):
                s += h_prev[n, k] * Wh[k, j]
            out[n, j] = math.tanh(s)
    return out, (x, h_prev, out, Wx, Wh)


def rnn_step_backward(dh, cache):
    x, old, out, Wx, Wh = cache
    N, D = x.shape
    H = old.shape[1]
    dx, dold = np.zeros((N, D)), np.zeros((N, H))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    for n in range(N):
        for j in range(H):
            slope = dh[n, j] * (1 - out[n, j] ** 2)
            db[j] += slope
            for d in range(D):
                dx[n, d] += slope * Wx[d, j]
                dWx[d, j] += slope * x[n, d]
            for k in range(H):
                dold[n, k] += slope * Wh[k, j]
                dWh[k, j] += slope * old[n, k]
    return dx, dold, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    states, tape = [], []
    now = h0
    for t in range(x.shape[1]):
        now, saved = rnn_step(x[:, t, :], now, Wx, Wh, b)
        states.append(now)
        tape.append(saved)
    return np.stack(states, axis=1), now, tape


def rnn_backward(dh, cache, dhT):
    T = dh.shape[1]
    dxs = [None] * T
    flow = dhT
    sums = None
    for t in range(T - 1, -1, -1):
        dxs[t], flow, *params = rnn_step_backward(dh[:, t] + flow, cache[t])
        sums = params if sums is None else [s + p for s, p in zip(sums, params, strict=True)]
    return np.stack(dxs, axis=1), flow, *sums


def lstm_step(x, h_prev, c_prev, Wx, Wh, b):
    N, H = h_prev.shape
    h, c = np.zeros((N, H)), np.zeros((N, H))
    gates = np.zeros((N, 4, H))
    for n in range(N):
        for j in range(H):
            pre = []
            for gate in range(4):
                s = b[gate * H + j]
                for d in range(x.shape[1]):
                    s += x[n, d] * Wx[d, gate * H + j]
                for k in range(H):
                    s += h_prev[n, k] * Wh[k, gate * H + j]
                pre.append(s)
            gi, gf, gg, go = sig(pre[0]), sig(pre[1]), math.tanh(pre[2]), sig(pre[3])
            c[n, j] = gf * c_prev[n, j] + gi * gg
            h[n, j] = go * math.tanh(c[n, j])
            gates[n, :, j] = gi, gf, gg, go
    return h, c, (x, h_prev, c_prev, c, gates, Wx, Wh)


def lstm_step_backward(dh, dc, cache):
    x, h_prev, c_prev, c, gates, Wx, Wh = cache
    N, D = x.shape
    H = h_prev.shape[1]
    dx, dhp, dcp = np.zeros((N, D)), np.zeros((N, H)), np.zeros((N, H))
    dWx, dWh, db = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    for n in range(N):
        for j in range(H):
            gi, gf, gg, go = gates[n, :, j]
            tc = math.tanh(c[n, j])
            total = dc[n, j] + dh[n, j] * go * (1 - tc * tc)
            dcp[n, j] = total * gf
            slopes = (
                total * gg * gi * (1 - gi),
                total * c_prev[n, j] * gf * (1 - gf),
                total * gi * (1 - gg * gg),
                dh[n, j] * tc * go * (1 - go),
            )
            for gate, slope in enumerate(slopes):
                q = gate * H + j
                db[q] += slope
                for d in range(D):
                    dx[n, d] += slope * Wx[d, q]
                    dWx[d, q] += slope * x[n, d]
                for k in range(H):
                    dhp[n, k] += slope * Wh[k, q]
                    dWh[k, q] += slope * h_prev[n, k]
    return dx, dhp, dcp, dWx, dWh, db


def lstm_forward(x, h0, c0, Wx, Wh, b):
    out, tape = np.zeros((x.shape[0], x.shape[1], h0.shape[1])), []
    hh, cc = h0, c0
    for t in range(x.shape[1]):
        hh, cc, saved = lstm_step(x[:, t], hh, cc, Wx, Wh, b)
        out[:, t] = hh
        tape.append(saved)
    return out, hh, cc, tape


def lstm_backward(dh, cache, dhT, dcT):
    T = dh.shape[1]
    dxs, sums = [None] * T, None
    hflow, cflow = dhT, dcT
    for t in range(T - 1, -1, -1):
        dxs[t], hflow, cflow, *params = lstm_step_backward(dh[:, t] + hflow, cflow, cache[t])
        sums = params if sums is None else [s + p for s, p in zip(sums, params, strict=True)]
    return np.stack(dxs, axis=1), hflow, cflow, *sums


def gru_step(x, h_prev, Wx, Wh, b):
    N, H = h_prev.shape
    out, saved = np.zeros((N, H)), np.zeros((N, 4, H))
    for n in range(N):
        for j in range(H):
            a, u = [], []
            for gate in range(3):
                q = gate * H + j
                s, v = b[0, q], b[1, q]
                for d in range(x.shape[1]):
                    s += x[n, d] * Wx[d, q]
                for k in range(H):
                    v += h_prev[n, k] * Wh[k, q]
                a.append(s)
                u.append(v)
            zz, rr = sig(a[0] + u[0]), sig(a[1] + u[1])
            nn = math.tanh(a[2] + rr * u[2])
            out[n, j] = zz * h_prev[n, j] + (1 - zz) * nn
            saved[n, :, j] = zz, rr, nn, u[2]
    return out, (x, h_prev, saved, Wx, Wh)


def gru_step_backward(dh, cache):
    x, h_prev, saved, Wx, Wh = cache
    N, D = x.shape
    H = h_prev.shape[1]
    dx, dhp = np.zeros((N, D)), np.zeros((N, H))
    dWx, dWh, db = np.zeros((D, 3 * H)), np.zeros((H, 3 * H)), np.zeros((2, 3 * H))
    for n in range(N):
        for j in range(H):
            zz, rr, nn, un = saved[n, :, j]
            up = dh[n, j]
            dhp[n, j] += up * zz
            slope_n = up * (1 - zz) * (1 - nn * nn)
            slope_z = up * (h_prev[n, j] - nn) * zz * (1 - zz)
            slope_r = slope_n * un * rr * (1 - rr)
            left = (slope_z, slope_r, slope_n)
            right = (slope_z, slope_r, slope_n * rr)
            for gate in range(3):
                q = gate * H + j
                db[0, q] += left[gate]
                db[1, q] += right[gate]
                for d in range(D):
                    dx[n, d] += left[gate] * Wx[d, q]
                    dWx[d, q] += left[gate] * x[n, d]
                for k in range(H):
                    dhp[n, k] += right[gate] * Wh[k, q]
                    dWh[k, q] += right[gate] * h_prev[n, k]
    return dx, dhp, dWx, dWh, db


def gru_before_step(x, h_prev, Wx, Wh, b):
    N, H = h_prev.shape
    out, saved = np.zeros((N, H)), np.zeros((N, 3, H))
    for n in range(N):
        z, r, new = np.zeros(H), np.zeros(H), np.zeros(H)
        for j in range(H):
            z[j] = sig(b[j] + x[n] @ Wx[:, j] + h_prev[n] @ Wh[:, j])
            r[j] = sig(b[H + j] + x[n] @ Wx[:, H + j] + h_prev[n] @ Wh[:, H + j])
        for j in range(H):
            s = b[2 * H + j]
            for d in range(x.shape[1]):
                s += x[n, d] * Wx[d, 2 * H + j]
            for k in range(H):
                s += r[k] * h_prev[n, k] * Wh[k, 2 * H + j]
            new[j] = math.tanh(s)
            out[n, j] = z[j] * h_prev[n, j] + (1 - z[j]) * new[j]
        saved[n] = z, r, new
    return out, (x, h_prev, saved, Wx, Wh)


def gru_before_step_backward(dh, cache):
    x, h_prev, saved, Wx, Wh = cache
    N, D = x.shape
    H = h_prev.shape[1]
    dx, dhp = np.zeros((N, D)), np.zeros((N, H))
    dWx, dWh, db = np.zeros((D, 3 * H)), np.zeros((H, 3 * H)), np.zeros(3 * H)
    for n in range(N):
        z, r, new = saved[n]
        sn = dh[n] * (1 - z) * (1 - new**2)
        reset = np.zeros(H)
        for k in range(H):
            for j in range(H):
                reset[k] += sn[j] * Wh[k, 2 * H + j]
        sz = dh[n] * (h_prev[n] - new) * z * (1 - z)
        sr = reset * h_prev[n] * r * (1 - r)
        dhp[n] += dh[n] * z + reset * r
        for j in range(H):
            for gate, slope in enumerate((sz[j], sr[j], sn[j])):
                q = gate * H + j
                db[q] += slope
                for d in range(D):
                    dx[n, d] += slope * Wx[d, q]
                    dWx[d, q] += slope * x[n, d]
                for k in range(H):
                    if gate < 2:
                        dhp[n, k] += slope * Wh[k, q]
                        dWh[k, q] += slope * h_prev[n, k]
                    else:
                        dWh[k, q] += slope * r[k] * h_prev[n, k]
    return dx, dhp, dWx, dWh, db


def masked_rnn_forward(x, h0, Wx, Wh, b, mask):
    N, T, _ = x.shape
    h, tape = np.zeros((N, T, h0.shape[1])), []
    now = h0.copy()
    for t in range(T):
        clean = np.zeros_like(x[:, t])
        for n in range(N):
            if mask[n, t]:
                clean[n] = x[n, t]
        fresh, saved = rnn_step(clean, now, Wx, Wh, b)
        now = now.copy()
        for n in range(N):
            if mask[n, t]:
                now[n] = fresh[n]
            h[n, t] = now[n]
        tape.append((saved, mask[:, t]))
    return h, now, tape


def masked_rnn_backward(dh, cache, dhT):
    flow, sums, dxs = dhT.copy(), None, []
    for t in reversed(range(dh.shape[1])):
        saved, real = cache[t]
        total = dh[:, t] + flow
        inside = total.copy()
        inside[~real] = 0
        dx, back, *params = rnn_step_backward(inside, saved)
        flow = back
        for n in range(len(real)):
            if not real[n]:
                flow[n] = total[n]
        dxs.insert(0, dx)
        sums = params if sums is None else [s + p for s, p in zip(sums, params, strict=True)]
    return np.stack(dxs, axis=1), flow, *sums


def last_step(h, mask):
    out = np.zeros((h.shape[0], h.shape[2]))
    for n in range(h.shape[0]):
        for t in range(h.shape[1]):
            if mask[n, t]:
                out[n] = h[n, t]
    return out


def softmax_loss(scores, y, mask):
    N, T, V = scores.shape
    loss, count, d = 0.0, 0, np.zeros((N, T, V))
    for n in range(N):
        for t in range(T):
            if not mask[n, t]:
                continue
            count += 1
            top = max(scores[n, t])
            e = [math.exp(s - top) for s in scores[n, t]]
            loss -= scores[n, t, y[n, t]] - top - math.log(sum(e))
            for v in range(V):
                d[n, t, v] = e[v] / sum(e) - (v == y[n, t])
    return loss / count, d / count


def clip_by_global_norm(gradients, max_norm):
    total = 0.0
    for g in gradients:
        for value in g.ravel():
            total += value * value
    norm = math.sqrt(total)
    if norm > max_norm:
        return [g * (max_norm / norm) for g in gradients], norm
    return [g.copy() for g in gradients], norm


def adam_step(w, dw, m, v, t, lr, beta1, beta2, eps):
    w, m, v = w.copy(), m.copy(), v.copy()
    for k in np.ndindex(*w.shape):
        m[k] = beta1 * m[k] + (1 - beta1) * dw[k]
        v[k] = beta2 * v[k] + (1 - beta2) * dw[k] ** 2
        w[k] -= lr * (m[k] / (1 - beta1**t)) / (math.sqrt(v[k] / (1 - beta2**t)) + eps)
    return w, m, v


def truncated_bptt(x, h0, Wx, Wh, b, dh, k):
    outputs, state, sums = [], h0, None
    t = 0
    while t < x.shape[1]:
        h, state, cache = rnn_forward(x[:, t : t + k], state, Wx, Wh, b)
        _, _, *params = rnn_backward(dh[:, t : t + k], cache, np.zeros_like(h0))
        outputs.append(h)
        sums = params if sums is None else [s + p for s, p in zip(sums, params, strict=True)]
        t += k
    return np.concatenate(outputs, axis=1), *sums


def integrated_gradients(gradient, x, baseline, steps):
    total = np.zeros_like(x)
    for k in range(1, steps + 1):
        alpha = (k - 0.5) / steps
        total += gradient(alpha * x + (1 - alpha) * baseline)
    return (x - baseline) * total / steps


def numeric_gradient(f, x, dy, step=1e-5):
    dx = np.zeros_like(x)
    for k in np.ndindex(*x.shape):
        up, down = x.copy(), x.copy()
        up[k] += step
        down[k] -= step
        dx[k] = ((f(up) - f(down)) * dy).sum() / (2 * step)
    return dx
