"""Run tests on a changed copy of the checkout, in a fork that has the libraries loaded already."""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120  # of computing; a mutant that makes its tests take longer has been noticed
PATIENCE = 900  # seconds of waiting: for mutants that make threads wait for each other
_NOTHING_LEFT = 5  # pytest's exit code when every test is left out
_NOT_COLLECTED = (4, _NOTHING_LEFT)  # a test that was named is not there
PRELOADED = ("numpy", "pytest", "hypothesis", "matplotlib.figure", "numba")


def prepare(environment: dict[str, str]) -> None:
    """Load what every mutant needs, so that each fork finds it there."""
    os.environ.update(environment, HYPOTHESIS_PROFILE="mutation")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    for name in PRELOADED:
        importlib.import_module(name)


def run_tests(
    folder: Path,
    tests: tuple[str, ...],
    without: str = "",
    first: Sequence[str] = (),
    word: str = "",
    keep: bool = False,
) -> tuple[int, str]:
    """Run tests until one fails.

    Parameters
    ----------
    folder : Path
        The copy of the checkout.
    tests : tuple of str
        Patterns of files and folders, those that are quickest to notice first.
    without : str
        Which tests to leave out, as an expression for pytest's ``-k``.
    first : sequence of str
        Single tests to run before, on their own: collecting all takes longer than most need.
    word : str
        Then come the files in which this occurs.
    keep : bool
        Whether to write bytecode, for later runs. A run with a mutant must not: it changes the
        source more often than the clock of the file system ticks.

    Returns
    -------
    int
        pytest's exit code, 0 if all passed; 124 if they took too long, 139 after a crash.
    str
        The test that failed, or nothing.
    """
    paths = [str(path) for pattern in tests for path in sorted(_files(folder, pattern))]
    near = [path for path in paths if word and word in Path(path).read_text(encoding="utf-8")]
    rounds = [(first[:8], ""), (near, without), ([p for p in paths if p not in near], without)]
    code, killer = 0, ""
    for chosen, left_out in rounds:
        if chosen and code in (0, *_NOT_COLLECTED):
            code, killer = _fork(folder, chosen, left_out, keep)
    return (0 if code == _NOTHING_LEFT else code), killer


def _files(folder: Path, pattern: str) -> list[Path]:
    """Return the test files that a pattern names, or those in the folder that it names."""
    found = list(folder.glob(pattern))
    return [
        file for path in found for file in (path.rglob("test_*.py") if path.is_dir() else [path])
    ]


def _fork(folder: Path, paths: list[str], without: str, keep: bool) -> tuple[int, str]:
    """Run pytest in a fork; return what `run_tests` does."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            _child(folder, paths, without, keep, write)
        finally:
            os._exit(70)  # whatever happens, the fork does not go on as its parent
    os.close(write)
    with os.fdopen(read) as pipe:
        killer = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        slow = os.WTERMSIG(status) in (signal.SIGALRM, signal.SIGXCPU)
        return (124 if slow else 139), killer
    return os.waitstatus_to_exitcode(status), killer


class _Witness:
    """Tells which test failed."""

    def __init__(self, pipe: int):
        self.pipe = pipe

    def pytest_runtest_logreport(self, report):
        if report.failed:
            os.write(self.pipe, report.nodeid.encode())


def _child(folder: Path, paths: list[str], without: str, keep: bool, pipe: int) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(folder)
    sys.dont_write_bytecode = not keep
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
    for name in [n for n in sys.modules if n.split(".")[0] in ("scratchrnn", "tests")]:
        del sys.modules[name]
    signal.alarm(PATIENCE)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 10))
    import pytest

    options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--rootdir", str(folder)]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is loaded already
    options += ["-k", f"not ({without})"] if without else []
    os._exit(int(pytest.main([*options, *paths], plugins=[_Witness(pipe)])))
