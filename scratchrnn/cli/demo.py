"""``scratchrnn demo``: the whole job, with nothing to download."""

from __future__ import annotations

import argparse

from .parser import add_backend, number

_DESCRIPTION = """\
Make clips, learn from them, and write a page about it: the whole job in under a minute.

A disc calls at three pads; only the order of its visits tells the six classes apart. The clips
are written as video files and read back; a vanilla RNN, an LSTM and a GRU are trained on them,
beside a baseline that is blind to order, and tested on other clips.
"""

_EPILOG = """\
examples:
  scratchrnn demo                       to the folder scratchrnn-demo; open its report.html
  scratchrnn demo --output here --seed 7
  scratchrnn demo --clips 100 --epochs 60
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "demo",
        help="make clips, learn from them, write a report",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--output", "-o", default="scratchrnn-demo", metavar="FOLDER",
        help="gets clips, model, report and animation (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=number(int, 0), default=0, metavar="N",
        help="the same seed gives the same clips and networks (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=number(int, 2), default=40, metavar="N",
        help="clips of each class to train on (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=number(int, 1), default=40, metavar="N",
        help="how often each clip is shown (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--units", type=number(int, 1), default=32, metavar="H",
        help="size of the recurrent state (default: %(default)s)",
    )  # fmt: skip
    add_backend(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo and say where everything is."""
    from ..demo import run_demo

    result = run_demo(
        args.output, seed=args.seed, families=args.clips, epochs=args.epochs, units=args.units
    )
    if result.stopped:
        print(f"\nstopped; what was learned by then is in {result.model}")
        return 130
    print(f"report:    {result.report}")
    print(f"model:     {result.model}")
    print(f"animation: {result.animation}")
    return 0
