"""Where wrong numbers come from, when nobody can say why they are wrong.

Every line of a solution feeds some outputs. What feeds a wrong one and no right one is suspect.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache

import numpy as np

from ..gradcheck.arrays import place_of_fault
from .catalogue import Exercise
from .draws import cases_of
from .hypotheses import Outputs, agrees
from .solutions import closure, solutions, targets


def equation(tags: Iterable[str]) -> str:
    """Return tags as text: ``equation (5')`` or ``equations (6') and (2')``.

    Examples
    --------
    >>> from scratchrnn.exercises.diagnosis import equation
    >>> equation(["6'", "2'"])
    "equations (6') and (2')"
    """
    marks = [f"({tag})" for tag in tags]
    if not marks:
        return ""
    return f"equation {marks[0]}" if len(marks) == 1 else f"equations {' and '.join(marks)}"


def tags_of(exercise: Exercise, name: str) -> tuple[str, ...]:
    """Return the tags of an output or intermediate, in the exercise's solution or below it."""
    for function in closure(exercise.name):
        tags = solutions()[function].tags_of(name)
        if tags:
            return tags
    return ()


def roles_of(exercise: Exercise) -> dict[str, dict[int, str]]:
    """Return which axes of an exercise's arrays are the batch and time."""
    words = {"N": "batch", "T": "time"}
    roles = {}
    for name, shape in {**exercise.inputs, **exercise.outputs}.items():
        roles[name] = {i: words[w] for i, w in enumerate(shape.split()) if w in words}
    return roles


def widths_of(exercise: Exercise, case: int) -> dict[str, np.ndarray]:
    """Return one array whose length is the width of a gate, where there are gates."""
    H = cases_of(exercise.name)[case].dims["H"]
    return {"a gate": np.zeros((1, H))} if exercise.gates else {}


def with_gates(exercise: Exercise, text: str) -> str:
    """Return a text with the gates' letters in the place of their numbers."""
    gates = exercise.gates

    def letter(match: re.Match) -> str:
        number = int(match[1])
        return f"gate {gates[number]}" if number < len(gates) else match[0]

    return re.sub(r"gate (\d)", letter, text) if gates else text


@cache
def _feeds(function: str) -> dict[str, frozenset[tuple[int, tuple[str, ...]]]]:
    """Return, for every name of a solution, the tagged lines that it depends on."""
    solution = solutions()[function]
    lines: dict[str, set] = {}
    assignments = [
        node for node in ast.walk(solution.tree) if isinstance(node, ast.Assign | ast.AugAssign)
    ]
    for _ in range(3):  # names that depend on each other through a loop
        for node in sorted(assignments, key=lambda node: node.lineno):
            used = {n.id for n in ast.walk(node.value) if isinstance(n, ast.Name)}
            found = {(node.lineno, solution.tags.get(node.lineno, ()))}
            for name in used:
                found |= lines.get(name, set())
            for target in targets(node):
                again = isinstance(node, ast.AugAssign) or len(targets(node)) > 1
                earlier = lines.get(target, set()) if again or target in used else set()
                lines[target] = earlier | found
    return {name: frozenset(found) for name, found in lines.items()}


def suspects(exercise: Exercise, wrong: Iterable[str], right: Iterable[str]) -> list[str]:
    """Return the tags of the lines that feed a wrong output and no right one.

    Parameters
    ----------
    exercise : Exercise
    wrong, right : iterable of str
        Names of outputs.

    Returns
    -------
    list of str
        In the order of the computation.

    Examples
    --------
    >>> from scratchrnn.exercises.catalogue import EXERCISES
    >>> from scratchrnn.exercises.places import suspects
    >>> suspects(EXERCISES["lstm_step"], ["h"], ["c"])
    ['6', '7']
    """
    feeds = _feeds(exercise.name)
    lines = set().union(*(feeds.get(name, set()) for name in wrong))
    lines -= set().union(*(feeds.get(name, set()) for name in right))
    return list(dict.fromkeys(tag for _, tags in sorted(lines) for tag in tags))


def describe_place(
    exercise: Exercise,
    case: int,
    got: Outputs,
    right: Outputs,
    names: list[str],
    labels: dict[str, str],
    first_wrong: str,
) -> str:
    """Say where the outputs `names` go wrong, where no cause is known.

    Parameters
    ----------
    exercise : Exercise
    case : int
    got, right : dict of str to ndarray
    names : list of str
        The unexplained outputs, in the order of the computation.
    labels : dict of str to str
    first_wrong : str
        The first of the student's local variables that differs, or "".

    Returns
    -------
    str
    """
    text = f"{', '.join(labels[k] for k in names)}: wrong, in no way that the marker knows"
    fine = [k for k in got if got[k].shape == right[k].shape and agrees(got[k], right[k], 1e-6)]
    theirs = tags_of(exercise, first_wrong) if first_wrong else ()
    gates = _wrong_gates(exercise, case, got, right, names)
    behind = _behind_gates(exercise, gates, [k for k in names if k in _CELL], fine) if gates else []
    if gates and not set(theirs) & set(behind):
        which = ", ".join(gates)
        return f"{text}; the gradients of gate {which} are wrong: look at {equation(behind)}"
    if first_wrong:
        return f"{text}; your {first_wrong} is the first quantity that differs, {equation(theirs)}"
    first = names[0]
    place = place_of_fault(first, got[first], right, roles_of(exercise), widths_of(exercise, case))
    plain = bool(place[0]) and (bool(exercise.gates) or "gates" not in place[0])
    text += f"; {with_gates(exercise, place[0])}" if plain and len(names) == 1 else ""
    text += _step_of_fault(exercise, first, got[first], right[first])
    text += f"; the first wrong result is {labels[first]}"
    tags = suspects(exercise, [first], fine) or list(tags_of(exercise, first))
    text += f", look at {equation(tags[-4:])}" if tags else ""
    return text + (f" ({', '.join(labels[k] for k in fine)} right)" if fine else "")


def _step_of_fault(exercise: Exercise, name: str, got: np.ndarray, right: np.ndarray) -> str:
    """Say so if the step that comes first in the computation is right and later ones are not."""
    letters = exercise.outputs[name].split()
    if "T" not in letters or got.shape[letters.index("T")] < 2:
        return ""
    axis = letters.index("T")
    got, right = np.moveaxis(got, axis, 0), np.moveaxis(right, axis, 0)
    back = name.startswith("d")
    order = range(len(got))[::-1] if back else range(len(got))
    fine = [agrees(got[t], right[t], 1e-6) for t in order]
    if not fine[0] or all(fine):
        return ""
    words = "hands back to the one before (dh_prev)" if back else "hands on to the next (h_prev)"
    return f"; the {'last' if back else 'first'} step is right: look at what a step {words}"


_CELL = ("dc_prev", "dc0")  # what comes back beside the gates


def _behind_gates(exercise: Exercise, gates: list[str], cell: list[str], fine: list[str]):
    """Return the tags of the lines that may have spoilt these gates and left the others."""
    for function in closure(exercise.name):
        feeds = _feeds(function)
        if all(f"da_{g}" in feeds for g in exercise.gates):
            break
    wrong = [f"da_{g}" for g in gates] + [k for k in cell if k in feeds]
    right = [f"da_{g}" for g in exercise.gates if g not in gates] + [k for k in fine if k in _CELL]
    free = set().union(*(feeds.get(k, set()) for k in right))
    shared = set.intersection(*(set(feeds[k]) for k in wrong)) - free
    lines = shared or {max(feeds[k] - free, default=(0, ())) for k in wrong}
    return list(dict.fromkeys(tag for _, tags in sorted(lines) for tag in tags))


def _wrong_gates(exercise: Exercise, case: int, got, right, names: list[str]) -> list[str]:
    """Return the letters of the gates that alone are wrong in every gated output."""
    letters, sets = exercise.gates, set()
    for name in names:
        if name in {"db", "dWx", "dWh"} and letters:
            _, bad, count = place_of_fault(
                name, got[name], right, roles_of(exercise), widths_of(exercise, case)
            )
            if count == len(letters):
                sets.add(frozenset(bad))
    return [letters[i] for i in sorted(sets.pop())] if len(sets) == 1 else []
