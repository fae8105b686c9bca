"""``scratchrnn check FILE``: mark a student's exercises."""

from __future__ import annotations

import argparse
import json

from .parser import number

_DESCRIPTION = """\
Mark the exercises in a script or a notebook: a table of every array that is wrong, and a diagnosis
in words that names the equation. Functions are found by their names; CS231n's are known as well.

FILE is executed, in a process of its own, with your rights: look at a file that you do not trust
before you mark it.
"""

_EPILOG = """\
examples:
  scratchrnn check mine/1_rnn.ipynb     mark what `scratchrnn exercises mine/` wrote
  scratchrnn check rnn_layers.py        mark CS231n homework
  scratchrnn check mine/*.ipynb --json  for a program to read

Exit codes: 0 all right, 1 something is wrong or not begun, 2 a file cannot be marked.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check",
        help="mark exercises, and say which equation is wrong",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("files", metavar="FILE", nargs="+", help="a script or a notebook")
    parser.add_argument(
        "--timeout", type=number(float, 0.1), default=60.0, metavar="S",
        help="seconds for running the file, and for each function (default 60)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Mark the files, and print what is wrong."""
    from ..exercises import check_file

    results = []
    for path in args.files:
        result = check_file(path, args.timeout)
        results.append(result)
        if not args.json:
            print(result)
    if args.json:
        print(json.dumps([_plain(result) for result in results], indent=1))
    return 0 if all(results) else 1


def _plain(result) -> dict:
    markings = [{**m.to_dict(), "verdict": m.verdict} for m in result]
    return {"file": result.path, "problems": result.problems, "markings": markings}
