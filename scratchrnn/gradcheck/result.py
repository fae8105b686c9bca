"""What a gradient check found: one row for each array, as text and as HTML."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

_HEADINGS = ("array", "shape", "worst error", "at", "numeric", "analytic", "verdict")


@dataclass(frozen=True)
class Explanation:
    """One reading of a wrong gradient that fits every number seen.

    Attributes
    ----------
    kind : str
        What sort of mistake, in one word: ``"sign"``, ``"factor"``, ``"transposed"``, ...
    text : str
        The same as a sentence.
    """

    kind: str
    text: str


@dataclass
class ArrayCheck:
    """The verdict on the gradient of one input.

    Attributes
    ----------
    name, shape
        Which input.
    ok : bool
        No entry is wrong.
    worst_error : float
        The largest relative error; NaN counts as largest.
    worst_index : tuple of int, or None
        Where it is; None when it belongs to an inner product with the whole array.
    numeric, analytic : float
        The two values there.
    checked, kinks, unresolved : int
        Entries compared; left out because the function has no derivative there; compared, but
        so small that rounding hides most of their digits.
    method : str
        ``"entries"``, or ``"inner products"`` with some entries for a large array.
    fault : str or None
        What is wrong with the type or shape, before any number is compared.
    explanations : list of Explanation
        Every reading that fits the wrong numbers: one is a diagnosis, several are alternatives.
    hint : str
        Where the wrong entries lie, when no explanation fits.
    """

    name: str
    shape: tuple[int, ...]
    ok: bool = True
    worst_error: float = 0.0
    worst_index: tuple[int, ...] | None = None
    numeric: float = 0.0
    analytic: float = 0.0
    checked: int = 0
    kinks: int = 0
    unresolved: int = 0
    method: str = "entries"
    fault: str | None = None
    explanations: list[Explanation] = field(default_factory=list)
    hint: str = ""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all explanations that fit."""
        return tuple(explanation.kind for explanation in self.explanations)

    @property
    def diagnosis(self) -> str:
        """What is wrong, in a sentence; empty when nothing is."""
        parts = [self.fault] if self.fault else []
        if len(self.explanations) == 1:
            parts.append(self.explanations[0].text)
        elif self.explanations:
            parts.append("either " + ", or ".join(e.text for e in self.explanations))
        if self.hint:
            parts.append(self.hint)
        return "; ".join(parts)

    @property
    def verdict(self) -> str:
        """``ok`` or ``WRONG``, with what has to be said about it."""
        if not self.ok:
            return f"WRONG: {self.diagnosis}" if self.diagnosis else "WRONG"
        remarks = []
        if self.kinks:
            remarks.append(f"{self.kinks} at kinks skipped")
        if self.unresolved:
            remarks.append(f"{self.unresolved} too small to tell from rounding")
        if self.kinks and self.kinks == self.checked + self.kinks:
            return f"not checked ({', '.join(remarks)})"
        return f"ok ({', '.join(remarks)})" if remarks else "ok"

    def row(self) -> tuple[str, ...]:
        """Return the cells of this array's row in the table."""
        if self.fault:
            return (self.name, str(self.shape), "-", "-", "-", "-", self.verdict)
        error = f"{self.worst_error:.1e}"
        if self.worst_error == 0.0:  # no entry is worst
            return (self.name, str(self.shape), error, "-", "-", "-", self.verdict)
        where = "whole" if self.worst_index is None else _index(self.worst_index)
        numbers = (f"{self.numeric:.8g}", f"{self.analytic:.8g}")
        return (self.name, str(self.shape), error, where, *numbers, self.verdict)


def _index(index: tuple[int, ...]) -> str:
    return "(" + ", ".join(str(int(i)) for i in index) + ")"


@dataclass
class GradientCheck:
    """The result of a gradient check; prints as a table, shows in a notebook as HTML.

    Attributes
    ----------
    arrays : list of ArrayCheck
        One for each input that was checked.
    problems : list of str
        What is wrong beside the numbers: inputs changed in place, gradients that accumulate.
    notes : list of str
        What the reader should know although it is not wrong.
    tolerance : float
        The relative error allowed.
    seed : int
        What the upstream gradient was drawn from.
    method : str
        How the derivatives were taken.
    evaluations : int
        How often f was called.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.gradcheck import check_gradients
    >>> x = np.array([0.5, -1.0])
    >>> result = check_gradients(np.sin, [x], lambda dy: dy * -np.cos(x))
    >>> result.ok
    False
    >>> result["x"].kinds
    ('sign',)
    """

    arrays: list[ArrayCheck]
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tolerance: float = 1e-6
    seed: int = 0
    method: str = "central differences"
    evaluations: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems and all(array.ok for array in self.arrays)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[ArrayCheck]:
        return iter(self.arrays)

    def __getitem__(self, name: str) -> ArrayCheck:
        for array in self.arrays:
            if array.name == name:
                return array
        raise KeyError(f"{name!r} is none of {[array.name for array in self.arrays]}")

    @property
    def worst_error(self) -> float:
        """The largest relative error of all arrays; NaN if there is one."""
        return float(np.max([array.worst_error for array in self.arrays], initial=0.0))

    def _title(self) -> str:
        wrong = sum(not array.ok for array in self.arrays)
        verdict = "ok" if self.ok else "WRONG"
        if wrong:
            verdict += f" in {wrong} of {len(self.arrays)} arrays"
        return (
            f"gradient check: {verdict} ({self.method}, {self.evaluations} evaluations, "
            f"tolerance {self.tolerance:g}, seed {self.seed})"
        )

    def __str__(self) -> str:
        rows = [_HEADINGS, *(array.row() for array in self.arrays)]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS) - 1)]
        lines = [self._title()]
        for row in rows:
            cells = [row[0].ljust(widths[0]), row[1].ljust(widths[1])]
            cells += [row[i].rjust(widths[i]) for i in range(2, len(widths))]
            lines.append("  ".join([*cells, row[-1]]))
        lines += [f"problem: {problem}" for problem in self.problems]
        lines += [f"note: {note}" for note in self.notes]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in _HEADINGS)
        body = ""
        for array in self.arrays:
            style = "" if array.ok else ' style="background:#f6d5c3;color:#000"'
            cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in array.row())
            body += f"<tr{style}>{cells}</tr>"
        remarks = [f"problem: {text}" for text in self.problems]
        remarks += [f"note: {text}" for text in self.notes]
        after = "".join(f"<p>{html.escape(text)}</p>" for text in remarks)
        return (
            f"<table><caption>{html.escape(self._title())}</caption>"
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{after}"
        )
