"""Nested dicts and lists with arrays in them, as JSON-able values and named arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

_KEY = "array"


def pack(value: Any, prefix: str, arrays: dict[str, np.ndarray]) -> Any:
    """Return `value` with each array replaced by its name; the arrays go into `arrays`.

    Parameters
    ----------
    value : dict, list, tuple, ndarray, str, number, bool or None
        Keys are strings.
    prefix : str
        Names are ``prefix/0000``, ``prefix/0001`` …
    arrays : dict
        Filled.

    Returns
    -------
    JSON-able value

    Raises
    ------
    ValueError
        If something in it is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> arrays = {}
    >>> plain = pack({"epoch": 3, "best": [np.ones(2)]}, "training", arrays)
    >>> plain, list(arrays)
    ({'epoch': 3, 'best': [{'array': 'training/0000'}]}, ['training/0000'])
    >>> unpack(plain, "training", arrays.__getitem__)["best"]
    [array([1., 1.])]
    """
    if isinstance(value, np.ndarray):
        name = f"{prefix}/{sum(n.startswith(f'{prefix}/') for n in arrays):04d}"
        arrays[name] = value
        return {_KEY: name}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, dict):
        if _KEY in value or not all(isinstance(key, str) for key in value):
            raise ValueError(f"save: {prefix}: expected strings as keys, got {list(value)!r:.80}")
        return {key: pack(item, prefix, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item, prefix, arrays) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError(f"save: {prefix}: expected plain values and arrays, got {value!r:.80}")


def unpack(value: Any, prefix: str, read) -> Any:
    """Return what `pack` was given, tuples as lists.

    Parameters
    ----------
    value : JSON-able value
    prefix : str
        Only names that begin with it are read.
    read : callable
        From a name to its array.

    Returns
    -------
    dict, list, ndarray, str, number, bool or None
    """
    if isinstance(value, dict):
        if _KEY not in value:
            return {key: unpack(item, prefix, read) for key, item in value.items()}
        name = value[_KEY]
        if set(value) != {_KEY} or not isinstance(name, str) or not name.startswith(f"{prefix}/"):
            raise ValueError(f"{prefix}: no array of its own: {value!r:.80}")
        return read(name)
    if isinstance(value, list):
        return [unpack(item, prefix, read) for item in value]
    return value
