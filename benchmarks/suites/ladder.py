"""The ladder: the same LSTM from the reference to the kernels, and what every step buys."""

from __future__ import annotations

from ..cases import SHAPES, Case
from ..contenders import LADDER
from ..results import Measurement, medians
from ..tables import grid, side_by_side
from ..turns import Session, compare


def run(session: Session) -> None:
    """Measure forward and backward, float32; v0 to v3 on one thread."""
    for shape in SHAPES[1:2] if session.quick else SHAPES[:3]:
        compare(session, "ladder", Case("layer", "lstm", shape), LADDER)


def report(measurements: list[Measurement]) -> str:
    """Return times, and how many times as fast as the step before each step is."""
    found = [m for m in measurements if m.suite == "ladder"]
    rows = []
    for case, row in medians(found).items():
        times = list(row.values())
        for k, (name, value) in enumerate(row.items()):
            step = f"{times[k - 1] / value:.2f}" if k else ""
            rows.append([f"{case}: {name}", f"{1e3 * value:.4g}", step, f"{times[0] / value:.2f}"])
    header = ["step of the ladder", "ms", "× the step before", "× v0"]
    return "\n\n".join(
        filter(None, ["Ladder: ms", side_by_side(found), grid(header, rows) if rows else ""])
    )
