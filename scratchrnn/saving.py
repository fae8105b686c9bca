"""One file for a model: named arrays and a JSON description in an ``.npz``, nothing pickled."""

from __future__ import annotations

import json
import math
import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy

from .files import replacing

FORMAT, VERSION = "scratchrnn", 1
_DESCRIPTION = "description"
_KINDS = "fiub"
_MAX_BYTES = 8 << 30


def write_archive(path, description: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays and a description to `path`, whole or not at all.

    Parameters
    ----------
    path : path-like
        Ends in ``.npz``.
    description : dict
        JSON-able.
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If `path` does not end in ``.npz``.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"save: path: expected a name that ends in .npz, got {path.name!r}")
    text = json.dumps({"format": FORMAT, "version": VERSION, **description}).encode()
    with replacing(path) as file:
        np.savez(file, **{_DESCRIPTION: np.frombuffer(text, np.uint8)}, **arrays)


def read_archive(path) -> tuple[dict, dict[str, np.ndarray]]:
    """Read what `write_archive` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    description : dict
    arrays : dict of str to ndarray

    Raises
    ------
    ValueError
        If the file is missing, truncated, altered or not ours: named, with what is wrong.
    """
    path = Path(path)
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _read_member(archive, name) for name in _member_names(archive)}
    except FileNotFoundError as error:
        raise ValueError(f"load: {path}: no such file") from error
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"load: {path}: not a model file, or damaged ({error})") from error
    except ValueError as error:
        raise ValueError(f"load: {path}: {error}") from error
    try:
        description = json.loads(arrays.pop(f"{_DESCRIPTION}").tobytes())
    except (KeyError, ValueError, RecursionError) as error:
        raise ValueError(f"load: {path}: not a model file: no readable description") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        raise ValueError(f"load: {path}: not a {FORMAT} model file")
    if description.get("version") != VERSION:
        found = description.get("version")
        raise ValueError(f"load: {path}: expected format version {VERSION}, got {found!r:.40}")
    return description, arrays


def _member_names(archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    if len(set(names)) != len(names):
        raise ValueError("a member's name occurs twice")
    if sum(info.file_size for info in archive.infolist()) > _MAX_BYTES:
        raise ValueError(f"its members unpack to more than {_MAX_BYTES} bytes")
    for name in names:
        if not name.endswith(".npy") or ".." in name or name.startswith("/"):
            raise ValueError(f"unexpected member {name!r:.80}")
    return names and [name[:-4] for name in names]


def _read_member(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    info = archive.getinfo(f"{name}.npy")
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ValueError(f"{name}: expected a stored member, got a compressed one")
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version != (1, 0):
            raise ValueError(f"{name}: expected .npy version 1.0, got {version}")
        shape, fortran, dtype = npy.read_array_header_1_0(member, max_header_size=4096)
        size = math.prod(shape) * dtype.itemsize
        if dtype.kind not in _KINDS or dtype.hasobject or fortran:
            raise ValueError(f"{name}: expected plain C-ordered numbers, got {dtype}")
        if member.tell() + size != info.file_size:
            raise ValueError(f"{name}: its header declares {size} bytes, the file holds others")
        return np.frombuffer(bytearray(member.read(size)), dtype).reshape(shape)
