"""``python -m tutorials``: run the tutorials and write their notebooks.

    python -m tutorials                 all of them
    python -m tutorials 01 lstm         those whose names contain one of these
    python -m tutorials --check         run them, write nothing
    python -m tutorials --html pages    also as pages for a browser
    python -m tutorials --html pages --no-run    pages of the notebooks as they are
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import nbformat

from scratchrnn.files import replacing

from . import build


def main(argv: list[str] | None = None) -> int:
    """Run the tutorials that are asked for; return how many have a problem."""
    parser = argparse.ArgumentParser(prog="python -m tutorials", description="Run the tutorials.")
    parser.add_argument("names", nargs="*", help="parts of names; all tutorials by default")
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--html", type=Path, metavar="FOLDER", help="write pages there as well")
    parser.add_argument("--no-run", action="store_true", help="take the notebooks as they are")
    arguments = parser.parse_args(argv)
    names = arguments.names or [""]
    chosen = [s for s in build.scripts() if any(name in s.stem for name in names)]
    if not chosen:
        parser.error(f"no tutorial is called {' or '.join(names)}")
    failed, begin = 0, time.perf_counter()
    for script in chosen:
        failed += not _one(script, arguments)
    print(f"{len(chosen)} tutorials, {failed} with problems, {time.perf_counter() - begin:.0f} s")
    return failed


def _one(script: Path, arguments: argparse.Namespace) -> bool:
    begin = time.perf_counter()
    if arguments.no_run:
        notebook = nbformat.read(build.notebook_of(script), as_version=4)
    else:
        notebook = build.execute(build.convert(script))
    print(f"{script.stem:<36}{time.perf_counter() - begin:6.1f} s", flush=True)
    found = list(build.problems(notebook))
    for problem in found:
        print(f"    {problem}")
    if not (arguments.check or arguments.no_run):
        with replacing(build.notebook_of(script)) as file:
            file.write((nbformat.writes(notebook) + "\n").encode())
    if arguments.html is not None:
        from .pages import write_page

        write_page(notebook, script.stem, arguments.html)
    return not found


if __name__ == "__main__":
    sys.exit(main())
