"""Recurrences that ONNX has no node for, as a Scan: a loop whose body is one step.

Cells run by `RNN`, layer-normalised recurrences, and RNN, LSTM and GRU with an activation that
ONNX's nodes do not have. Under a mask the body carries states and output through, so that any mask
gives what the layer gives.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .onnx_graph import Graph, Tensor
from .onnx_steps import step_of

_FLOAT, _BOOL = 1, 9  # TensorProto's numbers


def check_states(layer) -> None:
    """Refuse what a graph cannot do: states that outlive a call or leave it."""
    for option in ("stateful", "return_state"):
        if getattr(layer, option):
            raise ValueError(f"{option}=True has no exporter")


def export_rnn(g: Graph, layer, x: Tensor) -> Tensor:
    """Add an RNN layer over cells of this library."""
    return export_scan(g, layer, layer.cell, x)


def export_layer_norm(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a LayerNormLSTM or a LayerNormGRU."""
    return export_scan(g, layer, layer, x)


def export_scan(g: Graph, layer, cell, x: Tensor) -> Tensor:
    """Add a loop over the steps of x, run as `layer` says, each step as `cell` does."""
    check_states(layer)
    step = step_of(cell)
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
