"""Checks of constructor arguments: nothing misspelt passes, nothing is accepted and ignored."""

from __future__ import annotations

import difflib
import inspect
import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def refusing(**arguments: tuple) -> Mapping[str, tuple]:
    """Name arguments of Keras that a class does not support, for its table `refused`.

    Parameters
    ----------
    **arguments : tuple
        The values of each that mean "not used", or make no difference here, and are welcome.

    Returns
    -------
    mapping

    Examples
    --------
    >>> from scratchrnn.layers.arguments import refusing
    >>> refusing(kernel_constraint=(None,))["kernel_constraint"]
    (None,)
    """
    return MappingProxyType(arguments)


def refuse_unknown(layer: Any, options: dict[str, Any]) -> None:
    """Raise for every argument that no constructor of `layer` took.

    Parameters
    ----------
    layer : Layer
        Its classes' tables `refused` name Keras's arguments that are not supported here, with
        the values that mean "not used" and are therefore welcome.
    options : dict
        What is left of the keyword arguments.

    Raises
    ------
    ValueError
        Naming the argument, and the one that may have been meant.
    """
    who, classes = type(layer).__name__, type(layer).__mro__
    refused: dict[str, tuple] = {}
    for cls in reversed(classes):
        refused.update(vars(cls).get("refused", {}))
    for argument, value in options.items():
        if argument in refused:
            if not any(_same(value, good) for good in refused[argument]):
                expected = " or ".join(repr(good) for good in refused[argument])
                raise ValueError(
                    f"{who}: {argument}: not supported here: expected {expected}, got {value!r}"
                )
            continue
        known = {
            name
            for cls in classes
            for name, parameter in inspect.signature(cls.__init__).parameters.items()
            if name != "self" and parameter.kind in NAMED
        }
        close = difflib.get_close_matches(argument, sorted(known))
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(f"{who}: {argument}: there is no such argument, got {value!r}{hint}")


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) is type(b) and a == b)


def check_count(who: str, name: str, value: Any) -> int:
    """Return `value` if it is a positive integer, else raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{who}: {name}: expected an integer >= 1, got {value!r}")
    return int(value)


def check_counts(who: str, name: str, value: Any, n: int) -> tuple[int, ...]:
    """Return `n` positive integers, given as many or one for all, else raise ``ValueError``."""
    values = [value] * n if isinstance(value, int | np.integer) else value
    if not isinstance(values, list | tuple) or len(values) != n:
        raise ValueError(f"{who}: {name}: expected an integer or {n} of them, got {value!r}")
    return tuple(check_count(who, name, v) for v in values)


def check_number(who: str, name: str, value: Any, low: float, high: float = math.inf) -> float:
    """Return `value` if it is a finite number in [low, high], else raise ``ValueError``."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:
        allowed = f">= {low:g}" if math.isinf(high) else f"in [{low:g}, {high:g}]"
        raise ValueError(f"{who}: {name}: expected a finite number {allowed}, got {value!r}")
    return float(value)


def check_rate(who: str, name: str, value: Any) -> float:
    """Return `value` if it is a fraction in [0, 1), else raise ``ValueError``."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 <= value < 1:
        raise ValueError(f"{who}: {name}: expected a number in [0, 1), got {value!r}")
    return float(value)


def check_flag(who: str, name: str, value: Any) -> bool:
    """Return `value` if it is True or False, else raise ``ValueError``."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{who}: {name}: expected True or False, got {value!r}")
    return bool(value)


def check_choice(who: str, name: str, value: Any, choices: tuple) -> Any:
    """Return `value` if it is one of `choices`, else raise ``ValueError``."""
    if not any(_same(value, choice) for choice in choices):
        raise ValueError(f"{who}: {name}: expected one of {choices}, got {value!r}")
    return value


def check_seed(who: str, value: Any) -> int | np.random.Generator | None:
    """Return `value` if it is an integer >= 0, a generator or None, else raise ``ValueError``."""
    if value is None or isinstance(value, np.random.Generator):
        return value
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        expected = "an integer >= 0, a numpy.random.Generator or None"
        raise ValueError(f"{who}: seed: expected {expected}, got {value!r}")
    return int(value)


def check_shape(who: str, name: str, value: Any) -> tuple[int | None, ...]:
    """Return `value` as a tuple of positive integers and None, else raise ``ValueError``."""
    try:
        sizes = tuple(value)
    except TypeError:
        sizes = (value,)
    return tuple(None if size is None else check_count(who, name, size) for size in sizes)
