"""The parser: commands, the arguments that several share, and errors of one line."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NoReturn

COMMANDS = ("demo", "train", "evaluate", "predict", "explain", "exercises", "check", "info")

_DESCRIPTION = """\
Recurrent networks from scratch, run on video: vanilla RNN, LSTM and GRU written by hand.

Clips lie in a folder of class folders:

    clips/wave/001.mp4 …      clips/nod/001.mp4 …
"""

_EPILOG = """\
first steps:
  scratchrnn demo                               make clips, learn from them, write a report
  scratchrnn train clips/                       learn from your own clips
  scratchrnn predict model.npz new.mp4          tell what a clip shows
  scratchrnn explain model.npz new.mp4          show why
  scratchrnn train --help                       every command explains itself

Exit codes: 0 done, 2 an error (one line on standard error), 130 stopped by Ctrl-C.
"""


class UsageError(ValueError):
    """Arguments that argparse refuses."""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and whose help keeps its examples' lines."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)

    def error(self, message: str) -> NoReturn:
        """Raise what `main` prints in one line."""
        raise UsageError(f"{message} (see {self.prog} --help)")


def build_parser() -> Parser:
    """Return the parser of all commands."""
    from .. import __version__

    parser = Parser(prog="scratchrnn", description=_DESCRIPTION, epilog=_EPILOG)
    parser.add_argument("--version", action="version", version=f"scratchrnn {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", parser_class=Parser
    )
    for name in COMMANDS:
        importlib.import_module(f"{__package__}.{name}").add(commands)
    return parser


def number(kind: type, low: float, high: float | None = None) -> Callable[[str], Any]:
    """Return a converter for argparse that takes numbers in ``[low, high]`` only."""
    names = {int: "a whole number", float: "a number"}
    limits = f"of at least {low}" if high is None else f"from {low} to {high}"

    def convert(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not (low <= value <= (float("inf") if high is None else high)):
            raise argparse.ArgumentTypeError(f"expected {names[kind]} {limits}, got {text!r}")
        return value

    return convert


def add_backend(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose what computes."""
    group = parser.add_argument_group("computing")
    group.add_argument(
        "--backend", choices=("numpy", "numba"), help="readable NumPy or compiled kernels"
    )
    group.add_argument(
        "--threads", type=number(int, 1), metavar="N", help="threads of the compiled kernels"
    )


@contextmanager
def computing(args: argparse.Namespace) -> Iterator[None]:
    """Compute inside the ``with`` block as the options of `add_backend` say."""
    from .. import backend

    name, threads = getattr(args, "backend", None), getattr(args, "threads", None)
    before = backend.get_num_threads() if threads else None
    with backend.use_backend(name) if name else nullcontext():
        try:
            if threads:
                backend.set_num_threads(threads)
            yield
        finally:
            if before:
                backend.set_num_threads(before)
