"""Marking a student's whole file, in a process of its own that can be stopped."""

from __future__ import annotations

import html
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .result import Marking
from .students import read_parts

_START = 60.0  # seconds that Python may take to start and to import NumPy


@dataclass
class FileMarking:
    """What the marker says about a file.

    Attributes
    ----------
    path : str
    markings : list of Marking
        One for each function, then the exercises that are missing.
    problems : list of str
        What went wrong when the file was run.
    """

    path: str
    markings: list[Marking] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether there is something to mark and all of it is right."""
        return bool(self.markings) and all(marking.ok for marking in self.markings)

    def __bool__(self) -> bool:
        return self.ok

    def __iter__(self) -> Iterator[Marking]:
        return iter(self.markings)

    def __getitem__(self, name: str) -> Marking:
        for marking in self.markings:
            if marking.name == name:
                return marking
        raise KeyError(f"{name!r} is none of {[marking.name for marking in self.markings]}")

    def summary(self) -> str:
        """Return one line: how many are right, wrong, not begun."""
        if not self.markings:
            return f"{self.path}: no function here has the name of an exercise"
        counts = {word: 0 for word in ("right", "WRONG", "not begun")}
        for marking in self.markings:
            counts[marking.verdict] += 1
        parts = [f"{count} {word}" for word, count in counts.items() if count]
        return f"{self.path}: {', '.join(parts)}"

    def __str__(self) -> str:
        parts = [f"problem: {problem}" for problem in self.problems]
        parts += [
            str(m) if m.verdict == "WRONG" or m.notes else f"{m.name}: {m.verdict}" for m in self
        ]
        return "\n".join([*parts, self.summary()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [f"<p>problem: {html.escape(problem)}</p>" for problem in self.problems]
        parts += [marking._repr_html_() for marking in self.markings]
        return "".join([*parts, f"<p>{html.escape(self.summary())}</p>"])


def check_file(path: str | Path, timeout: float = 60.0) -> FileMarking:
    """Run a student's script or notebook and mark every exercise in it.

    The file is executed, in a process of its own, with the rights of whoever calls: look at a file
    that you do not trust before, or mark it in a container.

    Parameters
    ----------
    path : str or path
        A script (.py) or a notebook (.ipynb).
    timeout : float
        Seconds for running the file, and for marking each function.

    Returns
    -------
    FileMarking

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is neither a script nor a notebook.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from scratchrnn.exercises import check_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "mine.py")
    ...     _ = path.write_text("import numpy as np\\ndef sigmoid(a): return np.tanh(a)\\n")
    ...     check_file(path)["sigmoid"].ok
    False
    """
    if not timeout > 0:
        raise ValueError(f"check_file: timeout: expected a positive number, got {timeout!r}")
    path = Path(path).absolute()
    read_parts(path)  # before a process is started: the file is there, and is a script or notebook
    result = FileMarking(path.name)
    stopped: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        while True:
            report = Path(folder) / f"report-{len(stopped)}"
            ended = _run(path, report, stopped, timeout)
            lines = _lines(report)
            if ended or not _note_stop(lines, stopped, result, timeout):
                break
    _collect(lines, result)
    return result


def _run(path: Path, report: Path, skip: list[str], timeout: float) -> bool:
    """Run the worker until it is done, or nothing has happened for `timeout` seconds."""
    report.touch()
    command = [sys.executable, "-m", "scratchrnn.exercises.worker", str(path), str(report), *skip]
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        seen, since = 0, time.monotonic()
        while process.poll() is None:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                size = _steps(report)
                if size != seen:
                    seen, since = size, time.monotonic()
                if time.monotonic() - since > (timeout if seen else max(timeout, _START)):
                    return False
        return True
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _steps(report: Path) -> int:
    """Return how far the worker is: running the file counts as one step."""
    text = report.read_text(encoding="utf-8")
    return text.count('"mark') + text.count('"started')


def _lines(report: Path) -> list[dict]:
    found = []
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break  # the process ended while it wrote this line
    return found


def _note_stop(lines: list[dict], stopped: list[str], result: FileMarking, timeout) -> bool:
    """Note what did not come to an end; return whether the rest can be marked without it."""
    begun = [line["marking"] for line in lines if "marking" in line]
    if not begun:
        places = [line["loading"] for line in lines if "loading" in line]
        where = f" ({places[-1]})" if places else ""
        result.problems.append(f"running the file takes more than {timeout:g} s{where}: stopped")
        return False
    text = f"not finished after {timeout:g} s: is there a loop that never ends?"
    result.markings.append(Marking(begun[-1], diagnoses=[text]))
    stopped.append(begun[-1])
    return True


def _collect(lines: list[dict], result: FileMarking) -> None:
    order: list[str] = []
    for line in lines:
        if "problems" in line:
            result.problems += line["problems"]
            order = line["functions"]
            result.markings += [Marking(name, begun=False) for name in line["missing"]]
        elif "marked" in line:
            result.markings.append(Marking.from_dict(line["marked"]))
    if lines and not any("done" in line for line in lines) and not result.problems:
        doing = [str(v) for line in lines for k, v in line.items() if k in {"loading", "marking"}]
        result.problems.append(f"the process ended by itself while it was at {doing[-1]}")
    places = {name: index for index, name in enumerate(order)}
    result.markings.sort(key=lambda marking: places.get(marking.name, len(places)))
