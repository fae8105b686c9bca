"""Fit: an epoch of the source document's model, and its whole program, start to exit."""

from __future__ import annotations

import tempfile

from ..cases import Case
from ..contenders import DEFAULT, FITTERS, KERAS_JAX, KERAS_TF, Contender
from ..programs import document_program, run_once, take_turns
from ..results import Measurement
from ..tables import ratio_table, side_by_side
from ..turns import Session, compare

BATCHES, PROGRAM, EMPTY = 32, "the document's program", "scratchrnn, empty cache"


def run(session: Session) -> None:
    """Measure an epoch of 32 batches for each cell, then the program."""
    for cell in session.cells[:1] if session.quick else session.cells:
        compare(session, "fit", Case("epoch", cell, batches=BATCHES), FITTERS)
    if session.time_is_up():
        session.add("fit", PROGRAM, "", why="no time left")
        return
    who = (DEFAULT, KERAS_JAX) if session.quick else (DEFAULT, KERAS_JAX, KERAS_TF)
    who = session.present("fit", PROGRAM, who)
    _program(session, who)


def _program(session: Session, who: list[Contender]) -> None:
    empty = [DEFAULT._replace(name=EMPTY)] if DEFAULT in who else []
    with tempfile.TemporaryDirectory() as folder:

        def once(contender: Contender) -> float:
            path = str(document_program(contender, folder))
            with tempfile.TemporaryDirectory() as fresh:
                place = fresh if contender.name == EMPTY else folder
                seconds, printed = run_once(session, contender, [path], NUMBA_CACHE_DIR=place)
            if "Epoch 100/100" not in printed or "Accuracy:" not in printed:
                raise RuntimeError(f"{contender.name}: the program did not run to its end")
            return seconds

        if DEFAULT in who:
            once(DEFAULT)  # fills the cache
        rounds = 1 if session.quick else min(session.rounds, 3)
        take_turns(session, "fit", PROGRAM, rounds, [*who, *empty], once)


def report(measurements: list[Measurement]) -> str:
    """Return times and ratios of the epochs and of the program."""
    texts = []
    for title, whole in ((f"Fit: ms, one epoch of {BATCHES} batches", False),
                         ("Fit: ms, the document's program from start to exit", True)):  # fmt: skip
        found = [m for m in measurements if m.suite == "fit" and (m.case == PROGRAM) == whole]
        if found:
            texts += [title, side_by_side(found), ratio_table(found)]
    return "\n\n".join(filter(None, texts))
