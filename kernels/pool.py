"""One pool of threads for all kernels.

Why not Numba's own `parallel=True`: it compiles twice as long, its OpenMP layer collides with the
threads of BLAS (stalls of 8 ms), its workqueue layer aborts the process when two Python threads
call at once, and a fork after an OpenMP region kills the child. Compiled functions release the
GIL, so plain threads do; who waits looks for a while before it sleeps (`spin`).

A job is a list of tasks, each of which writes to places of its own. The calling thread works too:
it could finish every task alone, therefore concurrent callers and busy helpers cannot deadlock.
After a fork the child starts with fresh locks and no helpers.

Linux tends to wake a helper on the very processor that its caller is busy on, and to notice only
milliseconds later (one call in ten took twice as long). So helpers may run on any processor
except the one where the last call came from.

Nothing here imports Numba.
"""

from __future__ import annotations

import ctypes
import operator
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain
from queue import SimpleQueue

import numpy as np

from .blas import one_blas_thread


class _Job:
    """Tasks that several threads take from one end until none is left, phase by phase."""

    def __init__(self, phases: Iterable[list[tuple]]):
        self.phases = [_Phase(tasks) for tasks in phases if tasks]
        self.error: BaseException | None = None

    def help(self) -> None:
        for phase in self.phases:
            while phase.tasks:
                try:
                    work, *arguments = phase.tasks.popleft()
                except IndexError:  # another thread was faster
                    break
                try:
                    if self.error is None:
                        work(*arguments)
                except BaseException as error:  # raised again in the calling thread
                    self.error = error
                phase.finish_one()
            phase.wait()  # all its tasks are taken, so somebody is at work on them


class _Phase:
    """Tasks that may run in any order; those of the next phase need all of their results."""

    def __init__(self, tasks: list[tuple]):
        self.tasks = deque(tasks)
        self.unfinished = len(tasks)
        self.count = threading.Lock()
        self.finished = threading.Event()
        self.flag = np.zeros(1, np.int64)  # 1 when finished

    def finish_one(self) -> None:
        with self.count:
            self.unfinished -= 1
            if not self.unfinished:
                self.finished.set()
                self.flag[0] = 1

    def wait(self) -> None:
        if not self.finished.is_set():
            _look_while(self.flag, 0)
            self.finished.wait()


def _look_while(flag: np.ndarray, value: int) -> None:
    """Wait a little, without sleep, for flag[0] to become another number."""
    from .spin import LOOKS, MORE, look_while  # and with them Numba

    look_while(flag, value, LOOKS, MORE)


class _Pool:
    """Helpers that wait for jobs; as many as were ever asked for at once."""

    def __init__(self):
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.helpers: list[threading.Thread] = []
        self.hiring = threading.Lock()
        self.avoided: int | None = None  # a processor
        self.posted = np.zeros(1, np.int64)  # jobs so far

    def call(self, job: _Job, helpers: int) -> None:
        if len(self.helpers) < helpers:
            with self.hiring:
                while len(self.helpers) < helpers:
                    name = f"scratchrnn-{len(self.helpers) + 1}"
                    helper = threading.Thread(target=self._serve, name=name, daemon=True)
                    helper.start()
                    self.helpers.append(helper)
                self.avoided = None
        self._make_way()
        for _ in range(helpers):
            self.jobs.put(job)
        self.posted[0] += 1

    def _make_way(self) -> None:
        """Keep helpers off the processor that the caller runs on."""
        processor = _current_processor()()
        if processor == self.avoided:
            return
        allowed = os.sched_getaffinity(0)
        others = allowed - {processor} or allowed
        for helper in self.helpers:
            try:
                os.sched_setaffinity(helper.native_id, others)
            except OSError:  # not allowed here: the scheduler will have to do
                break
        self.avoided = processor

    def _serve(self) -> None:
        while True:
            posted = int(self.posted[0])
            if self.jobs.empty():
                _look_while(self.posted, posted)
            self.jobs.get().help()


@cache
def _current_processor() -> Callable[[], int | None]:
    """Return a function that tells the number of this processor, or None where none can."""
    if hasattr(os, "sched_setaffinity"):
        try:
            return ctypes.CDLL(None).sched_getcpu
        except (OSError, AttributeError):
            pass
    return lambda: None


def _default_num_threads() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_num_threads = _default_num_threads()
_pool = _Pool()


def _start_afresh() -> None:
    global _pool
    _pool = _Pool()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


def get_num_threads() -> int:
    """Return how many threads, the calling one among them, share a job."""
    return _num_threads


def set_num_threads(n: int) -> None:
    """Set how many threads, the calling one among them, share a job; n is at least 1."""
    global _num_threads
    try:
        n = operator.index(n)
    except TypeError:
        raise ValueError(f"set_num_threads: n: expected an integer, got {n!r}") from None
    if n < 1:
        raise ValueError(f"set_num_threads: n: expected at least 1, got {n}")
    _num_threads = n


def run(*phases: list[tuple]) -> None:
    """Call ``task[0](*task[1:])`` for every task, on at most `get_num_threads` threads.

    Parameters
    ----------
    *phases : list of tuple
        Functions that release the GIL and their arguments. The calls of a phase may run in any
        order, those of the next begin when all of them have ended: to wake a thread once for two
        phases takes 0.1 ms less than for each.
    """
    helpers = min(_num_threads, max(map(len, phases), default=0)) - 1
    if helpers < 1:
        for work, *arguments in chain.from_iterable(phases):
            work(*arguments)
        return
    job = _Job(phases)
    with one_blas_thread():
        _pool.call(job, helpers)
        job.help()
    if job.error is not None:
        raise job.error
