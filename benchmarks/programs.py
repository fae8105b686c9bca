"""Whole programs: timed from the start of the process to its exit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .contenders import Contender
from .pool import CHECKOUT, environment
from .turns import Session
from .worker import share_processors


def run_once(session: Session, contender: Contender, command: list[str], **extra: str):
    """Run Python on its own and return its seconds and what it printed.

    Parameters
    ----------
    session : Session
    contender : Contender
        Gives environment and threads.
    command : list of str
        Arguments of Python.
    **extra
        More of the environment.

    Raises
    ------
    RuntimeError
        If it fails or takes longer than there is time.
    """
    threads = contender.threads or session.pool.threads
    share = (lambda: share_processors(threads)) if os.name == "posix" else None
    settings = environment(contender, session.pool.threads) | extra
    start = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, *command], env=settings, cwd=CHECKOUT, capture_output=True,
            text=True, preexec_fn=share, timeout=session.pool.patience(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{contender.name}: no time left") from None
    seconds = time.perf_counter() - start
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{contender.name}: exit code {done.returncode}: {last}")
    return seconds, done.stdout


def take_turns(
    session: Session,
    suite: str,
    case: str,
    rounds: int,
    entries: list[Contender],
    once: Callable[[Contender], float],
) -> None:
    """Call ``once(contender)`` in turns and note the seconds that it returns."""
    values: dict[Contender, list[float]] = {}
    failed: set[Contender] = set()
    for turn in range(rounds):
        for contender in entries:
            if contender in failed or (session.time_is_up() and turn):
                continue
            try:
                values.setdefault(contender, []).append(once(contender))
            except RuntimeError as error:
                failed.add(contender)
                session.add(suite, case, contender.name, why=str(error))
    for contender, times in values.items():
        if times and contender not in failed:
            session.add(suite, case, contender.name, times)
    session.say(f"{suite}: {case}: {', '.join(c.name for c in values) or 'nobody'}")


def document_program(contender: Contender, folder: str) -> Path:
    """Write the source document's program for a contender, with 200 values of a series before it.

    Parameters
    ----------
    contender : Contender
        Keras runs it as it is; for ours, `keras` in its imports becomes `scratchrnn`.
    folder : str

    Returns
    -------
    Path
    """
    text = (CHECKOUT / "tests" / "programs" / "source_document_section_4.txt").read_text("utf-8")
    if "keras" not in contender.packages:
        text = text.replace("\nfrom keras.", "\nfrom scratchrnn.")
    data = "import numpy as np\ndata = np.sin(np.arange(200) / 5).reshape(-1, 1, 1)\n"
    name = "".join(letter for letter in contender.name if letter.isalnum())
    path = Path(folder, f"program_{name}.py")
    path.write_text(data + text, "utf-8")
    return path
