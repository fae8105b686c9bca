"""An ONNX graph under construction: nodes, constants, names that are not taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .checks import optional


class Tensor(NamedTuple):
    """A value that flows through the graph: batch first, with the mask that goes with it."""

    name: str
    shape: tuple[int | None, ...]  # None where it is open
    mask: str | None = None  # name of a bool tensor (N, T), true where a step is real


class Graph:
    """Nodes and constants in the order in which they are added.

    Every method that adds a node returns the name of its output.

    Parameters
    ----------
    exporters : mapping of str to callable
        By layer class: ``exporter(graph, layer, x) -> Tensor``, or a ValueError that says what
        has no exporter.
    """

    def __init__(self, exporters: Mapping[str, Callable]) -> None:
        self.exporters = exporters
        self.nodes: list = []
        self.constants: list = []
        self._helper = optional("onnx", "onnx", "ONNX").helper
        self._numpy_helper = optional("onnx", "onnx", "ONNX").numpy_helper
        self._counts: Counter[str] = Counter()
        self._known: dict[tuple, str] = {}
        self.scope = ""  # the layer's name, first part of the names made for it

    def _name(self, stem: str) -> str:
        full = f"{self.scope}/{stem}" if self.scope else stem
        self._counts[full] += 1
        return full if self._counts[full] == 1 else f"{full}_{self._counts[full] - 1}"

    def export(self, layer, x: Tensor) -> Tensor:
        """Add a layer; what it makes is named after it.

        Parameters
        ----------
        layer : Layer
        x : Tensor

        Returns
        -------
        Tensor

        Raises
        ------
        ValueError
            If the layer, or an option of it, has no exporter.
        """
        kind, outer = type(layer).__name__, self.scope
        who = f"to_onnx: {kind} {layer.name!r}"
        if kind not in self.exporters:
            raise ValueError(f"{who}: this layer has no exporter")
        self.scope = f"{outer}/{layer.name}" if outer else layer.name
        try:
            return self.exporters[kind](self, layer, x)
        except ValueError as error:
            if str(error).startswith("to_onnx: "):
                raise
            raise ValueError(f"{who}: {error}") from error
        finally:
            self.scope = outer

    def weight(self, stem: str, value) -> str:
        """Add a constant under a name of its own; floats become float32."""
        value = np.asarray(value)
        value = value.astype(np.float32) if value.dtype.kind == "f" else value
        name = self._name(stem)
        self.constants.append(self._numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def number(self, value, dtype="float32") -> str:
        """Return a small constant, a scalar or a list, made once for each value."""
        array = np.asarray(value, dtype)
        key = array.dtype.str, array.shape, array.tobytes()
        if key not in self._known:
            scope, self.scope = self.scope, ""
            name, self.scope = self._name("constant"), scope
            self.constants.append(self._numpy_helper.from_array(array, name))
            self._known[key] = name
        return self._known[key]

    def ints(self, *values: int) -> str:
        """Return a constant list of int64: a shape, axes, positions."""
        return self.number(list(values), "int64")

    def add(self, op: str, *inputs: str, **attributes) -> str:
        """Add a node with one output."""
        return self.add_many(op, 1, *inputs, **attributes)[0]

    def add_many(self, op: str, count: int, *inputs: str, **attributes) -> list[str]:
        """Add a node with several outputs."""
        names = [self._name(op) for _ in range(count)]
        name = f"node:{names[0]}"
        self.nodes.append(self._helper.make_node(op, list(inputs), names, name, **attributes))
        return names

    def body(self) -> Graph:
        """Return a graph for the inside of a loop: what it uses of this one is there already."""
        inner = Graph(self.exporters)
        inner.constants, inner._counts, inner._known = self.constants, self._counts, self._known
        inner.scope = self.scope
        return inner

    def fresh(self, stem: str) -> str:
        """Return a name that is not taken, for an input of a body."""
        return self._name(stem)

    def value_info(self, name: str, kind: int, shape: list | None = None):
        """Describe an input or an output."""
        return self._helper.make_tensor_value_info(name, kind, shape)

    def close(self, name: str, inputs: list, outputs: list, constants=()):
        """Return what was added as a GraphProto."""
        return self._helper.make_graph(self.nodes, name, inputs, outputs, list(constants))

    # -- shapes, known only when the graph runs --------------------------------------------

    def shape(self, x: str, start: int, end: int) -> str:
        """Return axes start to end - 1 of the shape of `x`."""
        return self.add("Slice", self.add("Shape", x), self.ints(start), self.ints(end))

    def reshape(self, x: str, *parts: str) -> str:
        """Reshape `x` to the parts of a shape, one after another."""
        shape = parts[0] if len(parts) == 1 else self.add("Concat", *parts, axis=0)
        return self.add("Reshape", x, shape)

    def flip_time(self, x: str) -> str:
        """Reverse axis 1."""
        first, last, step = self.ints(-1), self.ints(-(2**31)), self.ints(-1)
        return self.add("Slice", x, first, last, self.ints(1), step)

    def swap_time(self, x: str, rank: int) -> str:
        """Swap axes 0 and 1: batch first to time first, or back."""
        return self.add("Transpose", x, perm=[1, 0, *range(2, rank)])

    def to_steps(self, mask: str, rank: int) -> str:
        """Give a mask (N, T) as many trailing axes of 1 as a tensor of this rank needs."""
        return self.add("Unsqueeze", mask, self.ints(*range(2, rank))) if rank > 2 else mask

    def blank(self, x: str, mask: str, rank: int, value: float = 0.0) -> str:
        """Put `value` where the mask is false."""
        return self.add("Where", self.to_steps(mask, rank), x, self.number(value))
