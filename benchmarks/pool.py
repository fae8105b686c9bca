"""The contenders' processes: started when first needed, stopped while it is another's turn."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .contenders import Contender

CHECKOUT = Path(__file__).resolve().parent.parent
_CAN_STOP = hasattr(signal, "SIGSTOP")


class WorkerError(RuntimeError):
    """A contender cannot do what was asked, or its process is gone."""


def environment(contender: Contender, threads: int) -> dict[str, str]:
    """Return the environment of a contender's process: one number of threads for every library."""
    count = str(contender.threads or threads)
    names = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM")
    ours = {f"{name}_NUM_THREADS": count for name in names}
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", "GLOG_minloglevel": "3"}
    path = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **ours, **quiet, "PYTHONPATH": path, **dict(contender.environment)}


class Process:
    """One contender's process, and the requests to it."""

    def __init__(self, contender: Contender, threads: int, timeout: float = 600.0):
        self.name, self.timeout, self._expired = contender.name, timeout, False
        count = contender.threads or threads
        command = [sys.executable, "-m", "benchmarks.worker", contender.module, str(count)]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in `close`)
        self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            env=environment(contender, threads), cwd=CHECKOUT,
        )  # fmt: skip
        try:
            self._answer()
        except BaseException:
            self.close()
            raise
        self._signal("SIGSTOP")

    def ask(self, name: str, *arguments):
        """Let the process run until it has answered a request.

        Parameters
        ----------
        name : str
            A method of `benchmarks.worker.Worker`.
        *arguments

        Raises
        ------
        WorkerError
            If it cannot, ends, or takes longer than the timeout.
        """
        self._signal("SIGCONT")
        try:
            with contextlib.suppress(BrokenPipeError):  # `_answer` tells how it ended
                pickle.dump((name, *arguments), self._child.stdin)
                self._child.stdin.flush()
            return self._answer()
        finally:
            self._signal("SIGSTOP")

    def _answer(self):
        guard = threading.Timer(self.timeout, self._expire)
        guard.start()
        try:
            kind, value = pickle.load(self._child.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise WorkerError(f"{self.name}: its process ended: {self._last_words()}") from None
        finally:
            guard.cancel()
        if kind == "error":
            raise WorkerError(f"{self.name}: {value}")
        return value

    def _expire(self) -> None:
        self._expired = True
        self._child.kill()

    def _last_words(self) -> str:
        self._child.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        if self._expired:
            return "no time left"
        return lines[-1] if lines else f"exit code {self._child.returncode}"

    def _signal(self, name: str) -> None:
        if self._child.poll() is not None:
            return
        if _CAN_STOP:
            self._child.send_signal(getattr(signal, name))
        elif name == "SIGSTOP":
            time.sleep(0.15)  # longer than a waiting pool of threads spins

    def close(self) -> None:
        """End the process."""
        self._signal("SIGCONT")
        self._child.kill()
        self._child.wait()
        for stream in (self._child.stdin, self._child.stdout, self._errors):
            with contextlib.suppress(BrokenPipeError):
                stream.close()


class Pool:
    """The processes of a run; a context manager that ends them."""

    def __init__(self, threads: int, timeout: float = 600.0, deadline: float = float("inf")):
        self.threads, self.timeout, self.deadline = threads, timeout, deadline
        self._processes: dict[Contender, Process | str] = {}

    def patience(self) -> float:
        """Return for how many seconds a process may compute: no more than there are left."""
        return max(1.0, min(self.timeout, self.deadline - time.monotonic()))

    def process(self, contender: Contender) -> Process:
        """Return the contender's process, started if need be.

        Raises
        ------
        WorkerError
            If it could not start, now or before.
        """
        if contender not in self._processes:
            try:
                self._processes[contender] = Process(contender, self.threads, self.patience())
            except WorkerError as error:
                self._processes[contender] = str(error)
        process = self._processes[contender]
        if isinstance(process, str):
            raise WorkerError(process)
        process.timeout = self.patience()
        return process

    def close(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            if isinstance(process, Process):
                process.close()
        self._processes.clear()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_) -> None:
        self.close()
