"""Samples in memory, cut into batches in any order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .batch import Batch, check_batch


class ArrayData:
    """Samples in memory.

    Parameters
    ----------
    who : str
        First word of every error.
    x : array_like, (N, …)
    y : array_like, (N, …), optional
    sample_weight : array_like, (N,) or (N, T), optional
    mask : array_like of bool, (N, T), optional
    batch_size : int, default 32
    shuffle : bool or "batch", default False
        A new order for every pass; ``"batch"`` mixes within the batches only.

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

    one_pass = False

    def __init__(self, who, x, y=None, sample_weight=None, mask=None, batch_size=32, shuffle=False):
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer):
            raise ValueError(f"{who}: batch_size: expected an integer >= 1, got {batch_size!r}")
        if batch_size < 1:
            raise ValueError(f"{who}: batch_size: expected an integer >= 1, got {batch_size}")
        if shuffle not in (True, False, "batch"):
            raise ValueError(f"{who}: shuffle: expected a bool or 'batch', got {shuffle!r}")
        self.whole = check_batch(who, x, y, sample_weight, mask)
        self.batch_size, self.shuffle = int(batch_size), shuffle

    @property
    def steps(self) -> int:
        """Batches in one pass."""
        return -(-len(self.whole.x) // self.batch_size)

    @property
    def shape(self) -> tuple:
        """Shape of x without the batch axis."""
        return self.whole.x.shape[1:]

    def take(self, rows) -> Batch:
        """Return the samples `rows` (a slice or indices) as a batch."""
        return Batch(*(None if a is None else a[rows] for a in self.whole))

    def split(self, who: str, fraction: float) -> tuple[Batch, Batch]:
        """Return all samples but the last, and the last `fraction` of them.

        Raises
        ------
        ValueError
            If nothing is left on one side.
        """
        N = len(self.whole.x)
        if isinstance(fraction, bool) or not 0 < fraction < 1:
            raise ValueError(f"{who}: validation_split: expected 0 to 1, got {fraction!r}")
        kept = int(np.floor(N * (1.0 - fraction)))
        if kept in (0, N):
            raise ValueError(
                f"{who}: validation_split: {fraction} of {N} samples leaves one side empty"
            )
        return self.take(slice(kept)), self.take(slice(kept, None))

    def batches(self, rng: np.random.Generator | None = None, start: int = 0) -> Iterator[Batch]:
        """Return the batches of one pass; the order is drawn at once, not at the first batch.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            For `shuffle`.
        start : int, default 0
            Batches to leave out.

        Returns
        -------
        iterator of Batch
        """
        order = None if rng is None or not self.shuffle else self._order(rng)
        return self._cut(order, start)

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        if self.shuffle != "batch":
            return rng.permutation(len(self.whole.x))
        rows = np.arange(len(self.whole.x))
        for start in range(0, len(rows), self.batch_size):
            rng.shuffle(rows[start : start + self.batch_size])
        return rows

    def _cut(self, order: np.ndarray | None, start: int) -> Iterator[Batch]:
        for first in range(start * self.batch_size, len(self.whole.x), self.batch_size):
            rows = slice(first, first + self.batch_size)
            yield self.take(rows if order is None else order[rows])

    def end_pass(self) -> None:
        """Do nothing: there is nobody to tell."""

    def get_state(self) -> dict:
        """Return what a pass depends on: nothing but the generator."""
        return {}

    def set_state(self, state: dict) -> None:
        """Take back what `get_state` returned."""
