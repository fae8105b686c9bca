"""Check, then time in turns: the rules that every suite keeps."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from .cases import CELLS, Case
from .check import TOLERANCE, faults
from .contenders import Contender
from .pool import Pool, WorkerError
from .results import Measurement


@dataclass
class Session:
    """A run: its settings, its processes, and what has been measured so far."""

    pool: Pool
    quick: bool = False
    rounds: int = 5
    seconds: float = 0.25  # of a turn
    only: tuple[str, ...] = ()  # contenders
    cells: tuple[str, ...] = CELLS
    dtypes: tuple[str, ...] = ("float32", "float64")
    passes: tuple[str, ...] = ("forward", "both")
    deadline: float = float("inf")  # by time.monotonic
    measurements: list[Measurement] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Show progress: the line is on standard error, the tables are not."""
        print(text, file=sys.stderr, flush=True)

    def add(self, suite: str, case: str, contender: str, values=(), **more) -> None:
        """Note a measurement, or with ``why=...`` that there is none."""
        self.measurements.append(Measurement(suite, case, contender, list(values), **more))

    def of(self, suite: str) -> list[Measurement]:
        """Return the measurements of a suite."""
        return [m for m in self.measurements if m.suite == suite]

    def time_is_up(self) -> bool:
        """Return whether the deadline has passed."""
        return time.monotonic() > self.deadline

    def invited(self, contenders: Iterable[Contender]) -> list[Contender]:
        """Return those who were asked for."""
        return [c for c in contenders if c.name in self.only or not self.only]

    def present(self, suite: str, case: str, contenders: Iterable[Contender]) -> list[Contender]:
        """Return those of the invited that are installed; the others are noted."""
        found = []
        for contender in self.invited(contenders):
            missing = contender.missing()
            if missing:
                why = f"{contender.name}: {', '.join(missing)} not installed"
                self.add(suite, case, contender.name, why=why)
            else:
                found.append(contender)
        return found


def agreeing(
    session: Session, suite: str, case: Case, contenders: Iterable[Contender]
) -> list[Contender]:
    """Prepare a case everywhere and return those whose results most of the others share.

    Parameters
    ----------
    session : Session
        Takes note of the others.
    suite : str
    case : Case
    contenders : iterable of Contender

    Returns
    -------
    list of Contender
    """
    answers = {}
    for contender in session.present(suite, case.label, contenders):
        try:
            answers[contender] = session.pool.process(contender).ask("prepare", case)
        except WorkerError as error:
            session.add(suite, case.label, contender.name, why=str(error))
    if len(answers) < 2:
        for contender in answers:
            why = f"{contender.name}: no other contender to check it against"
            session.add(suite, case.label, contender.name, why=why)
        return []
    tolerance = 1e-3 if case.work == "epoch" else TOLERANCE[case.dtype]
    wrong = faults({c.name: answer for c, answer in answers.items()}, tolerance)
    for name, how in wrong.items():
        session.add(suite, case.label, name, why=f"{name}: {how}", wrong=True)
    return [contender for contender in answers if contender.name not in wrong]


def compare(
    session: Session, suite: str, case: Case, contenders: Iterable[Contender], **more
) -> None:
    """Check contenders against each other and time those who agree, round by round.

    Parameters
    ----------
    session : Session
        Gets the measurements.
    suite : str
    case : Case
    contenders : iterable of Contender
    **more
        Kept with the measurements.
    """
    if session.time_is_up():
        session.add(suite, case.label, "", why="no time left")
        return
    start = time.monotonic()
    racing = agreeing(session, suite, case, contenders)
    values: dict[Contender, list[float]] = {contender: [] for contender in racing}
    for turn in range(session.rounds):
        if turn and session.time_is_up():
            break
        for contender in racing:
            try:
                process = session.pool.process(contender)
                values[contender] += process.ask("time", session.seconds)
            except WorkerError as error:
                session.add(suite, case.label, contender.name, why=str(error))
    kept = {"cell": case.cell, "shape": case.shape, "dtype": case.dtype, "flops": case.flops}
    kept |= {"backward": case.backward, **more}
    for contender, times in values.items():
        if times:
            session.add(suite, case.label, contender.name, times, more=kept)
    names = ", ".join(contender.name for contender in racing)
    session.say(f"{suite}: {case.label}: {time.monotonic() - start:.1f} s: {names or 'nobody'}")
