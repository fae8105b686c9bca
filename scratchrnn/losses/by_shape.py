"""The cross-entropy that fits the shapes, as ``compile(loss="crossentropy")`` means it in Keras."""

from __future__ import annotations

import numpy as np

from .base import Loss
from .crossentropy import BinaryCrossentropy, CategoricalCrossentropy
from .sparse import SparseCategoricalCrossentropy


class Crossentropy(Loss):
    """Binary, sparse categorical or categorical cross-entropy of probabilities, by the shapes.

    One output: binary. Targets without a class axis, or with one of length 1: sparse categorical.
    Else categorical.

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> loss = Crossentropy()
    >>> loss([1], [[0.75, 0.25]]) == loss([[0.0, 1.0]], [[0.75, 0.25]])
    True
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def chosen(self, y_true, y_pred) -> Loss:
        """Return the loss that fits the shapes."""
        true, pred = np.shape(y_true), np.shape(y_pred)
        options = {"reduction": self.reduction, "name": self.name, "dtype": self.dtype}
        if pred[-1:] == (1,):
            return BinaryCrossentropy(**options)
        if len(true) < len(pred) or true[-1:] == (1,):
            return SparseCategoricalCrossentropy(**options)
        return CategoricalCrossentropy(**options)

    def samples(self, y_true, y_pred, sample_weight=None, mask=None):
        return self.chosen(y_true, y_pred).samples(y_true, y_pred, sample_weight, mask)

    def _evaluate(self, y_true, y_pred, sample_weight, mask, with_slope):
        loss = self.chosen(y_true, y_pred)
        return loss._evaluate(y_true, y_pred, sample_weight, mask, with_slope)
