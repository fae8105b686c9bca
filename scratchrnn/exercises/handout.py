"""Writing the sheets: for students, for nbgrader, for otter-grader."""

from __future__ import annotations

import json
from pathlib import Path

from ..files import replacing
from .sheets_text import BEGIN, END, SHEETS, Cell, read_sheet, without_solution

PURPOSES = ("student", "solution", "nbgrader", "otter")
_IMPORT = "from scratchrnn import exercises"


def write_sheets(
    folder: str | Path,
    purpose: str = "student",
    form: str = "ipynb",
    sheets: tuple[str, ...] = SHEETS,
    overwrite: bool = False,
) -> list[Path]:
    """Write sheets of exercises, one file each.

    Parameters
    ----------
    folder : str or path
        Made if it is not there.
    purpose : {"student", "solution", "nbgrader", "otter"}
        Without the solutions, with them, or as the source that nbgrader or otter-grader releases.
    form : {"ipynb", "py"}
    sheets : tuple of str
    overwrite : bool
        Whether files that are there may be replaced: a student's work may be in them.

    Returns
    -------
    list of path

    Raises
    ------
    ValueError
        If an option is not known, or a file is there already.

    Examples
    --------
    >>> import tempfile
    >>> from scratchrnn.exercises.handout import write_sheets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_sheets(folder, form="py", sheets=("rnn",))]
    ['1_rnn.py']
    """
    _check_options(purpose, form, sheets)
    folder = Path(folder)
    paths = {name: folder / f"{SHEETS.index(name) + 1}_{name}.{form}" for name in sheets}
    there = [str(path) for path in paths.values() if path.exists()]
    if there and not overwrite:
        raise ValueError(f"{there[0]}: is there already; it may hold somebody's work (--overwrite)")
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in paths.items():
        text = (
            script(name, purpose) if form == "py" else json.dumps(notebook(name, purpose), indent=1)
        )
        with replacing(path) as file:
            file.write((text + "\n").encode())
    return list(paths.values())


def _check_options(purpose: str, form: str, sheets: tuple[str, ...]) -> None:
    if purpose not in PURPOSES:
        raise ValueError(f"exercises: purpose: expected one of {PURPOSES}, got {purpose!r}")
    if form not in {"ipynb", "py"}:
        raise ValueError(f"exercises: form: expected ipynb or py, got {form!r}")
    if form == "py" and purpose in {"nbgrader", "otter"}:
        raise ValueError(f"exercises: form: {purpose} works on notebooks: expected ipynb, got py")
    unknown = [name for name in sheets if name not in SHEETS]
    if unknown:
        raise ValueError(f"exercises: sheet: expected one of {SHEETS}, got {unknown[0]!r}")


def _shown(cell: Cell, purpose: str) -> str:
    return without_solution(cell.text) if purpose == "student" else cell.text


def script(name: str, purpose: str = "student") -> str:
    """Return a sheet as a `py:percent` script."""
    parts = []
    for cell in read_sheet(name):
        if cell.markdown:
            lines = [f"# {line}".rstrip() for line in cell.text.splitlines()]
            parts.append("\n".join(["# %% [markdown]", *lines]))
        else:
            parts.append("# %%\n" + _shown(cell, purpose).strip("\n"))
    parts.append("# %% [markdown]\n# Mark this file: `scratchrnn check` and its name.")
    return "\n\n".join(parts)


def notebook(name: str, purpose: str = "student") -> dict:
    """Return a sheet as a notebook (nbformat 4.5)."""
    cells: list[dict] = []
    if purpose == "otter":
        cells.append(_raw("# ASSIGNMENT CONFIG\nrequirements: null\nrun_tests: false"))
    first = True
    for cell in read_sheet(name):
        text = _shown(cell, purpose)
        if cell.markdown:
            cells.append(_cell("markdown", text))
        elif not cell.functions:
            cells.append(_cell("code", f"{text}\n\n{_IMPORT}" if first else text))
            first = False
        else:
            cells += _question(cell.functions[0], text, purpose)
    for number, cell in enumerate(cells):
        cell["id"] = f"{name}-{number}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _question(name: str, text: str, purpose: str) -> list[dict]:
    """Return the cells of one exercise: what is to be filled in, and what marks it."""
    answer = _cell("code", text)
    if purpose == "nbgrader":
        answer["metadata"] = _nbgrader(name, solution=True)
        marks = _cell(
            "code", f"marking = exercises.check({name})\nprint(marking)\nassert marking.ok"
        )
        marks["metadata"] = _nbgrader(f"check_{name}", solution=False)
        return [answer, marks]
    if purpose == "otter":
        answer["source"] = text.replace(BEGIN, "# BEGIN SOLUTION").replace(END, "# END SOLUTION")
        marks = _cell("code", f"exercises.check({name}).ok")
        marks["outputs"] = [
            {"output_type": "execute_result", "execution_count": 1, "metadata": {},
             "data": {"text/plain": "True"}}
        ]  # fmt: skip
        fence = {key: _raw(f"# {key}") for key in _FENCES}
        return [
            _raw(f"# BEGIN QUESTION\nname: {name}\npoints: 1"),
            fence["BEGIN SOLUTION"], answer, fence["END SOLUTION"],
            fence["BEGIN TESTS"], marks, fence["END TESTS"], fence["END QUESTION"],
        ]  # fmt: skip
    return [answer, _cell("code", f"exercises.check({name})")]


_FENCES = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN TESTS", "END TESTS", "END QUESTION")


def _nbgrader(identity: str, solution: bool) -> dict:
    return {
        "nbgrader": {
            "grade": not solution,
            "grade_id": identity,
            "locked": not solution,
            "schema_version": 3,
            "solution": solution,
            "task": False,
            **({} if solution else {"points": 1}),
        }
    }


def _cell(kind: str, text: str) -> dict:
    cell: dict = {"cell_type": kind, "metadata": {}, "source": text}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def _raw(text: str) -> dict:
    return {"cell_type": "raw", "metadata": {}, "source": text}
