"""Packed: lengths drawn evenly from 10 to 100 % of T; PyTorch's PackedSequence, masks elsewhere."""

from __future__ import annotations

from ..cases import SHAPES, Case
from ..contenders import FITTERS
from ..results import Measurement
from ..tables import ratio_table, side_by_side
from ..turns import Session, compare


def run(session: Session) -> None:
    """Measure forward and backward, float32; quickly: one LSTM."""
    for cell in session.cells[:1] if session.quick else session.cells:
        for shape in SHAPES[1:2] if session.quick else SHAPES[:4]:
            compare(session, "packed", Case("layer", cell, shape, packed=True), FITTERS)


def report(measurements: list[Measurement]) -> str:
    """Return times and ratios."""
    found = [m for m in measurements if m.suite == "packed"]
    title = "Packed: ms, lengths from 10 to 100 % of T"
    return "\n\n".join(filter(None, [title, side_by_side(found), ratio_table(found)]))
