"""Scratch memory that is used again from call to call: fresh pages cost a fault each 4 KB.

Results and caches never come from here; they belong to the caller.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_ALIGNMENT = 64  # a cache line, and the widest vector
_KEPT_BYTES = 256 * 2**20
_free: dict[int, list[np.ndarray]] = {}
_kept = 0
_lock = threading.Lock()


class Workspace:
    """Arrays borrowed for the time of one call."""

    def __init__(self, dtype):
        self.dtype = np.dtype(dtype)
        self.buffers: list[np.ndarray] = []

    def take(self, *shape: int, dtype=None) -> np.ndarray:
        """Return an uninitialised, aligned, C-contiguous array of that shape."""
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        used = int(np.prod(shape)) * dtype.itemsize
        buffer = _borrow(_rounded(used + _ALIGNMENT))
        self.buffers.append(buffer)
        start = -buffer.ctypes.data % _ALIGNMENT
        return buffer[start : start + used].view(dtype).reshape(shape)


@contextmanager
def workspace(dtype) -> Iterator[Workspace]:
    """Lend arrays until the end of the ``with`` block."""
    lent = Workspace(dtype)
    try:
        yield lent
    finally:
        _give_back(lent.buffers)


def _rounded(size: int) -> int:
    """Round up to one of four sizes an octave, so that similar calls share buffers."""
    step = 1 << max(6, size.bit_length() - 3)
    return -(-size // step) * step


def _borrow(size: int) -> np.ndarray:
    global _kept
    with _lock:
        same_size = _free.get(size)
        if same_size:
            _kept -= size
            return same_size.pop()
    return np.empty(size, np.uint8)


def _give_back(buffers: list[np.ndarray]) -> None:
    global _kept
    with _lock:
        for buffer in buffers:
            if _kept + buffer.size <= _KEPT_BYTES:
                _free.setdefault(buffer.size, []).append(buffer)
                _kept += buffer.size
