"""What explainers return: the numbers, and enough beside them to draw and to check them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .segments import Segments


@dataclass(frozen=True, repr=False)
class Attribution:
    """What each number of an input contributes to one number of a model's output.

    Attributes
    ----------
    method : str
    values : ndarray, (T, …)
        Of the input's shape, or one for each segment (see `SegmentAttribution`).
    target : tuple of int
        Which number of the output is explained.
    output : float
        Its value.
    """

    method: str
    values: np.ndarray
    target: tuple[int, ...]
    output: float

    @property
    def map(self) -> np.ndarray:
        """The attribution of each number of the input, (T, …)."""
        return self.values

    @property
    def per_step(self) -> np.ndarray:
        """The attribution of each step, (T,): the sum over all that belongs to it."""
        return self.values.reshape(len(self.values), -1).sum(axis=1)

    def __repr__(self) -> str:
        name, at = type(self).__name__, list(self.target)
        return f"<{name} {self.method!r} of output{at} = {self.output:.6g}, {self.values.shape}>"


@dataclass(frozen=True, repr=False)
class SegmentAttribution(Attribution):
    """What each segment of an input contributes.

    Attributes
    ----------
    values : ndarray, (S,)
        One for each segment.
    segments : Segments
        Which numbers of the input belong to which segment.
    baseline_output : float
        The output where every segment is replaced by the baseline.
    evaluations : int
        Variants of the input that the model was asked about.
    """

    segments: Segments
    baseline_output: float
    evaluations: int

    @property
    def map(self) -> np.ndarray:
        """The attribution of the segment that each number of the input belongs to, (T, …)."""
        return self.segments.paint(self.values)

    @property
    def per_step(self) -> np.ndarray:
        """The attribution of each step, (T,): each segment's, spread over its numbers."""
        share = self.segments.paint(self.values / self.segments.sizes)
        return share.reshape(len(share), -1).sum(axis=1)

    @property
    def ranking(self) -> np.ndarray:
        """Segments by their attribution, the largest first, (S,) int."""
        return np.argsort(-self.values, kind="stable")
