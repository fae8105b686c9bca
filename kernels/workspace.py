"""Memory that is used again from call to call: a fresh page costs a fault each 4 KB.

(4.5 µs a fault, measured: an LSTM's forward and backward at 32,100,64,128 took 16 ms, and 8 ms
without faults.) Scratch is borrowed for the time of a call (`workspace`). Caches and results
belong to the caller (`fresh`): their memory comes back when the last array that uses it is gone,
so nobody ever sees it change.
"""

from __future__ import annotations

import math
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_LINE = 64  # bytes of a cache line, and of the widest vector
_SMALL = 2**16  # below so many bytes malloc has pages ready
_MOST_KEPT = 2**28  # bytes of results' memory kept for next time

_arenas: deque[np.ndarray] = deque(maxlen=8)  # those that no call is using


class Workspace:
    """Hands out arrays from one arena; what does not fit is allocated, and fits next time.

    `used` may be set back to an earlier value, when what was taken since is no longer needed.
    """

    def __init__(self, arena: np.ndarray, dtype: np.dtype):
        self.arena, self.dtype, self.used, self.most = arena, dtype, 0, 0

    def take(self, *shape: int, dtype=None) -> np.ndarray:
        """Return an uninitialised, C-contiguous array that begins on a cache line."""
        dtype = self.dtype if dtype is None else dtype
        start = self.used
        self.used += -(-math.prod(shape) * dtype.itemsize // _LINE) * _LINE
        self.most = max(self.most, self.used)
        if self.used <= self.arena.size:
            return np.ndarray(shape, dtype, self.arena, start)
        return np.ndarray(shape, dtype, _aligned(self.used - start))


@contextmanager
def workspace(dtype: np.dtype) -> Iterator[Workspace]:
    """Lend a workspace until the end of the ``with`` block."""
    try:
        arena = _arenas.pop()
    except IndexError:
        arena = _aligned(0)
    work = Workspace(arena, dtype)
    try:
        yield work
    finally:
        if work.most > arena.size:
            arena = _aligned(work.most + work.most // 4)
        _arenas.append(arena)


def fresh(shape: tuple[int, ...], dtype: np.dtype, zero: bool = False) -> np.ndarray:
    """Return an array of the caller's own that begins on a cache line.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype
    zero : bool, default False
        Fill it with zeros.

    Returns
    -------
    ndarray
    """
    size = math.prod(shape) * dtype.itemsize
    if size < _SMALL:
        return np.zeros(shape, dtype) if zero else np.empty(shape, dtype)
    array = np.ndarray(shape, dtype, np.asarray(_Lease(_rounded(size))))
    if zero:
        array.fill(0)
    return array


class _Returned:
    """Memory that came back, the latest last, at most so many bytes of it."""

    def __init__(self, most: int = _MOST_KEPT):
        self.most = most
        self.lock = threading.RLock()  # a lease may end while this thread is in here
        self.by_size: OrderedDict[int, list[np.ndarray]] = OrderedDict()
        self.kept = 0

    def pop(self, size: int) -> np.ndarray | None:
        with self.lock:
            memory = self.by_size.get(size)
            if not memory:
                return None
            self.kept -= size
            return memory.pop()

    def push(self, memory: np.ndarray) -> None:
        with self.lock:
            self.by_size.setdefault(memory.size, []).append(memory)
            self.by_size.move_to_end(memory.size)
            self.kept += memory.size
            while self.kept > self.most:  # forget what has waited longest
                size, waiting = next(iter(self.by_size.items()))
                self.kept -= size * len(waiting)
                del self.by_size[size]


_returned = _Returned()
if hasattr(os, "register_at_fork"):  # another thread may have held the lock
    os.register_at_fork(after_in_child=_returned.__init__)


class _Lease:
    """The owner of an array's memory, which gives it back when the array and its views are gone."""

    def __init__(self, size: int):
        memory = _returned.pop(size)
        self.memory = _aligned(size) if memory is None else memory
        self.__array_interface__ = self.memory.__array_interface__
        self.give_back = _returned.push

    def __del__(self):
        self.give_back(self.memory)


def _rounded(size: int) -> int:
    """Round up to one of eight sizes an octave, so that similar calls share memory."""
    step = 1 << max(6, size.bit_length() - 4)
    return -(-size // step) * step


def _aligned(size: int) -> np.ndarray:
    memory = np.empty(size + _LINE, np.uint8)
    start = -memory.ctypes.data % _LINE
    return memory[start : start + size]
