"""One step of each recurrence as ONNX nodes, the body of a loop over time.

A step takes a cell or a layer (whatever owns the weights), x of this step and the states before it,
and returns the states after it; the output is the first. It reads like the equations of
:mod:`scratchrnn.cells`, whose numbers the comments give.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..cells.convolution import Windows
from .onnx_convolution import convolution_attributes, convolve, window_attributes
from .onnx_functions import add_activation
from .onnx_graph import Graph, Tensor


def _add(g: Graph, a: str, b: str | None) -> str:
    return a if b is None else g.add("Add", a, b)


def _product(g: Graph, x: str, weight: np.ndarray, bias: np.ndarray | None = None) -> str:
    product = g.add("MatMul", x, g.weight("kernel", weight))
    return _add(g, product, None if bias is None else g.weight("bias", bias))


def _split(g: Graph, a: str, count: int) -> list[str]:
    return g.add_many("Split", count, a, axis=-1)


def _normalize(g: Graph, v: str, epsilon: float, gamma, beta=None) -> str:
    inputs = [v, g.weight("gamma", gamma)] + ([] if beta is None else [g.weight("beta", beta)])
    return g.add("LayerNormalization", *inputs, axis=-1, epsilon=float(epsilon))


def _lstm_gates(g: Graph, cell, a: str, c: str) -> tuple[str, str]:
    """Equations (2) to (6) of cells/lstm.py: the new cell state and the output gate."""
    a_i, a_f, a_g, a_o = _split(g, a, 4)
    p_i = p_f = p_o = None
    if getattr(cell, "use_peepholes", False):
        p_i, p_f, p_o = cell.peepholes

    def gate(pre: str, peephole: np.ndarray | None, state: str) -> str:
        if peephole is not None:
            pre = g.add("Add", pre, g.add("Mul", g.weight("peephole", peephole), state))
        return add_activation(g, pre, cell.recurrent_activation)

    i, f = gate(a_i, p_i, c), gate(a_f, p_f, c)  # (2) (3)
    candidate = add_activation(g, a_g, cell.activation)  # (4)
    c = g.add("Add", g.add("Mul", f, c), g.add("Mul", i, candidate))  # (5)
    return c, gate(a_o, p_o, c)  # (6)


def rnn_step(g: Graph, cell, x: Tensor, states: list[str]) -> list[str]:
    """SimpleRNN: equations (1) and (2) of cells/rnn.py."""
    a = _product(g, x.name, cell.kernel, cell.bias)
    a = g.add("Add", a, _product(g, states[0], cell.recurrent_kernel))  # (1)
    return [add_activation(g, a, cell.activation)]  # (2)


def lstm_step(g: Graph, cell, x: Tensor, states: list[str]) -> list[str]:
    """LSTM: equations (1) to (7) of cells/lstm.py."""
    h, c = states
    a = _product(g, x.name, cell.kernel, cell.bias)
    a = g.add("Add", a, _product(g, h, cell.recurrent_kernel))  # (1)
    c, o = _lstm_gates(g, cell, a, c)
    return [g.add("Mul", o, add_activation(g, c, cell.activation)), c]  # (7)


def layer_norm_lstm_step(g: Graph, layer, x: Tensor, states: list[str]) -> list[str]:
    """LayerNormLSTM: equations (0) to (7) of cells/lnlstm.py."""
    h, c = states
    epsilon = layer.epsilon
    a = _normalize(g, _product(g, x.name, layer.kernel), epsilon, layer.gamma[0], layer.bias)
    w = _normalize(g, _product(g, h, layer.recurrent_kernel), epsilon, layer.gamma[1])
    c, o = _lstm_gates(g, layer, g.add("Add", a, w), c)
    q = _normalize(g, c, epsilon, layer.gamma_c, layer.beta_c)
    return [g.add("Mul", o, add_activation(g, q, layer.activation)), c]  # (7)


def conv_lstm_step(g: Graph, layer, x: Tensor, states: list[str]) -> list[str]:
    """ConvLSTM2D: equations (1) to (7) of cells/convlstm.py."""
    h, c = states
    image, same = x.shape[1:3], Windows(layer.windows.size, padding="same")
    a = convolve(g, x.name, layer.kernel, layer.bias, convolution_attributes(layer.windows, image))
    inner = window_attributes(same, layer.windows.output(image))
    a = g.add("Add", a, convolve(g, h, layer.recurrent_kernel, None, inner))  # (1)
    c, o = _lstm_gates(g, layer, a, c)
    return [g.add("Mul", o, add_activation(g, c, layer.activation)), c]  # (7)


def _gru_output(g: Graph, cell, h: str, a: list[str], u: list[str]) -> list[str]:
    """Equations (3) to (6) of cells/gru.py; without u_n, those of the reset before."""
    z = add_activation(g, g.add("Add", a[0], u[0]), cell.recurrent_activation)  # (3)
    r = add_activation(g, g.add("Add", a[1], u[1]), cell.recurrent_activation)  # (4)
    if len(u) == 3:
        seen = g.add("Mul", r, u[2])  # (5)
    else:
        seen = _product(g, g.add("Mul", r, h), cell.recurrent_kernel[:, 2 * cell.units :])  # (5b)
    n = add_activation(g, g.add("Add", a[2], seen), cell.activation)
    rest = g.add("Sub", g.number(1.0), z)
    return [g.add("Add", g.add("Mul", z, h), g.add("Mul", rest, n))]  # (6)


def gru_step(g: Graph, cell, x: Tensor, states: list[str]) -> list[str]:
    """GRU: equations (1) to (6) of cells/gru.py."""
    (h,), Wh, b = states, cell.recurrent_kernel, cell.bias
    b_x, b_h = (None, None) if b is None else b if cell.reset_after else (b, None)
    a = _split(g, _product(g, x.name, cell.kernel, b_x), 3)  # (1)
    if cell.reset_after:
        u = _split(g, _product(g, h, Wh, b_h), 3)  # (2)
    else:
        u = _split(g, _product(g, h, Wh[:, : 2 * cell.units]), 2)
    return _gru_output(g, cell, h, a, u)


def layer_norm_gru_step(g: Graph, layer, x: Tensor, states: list[str]) -> list[str]:
    """LayerNormGRU: equations (1) to (6) of cells/lngru.py."""
    (h,), H = states, layer.units
    sums = []
    for k, (value, matrix) in enumerate([(x.name, layer.kernel), (h, layer.recurrent_kernel)]):
        row = np.zeros(3 * H) if layer.bias is None else layer.bias[k]
        gates, candidate = (
            _normalize(
                g,
                _product(g, value, matrix[:, columns]),
                layer.epsilon,
                layer.gamma[k, columns],
                row[columns],
            )
            for columns in (slice(2 * H), slice(2 * H, None))
        )
        sums.append([*_split(g, gates, 2), candidate])
    return _gru_output(g, layer, h, *sums)


def stacked_step(g: Graph, cell, x: Tensor, states: list[str]) -> list[str]:
    """StackedRNNCells: each takes the output of the one below."""
    states, new = list(states), []
    for inner in cell.cells:
        count = len(np.ravel(inner.state_size))
        after = STEPS[type(inner).__name__](g, inner, x, states[:count])
        x, states = Tensor(after[0], (None, None)), states[count:]
        new += after
    return new


STEPS: dict[str, Callable] = {
    "ConvLSTM2D": conv_lstm_step,
    "GRU": gru_step,
    "GRUCell": gru_step,
    "LSTM": lstm_step,
    "LSTMCell": lstm_step,
    "LayerNormGRU": layer_norm_gru_step,
    "LayerNormLSTM": layer_norm_lstm_step,
    "SimpleRNN": rnn_step,
    "SimpleRNNCell": rnn_step,
    "StackedRNNCells": stacked_step,
}


def step_of(cell) -> Callable:
    """Return the step of a cell or layer; refuse those that are not of this library."""
    for part in [cell, *getattr(cell, "cells", [])]:
        kind = type(part).__name__
        if kind not in STEPS:
            raise ValueError(f"a loop over {kind} has no exporter")
    return STEPS[type(cell).__name__]
