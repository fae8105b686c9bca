"""``scratchrnn info``: what is installed and used here, or what is in a model's file."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

_EPILOG = """\
examples:
  scratchrnn info                 versions, backend, threads: put this into a bug report
  scratchrnn info model.npz       classes, layers and training of a model
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "info",
        help="say what is installed here, or what a model is",
        description="Say what is installed and used here, or describe a model.",
        epilog=_EPILOG,
    )
    parser.add_argument("model", nargs="?", metavar="MODEL", help="a model's file (.npz)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the description."""
    if args.model is None:
        return _describe_house()
    return _describe_model(Path(args.model))


def _describe_house() -> int:
    from .. import backend

    backend.show_config()
    for package in ("matplotlib", "imageio", "av"):
        print(f"{package:<18} {backend._version(package)}")
    return 0


def _describe_model(path: Path) -> int:
    from ..models import load_model

    model = load_model(path)
    described = model.metadata
    rows = {"file": f"{path} ({os.path.getsize(path):,} bytes)"}
    if "classes" in described:
        rows["classes"] = ", ".join(described["classes"])
        rows["features"] = _words(described["features"])
    for name, value in described.get("about", {}).items():
        if isinstance(value, str | int | float):
            rows[name.replace("_", " ")] = value
    for name, value in rows.items():
        print(f"{name:<18} {value}")
    print()
    model.summary()
    return 0


def _words(settings: dict) -> str:
    """Return settings in words: ``size 6 x 8, gray, difference``."""
    words = []
    for name, value in settings.items():
        if isinstance(value, bool):
            words += [name] if value else []
        elif isinstance(value, list):
            words.append(f"{name} {' x '.join(map(str, value))}")
        elif value is not None and name != "max_pixels":
            words.append(f"{name} {value}")
    return ", ".join(words).replace("_", " ")
