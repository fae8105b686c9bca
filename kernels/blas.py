"""BLAS held to one thread while kernels work, and given back after.

OpenBLAS's threads keep spinning for up to 100 ms after each of its calls and take the core that
a helper of ours needs; and a product in another Python thread would compete with us. Asking
threadpoolctl to scan for libraries takes 230 µs, so that is done once; a change takes 1.5 µs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

_lock = threading.Lock()
_holders = 0
_before: list[int] = []


@cache
def _libraries():
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas").lib_controllers


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread until the last of all blocks like this one ends."""
    global _holders
    with _lock:
        _holders += 1
        if _holders == 1:
            _before[:] = [library.num_threads for library in _libraries()]
            for library in _libraries():
                library.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if _holders == 0:
                _give_back()


def _give_back() -> None:
    for library, threads in zip(_libraries(), _before, strict=True):
        library.set_num_threads(threads)


def _after_fork() -> None:
    """In a child: no other thread lives that could end its block."""
    global _lock, _holders
    _lock = threading.Lock()
    if _holders:
        _holders = 0
        _give_back()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
