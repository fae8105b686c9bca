"""Recurrences that ONNX has no node for, as a Scan: a loop whose body is one step.

Cells run by `RNN`, and the three recurrences with an activation that ONNX's nodes do not have. The
body reads like the equations of :mod:`scratchrnn.cells`; under a mask it carries states and output
through, so that any mask gives what the layer gives.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .onnx_functions import add_activation
from .onnx_graph import Graph, Tensor

_FLOAT, _BOOL = 1, 9  # TensorProto's numbers


def _affine(g: Graph, x: str, weight: str, bias: str | None = None) -> str:
    product = g.add("MatMul", x, weight)
    return product if bias is None else g.add("Add", product, bias)


def _split(g: Graph, a: str, count: int) -> list[str]:
    return g.add_many("Split", count, a, axis=-1)


def _weigh(g: Graph, z: str, old: str, new: str) -> str:
    """Return z·old + (1 - z)·new."""
    rest = g.add("Sub", g.number(1.0), z)
    return g.add("Add", g.add("Mul", z, old), g.add("Mul", rest, new))


def rnn_step(g: Graph, cell, x: str, states: list[str]) -> list[str]:
    """Equations (1) and (2) of cells/rnn.py."""
    a = _affine(g, x, g.weight("kernel", cell.kernel))
    a = g.add("Add", a, _affine(g, states[0], g.weight("recurrent", cell.recurrent_kernel)))
    if cell.bias is not None:
        a = g.add("Add", a, g.weight("bias", cell.bias))
    return [add_activation(g, a, cell.activation)]


def lstm_step(g: Graph, cell, x: str, states: list[str]) -> list[str]:
    """Equations (1) to (7) of cells/lstm.py."""
    h, c = states
    a = _affine(g, x, g.weight("kernel", cell.kernel))
    a = g.add("Add", a, _affine(g, h, g.weight("recurrent", cell.recurrent_kernel)))
    if cell.bias is not None:
        a = g.add("Add", a, g.weight("bias", cell.bias))
    a_i, a_f, a_g, a_o = _split(g, a, 4)
    p_i, p_f, p_o = cell.peepholes if cell.use_peepholes else (None, None, None)

    def gate(pre: str, peephole: np.ndarray | None, c: str) -> str:
        if peephole is not None:
            pre = g.add("Add", pre, g.add("Mul", g.weight("peephole", peephole), c))
        return add_activation(g, pre, cell.recurrent_activation)

    i, f = gate(a_i, p_i, c), gate(a_f, p_f, c)
    candidate = add_activation(g, a_g, cell.activation)
    c = g.add("Add", g.add("Mul", f, c), g.add("Mul", i, candidate))
    h = g.add("Mul", gate(a_o, p_o, c), add_activation(g, c, cell.activation))
    return [h, c]


def gru_step(g: Graph, cell, x: str, states: list[str]) -> list[str]:
    """Equations (1) to (6) of cells/gru.py."""
    (h,), H = states, cell.units
    b_x = b_h = None
    if cell.bias is not None:
        b_x = g.weight("bias", cell.bias[0] if cell.reset_after else cell.bias)
        b_h = g.weight("bias", cell.bias[1]) if cell.reset_after else None
    a_z, a_r, a_n = _split(g, _affine(g, x, g.weight("kernel", cell.kernel), b_x), 3)
    Wh = cell.recurrent_kernel
    if cell.reset_after:
        u_z, u_r, u_n = _split(g, _affine(g, h, g.weight("recurrent", Wh), b_h), 3)
    else:
        u_z, u_r = _split(g, _affine(g, h, g.weight("recurrent", Wh[:, : 2 * H])), 2)
    z = add_activation(g, g.add("Add", a_z, u_z), cell.recurrent_activation)
    r = add_activation(g, g.add("Add", a_r, u_r), cell.recurrent_activation)
    if cell.reset_after:
        seen = g.add("Mul", r, u_n)
    else:
        seen = _affine(g, g.add("Mul", r, h), g.weight("recurrent", Wh[:, 2 * H :]))
    n = add_activation(g, g.add("Add", a_n, seen), cell.activation)
    return [_weigh(g, z, h, n)]


def stacked_step(g: Graph, cell, x: str, states: list[str]) -> list[str]:
    """Each cell takes the output of the one below; the last one's comes first of what returns."""
    states, new = list(states), []
    for inner in cell.cells:
        count = len(np.ravel(inner.state_size))
        below, *rest = STEPS[type(inner).__name__](g, inner, x, states[:count])
        x, states = below, states[count:]
        new += [below, *rest]
    return new


STEPS: dict[str, Callable] = {
    "GRU": gru_step,
    "GRUCell": gru_step,
    "LSTM": lstm_step,
    "LSTMCell": lstm_step,
    "SimpleRNN": rnn_step,
    "SimpleRNNCell": rnn_step,
    "StackedRNNCells": stacked_step,
}


def check_states(layer) -> None:
    """Refuse what a graph cannot do: states that outlive a call or leave it."""
    for option in ("stateful", "return_state"):
        if getattr(layer, option):
            raise ValueError(f"{option}=True has no exporter")


def export_rnn(g: Graph, layer, x: Tensor) -> Tensor:
    """Add an RNN layer over cells of this library."""
    return export_scan(g, layer, layer.cell, x)


def export_scan(g: Graph, layer, cell, x: Tensor) -> Tensor:
    """Add a loop over the steps of x, run as `layer` says, each step as `cell` does."""
    check_states(layer)
    step = _step_of(cell)
    data, mask = x.name, x.mask
    if layer.go_backwards:
        data = g.flip_time(data)
        mask = mask and g.flip_time(mask)
    shape = layer.compute_output_shape(x.shape)
    first = [np.ravel(s) for s in _flat(layer.get_initial_state(1))]
    rows = g.shape(data, 0, 1)
    sizes = [g.add("Concat", rows, g.ints(len(s)), axis=0) for s in first]
    states = [
        g.add("Expand", g.weight("initial_state", s), n) for s, n in zip(first, sizes, strict=True)
    ]
    y0 = g.add("Expand", g.number(0.0), g.add("Concat", rows, g.ints(shape[-1]), axis=0))
    *_, y, ys = _loop(g, cell, step, [*states, y0], data, len(x.shape), mask)
    if mask and layer.zero_output_for_mask:
        ys = g.blank(ys, mask, 3)
        y = g.add("Gather", ys, g.number(-1, "int64"), axis=1)
    kept = x.mask if layer.return_sequences else None
    return Tensor(ys if layer.return_sequences else y, shape, kept)


def _step_of(cell) -> Callable:
    kind = type(cell).__name__
    inner = [type(c).__name__ for c in getattr(cell, "cells", [])]
    for name in [kind, *inner]:
        if name not in STEPS:
            raise ValueError(f"a loop over {name} has no exporter")
    return STEPS[kind]


def _flat(states) -> list[np.ndarray]:
    if isinstance(states, np.ndarray):
        return [states]
    return [array for state in states for array in _flat(state)]


def _loop(
    g: Graph, cell, step: Callable, states: list[str], x: str, rank: int, mask: str | None
) -> list[str]:
    """Add a Scan; return the final states, the last output and all outputs (N, T, ...)."""
    info, body = g.value_info, g.body()
    before = [body.fresh("state") for _ in states]
    x_t, m_t = body.fresh("x_t"), body.fresh("mask_t")
    new = step(body, cell, x_t, before[:-1])
    y = new[0] if not hasattr(cell, "cells") else new[_last_output(cell)]
    after = [*new, y]
    if mask:
        real = body.add("Unsqueeze", m_t, body.ints(1))
        after = [body.add("Where", real, s, old) for s, old in zip(after, before, strict=True)]
    outputs = [body.add("Identity", name) for name in [*after, after[-1]]]
    inputs = [info(name, _FLOAT) for name in [*before, x_t]] + ([info(m_t, _BOOL)] if mask else [])
    graph = body.close("step", inputs, [info(name, _FLOAT) for name in outputs])
    scanned = [g.swap_time(x, rank)] + ([g.swap_time(mask, 2)] if mask else [])
    *final, ys = g.add_many(
        "Scan", len(outputs), *states, *scanned, body=graph, num_scan_inputs=len(scanned)
    )
    return [*final, g.swap_time(ys, rank)]


def _last_output(cell) -> int:
    """Where, among the states of stacked cells, the last cell's output is."""
    return sum(len(np.ravel(inner.state_size)) for inner in cell.cells[:-1])
