"""Small changes to a syntax tree: the mistakes that hands make when they write BPTT."""

from __future__ import annotations

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple


class Mutant(NamedTuple):
    """A changed source file and what was changed in it."""

    path: str  # relative to the checkout
    function: str  # qualified name of the innermost function or class
    statement: int  # line where the innermost statement around it begins
    line: int
    before: str  # the changed piece of source
    after: str
    render: Callable[[], str]  # gives the whole changed file
    nth: int = 1  # of those with the same words in the same function

    @property
    def key(self) -> str:
        """Name that outlives shifts of line numbers."""
        same = f" (#{self.nth})" if self.nth > 1 else ""
        return f"{self.path}::{self.function}: {self.before} -> {self.after}{same}"


ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMPARISON = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
NAME_SWAPS = {  # a name, and the one that a tired hand writes instead
    "i": "f",
    "f": "i",
    "g": "o",
    "o": "g",
    "z": "r",
    "r": "z",
    "h_prev": "h",
    "c_prev": "c",
    "dh": "dh_next",
    "dh_total": "dh_next",
    "dc_total": "dc_next",
    "dh_prev": "dh_total",
    "dc_prev": "dc_total",
    "a_i": "a_f",
    "a_f": "a_i",
    "a_g": "a_o",
    "a_z": "a_r",
    "a_r": "a_z",
    "da_i": "da_f",
    "da_f": "da_i",
    "da_z": "da_r",
    "da_r": "da_z",
    "da": "du",
    "du": "da",
    "Wx": "Wh",
    "m": "v",
    "beta_1": "beta_2",
}
QUIET = (ast.Raise, ast.Import, ast.ImportFrom, ast.AnnAssign)  # messages, not mathematics


def _replacements(node: ast.AST, names: set[str]) -> Iterator[ast.AST]:
    """Yield what may stand where `node` stands."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(node.op)]())
        if isinstance(node.op, ast.Add | ast.Sub | ast.Mult):
            yield node.left
            yield node.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield node.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISON:
        yield _with(node, ops=[COMPARISON[type(node.ops[0])](), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.And() if isinstance(node.op, ast.Or) else ast.Or())
    elif isinstance(node, ast.IfExp) and not _turns_over(node.test):
        yield _with(node, body=node.orelse, orelse=node.body)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        large = type(node.value) is float and abs(node.value) > 10  # + 1 would be a rounding
        yield _with(node, value=node.value * 1.5 if large else node.value + 1)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        if NAME_SWAPS.get(node.id) in names:
            yield _with(node, id=NAME_SWAPS[node.id])
    elif isinstance(node, ast.Subscript):
        yield from _other_index(node)
    elif isinstance(node, ast.Call):
        yield from _other_call(node)


def _other_index(node: ast.Subscript) -> Iterator[ast.AST]:
    """Yield the step before, the step after, and a reversed or whole axis."""
    if isinstance(node.slice, ast.Name) and node.slice.id in ("t", "k", "n"):
        for op in (ast.Sub(), ast.Add()):
            shifted = ast.BinOp(node.slice, op, ast.Constant(1))
            yield _with(node, slice=shifted)


def _other_call(node: ast.Call) -> Iterator[ast.AST]:
    """Yield the call without its last keyword, with two arguments swapped, and its argument."""
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name in ("where", "fold", "maximum", "minimum") and len(node.args) >= 3:
        yield _with(node, args=[node.args[0], node.args[2], node.args[1], *node.args[3:]])
    if name in ("reversed", "abs", "scale", "copy") and node.args:
        yield node.args[0]
    if name in ("sum", "mean", "cumsum", "any", "all") and node.keywords:
        yield _with(node, keywords=node.keywords[1:])


def _with(node: ast.AST, **changes) -> ast.AST:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _statements(node: ast.stmt) -> Iterator[ast.stmt | None]:
    """Yield what may stand where a statement stands; None deletes it."""
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([_with(node.target, ctx=ast.Store())], node.value)
        if type(node.op) in ARITHMETIC:
            yield _with(node, op=ARITHMETIC[type(node.op)]())
        yield None
    elif _has_an_effect(node):
        yield None
    elif isinstance(node, ast.If) and not _turns_over(node.test):
        yield _with(node, test=ast.UnaryOp(ast.Not(), node.test))


def _turns_over(test: ast.expr) -> bool:
    """Whether another mutant already is the opposite of this condition."""
    if isinstance(test, ast.UnaryOp):
        return isinstance(test.op, ast.Not)
    exact = (ast.Eq, ast.NotEq, ast.Is, ast.IsNot)
    return isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], exact)


def _has_an_effect(node: ast.stmt) -> bool:
    """Whether a statement writes into an array or is a bare call."""
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


class _Site(NamedTuple):
    owner: ast.AST
    field: str
    index: int | None
    node: ast.AST
    function: str
    names: set[str]
    statement: int


def _sites(tree: ast.Module) -> Iterator[_Site]:
    """Yield every place of the tree that may change, with the function around it."""

    def visit(node: ast.AST, function: str, names: set[str], statement: int) -> Iterator[_Site]:
        if isinstance(node, ast.stmt):
            statement = node.lineno
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
            names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            names |= {a.arg for a in ast.walk(node) if isinstance(a, ast.arg)}
        for field, value in ast.iter_fields(node):
            if field in ("decorator_list", "annotation", "returns", "args") and not isinstance(
                node, ast.Call
            ):
                continue
            children = value if isinstance(value, list) else [value]
            for index, child in enumerate(children):
                if not isinstance(child, ast.AST) or isinstance(child, QUIET):
                    continue
                place = index if isinstance(value, list) else None
                yield _Site(node, field, place, child, function, names, statement)
                yield from visit(child, function, names, statement)

    yield from visit(tree, "", set(), 0)


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Yield every mutant of a file.

    Parameters
    ----------
    path : str
        Relative to the checkout; copied into the mutants.
    source : str

    Yields
    ------
    Mutant
    """
    tree = ast.parse(source)
    seen, words = set(), Counter()
    for site in _sites(tree):
        if not site.function:
            continue
        is_statement = isinstance(site.node, ast.stmt)
        options = _statements(site.node) if is_statement else _replacements(site.node, site.names)
        for option in options:
            before = ast.unparse(site.node).split("\n")[0]
            after = "(deleted)" if option is None else _first_line(option)
            position = (site.node.lineno, site.node.col_offset, before, after)
            if before != after and position not in seen:
                seen.add(position)
                words[site.function, before, after] += 1
                yield Mutant(
                    path,
                    site.function,
                    site.node.lineno if is_statement else site.statement,
                    site.node.lineno,
                    before,
                    after,
                    partial(_render, tree, site, option),
                    words[site.function, before, after],
                )


def _first_line(node: ast.AST) -> str:
    return ast.unparse(ast.fix_missing_locations(node)).split("\n")[0]


def _render(tree: ast.Module, site: _Site, option: ast.AST | None) -> str:
    """Return the whole source with `option` where the site's node stands."""
    replacement = ast.Pass() if option is None else option
    body = getattr(site.owner, site.field)
    try:
        if site.index is None:
            setattr(site.owner, site.field, replacement)
        else:
            body[site.index] = replacement
        return ast.unparse(ast.fix_missing_locations(tree))
    finally:
        if site.index is None:
            setattr(site.owner, site.field, site.node)
        else:
            body[site.index] = site.node
