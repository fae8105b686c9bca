"""The process of one contender: it waits for requests on its standard input.

``python -m benchmarks.worker MODULE THREADS``: requests and answers are pickled, and go over pipes
between this process and the one that started it. What a framework prints goes to standard error.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import pickle
import signal
import sys
import time

from . import memory

MOST_RUNS = 200


class Worker:
    """Answers the requests: each public method is one."""

    def __init__(self, module: str):
        self._tasks = importlib.import_module(module).TASKS
        self._run = None

    def prepare(self, case) -> dict:
        """Make ready for a case, run it once and return the results for checking."""
        self._run = None
        if case.work not in self._tasks:
            raise NotImplementedError(f"does not compute {case.work}")
        self._run, results = self._tasks[case.work](case)
        return results(self._run())

    def time(self, seconds: float) -> list[float]:
        """Run the case for about so long, after one run that is not timed; seconds of each."""
        self._run()
        times, run = [], self._run
        gc.collect()
        gc.disable()
        try:
            while not times or (sum(times) < seconds and len(times) < MOST_RUNS):
                start = time.perf_counter()
                run()
                times.append(time.perf_counter() - start)
        finally:
            gc.enable()
        return times

    def peak(self, case) -> int:
        """Return by how many bytes a training step raises the memory in use, data included.

        The peak is that of a third and a fourth step: compiling, if there is any, is over.
        """
        self._run = None
        if case.work not in self._tasks:
            raise NotImplementedError(f"does not compute {case.work}")
        before = memory.start_peak()
        self._run, _ = self._tasks[case.work](case)
        for step in range(4):
            if step == 2:
                memory.start_peak()
            self._run()
        return memory.peak() - before


def serve(module: str, requests, answers) -> None:
    """Answer requests until there are no more."""
    worker = Worker(module)
    pickle.dump(("ready", None), answers)
    answers.flush()
    while True:
        try:
            name, *arguments = pickle.load(requests)
        except EOFError:
            return
        try:
            answer = ("done", getattr(worker, name)(*arguments))
        except Exception as error:  # whatever a framework raises is an answer, not our end
            answer = ("error", f"{type(error).__name__}: {error}")
        pickle.dump(answer, answers)
        answers.flush()


def share_processors(threads: int) -> None:
    """Keep this process to as many processors as it may have threads, where that can be done."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _end_with_parent() -> None:
    """Ask Linux to end this process with its parent, even if it is stopped at the time."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    _end_with_parent()
    share_processors(int(sys.argv[2]))
    channel = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    serve(sys.argv[1], sys.stdin.buffer, channel)
