"""How kernels are compiled: `jit`, kept on disk where a place is writable.

`nogil` lets plain threads run kernels side by side. `error_model="numpy"`, because a check for a
division by zero, even in a callee, stops the vectoriser. `fastmath={"contract"}` allows a·b + c
in one rounding and nothing else: NaN and infinity behave, and the order of every sum is the one
written, so results do not depend on how the compiler cuts a loop.
"""

from __future__ import annotations

import warnings

import numba

from . import disk

OPTIONS = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


def jit(function):
    """Compile `function` on first use and keep the result on disk if that is possible."""
    try:
        compiled = numba.njit(cache=True, **OPTIONS)(function)
    except RuntimeError as error:  # Numba's "no locator available"
        warnings.warn(
            f"scratchrnn.kernels: compiled kernels are not kept on disk: {error}", stacklevel=2
        )
        return numba.njit(**OPTIONS)(function)
    if not numba.config.DISABLE_JIT:
        disk.renew(compiled.stats.cache_path)
    return compiled


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
