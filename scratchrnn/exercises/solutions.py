"""The correct solutions as programs that can be run, and changed line by line.

All functions of all sheets live in one name space here. Every line has the tags of its equations,
so that a change of a line is a hypothesis about a student's mistake that names the equation.
"""

from __future__ import annotations

import ast
import builtins
import re
import types
from dataclasses import dataclass
from functools import cache

import numpy as np

from .sheets_text import SHEETS, read_sheet

_TAG = re.compile(r"\((\d+b?'?)\)")


@dataclass(frozen=True)
class Solution:
    """The solution of one exercise.

    Attributes
    ----------
    name, sheet, text : str
    tree : ast.Module
    tags : dict of int to tuple of str
        Line number, from 1, to the tags of its equations.
    calls : tuple of str
        The other solutions that it calls.
    """

    name: str
    sheet: str
    text: str
    tree: ast.Module
    tags: dict[int, tuple[str, ...]]
    calls: tuple[str, ...]

    def tags_of(self, output: str) -> tuple[str, ...]:
        """Return the tags of the last tagged line that gives `output` its value."""
        found: tuple[str, ...] = ()
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign | ast.AugAssign) and output in targets(node):
                found = self.tags.get(node.lineno, found)
        return found


def targets(node: ast.Assign | ast.AugAssign) -> list[str]:
    """Return the names that a statement assigns; ``dx`` for ``dx[:, t] = ...``."""
    given = node.targets if isinstance(node, ast.Assign) else [node.target]
    names = []
    for target in given:
        parts = target.elts if isinstance(target, ast.Tuple) else [target]
        for part in parts:
            while isinstance(part, ast.Subscript):
                part = part.value
            if isinstance(part, ast.Name):
                names.append(part.id)
    return names


@cache
def solutions() -> dict[str, Solution]:
    """Return every solution by its function's name."""
    texts = {}
    for sheet in SHEETS:
        for cell in read_sheet(sheet):
            for name in cell.functions:
                texts[name] = (sheet, cell.text)
    return {name: _parse(name, *found, set(texts)) for name, found in texts.items()}


def _parse(name: str, sheet: str, text: str, names: set[str]) -> Solution:
    text = re.sub(r'^    """.*?^    """\n', "", text, flags=re.MULTILINE | re.DOTALL)
    tree = ast.parse(text)
    tags = {}
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.partition("  # ")[2]
        if comment:
            tags[number] = tuple(_TAG.findall(comment))
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return Solution(name, sheet, text, tree, tags, tuple(sorted((called & names) - {name})))


@cache
def closure(name: str) -> tuple[str, ...]:
    """Return `name` and all solutions that it calls, itself first."""
    found, waiting = [], [name]
    while waiting:
        one = waiting.pop(0)
        if one not in found:
            found.append(one)
            waiting += solutions()[one].calls
    return tuple(found)


@cache
def code_of(name: str) -> types.CodeType:
    """Return the compiled function."""
    return code_in(compile(solutions()[name].tree, f"<solution {name}>", "exec"), name)


def code_in(module: types.CodeType, name: str) -> types.CodeType:
    """Return the code of the function `name` that a compiled module defines."""
    for constant in module.co_consts:
        if isinstance(constant, types.CodeType) and constant.co_name == name:
            return constant
    raise LookupError(name)


def build(name: str, changed: dict[str, types.CodeType] | None = None) -> types.FunctionType:
    """Return the solution as a function, with the code of some functions changed.

    Parameters
    ----------
    name : str
    changed : dict of str to code, optional

    Returns
    -------
    function

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.exercises.solutions import build
    >>> build("sigmoid")(np.zeros(2))
    array([0.5, 0.5])
    """
    space: dict = {"np": np, "__builtins__": builtins}
    changed = changed or {}
    for one in {*closure(name), *changed}:
        code = changed.get(one) or code_of(one)
        defaults = _DEFAULTS.get(one)
        space[one] = types.FunctionType(code, space, one, defaults)
    return space[name]


_DEFAULTS = {"numeric_gradient": (1e-5,), "gradients_agree": (1e-6, 1e-3)}


@cache
def _equations(sheet: str) -> dict[str, list[str]]:
    """Return every formula of a sheet by its tag."""
    found: dict[str, list[str]] = {}
    for cell in read_sheet(sheet):
        for line in cell.text.splitlines() if cell.markdown else []:
            tags = _TAG.findall(line)
            if not line.startswith("    ") or not tags:
                continue
            body = _TAG.split(line)[0]
            pieces = re.split(r",\s{2,}", body.strip().rstrip(","))
            found.setdefault(tags[0], []).extend(" ".join(p.split()) for p in pieces if p)
    return found


def formula(name: str, tag: str, target: str) -> str:
    """Return the formula with this tag that gives `target`, as the sheet writes it, or "".

    Parameters
    ----------
    name : str
        The exercise.
    tag, target : str

    Returns
    -------
    str

    Examples
    --------
    >>> from scratchrnn.exercises.solutions import formula
    >>> formula("lstm_step_backward", "5'", "dc_prev")
    'dc_prev = dc_total ⊙ f'
    """
    for piece in _equations(solutions()[name].sheet).get(tag, []):
        left = re.split(r"\s*(?:\+=|=|←)", piece)[0].split("[")[0].strip()
        if left == target:
            return piece
    return ""
