"""What several commands need: reading clips with a bar, and the options for it."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from .parser import UsageError


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what to do with clips that cannot be read."""
    group = parser.add_argument_group("clips that cannot be read")
    group.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="go on without them and say how many (otherwise the first one ends the command)",
    )
    group.add_argument(
        "--keep-beginnings",
        action="store_true",
        help="use a clip that breaks off as far as it is good",
    )


def read_clips(folder: str, features, args: argparse.Namespace):
    """Return the clips of a folder, with a bar on the screen; say which were left out."""
    clips = load(folder, features, args)
    left_out = f", {len(clips.skipped)} skipped as unreadable" if clips.skipped else ""
    print(
        f"{folder}: {len(clips)} clips of {clips.lengths.min()} to {clips.lengths.max()} frames "
        f"in {len(clips.class_names)} classes ({', '.join(clips.class_names)}){left_out}"
    )
    return clips


def load(folder, features, args: argparse.Namespace):
    """Return the clips of a folder, or of what was found there, with a bar on the screen."""
    from ..progress import ProgressBar
    from ..video import load_clips

    bar = None

    def progress(done: int, total: int, path: str) -> None:
        nonlocal bar
        bar = bar or ProgressBar(total, verbose=1, unit="clip")
        bar.update(done)

    clips = load_clips(
        folder,
        features,
        skip_unreadable=args.skip_unreadable,
        on_error="truncate" if args.keep_beginnings else "raise",
        progress=progress,
    )
    if bar is not None and bar.live:
        bar.close()
    for line in clips.skipped:
        print(f"scratchrnn: skipped: {line}", file=sys.stderr)
    return clips


def print_found(folder: str, found) -> None:
    """Say what was found in a folder whose clips have not been read."""
    print(
        f"{folder}: {len(found.paths)} clips in {len(found.class_names)} classes "
        f"({', '.join(found.class_names)})"
    )


def check_writable(path: str, ending: str) -> Path:
    """Return `path` if a file can be written there; better told before training than after."""
    target = Path(path)
    if target.suffix != ending:
        raise UsageError(f"{path}: expected a name that ends in {ending}")
    if target.is_dir():
        raise UsageError(f"{path}: is a folder")
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"{path}: cannot be written: {folder} is not a folder to write to")
    return target


def table(rows: list[list[str]]) -> str:
    """Return rows as text in columns; numbers (all but the first column) flush right."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
