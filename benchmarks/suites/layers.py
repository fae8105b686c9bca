"""Layers: cell by shape by dtype, forward alone and forward with backward."""

from __future__ import annotations

from .. import limit
from ..cases import SHAPES, Case
from ..contenders import FITTERS, LAYERS
from ..results import Measurement
from ..tables import grid, ratio_table, side_by_side
from ..turns import Session, compare


def plan(session: Session) -> list[Case]:
    """Return the cases that the settings ask for; quickly: one shape, float32, both ways."""
    return [
        Case("layer", cell, shape, dtype, way == "both")
        for way in (session.passes[-1:] if session.quick else session.passes)
        for dtype in (session.dtypes[:1] if session.quick else session.dtypes)
        for cell in session.cells
        for shape in (SHAPES[1:2] if session.quick else SHAPES)
    ]


def run(session: Session) -> None:
    """Measure all cases, and the limit of each dtype."""
    for case in plan(session):
        limit.measure(session, case.dtype)
        compare(session, "layers", case, LAYERS if not case.backward else FITTERS)


def report(measurements: list[Measurement]) -> str:
    """Return the tables, one pair for each cell, dtype and way, and the share of the limit."""
    layers = [m for m in measurements if m.suite == "layers"]
    groups: dict[tuple[str, ...], list[Measurement]] = {}
    for m in layers:
        cell, _, *dtype_and_way = m.case.split(maxsplit=2)
        groups.setdefault((cell, *dtype_and_way), []).append(m)
    texts = ["Layers: ms, median and half the distance between the quartiles"]
    for group in groups.values():
        texts += [side_by_side(group), ratio_table(group)]
    return "\n\n".join(filter(None, [*texts, shares(measurements)]))


def shares(measurements: list[Measurement]) -> str:
    """Return a table of the limit and the share of it that each layer reaches."""
    lines = []
    for m in measurements:
        if m.suite == limit.SUITE and m.values:
            library = "NumPy's BLAS" if m.contender == "kernels" else m.contender
            lines.append(f"{m.case}, {library}: {m.more['flops'] / m.fastest / 1e9:.0f} GFLOP/s")
    rows: dict[str, dict[str, str]] = {}
    for m in measurements:
        if m.suite == "layers" and m.values:
            rows.setdefault(m.case, {})[m.contender] = f"{100 * limit.share(m, measurements):.0f}%"
    if not rows or not lines:
        return "\n".join(lines)
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = grid(
        ["share of the limit (the better of these)", *names],
        [[case, *(row.get(name, "-") for name in names)] for case, row in rows.items()],
    )
    return "\n".join([*lines, "", table])
