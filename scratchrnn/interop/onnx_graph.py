"""An ONNX graph under construction: nodes, constants, names that are not taken."""

from __future__ import annotations

from collections import Counter
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
    """

    def __init__(self) -> None:
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

    def to_steps(self, mask: str, rank: int) -> str:
        """Give a mask (N, T) as many trailing axes of 1 as a tensor of this rank needs."""
        return self.add("Unsqueeze", mask, self.ints(*range(2, rank))) if rank > 2 else mask

    def blank(self, x: str, mask: str, rank: int, value: float = 0.0) -> str:
        """Put `value` where the mask is false."""
        return self.add("Where", self.to_steps(mask, rank), x, self.number(value))
