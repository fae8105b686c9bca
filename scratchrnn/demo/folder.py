"""Folders that demos write: their own are emptied before they are written again, no other is."""

from __future__ import annotations

import shutil
from pathlib import Path

_MARK = ".scratchrnn-demo"


def fresh_folder(folder: Path) -> Path:
    """Return an empty folder for clips; an earlier demo's is emptied, any other refused.

    Parameters
    ----------
    folder : pathlib.Path

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If it is there and no demo wrote it.
    """
    if folder.exists():
        if not (folder / _MARK).exists():
            raise ValueError(f"{folder}: exists, and no demo wrote it; choose another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / _MARK).touch()
    return folder
