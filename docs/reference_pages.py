"""A Sphinx extension: one reference page for every public package, made from its docstrings.

The docstrings of modules hold equations set by hand; they are shown as they stand. Lists made by
machine that should not go stale (the exercises and their equations) are written here too.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGES = {
    "Recurrences": ("cells", "cells.rnn", "cells.lstm", "cells.gru", "cells.activations",
                    "kernels", "backend"),
    "Models": ("layers", "models", "losses", "optimizers", "metrics", "callbacks", "initializers",
               "regularizers", "activations", "estimators", "random", "utils"),
    "Checking, explaining, drawing": ("gradcheck", "explain", "plot"),
    "Video": ("video", "video.augment", "classify", "actions", "tracking", "recognition"),
    "Course": ("exercises",),
    "Other frameworks": ("interop",),
}  # fmt: skip
_HERE = Path(__file__).parent


def write_pages(app) -> None:
    """Write the reference pages and the table of exercises."""
    folder = _HERE / "reference"
    folder.mkdir(exist_ok=True)
    lines = ["# Reference", "", "What every public package offers, from its docstrings.", ""]
    for title, names in PACKAGES.items():
        there = [name for name in names if _exists(name)]
        lines += [f"## {title}", "", "```{toctree}", ":maxdepth: 1", ""]
        lines += [name.replace(".", "_") for name in there] + ["```", ""]
        for name in there:
            _write(folder / f"{name.replace('.', '_')}.rst", _page(name))
    _write(folder / "index.md", "\n".join(lines))
    _write(_HERE / "exercises_table.inc", _exercises())


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _exists(name: str) -> bool:
    try:
        importlib.import_module(f"scratchrnn.{name}")
    except ImportError:
        return False
    return True


def _page(name: str) -> str:
    """Return the page of one package: its docstring, then everything in ``__all__``."""
    full = f"scratchrnn.{name}"
    module = importlib.import_module(full)
    lines = [full, "=" * len(full), "", f".. automodule:: {full}", "   :no-members:", ""]
    for public in _public(module):
        value = getattr(module, public)
        kind = "class" if inspect.isclass(value) else "function" if callable(value) else "data"
        if kind == "data" and not (inspect.getdoc(value) or "").strip():
            continue
        lines += [f".. auto{kind}:: {full}.{public}", ""]
    return "\n".join(lines)


def _public(module) -> list[str]:
    names = getattr(module, "__all__", None) or [
        n for n, v in vars(module).items()
        if not n.startswith("_") and getattr(v, "__module__", "") == module.__name__
    ]  # fmt: skip
    return [n for n in names if not inspect.ismodule(getattr(module, n))]


def _exercises() -> str:
    """Return the table of exercises: sheet, function, what it returns, equations."""
    from scratchrnn.exercises.catalogue import EXERCISES
    from scratchrnn.exercises.sheets_text import SHEETS
    from scratchrnn.exercises.solutions import solutions

    lines = ["| sheet | function | equations |", "|---|---|---|"]
    for name, exercise in EXERCISES.items():
        tags = dict.fromkeys(t for ts in solutions()[name].tags.values() for t in ts)
        marks = " ".join(f"({tag})" for tag in tags) or "–"
        number = SHEETS.index(exercise.sheet) + 1
        lines.append(f"| {number}_{exercise.sheet} | `{name}` | {marks} |")
    return "\n".join(lines) + "\n"


def show_as_it_stands(app, what, name, obj, options, lines) -> None:
    """Set the docstring of a module as it is: its equations are aligned by hand."""
    if what != "module":
        lines[:] = list(_escaped(lines))
        return
    lines[:] = list(_module_text(lines))


def _module_text(lines: list[str]) -> Iterator[str]:
    """Yield paragraphs as paragraphs, and what is aligned by hand as it stands."""
    for block in "\n".join(lines).strip("\n").split("\n\n"):
        rows = block.split("\n")
        item = rows[0].startswith("- ")
        aligned = any(re.search(r"\S {3,}\S", row) for row in rows)
        indented = any(row.startswith(" ") for row in rows) and not item
        if aligned or indented:
            yield from ["::", "", *("   " + _plain(row) for row in rows), ""]
        else:
            yield from [*_escaped([_plain(row).replace("`", "``") for row in rows]), ""]


def _plain(line: str) -> str:
    """Return a line without references, and with single backquotes only."""
    return re.sub(r":[a-z]+:`~?([^`]*)`", r"`\1`", line).replace("``", "`")


def _escaped(lines: list[str]) -> Iterator[str]:
    """Escape the bars and stars of formulas, |x| and (*shape), outside of code."""
    code, literal = False, False
    for line in lines:
        bare = line.strip()
        code = bool(bare) and (code or bare.startswith(">>>"))
        literal = literal and (not bare or line.startswith(" "))
        if code or literal:
            yield line
        else:
            parts = re.split(r"(``.*?``|`.*?`)", line)
            parts[::2] = [re.sub(r"\||(?<=[(\s])\*(?=\w)", r"\\\g<0>", p) for p in parts[::2]]
            yield "".join(parts)
        literal = literal or bare.endswith("::")


def leave_out(app, what, name, obj, skip, options) -> bool | None:
    """Leave out what Python itself writes about the fields of a named tuple."""
    return True if (inspect.getdoc(obj) or "").startswith("Alias for field") else None


def setup(app) -> dict:
    """Tell Sphinx."""
    app.connect("builder-inited", write_pages)
    app.connect("autodoc-process-docstring", show_as_it_stands, priority=100)
    app.connect("autodoc-skip-member", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
