"""``scratchrnn exercises DIR``: write the sheets that students fill in."""

from __future__ import annotations

import argparse

_EPILOG = """\
examples:
  scratchrnn exercises mine/                       notebooks to fill in
  scratchrnn exercises mine/ --form py             the same as scripts
  scratchrnn exercises mine/ --sheet lstm          one sheet
  scratchrnn exercises course/ --for nbgrader      what nbgrader releases, with the solutions
  scratchrnn check mine/1_rnn.ipynb                mark one
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "exercises",
        help="write the exercises, for students or instructors",
        description="Write the sheets of exercises as notebooks or scripts, one file each.",
        epilog=_EPILOG,
    )
    parser.add_argument("folder", metavar="DIR", help="where to; made if it is not there")
    parser.add_argument(
        "--for", dest="purpose", default="student",
        choices=("student", "solution", "nbgrader", "otter"),
        help="without solutions, with them, or for a grader to release (default student)",
    )  # fmt: skip
    parser.add_argument("--form", choices=("ipynb", "py"), default="ipynb")
    parser.add_argument(
        "--sheet", action="append", metavar="NAME", help="only this one, as lstm; may be repeated"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the sheets and say where they are."""
    from ..exercises.handout import write_sheets
    from ..exercises.sheets_text import SHEETS

    sheets = tuple(args.sheet) if args.sheet else SHEETS
    for path in write_sheets(args.folder, args.purpose, args.form, sheets, args.overwrite):
        print(path)
    return 0
