"""Read and write ``.safetensors``: named arrays, nothing that could run.

The format is small enough to be read here, without a package: eight bytes with the length of a
JSON header, the header, and the raw bytes of all tensors one after another. Every number of the
header is checked against the file's size before anything is allocated.

Reference: https://github.com/huggingface/safetensors (format description).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..files import replacing

_DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",  # widened to float32 on reading: NumPy has no such type
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "?",
}
_NAMES = {np.dtype(code): name for name, code in _DTYPES.items() if name != "BF16"}
_MAX_HEADER = 100_000_000  # the format's own limit


def load_safetensors(path) -> dict[str, np.ndarray]:
    """Read all tensors of a ``.safetensors`` file.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict of str to ndarray
        In the order in which they lie in the file; bfloat16 becomes float32.

    Raises
    ------
    ValueError
        If the file is missing, truncated, altered or not of this format.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from scratchrnn.interop import load_safetensors, save_safetensors
    >>> path = pathlib.Path(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_safetensors({"bias": np.array([1.0, 2.0])}, path)
    >>> load_safetensors(path)
    {'bias': array([1., 2.])}
    """
    who = f"load_safetensors: {path}"
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{who}: cannot be read ({error.strerror})") from error
    if len(data) < 8:
        raise ValueError(f"{who}: expected at least 8 bytes, got {len(data)}")
    length = int.from_bytes(data[:8], "little")
    if length > min(_MAX_HEADER, len(data) - 8):
        raise ValueError(f"{who}: header: {length} bytes announced, the file holds {len(data) - 8}")
    entries = _read_header(who, data[8 : 8 + length])
    body = memoryview(data)[8 + length :]
    spans = sorted((*_span(who, name, entry), name) for name, entry in entries.items())
    end = 0
    for start, stop, name in spans:
        if start != end:
            raise ValueError(f"{who}: {name}: expected to start at byte {end}, got {start}")
        end = stop
    if end != len(body):
        raise ValueError(f"{who}: expected {end} bytes of tensors, got {len(body)}")
    return {name: _tensor(entries[name], body[start:stop]) for start, stop, name in spans}


def _read_header(who: str, text: bytes) -> dict:
    def unique(pairs):
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError("a name occurs twice")
        return dict(pairs)

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{who}: header: not readable ({error})") from error
    if not isinstance(header, dict):
        raise ValueError(f"{who}: header: expected an object, got {type(header).__name__}")
    header.pop("__metadata__", None)
    return header


def _natural(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _span(who: str, name: str, entry) -> tuple[int, int]:
    """Return where a tensor lies, its entry checked."""
    keys = {"dtype", "shape", "data_offsets"}
    if not isinstance(entry, dict) or set(entry) != keys:
        raise ValueError(f"{who}: {name:.80}: expected {sorted(keys)}, got {entry!r:.80}")
    code, shape, span = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(code, str) or code not in _DTYPES:
        known = ", ".join(_DTYPES)
        raise ValueError(f"{who}: {name:.80}: dtype: expected one of {known}, got {code!r:.40}")
    if not isinstance(shape, list) or len(shape) > 32 or not all(map(_natural, shape)):
        raise ValueError(f"{who}: {name:.80}: shape: expected sizes, got {shape!r:.80}")
    if not isinstance(span, list) or len(span) != 2 or not all(map(_natural, span)):
        raise ValueError(f"{who}: {name:.80}: data_offsets: expected two, got {span!r:.80}")
    size = math.prod(shape) * np.dtype(_DTYPES[code]).itemsize
    if span[1] - span[0] != size:
        got = f"{span[1] - span[0]} bytes"
        raise ValueError(f"{who}: {name:.80}: expected {size} bytes for shape {shape}, got {got}")
    return span[0], span[1]


def _tensor(entry: dict, raw: memoryview) -> np.ndarray:
    values = np.frombuffer(raw, _DTYPES[entry["dtype"]]).reshape(entry["shape"])
    if entry["dtype"] == "BF16":  # the upper half of a float32
        return (values.astype(np.uint32) << 16).view(np.float32)
    return values.astype(values.dtype.newbyteorder("="))


def save_safetensors(arrays: Mapping[str, np.ndarray], path) -> None:
    """Write named arrays to a ``.safetensors`` file, whole or not at all.

    Parameters
    ----------
    arrays : mapping of str to array_like
        Such as :func:`to_torch` returns.
    path : path-like
        Ends in ``.safetensors``.

    Raises
    ------
    ValueError
        If the name of the file, of an array, or a dtype does not fit.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from scratchrnn.interop import save_safetensors
    >>> path = pathlib.Path(tempfile.mkdtemp(), "weights.safetensors")
    >>> save_safetensors({"weight": np.eye(2, dtype="float32")}, path)
    >>> path.stat().st_size
    88
    """
    who, path = f"save_safetensors: {path}", Path(path)
    if path.suffix != ".safetensors":
        raise ValueError(f"{who}: path: expected a name that ends in .safetensors")
    values = {}
    for name, array in arrays.items():
        array = np.asarray(array)
        if not isinstance(name, str) or name == "__metadata__":
            raise ValueError(f"{who}: expected a name, got {name!r:.80}")
        if array.dtype.newbyteorder("<") not in _NAMES:
            raise ValueError(f"{who}: {name}: dtype: expected numbers, got {array.dtype}")
        values[name] = np.asarray(array, array.dtype.newbyteorder("<"), order="C")
    # Wide types first, so that every tensor is aligned.
    order = sorted(values, key=lambda name: -values[name].dtype.itemsize)
    header, end = {}, 0
    for name in order:
        start, end = end, end + values[name].nbytes
        header[name] = {
            "dtype": _NAMES[values[name].dtype],
            "shape": list(values[name].shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with replacing(path) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in order:
            file.write(values[name].tobytes())
