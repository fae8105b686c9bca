"""Calling a student's function: nothing that it does may harm the marker.

Whatever it raises, prints, warns about or changes in place is noted. Its local variables are taken
down when it returns: they are the intermediates that the marker compares.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import linecache
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SECONDS = 10.0  # for one call: the arrays are tiny


@dataclass
class Call:
    """What one call did.

    Attributes
    ----------
    value : object
    error : str
        What it raised, with the line; empty if nothing.
    not_begun : bool
        Whether it raised ``NotImplementedError``.
    warned : list of str
    changed : list of str
        The arguments that it changed in place.
    intermediates : dict of str to ndarray
        Local variables of the function and of what it called in the same file.
    seconds : float
    """

    value: Any = None
    error: str = ""
    not_begun: bool = False
    warned: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    intermediates: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: float = 0.0


def call(function: Callable, arguments: dict[str, Any], watch: bool = False) -> Call:
    """Call `function` with copies of `arguments` (but the cache itself), in their order.

    Parameters
    ----------
    function : callable
    arguments : dict
        By name, for what is reported; handed over by position.
    watch : bool
        Whether to take down local variables.

    Returns
    -------
    Call
    """
    given = {n: v if n == "cache" else _copy(v) for n, v in arguments.items()}
    before = {name: _copy(value) for name, value in given.items() if name != "cache"}
    done, start = Call(), time.perf_counter()
    frames: dict[str, dict] = {}
    with (
        warnings.catch_warnings(record=True) as caught,
        contextlib.redirect_stdout(io.StringIO()),
        _watching(function, frames) if watch else contextlib.nullcontext(),
    ):
        warnings.simplefilter("always")
        try:
            with _deadline(SECONDS):
                done.value = function(*given.values())
        except NotImplementedError:
            done.not_begun = True
        # A student's function may fail in any way, even by leaving the program.
        except (Exception, SystemExit) as error:
            done.error = describe(error, function)
    if done.value is None and not (done.error or done.not_begun) and _computes(function):
        done.error = "returns None: is a `return` missing?"
    done.seconds = time.perf_counter() - start
    done.warned = list(dict.fromkeys(_warning(w) for w in caught))
    done.changed = [name for name, value in before.items() if not _same(value, given[name])]
    for local in frames.values():
        done.intermediates |= local
    return done


def _computes(function: Callable) -> bool:
    """Whether a function does more than a template that was handed in as it was."""
    code = code_of(function)
    return code is not None and (len(code.co_names) > 0 or code.co_nlocals > code.co_argcount)


class Endless(Exception):
    """A call that has not come to an end."""


@contextlib.contextmanager
def _deadline(seconds: float):
    """Interrupt what takes longer, where a timer's signal can be had: not in every thread."""
    usable = hasattr(signal, "SIGALRM") and threading.current_thread() is threading.main_thread()
    if not usable or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def stop(*_):
        raise Endless(f"not finished after {seconds:g} s: is there a loop that never ends?")

    earlier = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, earlier)


def _warning(warned: warnings.WarningMessage) -> str:
    return f"{warned.message}"


def _copy(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_copy(part) for part in value)
    return value


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.shape == after.shape
            and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_same, before, after))
    return True


@contextlib.contextmanager
def _watching(function: Callable, frames: dict[str, dict]):
    """Take down the local variables of every function of the same file when it returns."""
    code = code_of(function)
    if code is None:
        yield
        return

    def profile(frame, event, _):
        if event == "return" and frame.f_code.co_filename == code.co_filename:
            if frame.f_code.co_name.startswith("<"):
                return
            if frame.f_code is not code and "sigmoid" in frame.f_code.co_name:
                return  # its names are those of no equation of the function that calls it
            local = {n: copy.copy(v) for n, v in frame.f_locals.items() if _is_array(v)}
            frames.pop(frame.f_code.co_name, None)
            frames[frame.f_code.co_name] = local

    earlier = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield
    finally:
        sys.setprofile(earlier)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size < 10_000


def code_of(function: Callable):
    """Return the code object of a Python function, also of one that Numba compiled, or None."""
    plain = getattr(function, "py_func", function)
    plain = inspect.unwrap(plain) if callable(plain) else plain
    return getattr(plain, "__code__", None)


def describe(error: BaseException, function: Callable | None = None) -> str:
    """Return an error in words: its message, the student's line, and the shapes on that line."""
    entries = traceback.extract_tb(error.__traceback__)
    code = code_of(function) if function is not None else None
    frames = [f for f, _ in traceback.walk_tb(error.__traceback__)]
    kind = "" if isinstance(error, Endless) else f"{type(error).__name__}: "
    text = " ".join(f"{kind}{error}".split())
    own = [
        index
        for index, entry in enumerate(entries)
        if code is None or entry.filename == code.co_filename
    ]
    if not own or (code is not None and entries[own[-1]].filename == __file__):
        return text
    entry, frame = entries[own[-1]], frames[own[-1]]
    line = (entry.line or linecache.getline(entry.filename, entry.lineno or 0)).strip()
    text += f" (line {entry.lineno} of {entry.name}{': ' if line else ''}{line}"
    shapes = [
        f"{name} {frame.f_locals[name].shape}"
        for name in dict.fromkeys(_words(line))
        if isinstance(frame.f_locals.get(name), np.ndarray)
    ]
    return text + (f"; shapes: {', '.join(shapes)})" if shapes else ")")


def _words(line: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in line).split()
