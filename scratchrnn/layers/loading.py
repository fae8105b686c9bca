"""Building layers whose weights are about to be read from a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

_numbers_left: ContextVar[list[int] | None] = ContextVar("scratchrnn_numbers_left", default=None)


@contextmanager
def zero_weights(total: int) -> Iterator[None]:
    """Let weights that are made inside start from zeros, with at most `total` numbers in all.

    Nothing is drawn that would be overwritten, and a description that asks for more weights than
    its file holds is refused before any memory is taken.

    Parameters
    ----------
    total : int
    """
    token = _numbers_left.set([int(total)])
    try:
        yield
    finally:
        _numbers_left.reset(token)


def zeros_for_loading(name: str, shape: tuple[int, ...], dtype: str) -> np.ndarray | None:
    """Return zeros inside `zero_weights`, None elsewhere.

    Raises
    ------
    ValueError
        If there are more numbers than were announced.
    """
    left = _numbers_left.get()
    if left is None:
        return None
    left[0] -= math.prod(shape)
    if left[0] < 0:
        raise ValueError(f"{name}: {tuple(shape)} is more than the file holds")
    return np.zeros(shape, dtype)
