"""Finding out how a student's function wants to be called, and what it returns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .catalogue import SIGNATURES, Exercise, Signature, signatures_of
from .hypotheses import flat


class Unusable(ValueError):
    """A function that cannot be marked, and why."""


def namespace_of(function: Callable) -> dict[str, Any]:
    """Return the names that stand beside a function: where its partner is looked for."""
    plain = inspect.unwrap(getattr(function, "py_func", function))
    return getattr(plain, "__globals__", {})


def choose_signature(function: Callable, name: str, beside: Mapping[str, Any]) -> Signature:
    """Return how `function` is to be called.

    Parameters
    ----------
    function : callable
    name : str
        What it is called.
    beside : mapping
        The student's other functions.

    Returns
    -------
    Signature

    Raises
    ------
    Unusable
        If the arguments fit none of the signatures that the exercise has.
    """
    known = signatures_of(name)
    fewest, most, names = _parameters(function)
    fitting = [s for s in known if fewest <= len(s.arguments) <= most]
    if not fitting:
        wanted = " or ".join(f"({', '.join(s.arguments)})" for s in known)
        raise Unusable(f"takes {_count(fewest, most)} arguments, expected {wanted}")
    longest = max(len(s.arguments) for s in fitting)
    fitting = [s for s in fitting if len(s.arguments) == longest]
    theirs = [s for s in fitting if s.order or s.shown]
    if len(fitting) > 1 and theirs:
        forward = fitting[0].exercise.forward
        partners = [s for s in SIGNATURES if s.exercise.name == forward]
        cs231n = any(n in beside for s in partners if s.order for n in s.names if n != forward)
        if any(n.startswith("dnext") for n in names) or (cs231n and forward not in beside):
            return theirs[0]
    return fitting[0]


def _count(fewest: int, most: float) -> str:
    return str(fewest) if fewest == most else f"{fewest} to {most}"


def _parameters(function: Callable) -> tuple[int, float, list[str]]:
    """Return the least and the largest number of positional arguments, and their names."""
    try:
        parameters = inspect.signature(getattr(function, "py_func", function)).parameters.values()
    except (TypeError, ValueError):
        return 0, float("inf"), []
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    required = [p for p in positional if p.default is p.empty]
    endless = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    most = float("inf") if endless else len(positional)
    return len(required), most, [p.name for p in positional]


def parameter_names(function: Callable) -> list[str]:
    """Return what a function calls its positional parameters."""
    return _parameters(function)[2]


def find_forward(exercise: Exercise, order: str, beside: Mapping[str, Any]):
    """Return the student's forward function that belongs to a backward one, and its signature.

    Raises
    ------
    Unusable
        If there is none.
    """
    candidates = [s for s in SIGNATURES if s.exercise.name == exercise.forward]
    candidates.sort(key=lambda s: s.order != order)
    for signature in candidates:
        for name in signature.names:
            if callable(beside.get(name)):
                function = beside[name]
                return function, choose_signature(function, name, beside)
    raise Unusable(f"needs the cache of your {exercise.forward}, which is not there")


def read_outputs(value: Any, signature: Signature) -> tuple[dict[str, Any], Any, Signature]:
    """Return the outputs by the exercise's names, the cache, and the signature that fits.

    Raises
    ------
    Unusable
        If the number of results fits no signature.
    """
    exercise = signature.exercise
    if isinstance(value, Mapping) or hasattr(value, "_fields"):
        given = dict(value) if isinstance(value, Mapping) else value._asdict()
        found = {n: _by_name(given, n, signature) for n in signature.returns}
        if all(v is not None for v in found.values()):
            return found, given.get("cache"), signature
    single = len(signature.returns) == 1 and not exercise.keeps_cache
    values = (value,) if single or not isinstance(value, tuple | list) else tuple(value)
    signature = _by_count(signature, len(values))
    names = list(signature.returns)
    expected = [*map(signature.label, names), *(["cache"] if exercise.keeps_cache else [])]
    if len(values) > len(expected) and exercise.forward:
        values = values[: len(expected)]  # gradients of further weights, as of peepholes
    few = len(values) == len(names) < len(expected) and isinstance(values[-1], tuple | dict)
    if few or len(values) not in {len(names), len(expected)}:
        raise Unusable(f"returns {_kinds(values)}, expected {', '.join(expected)}")
    cache = values[-1] if len(values) == len(expected) and exercise.keeps_cache else None
    return dict(zip(names, values, strict=False)), cache, signature


def _kinds(values: tuple) -> str:
    kinds = ", ".join(
        f"array {v.shape}" if isinstance(v, np.ndarray) else type(v).__name__ for v in values[:8]
    )
    return f"{len(values)} results ({kinds})" if len(values) != 1 else f"one result ({kinds})"


def _by_name(given: Mapping, name: str, signature: Signature) -> Any:
    for key in (name, signature.label(name), name.removeprefix("d")):
        if given.get(key) is not None:
            return given[key]
    return None


def _by_count(signature: Signature, count: int) -> Signature:
    """Return the signature of the same arguments that returns as many results."""
    extra = signature.exercise.keeps_cache
    if count in {len(signature.returns), len(signature.returns) + extra} and not extra:
        return signature
    if count == len(signature.returns) + extra:
        return signature
    for other in SIGNATURES:
        same = other.exercise is signature.exercise and other.arguments == signature.arguments
        if same and not other.order and count == len(other.returns) + extra:
            return other
    return signature


def documented_order(function: Callable, signature: Signature) -> list[str] | None:
    """Return the order of the results that the function's docstring gives, if it gives one."""
    text = inspect.getdoc(getattr(function, "py_func", function)) or ""
    _, _, text = text.partition("Returns")
    text = text.split("Raises\n")[0].split("Examples\n")[0]
    places = {}
    for name in signature.returns:
        label = signature.label(name)
        found = re.search(rf"(?<![\w]){re.escape(label)}(?![\w])", text)
        if found is None:
            return None
        places[name] = found.start()
    return sorted(places, key=places.get)


def turn_gates(array: np.ndarray, gates: str, order: str) -> np.ndarray:
    """Return an array whose last axis holds the gates in `gates`' order in another `order`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.exercises.calling import turn_gates
    >>> turn_gates(np.array([1, 2, 3, 4]), "ifgo", "ifog")
    array([1, 2, 4, 3])
    """
    if array.shape[-1] % len(gates):
        return array
    blocks = dict(zip(gates, np.split(array, len(gates), axis=-1), strict=True))
    return np.concatenate([blocks[gate] for gate in order], axis=-1)


def as_arrays(outputs: dict[str, Any]) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Return results as arrays, and what is wrong with those that are none."""
    arrays, faults = {}, {}
    for name, value in outputs.items():
        if value is None:
            faults[name] = "is None"
            continue
        try:
            array = flat(value)
        # Anything may stand there: an object without a length, a ragged list.
        except Exception as error:
            faults[name] = f"is no array: {type(value).__name__} ({error})"
            continue
        if array.dtype.kind not in "fiub":
            faults[name] = f"is no array of numbers: {type(value).__name__} of {array.dtype}"
            continue
        arrays[name] = array
    return arrays, faults
