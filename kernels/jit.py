"""How kernels are compiled: `jit`, kept on disk where a place is writable.

`nogil` lets plain threads run kernels side by side. `error_model="numpy"`, because a check for a
division by zero, even in a callee, stops the vectoriser. `fastmath={"contract"}` allows a·b + c
in one rounding and nothing else: NaN and infinity behave, and the order of every sum is the one
written, so results do not depend on how the compiler cuts a loop.

Compiling takes time in proportion to the operations that Numba has to type, function by function,
and to the loops that LLVM turns into vectors (50 ms each). Hence loops that are written in vectors
(`vectors`), pieces that are compiled once for all places of use (`part`; `inlined` ones are typed
again at each), whole numbers of one type only (a literal 0 is a type of its own), arrays with two
axes almost everywhere, and no way in from C: from the first import to the end of an LSTM's first
epoch 6.4 s became 4.2, and 0.8 where the kernels are kept already.
"""

from __future__ import annotations

import warnings
from functools import cache

import numba

from . import disk

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


def jit(function):
    """Compile `function` on first use and keep the result on disk if that is possible."""
    if numba.config.DISABLE_JIT or not _can_keep():
        return numba.njit(no_cfunc_wrapper=True, **OPTIONS)(function)
    before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(disk.folder())
    try:
        return numba.njit(cache=True, no_cfunc_wrapper=True, **OPTIONS)(function)
    finally:
        numba.config.CACHE_DIR = before


@cache
def _can_keep() -> bool:
    if disk.folder() is None:
        warnings.warn(
            "scratchrnn.kernels: no folder is writable: kernels are compiled again in every "
            "process (NUMBA_CACHE_DIR can name one)",
            RuntimeWarning,
            stacklevel=3,
        )
    return disk.folder() is not None


def part(function):
    """Compile a piece that only compiled code calls: not kept by itself, no way in from Python."""
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **OPTIONS)(function)


def inlined(function):
    """Let a piece become part of the function that calls it, before that is compiled."""
    return numba.njit(inline="always", **OPTIONS)(function)


def target_features() -> str:
    """Return the names of the vector instructions that compiled code may use."""
    from numba.core.registry import cpu_target

    return cpu_target.target_context.codegen().magic_tuple()[2]
