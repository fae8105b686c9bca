"""Arrays in, checked batches out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np


class Batch(NamedTuple):
    """One batch; what was not given is None."""

    x: np.ndarray
    y: np.ndarray | None
    sample_weight: np.ndarray | None
    mask: np.ndarray | None


def check_numbers(who: str, name: str, value, mask=None) -> np.ndarray:
    """Return `value` as an array of finite numbers with at least one sample.

    Parameters
    ----------
    who, name : str
        For the error message.
    value : array_like
    mask : ndarray of bool, (N, T), optional
        Where it is False, `value` may hold anything.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If it is empty, not numeric, or holds NaN or infinity.
    """
    value = np.asarray(value)
    if value.dtype.kind not in "fiub":
        raise ValueError(f"{who}: {name}: expected numbers, got dtype {value.dtype}")
    if value.ndim == 0 or len(value) == 0:
        raise ValueError(f"{who}: {name}: expected at least one sample, got shape {value.shape}")
    if value.dtype.kind == "f":
        seen = value if mask is None or mask.shape != value.shape[:2] else value[mask]
        if not np.isfinite(seen).all():
            bad = int(np.size(seen) - np.isfinite(seen).sum())
            raise ValueError(f"{who}: {name}: expected finite numbers, got {bad} NaN or infinite")
    return value


class ArrayData:
    """Samples in memory, cut into batches in any order.

    Parameters
    ----------
    who : str
        First word of every error.
    x : array_like, (N, …)
    y : array_like, (N, …), optional
    sample_weight : array_like, (N,) or (N, T), optional
    mask : array_like of bool, (N, T), optional
    batch_size : int, default 32

    Raises
    ------
    ValueError
        If lengths do not match, or values are not finite numbers.

    Examples
    --------
    >>> import numpy as np
    >>> data = ArrayData("doc", np.zeros((5, 2)), np.ones(5), batch_size=2)
    >>> [len(batch.x) for batch in data.batches()]
    [2, 2, 1]
    """

    def __init__(self, who, x, y=None, sample_weight=None, mask=None, batch_size=32):
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer):
            raise ValueError(f"{who}: batch_size: expected an integer >= 1, got {batch_size!r}")
        if batch_size < 1:
            raise ValueError(f"{who}: batch_size: expected an integer >= 1, got {batch_size}")
        mask = None if mask is None else np.asarray(mask, dtype=bool)
        self.x = check_numbers(who, "x", x, mask)
        self.y = None if y is None else check_numbers(who, "y", y)
        self.sample_weight = sample_weight
        if sample_weight is not None:
            self.sample_weight = check_numbers(who, "sample_weight", sample_weight)
        self.mask = mask
        if mask is not None and mask.shape != self.x.shape[:2]:
            raise ValueError(f"{who}: mask: expected {self.x.shape[:2]}, got {mask.shape}")
        for name in ("y", "sample_weight"):
            other = getattr(self, name)
            if other is not None and len(other) != len(self.x):
                expected = f"as many samples as x, {len(self.x)}"
                raise ValueError(f"{who}: {name}: expected {expected}, got {len(other)}")
        self.batch_size = int(batch_size)

    def __len__(self) -> int:
        return -(-len(self.x) // self.batch_size)

    def take(self, rows) -> Batch:
        """Return the samples `rows` (a slice or indices) as a batch."""
        arrays = (self.x, self.y, self.sample_weight, self.mask)
        return Batch(*(None if a is None else a[rows] for a in arrays))

    def batches(self, order: np.ndarray | None = None) -> Iterator[Batch]:
        """Yield batches in the given order of samples, or as they stand.

        Parameters
        ----------
        order : ndarray of int, (N,), optional

        Yields
        ------
        Batch
        """
        for start in range(0, len(self.x), self.batch_size):
            rows = slice(start, start + self.batch_size)
            yield self.take(rows if order is None else order[rows])
