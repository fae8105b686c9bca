"""Batches epoch by epoch, and where they stand, so that another process can go on from there."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import chain

import numpy as np

from ..random import generator_state, set_generator_state
from .arrays import ArrayData
from .batch import Batch
from .streams import StreamData


class Feed:
    """Batches from a source, as many an epoch as asked for.

    Parameters
    ----------
    data : ArrayData or StreamData
    steps : int, optional
        Batches an epoch; by default one pass of the source. The pass goes on over the borders of
        epochs and a new one begins where it ends.
    rng : numpy.random.Generator, optional
        For the order of the samples.

    Notes
    -----
    The state is the generator, and the source, before the pass drew its order; the number of
    batches taken from the pass; and the generator now. Going on draws the order again and leaves
    those batches out.

    Examples
    --------
    >>> import numpy as np
    >>> feed = Feed(ArrayData("doc", np.arange(6.0), batch_size=2))
    >>> [batch.x.tolist() for batch in feed.epoch()]
    [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    """

    def __init__(
        self,
        data: ArrayData | StreamData,
        steps: int | None = None,
        rng: np.random.Generator | None = None,
    ):
        self.data, self.rng = data, rng
        self._asked = steps
        self._seen_steps: int | None = None  # what a pass of unknown length turned out to have
        self._pass: Iterator[Batch] | None = None
        self._taken = 0
        self._before: dict = {}

    @property
    def steps(self) -> int | None:
        """Batches in one epoch; None where that is not known."""
        return self._asked or self.data.steps or self._seen_steps

    def first(self) -> Batch:
        """Return a first look: one sample in memory, or the first batch of a stream.

        Nothing is lost by it: the epoch begins with that batch all the same.
        """
        if isinstance(self.data, ArrayData):
            return self.data.take(slice(1))
        self._begin()
        first = next(self._pass, None)
        if first is None:
            raise ValueError(f"{self.data.who}: expected at least one batch, got none")
        self._pass = chain([first], self._pass)
        return first

    def rewind(self) -> None:
        """Let the next epoch begin with a new pass, unless the source has one only."""
        if not self.data.one_pass:
            self._pass = None

    def epoch(self, done: int = 0) -> Iterator[Batch]:
        """Yield the batches of one epoch.

        Parameters
        ----------
        done : int, default 0
            Batches of this epoch that were taken before the state was set.

        Yields
        ------
        Batch
        """
        step = done
        while self._asked is None or step < self._asked:
            batch = self._next(begin=step == 0)
            if batch is None:
                self._end(step)
                return
            self._taken += 1
            step += 1
            yield batch
        if self._taken == self.data.steps:  # nobody will ask for the batch after the last
            self._pass = None
            self.data.end_pass()

    def _next(self, begin: bool) -> Batch | None:
        """Return the next batch of the pass; at the begin of an epoch, of a new one if need be."""
        if self._pass is None and begin:
            self._begin()
        batch = None if self._pass is None else next(self._pass, None)
        if batch is None and begin and self._taken and not self.data.one_pass:
            self._pass = None
            self._begin()
            batch = next(self._pass, None)
        return batch

    def _begin(self) -> None:
        if self._pass is None:
            now = None if self.rng is None else generator_state(self.rng)
            self._before = {"rng": now, "data": self.data.get_state()}
            self._pass, self._taken = self.data.batches(self.rng), 0

    def _begin_after(self, taken: int) -> None:
        if self._pass is None:
            self._pass = self.data.batches(self.rng, taken)
        else:  # the only pass, of which the first batch has been looked at
            for _ in range(taken):
                next(self._pass, None)
        self._taken = taken

    def _end(self, step: int) -> None:
        """The pass is over: as it should be, or before the epoch was."""
        if step == 0:
            raise ValueError(
                f"{self.data.who}: expected at least one batch, got none; a generator has one pass "
                "only: give steps an epoch and enough batches, or a data set that can begin again"
            )
        if self._asked is not None:
            warnings.warn(
                f"the data ran out after {step} of {self._asked} batches of this epoch, which ends "
                "here; steps must not be more than there are batches",
                stacklevel=4,
            )
        else:
            self._seen_steps = step
        if not self.data.one_pass:
            self._pass = None

    def get_state(self) -> dict:
        """Return where the feed stands.

        Returns
        -------
        dict
            Nested dicts of plain values and arrays.
        """
        running = self._pass is not None
        return {
            "before": self._before if running else None,
            "taken": self._taken,
            "data": None if running else self.data.get_state(),
            "rng": None if self.rng is None else generator_state(self.rng),
            "seen_steps": self._seen_steps,
        }

    def set_state(self, state: dict) -> None:
        """Go on from where `get_state` was called, with the same source.

        Parameters
        ----------
        state : dict
        """
        self._seen_steps = state["seen_steps"]
        if not self.data.one_pass:
            self._pass = None
        if state["before"] is not None:
            self._before = state["before"]
            if self.rng is not None:
                set_generator_state(self.rng, self._before["rng"])
            self.data.set_state(self._before["data"])
            self._begin_after(state["taken"])
        else:
            self.data.set_state(state["data"])
        if self.rng is not None:
            set_generator_state(self.rng, state["rng"])
