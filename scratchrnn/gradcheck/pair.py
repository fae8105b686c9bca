"""A forward and a backward function of anybody's, behind one way of calling them.

People write such pairs in several manners, and all of these are understood:

    y = f(x, w)                 dx, dw = backward(dy)                    state kept by the caller
    y, c, cache = f(x, w)       dx, dw = backward(dy, dc, cache)         CS231n
    h, hT, cache = f(x, w)      grads = backward(dh, cache, dhT)         named fields or a dict
    loss, grads = f(x, w)                                                no backward function
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_CACHE_NAMES = {
    "cache", "caches", "ctx", "context", "memory", "saved", "tape", "memo", "res", "residuals",
}  # fmt: skip
_WHO = "check_gradients"
_NO_CACHE = object()


@dataclass(frozen=True)
class Leaf:
    """One array among the inputs: its full name, its last name, and where it stands."""

    name: str
    short: str
    path: tuple
    array: np.ndarray

    @property
    def argument(self) -> str:
        """The name of the argument that the array is, or is inside of."""
        return self.name.split("[", 1)[0]


class Pair:
    """The function pair, its inputs as float64 copies, and how the two are called.

    Parameters
    ----------
    f, backward, inputs, cache, outputs
        As :func:`scratchrnn.gradcheck.check_gradients` takes them.
    """

    def __init__(self, f, inputs, backward, *, cache="auto", outputs=None):
        self.f, self.backward = f, backward
        self.cache, self.chosen = cache, outputs
        self.by_name = isinstance(inputs, Mapping)
        if isinstance(inputs, np.ndarray):
            inputs = (inputs,)
        if not self.by_name and not isinstance(inputs, Sequence):
            raise ValueError(
                f"{_WHO}: inputs: expected a sequence or a mapping of arrays, "
                f"got {type(inputs).__name__}"
            )
        self.inputs = dict(inputs) if self.by_name else list(inputs)
        self.leaves: list[Leaf] = []
        names = self.inputs.keys() if self.by_name else _parameter_names(f, len(self.inputs))
        for name, key in zip(names, self.keys(), strict=True):
            self._collect(self.inputs[key], str(name), str(name), (key,))
        if not self.leaves:
            raise ValueError(f"{_WHO}: inputs: expected at least one array of floats, got none")
        self.output_names: list[str] = []

    def keys(self) -> list:
        """Return the keys of the inputs: names, or positions."""
        return list(self.inputs) if self.by_name else list(range(len(self.inputs)))

    def _collect(self, value: Any, name: str, short: str, path: tuple) -> None:
        if isinstance(value, Mapping):
            for key, item in value.items():
                self._collect(item, f"{name}[{key!r}]", str(key), (*path, key))
        elif isinstance(value, list | tuple):
            for key, item in enumerate(value):
                self._collect(item, f"{name}[{key}]", f"{short}[{key}]", (*path, key))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            array = np.array(value, dtype=np.float64, order="C")
            self.leaves.append(Leaf(name, short, path, array))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "c":
            raise ValueError(f"{_WHO}: {name}: expected a real array, got {value.dtype}")

    def arguments(self, arrays: list[np.ndarray]):
        """Return the inputs with their float arrays replaced by `arrays`."""
        places = {leaf.path: array for leaf, array in zip(self.leaves, arrays, strict=True)}

        def rebuild(value, path):
            if path in places:
                return places[path]
            if isinstance(value, Mapping):
                return {key: rebuild(item, (*path, key)) for key, item in value.items()}
            if isinstance(value, list | tuple):
                items = [rebuild(item, (*path, key)) for key, item in enumerate(value)]
                return items if isinstance(value, list) else _like(value, items)
            return value

        rebuilt = {key: rebuild(self.inputs[key], (key,)) for key in self.keys()}
        return rebuilt if self.by_name else list(rebuilt.values())

    def forward(self, arrays: list[np.ndarray]) -> tuple[list, Any]:
        """Call f; return its outputs as a list of arrays, and what `gradients` needs."""
        arguments = self.arguments(arrays)
        returned = self.f(**arguments) if self.by_name else self.f(*arguments)
        values, names, kept = self._split(returned)
        if self.chosen is not None:
            values = [values[i] for i in self.chosen]
            names = [names[i] for i in self.chosen]
        self.output_names = names
        for name, value in zip(names, values, strict=True):
            _require_float(name, value)
        return [np.asarray(value) for value in values], kept

    def vector(self, arrays: list[np.ndarray]) -> np.ndarray:
        """Return all outputs of f as one vector (M,), float64 or complex128.

        f gets copies: one that changes its inputs shall not spoil the point of the check.
        """
        outputs, _ = self.forward([array.copy() for array in arrays])
        return np.concatenate([np.zeros(0), *(y.reshape(-1) for y in outputs)])

    def _split(self, returned) -> tuple[list, list[str], Any]:
        """Tell outputs from a cache, or a loss from its gradients; name the outputs."""
        if self.backward is None:
            if not isinstance(returned, tuple | list) or len(returned) < 2:
                raise ValueError(
                    f"{_WHO}: f: expected (loss, gradients) as there is no backward function, "
                    f"got {type(returned).__name__}"
                )
            rest = returned[1] if len(returned) == 2 else returned[1:]
            return [returned[0]], ["loss"], rest
        if not isinstance(returned, tuple | list):
            return [returned], ["output"], _NO_CACHE
        values = list(returned)
        fields = getattr(returned, "_fields", None)
        names = list(fields or (f"output {i}" for i in range(len(values))))
        if self._has_cache(values):
            return values[:-1], names[:-1], values[-1]
        return values, names, _NO_CACHE

    def _has_cache(self, values: list) -> bool:
        if self.cache != "auto":
            return bool(self.cache)
        return len(values) > 1 and (
            not _is_float(values[-1]) or any(p.name in _CACHE_NAMES for p in _parameters(self))
        )

    def gradients(self, upstream: list, kept: Any):
        """Call backward on the upstream gradients of one forward call; return what it returns."""
        if self.backward is None:
            return kept
        parameters = _parameters(self)
        positional = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
        arguments, keywords = list(upstream), {}
        if kept is not _NO_CACHE:
            named = [i for i, p in enumerate(parameters) if p.name in _CACHE_NAMES]
            place = named[0] if named else len(arguments)
            if named and parameters[place].kind is inspect.Parameter.KEYWORD_ONLY:
                keywords = {parameters[place].name: kept}
            else:
                arguments.insert(place, kept)
        _require_room(self.backward, positional, arguments, self.output_names)
        return self.backward(*arguments, **keywords)


def _parameters(pair: Pair) -> list[inspect.Parameter]:
    """Return the parameters of backward; none when it cannot be asked, or takes any number."""
    try:
        parameters = list(inspect.signature(pair.backward).parameters.values())
    except (TypeError, ValueError):
        return []
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return []
    return [p for p in parameters if p.kind is not p.VAR_KEYWORD]


def _require_room(backward: Callable, parameters: list, arguments: list, outputs: list) -> None:
    """Raise when backward takes fewer arguments than f has outputs (and a cache)."""
    if parameters and len(parameters) < len(arguments):
        name = getattr(backward, "__name__", "backward")
        raise ValueError(
            f"{_WHO}: backward: expected {name} to take {len(arguments)} arguments, an upstream "
            f"gradient for each of {outputs}"
            f"{' and the cache' if len(arguments) > len(outputs) else ''}, "
            f"got one that takes {len(parameters)}; outputs=[0] leaves the others out"
        )


def _parameter_names(f: Callable, count: int) -> list[str]:
    """Return names for positional inputs: those of f's parameters where they can be known."""
    try:
        names = [
            p.name
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        names = []
    return names[:count] if len(names) >= count else [f"input {i}" for i in range(count)]


def _like(original: tuple, items: list):
    """Return `items` as the tuple type of `original`."""
    return type(original)(*items) if hasattr(original, "_fields") else tuple(items)


def _is_float(value) -> bool:
    if isinstance(value, np.ndarray | np.generic):
        return value.dtype.kind in "fc"
    return isinstance(value, float)


def _require_float(name: str, value) -> None:
    if not _is_float(value):
        got = getattr(value, "dtype", type(value).__name__)
        raise ValueError(f"{_WHO}: f: {name}: expected an array of floats, got {got}")
