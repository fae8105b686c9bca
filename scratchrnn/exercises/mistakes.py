"""The mistakes that public recurrent code has really had, as changes of the solutions.

A row is (number, function, text of the solution, what stands there instead, the mistake in words).
Numbers count the mistakes that people report again and again; 0 is for other ones. The equation is
that of the line; what no row says, `scratchrnn.exercises.changes` finds by rule.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

from . import listed_other, listed_recurrent
from .changes import Change, target_of
from .solutions import code_in, solutions


class Mistake(NamedTuple):
    """One row."""

    number: int
    function: str
    before: str
    after: str
    words: str


@cache
def mistakes() -> tuple[Mistake, ...]:
    """Return every row.

    Examples
    --------
    >>> from scratchrnn.exercises.mistakes import mistakes
    >>> [m.words for m in mistakes() if m.before == "dc_prev = dc_total * f"][0]
    'missing the factor f'
    """
    recurrent, other = listed_recurrent, listed_other
    groups = (
        recurrent.through_time, recurrent.derivatives, recurrent.parameters, recurrent.gates,
        other.masks, other.training, other.windows,
    )  # fmt: skip
    return tuple(Mistake(*row) for group in groups for row in group())


@cache
def listed_changes(name: str) -> tuple[Change, ...]:
    """Return the listed mistakes of one solution as changes of its code.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of Change

    Raises
    ------
    LookupError
        If a row's text does not stand in the solution.
    """
    solution = solutions()[name]
    found = []
    for row in mistakes():
        if row.function != name:
            continue
        if row.before not in solution.text:
            raise LookupError(f"{name}: {row.before!r} does not stand in the solution")
        at = solution.text.index(row.before)
        text = solution.text[:at] + row.after + solution.text[at + len(row.before) :]
        line = solution.text[: at + len(row.before.split("\n")[0]) - 1].count("\n") + 1
        module = compile(text, f"<{name}: {row.words}>", "exec")
        target, tags = _line(name, line)
        found.append(Change(name, target, tags, row.words, code_in(module, name), True))
    return tuple(found)


def _line(name: str, line: int) -> tuple[str, tuple[str, ...]]:
    """Return what the statement on a line gives a value to, and the line's tags."""
    solution = solutions()[name]
    tags = solution.tags.get(line, ())
    for number in sorted(solution.tags):
        if not tags and number >= line:
            tags = solution.tags[number]
    for node in ast.walk(solution.tree):
        if isinstance(node, ast.Assign | ast.AugAssign) and node.lineno == line:
            return target_of(node, name), tags
    return name, tags
