"""Which recurrences run: the readable NumPy ones or their compiled twins. Decided here alone.

Two backends hold the same functions: ``"numpy"`` (:mod:`scratchrnn.cells`) and ``"numba"``
(``scratchrnn.kernels``). Layers ask :func:`recurrence` at every call and use what they get.

`set_backend` rules the whole process. `use_backend` rules only the thread (or asyncio task) that
entered it, until its block ends, whatever `set_backend` says meanwhile; a thread started inside
the block begins with the process's choice. Without either, the environment variable
SCRATCHRNN_BACKEND decides, and without that it is ``"numba"`` where Numba is installed
(``"numpy"`` under Emscripten). A backend that cannot run is an error, never a silent fallback.

One thing the default does that a choice never does: a sequence of a single step, which has no loop
to compile and whose products are BLAS's either way, runs in NumPy. A program that sees no longer
sequences then never loads Numba, which takes longer than some of them run.

Importing this module imports neither Numba nor threadpoolctl: the first kernel call does.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from importlib import metadata
from typing import NamedTuple

import numpy as np

_HOMES = {"numpy": "cells", "numba": "kernels"}
_RECURRENCES = ("rnn", "lstm", "gru")
_CHOSEN = {True: " (the default; sequences of one step in NumPy)", False: " (chosen)"}
_process_choice: str | None = None
_local_choice: ContextVar[str | None] = ContextVar("scratchrnn_backend", default=None)


class Recurrence(NamedTuple):
    """A sequence function and its backward pass, of the same backend."""

    forward: Callable
    backward: Callable


def _check_backend(who: str, name: str) -> str:
    if name not in _HOMES:
        raise ValueError(f"{who}: name: expected one of {tuple(_HOMES)}, got {name!r}")
    if name == "numba" and not _numba_can_run():
        raise RuntimeError(f"{who}: backend 'numba' cannot run: Numba is not installed")
    return name


def _numba_can_run() -> bool:
    return sys.platform != "emscripten" and importlib.util.find_spec("numba") is not None


def _choice() -> str | None:
    """Return the backend that somebody asked for, if anybody did."""
    global _process_choice
    local = _local_choice.get()
    if local is None and _process_choice is None and os.environ.get("SCRATCHRNN_BACKEND"):
        name = os.environ["SCRATCHRNN_BACKEND"]
        _process_choice = _check_backend("SCRATCHRNN_BACKEND", name)
    return local or _process_choice


def set_backend(name: str) -> None:
    """Choose the backend for the whole process.

    Parameters
    ----------
    name : str
        ``"numpy"`` (readable) or ``"numba"`` (compiled).

    Raises
    ------
    ValueError
        If the name is not known.
    RuntimeError
        If that backend cannot run here.

    Examples
    --------
    >>> import scratchrnn
    >>> before = scratchrnn.get_backend()
    >>> scratchrnn.set_backend("numpy")
    >>> scratchrnn.get_backend()
    'numpy'
    >>> scratchrnn.set_backend(before)
    """
    global _process_choice
    _process_choice = _check_backend("set_backend", name)


def get_backend() -> str:
    """Return the name of the backend that a layer would use now for a sequence of some steps.

    Returns
    -------
    str
        ``"numpy"`` or ``"numba"``.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.get_backend() in ("numpy", "numba")
    True
    """
    return _choice() or ("numba" if _numba_can_run() else "numpy")


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Use a backend inside a ``with`` block, in this thread only.

    Parameters
    ----------
    name : str
        ``"numpy"`` or ``"numba"``.

    Raises
    ------
    ValueError
        If the name is not known.
    RuntimeError
        If that backend cannot run here.

    Examples
    --------
    >>> import scratchrnn
    >>> with scratchrnn.use_backend("numpy"):
    ...     scratchrnn.get_backend()
    'numpy'
    """
    token = _local_choice.set(_check_backend("use_backend", name))
    try:
        yield
    finally:
        _local_choice.reset(token)


def recurrence(name: str, steps: int | None = None) -> Recurrence:
    """Return the sequence function and its backward pass of the backend in use.

    A cache must go to the ``backward`` that came with its ``forward``: keep the pair.

    Parameters
    ----------
    name : str
        ``"rnn"``, ``"lstm"`` or ``"gru"``.
    steps : int, optional
        T, the length of the sequence. One step runs in NumPy unless a backend was chosen.

    Returns
    -------
    Recurrence
        ``(forward, backward)``, for instance ``lstm_forward`` and ``lstm_backward``.

    Raises
    ------
    ValueError
        If the name is not known.

    Examples
    --------
    >>> import scratchrnn
    >>> with scratchrnn.use_backend("numpy"):
    ...     scratchrnn.backend.recurrence("lstm").forward.__name__
    'lstm_forward'
    """
    if name not in _RECURRENCES:
        raise ValueError(f"recurrence: name: expected one of {_RECURRENCES}, got {name!r}")
    backend = "numpy" if steps == 1 and _choice() is None else get_backend()
    home = importlib.import_module(f"{__package__}.{_HOMES[backend]}")
    return Recurrence(getattr(home, f"{name}_forward"), getattr(home, f"{name}_backward"))


def empty(shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return an array for results, its values open; from the kernels' own memory if they are used.

    Parameters
    ----------
    shape : tuple of int
    dtype : dtype

    Returns
    -------
    ndarray

    Examples
    --------
    >>> from scratchrnn.backend import empty
    >>> empty((2, 3), "float32").shape
    (2, 3)
    """
    if get_backend() == "numpy":
        return np.empty(shape, dtype)
    workspace = importlib.import_module(f"{__package__}.kernels.workspace")
    return workspace.fresh(shape, np.dtype(dtype))  # mapped already: no page is faulted in again


def same_weights() -> AbstractContextManager:
    """Return a context in which no weights change, so that the kernels prepare them once.

    Examples
    --------
    >>> from scratchrnn.backend import same_weights
    >>> with same_weights():
    ...     pass  # calls of forward and backward for the segments of one sequence
    """
    if get_backend() == "numpy":
        return nullcontext()
    return importlib.import_module(f"{__package__}.kernels.sequence").same_weights()


def _pool():
    return importlib.import_module(f"{__package__}.kernels.pool")


def set_num_threads(n: int) -> None:
    """Set how many threads the kernels use; the results do not depend on it.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    ValueError
        If `n` is not a positive integer.

    Examples
    --------
    >>> import scratchrnn
    >>> before = scratchrnn.get_num_threads()
    >>> scratchrnn.set_num_threads(1)
    >>> scratchrnn.get_num_threads()
    1
    >>> scratchrnn.set_num_threads(before)
    """
    _pool().set_num_threads(n)


def get_num_threads() -> int:
    """Return how many threads the kernels use: at first, all processors of this process.

    Returns
    -------
    int

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.get_num_threads() >= 1
    True
    """
    return _pool().get_num_threads()


def warmup(
    names: Iterable[str] = _RECURRENCES, dtypes: Iterable[str] = ("float32",)
) -> None:
    """Compile, or load from the cache on disk, what a first training step would need.

    Parameters
    ----------
    names : iterable of str, default all
        Recurrences: ``"rnn"``, ``"lstm"``, ``"gru"``.
    dtypes : iterable of str, default ("float32",)

    Notes
    -----
    Under the ``"numpy"`` backend there is nothing to compile, and nothing happens.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.warmup(["lstm"])
    """
    import numpy as np

    if get_backend() == "numpy":
        return
    for name in names:
        forward, backward = recurrence(name)
        G = {"rnn": 1, "lstm": 4, "gru": 3}[name]
        for dtype in dtypes:
            x, Wx, Wh = (np.zeros(shape, dtype) for shape in [(1, 1, 1), (1, G), (1, G)])
            states = (None, None) if name == "lstm" else (None,)
            h, *_, cache = forward(x, *states, Wx, Wh)
            backward(h, cache)


def clear_cache() -> int:
    """Delete the compiled kernels kept on disk; needed after editing one file of ``kernels/``.

    Kernels that this process has loaded stay in use.

    Returns
    -------
    int
        How many files were deleted.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.clear_cache()  # doctest: +SKIP
    24
    """
    return importlib.import_module(f"{__package__}.kernels.disk").clear_cache()


def show_config() -> None:
    """Print the backend in use, versions, threads, and where compiled kernels are kept.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.show_config()  # doctest: +ELLIPSIS
    scratchrnn ...
    """
    from . import __version__

    packages = ("numpy", "numba", "llvmlite", "threadpoolctl")
    disk = importlib.import_module(f"{__package__}.kernels.disk")
    rows = {
        f"scratchrnn {__version__}": f"backend {get_backend()}" + _CHOSEN[_choice() is None],
        "Python": f"{platform.python_version()} on {platform.platform()}",
        **{name: _version(name) for name in packages},
        "kernel threads": f"{get_num_threads()} of {os.cpu_count()} processors",
        "compiled kernels": disk.describe(),
    }
    for name, value in rows.items():
        print(f"{name:<18} {value}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
