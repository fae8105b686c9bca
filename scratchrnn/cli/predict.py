"""``scratchrnn predict MODEL FILE…``: what do these clips show?"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from .parser import add_backend

_DESCRIPTION = """\
Say what clips show, one line a clip: file, class, probability, separated by tabs.
"""

_EPILOG = """\
examples:
  scratchrnn predict model.npz new.mp4
  scratchrnn predict model.npz *.mp4 --all          the probability of every class
  scratchrnn predict model.npz *.mp4 --json         for programs
  scratchrnn predict model.npz *.mp4 | cut -f 2 | sort | uniq -c
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "predict", help="say what clips show", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("model", metavar="MODEL", help="a file that scratchrnn train wrote")
    parser.add_argument("files", metavar="FILE", nargs="+", help="video files")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--all", action="store_true", help="give the probability of every class")
    how.add_argument("--json", action="store_true", help="give one JSON object a line")
    parser.add_argument(
        "--skip-unreadable",
        action="store_true",
        help="go on without clips that cannot be read, and say how many",
    )
    add_backend(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the predictions; nothing is printed unless every file has been read."""
    from ..classify import ClipClassifier, pad
    from ..video import VideoError

    classifier = ClipClassifier.load(args.model)
    read, skipped = {}, 0
    for path in args.files:
        try:
            read[path] = classifier.features.from_file(_file(path))
        except VideoError as error:
            if not args.skip_unreadable:
                raise
            skipped += 1
            print(f"scratchrnn: skipped: {error}", file=sys.stderr)
    if not read:
        raise ValueError(f"none of the {len(args.files)} files can be read")
    if skipped:
        print(f"scratchrnn: {skipped} of {len(args.files)} files skipped", file=sys.stderr)
    x, mask = pad(list(read.values()))
    probabilities = classifier.network.predict(x, mask=mask, verbose=0)
    for path, row in zip(read, probabilities, strict=True):
        print(_line(path, row, classifier.classes, args))
    return 0


def _file(path: str) -> str:
    from ..video import VideoError

    if Path(path).is_dir():
        raise VideoError(f"{path}: is a folder (scratchrnn evaluate takes folders of clips)")
    return path


def _line(path: str, row: np.ndarray, classes: tuple[str, ...], args: argparse.Namespace) -> str:
    best = int(row.argmax())
    if args.json:
        shares = {name: round(float(p), 6) for name, p in zip(classes, row, strict=True)}
        return json.dumps({"file": path, "class": classes[best], "probabilities": shares})
    if args.all:
        order = np.argsort(-row, kind="stable")
        return "\t".join([path, *(f"{classes[k]} {row[k]:.4f}" for k in order)])
    return f"{path}\t{classes[best]}\t{row[best]:.4f}"
