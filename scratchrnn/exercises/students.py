"""Running a student's file, statement by statement, so that one error does not hide the rest."""

from __future__ import annotations

import ast
import itertools
import json
import linecache
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from .catalogue import EXERCISES, signatures_of
from .running import code_of, describe

MODULE = "student"


class Part(NamedTuple):
    """A piece of a file: where it stands, and its text, empty lines before it for the numbering."""

    place: str
    text: str


def read_parts(path: str | Path) -> list[Part]:
    """Return the code of a script or of a notebook.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    list of Part

    Raises
    ------
    ValueError
        If the file is neither.
    """
    path = Path(path)
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    if path.suffix == ".ipynb":
        return list(_notebook_parts(path, text))
    if path.suffix != ".py":
        raise ValueError(f"{path}: expected a script (.py) or a notebook (.ipynb)")
    starts = [m.start() for m in re.finditer(r"^# %%", text, re.MULTILINE)]
    if not starts:
        return [Part("", text)]
    bounds = [0, *starts, len(text)]
    pieces = [(text[:a].count("\n"), text[a:b]) for a, b in itertools.pairwise(bounds)]
    return [Part("", "\n" * before + piece) for before, piece in pieces if piece.strip()]


def _notebook_parts(path: Path, text: str) -> Iterator[Part]:
    try:
        cells = json.loads(text)["cells"]
        code = [c["source"] for c in cells if c["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: is not a notebook of format 4: {error!r}") from error
    for number, source in enumerate(code, 1):
        source = "".join(source)
        if re.match(r"%%(?!time|capture)", source):
            continue  # a cell in another language
        lines = [re.sub(r"^(\s*)[%!?].*", r"\1pass", line) for line in source.splitlines()]
        yield Part(f"code cell {number}, ", "\n".join(lines))


def load(path: str | Path, tell: Callable[[str], None] = lambda _: None) -> tuple[dict, list[str]]:
    """Execute a student's file and return its names, and what went wrong.

    Parameters
    ----------
    path : str or path
    tell : callable
        Told what is about to be run.

    Returns
    -------
    names : dict of str to object
    problems : list of str
    """
    names: dict[str, Any] = {"__name__": MODULE, "__file__": str(path)}
    problems: list[str] = []
    for number, part in enumerate(read_parts(path)):
        filename = (
            f"<{Path(path).name}, {part.place or 'part '}{number}>" if part.place else str(path)
        )
        _keep_lines(filename, part, Path(path))
        try:
            tree = ast.parse(part.text, filename)
        except SyntaxError as error:
            problems.append(
                f"{part.place}line {error.lineno}: {error.msg}: {(error.text or '').strip()}"
            )
            continue
        for statement in tree.body:
            if not _marks(statement):
                tell(f"{part.place}line {statement.lineno}")
                _execute(statement, filename, part.place, names, problems)
    return names, problems


def _keep_lines(filename: str, part: Part, path: Path) -> None:
    """Let tracebacks show the lines of a notebook's cell."""
    if filename != str(path):
        lines = part.text.splitlines(keepends=True)
        linecache.cache[filename] = (len(part.text), None, lines, filename)


def _marks(statement: ast.stmt) -> bool:
    """Whether a statement calls the marker itself: it is about to be marked anyway."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and not isinstance(statement, ast.FunctionDef | ast.ClassDef):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in {"check", "check_file"}:
                return True
    return False


def _execute(statement: ast.stmt, filename: str, place: str, names: dict, problems: list) -> None:
    code = compile(ast.Module([statement], []), filename, "exec")
    try:
        exec(code, names)
    except NotImplementedError:
        return  # an exercise that is not begun was called
    # A student's file may fail in any way, even by leaving the program.
    except (Exception, SystemExit) as error:
        text = describe(error)
        at = "" if "(line " in text and not place else f"{place}line {statement.lineno}: "
        problems.append(f"{at}{text}")


def find_functions(names: dict[str, Any]) -> tuple[dict[str, Callable], list[str]]:
    """Return the functions of a file that are exercises, and the exercises that are missing.

    Parameters
    ----------
    names : dict of str to object
        As `load` returned them.

    Returns
    -------
    functions : dict of str to callable
    missing : list of str
        Exercises of the same sheets that the file does not have.
    """
    found = {
        name: value
        for name, value in names.items()
        if callable(value) and signatures_of(name) and _own(value)
    }
    plain = {name for name in found if name in EXERCISES}
    foreign = [name for name in found if name not in EXERCISES]
    sheets: dict[str, int] = {}
    for name in plain:
        sheet = EXERCISES[name].sheet
        sheets[sheet] = sheets.get(sheet, 0) + 1
    missing = [
        name
        for name, exercise in EXERCISES.items()
        if exercise.sheet in sheets and name not in found and not foreign
    ]
    return found, missing


def _own(value: Any) -> bool:
    """Whether a function was written in the student's file, not imported."""
    plain = getattr(value, "py_func", value)
    return getattr(plain, "__module__", "") == MODULE and code_of(value) is not None
