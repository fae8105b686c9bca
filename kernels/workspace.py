"""Scratch memory that is used again from call to call: fresh pages cost a fault each 4 KB.

Results and caches never come from here; they belong to the caller.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_LINE = 64  # bytes of a cache line, and of the widest vector
_free: deque[np.ndarray] = deque(maxlen=8)  # arenas that no call is using


class Workspace:
    """Hands out arrays from one arena; what does not fit is allocated, and fits next time."""

    def __init__(self, arena: np.ndarray, dtype: np.dtype):
        self.arena, self.dtype, self.used = arena, dtype, 0

    def take(self, *shape: int, dtype=None) -> np.ndarray:
        """Return an uninitialised, C-contiguous array that begins on a cache line."""
        dtype = self.dtype if dtype is None else dtype
        start = self.used
        self.used += -(-math.prod(shape) * dtype.itemsize // _LINE) * _LINE
        if self.used <= self.arena.size:
            return np.ndarray(shape, dtype, self.arena, start)
        return np.ndarray(shape, dtype, _aligned(self.used - start))


@contextmanager
def workspace(dtype: np.dtype) -> Iterator[Workspace]:
    """Lend a workspace until the end of the ``with`` block."""
    try:
        arena = _free.pop()
    except IndexError:
        arena = np.empty(0, np.uint8)
    work = Workspace(arena, dtype)
    try:
        yield work
    finally:
        if work.used > arena.size:
            arena = _aligned(work.used + work.used // 4)
        _free.append(arena)


def aligned_zeros(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return a fresh array of zeros that begins on a cache line: for results, not for scratch."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.zeros(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size].view(dtype).reshape(shape)


def _aligned(size: int) -> np.ndarray:
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size]
