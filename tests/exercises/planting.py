"""Planting a mistake into a student's solution: one line of one function is exchanged."""

from __future__ import annotations

import linecache
import types
from functools import cache
from pathlib import Path

from scratchrnn.exercises.sheets_text import SHEETS

HERE = Path(__file__).parent
SHEET_FOLDER = HERE.parents[1] / "scratchrnn" / "exercises" / "sheets"


@cache
def text_of(style: str, function: str) -> str:
    """Return the source of a style: ``loops``, ``cs231n``, or the sheet that has `function`."""
    if style != "vectorised":
        return (HERE / f"{style}.py").read_text(encoding="utf-8")
    texts = [(SHEET_FOLDER / f"{name}.py").read_text(encoding="utf-8") for name in SHEETS]
    return next(text for text in texts if f"\ndef {function}(" in text)


def plant(style: str, function: str, before: str, after: str) -> types.ModuleType:
    """Return the student's module with `before` exchanged for `after` inside `function`."""
    text = text_of(style, function)
    start = text.index(f"def {function}(")
    start = text.find("### BEGIN", start) if style == "vectorised" else start
    end = text.find("\ndef ", start + 1)
    body = text[start : end if end > 0 else None]
    assert before in body, (style, function, before)
    return run(text[:start] + body.replace(before, after, 1) + text[start + len(body) :])


def run(text: str) -> types.ModuleType:
    """Return a module made of a student's text."""
    module = types.ModuleType("student")
    linecache.cache["student.py"] = (len(text), None, text.splitlines(keepends=True), "student.py")
    exec(compile(text, "student.py", "exec"), module.__dict__)
    return module
