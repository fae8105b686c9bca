"""Run tests on a changed copy of the checkout: for changes of what happens at import."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("scratchrnn", "kernels", "tests")
SETTINGS = ("setup.cfg", "pyproject.toml")


@contextmanager
def overlay():
    """Copy what the tests need into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutation-"))
    try:
        for name in PARTS:
            ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in SETTINGS:
            shutil.copy(ROOT / name, folder)
        yield folder
    finally:
        shutil.rmtree(folder)


def run_afresh(folder: Path, tests: Sequence[str], without: str, plugin: object) -> int:
    """Forget the checkout, load the one in the folder, run its tests until one fails.

    Parameters
    ----------
    folder : Path
        The copy of the checkout.
    tests : sequence of str
        Files, relative to it.
    without : str
        Which tests to leave out, as an expression for pytest's ``-k``.
    plugin : object
        Of pytest, to look on.

    Returns
    -------
    int
        pytest's exit code.
    """
    os.chdir(folder)
    sys.dont_write_bytecode = True  # the source changes more often than the clock's ticks
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
    places = tuple(f"{ROOT / part}{os.sep}" for part in PARTS)
    for name, module in list(sys.modules.items()):
        here = str(getattr(module, "__file__", None) or "").startswith(places)
        if here or name.split(".")[0] in PARTS:
            del sys.modules[name]
    import pytest

    options = ["-x", "-q", "-s", "-p", "no:cacheprovider", "--no-header", "--rootdir", str(folder)]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # of what is loaded already
    options += ["-k", f"not ({without})"] if without else []
    return int(pytest.main([*options, *tests], plugins=[plugin]))
