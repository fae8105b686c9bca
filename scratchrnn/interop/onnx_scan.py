"""Recurrences that ONNX has no node for, as a Scan: a loop whose body is one step.

Cells run by `RNN`, layer-normalised recurrences, and RNN, LSTM and GRU with an activation that
ONNX's nodes do not have. Under a mask the body carries states and output through, so that any mask
gives what the layer gives.
"""

from __future__ import annotations

import numpy as np

from .onnx_graph import Graph, Tensor
from .onnx_steps import step_of

_FLOAT, _BOOL = 1, 9  # TensorProto's numbers


def check_states(layer) -> None:
    """Refuse states that outlive a call: a graph has no memory."""
    if layer.stateful:
        raise ValueError("stateful=True has no exporter")


def export_rnn(g: Graph, layer, x: Tensor) -> Tensor:
    """Add an RNN layer over cells of this library."""
    return export_scan(g, layer, layer.cell, x)


def export_loop(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a recurrent layer that has no node in ONNX."""
    return export_scan(g, layer, layer, x)


def export_scan(g: Graph, layer, cell, x: Tensor) -> Tensor:
    """Add a loop over the steps of x, run as `layer` says, each step as `cell` does."""
    check_states(layer)
    data, mask = x.name, x.mask
    if layer.go_backwards:
        data = g.flip_time(data)
        mask = mask and g.flip_time(mask)
    shape = layer.compute_output_shape(x.shape)
    inner = shape[2:] if layer.return_sequences else shape[1:]  # of the output of one step
    rows = g.shape(data, 0, 1)
    states = []
    for state in [array[0] for array in _flat(layer.get_initial_state(1))]:
        size = g.add("Concat", rows, g.ints(*state.shape), axis=0)
        states.append(g.add("Expand", g.weight("initial_state", state), size))
    y0 = g.add("Expand", g.number(0.0), g.add("Concat", rows, g.ints(*inner), axis=0))
    *_, y, ys = _loop(g, cell, [*states, y0], x._replace(name=data, mask=mask))
    ys = g.swap_time(ys, 2 + len(inner))
    if mask and layer.zero_output_for_mask:
        ys = g.blank(ys, mask, 2 + len(inner))
        y = g.add("Gather", ys, g.number(-1, "int64"), axis=1)
    kept = x.mask if layer.return_sequences else None
    return Tensor(ys if layer.return_sequences else y, shape, kept)


def _flat(states) -> list[np.ndarray]:
    if isinstance(states, np.ndarray):
        return [states]
    return [array for state in states for array in _flat(state)]


def _loop(g: Graph, cell, states: list[str], x: Tensor) -> list[str]:
    """Add a Scan; return the final states, the last output and all outputs (T, N, ...)."""
    info, body, step = g.value_info, g.body(), step_of(cell)
    before = [body.fresh("state") for _ in states]
    x_t, m_t = body.fresh("x_t"), body.fresh("mask_t")
    new = step(body, cell, Tensor(x_t, (None, *x.shape[2:])), before[:-1])
    after = [*new, new[_output(cell)]]
    if x.mask:
        axes = range(1, len(x.shape) - 1)  # those of a state, beside the batch
        real = body.add("Unsqueeze", m_t, body.ints(*axes))
        after = [body.add("Where", real, s, old) for s, old in zip(after, before, strict=True)]
    outputs = [body.add("Identity", name) for name in [*after, after[-1]]]
    scanned, inputs = [g.swap_time(x.name, len(x.shape))], [*before, x_t]
    inputs = [info(name, _FLOAT) for name in inputs]
    if x.mask:
        scanned.append(g.swap_time(x.mask, 2))
        inputs.append(info(m_t, _BOOL))
    graph = body.close("step", inputs, [info(name, _FLOAT) for name in outputs])
    count = len(scanned)
    return g.add_many("Scan", len(outputs), *states, *scanned, body=graph, num_scan_inputs=count)


def _output(cell) -> int:
    """Where, among the new states, the output is: with stacked cells, the last one's first."""
    return sum(len(np.ravel(inner.state_size)) for inner in getattr(cell, "cells", [])[:-1])
