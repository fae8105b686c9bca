"""Writing files such that a kill at any moment leaves the old file or the new one."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows: what a killed process leaves is not cleared there
    fcntl = None  # type: ignore[assignment]


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`; on leaving without an error it becomes `path`.

    Parameters
    ----------
    path : path-like
        The file to make or replace. Folders that are missing are made.

    Yields
    ------
    binary file
        What is written to it is flushed to the disk before the name changes hands. After an
        error the temporary file is gone and `path` is as it was. A process that is killed leaves
        its temporary file behind; the next one that writes `path` removes it.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "page.html")
    >>> with replacing(path) as file:
    ...     _ = file.write(b"whole")
    >>> path.read_text()
    'whole'
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            _lock(file)
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _lock(file: BinaryIO) -> bool:
    """Mark a file as being written; the mark ends with the process, however that ends."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody else is writing it, or the file system has no locks
        return False
    return True


def _remove_leftovers(path: Path) -> None:
    """Delete the temporary files for `path` that nobody is writing any more."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        try:
            with open(leftover, "rb") as file:
                if _lock(file):
                    leftover.unlink()
        except OSError:  # it has just become the file, or belongs to somebody else
            continue
