"""The command line: ``python -m benchmarks [suites] [options]``."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path

from . import limit, machine, pictures
from .cases import CELLS
from .contenders import EVERYONE, KERAS_TF
from .pool import Pool
from .results import write_json
from .suites import SUITES
from .tables import left_out
from .turns import Session

QUICK_SECONDS = 95.0  # what is running then still ends, and the pictures are drawn
WAYS = ("forward", "both")
DTYPES = ("float32", "float64")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    found = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Time scratchrnn, PyTorch, Keras and ONNX Runtime side by side, checked equal.",
        epilog=f"Contenders: {', '.join(dict.fromkeys(c.name for c in EVERYONE))}.",
    )
    names = ", ".join(SUITES)
    found.add_argument("suites", nargs="*", metavar="suite", help=f"all, or some of: {names}")
    found.add_argument(
        "--quick", action="store_true", help="few cases, no TensorFlow; ends in 2 minutes"
    )
    found.add_argument(
        "--output", type=Path, default=Path("benchmark-results"), metavar="DIR",
        help="folder of the JSON file and the pictures (%(default)s)",
    )  # fmt: skip
    found.add_argument("--threads", type=_count, default=2, help="of each contender (%(default)s)")
    found.add_argument("--rounds", type=_count, help="turns of each contender (5; quick 2)")
    _choice(found, "--contenders", dict.fromkeys(c.name for c in EVERYONE), ())
    _choice(found, "--cells", CELLS, CELLS)
    _choice(found, "--dtypes", DTYPES, DTYPES)
    _choice(found, "--passes", WAYS, WAYS)
    return found


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return int(text)


def _choice(found: argparse.ArgumentParser, option: str, known, default) -> None:
    known = tuple(known)

    def some_of(text: str) -> tuple[str, ...]:
        names = tuple(name.strip() for name in text.split(","))
        for name in names:
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected some of {known}, got {name!r}")
        return names

    text = f"only some of: {', '.join(known)}"
    found.add_argument(option, type=some_of, default=default, metavar="A,B", help=text)


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks.

    Parameters
    ----------
    arguments : list of str, optional
        The command line's by default.

    Returns
    -------
    int
        0; 1 if a contender gave wrong results, 130 if the run was stopped.
    """
    parse = parser()
    options = parse.parse_args(arguments)
    for name in options.suites:
        if name not in SUITES:
            parse.error(f"suite: expected some of {tuple(SUITES)}, got {name!r}")
    began = time.monotonic()
    about = machine.describe(options.threads)
    about["command"] = " ".join(["python -m benchmarks", *(arguments or sys.argv[1:])])
    print("\n".join(f"{name:<16} {value}" for name, value in about.items()), end="\n\n")
    deadline = began + QUICK_SECONDS if options.quick else float("inf")
    with _ending_in_order(), Pool(options.threads, deadline=deadline) as pool:
        session = Session(
            pool, options.quick, options.rounds or (2 if options.quick else 5),
            0.1 if options.quick else 0.25, options.contenders or _everyone(options.quick),
            options.cells, options.dtypes, options.passes, deadline,
        )  # fmt: skip
        try:
            for name in SUITES:
                if not options.suites or name in options.suites:
                    SUITES[name].run(session)
                    _show(session, name)
        except KeyboardInterrupt:
            print("stopped")
            return 130
        finally:
            _keep(session, about, options.output)
    print(f"{time.monotonic() - began:.0f} s in all")
    return int(any(m.wrong for m in session.measurements))


@contextlib.contextmanager
def _ending_in_order():
    """Let SIGTERM end a run as Ctrl-C does: results are kept, and no process is left behind."""

    def stop(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _everyone(quick: bool) -> tuple[str, ...]:
    """Return the names of all contenders; quickly, without TensorFlow, which starts slowly."""
    return tuple(c.name for c in EVERYONE if not (quick and c == KERAS_TF))


def _show(session: Session, name: str) -> None:
    found = [m for m in session.measurements if m.suite in (name, limit.SUITE)]
    print(SUITES[name].report(found), end="\n\n")
    notes = left_out([m for m in found if m.suite == name])
    if notes:
        print(notes, end="\n\n", flush=True)


def _keep(session: Session, about: dict, folder: Path) -> None:
    """Write the JSON file and the pictures of what was measured, even if a suite failed."""
    path = write_json(folder / "benchmarks.json", about, session.measurements)
    for written in [path, *pictures.draw(session.measurements, folder)]:
        print(f"wrote {written}")
