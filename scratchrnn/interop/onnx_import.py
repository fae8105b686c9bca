"""Recurrent nodes out of an ONNX file: RNN, LSTM and GRU as objects that run on our cells."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .checks import optional, shown
from .onnx_packing import GATES
from .onnx_recurrence import OnnxRecurrence

_INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
_WEIGHTS = ("W", "R", "B", "P")
_ATTRIBUTES = {
    "activation_alpha",
    "activation_beta",
    "activations",
    "clip",
    "direction",
    "hidden_size",
    "input_forget",
    "layout",
    "linear_before_reset",
}
_MIN_OPSET = 7
_SHAPE_ONLY = {  # what only moves or repeats values, its first input's
    "Cast",
    "Expand",
    "Identity",
    "Reshape",
    "Slice",
    "Squeeze",
    "Tile",
    "Transpose",
    "Unsqueeze",
}


def from_onnx(model, inputs: Mapping[str, np.ndarray] | None = None) -> list[OnnxRecurrence]:
    """Read the RNN, LSTM and GRU nodes of an ONNX model, in the order of its graph.

    Parameters
    ----------
    model : path-like, bytes or onnx.ModelProto
    inputs : mapping of str to array_like, optional
        Values of tensors by name, for nodes whose weights are inputs of the graph.

    Returns
    -------
    list of OnnxRecurrence
        Each callable, ``node(X, sequence_lens, initial_h, initial_c) -> (Y, Y_h, Y_c)``, and, where
        it fits one, a layer: ``node.to_layer()``. Lengths and initial states that the file holds
        as constants are used when a call gives none; those that its graph computes must be given
        (``node.needed``), unless they are plainly zeros.

    Raises
    ------
    ValueError
        If the file is missing, damaged, or of an older version, holds no such node, or one that is
        not valid; named, with what was expected.
    ImportError
        If onnx is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.interop import from_onnx, to_onnx
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> exported = to_onnx(Sequential([Input((None, 3)), GRU(4), Dense(2)]))
    >>> (node,) = from_onnx(exported)
    >>> node(np.zeros((5, 2, 3), "float32")).Y_h.shape
    (1, 2, 4)
    """
    who, proto = _load(model)
    opsets = [o.version for o in proto.opset_import if o.domain in ("", "ai.onnx")]
    if not opsets or max(opsets) < _MIN_OPSET:
        raise ValueError(f"{who}: expected operator set {_MIN_OPSET} or later, got {opsets}")
    nodes = [n for n in proto.graph.node if n.op_type in GATES and n.domain in ("", "ai.onnx")]
    if not nodes:
        found = sorted({n.op_type for n in proto.graph.node})
        raise ValueError(f"{who}: expected an RNN, LSTM or GRU node, got {shown(found) or 'none'}")
    graph = _Known(proto.graph, dict(inputs or {}))
    return [_read_node(who, node, graph) for node in nodes]


class _Known:
    """What can be told of a graph's tensors without running it."""

    def __init__(self, graph, given: dict):
        self.given = given
        self.producers = {name: node for node in graph.node for name in node.output if name}
        self.tensors = {tensor.name: tensor for tensor in graph.initializer}
        for name, node in self.producers.items():
            if node.op_type == "Constant" and [a.name for a in node.attribute] == ["value"]:
                self.tensors[name] = node.attribute[0].t

    def value(self, who: str, name: str) -> np.ndarray | None:
        """Return a tensor's value; None if the graph computes it."""
        if name in self.given:
            return np.asarray(self.given[name])
        return _array(who, self.tensors[name]) if name in self.tensors else None

    def is_zero(self, who: str, name: str, depth: int = 0) -> bool:
        """Whether a computed tensor is zeros of some shape: how states are left out by others."""
        value = self.value(who, name)
        if value is not None:
            return not np.any(value)
        node = self.producers.get(name)
        if node is None or depth > 20:
            return False
        if node.op_type == "ConstantOfShape":
            return not any(np.any(_array(who, attribute.t)) for attribute in node.attribute)
        if node.op_type == "Concat":
            return all(self.is_zero(who, below, depth + 1) for below in node.input)
        return node.op_type in _SHAPE_ONLY and self.is_zero(who, node.input[0], depth + 1)


def _load(model):
    """Return the words that errors begin with, and the ModelProto."""
    onnx = optional("onnx", "onnx", "ONNX")
    if isinstance(model, onnx.ModelProto):
        return "from_onnx", model
    who, content = "from_onnx", model
    if not isinstance(model, bytes):
        who = f"from_onnx: {model}"
        try:
            content = Path(model).read_bytes()
        except OSError as error:
            raise ValueError(f"{who}: cannot be read ({error.strerror})") from error
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(content)
    except Exception as error:  # protobuf's DecodeError is no ValueError in every version
        raise ValueError(f"{who}: not an ONNX model, or damaged ({error})") from error
    return who, proto


def _read_node(who: str, node, graph: _Known) -> OnnxRecurrence:
    who = f"{who}: {node.op_type} {node.name!r:.80}"
    attributes = {}
    for attribute in node.attribute:
        if attribute.name not in _ATTRIBUTES:
            raise ValueError(f"{who}: attribute {attribute.name!r:.40}: not of this operator")
        attributes[attribute.name] = _attribute(who, attribute)
    names = dict(zip(_INPUTS, node.input, strict=False))
    arrays, needed = {}, []
    for slot, name in names.items():
        if slot == "X" or not name:
            continue
        value = graph.value(f"{who}: {slot}", name)
        if value is not None:
            arrays[slot] = value
        elif slot in _WEIGHTS:
            raise ValueError(
                f"{who}: {slot}: the graph computes or is given {name!r:.80}: "
                f"say its value, inputs={{{name!r:.80}: ...}}"
            )
        elif not (slot.startswith("initial") and graph.is_zero(f"{who}: {slot}", name)):
            needed.append(slot)
    for slot in ("W", "R"):
        if slot not in arrays:
            raise ValueError(f"{who}: missing: {slot}")
    try:
        return OnnxRecurrence(
            node.op_type, **arrays, **attributes, needed=needed, name=node.name or node.output[0]
        )
    except ValueError as error:
        raise ValueError(f"{who}: {error}") from error


def _attribute(who: str, attribute):
    onnx = optional("onnx", "onnx", "ONNX")
    value = onnx.helper.get_attribute_value(attribute)
    try:
        if isinstance(value, bytes):
            return value.decode()
        if isinstance(value, int | float):
            return value
        return [v.decode() if isinstance(v, bytes) else float(v) for v in value]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{who}: attribute {attribute.name}: not readable ({error})") from error


def _array(who: str, tensor) -> np.ndarray:
    onnx = optional("onnx", "onnx", "ONNX")
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError(
            f"{who}: {tensor.name!r:.80}: lies in another file, which is not read: save the model "
            "as one, onnx.save(onnx.load(path), path)"
        )
    try:
        return np.array(onnx.numpy_helper.to_array(tensor))
    except (ValueError, TypeError, KeyError, AttributeError, MemoryError) as error:
        raise ValueError(f"{who}: {tensor.name!r:.80}: damaged ({error})") from error
