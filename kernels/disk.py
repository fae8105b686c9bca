"""Where compiled kernels are kept on disk, and how to be rid of them.

Left to itself, Numba does not notice when a function changes that a kernel calls in another file.
So kernels are kept in a folder that is named after the contents of all files here: an edited
kernel is compiled anew, and nobody need clear anything. The folder lies in NUMBA_CACHE_DIR, if
that is set, else in ``__pycache__`` beside the sources, else in the user's cache folder.

Nothing here imports Numba.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).resolve().parent
_NAME = "scratchrnn-kernels-"
_DAY = 86400.0  # seconds


@cache
def folder() -> Path | None:
    """Return the folder for kernels compiled from today's sources; None if none is writable."""
    sources = hashlib.sha256()
    for path in sorted(_SOURCE.glob("*.py")):
        sources.update(path.read_bytes())
    for base in _bases():
        path = base / (_NAME + sources.hexdigest()[:16])
        try:
            path.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=path).close()
        except OSError:
            continue
        _forget_others(path)
        return path
    return None


def _bases() -> list[Path]:
    if os.environ.get("NUMBA_CACHE_DIR"):
        return [Path(os.environ["NUMBA_CACHE_DIR"])]
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return [_SOURCE / "__pycache__", Path(home)]


def _forget_others(path: Path) -> None:
    """Delete kernels of earlier sources, unless a process of today may still be using them."""
    for other in path.parent.glob(_NAME + "*"):
        if other != path and time.time() - other.stat().st_mtime > _DAY:
            shutil.rmtree(other, ignore_errors=True)


def clear_cache() -> int:
    """Delete the compiled kernels kept on disk.

    Returns
    -------
    int
        How many files were deleted.
    """
    path = folder()
    files = [] if path is None else [*path.rglob("*.nb[ic]")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)


def describe() -> str:
    """Return where compiled kernels are kept, or that they are not."""
    return str(folder() or "not kept: no folder is writable")
