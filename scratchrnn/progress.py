"""A progress bar in Keras's manner; plain lines where the output cannot go back in its line.

A terminal can, and so can the output of a notebook's cell, though it is no terminal: it knows the
carriage return. A file, a pipe or a CI log gets one line when the work is done.
"""

from __future__ import annotations

import shutil
import sys
import time
from typing import TextIO

_WIDTH = 20
_REDRAW = 0.1  # seconds


def format_logs(logs: dict[str, float]) -> str:
    """Return ``loss: 0.1234 - accuracy: 0.9000``.

    Examples
    --------
    >>> format_logs({"loss": 0.12345, "learning_rate": 1e-4})
    'loss: 0.1235 - learning_rate: 1.0000e-04'
    """
    return " - ".join(
        f"{name}: {value:.4e}" if 0 < abs(value) <= 1e-3 else f"{name}: {value:.4f}"
        for name, value in logs.items()
    )


def format_pace(seconds: float, unit: str = "step") -> str:
    """Return the time that one thing takes.

    Examples
    --------
    >>> format_pace(2.0), format_pace(0.0123), format_pace(4e-5)
    ('2s/step', '12ms/step', '40us/step')
    """
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.0f}s/{unit}"
    return f"{seconds * 1e3:.0f}ms/{unit}" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/{unit}"


def format_clock(seconds: float) -> str:
    """Return a duration.

    Examples
    --------
    >>> format_clock(7.2), format_clock(83), format_clock(7384)
    ('7s', '1:23', '2:03:04')
    """
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}" if minutes else f"{seconds}s"


def can_redraw(stream: TextIO) -> bool:
    r"""Return whether ``\r`` goes back to the begin of the line in `stream`."""
    if type(stream).__module__.partition(".")[0] == "ipykernel":
        return True
    return bool(getattr(stream, "isatty", lambda: False)())


class ProgressBar:
    """Progress of one pass over `total` things.

    Parameters
    ----------
    total : int or None
        None where it is not known.
    verbose : {0, 1, 2}
        0 silent, 1 a bar that grows (where it can), 2 one line at the end.
    stream : text file, optional
        ``sys.stdout`` by default, as it is now.
    unit : str, default "step"
    label : str, optional
        What the line begins with.

    Examples
    --------
    >>> bar = ProgressBar(2, verbose=0)
    >>> bar.update(1, {"loss": 0.5})
    >>> bar.close({"loss": 0.4})
    """

    def __init__(
        self, total: int | None, verbose=1, stream: TextIO | None = None, unit="step", label=""
    ):
        self.total, self.verbose, self.unit = total, verbose, unit
        self.label = f"{label} " if label else ""
        self.stream = sys.stdout if stream is None else stream
        self.live = verbose == 1 and can_redraw(self.stream)
        self.started = time.monotonic()
        self._last_drawn, self._width, self.done = 0.0, 0, 0

    def update(self, done: int, logs: dict[str, float] | None = None) -> None:
        """Say that `done` things are done; redraws at most ten times a second."""
        self.done = done
        now = time.monotonic()
        if self.live and now - self._last_drawn > _REDRAW:
            self._last_drawn = now
            self._draw(logs or {})

    def close(self, logs: dict[str, float] | None = None) -> None:
        """Draw the final state and end the line."""
        if self.verbose:
            self._draw(logs or {}, final=True)

    def _draw(self, logs, final=False) -> None:
        seconds = time.monotonic() - self.started
        each = seconds / max(self.done, 1)
        total = self.done if final else self.total
        left = total is not None and not final
        clock = format_clock(each * (total - self.done) if left else seconds)
        parts = [f"{self.label}{self.done}/{total or '?'}"]
        if self.live:
            parts[0] += f" {self._bar(final)}"
        parts[0] += f" {clock} {format_pace(each, self.unit)}"
        text = " - ".join([*parts, format_logs(logs)] if logs else parts)
        if self.live:
            text = self._fitting(text)
            self.stream.write("\r" + text.ljust(self._width) + ("\n" if final else ""))
            self._width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def _fitting(self, text: str) -> str:
        """Cut what would run into a terminal's next line: a carriage return cannot undo that."""
        if not getattr(self.stream, "isatty", lambda: False)():
            return text
        columns = shutil.get_terminal_size().columns - 1
        if len(text) <= columns:
            return text
        dots = "…" if _can_show("…", self.stream) else "."
        return text[: columns - 1] + dots

    def _bar(self, final: bool) -> str:
        if not (self.total or final):
            return ""
        full, empty = "━╌" if _can_show("━╌", self.stream) else "=."
        filled = _WIDTH if final else min(_WIDTH * self.done // self.total, _WIDTH)
        return full * filled + empty * (_WIDTH - filled)


def _can_show(text: str, stream: TextIO) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
