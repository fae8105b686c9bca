"""Write and read the reference files: one `.npz`, arrays named `case/array`, one JSON header."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def save(name: str, cases: dict[str, dict], about: str, packages: tuple[str, ...]) -> None:
    """Write `cases` to `name`: per case, arrays are stored and everything else goes to the header.

    Parameters
    ----------
    name : str
        File name, beside this file.
    cases : dict of str to dict
        Per case, NumPy arrays and JSON values by name; `seed` is among the values.
    about : str
        What the numbers are.
    packages : tuple of str
        Distributions whose versions go into the header.
    """
    arrays, values = {}, {}
    for case, content in cases.items():
        values[case] = {k: v for k, v in content.items() if not isinstance(v, np.ndarray)}
        for key, value in content.items():
            if isinstance(value, np.ndarray):
                arrays[f"{case}/{key}"] = value
    versions = {package: importlib.metadata.version(package) for package in ("numpy", *packages)}
    header = {
        "about": about,
        "python": platform.python_version(),
        "versions": versions,
        "cases": values,
    }
    arrays["header"] = np.array(json.dumps(header))
    temporary = HERE / f".{name}.tmp"
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, HERE / name)
    print(f"{name}: {len(cases)} cases, {(HERE / name).stat().st_size} bytes")


def load(name: str) -> dict[str, dict]:
    """Return the cases of `name`, each a dict of its arrays and header values."""
    with np.load(HERE / name, allow_pickle=False) as archive:
        cases = json.loads(str(archive["header"]))["cases"]
        for key in archive.files:
            if key != "header":
                case, array = key.split("/", 1)
                cases[case][array] = archive[key]
    return cases


def header(name: str) -> dict:
    """Return the header of `name`: what it holds, which versions made it."""
    with np.load(HERE / name, allow_pickle=False) as archive:
        return json.loads(str(archive["header"]))
