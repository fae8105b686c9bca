"""Reading the sheets: cells, solutions, and what a student gets instead of them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

SHEETS = (
    "rnn", "lstm", "gru", "gru_time", "masks", "training", "checking", "beyond", "around",
)  # fmt: skip
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
_FOLDER = Path(__file__).parent / "sheets"


class Cell(NamedTuple):
    """A cell of a sheet: its kind and its text, Markdown without the leading ``#``."""

    markdown: bool
    text: str

    @property
    def functions(self) -> list[str]:
        """Return the names of the functions that this cell defines."""
        return [] if self.markdown else re.findall(r"^def (\w+)\(", self.text, re.MULTILINE)


@cache
def read_sheet(name: str) -> tuple[Cell, ...]:
    """Return the cells of a sheet, with the solutions.

    Parameters
    ----------
    name : str
        One of ``SHEETS``.

    Returns
    -------
    tuple of Cell

    Examples
    --------
    >>> from scratchrnn.exercises.sheets_text import read_sheet
    >>> [cell.functions for cell in read_sheet("rnn") if cell.functions][:2]
    [['rnn_step'], ['rnn_step_backward']]
    """
    text = (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
    cells = []
    for part in re.split(r"^# %%", text, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        markdown = "[markdown]" in head
        if markdown:
            body = re.sub(r"^# ?", "", body.strip(), flags=re.MULTILINE)
        cells.append(Cell(markdown, body.strip("\n")))
    return tuple(cells)


def without_solution(text: str) -> str:
    """Return the text of a cell with every solution replaced by an error that says so.

    Parameters
    ----------
    text : str

    Returns
    -------
    str

    Examples
    --------
    >>> from scratchrnn.exercises.sheets_text import without_solution
    >>> cell = "def one():\\n    ### BEGIN SOLUTION\\n    return 1\\n    ### END SOLUTION"
    >>> print(without_solution(cell))
    def one():
        # your code here
        raise NotImplementedError
    """
    pattern = rf"^( *){BEGIN}\n.*?^ *{END}$"
    instead = r"\1# your code here\n\1raise NotImplementedError"
    return re.sub(pattern, instead, text, flags=re.MULTILINE | re.DOTALL)
