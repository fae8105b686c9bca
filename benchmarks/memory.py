"""Peak memory of this process."""

from __future__ import annotations

import sys
from pathlib import Path

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def start_peak() -> int:
    """Forget the peak so far, where the system can, and return the bytes in use now."""
    if _RESET.exists():
        _RESET.write_text("5")
        return _kilobytes("VmRSS") * 1024
    return peak()


def peak() -> int:
    """Return the most bytes in use since `start_peak`, or since the process began."""
    if _STATUS.exists():
        return _kilobytes("VmHWM") * 1024
    import resource  # not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _kilobytes(name: str) -> int:
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(name + ":"))
    return int(line.split()[1])
