"""What may stand in place of an expression of a solution: slips of the pen, each with its words."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterator

from .solutions import targets


class _Place:
    """An expression in a tree, which can be replaced and put back."""

    def __init__(self, holder: ast.AST, name: str, index: int | None = None):
        self.holder, self.name, self.index = holder, name, index

    def get(self) -> ast.expr:
        value = getattr(self.holder, self.name)
        return value if self.index is None else value[self.index]

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.holder, self.name, node)
        else:
            getattr(self.holder, self.name)[self.index] = node


def assigns(statement: ast.stmt) -> bool:
    """Whether a statement gives a name a value."""
    return isinstance(statement, ast.Assign | ast.AugAssign)


Edit = tuple[str, Callable[[], None]]


def edits(statement: ast.stmt, block: list, local: list[str]) -> Iterator[Edit]:
    """Make each single slip in a statement of `block`, and yield its words and what undoes it."""
    yield from _whole(statement, block)
    if isinstance(statement, ast.For):
        places = _places(statement, ("iter",))
    elif isinstance(statement, ast.If | ast.Return):
        return
    else:
        places = _places(statement, ("value", "target", "targets"))
    for place in list(places):
        node = place.get()
        for words, new in _instead(node, local, statement):
            place.put(new)
            yield words, lambda place=place, node=node: place.put(node)


def _places(node: ast.AST, fields: tuple[str, ...] | None = None) -> Iterator[_Place]:
    for name, value in ast.iter_fields(node):
        if fields is not None and name not in fields:
            continue
        if isinstance(value, ast.expr):
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and name == "right":
                continue
            yield _Place(node, name)
            yield from _places(value)
        elif isinstance(value, list):
            for index, part in enumerate(value):
                if isinstance(part, ast.expr):
                    yield _Place(node, name, index)
                    yield from _places(part)
                elif isinstance(part, ast.keyword):
                    yield from _places(part)


_WRAPPED = {
    "twice what it should be": "2 * ({})",
    "half of what it should be": "0.5 * ({})",
    "the wrong sign": "-({})",
    "tanh is applied where none belongs": "np.tanh({})",
    "σ is applied where none belongs": "1 / (1 + np.exp(-({})))",
    "relu is applied where none belongs": "np.maximum({}, 0)",
    "squared where it should not be": "({}) ** 2",
}


def undo_value(statement: ast.Assign, value: ast.expr) -> Callable[[], None]:
    """Return what puts a statement's value back."""
    return lambda: setattr(statement, "value", value)


def _whole(statement: ast.stmt, block: list) -> Iterator[Edit]:
    """Yield changes of a whole statement: left out, or ``=`` for ``+=``."""
    index = block.index(statement)

    def undo() -> None:
        block[index] = statement

    if isinstance(statement, ast.AugAssign):
        names = " ".join(targets(statement))
        block[index] = ast.copy_location(
            ast.Assign(targets=[statement.target], value=statement.value), statement
        )
        yield "overwritten at every step instead of accumulated (= in place of +=)", undo
        block[index] = ast.copy_location(
            ast.AugAssign(target=statement.target, op=ast.Sub(), value=statement.value), statement
        )
        yield f"{names} is accumulated with the wrong sign", undo
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        value = statement.value
        for words, pattern in _WRAPPED.items():
            statement.value = _call(pattern, value)
            yield words, undo_value(statement, value)
            statement.value = value
    if assigns(statement):
        block[index] = ast.copy_location(ast.Pass(), statement)
        yield "never brought up to date: this line is missing", undo


def _text(node: ast.AST) -> str:
    """Return an expression as the sheets write it."""
    text = ast.unparse(node).replace("np.", "").replace("**2", "²").replace(" ** 2", "²")
    text = text.replace(" * ", " ⊙ ").replace(".T", "ᵀ").replace(" @ ", " ")
    return text.replace("sigmoid(", "σ(").replace(".sum(axis=0)", " summed over the batch")


def _instead(node: ast.expr, local: list[str], statement: ast.stmt) -> Iterator[tuple]:
    """Yield (words, expression) for everything that might stand in place of `node`."""
    if isinstance(node, ast.BinOp):
        yield from _operations(node)
    elif isinstance(node, ast.Name):
        yield from _names(node, local, statement)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield f"{_text(node.value)} is not transposed", node.value
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"wrong sign of {_text(node.operand)}", node.operand
    elif isinstance(node, ast.List | ast.Tuple) and 2 <= len(node.elts) <= 4:
        yield from _orders(node)
    elif isinstance(node, ast.Compare):
        yield from _comparisons(node)
    elif isinstance(node, ast.Constant) and type(node.value) is int and node.value in (0, 1, 2):
        for value in (0, 1, 2):
            if value != node.value:
                yield f"{value} in place of {node.value}", ast.Constant(value)


def _binary(left: ast.expr, op: ast.operator, right: ast.expr) -> ast.BinOp:
    return ast.BinOp(left=left, op=op, right=right)


def _operations(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    left, right, op = node.left, node.right, node.op
    a, b = _text(left), _text(right)
    if isinstance(op, ast.Mult):
        yield f"missing the factor {b if b.isidentifier() else f'({b})'}", left
        yield f"missing the factor {a if a.isidentifier() else f'({a})'}", right
    elif isinstance(op, ast.Add):
        yield f"missing the term {b}", left
        yield f"missing the term {a}", right
        yield f"wrong sign of the term {b}", _binary(left, ast.Sub(), right)
        yield f"wrong sign of the term {a}", _binary(right, ast.Sub(), left)
        twice, half = ast.Constant(2), ast.Constant(0.5)
        yield f"the term {b} is doubled", _binary(left, op, _binary(twice, ast.Mult(), right))
        yield f"the term {a} is doubled", _binary(_binary(twice, ast.Mult(), left), op, right)
        yield f"the term {b} is halved", _binary(left, op, _binary(half, ast.Mult(), right))
        yield f"{a} ⊙ {b} in place of the sum {a} + {b}", _binary(left, ast.Mult(), right)
    elif isinstance(op, ast.Sub):
        yield f"{b} in place of {a} - {b}", right
        if not isinstance(left, ast.Constant):
            yield f"missing the term -{b}", left
        yield f"wrong sign: {a} + {b} in place of {a} - {b}", _binary(left, ast.Add(), right)
        yield f"wrong sign: {b} - {a} in place of {a} - {b}", _binary(right, ast.Sub(), left)
    elif isinstance(op, ast.Div):
        yield f"not divided by {b}", left
        yield f"multiplied by {b} instead of divided", _binary(left, ast.Mult(), right)
    elif isinstance(op, ast.Pow):
        yield f"missing the power: {a} in place of {_text(node)}", left
    elif isinstance(op, ast.MatMult):
        yield from _products(node)


def _products(node: ast.BinOp) -> Iterator[tuple[str, ast.expr]]:
    """Yield matrix products of other parts: transposed, or with terms of the sum missing."""
    left, right = node.left, node.right
    a, b = _text(left), _text(right)
    turn = ast.Attribute(value=right, attr="T", ctx=ast.Load())
    yield f"{b} is transposed", _binary(left, ast.MatMult(), turn)
    swapped = _binary(right, ast.MatMult(), left)
    yield f"{b} {a} in place of {a} {b}", swapped
    parts = {
        "only the last term of the sum is left: overwritten instead of accumulated": "-1:",
        "only the first term of the sum is there": ":1",
        "the first term of the sum is missing": "1:",
        "the last term of the sum is missing": ":-1",
    }
    batch = isinstance(left, ast.Attribute) and left.attr == "T"
    over = " over the batch" if batch else ""
    for words, part in parts.items():
        one = ast.parse(f"({ast.unparse(left)})[:, {part}]", mode="eval").body
        two = ast.parse(f"({ast.unparse(right)})[{part}]", mode="eval").body
        yield f"{a} {b}: {words.replace('sum', 'sum' + over)}", _binary(one, ast.MatMult(), two)
    if batch:
        mean = ast.parse(f"len({ast.unparse(left.value)})", mode="eval").body
        yield "averaged over the batch instead of summed", _binary(node, ast.Div(), mean)


def _names(node: ast.Name, local: list[str], statement: ast.stmt) -> Iterator[tuple]:
    if isinstance(node.ctx, ast.Store) or node.id not in local:
        return
    a = node.id
    for other in local:
        if other != a:
            yield f"{other} in place of {a}", ast.Name(id=other, ctx=ast.Load())
    if (len(a) == 1 and a in "tk") or a in {"start", "stop", "N", "T", "D", "H", "M", "V"}:
        yield f"step {a} - 1 in place of {a}", ast.parse(f"({a} - 1)", mode="eval").body
        yield f"step {a} + 1 in place of {a}", ast.parse(f"({a} + 1)", mode="eval").body
        return
    yield f"tanh of {a} is taken once more", ast.parse(f"np.tanh({a})", mode="eval").body
    wrong = f"(1 / (1 + np.exp(-{a})))"
    yield f"σ of {a} is taken once more", ast.parse(wrong, mode="eval").body
    yield f"1 - {a} in place of {a}", ast.parse(f"(1 - {a})", mode="eval").body
    yield f"{a} is squared", ast.parse(f"({a} ** 2)", mode="eval").body
    yield f"{a} is ignored (taken as 0)", ast.parse(f"(0 * {a})", mode="eval").body
    yield f"{a} is transposed", ast.parse(f"{a}.T", mode="eval").body
    yield f"{a} is turned back to front in time", ast.parse(f"{a}[:, ::-1]", mode="eval").body
    if isinstance(statement, ast.Assign):
        yield f"wrong sign of {a}", ast.parse(f"(-{a})", mode="eval").body


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    name, arguments = ast.unparse(node.func), node.args
    if name in {"np.tanh", "sigmoid", "np.sqrt", "np.exp", "np.log", "np.abs", "reversed"}:
        short = {"sigmoid": "σ"}.get(name, name.removeprefix("np."))
        text = _text(arguments[0])
        yield f"{short} is missing: {text} itself", arguments[0]
        if name in {"np.tanh", "sigmoid"}:
            other = "sigmoid" if name == "np.tanh" else "np.tanh"
            if other == "np.tanh":
                yield f"tanh in place of σ on {text}", _call("np.tanh({})", arguments[0])
            else:
                yield f"σ in place of tanh on {text}", _call("1/(1+np.exp(-({})))", arguments[0])
            relu = _call("np.maximum({}, 0)", arguments[0])
            yield f"relu in place of {short} on {text}", relu
            negative = _call(f"{name}(-({{}}))", arguments[0])
            yield f"wrong sign inside {short}", negative
    elif name.endswith(".sum") and "axis=0" in ast.unparse(node):
        inner = ast.unparse(node.func.value)
        for words, text in (
            ("not summed over the batch: only its last row (overwritten)", f"{inner}[-1]"),
            ("not summed over the batch: only its first row", f"{inner}[0]"),
            ("averaged over the batch instead of summed", f"{inner}.mean(axis=0)"),
        ):
            yield words, ast.parse(text, mode="eval").body
    elif name in {"np.where", "min", "max"} and len(arguments) >= 2:
        condition, *choice = arguments if name == "np.where" else (None, *arguments)
        for one, other in itertools.permutations(choice):
            yield f"always {_text(one)}, whatever {_text(condition) if condition else name}", one
            if condition is not None:
                swapped = ast.Call(func=node.func, args=[condition, other, one], keywords=[])
                if (one, other) == tuple(choice):
                    yield f"{_text(one)} and {_text(other)} are exchanged", swapped
    elif name == "range":
        yield from _ranges(node)


def _call(pattern: str, argument: ast.expr) -> ast.expr:
    return ast.parse(pattern.format(ast.unparse(argument)), mode="eval").body


def _ranges(node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    text = [ast.unparse(argument) for argument in node.args]
    start, stop = ("0", text[0]) if len(text) == 1 else text[:2]
    step = f", {text[2]}" if len(text) == 3 else ""
    for words, call in (
        ("the first step is left out", f"range({start} + 1, {stop}{step})"),
        ("the last step is left out", f"range({start}, {stop} - 1{step})"),
        ("the steps are taken back to front", f"reversed(range({start}, {stop}{step}))"),
    ):
        yield words, ast.parse(call, mode="eval").body


def _orders(node: ast.List | ast.Tuple) -> Iterator[tuple[str, ast.expr]]:
    """Yield other orders of the gates that are split or put together."""
    texts = [ast.unparse(part) for part in node.elts]
    if not all("_" in text for text in texts):
        return
    gates = " ".join(text.replace(".T", "").split("_")[-1] for text in texts)
    if len(set(gates.split())) < len(texts):  # h_prev, c_prev: no gates
        return
    for order in itertools.permutations(node.elts):
        names = [ast.unparse(part).replace(".T", "").split("_")[-1] for part in order]
        if list(order) != node.elts:
            new = type(node)(elts=list(order), ctx=node.ctx)
            yield f"the gates stand in the order {' '.join(names)} instead of {gates}", new


def _comparisons(node: ast.Compare) -> Iterator[tuple[str, ast.expr]]:
    for op in (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq):
        if not isinstance(node.ops[0], op):
            new = ast.Compare(left=node.left, ops=[op()], comparators=node.comparators)
            yield f"{_text(new)} in place of {_text(node)}", new
