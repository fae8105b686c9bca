"""Mistakes that people make in recurrences.

Rows of `scratchrnn.exercises.mistakes`: number, function, text of its solution, what stands there
instead, and the mistake in words.
"""

from __future__ import annotations

from collections.abc import Iterator

# fmt: off
_BACKWARD = ("rnn_backward", "lstm_backward", "gru_backward", "gru_before_backward",
             "masked_rnn_backward")  # fmt: skip
_STEP_BACK = ("rnn_step_backward", "lstm_step_backward", "gru_step_backward",
              "gru_before_step_backward")  # fmt: skip
_FORWARD = ("rnn_forward", "lstm_forward", "gru_forward", "gru_before_forward")

_NO_BPTT = "dh_next is never added, so no gradient reaches step t - 1: that is not BPTT yet"
_LOST = "overwritten by dh_next instead of summed: the gradient dh[:, t] on the output is lost"


def through_time() -> Iterator[tuple]:
    """Yield mistakes in what goes from one step to another."""
    for name in _BACKWARD:
        yield 1, name, "dh[:, t] + dh_next", "dh[:, t]", _NO_BPTT
        yield 2, name, "dh[:, t] + dh_next", "dh_next", _LOST
        yield 5, name, "dh_next = dhT", "dh_next = 0 * dhT", "dhT, the gradient on the final state, is ignored"
        yield 5, name, "dh_next = dhT", "dh_next = dhT + dh[:, -1]", "dh of the last step is counted twice: in dhT and in dh"
        for d in ("dWx", "dWh", "db"):
            add = f"{d} += {d}_t"
            yield 6, name, add, f"{d} = {d}_t", "overwritten at every step instead of accumulated: only the first step's is left"
            yield 6, name, add, f"{d} += {d}_t * (t == T - 1)", "that of the last step only: not accumulated over the steps"
            yield 6, name, add, f"{d} += {d}_t / T", "averaged over the steps instead of summed"
        yield 0, name, "dx[:, t] = dx_t", "dx[:, T - 1 - t] = dx_t", "turned back to front in time"
        yield 0, name, "reversed(range(T))", "range(T)", "the steps are taken forward in time; BPTT goes from the last to the first"
    yield 4, "lstm_backward", "lstm_step_backward(dh_total, dc_next,", "lstm_step_backward(dh_total, 0 * dc_next,", "dc_next is lost: nothing comes back along the cell state from step t + 1"
    yield 4, "lstm_backward", "dc_next = dc_prev", "dc_next = 0 * dc_prev", "dc_next is lost: dc_prev of step t is not handed on to step t - 1"
    yield 4, "lstm_backward", "dc_next = dc_prev", "dc_next = dc_next + dc_prev", "dc_next is added to dc_prev instead of replaced by it"
    yield 5, "lstm_backward", "dh_next = dhT  # (8')\n    dc_next = dcT", "dh_next = 0 * dhT  # (8')\n    dc_next = 0 * dcT", "dhT and dcT, the gradients on the final states, are ignored"
    yield 5, "lstm_backward", "dc_next = dcT", "dc_next = 0 * dcT", "dcT, the gradient on the final cell state, is ignored"
    for name in _FORWARD:
        yield 0, name, "h_prev = h_t", "h_prev = h0", "every step starts from h0: the state is not handed on"
    yield 0, "lstm_forward", "c_prev = c_t", "c_prev = c0", "every step starts from c0: the cell state is not handed on"


def derivatives() -> Iterator[tuple]:
    """Yield mistakes in the derivatives of activations, and in the cell state."""
    once = "tanh is taken once more: h is the output of tanh already, its derivative is 1 - h²"
    before = (
        "the derivative is taken of the pre-activation: 1 - a², where 1 - h² of the output is right"
    )
    yield 3, "rnn_step_backward", "(1 - h**2)", "(1 - np.tanh(h)**2)", once
    yield 3, "rnn_step_backward", "(1 - h**2)", "(1 - np.arctanh(h)**2)", before
    yield 3, "rnn_step_backward", "(1 - h**2)", "h * (1 - h)", "σ' = h(1 - h) in place of tanh' = 1 - h²"
    yield 3, "rnn_step_backward", "dh * (1 - h**2)", "dh", "missing the factor 1 - h², the derivative of tanh"
    for number, name, old, gate in (
        (3, "lstm_step_backward", "(1 - g**2)", "g"), (3, "gru_step_backward", "(1 - n**2)", "n"),
        (3, "gru_before_step_backward", "(1 - n**2)", "n"),
    ):  # fmt: skip
        yield number, name, old, f"(1 - np.tanh({gate})**2)", f"tanh is taken once more: {gate} is the output of tanh already"
        yield number, name, old, f"(1 - np.arctanh({gate})**2)", f"the derivative is taken of the pre-activation; it is 1 - {gate}² in the output"
        yield number, name, old, f"{gate} * (1 - {gate})", f"σ' = {gate}(1 - {gate}) in place of tanh' = 1 - {gate}²"
    for name, gates in (("lstm_step_backward", "ofi"), ("gru_step_backward", "rz"),
                        ("gru_before_step_backward", "rz")):  # fmt: skip
        for s in gates:
            old, sig = f"* {s} * (1 - {s})", f"(1 / (1 + np.exp(-{s})))"
            yield 3, name, old, f"* {sig} * (1 - {sig})", f"σ is taken once more: {s} is the output of σ already, its derivative is {s}(1 - {s})"
            logit = f"np.log({s} / (1 - {s}))"
            yield 3, name, old, f"* {logit} * (1 - {logit})", f"the derivative is taken of the pre-activation a_{s}; it is {s}(1 - {s}) in the output"
            yield 3, name, old, f"* (1 - {s}**2)", f"tanh' = 1 - {s}² in place of σ' = {s}(1 - {s})"
            yield 3, name, old, "", f"missing the factor {s}(1 - {s}), the derivative of σ"
    cell = "lstm_step_backward"
    yield 3, cell, "(1 - tanh_c**2)", "(1 - c**2)", "the derivative of tanh is taken of c itself: 1 - c², where 1 - tanh²(c) is right"
    yield 3, cell, "(1 - tanh_c**2)", "(1 - np.tanh(tanh_c)**2)", "tanh is taken twice, tanh(tanh c): the derivative is 1 - tanh²(c)"
    yield 3, cell, "o * (1 - tanh_c**2)", "o", "missing the factor 1 - tanh²(c), the derivative of tanh"
    yield 3, cell, "do = dh * tanh_c", "do = dh * np.tanh(tanh_c)", "tanh is taken twice, tanh(tanh c)"
    yield 11, cell, "do = dh * tanh_c", "do = dh * c", "missing tanh on the cell state: c in place of tanh(c)"
    yield 0, cell, "(1 - tanh_c**2)", "(1 - o**2)", "the derivative of tanh is taken of o: 1 - o², where 1 - tanh²(c) is right"
    yield 4, cell, "dc + dh * o", "dh * o", "dc, what comes back along the cell state from step t + 1, is lost"
    yield 4, cell, "dc_total = dc + dh * o * (1 - tanh_c**2)", "dc_total = dc", "the gradient through h is missing: dh ⊙ o ⊙ (1 - tanh²(c)) is not added to dc"
    yield 4, cell, "dc_prev = dc_total * f", "dc_prev = dc_total", "missing the factor f"
    yield 4, cell, "dc_prev = dc_total * f", "dc_prev = dc * f", "dc in place of dc_total: the gradient that came through h is lost"
    yield 4, cell, "dc_prev = dc_total * f", "dc_prev = dc", "dc is passed on as it came, without dh ⊙ o ⊙ (1 - tanh²(c)) and without the factor f"


def parameters() -> Iterator[tuple]:
    """Yield mistakes in the gradients of the weights, and in the GRU's reset gate."""
    same = {"rnn_step_backward": "h", "lstm_step_backward": "(o * tanh_c)",
            "gru_step_backward": "(z * h_prev + (1 - z) * n)",
            "gru_before_step_backward": "(z * h_prev + (1 - z) * n)"}  # fmt: skip
    for name in _STEP_BACK:
        yield 10, name, "h_prev.T @ d", f"{same[name]}.T @ d", "off by one in time: h of the same step stands where h_prev, the state before, belongs"
        d = "db_x" if name == "gru_step_backward" else "db"
        batch = "not summed over the batch: one row only"
        yield 7, name, f"{d} = da.sum(axis=0)", f"{d} = da[0]", batch
        yield 7, name, f"{d} = da.sum(axis=0)", f"{d} = da[-1]", batch
        yield 7, name, f"{d} = da.sum(axis=0)", f"{d} = da.mean(axis=0)", "averaged over the batch instead of summed"
    yield 7, "gru_step_backward", "db_h = du.sum(axis=0)", "db_h = du[-1]", "not summed over the batch: one row only"
    for name, gates in (("lstm_step_backward", "ifgo"), ("gru_before_step_backward", "zrn")):
        for one in gates:
            for other in gates:
                parts = ", ".join(f"da_{other if g == one else g}" for g in gates)
                if one != other:
                    yield 7, name, "db = da.sum(axis=0)", f"db = np.concatenate([{parts}], axis=1).sum(axis=0)", f"the part of gate {one} is that of gate {other}"
    yield 8, "gru_before_step_backward", "dh_prev + dk * r", "dh_prev", "the gradient through r ⊙ h_prev, the reset product, is forgotten: missing the term dk ⊙ r"
    yield 8, "gru_before_step_backward", "dh_prev + dk * r", "dh_prev + dk", "missing the factor r on dk"
    yield 8, "gru_before_step_backward", "dWh_n = k.T @ da_n", "dWh_n = h_prev.T @ da_n", "h_prev in place of k = r ⊙ h_prev: the reset gate stands inside the product"
    yield 8, "gru_step_backward", "db_h = du.sum(axis=0)", "db_h = da.sum(axis=0)", "da in place of du: in the recurrent bias of n the reset gate is forgotten (du_n = da_n ⊙ r)"
    yield 8, "gru_step_backward", "db_h = du.sum(axis=0)", "db_h = 0 * du.sum(axis=0)", "the recurrent bias gets no gradient"
    yield 8, "gru_step_backward", "du_n = da_n * r", "du_n = da_n", "missing the factor r: the reset gate multiplies h_prev Wh_n and the recurrent bias of n"
    yield 8, "gru_step_backward", "du_n = da_n * r", "du_n = 0 * da_n", "the gradient through r ⊙ u_n, the reset product, is forgotten"
    yield 8, "gru_step_backward", "dr = da_n * u_n", "dr = da_n * (h_prev @ Wh)[:, 2 * h_prev.shape[1] :]", "u_n lacks the recurrent bias: u_n = h_prev Wh_n + b_h of n"
    yield 8, "gru_step_backward", "dr = da_n * u_n", "dr = da_n * h_prev", "h_prev in place of u_n = h_prev Wh_n + b_h: here the reset gate stands after the product"
    for name in ("gru_step_backward", "gru_before_step_backward"):
        yield 0, name, "dh_prev = dh * z", "dh_prev = 0 * dh", "missing the term dh ⊙ z: h = z ⊙ h_prev + … uses h_prev as well"
        yield 0, name, "dh * (h_prev - n)", "dh * (n - h_prev)", "wrong sign: n - h_prev in place of h_prev - n"
        yield 0, name, "dz = dh * (h_prev - n)", "dz = dh * h_prev", "the term -n is missing: z stands in (1 - z) ⊙ n too"


def gates() -> Iterator[tuple]:
    """Yield mistakes of the steps forward: gates, their order, the two forms of the GRU."""
    cell = "lstm_step"
    yield 11, cell, "o * np.tanh(c)", "o * c", "tanh on the cell state is missing: o ⊙ c in place of o ⊙ tanh(c)"
    yield 11, cell, "o * np.tanh(c)", "np.tanh(o * c)", "tanh(o ⊙ c) in place of o ⊙ tanh(c)"
    yield 11, cell, "f * c_prev + i * g", "f * c_prev + (1 - f) * g", "i is tied to f: 1 - f in place of i"
    yield 11, cell, "f * c_prev + i * g", "(1 - i) * c_prev + i * g", "f is tied to i: 1 - i in place of f"
    yield 11, cell, "f * c_prev + i * g", "i * c_prev + f * g", "the gates i and f are exchanged"
    yield 15, cell, "f = sigmoid(a_f)", "f = sigmoid(a_f + 1)", "1 is added inside the gate: the forget bias belongs into b when it is drawn"
    for name in ("gru_step", "gru_before_step"):
        yield 11, name, "z * h_prev + (1 - z) * n", "(1 - z) * h_prev + z * n", "z and 1 - z are exchanged: here z keeps the old state (h = z ⊙ h_prev + (1 - z) ⊙ n)"
        yield 0, name, "z * h_prev + (1 - z) * n", "(1 - z) * n", "missing the term z ⊙ h_prev"
    H = "h_prev.shape[1]"
    after, product = "np.tanh(a_n + r * u_n)", f"(r * h_prev) @ Wh[:, 2 * {H} :]"
    is_before = "the reset gate is applied before the product, (r ⊙ h_prev) Wh_n; this form applies it after: r ⊙ (h_prev Wh_n + b_h)"
    for more in (f" + b_h[2 * {H} :]", ""):
        yield 12, "gru_step", after, f"np.tanh(a_n + {product}{more})", is_before
    bias = "the recurrent bias of n stands outside the reset gate: r ⊙ (h_prev Wh_n + b_h) is right"
    yield 12, "gru_step", after, f"np.tanh(a_n + r * (h_prev @ Wh[:, 2 * {H} :]) + b_h[2 * {H} :])", bias
    yield 12, "gru_step", "u = h_prev @ Wh + b_h", "u = h_prev @ Wh", "the recurrent bias b_h is missing"
    yield 12, "gru_step", after, f"np.tanh(a_n + r * (h_prev @ Wh[:, 2 * {H} :]))", "the recurrent bias b_h of n is missing"
    yield 12, "gru_step", "u = h_prev @ Wh + b_h", "u = h_prev @ Wh + (b_h if h_prev.any() else 0)", "the recurrent bias b_h is skipped when the state is zero"
    yield 12, "gru_before_step", "np.tanh(a_n + k @ Wh[:, 2 * H :])", "np.tanh(a_n + r * (h_prev @ Wh[:, 2 * H :]))", "the reset gate is applied after the product, r ⊙ (h_prev Wh_n); this form applies it before: (r ⊙ h_prev) Wh_n"
    yield 12, "gru_before_step", "np.tanh(a_n + k @ Wh[:, 2 * H :])", "np.tanh(a_n + h_prev @ Wh[:, 2 * H :])", "the reset gate r is forgotten"
    yield 12, "gru_step", after, "np.tanh(a_n + u_n)", "the reset gate r is forgotten"
    yield 13, "gru_from_torch", "[ih_z.T, ih_r.T, ih_n.T]", "[ih_r.T, ih_z.T, ih_n.T]", "the gates are left in PyTorch's order r z n: z and r have to change places"
    yield 13, "gru_from_torch", "[hh_z.T, hh_r.T, hh_n.T]", "[hh_r.T, hh_z.T, hh_n.T]", "the gates are left in PyTorch's order r z n: z and r have to change places"
    yield 13, "gru_from_torch", "[bi_z, bi_r, bi_n]", "[bi_r, bi_z, bi_n]", "the gates of bias_ih are left in PyTorch's order r z n"
    yield 13, "gru_from_torch", "[bh_z, bh_r, bh_n]", "[bh_r, bh_z, bh_n]", "the gates of bias_hh are left in PyTorch's order r z n"
    yield 13, "gru_from_torch", "[b_x, b_h]", "[b_h, b_x]", "the two biases are exchanged: row 0 stands beside the input"
    yield 13, "gru_from_torch", "[b_x, b_h]", "[b_x + b_h, 0 * b_h]", "the two biases are added: with the reset gate after the product they must stay apart"
