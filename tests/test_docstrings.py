"""Docstrings keep their word: every example in them runs, on both backends."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import scratchrnn

ROOT = Path(__file__).resolve().parents[1]


def modules() -> list[str]:
    """Return the names of all modules of the package, kernels included."""
    files = [*ROOT.glob("scratchrnn/**/*.py"), *ROOT.glob("kernels/*.py")]
    parts = [path.relative_to(ROOT).with_suffix("").parts for path in files]
    dotted = [".".join(("scratchrnn", *p) if p[0] == "kernels" else p) for p in parts]
    return sorted(name.removesuffix(".__init__") for name in dotted)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_every_example_runs_and_prints_what_it_says(backend, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    tried = 0
    before = scratchrnn.get_backend()
    scratchrnn.set_backend(backend)
    try:
        for name in modules():
            if backend == "numpy" and name.startswith("scratchrnn.kernels"):
                continue  # compiled whatever the backend: once is enough
            module = importlib.import_module(name)
            done = doctest.testmod(module, optionflags=doctest.ELLIPSIS)
            assert done.failed == 0, name
            tried += done.attempted
    finally:
        scratchrnn.set_backend(before)
    assert tried > 500
