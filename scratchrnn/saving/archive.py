"""The file: an uncompressed ``.npz`` of plain numbers with a JSON description as one member.

NumPy opens it with ``numpy.load(path, allow_pickle=False)``. Reading it here trusts nothing:

1. no member is compressed, and together they are no larger than the file: no bomb unpacks;
2. each member's header must declare exactly the bytes that are there, before any are read;
3. names, shapes, types and SHA-256 digests must be those that the description lists, no more
   and no fewer: truncated, altered, exchanged or smuggled members are refused;
4. whatever is wrong, one kind of error comes out: a ``ValueError`` that names the file.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..files import replacing

FORMAT, VERSION = "scratchrnn", 1
_DESCRIPTION = "description"
_DTYPES = {np.dtype(code).str: np.dtype(code) for code in ("?", "u1", "<i4", "<i8", "<f4", "<f8")}
_HEADER = re.compile(
    rb"\{'descr': '([<|][a-z][0-9])', 'fortran_order': False, 'shape': \(([0-9, ]{0,200})\), \} *\n"
)
_MAX_DIRECTORY, _MAX_DESCRIPTION, _CHUNK = 1 << 20, 1 << 20, 1 << 20
_MAX_FURTHER = 64  # bytes of further fields in front of a member; NumPy writes 20
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    UnicodeError,
)


class Header(NamedTuple):
    """What a member's first bytes declare."""

    shape: tuple[int, ...]
    dtype: np.dtype
    start: int  # bytes before the numbers

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take."""
        return math.prod(self.shape) * self.dtype.itemsize


def write_archive(path, description: dict, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays and a description to `path`, whole or not at all.

    Parameters
    ----------
    path : path-like
        Ends in ``.npz``.
    description : dict
        JSON-able.
    arrays : dict of str to ndarray
        Booleans, bytes, integers or floats.

    Raises
    ------
    ValueError
        If `path` does not end in ``.npz``, an array is none of these, or the description is not
        JSON-able or larger than 1 MiB.
    """
    path = Path(path)
    if path.suffix != ".npz":
        raise ValueError(f"save: path: expected a name that ends in .npz, got {path.name!r}")
    plain = {}
    for name, value in arrays.items():
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        little = value.dtype.newbyteorder("<").str
        if little not in _DTYPES:
            raise ValueError(f"save: {name}: expected one of {list(_DTYPES)}, got {value.dtype}")
        plain[name] = value.astype(_DTYPES[little], copy=False)
    listed = {
        name: [value.dtype.str, list(value.shape), _digest(value)] for name, value in plain.items()
    }
    whole = {"format": FORMAT, "version": VERSION, **description, "arrays": listed}
    try:
        text = np.frombuffer(json.dumps(whole).encode(), np.uint8)
    except TypeError as error:
        raise ValueError(f"save: {path}: its description is not JSON-able: {error}") from error
    if text.size > _MAX_DESCRIPTION:
        raise ValueError(
            f"save: {path}: its description, metadata included, would take {text.size:,} bytes; "
            f"{_MAX_DESCRIPTION:,} is the most"
        )
    with replacing(path) as file:
        np.savez(file, **{_DESCRIPTION: text}, **plain)


def _digest(value: np.ndarray) -> str:
    return hashlib.sha256(value.tobytes() if value.ndim == 0 else value.data).hexdigest()


class Archive:
    """An open file whose structure has been checked; made by `open_archive`.

    Attributes
    ----------
    description : dict
    headers : dict of str to Header
        Shapes and types of the arrays, before any is read.
    """

    def __init__(self, members: zipfile.ZipFile):
        self._members = members
        self.headers = {name: self._read_header(name) for name in _member_names(members)}
        self.description = self._read_description()

    def _read_header(self, name: str) -> Header:
        info = self._members.getinfo(f"{name}.npy")
        with self._members.open(info) as member:
            first = member.read(10)
            length = struct.unpack("<H", first[8:])[0]
            header = _HEADER.fullmatch(member.read(length))
        if first[:8] != b"\x93NUMPY\x01\x00" or header is None:
            raise ValueError(f"{name}: no plain .npy header")
        code, shape = header.group(1).decode(), header.group(2).decode()
        if code not in _DTYPES:
            raise ValueError(f"{name}: expected one of {list(_DTYPES)}, got {code!r}")
        sizes = tuple(int(size) for size in shape.split(",") if size.strip())
        found = Header(sizes, _DTYPES[code], 10 + length)
        if found.start + found.nbytes != info.file_size:
            there = info.file_size - found.start
            raise ValueError(f"{name}: declares {found.nbytes} bytes, {there} are there")
        return found

    def _read_description(self) -> dict:
        header = self.headers.pop(_DESCRIPTION, None)
        if header is None or header.dtype != np.uint8 or header.nbytes > _MAX_DESCRIPTION:
            raise ValueError(f"not a {FORMAT} file: no description in it")
        try:
            text = str(self._read_numbers(_DESCRIPTION, header).data, "utf-8")
            description = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"its description cannot be read ({error})") from error
        if not isinstance(description, dict) or description.pop("format", None) != FORMAT:
            raise ValueError(f"not a {FORMAT} file")
        version = description.pop("version", None)
        if version != VERSION:
            raise ValueError(f"expected format version {VERSION}, got {version!r:.40}")
        self._digests = self._check_list(description.pop("arrays", None))
        return description

    def _check_list(self, listed) -> dict[str, str]:
        there = {name: [h.dtype.str, list(h.shape)] for name, h in self.headers.items()}
        if not isinstance(listed, dict) or {n: entry[:2] for n, entry in listed.items()} != there:
            raise ValueError("its arrays are not those that its description lists")
        return {name: entry[2] for name, entry in listed.items()}

    def read(self, name: str) -> np.ndarray:
        """Return an array, fresh and in this machine's byte order.

        Parameters
        ----------
        name : str

        Returns
        -------
        ndarray
        """
        if name not in self.headers:
            raise ValueError(f"{name}: missing")
        value = self._read_numbers(name, self.headers[name])
        if _digest(value) != self._digests[name]:
            raise ValueError(f"{name}: its numbers are not those that were written")
        return value.astype(value.dtype.newbyteorder("="), copy=False)

    def _read_numbers(self, name: str, header: Header) -> np.ndarray:
        value = np.empty(header.shape, header.dtype)
        room = memoryview(value.reshape(-1).view(np.uint8))
        with self._members.open(f"{name}.npy") as member:
            member.read(header.start)
            for begin in range(0, header.nbytes, _CHUNK):
                piece = member.read(min(_CHUNK, header.nbytes - begin))
                room[begin : begin + len(piece)] = piece
        return value


@contextmanager
def open_archive(path, who: str = "load") -> Iterator[Archive]:
    """Open a file that `write_archive` wrote; any failure inside names the file.

    Parameters
    ----------
    path : path-like
    who : str, default "load"
        First word of every error.

    Yields
    ------
    Archive

    Raises
    ------
    ValueError
        If the file is missing, truncated, altered or not ours; also for what goes wrong in the
        block because the description does not fit what is made of it.
    """
    path = Path(path)
    try:
        _check_directory(path)
        with zipfile.ZipFile(path) as members:
            yield Archive(members)
    except FileNotFoundError as error:
        raise ValueError(f"{who}: {path}: no such file") from error
    except ValueError as error:
        raise ValueError(f"{who}: {path}: {error}") from error
    except OSError as error:
        raise ValueError(f"{who}: {path}: cannot be read ({error})") from error
    except _DAMAGE as error:
        raise ValueError(f"{who}: {path}: damaged or not ours ({error!r:.200})") from error


def _check_directory(path: Path) -> None:
    """Look at the last bytes: a huge list of members, or a second one, is none of ours."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        file.seek(max(size - 42, 0))
        tail = file.read(42)
    if len(tail) < 42 or tail[20:24] != b"PK\x05\x06":
        raise ValueError("truncated, or not a model file")
    if struct.unpack("<I", tail[32:36])[0] > _MAX_DIRECTORY:
        raise ValueError("its list of members is too long")
    if tail[:4] == b"PK\x06\x07" and size < 1 << 32:
        raise ValueError("its list of members is doubled")


def _member_names(members: zipfile.ZipFile) -> list[str]:
    infos, size = members.infolist(), os.path.getsize(members.filename)
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise ValueError("a member's name occurs twice")
    for info in infos:
        if not re.fullmatch(r"[a-z_]+(/[A-Za-z0-9_]+)*\.npy", info.filename):
            raise ValueError(f"unexpected member {info.filename!r:.80}")
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ValueError(f"{info.filename}: compressed")
        _check_local_header(members, info)
    if sum(info.file_size for info in infos) > size:
        raise ValueError("its members declare more bytes than the file has")
    return [name.removesuffix(".npy") for name in names]


def _check_local_header(members: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Refuse a member whose own header declares a name or a further field of another length.

    zipfile would read both, up to 64 KiB each, and quote the name in its error.
    """
    file = members.fp
    file.seek(info.header_offset)
    header = file.read(30)
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise ValueError(f"{info.filename}: its header is damaged")
    name, further = struct.unpack("<HH", header[26:])
    if name != len(info.filename) or further > _MAX_FURTHER:
        raise ValueError(f"{info.filename}: its header is damaged")
