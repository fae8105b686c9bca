"""Where the optional shared test data lies: real clips, sequences, conformance vectors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def shared(*parts: str) -> Path:
    """Return the path of a shared file or folder, or skip the calling test, saying why."""
    beside = Path(__file__).resolve().parents[2] / "shared"
    root = Path(os.environ.get("SCRATCHRNN_SHARED", beside))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared test data is not here: {Path(*parts)} (set SCRATCHRNN_SHARED)")
    return path
