"""The process that runs a student's file and marks it: ``python -m scratchrnn.exercises.worker``.

It writes one line of JSON for everything that it begins and everything that it has done, so that
whoever started it knows how far it came when it has to be stopped.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

from .marking import check
from .students import find_functions, load


def work(path: Path, report: Path, skip: set[str]) -> None:
    """Run and mark a file.

    Parameters
    ----------
    path : path
        The student's file.
    report : path
        Where the lines go.
    skip : set of str
        Functions to leave out.
    """
    os.environ.setdefault("MPLBACKEND", "Agg")
    with report.open("a", encoding="utf-8") as stream:

        def tell(**line) -> None:
            stream.write(json.dumps(line) + "\n")
            stream.flush()

        os.chdir(path.parent)
        sys.path.insert(0, str(path.parent))
        sys.stdin = io.StringIO()
        tell(started=True)
        names, problems = load(path, lambda place: tell(loading=place))
        functions, missing = find_functions(names)
        tell(problems=problems, missing=missing, functions=list(functions))
        for name, function in functions.items():
            if name not in skip:
                tell(marking=name)
                beside = {k: v for k, v in names.items() if callable(v)}
                tell(marked=check(function, name, **_identifiers(beside)).to_dict())
        tell(done=True)


def _identifiers(beside: dict) -> dict:
    return {k: v for k, v in beside.items() if k not in {"function", "name"}}


def _main() -> None:
    path, report, *skip = sys.argv[1:]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        work(Path(path), Path(report), set(skip))


if __name__ == "__main__":
    _main()
