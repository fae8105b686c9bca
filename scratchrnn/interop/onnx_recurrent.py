"""SimpleRNN, LSTM, GRU and Bidirectional as ONNX nodes, masks included.

ONNX knows lengths, Keras knows masks: any pattern of real and masked steps. So under a mask the
real steps of each row are first moved to its front (`Masked.gather`), the node runs with their
number as `sequence_lens`, and each output goes back to where its step was (`Masked.scatter`); a
masked step shows the output of the real one before it, as the layers here do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .onnx_activations import OURS
from .onnx_graph import Graph, Tensor
from .onnx_scan import check_states, export_scan

_KINDS = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
_GATES = {"RNN": [0], "LSTM": [0, 3, 1, 2], "GRU": [0, 1, 2]}  # ONNX's order, in our numbering
_PEEPHOLES = [0, 2, 1]


class Masked(NamedTuple):
    """The tensors that move real steps to the front and outputs back."""

    mask: str  # (N,T) bool
    lengths: str  # (N,) int32: real steps of each row
    order: str  # (N,T) int64: real steps first
    last: str  # (N,T) int64: number of the last real step so far, -1 before the first

    @classmethod
    def of(cls, g: Graph, mask: str) -> Masked:
        """Add the nodes that make them of a mask (N, T)."""
        ones = g.add("Cast", mask, to=7)  # int64
        count = g.add("CumSum", ones, g.number(1, "int64"))
        lengths = g.add("Cast", g.add("ReduceSum", ones, g.ints(1), keepdims=0), to=6)  # int32
        T = g.shape(mask, 1, 2)
        steps = g.add("Range", g.number(0, "int64"), g.add("Squeeze", T), g.number(1, "int64"))
        key = g.add("Sub", g.add("Mul", ones, T), steps)  # all different: no tie to break
        _, order = g.add_many("TopK", 2, key, T, axis=1)
        return cls(mask, lengths, order, g.add("Sub", count, g.number(1, "int64")))

    def gather(self, g: Graph, x: str) -> str:
        """Move the real steps of x (N, T, D) to the front; what was masked is zero."""
        x = g.blank(x, self.mask, 3)
        return g.add("GatherElements", x, _along(g, self.order, x), axis=1)

    def scatter(self, g: Graph, y: str, zero: bool) -> str:
        """Move outputs (N, T, H) to their steps; a masked step repeats the one before, or is 0."""
        first = g.add("Max", self.last, g.number(0, "int64"))
        y = g.add("GatherElements", y, _along(g, first, y), axis=1)
        shown = self.mask if zero else g.add("GreaterOrEqual", self.last, g.number(0, "int64"))
        return g.blank(y, shown, 3)


def _along(g: Graph, index: str, x: str) -> str:
    """Repeat positions (N, T) for every feature of x."""
    return g.add("Expand", g.to_steps(index, 3), g.add("Shape", x))


def export_recurrent(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a SimpleRNN, LSTM or GRU: a node, or a loop where a node lacks the activation."""
    check_states(layer)
    if not _has_node(layer):
        return export_scan(g, layer, layer, x)
    data, mask = x.name, x.mask
    if layer.go_backwards:
        data = g.flip_time(data)
        mask = mask and g.flip_time(mask)
    masked = Masked.of(g, mask) if mask else None
    (y,) = _run(g, [layer], data, masked)
    y = _shown(g, layer, y, masked)
    kept = x.mask if layer.return_sequences else None
    return Tensor(y, layer.compute_output_shape(x.shape), kept)


def export_bidirectional(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a Bidirectional layer: one node if its two sides are alike, else each by itself."""
    sides = [layer.forward_layer, layer.backward_layer]
    for side in sides:
        check_states(side)
    if all(map(_has_node, sides)) and sides[1].go_backwards and _form(sides[0]) == _form(sides[1]):
        masked = Masked.of(g, x.mask) if x.mask else None
        outputs = [
            _shown(g, side, y, masked)
            for side, y in zip(sides, _run(g, sides, x.name, masked), strict=True)
        ]
    else:
        outputs = [g.export(side, x).name for side in sides]
        if layer.return_sequences:
            turned = [side.go_backwards for side in sides]
            outputs = [
                g.flip_time(y) if turn else y for y, turn in zip(outputs, turned, strict=True)
            ]
    y = _merge(g, layer.merge_mode, *outputs)
    return Tensor(
        y, layer.compute_output_shape(x.shape), x.mask if layer.return_sequences else None
    )


def _merge(g: Graph, mode: str, forward: str, backward: str) -> str:
    if mode == "concat":
        return g.add("Concat", forward, backward, axis=-1)
    if mode == "mul":
        return g.add("Mul", forward, backward)
    total = g.add("Add", forward, backward)
    return total if mode == "sum" else g.add("Mul", total, g.number(0.5))


def _has_node(layer) -> bool:
    """Whether ONNX has a node that computes what this layer does."""
    return type(layer).__name__ in _KINDS and all(name in OURS for name in _activation_names(layer))


def _activation_names(layer) -> list[str]:
    kind = type(layer).__name__
    if kind == "SimpleRNN":
        return [layer.activation]
    names = [layer.recurrent_activation, layer.activation]
    return [*names, layer.activation] if kind == "LSTM" else names


def _form(layer) -> tuple:
    """What two directions of one node must have in common."""
    names = [name.rpartition("/")[2] for name in layer.weight_names]
    options = layer.return_sequences, getattr(layer, "reset_after", None)
    return type(layer).__name__, layer.units, options, names


def _rows(op: str, columns: np.ndarray) -> np.ndarray:
    """Turn gate columns in our order into gate rows in ONNX's."""
    blocks = np.split(np.atleast_2d(columns), len(_GATES[op]), axis=-1)
    return np.concatenate([blocks[k] for k in _GATES[op]], axis=-1).T


def _run(g: Graph, sides: list, x: str, masked: Masked | None) -> list[str]:
    """Add one node; return each side's whole sequence (N, T, H), or its last step (N, H)."""
    layer, op = sides[0], _KINDS[type(sides[0]).__name__]
    functions = [OURS[name] for side in sides for name in _activation_names(side)]
    attributes = {
        "hidden_size": layer.units,
        "direction": "forward" if len(sides) == 1 else "bidirectional",
        "activations": [f.name for f in functions],
        "activation_alpha": [f.alpha for f in functions if f.alpha is not None],
        "activation_beta": [f.beta for f in functions if f.beta is not None],
    }
    if op == "GRU":
        attributes["linear_before_reset"] = int(layer.reset_after)
    x = masked.gather(g, x) if masked else x
    count = 3 if op == "LSTM" else 2
    inputs = [g.add("Transpose", x, perm=[1, 0, 2]), *_weights(g, op, sides)]
    inputs += [masked.lengths if masked else "", *_states(g, sides, x)]
    if op == "LSTM" and layer.use_peepholes:
        inputs += [""] * (7 - len(inputs))
        inputs.append(g.weight("P", np.stack([s.peepholes[_PEEPHOLES].ravel() for s in sides])))
    while not inputs[-1]:
        inputs.pop()
    Y, Y_h, *_ = g.add_many(op, count, *inputs, **{k: v for k, v in attributes.items() if v != []})
    if not layer.return_sequences:
        return [g.add("Gather", Y_h, g.number(d, "int64"), axis=0) for d in range(len(sides))]
    Y = g.add("Transpose", Y, perm=[1, 2, 0, 3])  # (dirs,N,T,H)
    return [g.add("Gather", Y, g.number(d, "int64"), axis=0) for d in range(len(sides))]


def _weights(g: Graph, op: str, sides: list) -> list[str]:
    """Add W (dirs, G*H, D), R (dirs, G*H, H) and B (dirs, 2*G*H)."""
    names = [
        g.weight("W", np.stack([_rows(op, side.kernel) for side in sides])),
        g.weight("R", np.stack([_rows(op, side.recurrent_kernel) for side in sides])),
    ]
    if sides[0].bias is None:
        return [*names, ""]
    biases = []
    for side in sides:
        two = side.bias if side.bias.ndim == 2 else np.stack([side.bias, 0 * side.bias])
        biases.append(np.concatenate([_rows(op, row).ravel() for row in two]))
    return [*names, g.weight("B", np.stack(biases))]


def _states(g: Graph, sides: list, x: str) -> list[str]:
    """Add a trained initial state for all rows of the batch, if there is one."""
    if not sides[0].trainable_initial_state:
        return []
    first = [side.get_initial_state(1) for side in sides]  # per side, per state (1,H)
    rows = g.add("Concat", g.ints(1), g.shape(x, 0, 1), g.ints(1), axis=0)
    return [
        g.add("Expand", g.weight("initial_state", np.stack([s[k] for s in first])), rows)
        for k in range(len(first[0]))
    ]


def _shown(g: Graph, layer, y: str, masked: Masked | None) -> str:
    """Show the outputs as the layer does: at masked steps the one before, or zero."""
    if masked is None:
        return y
    if layer.return_sequences:
        return masked.scatter(g, y, layer.zero_output_for_mask)
    if layer.zero_output_for_mask:
        end = g.add("Gather", masked.mask, g.number(-1, "int64"), axis=1)  # (N,)
        return g.add("Where", g.add("Unsqueeze", end, g.ints(1)), y, g.number(0.0))
    return y
