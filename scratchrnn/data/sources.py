"""Arrays or a stream? Decided here alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .arrays import ArrayData
from .batch import as_batch
from .streams import StreamData


def is_stream(x: Any, y: Any = None) -> bool:
    """Return whether x hands out batches, rather than being the samples.

    Parameters
    ----------
    x : Any
    y : Any, optional

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> is_stream(np.zeros((4, 2))), is_stream([[1.0], [2.0]]), is_stream(iter([]))
    (False, False, True)
    """
    if isinstance(x, list | tuple) and not hasattr(x, "x"):
        return y is None and len(x) > 0 and _looks_like_a_batch(x[0])
    if isinstance(x, np.ndarray | str | bytes | dict | tuple) or hasattr(x, "__array__"):
        return False
    return isinstance(x, Iterable) or (hasattr(x, "__getitem__") and hasattr(x, "__len__"))


def _looks_like_a_batch(item: Any) -> bool:
    if isinstance(item, tuple):
        return any(isinstance(part, np.ndarray) for part in item)
    return hasattr(item, "x") or isinstance(item, dict)


def open_data(who: str, x, y=None, sample_weight=None, mask=None, batch_size=None, shuffle=False):
    """Return the source that the arguments of `fit` describe.

    Parameters
    ----------
    who : str
        First word of every error.
    x : array_like, or anything that hands out batches
        Also an object with fields or a dict with keys x, y, sample_weight, mask: all samples.
    y, sample_weight, mask : array_like, optional
    batch_size : int, optional
        32 for arrays. Streams have their own.
    shuffle : bool or "batch"

    Returns
    -------
    ArrayData or StreamData

    Raises
    ------
    ValueError
        If something is given beside a stream that belongs into its batches.
    """
    if not is_stream(x, y):
        size = 32 if batch_size is None else batch_size
        if isinstance(x, dict) or hasattr(x, "x"):
            _refuse_beside(who, y=y, sample_weight=sample_weight, mask=mask)
            return ArrayData(who, *as_batch(who, x), size, shuffle)
        return ArrayData(who, x, y, sample_weight, mask, size, shuffle)
    _refuse_beside(who, y=y, sample_weight=sample_weight, mask=mask, batch_size=batch_size)
    return StreamData(who, x)


def _refuse_beside(who: str, **given) -> None:
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"{who}: {name}: not to be given beside a data set, which says it itself"
            )
