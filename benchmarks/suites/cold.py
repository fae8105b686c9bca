"""Cold: import to the end of the first epoch, in a fresh process; kernels kept on disk or not."""

from __future__ import annotations

import json
import tempfile

import numpy as np

from ..check import faults
from ..contenders import FITTERS, KERNELS, NUMPY, Contender
from ..programs import run_once, take_turns
from ..results import Measurement
from ..tables import grid, ratio_table, spread
from ..turns import Session

BATCHES, EMPTY = 32, "kernels, empty cache"


def run(session: Session) -> None:
    """Measure the document's model; Keras and PyTorch keep nothing between processes."""
    who = (KERNELS, NUMPY) if session.quick else FITTERS
    for cell in session.cells[:1] if session.quick else session.cells:
        if session.time_is_up():
            session.add("cold", cell.upper(), "", why="no time left")
            continue
        _measure(session, cell, session.present("cold", cell.upper(), who))


def _measure(session: Session, cell: str, who: list[Contender]) -> None:
    entries = [KERNELS._replace(name=EMPTY)] if KERNELS in who else []
    with tempfile.TemporaryDirectory() as kept:
        losses: dict[str, dict] = {}

        def once(contender: Contender) -> float:
            seconds, loss = _start(session, contender, cell, kept)
            losses[contender.name] = {"loss": np.array([loss])}
            return seconds

        if KERNELS in who:
            _start(session, KERNELS, cell, kept)  # fills the cache
        rounds = 1 if session.quick else min(session.rounds, 3)
        take_turns(session, "cold", cell.upper(), rounds, [*entries, *who], once)
        _keep_only_equal(session, cell, losses)


def _keep_only_equal(session: Session, cell: str, losses: dict[str, dict]) -> None:
    """Take the times back of those whose loss is not that of the others."""
    why = {name: "no other contender to check it against" for name in losses}
    if len(losses) > 1:
        why = faults(losses, 1e-3)
    for m in session.of("cold"):
        if m.case == cell.upper() and m.values and m.contender in why:
            m.values, m.why, m.wrong = [], f"{m.contender}: {why[m.contender]}", len(losses) > 1


def _start(session: Session, contender: Contender, cell: str, kept: str) -> tuple[float, float]:
    command = ["-m", "benchmarks.first_epoch", contender.module, cell, str(BATCHES)]
    with tempfile.TemporaryDirectory() as empty:
        place = empty if contender.name == EMPTY else kept
        _, printed = run_once(session, contender, command, NUMBA_CACHE_DIR=place)
    answer = json.loads(printed.strip().splitlines()[-1])
    return answer["seconds"], answer["loss"]


def report(measurements: list[Measurement]) -> str:
    """Return seconds and ratios."""
    found = [m for m in measurements if m.suite == "cold"]
    rows = [[f"{m.case} {m.contender}", f"{m.median:.2f}", spread(m)] for m in found if m.values]
    title = f"Cold: seconds, import to the end of the first epoch ({BATCHES} batches)"
    table = grid(["", "s", ""], rows) if rows else ""
    return "\n\n".join(filter(None, [title, table, ratio_table(found)]))
