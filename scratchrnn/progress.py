"""A progress bar in Keras's manner; plain lines where the output is not a terminal."""

from __future__ import annotations

import sys
import time
from typing import TextIO

_WIDTH = 20


def format_logs(logs: dict[str, float]) -> str:
    """Return ``loss: 0.1234 - accuracy: 0.9000``."""
    return " - ".join(
        f"{name}: {value:.4f}" if abs(value) > 1e-3 or value == 0 else f"{name}: {value:.4e}"
        for name, value in logs.items()
    )


class ProgressBar:
    """Progress of one pass over `total` things.

    Parameters
    ----------
    total : int or None
        None where it is not known.
    verbose : {0, 1, 2}
        0 silent, 1 a bar that grows (on a terminal), 2 one line at the end.
    stream : text file, optional
        ``sys.stdout`` by default, looked up when first written to.
    unit : str, default "step"

    Examples
    --------
    >>> bar = ProgressBar(2, verbose=0)
    >>> bar.update(1, {"loss": 0.5})
    >>> bar.close({"loss": 0.4})
    """

    def __init__(self, total: int | None, verbose=1, stream: TextIO | None = None, unit="step"):
        self.total, self.verbose, self.unit = total, verbose, unit
        self.stream = sys.stdout if stream is None else stream
        self.live = verbose == 1 and bool(getattr(self.stream, "isatty", lambda: False)())
        self.started = time.monotonic()
        self._last_drawn, self._width, self.done = 0.0, 0, 0

    def update(self, done: int, logs: dict[str, float] | None = None) -> None:
        """Say that `done` things are done; redraws at most ten times a second."""
        self.done = done
        now = time.monotonic()
        if self.live and now - self._last_drawn > 0.1:
            self._last_drawn = now
            self._draw(logs or {})

    def close(self, logs: dict[str, float] | None = None) -> None:
        """Draw the final state and end the line."""
        if self.verbose:
            self._draw(logs or {}, final=True)

    def _draw(self, logs, final=False) -> None:
        seconds = time.monotonic() - self.started
        each = seconds / max(self.done, 1)
        pace = f"{each:.0f}s" if each >= 10 else f"{each * 1e3:.0f}ms"
        if final or not self.total:
            clock = f"{seconds:.0f}s {pace}/{self.unit}"
        else:
            clock = f"{each * (self.total - self.done):.0f}s left, {pace}/{self.unit}"
        total = self.done if final and not self.total else self.total
        text = f"{self.done}/{total or '?'} {self._bar(final)}{clock}"
        text += f" - {format_logs(logs)}" if logs else ""
        if self.live:
            self.stream.write("\r" + text.ljust(self._width) + ("\n" if final else ""))
            self._width = len(text)
        else:
            self.stream.write(text + "\n")
        self.stream.flush()

    def _bar(self, final: bool) -> str:
        if not self.live or not (self.total or final):
            return ""
        filled = _WIDTH if final else _WIDTH * self.done // self.total
        return "━" * filled + "╌" * (_WIDTH - filled) + " "
