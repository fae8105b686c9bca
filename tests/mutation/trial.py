"""Run the tests once under watch; then, for each mutant, those that pass through its line.

All of it happens inside one run of pytest, which has collected the tests and loaded what they
need. Every mutant gets a fork of that process: its functions are given the changed code and the
tests run, the quick ones and those that have noticed mutants of the file before first, until one
fails. A change of what happens at import takes a fresh copy of the checkout instead (`fresh`).
"""

from __future__ import annotations

import os
import resource
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import coverage
import pytest

from .fresh import ROOT, overlay, run_afresh
from .operators import Mutant
from .swapping import LiveFunctions

AT_IMPORT = ""  # coverage's name for what runs before any test
SECONDS = 5.0  # beside three times what a test takes; then a mutant has been noticed
MEMORY = 6 << 30  # bytes
AFRESH = 240  # seconds of computing for the tests of a fresh copy


class Outcome(NamedTuple):
    """What became of one mutant."""

    alive: bool
    killer: str  # the test that failed, "time" or "crash"
    tests: int  # how many pass through its line


class Trial:
    """A plugin of pytest that takes mutants through the tests instead of running these once.

    Parameters
    ----------
    mutants : sequence of Mutant
    without : str
        Which tests are left out, as an expression for pytest's ``-k``.
    workers : int
        How many mutants at a time.
    tell : callable
        Called with (number, outcome) as soon as one is known.
    afresh : bool
        Take a copy of the checkout for every mutant: what is compiled cannot be exchanged.
    """

    def __init__(
        self,
        mutants: Sequence[Mutant],
        without: str,
        workers: int,
        tell: Callable[[int, Outcome], None],
        afresh: bool = False,
    ):
        self.mutants, self.without, self.workers, self.tell = mutants, without, workers, tell
        self.afresh = afresh
        self.seconds: Counter[str] = Counter()
        self.kills: dict[str, Counter[str]] = defaultdict(Counter)
        self.failed = self.reason = ""
        self.files = sorted({str(ROOT / mutant.path) for mutant in mutants})
        self.watch = coverage.Coverage(data_file=None, include=self.files, config_file=False)
        self.watch.start()

    def pytest_runtest_logreport(self, report) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed = report.nodeid

    def pytest_runtestloop(self, session) -> bool:
        if session.testsfailed or not session.items:
            self._stop("the tests cannot be collected")
        self.items = {item.nodeid: item for item in session.items}
        for name in self.items:
            self.watch.switch_context(name)
            self._run(name)
            if self.failed:
                self._stop(f"fails before anything is changed: {self.failed}")
        self.watch.stop()
        data = self.watch.get_data()
        self.passing = {file: data.contexts_by_lineno(file) for file in self.files}
        self.functions = LiveFunctions()
        self._again()
        self._take_all()
        return True

    def _stop(self, reason: str) -> None:
        self.reason = reason
        pytest.exit(reason)

    def _run(self, name: str) -> None:
        item = self.items[name]
        item.ihook.pytest_runtest_protocol(item=item, nextitem=None)

    def _again(self) -> None:
        """See that every test passes again in a fork, and in a copy of the checkout."""
        sources = {mutant.path: (ROOT / mutant.path).read_text("utf-8") for mutant in self.mutants}

        def child(pipe: int) -> None:
            for path, source in sources.items():
                self.functions.swap(ROOT / path, source)
            self._run_until_one_fails(list(self.items), pipe)
            _limit(AFRESH)
            self._run_afresh(set(self.items), {}, pipe)

        fork = _fork(-1, "", len(self.items), child)
        outcome = fork.outcome(os.waitpid(fork.child, 0)[1])
        if not outcome.alive:
            self._stop(f"fails a second time, with nothing changed: {outcome.killer}")

    def _take_all(self) -> None:
        waiting = list(enumerate(self.mutants))[::-1]
        running: dict[int, _Fork] = {}
        while waiting or running:
            while waiting and len(running) < self.workers:
                number, mutant = waiting.pop()
                fork = self._fork(number, mutant)
                if fork is None:
                    self.tell(number, Outcome(True, "", 0))
                else:
                    running[fork.child] = fork
            if running:
                child, status = os.wait()
                fork = running.pop(child, None)
                if fork is None:  # a process that a test had left behind
                    continue
                outcome = fork.outcome(status)
                self.kills[fork.path][outcome.killer] += not outcome.alive
                self.tell(fork.number, outcome)

    def _near(self, mutant: Mutant) -> tuple[list[str], bool]:
        """Return the tests that pass through a mutant, and whether it runs at import."""
        lines = self.passing[str(ROOT / mutant.path)]
        if self.afresh:
            return [], True
        names = lines.get(mutant.line) or lines.get(mutant.statement) or []
        kills = self.kills[mutant.path]
        tests = [name for name in names if name != AT_IMPORT]
        cost = {name: (self.seconds[name] + 0.01) / (1 + kills[name]) for name in tests}
        return sorted(tests, key=cost.get), AT_IMPORT in names

    def _fork(self, number: int, mutant: Mutant) -> _Fork | None:
        """Start the tests of a mutant in a process of its own, if there are any."""
        tests, at_import = self._near(mutant)
        if not tests and not at_import:
            return None

        def child(pipe: int) -> None:
            resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
            changed = mutant.render()
            swapped = self.functions.swap(ROOT / mutant.path, changed)
            if swapped:
                self._run_until_one_fails(tests, pipe)
            if at_import or not swapped:
                _limit(AFRESH)
                self._run_afresh(self._near_file(mutant), {mutant.path: changed}, pipe)

        return _fork(number, mutant.path, len(tests), child)

    def _run_until_one_fails(self, tests: list[str], pipe: int) -> None:
        for name in tests:
            _limit(SECONDS + 3 * self.seconds[name])
            self._run(name)
            self._leave_if_failed(pipe)

    def _leave_if_failed(self, pipe: int) -> None:
        if self.failed:
            os.write(pipe, self.failed.encode())
            os._exit(1)

    def _near_file(self, mutant: Mutant) -> set[str]:
        """Return the tests that pass through any line of the mutated file, or else all."""
        lines = self.passing[str(ROOT / mutant.path)]
        return {name for tests in lines.values() for name in tests if name} or set(self.items)

    def _run_afresh(self, names: set[str], changed: dict[str, str], pipe: int) -> None:
        """Run the files of these tests in a copy of the checkout with some changed sources."""
        files = Counter()
        for name in names:
            files[name.split("::")[0]] += self.seconds[name]
        with overlay() as folder:
            for path, source in changed.items():
                (folder / path).write_text(source, encoding="utf-8")
            code = run_afresh(folder, sorted(files, key=files.get), self.without, _Witness(self))
        if code and not self.failed:
            self.failed = f"the import (pytest's code {code})"
        self._leave_if_failed(pipe)


class _Witness:
    """Tells a trial what fails in a run inside it."""

    def __init__(self, trial: Trial):
        self.trial = trial

    def pytest_runtest_logreport(self, report) -> None:
        if report.failed:
            self.trial.failed = report.nodeid


class _Fork(NamedTuple):
    """A process in which the tests of a mutant run."""

    number: int
    path: str
    child: int
    pipe: int
    tests: int

    def outcome(self, status: int) -> Outcome:
        with os.fdopen(self.pipe) as pipe:
            killer = pipe.read()
        if os.WIFSIGNALED(status):
            slow = os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGPROF)
            killer = "time" if slow else "crash"
        return Outcome(status == 0, killer, self.tests)


def _fork(number: int, path: str, tests: int, work: Callable[[int], None]) -> _Fork:
    """Do `work(pipe)` in a process of its own; what it writes there is the test that failed."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            work(write)
            os._exit(0)
        finally:
            os._exit(70)  # whatever happens, the fork does not go on as its parent
    os.close(write)
    return _Fork(number, path, child, read, tests)


def _limit(seconds: float) -> None:
    """End this process after so many seconds of computing, or ten times as many of waiting."""
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    signal.setitimer(signal.ITIMER_REAL, 10 * seconds)
