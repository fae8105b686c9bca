"""Waiting without sleep for what another thread is about to do.

A thread that sleeps takes 50 µs to wake, and where processors are virtual and idle ones are given
to others, 0.3 ms: as long as a share of a small job. So threads look for a while, with the GIL
released, before they go to sleep.
"""

from __future__ import annotations

import numba
from numba.extending import intrinsic

from .jit import jit

LOOKS = 1_000_000  # at most; half a millisecond
MORE = 40_000  # 20 µs, in which the other thread calls its next kernel and so releases the GIL


@intrinsic
def _look(typing, a):
    """a[0], read from memory each time."""

    def codegen(context, build, signature, arguments):
        base = context.make_array(signature.args[0])(context, build, arguments[0]).data
        return build.load_atomic(base, "acquire", a.dtype.bitwidth // 8)

    return a.dtype(a), codegen


def _look_in_python(a):
    """What `_look` does, for NUMBA_DISABLE_JIT=1."""
    return a[0]


if numba.config.DISABLE_JIT:
    LOOKS, MORE, _look = 1, 1, _look_in_python


@jit
def look_while(a, value, looks, more):
    """Return a little after a[0] has become another number, or after so many looks."""
    for _ in range(looks):
        if _look(a) != value:
            for _ in range(more):
                _look(a)
            return
