"""Write and read the reference files: arrays and settings by case, in one small `.npz`.

A member of an archive costs some 250 bytes beside its numbers, more than most arrays here hold.
So all arrays of one dtype lie end to end in one member, and the JSON header says where each is.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent


def save(name: str, cases: dict[str, dict], about: str, packages: tuple[str, ...]) -> None:
    """Write `cases` to the file `name` beside this one.

    Parameters
    ----------
    name : str
    cases : dict of str to dict
        Per case, NumPy arrays and JSON values by name; `seed` is among the values.
    about : str
        What the numbers are.
    packages : tuple of str
        Distributions whose versions go into the header.
    """
    versions = {package: importlib.metadata.version(package) for package in ("numpy", *packages)}
    write(name, cases, {"about": about, "python": platform.python_version(), "versions": versions})


def write(name: str, cases: dict[str, dict], about: dict) -> None:
    """Write `cases` under a header that begins with `about`."""
    flat: dict[str, list[np.ndarray]] = {}
    index: dict[str, dict] = {}
    values: dict[str, dict] = {}
    for case, content in cases.items():
        index[case], values[case] = {}, {}
        for key, value in content.items():
            if isinstance(value, np.ndarray):
                kept = flat.setdefault(value.dtype.name, [])
                start = sum(a.size for a in kept)
                index[case][key] = [value.dtype.name, start, list(value.shape)]
                kept.append(value.reshape(-1))
            else:
                values[case][key] = value
    arrays = {dtype: np.concatenate(kept) for dtype, kept in flat.items()}
    arrays["header"] = np.array(json.dumps({**about, "cases": values, "index": index}))
    temporary = HERE / f".{name}.tmp"
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, HERE / name)
    print(f"{name}: {len(cases)} cases, {(HERE / name).stat().st_size} bytes")


def load(name: str) -> dict[str, dict]:
    """Return the cases of `name`, each a dict of its arrays and values."""
    with np.load(HERE / name, allow_pickle=False) as archive:
        about = json.loads(str(archive["header"]))
        flat = {dtype: archive[dtype] for dtype in archive.files if dtype != "header"}
    cases = about["cases"]
    for case, arrays in about["index"].items():
        for key, (dtype, start, shape) in arrays.items():
            values = flat[dtype][start : start + math.prod(shape)]
            cases[case][key] = values.reshape(shape).copy()
    return cases


def header(name: str) -> dict:
    """Return what `name` says of itself: what it holds, which versions made it."""
    with np.load(HERE / name, allow_pickle=False) as archive:
        about = json.loads(str(archive["header"]))
    return {key: value for key, value in about.items() if key != "index"}
