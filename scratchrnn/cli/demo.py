"""``scratchrnn demo``: the whole job, with nothing to download."""

from __future__ import annotations

import argparse
from typing import Any

from .parser import UsageError, add_backend, number

_DESCRIPTION = """\
Make clips, learn from them, and write a page about it: the whole job in under a minute.

A disc calls at three pads; only the order of its visits tells the six classes apart. The clips
are written as video files and read back; a vanilla RNN, an LSTM and a GRU are trained on them,
beside a baseline that is blind to order, and tested on other clips.

Other tasks have pages of their own:

  tracking   follow an object that passes behind pillars, with and without a memory
  walkers    tell people apart by their walk, people never seen in training too
  speakers   the nine JapaneseVowels speakers, known and never heard (needs --data FOLDER)
  actions    name what somebody does in every frame, from motion capture (needs --data FILE)
"""

_EPILOG = """\
examples:
  scratchrnn demo                       to the folder scratchrnn-demo; open its report.html
  scratchrnn demo --output here --seed 7
  scratchrnn demo --clips 100 --epochs 60
  scratchrnn demo --task tracking       to the folder scratchrnn-demo-tracking
  scratchrnn demo --task actions --data mocap6.npz
"""


# What each task does if it is not told otherwise.
_DEFAULTS = {
    "order": {"clips": 40, "epochs": 40, "units": 32},
    "tracking": {"clips": 500, "epochs": 20, "units": 96},
    "walkers": {"clips": 12, "epochs": 20, "units": 64},
    "speakers": {"epochs": 40, "units": 100},
    "actions": {"epochs": 25, "units": 64},
}
_FROM_DATA = ("speakers", "actions")


def _by_task(name: str) -> str:
    told = [f"{task}: {options[name]}" for task, options in _DEFAULTS.items() if name in options]
    return ", ".join(told)


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "demo",
        help="make clips, learn from them, write a report",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--task", choices=tuple(_DEFAULTS), default="order",
        help="what is to be learned (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--output", "-o", metavar="FOLDER",
        help="gets clips, model, report and animation (default: scratchrnn-demo, for other tasks "
        "than order with -TASK after it)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=number(int, 0), default=0, metavar="N",
        help="the same seed gives the same clips and networks (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--clips", type=number(int, 2), metavar="N",
        help=f"clips to train on, of each class or person ({_by_task('clips')})",
    )  # fmt: skip
    parser.add_argument(
        "--epochs", type=number(int, 1), metavar="N",
        help=f"how often each clip is shown ({_by_task('epochs')})",
    )  # fmt: skip
    parser.add_argument(
        "--units", type=number(int, 1), metavar="H",
        help=f"size of the recurrent state ({_by_task('units')})",
    )  # fmt: skip
    parser.add_argument(
        "--data", metavar="PATH",
        help="actions: the captured sequences, a .npz; speakers: the folder with "
        "JapaneseVowels_TRAIN.ts and JapaneseVowels_TEST.ts",
    )  # fmt: skip
    add_backend(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo and say where everything is."""
    if (args.data is None) == (args.task in _FROM_DATA):
        tasks = " and ".join(_FROM_DATA)
        raise UsageError(f"--data: the tasks {tasks} need it, and no other takes it")
    folder = args.output or "scratchrnn-demo" + ("" if args.task == "order" else f"-{args.task}")
    options = {
        name: default if getattr(args, name) is None else getattr(args, name)
        for name, default in _DEFAULTS[args.task].items()
    }
    if args.task in _FROM_DATA:
        options["data"] = args.data
    result = _RUN[args.task](folder, args.seed, options)
    if getattr(result, "stopped", False):
        print(f"\nstopped; what was learned by then is in {result.model}")
        return 130
    print(f"report:    {result.report}")
    print(f"model:     {result.model}")
    if hasattr(result, "animation"):
        print(f"animation: {result.animation}")
    return 0


def _order(folder: str, seed: int, options: dict) -> Any:
    from ..demo import run_demo

    return run_demo(folder, seed=seed, families=options.pop("clips"), **options)


def _tracking(folder: str, seed: int, options: dict) -> Any:
    from ..tracking import run_tracking

    return run_tracking(folder, seed=seed, **options)


def _walkers(folder: str, seed: int, options: dict) -> Any:
    from ..recognition import run_walkers

    return run_walkers(folder, seed=seed, **options)


def _speakers(folder: str, seed: int, options: dict) -> Any:
    from ..recognition import run_speakers

    return run_speakers(folder, seed=seed, **options)


def _actions(folder: str, seed: int, options: dict) -> Any:
    from ..actions import run_actions

    return run_actions(folder, seed=seed, **options)


_RUN = {
    "order": _order, "tracking": _tracking, "walkers": _walkers, "speakers": _speakers,
    "actions": _actions,
}  # fmt: skip
