"""What every hypothesis about a mistake predicts, and which of them fit a student's numbers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .catalogue import EXERCISES, Exercise
from .changes import Change, changes_of
from .draws import cases_of
from .mistakes import listed_changes
from .solutions import build, closure

Outputs = dict[str, np.ndarray]
TOLERANCE = 1e-9  # of the largest entry: what rounding may make of the same formula


class Fit(NamedTuple):
    """A hypothesis and what it explains.

    Attributes
    ----------
    change : Change
    explains : frozenset of str
        The wrong outputs that it gives exactly.
    spoils : frozenset of str
        The outputs of which it predicts something else than what is there.
    """

    change: Change
    explains: frozenset[str]
    spoils: frozenset[str]


def settle(exercise: Exercise, inputs: dict[str, Any], zeroed: tuple[str, ...]) -> dict[str, Any]:
    """Return the inputs with those set to zero that a signature does not have."""
    return {k: 0 * v if k in zeroed else v for k, v in inputs.items()}


def evaluate(exercise: Exercise, inputs: dict[str, Any], changed=None) -> Outputs | None:
    """Return the outputs of the solution, or of a changed one; None if that fails.

    Parameters
    ----------
    exercise : Exercise
    inputs : dict
    changed : dict of str to code, optional

    Returns
    -------
    dict of str to ndarray, or None
    """
    given = dict(inputs)
    with np.errstate(all="ignore"):
        try:
            if exercise.forward:
                first = EXERCISES[exercise.forward]
                made = build(first.name, changed)(*(given[n] for n in first.inputs))
                given["cache"] = made[-1]
            value = build(exercise.name, changed)(*(given[n] for n in exercise.inputs))
            return named(exercise, value)
        # A changed solution may fail in any way; then it says nothing.
        except Exception:
            if changed is None:
                raise
            return None


def named(exercise: Exercise, value: Any) -> Outputs:
    """Return what a solution returned as arrays by name, without the cache."""
    names = list(exercise.outputs)
    values = value if isinstance(value, tuple) else (value,)
    return dict(zip(names, map(flat, values[: len(names)]), strict=True))


def flat(value: Any) -> np.ndarray:
    """Return an output as one array; a list of arrays is put end to end."""
    if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
        return np.concatenate([np.ravel(part) for part in value])
    return np.asarray(value)


def agrees(a: np.ndarray, b: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Whether two arrays are the same but for rounding; NaN equals NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.exercises.hypotheses import agrees
    >>> agrees(np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-12]))
    True
    """
    if a.shape != b.shape or not (_numbers(a) and _numbers(b)):
        return False
    if np.array_equal(a, b):
        return True
    with np.errstate(all="ignore"):
        size = np.max(np.abs(b), initial=0.0, where=np.isfinite(b))
        same = (np.abs(a - b) <= tolerance * size) | (np.isnan(a) & np.isnan(b)) | (a == b)
    return bool(np.all(same))


def _numbers(a: np.ndarray) -> bool:
    return a.dtype.kind in "fiub"


@cache
def right_outputs(name: str, case: int, zeroed: tuple[str, ...] = ()) -> Outputs:
    """Return the right outputs of a case."""
    exercise = EXERCISES[name]
    return evaluate(exercise, settle(exercise, cases_of(name)[case].inputs, zeroed)) or {}


@cache
def _listed(name: str) -> tuple[Change, ...]:
    return tuple(c for one in _functions(name) for c in listed_changes(one))


def _functions(name: str) -> tuple[str, ...]:
    """Return the solutions whose mistakes an exercise may show: its own first."""
    forward = EXERCISES[name].forward if name in EXERCISES else ""
    return tuple(dict.fromkeys([*closure(name), *(closure(forward) if forward else ())]))


@cache
def _by_rule(name: str) -> tuple[Change, ...]:
    return tuple(c for one in closure(name) for c in changes_of(one))


@cache
def _predicted(name: str, listed: bool, case: int, zeroed: tuple[str, ...]) -> tuple:
    """Return (change, outputs) of every hypothesis that makes a difference in a case."""
    exercise = EXERCISES[name]
    inputs = settle(exercise, cases_of(name)[case].inputs, zeroed)
    right, found = right_outputs(name, case, zeroed), []
    for change in _listed(name) if listed else _by_rule(name):
        outputs = evaluate(exercise, inputs, {change.function: change.code})
        if outputs is not None and not all(agrees(outputs[k], right[k]) for k in right):
            found.append((change, outputs))
    return tuple(found)


def fits(
    name: str, got: Outputs, case: int, zeroed: tuple[str, ...], tolerance: float, listed: bool
) -> Iterator[Fit]:
    """Yield every hypothesis that explains at least one wrong output of a case."""
    right = right_outputs(name, case, zeroed)
    wrong = {k for k in got if not agrees(got[k], right[k], tolerance)}
    for change, outputs in _predicted(name, listed, case, zeroed):
        same = {k for k in got if agrees(got[k], outputs[k], tolerance)}
        explains = frozenset(same & wrong)
        if explains:
            yield Fit(change, explains, frozenset(set(got) - same))


def holds(change: Change, name: str, got: Outputs, case: int, zeroed, tolerance, keys) -> bool:
    """Whether a hypothesis gives the outputs `keys` in another case too."""
    exercise = EXERCISES[name]
    inputs = settle(exercise, cases_of(name)[case].inputs, zeroed)
    outputs = evaluate(exercise, inputs, {change.function: change.code})
    return outputs is not None and all(
        k in got and agrees(got[k], outputs[k], tolerance) for k in keys
    )
