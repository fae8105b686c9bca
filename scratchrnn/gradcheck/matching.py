"""Line up what a backward function returned with the inputs it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .pair import Pair

MISSING = object()


def match(pair: Pair, returned: Any, wrt: list[int]) -> tuple[list, str | None]:
    """Return one gradient per leaf of `pair` (or ``MISSING``), and what is wrong, if anything.

    Parameters
    ----------
    pair : Pair
        Whose inputs the gradients belong to.
    returned : ndarray, sequence, mapping or named tuple
        What backward returned. A mapping or named tuple is matched by name, where ``dWx``,
        ``d_Wx``, ``grad_Wx`` and ``Wx_grad`` all mean the input ``Wx``; a sequence by position,
        among all inputs or among the arrays of floats.
    wrt : list of int
        The leaves that are to be checked.
    """
    found: list = [MISSING] * len(pair.leaves)
    if hasattr(returned, "_fields"):
        named = dict(zip(returned._fields, returned, strict=True))
        if _by_name(pair, named, found):
            return found, None
        returned = tuple(returned)
    if isinstance(returned, Mapping):
        if _by_name(pair, returned, found):
            return found, None
        return found, f"backward returned {sorted(map(str, returned))}: no name of an input"
    if not isinstance(returned, tuple | list):
        returned = (returned,)
    if _by_position(pair, returned, wrt, found):
        return found, None
    names = ", ".join(pair.leaves[i].name for i in wrt)
    return found, f"backward returned {len(returned)} gradients for {len(wrt)} inputs ({names})"


def _spellings(name: str) -> list[str]:
    """Return the names under which people return the gradient of `name`, likeliest first."""
    return [
        *(f"d{name}", f"d_{name}", f"grad_{name}", f"{name}_grad", f"g{name}", f"g_{name}"),
        *(f"grad{name}", f"d{name.capitalize()}", f"delta_{name}", f"{name}_bar", name),
    ]


def _by_name(pair: Pair, named: Mapping, found: list) -> bool:
    shorts = [leaf.short for leaf in pair.leaves]
    named = {str(key): gradient for key, gradient in named.items()}
    for i, leaf in enumerate(pair.leaves):
        names = _spellings(leaf.name)
        if shorts.count(leaf.short) == 1:
            names += _spellings(leaf.short)
        key = next((name for name in names if name in named), None)
        if key is not None:
            found[i] = named[key]
        elif len(leaf.path) > 1:
            found[i] = _inside(named, (leaf.argument, *leaf.path[1:]))
    return any(gradient is not MISSING for gradient in found)


def _by_position(pair: Pair, returned, wrt: list[int], found: list) -> bool:
    keys = pair.keys()
    paths = [leaf.path for leaf in pair.leaves]
    if len(returned) == len(keys):
        for i, path in enumerate(paths):
            found[i] = _inside(returned[keys.index(path[0])], path[1:])
        return True
    for leaves in (range(len(paths)), wrt):
        if len(returned) == len(leaves):
            for i, gradient in zip(leaves, returned, strict=True):
                found[i] = gradient
            return True
    return False


def _inside(value, path: tuple):
    """Return the part of a nested gradient at `path`, or ``MISSING``."""
    for key in path:
        if isinstance(value, Mapping):
            value = next((value[k] for k in (*_spellings(str(key)), key) if k in value), MISSING)
        elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return MISSING
    return value


def describe_fault(gradient, array: np.ndarray, low_precision: bool) -> str | None:
    """Return what is wrong with the type or shape of one gradient, or None."""
    if gradient is MISSING or gradient is None:
        return "no gradient was returned"
    got = np.asarray(gradient)
    if got.dtype.kind != "f":
        return f"dtype: expected float64, got {got.dtype}"
    if got.dtype.itemsize < 8 and not low_precision:
        return f"dtype: expected float64 as the inputs are, got {got.dtype}"
    if got.shape != array.shape:
        return f"shape: expected {array.shape}, got {got.shape}"
    return None
