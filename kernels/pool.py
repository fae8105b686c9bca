"""One pool of threads for all kernels.

Why not Numba's own `parallel=True`: it compiles twice as long, its OpenMP layer collides with the
threads of BLAS (stalls of 8 ms), its workqueue layer aborts the process when two Python threads
call at once, and a fork after an OpenMP region kills the child. Compiled functions release the
GIL, so plain threads do; a wake-up costs 20 to 50 µs.

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
from queue import SimpleQueue

from .blas import one_blas_thread


class _Job:
    """Tasks that several threads take from one end until none is left."""

    def __init__(self, tasks: Iterable[tuple]):
        self.tasks = deque(tasks)
        self.unfinished = len(self.tasks)
        self.count = threading.Lock()
        self.finished = threading.Event()
        self.error: BaseException | None = None

    def help(self) -> None:
        while True:
            try:
                work, *arguments = self.tasks.popleft()
            except IndexError:
                return
            try:
                if self.error is None:
                    work(*arguments)
            except BaseException as error:  # raised again in the calling thread
                self.error = error
            with self.count:
                self.unfinished -= 1
                if not self.unfinished:
                    self.finished.set()


class _Pool:
    """Helpers that wait for jobs; as many as were ever asked for at once."""

    def __init__(self):
        self.jobs: SimpleQueue[_Job] = SimpleQueue()
        self.helpers: list[threading.Thread] = []
        self.hiring = threading.Lock()
        self.avoided: int | None = None  # a processor

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


def run(tasks: list[tuple]) -> None:
    """Call ``task[0](*task[1:])`` for every task, on at most `get_num_threads` threads.

    Parameters
    ----------
    tasks : list of tuple
        A function that releases the GIL and its arguments; the calls may run in any order.
    """
    helpers = min(_num_threads, len(tasks)) - 1
    if helpers < 1:
        for work, *arguments in tasks:
            work(*arguments)
        return
    job = _Job(tasks)
    with one_blas_thread():
        _pool.call(job, helpers)
        job.help()
        job.finished.wait()
    if job.error is not None:
        raise job.error
