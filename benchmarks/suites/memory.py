"""Memory: by how much a training step raises the memory in use, in a fresh process for each."""

from __future__ import annotations

from ..cases import SHAPES, Case
from ..contenders import FITTERS, KERNELS, TORCH
from ..pool import Process, WorkerError
from ..results import Measurement
from ..tables import megabytes, ratio_table, side_by_side
from ..turns import Session, agreeing


def run(session: Session) -> None:
    """Measure layers forward and backward, float32."""
    who = (KERNELS, TORCH) if session.quick else FITTERS
    for cell in session.cells[:1] if session.quick else session.cells:
        for shape in SHAPES[2:3] if session.quick else SHAPES[1:4]:
            _measure(session, Case("layer", cell, shape), who)


def _measure(session: Session, case: Case, contenders) -> None:
    if session.time_is_up():
        session.add("memory", case.label, "", why="no time left")
        return
    for contender in agreeing(session, "memory", case, contenders):
        process = None
        try:
            process = Process(contender, session.pool.threads, session.pool.patience())
            session.add("memory", case.label, contender.name, [process.ask("peak", case)])
        except WorkerError as error:
            session.add("memory", case.label, contender.name, why=str(error))
        finally:
            if process is not None:
                process.close()
    session.say(f"memory: {case.label}")


def report(measurements: list[Measurement]) -> str:
    """Return megabytes and ratios."""
    found = [m for m in measurements if m.suite == "memory"]
    title = "Memory: megabytes that a training step adds at its peak, data and results included"
    times = ratio_table(found).replace("times as long as", "times as much as")
    return "\n\n".join(filter(None, [title, side_by_side(found, megabytes), times]))
