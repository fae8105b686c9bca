"""The shared conformance vectors: numbers that other projects assert or produce."""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pytest

from .shared import shared


class Case(NamedTuple):
    """One conformance case."""

    id: str
    op: str  # the operation, or the cell of a recurrent case
    config: dict
    tolerance: dict
    convention: str
    arrays: dict[str, np.ndarray]

    def numbered(self, prefix: str) -> list[np.ndarray]:
        """Return the arrays ``prefix.0``, ``prefix.1`` ... (or from 1) in order."""
        names = [n for n in self.arrays if n.startswith(f"{prefix}.")]
        return [self.arrays[n] for n in sorted(names, key=lambda n: int(n[len(prefix) + 1 :]))]

    def check(self, got, want: np.ndarray) -> None:
        """Assert that `got` is what the case expects; a scalar is stored as (1,)."""
        got = np.asarray(got, np.float64)
        assert got.size == want.size
        np.testing.assert_allclose(got.reshape(want.shape), want, **self.tolerance)


def cases(*kinds: str, left_out: dict[str, str] | None = None) -> list:
    """Return the cases of these kinds as pytest parameters.

    Those left out, by id, are skipped with their reason, so that ``pytest -rs`` lists them.
    """
    try:
        folder = shared("vectors")
    except pytest.skip.Exception as absent:
        return [pytest.param(None, marks=pytest.mark.skip(reason=str(absent)), id="absent")]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files: dict[str, dict] = {}
    found = []
    for entry in manifest["cases"]:
        if entry["kind"] in kinds:
            if entry["npz"] not in files:
                with np.load(folder / entry["npz"]) as archive:
                    files[entry["npz"]] = dict(archive)
            start = entry["id"] + "/"
            arrays = {
                name.removeprefix(start): array
                for name, array in files[entry["npz"]].items()
                if name.startswith(start)
            }
            reason = (left_out or {}).get(entry["id"])
            why = f"{entry['id']}: {reason}"
            found.append(
                pytest.param(
                    Case(
                        entry["id"],
                        entry.get("op") or entry["cell"],
                        entry["config"],
                        entry["tol"],
                        entry["convention"],
                        arrays,
                    ),
                    id=entry["id"],
                    marks=[] if reason is None else [pytest.mark.skip(reason=why)],
                )
            )
    return found
