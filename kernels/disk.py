"""Where compiled kernels are kept on disk, when they are renewed, and how to be rid of them.

Numba keeps them beside the source, in ``__pycache__``, or where NUMBA_CACHE_DIR says, or in the
user's cache folder, and renews a kernel when its own file changes, but not when a function
changes that it calls in another file. So a stamp of all files here lies beside the kernels, and
where it does not fit, the kernels are deleted before the first is loaded.

Nothing here imports Numba.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
from functools import cache
from pathlib import Path

_SOURCE = Path(__file__).resolve().parent
_STAMP = "scratchrnn-kernels.stamp"
_folder: Path | None = None  # known once a kernel's module has been imported


@cache
def renew(folder: str) -> None:
    """Delete kernels in `folder` that were compiled from other sources than today's."""
    global _folder
    _folder = Path(folder)
    stamp, sources = _folder / _STAMP, hashlib.sha256()
    for path in sorted(_SOURCE.glob("*.py")):
        sources.update(path.read_bytes())
    try:
        if stamp.exists() and stamp.read_text() == sources.hexdigest():
            return
        clear_cache()
        _folder.mkdir(parents=True, exist_ok=True)
        temporary = stamp.with_suffix(f".{os.getpid()}")
        temporary.write_text(sources.hexdigest())
        os.replace(temporary, stamp)
    except OSError:  # a read-only cache that was made by another user: Numba copes
        return


def clear_cache() -> int:
    """Delete the compiled kernels kept on disk.

    Returns
    -------
    int
        How many files were deleted.
    """
    folder = _where()
    files = [] if folder is None else [*folder.glob("*.nb[ic]")]
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)


def describe() -> str:
    """Return where compiled kernels are kept, or why they are not."""
    return str(_where() or "not kept: Numba is not installed, or no folder is writable")


def _where() -> Path | None:
    if _folder is None and importlib.util.find_spec("numba") is not None:
        importlib.import_module(f"{__package__}.tile")  # its kernels tell the folder
    return _folder
