"""What `make_references.py` kept, and the frameworks themselves where they are installed."""

from __future__ import annotations

import functools
import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent


@functools.cache
def cases() -> dict[str, dict]:
    """Return every case by name: its arrays and values."""
    with np.load(HERE / "references.npz", allow_pickle=False) as file:
        found = json.loads(str(file["header"]))["cases"]
        for key in file.files:
            if key != "header":
                case, name = key.split("/", 1)
                found[case][name] = file[key]
    return found


def named(prefix: str) -> list[str]:
    """Return the names of the cases that begin so."""
    names = [name for name in cases() if name.startswith(prefix)]
    assert names, prefix
    return names


def state_of(case: dict) -> dict[str, np.ndarray]:
    """Return the state dict of a PyTorch case."""
    prefix = "state."
    return {k.removeprefix(prefix): v for k, v in case.items() if k.startswith(prefix)}


def installed(name: str):
    """Import a framework, or skip the calling test, saying why."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(
            name, reason=f"{name} is not installed: compared live only with it"
        )


def close(got, want, tol: float = 1e-6) -> None:
    """Equal to `tol`, absolute or relative to the largest number, whichever is more."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    error = np.abs(got - want).max(initial=0)
    assert error <= tol * max(1.0, np.abs(want).max(initial=0)), f"differs by {error:.2e}"
