"""Where compiled kernels are kept on disk, and how to be rid of them.

Numba keeps them beside the source, in ``__pycache__``, or where NUMBA_CACHE_DIR says, or in the
user's cache folder. A kept kernel is renewed when its own file changes, and not when a function
changes that it calls in another file: after editing a kernel, clear the cache.

Nothing here imports Numba.
"""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def describe() -> str:
    """Return one line that says where compiled kernels are kept."""
    return str(_HERE / "__pycache__")


def clear_cache() -> int:
    """Delete the compiled kernels kept on disk; return how many files that were."""
    files = [*(_HERE / "__pycache__").glob("*.nb[ic]")]
    for file in files:
        file.unlink(missing_ok=True)
    return len(files)
