"""The student's local variables beside those of the solution: where does it first go wrong?"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .calling import turn_gates
from .catalogue import EXERCISES, Exercise
from .draws import Case
from .hypotheses import agrees, settle
from .result import Row
from .running import call
from .solutions import build, closure, solutions

_ALSO = {  # other names for the same thing
    "next_h": "h", "prev_h": "h_prev", "next_c": "c", "prev_c": "c_prev", "dprev_h": "dh_prev",
    "dprev_c": "dc_prev", "dnext_h": "dh", "dnext_c": "dc", "dnext_c_total": "dc_total",
    "da_c": "da_g", "probs": "p",
}  # fmt: skip


def compare_intermediates(
    exercise: Exercise,
    case: Case,
    zeroed: tuple[str, ...],
    found: dict[str, np.ndarray],
    order: str,
) -> tuple[list[Row], str]:
    """Return rows for the intermediates that were recognised, and the first wrong one.

    Parameters
    ----------
    exercise : Exercise
    case : Case
    zeroed : tuple of str
    found : dict of str to ndarray
        The student's local variables.
    order : str
        The student's order of gates, if it is another one.

    Returns
    -------
    rows : list of Row
    first_wrong : str
        The name of the first intermediate, in the order of computation, that the student has
        under the solution's name and with another value; empty if there is none.
    """
    right = _right(exercise, case, zeroed)
    rows, first = [], ""
    for name, (array, tags) in right.items():
        theirs = _match(name, array, found, exercise.gates, order)
        if theirs is None:
            continue
        mine, got = theirs
        same = agrees(got, array)
        exact = np.array_equal(got, array)
        compared = "exact" if exact else "close" if same else "DIFFERENT"
        with np.errstate(all="ignore"):
            difference = float(np.max(np.abs(got - array), initial=0.0))
        shown = name if mine == name else f"{name} (your {mine})"
        tag = " ".join(f"({t})" for t in tags)
        rows.append(Row(shown, tag, str(got.shape), compared, difference, "intermediate"))
        if not same and not first:
            first = name
    return rows, first


def _right(exercise: Exercise, case: Case, zeroed) -> dict[str, tuple[np.ndarray, tuple]]:
    """Return the solution's own local variables that carry a tag, in the order of its lines."""
    inputs = settle(exercise, case.inputs, zeroed)
    given = dict(inputs)
    if exercise.forward:
        first = EXERCISES[exercise.forward]
        given["cache"] = build(first.name)(*(inputs[n] for n in first.inputs))[-1]
    values: dict[str, np.ndarray] = {}
    for name in closure(exercise.name):
        function = build(exercise.name)
        values |= _locals_of(function, name, {n: given[n] for n in exercise.inputs})
    skip = {*exercise.outputs, *exercise.inputs}
    found = {}
    for function in closure(exercise.name):
        solution = solutions()[function]
        for line, tags in sorted(solution.tags.items()):
            text = solution.text.splitlines()[line - 1]
            left = re.split(r" [+-]?= ", text)[0]
            for name in re.findall(r"\b[a-zA-Z_]\w*\b", left.split("[")[0]):
                if name in values and name not in skip and name not in found:
                    found[name] = (values[name], tags)
    return found


def _locals_of(function, name: str, arguments: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the local variables of the solution `name` when `function` is run."""
    target = function.__globals__[name]
    done = call(_Watched(function, target), arguments, watch=True)
    return done.intermediates


class _Watched:
    """A function whose calls of another one are watched."""

    def __init__(self, function, target):
        self.function, self.__wrapped__, self.__name__ = function, target, target.__name__

    def __call__(self, *arguments):
        return self.function(*arguments)


def _match(name, array, found, gates, order):
    """Return the student's variable that is, or should be, this intermediate."""
    for mine, value in found.items():
        if _ALSO.get(mine, mine) == name:
            value = _ordered(name, value, gates, order)
            if value.shape == array.shape:
                return mine, value
    for mine, value in found.items():
        if agrees(_ordered(name, value, gates, order), array):
            return mine, _ordered(name, value, gates, order)
    return None


def _ordered(name: str, value: np.ndarray, gates: str, order: str) -> np.ndarray:
    if order and name in {"a", "da"} and value.ndim:
        return turn_gates(value, order, gates)
    return value
