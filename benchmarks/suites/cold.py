"""Cold: import to the end of the first epoch, in a fresh process; kernels kept on disk or not."""

from __future__ import annotations

import json
import tempfile

import numpy as np

from ..check import faults
from ..contenders import FITTERS, KERAS_JAX, KERNELS, TORCH, Contender
from ..programs import run_once, take_turns
from ..results import Measurement
from ..tables import grid, ratio_table, spread
from ..turns import Session

BATCHES, EMPTY = 32, "kernels, empty cache"


def run(session: Session) -> None:
    """Measure the document's model; Keras and PyTorch keep nothing between processes."""
    who = (KERNELS, KERAS_JAX, TORCH) if session.quick else FITTERS
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

        ready = _loses_alike(session, cell, [*entries, *who], once, losses)
        rounds = 1 if session.quick else min(session.rounds, 3)
        take_turns(session, "cold", cell.upper(), rounds, ready, once)


def _loses_alike(session, cell, entries, once, losses) -> list[Contender]:
    """Run everyone once, which also fills the cache, and return those who agree on the loss."""
    for contender in entries:
        try:
            once(contender)
        except RuntimeError as error:
            session.add("cold", cell.upper(), contender.name, why=str(error))
    if len(losses) < 2:
        return []
    wrong = faults(losses, 1e-3)
    for name, how in wrong.items():
        session.add("cold", cell.upper(), name, why=f"{name}: {how}", wrong=True)
    return [c for c in entries if c.name in losses and c.name not in wrong]


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
    return "\n\n".join(filter(None, [title, grid(["", "s", ""], rows), ratio_table(found)]))
