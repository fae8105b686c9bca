"""An ONNX node as one of our layers, with its weights, ready to be trained on."""

from __future__ import annotations

import numpy as np

from .. import layers
from .onnx_activations import our_name

_KINDS = {"RNN": "SimpleRNN", "LSTM": "LSTM", "GRU": "GRU"}


def make_layer(node, *, return_sequences: bool = True, **options) -> layers.Layer:
    """Make the layer that computes what a node does.

    Parameters
    ----------
    node : OnnxRecurrence
    return_sequences : bool, default True
    **options
        Further arguments of the layer, such as ``name`` or ``dropout``.

    Returns
    -------
    Layer
        Built, with weights; Bidirectional for two directions.

    Raises
    ------
    ValueError
        If no layer computes the same.
    """
    _check(node)
    sides = [_side(node, d, return_sequences, options) for d in range(len(node.directions))]
    layer = sides[0]
    if len(sides) == 2:
        dtype = node.dtype.name
        layer = layers.Bidirectional(sides[0], backward_layer=sides[1], dtype=dtype)
    layer.build((None, None, node.input_size))
    weights = []
    for d, direction in enumerate(node.directions):
        given = [direction.Wx, direction.Wh, direction.b, direction.peepholes]
        weights += [w for w in given if w is not None]
        weights += [state[0, d] for state in _initial_states(node)]
    layer.set_weights(weights)
    return layer


def _check(node) -> None:
    """Refuse what a layer cannot be."""
    refused = {
        "clip": node.clip is not None,
        "input_forget": node.input_forget,
        "sequence_lens": node.sequence_lens is not None,
    }
    for argument, present in refused.items():
        if present:
            raise ValueError(f"{node.who}: to_layer: {argument}: no layer here has it")
    for direction in node.directions:
        for function in direction.functions:
            if our_name(function) is None:
                raise ValueError(f"{node.who}: to_layer: no activation here is {function}")
        if node.op_type == "LSTM" and direction.functions[1] != direction.functions[2]:
            got = [function.name for function in direction.functions[1:]]
            raise ValueError(f"{node.who}: to_layer: activations: one for g and c, got {got}")


def _initial_states(node) -> list[np.ndarray]:
    """Return constant initial states as (1, dirs, H): they must be one for all rows."""
    names = ("initial_h", "initial_c") if node.op_type == "LSTM" else ("initial_h",)
    given = [getattr(node, name) for name in names]
    if not any(state is not None and np.any(state) for state in given):
        return []
    first = []
    for name, state in zip(names, given, strict=True):
        if state is None:
            first.append(np.zeros((1, len(node.directions), node.hidden_size), node.dtype))
            continue
        rows = np.asarray(state) if node.layout == 1 else np.asarray(state).swapaxes(0, 1)
        if not (rows == rows[:1]).all():
            raise ValueError(f"{node.who}: to_layer: {name}: a layer has one for all sequences")
        first.append(rows[:1])
    return first


def _side(node, d: int, return_sequences: bool, options: dict) -> layers.Layer:
    direction = node.directions[d]
    names = [our_name(function) for function in direction.functions]
    arguments = {
        "return_sequences": return_sequences,
        "go_backwards": direction.reverse,
        "use_bias": direction.b is not None,
        "activation": names[min(1, len(names) - 1)],
        "dtype": node.dtype.name,
        "trainable_initial_state": bool(_initial_states(node)),
    }
    if node.op_type != "RNN":
        arguments["recurrent_activation"] = names[0]
    if node.op_type == "GRU":
        arguments["reset_after"] = node.reset_after
    if node.op_type == "LSTM":
        arguments["peepholes"] = direction.peepholes is not None
    kind = getattr(layers, _KINDS[node.op_type])
    return kind(node.hidden_size, **{**arguments, **options})
