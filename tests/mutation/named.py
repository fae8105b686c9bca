"""The bugs that public recurrent code has had, each as a patch of this project's source.

The numbers are those of the catalogue below; a patch is (file, text that is there, text that a
tired hand writes instead). ``tests/test_mutation.py`` checks that every patch still applies.
"""

from __future__ import annotations

from typing import NamedTuple

RNN, LSTM, GRU = (f"scratchrnn/cells/{cell}.py" for cell in ("rnn", "lstm", "gru"))
COMMON = "scratchrnn/cells/common.py"

CATALOGUE = {
    1: "dh_next never added: no gradient reaches step t - 1",
    2: "dh_total overwritten instead of summed",
    3: "derivative of the activation taken of the wrong quantity, or twice",
    4: "dc_next lost, or not multiplied by f",
    5: "gradient on the final state ignored; upstream gradient changed in place",
    6: "weight gradient of one step only, overwritten instead of accumulated",
    7: "bias gradient not summed over the batch, or another gate's",
    8: "GRU: gradient through the reset product or the recurrent bias forgotten",
    9: "truncated BPTT cuts one step too early, or carries gradient across the cut",
    10: "off by one between h_prev and h in dWh",
    11: "no tanh on the cell's output; gates swapped",
    12: "reset before taken for after, or the recurrent bias skipped",
    13: "gate order mixed up when weights are imported",
    14: "state leaks between batches, or is lost in a stateful layer",
    15: "all gates initialised alike; forget bias missing",
    16: "sigmoid that overflows",
    17: "the padded last step taken for the last real one",
    18: "mask applied in forward but not in backward; NaN leaks from the padding",
    19: "the backward half not turned back in time, its last state from the wrong end",
    20: "loss averaged over padding",
    21: "a gradient check that cannot see (all-ones upstream gradient)",
    22: "a relative error without a floor, or an absolute one",
}


class Patch(NamedTuple):
    """A bug of the catalogue written into one place."""

    number: int
    path: str
    before: str
    after: str


PATCHES = [
    Patch(1, RNN, "dh_total = dh[t] + dh_next", "dh_total = dh[t]"),
    Patch(1, LSTM, "dh_total = dh[t] + dh_next", "dh_total = dh[t]"),
    Patch(1, GRU, "dh_total = dh[t] + dh_next", "dh_total = dh[t]"),
    Patch(2, RNN, "dh_total = dh[t] + dh_next", "dh_total = dh_next"),
    Patch(2, LSTM, "dh_total = dh[t] + dh_next", "dh_total = dh_next"),
    Patch(3, RNN, ".df(h)  # (2')", ".df(np.tanh(h))  # (2')"),
    Patch(3, LSTM, "phi.df(phi_c)", "phi.df(c)"),
    Patch(3, LSTM, "dsigma(f)  # (3')", "dsigma(1 / (1 + np.exp(-f)))  # (3')"),
    Patch(4, LSTM, "dc = dc + dh * o", "dc = dh * o"),
    Patch(4, LSTM, "dc_prev = dc * f + da_f", "dc_prev = dc + da_f"),
    Patch(5, RNN, 'dh_next = given_or_zeros("rnn_backward", "dhT", dhT, (N, H), h.dtype)', "dh_next = np.zeros((N, H), h.dtype)"),
    Patch(5, LSTM, 'dc_next = given_or_zeros("lstm_backward", "dcT", dcT, (N, H), dtype)', "dc_next = np.zeros((N, H), dtype)"),
    Patch(5, COMMON, 'return np.array(np.swapaxes(a, 0, 1), order="C")', "return np.swapaxes(a, 0, 1)"),
    Patch(5, RNN, "dh_total = dh[t] + dh_next", "dh_total = np.add(dh[t], dh_next, out=dh_next)"),
    Patch(6, RNN, "dWx += dWx_t", "dWx = dWx_t"),
    Patch(6, GRU, "dWh += dWh_t", "dWh = dWh_t"),
    Patch(7, RNN, "db = da.sum(axis=0)  # (1')", "db = da[0]  # (1')"),
    Patch(7, LSTM, "db = da.sum(axis=0)  # (1')", "db = np.concatenate([da_i, da_i, da_g, da_o], axis=1).sum(axis=0)"),
    Patch(8, GRU, "dh_dropped = du @ Wh[:, : 2 * H].T + dk * r", "dh_dropped = du @ Wh[:, : 2 * H].T"),
    Patch(8, GRU, "db = np.stack([da.sum(axis=0), du.sum(axis=0)])", "db = np.stack([da.sum(axis=0), da.sum(axis=0)])"),
    Patch(10, RNN, "step = cache._replace(x=x[t], h=h[t : t + 2])", "step = cache._replace(x=x[t], h=h[[t + 1, t + 1]])"),
    Patch(11, LSTM, "h = o * phi(c)  # (7)", "h = o * c  # (7)"),
    Patch(11, LSTM, "a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)", "a_f, a_i, a_g, a_o = np.split(a, 4, axis=1)"),
    Patch(11, LSTM, "c = f * c_prev + i * g  # (5)", "c = f * c_prev + (1 - f) * g  # (5)"),
    Patch(12, GRU, "    if options.reset_after:\n        u_n = u", "    if not options.reset_after:\n        u_n = u"),
    Patch(12, GRU, "b_x, b_h = (0, 0) if b is None else b", "b_x, b_h = (0, 0) if b is None or not h_prev.any() else b"),
    Patch(16, "scratchrnn/cells/activations.py", "e = np.exp(-np.abs(a))", "e = np.exp(-a)"),
    Patch(18, RNN, "rnn_step_backward(where(m, dh_total, 0), step)", "rnn_step_backward(dh_total, step)"),
    Patch(18, COMMON, "return np.where(mask, x, 0), mask", "return x, mask"),
    Patch(18, COMMON, "return np.where(mask, x, 0), mask", "return x * mask, mask"),
    Patch(9, "scratchrnn/training/windows.py", "slice(start, min(start + k, T))", "slice(start, min(start + k - 1, T))"),
    Patch(9, "scratchrnn/training/windows.py", "layer.stateful = True", "layer.stateful = False"),
    Patch(13, "scratchrnn/interop/torch_layout.py", "_GRU_ORDER = [1, 0, 2]", "_GRU_ORDER = [0, 1, 2]"),
    Patch(14, "scratchrnn/layers/sequence.py", "        if self.stateful:\n            self.states = ", "        self.stateful = True\n        if self.stateful:\n            self.states = "),
    Patch(14, "scratchrnn/layers/sequence.py", "return list(self.states)", "return [None] * len(self.states)"),
    Patch(15, "scratchrnn/layers/weights.py", "rng = rng or self.rng or make_generator()", "rng = make_generator(0)"),
    Patch(15, "scratchrnn/layers/gated.py", "self.bias[self.units : 2 * self.units] = 1", "pass"),
    Patch(17, RNN, "h[t + 1] = where(None if mask is None else mask[t], h_new, h[t])", "h[t + 1] = h_new"),
    Patch(19, "scratchrnn/layers/bidirectional.py", "turn = half is self.backward_layer and self.return_sequences", "turn = False"),
    Patch(19, "scratchrnn/layers/bidirectional.py", "turn = half is self.backward_layer and self.return_sequences", "turn = half is self.backward_layer and y.ndim > 1"),
    Patch(20, "scratchrnn/losses/reduction.py", "return float(np.count_nonzero(np.broadcast_to(valid, shape)))", "return float(np.prod(shape))"),
    Patch(21, "scratchrnn/gradcheck/check.py", "np.asarray(rng.choice([-1.0, 1.0], size=y.shape) * rng.uniform(0.5, 1.5, size=y.shape))", "np.ones(y.shape)"),
    Patch(22, "scratchrnn/gradcheck/compare.py", "floor = max(self.limits.floor, noise / self.limits.tolerance)", "floor = 0.0"),
    Patch(22, "scratchrnn/gradcheck/compare.py", "floor = max(self.limits.floor, noise / self.limits.tolerance)", "floor = 1.0"),
]  # fmt: skip

TESTS = {  # what must notice a patch, by the start of its path
    "scratchrnn/cells": ("tests/test_cells.py",),
    "scratchrnn/layers": ("tests/layers",),
    "scratchrnn/losses": ("tests/losses",),
    "scratchrnn/training": ("tests/test_training_windows.py",),
    "scratchrnn/interop": ("tests/interop/test_torch_weights.py",),
    "scratchrnn/gradcheck": ("tests/gradcheck",),
}
