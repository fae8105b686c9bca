"""Data sets and generators that hand out batches, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .batch import Batch, as_batch


class StreamData:
    """A data set that is iterated anew for every pass, or a generator, which has one pass only.

    Parameters
    ----------
    who : str
        First word of every error.
    source : iterable or indexable
        Hands out batches, see :func:`scratchrnn.data.as_batch`. One with ``__getitem__`` and
        ``__len__`` but no ``__iter__`` is indexed from 0 on. Optional, each called if it is there:
        ``on_epoch_end()`` after a pass; ``get_state()`` and ``set_state(state)`` before one, for
        training that is to go on in another process with the same batches.

    Examples
    --------
    >>> import numpy as np
    >>> data = StreamData("doc", [(np.zeros((2, 3)), np.zeros(2)), (np.zeros((1, 3)), np.zeros(1))])
    >>> [len(batch.x) for batch in data.batches()], data.steps
    ([2, 1], 2)
    """

    shuffle = False  # the order is the source's own

    def __init__(self, who: str, source: Any):
        self.who, self.source = who, source
        self.one_pass = iter(source) is source if hasattr(source, "__iter__") else False

    @property
    def steps(self) -> int | None:
        """Batches in one pass; None where the source does not say."""
        if self.one_pass or not hasattr(self.source, "__len__"):
            return None
        return len(self.source)

    def batches(self, rng: np.random.Generator | None = None, start: int = 0) -> Iterator[Batch]:
        """Return the batches of one pass.

        Parameters
        ----------
        rng : numpy.random.Generator, optional
            Not used: the source has its own order.
        start : int, default 0
            Batches to read and leave out.

        Returns
        -------
        iterator of Batch
        """
        for number, item in enumerate(self._items()):
            if number >= start:
                yield as_batch(f"{self.who}: batch {number + 1} of the data set", item)
        self.end_pass()

    def end_pass(self) -> None:
        """Tell the source that a pass is over."""
        if not self.one_pass and hasattr(self.source, "on_epoch_end"):
            self.source.on_epoch_end()

    def _items(self) -> Iterator[Any]:
        if hasattr(self.source, "__iter__"):
            return iter(self.source)
        return (self.source[k] for k in range(len(self.source)))

    def get_state(self) -> dict:
        """Return the source's own state, if it has one."""
        return {"source": self.source.get_state()} if hasattr(self.source, "get_state") else {}

    def set_state(self, state: dict) -> None:
        """Give the source its state back."""
        if "source" in state and hasattr(self.source, "set_state"):
            self.source.set_state(state["source"])
