"""Gates with matrices of their own, or joined to [h, x]: a mistake in one is named all the same."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

N, T, H = 3, 4, 5
GATES = "ifgo"


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def forward(x, *weights):
    """An LSTM with twelve arrays: Wi Wf Wg Wo, Ui Uf Ug Uo, bi bf bg bo; time first."""
    W, U, b = weights[:4], weights[4:8], weights[8:]
    h, c, steps = np.zeros((x.shape[1], H)), np.zeros((x.shape[1], H)), []
    for t in range(len(x)):
        a = [x[t] @ W[k] + h @ U[k] + b[k] for k in range(4)]
        i, f, g, o = sigmoid(a[0]), sigmoid(a[1]), np.tanh(a[2]), sigmoid(a[3])
        before, c = c, f * c + i * g
        steps.append((h, before, c, i, f, g, o))
        h = o * np.tanh(c)
    return np.stack([step[6] * np.tanh(step[2]) for step in steps]), (x, W, U, steps)


def backward(bug=None):
    """The backward function, with one mistake."""

    def run(dhs, cache):
        x, W, U, steps = cache
        dx = np.zeros_like(x)
        dW, dU = [np.zeros_like(w) for w in W], [np.zeros_like(u) for u in U]
        db, dh, dc = [np.zeros(H) for _ in range(4)], 0.0, 0.0
        for t in reversed(range(len(x))):
            h, before, c, i, f, g, o = steps[t]
            dh, y = dh + dhs[t], np.tanh(c)
            dc = dc + dh * o * (1 - y**2)
            da = [dc * g * i * (1 - i), dc * before * f * (1 - f)]
            da += [dc * i * (1 - g**2), dh * y * o * (1 - o)]
            da[0] = -da[0] if bug == "sign in i" else da[0]
            da[3] = dh * y * o if bug == "no 1 - o" else da[3]
            after = o * y
            for k in range(4):
                dW[k] = (0 if bug == "Wo overwritten" and k == 3 else dW[k]) + x[t].T @ da[k]
                dU[k] += (after if bug == "h for h_prev in g" and k == 2 else h).T @ da[k]
                db[k] += da[k].sum(0) * (
                    0 if bug == "bi of the last" and k == 0 and t < T - 1 else 1
                )
            dx[t] = sum(d @ w.T for d, w in zip(da, W, strict=True))
            dh = sum(d @ u.T for d, u in zip(da, U, strict=True))
            dc = dc * (1 if bug == "no f" else f)
        return (dx, *dW, *dU, *db)

    return run


def check(bug, D, seed=0):
    rng = np.random.default_rng(seed)
    inputs = {"x": 0.8 * rng.standard_normal((T, N, D))}
    for letter, shape in (("W", (D, H)), ("U", (H, H)), ("b", (H,))):
        inputs |= {letter + gate: 0.8 * rng.standard_normal(shape) for gate in GATES}

    def by_position(**named):
        return forward(*named.values())

    return check_gradients(by_position, inputs, backward(bug))


ONE_ARRAY = {
    "Wo overwritten": ("Wo", "counts only step 0: overwritten on the way back, not accumulated"),
    "bi of the last": ("bi", "counts only the last step: not summed over time"),
    "h for h_prev in g": (
        "Ug",
        "is off by one in time: pairs the gradient of step t with h of step t",
    ),
}


@pytest.mark.parametrize("D", [2, H])
@pytest.mark.parametrize("bug", ONE_ARRAY)
def test_a_mistake_in_the_sum_of_one_gate_is_named(bug, D):
    assert check(None, D).ok
    result, (name, words) = check(bug, D), ONE_ARRAY[bug]
    assert [array.name for array in result if not array.ok] == [name]
    assert result[name].diagnosis == words


def test_a_mistake_before_the_activation_names_its_gate_everywhere():
    result = check("sign in i", D=2)
    for name in ("x", "Wi", "Wo", "Uf", "bi", "bg"):
        assert "(gate 0 of 4 (columns 0:5) has the wrong sign)" in result[name].diagnosis
    result = check("no 1 - o", D=2)
    assert "in gate 3 of 4: the derivative of sigmoid lacks its factor" in result["Wi"].diagnosis
    result = check("no f", D=2)
    assert "look at what step t+1 hands to t" in result["x"].diagnosis


# --- One matrix for the input and the state, with the input last, first, or behind ones -------

ORDERS = {"[h, x]": ("h", "x"), "[x, h]": ("x", "h"), "[1, x, h]": ("1", "x", "h")}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("order", ORDERS)
def test_a_matrix_that_meets_input_and_state_joined_is_understood(order, turned):
    def joined(x, h):
        parts = {"1": np.ones((len(x), 1)), "x": x, "h": h}
        return np.concatenate([parts[key] for key in ORDERS[order]], axis=1)

    def forward(x, h0, W):
        matrix, h, steps = W.T if turned else W, h0, []
        for t in range(T):
            steps.append(joined(x[:, t], h))
            h = np.tanh(steps[-1] @ matrix)
            steps.append(h)
        return np.stack(steps[1::2], axis=1), (x, W, steps)

    def backward(bug):
        def run(dh, cache):
            x, W, steps = cache
            matrix, dx, dW, carried = W.T if turned else W, np.zeros_like(x), 0.0, 0.0
            for t in reversed(range(T)):
                h = steps[2 * t + 1]
                da = (dh[:, t] + carried) * (1 - h**2)
                met = joined(x[:, t], h) if bug == "h for h_prev" else steps[2 * t]
                dW = (0.0 if bug == "overwritten" else dW) + met.T @ da
                back = da @ matrix.T
                start = {"1": 1, "x": x.shape[2], "h": H}
                ends = np.cumsum([start[key] for key in ORDERS[order]])
                pieces = dict(zip(ORDERS[order], np.split(back, ends[:-1], axis=1), strict=True))
                dx[:, t], carried = pieces["x"], pieces["h"]
            return dx, carried, dW.T if turned else dW

        return run

    rng = np.random.default_rng(0)
    rows = 2 + H + ("1" in ORDERS[order])
    shapes = (N, T, 2), (N, H), (H, rows) if turned else (rows, H)
    inputs = [0.6 * rng.standard_normal(shape) for shape in shapes]
    assert check_gradients(forward, inputs, backward(None)).ok
    words = {
        "overwritten": "counts only step 0: overwritten on the way back, not accumulated",
        "h for h_prev": "is off by one in time: pairs the gradient of step t with h of step t",
    }
    for bug, text in words.items():
        result = check_gradients(forward, inputs, backward(bug))
        assert [array.name for array in result if not array.ok] == ["W"]
        assert result["W"].diagnosis == text
