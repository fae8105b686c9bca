"""Every small change of a line of a correct solution: the mistakes that nobody listed.

A change is one slip of the pen, such as a factor that is missing, a sign, a name in place of
another, `=` for `+=`, a step too early. Each is made in the tree of a solution, compiled, undone.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from .edits import assigns, edits
from .solutions import Solution, code_in, solutions, targets


@dataclass(frozen=True)
class Change:
    """One changed line.

    Attributes
    ----------
    function, target : str
        Whose line, and what it gives a value to.
    tags : tuple of str
        The line's equations.
    words : str
        The change as a sentence about `target`.
    code : code
        The function, changed.
    listed : bool
        Whether somebody wrote it down, rather than a rule made it.
    """

    function: str
    target: str
    tags: tuple[str, ...]
    words: str
    code: types.CodeType
    listed: bool = False


@cache
def changes_of(name: str) -> tuple[Change, ...]:
    """Return every change of one solution that still compiles.

    Parameters
    ----------
    name : str

    Returns
    -------
    tuple of Change

    Examples
    --------
    >>> from scratchrnn.exercises.changes import changes_of
    >>> changes = [c for c in changes_of("lstm_step_backward") if c.target == "dc_prev"]
    >>> "missing the factor f" in [change.words for change in changes]
    True
    """
    solution, found = solutions()[name], []
    local = _local_names(solution)
    for statement, block in _statements(solution.tree.body[0]):
        for words, undo in edits(statement, block, local):
            ast.fix_missing_locations(solution.tree)
            module = compile(solution.tree, f"<{name}: {words}>", "exec")
            undo()
            target = target_of(statement, name)
            tags = solution.tags.get(statement.lineno, ()) or _tags_near(solution, statement)
            found.append(Change(name, target, tags, words, code_in(module, name)))
    return tuple(found)


def target_of(statement: ast.stmt, name: str) -> str:
    """Return what a changed statement gives a value to, in words for the diagnosis."""
    if not assigns(statement):
        return name
    called = getattr(getattr(statement.value, "func", None), "id", "")
    if (called in solutions() and len(targets(statement)) != 1) or targets(statement) == ["back"]:
        return f"the call of {called}"
    return targets(statement)[0]


def _tags_near(solution: Solution, statement: ast.stmt) -> tuple[str, ...]:
    """Return the tags of the first tagged line at or after a statement that has none."""
    for number in sorted(solution.tags):
        if number >= statement.lineno:
            return solution.tags[number]
    return ()


def _statements(function: ast.FunctionDef) -> Iterator[tuple[ast.stmt, list]]:
    waiting = [function.body]
    while waiting:
        block = waiting.pop(0)
        for statement in list(block):
            yield statement, block
            waiting += [b for b in (getattr(statement, "body", None),) if b]


def _local_names(solution: Solution) -> list[str]:
    """Return the names that hold numbers or arrays: arguments and everything assigned."""
    function = solution.tree.body[0]
    names = [argument.arg for argument in function.args.args]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return [n for n in dict.fromkeys(names) if n not in {"cache", "step", "steps", "name", "back"}]
