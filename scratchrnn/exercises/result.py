"""What the marker found: a table of every array, a diagnosis in words, as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

_HEADINGS = ("array", "equation", "shape", "compared", "max difference")
_KINDS = {"output": "returned", "intermediate": "on the way"}


@dataclass
class Row:
    """One array in the table.

    Attributes
    ----------
    name : str
    equation : str
        Its tag, as ``"(5')"``.
    shape : str
    compared : str
        ``"exact"``, ``"close"``, ``"DIFFERENT"``, ``"WRONG SHAPE"``, ``"NOT FINITE"``, ...
    difference : float or None
        The largest difference from the right array.
    kind : str
        ``"output"``, or ``"intermediate"`` for a local variable.
    """

    name: str
    equation: str
    shape: str
    compared: str
    difference: float | None = None
    kind: str = "output"

    @property
    def ok(self) -> bool:
        """Whether the array is right."""
        return self.compared in {"exact", "close", "close (float32)"}

    def cells(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        size = "-" if self.difference is None else f"{self.difference:.1e}"
        return (self.name, self.equation, self.shape, self.compared, size)


@dataclass
class Marking:
    """What the marker says about one function.

    Attributes
    ----------
    name : str
        The exercise.
    rows : list of Row
        Every returned array, then every intermediate that was recognised.
    diagnoses : list of str
        What is wrong, the first cause first: "dc_prev: missing the factor f, equation (5')".
    notes : list of str
        What the student should know although it is not wrong.
    begun : bool
        False while the function is missing, or raises ``NotImplementedError``.

    Examples
    --------
    >>> from scratchrnn import exercises
    >>> from scratchrnn.exercises.sheets.lstm import sigmoid
    >>> exercises.check(sigmoid).ok
    True
    """

    name: str
    rows: list[Row] = field(default_factory=list)
    diagnoses: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    begun: bool = True

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        outputs = [row for row in self.rows if row.kind == "output"]
        return self.begun and not self.diagnoses and all(row.ok for row in outputs)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def diagnosis(self) -> str:
        """Everything that is wrong, one cause a line."""
        return "\n".join(self.diagnoses)

    @property
    def verdict(self) -> str:
        """``right``, ``WRONG`` or ``not begun``."""
        return "not begun" if not self.begun else "right" if self.ok else "WRONG"

    def to_dict(self) -> dict:
        """Return everything as plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Marking:
        """Return the marking that `to_dict` described."""
        rows = [Row(**row) for row in values["rows"]]
        return cls(**{**values, "rows": rows})

    def _groups(self) -> Iterator[tuple[str, list[Row]]]:
        for kind, words in _KINDS.items():
            rows = [row for row in self.rows if row.kind == kind]
            if rows:
                yield words, rows

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.verdict}"]
        lines += [f"  {text}" for text in self.diagnoses]
        table = [_HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(len(cells[i]) for cells in table) for i in range(len(_HEADINGS))]
        for words, rows in self._groups():
            head = ((words, *_HEADINGS[1:]), *(row.cells() for row in rows))
            widths[0] = max(widths[0], len(words))
            for cells in head:
                padded = [c.ljust(w) for c, w in zip(cells[:-1], widths, strict=False)]
                lines.append("  " + "  ".join([*padded, cells[-1].rjust(widths[-1])]))
        lines += [f"  note: {text}" for text in self.notes]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        colour = {"right": "#d5ecdf", "WRONG": "#f6d5c3"}.get(self.verdict, "#eeeeee")
        parts = [
            f'<p><strong style="background:{colour};color:#000;padding:2px 6px">'
            f"{html.escape(self.name)}: {self.verdict}</strong></p>"
        ]
        parts += [f"<p>{html.escape(text)}</p>" for text in self.diagnoses]
        for words, rows in self._groups():
            head = "".join(f"<th>{html.escape(h)}</th>" for h in (words, *_HEADINGS[1:]))
            body = ""
            for row in rows:
                style = "" if row.ok else ' style="background:#f6d5c3;color:#000"'
                cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row.cells())
                body += f"<tr{style}>{cells}</tr>"
            parts.append(f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>")
        parts += [f"<p>note: {html.escape(text)}</p>" for text in self.notes]
        return "".join(parts)
