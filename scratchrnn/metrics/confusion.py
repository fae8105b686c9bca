"""Counts of right and wrong yes/no decisions, and precision and recall made of them.

A prediction counts as "yes" where it is strictly greater than the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..losses.reduction import align
from .base import Metric, check_count, check_share, drop_unweighted, merge_weights, pair, ratio

NEGATIVE_INFINITY = -1e10  # below every score; what a class outside the top k is given


class Counts(NamedTuple):
    """Weighted counts, one for each threshold: (thresholds,) or (thresholds, labels)."""

    tp: np.ndarray
    fp: np.ndarray
    tn: np.ndarray
    fn: np.ndarray


def count_decisions(
    who: str,
    y_true,
    y_pred,
    thresholds: np.ndarray,
    sample_weight=None,
    mask=None,
    *,
    top_k: int | None = None,
    class_id: int | None = None,
    by_label: bool = False,
    label_weights: np.ndarray | None = None,
) -> Counts:
    """Count true and false positives and negatives at every threshold.

    Parameters
    ----------
    who : str
        Name for error messages.
    y_true, y_pred : array_like
        Truth (nonzero is yes) and scores, of one shape.
    thresholds : ndarray (K,)
        Increasing.
    sample_weight, mask : array_like, optional
    top_k : int, optional
        Only the k largest scores along the last axis can be "yes".
    class_id : int, optional
        Only this entry of the last axis counts.
    by_label : bool
        Count each column of (N, L) by itself.
    label_weights : ndarray (L,), optional
        Weight of each column.

    Returns
    -------
    Counts
    """
    y_true, y_pred = pair(who, y_true, y_pred, (sample_weight, mask))
    y_true, y_pred = drop_unweighted(who, y_true, y_pred, sample_weight, mask)
    weights = merge_weights(who, y_pred.shape, sample_weight, mask)
    weights = np.ones(()) if weights is None else align(who, "weights", weights, y_pred.shape)
    if label_weights is not None:
        weights = weights * label_weights
    weights = np.broadcast_to(weights, y_pred.shape)
    if top_k is not None:
        y_pred = keep_top_k(y_pred, top_k)
    if class_id is not None:
        if y_pred.ndim == 1 or class_id >= y_pred.shape[-1]:
            raise ValueError(
                f"{who}: y_pred: expected more than {class_id} classes for class_id={class_id}, "
                f"got shape {y_pred.shape}"
            )
        y_true, y_pred, weights = (a[..., class_id, None] for a in (y_true, y_pred, weights))
    labels = y_pred.shape[-1] if by_label else 1
    columns = (a.reshape(-1, labels) for a in (y_true != 0, y_pred, weights))
    counts = Counts(*np.stack(_count_columns(*columns, thresholds)))
    return counts if by_label else Counts(*(c[:, 0] for c in counts))


def _count_columns(truth, scores, weights, thresholds):
    """Return tp, fp, tn, fn, each (thresholds, columns)."""
    above = _thresholds_below(scores, thresholds)  # how many thresholds each score exceeds
    shape = len(thresholds) + 1, scores.shape[1]
    column = np.broadcast_to(np.arange(shape[1]), scores.shape)
    yes, no = np.zeros(shape), np.zeros(shape)
    np.add.at(yes, (above, column), weights * truth)
    np.add.at(no, (above, column), weights * ~truth)
    # A score that exceeds k thresholds is positive at the first k of them, negative at the rest.
    tp, fp = (np.cumsum(c[::-1], axis=0)[::-1][1:] for c in (yes, no))
    tn, fn = (np.cumsum(c, axis=0)[:-1] for c in (no, yes))
    return tp, fp, tn, fn


def _thresholds_below(scores, thresholds):
    """Return for each score how many thresholds are strictly smaller."""
    if is_even(thresholds):
        # Keras finds evenly spaced thresholds by arithmetic; so does this, to round the same way.
        steps = np.ceil(np.clip(scores, 0.0, 1.0) * scores.dtype.type(len(thresholds) - 1))
        lowest = 1 if thresholds[0] < 0.0 else 0
        return np.maximum(np.nan_to_num(steps), lowest).astype(np.intp)
    return np.searchsorted(thresholds.astype(scores.dtype), scores, side="left")


def is_even(thresholds: np.ndarray) -> bool:
    """Return whether the thresholds are 0, 1/n, 2/n ... 1 (to 1e-7)."""
    n = len(thresholds)
    return n >= 3 and np.allclose(thresholds, np.arange(n) / (n - 1), atol=1.5e-7)


def keep_top_k(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the scores with all but the k largest along the last axis far below everything."""
    if k > scores.shape[-1]:
        raise ValueError(f"top_k: expected at most {scores.shape[-1]} classes, got {k}")
    order = np.argsort(-scores, axis=-1, kind="stable")
    kept = np.full_like(scores, NEGATIVE_INFINITY)
    best = order[..., :k]
    np.put_along_axis(kept, best, np.take_along_axis(scores, best, axis=-1), axis=-1)
    return kept


def check_thresholds(who: str, thresholds, default: float) -> list[float]:
    """Return the thresholds as a list of numbers in [0, 1]; `default` if there are none."""
    if thresholds is None:
        return [default]
    given = np.atleast_1d(np.asarray(thresholds, dtype=object)).tolist()
    if not given:
        raise ValueError(f"{who}: thresholds: expected at least one, got {thresholds!r}")
    return [check_share(who, "thresholds", t) for t in given]


class ThresholdMetric(Metric):
    """Base of the metrics made of decision counts at given thresholds.

    Parameters
    ----------
    thresholds : float or list of float, optional
        In [0, 1]; 0.5 by default, with `top_k` none. With a list the result is an array.
    top_k : int, optional
        Only the k largest predictions along the last axis count as "yes".
    class_id : int, optional
        Only this class counts.
    name, dtype
        See :class:`Metric`.
    """

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        who = type(self).__name__
        self.init_thresholds = None
        if thresholds is not None:
            self.init_thresholds = np.asarray(thresholds).tolist()
        self.top_k = None if top_k is None else check_count(who, "top_k", top_k, 1)
        self.class_id = None if class_id is None else check_count(who, "class_id", class_id, 0)
        default = 0.5 if top_k is None else NEGATIVE_INFINITY
        self.thresholds = check_thresholds(who, thresholds, default)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.counts = Counts(*np.zeros((4, len(self.thresholds))))

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        order = np.argsort(self.thresholds)
        counts = count_decisions(
            type(self).__name__,
            y_true,
            y_pred,
            np.asarray(self.thresholds)[order],
            sample_weight,
            mask,
            top_k=self.top_k,
            class_id=self.class_id,
        )
        back = np.argsort(order)
        self.counts = Counts(*(a + b[back] for a, b in zip(self.counts, counts, strict=True)))

    def of_counts(self, counts: Counts) -> np.ndarray:
        """Return the metric, one number a threshold."""
        raise NotImplementedError(f"{type(self).__name__}: of_counts is not written")

    def result(self):
        values = self.of_counts(self.counts)
        return self.rounded(values[0] if len(self.thresholds) == 1 else values)

    @property
    def true_positives(self) -> np.ndarray:
        """Weighted count at each threshold."""
        return self.counts.tp

    @property
    def false_positives(self) -> np.ndarray:
        """Weighted count at each threshold."""
        return self.counts.fp

    @property
    def false_negatives(self) -> np.ndarray:
        """Weighted count at each threshold."""
        return self.counts.fn

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class _CountMetric(ThresholdMetric):
    """One of the four counts."""

    def __init__(
        self,
        thresholds: float | Sequence[float] | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(thresholds, None, None, name, dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        return {key: config[key] for key in ("thresholds", "name", "dtype")}


class TruePositives(_CountMetric):
    """How many yes were called yes.

    Parameters
    ----------
    thresholds : float or list of float, optional
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    2.0
    """

    def of_counts(self, counts):
        return counts.tp


class FalsePositives(_CountMetric):
    """How many no were called yes; arguments as :class:`TruePositives`.

    Examples
    --------
    >>> FalsePositives()([0, 1, 1, 1], [1, 0, 1, 1])
    1.0
    """

    def of_counts(self, counts):
        return counts.fp


class TrueNegatives(_CountMetric):
    """How many no were called no; arguments as :class:`TruePositives`.

    Examples
    --------
    >>> TrueNegatives()([0, 0, 1], [1, 0, 1])
    1.0
    """

    def of_counts(self, counts):
        return counts.tn


class FalseNegatives(_CountMetric):
    """How many yes were called no; arguments as :class:`TruePositives`.

    Examples
    --------
    >>> FalseNegatives()([0, 1, 1, 1], [1, 0, 1, 1])
    1.0
    """

    def of_counts(self, counts):
        return counts.fn


class Precision(ThresholdMetric):
    """Share of the called yes that are yes: TP / (TP + FP).

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype
        See :class:`ThresholdMetric`.

    Examples
    --------
    >>> round(Precision()([0, 1, 1, 1], [1, 0, 1, 1]), 6)
    0.666667
    """

    def of_counts(self, counts):
        return ratio(counts.tp, counts.tp + counts.fp)


class Recall(ThresholdMetric):
    """Share of the yes that are called yes: TP / (TP + FN).

    Parameters
    ----------
    thresholds, top_k, class_id, name, dtype
        See :class:`ThresholdMetric`.

    Examples
    --------
    >>> round(Recall()([0, 1, 1, 1], [1, 0, 1, 1]), 6)
    0.666667
    """

    def of_counts(self, counts):
        return ratio(counts.tp, counts.tp + counts.fn)
