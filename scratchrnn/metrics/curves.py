"""Metrics over all thresholds: area under a curve, and one rate where another is high enough."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..activations.stable import sigmoid
from ..losses.base import as_float
from .base import Metric, check_count, check_share, ratio
from .confusion import Counts, check_thresholds, count_decisions

EDGE = 1e-7  # how far the outermost thresholds lie outside [0, 1]


class AUC(Metric):
    """Area under the ROC, precision-recall or precision-recall-gain curve, from thresholds.

    Parameters
    ----------
    num_thresholds : int
        Evenly spaced over [0, 1]; at least 2.
    curve : {"ROC", "PR", "PRGAIN"}
    summation_method : {"interpolation", "minoring", "majoring"}
        How the curve runs between two thresholds; "interpolation" of PR is that of Davis and
        Goadrich.
    name, dtype
        See :class:`Metric`.
    thresholds : list of float, optional
        In [0, 1], used instead of `num_thresholds`.
    multi_label : bool
        Whether the columns of `y_pred` (N, L) each have an area, which are then averaged.
    num_labels : int, optional
        L, with `multi_label` only.
    label_weights : list of float, optional
        Weight of each label; without `multi_label`, of each column's entries.
    from_logits : bool
        Whether a sigmoid has to be taken first.

    References
    ----------
    Davis, Goadrich, 2006, The Relationship Between Precision-Recall and ROC Curves, section 4;
    Flach, Kull, 2015, Precision-Recall-Gain Curves.

    Examples
    --------
    >>> AUC(num_thresholds=3)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.75
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: float | Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Sequence[float] | None = None,
        from_logits: bool = False,
    ) -> None:
        self.curve = _one_of("curve", curve, ("ROC", "PR", "PRGAIN"), str.upper)
        self.summation_method = _one_of(
            "summation_method",
            summation_method,
            ("interpolation", "minoring", "majoring"),
            str.lower,
        )
        self.init_thresholds = None
        if thresholds is None:
            count = check_count("AUC", "num_thresholds", num_thresholds, 2)
            inner = np.arange(1, count - 1) / (count - 1)
        else:
            inner = np.sort(check_thresholds("AUC", thresholds, 0.5))
            self.init_thresholds = inner.tolist()
        self.thresholds = np.concatenate([[-EDGE], inner, [1.0 + EDGE]])
        self.num_thresholds = len(self.thresholds)
        self.multi_label, self.from_logits = bool(multi_label), bool(from_logits)
        if num_labels is not None and not multi_label:
            raise ValueError("AUC: num_labels: expected it only together with multi_label=True")
        self.num_labels = num_labels
        self.label_weights = None
        if label_weights is not None:
            self.label_weights = np.asarray(label_weights, np.float64)
        super().__init__(name or "auc", dtype)

    def reset_state(self) -> None:
        self.counts: Counts | None = None

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        y_pred = as_float("AUC", "y_pred", y_pred, None)
        if self.multi_label and (
            y_pred.ndim != 2 or self.num_labels not in (None, y_pred.shape[-1])
        ):
            expected = f"(N, {self.num_labels or 'labels'})"
            raise ValueError(f"AUC: y_pred: expected {expected}, got {y_pred.shape}")
        counts = count_decisions(
            "AUC",
            y_true,
            sigmoid(y_pred) if self.from_logits else y_pred,
            self.thresholds,
            sample_weight,
            mask,
            by_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )
        if self.counts is not None:
            counts = Counts(*(a + b for a, b in zip(self.counts, counts, strict=True)))
        self.counts = counts

    def result(self) -> float:
        if self.counts is None:
            return 0.0
        if self.curve == "PR" and self.summation_method == "interpolation":
            areas = _interpolated_pr_area(self.counts)
        else:
            x, y = self._curve(self.counts)
            height = {
                "interpolation": lambda a, b: (a + b) / 2.0,
                "minoring": np.minimum,
                "majoring": np.maximum,
            }[self.summation_method](y[:-1], y[1:])
            areas = np.sum((x[:-1] - x[1:]) * height, axis=0)
        if self.multi_label and self.label_weights is not None:
            areas = ratio(np.sum(areas * self.label_weights), np.sum(self.label_weights))
        return self.rounded(np.mean(areas))

    def _curve(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        tp, fp, tn, fn = counts
        recall = ratio(tp, tp + fn)
        if self.curve == "ROC":
            return ratio(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, ratio(tp, tp + fp)
        odds = ratio(tp + fn, tn + fp)
        recall_gain = np.where(tp == 0, 0.0, 1.0 - odds * ratio(fn, tp))
        return np.maximum(recall_gain, 0.0), np.where(tp == 0, 1.0, 1.0 - odds * ratio(fp, tp))

    def get_config(self) -> dict:
        weights = None if self.label_weights is None else self.label_weights.tolist()
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "thresholds": self.init_thresholds,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": weights,
            "from_logits": self.from_logits,
        }


def _interpolated_pr_area(counts: Counts) -> np.ndarray:
    """Return the area under the precision-recall curve with TP linear in TP + FP between points.

    On a segment precision = (slope p + intercept) / p with p = TP + FP; its integral is
    slope (dTP + intercept log(p₁/p₀)) / P.
    """
    tp, fp, _, fn = counts
    p = tp + fp
    d_tp, d_p = tp[:-1] - tp[1:], p[:-1] - p[1:]
    slope = ratio(d_tp, np.maximum(d_p, 0.0))
    intercept = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    log_ratio = np.log(np.where(both, ratio(p[:-1], p[1:]), 1.0))
    positives = np.maximum(tp[1:] + fn[1:], 0.0)
    return np.sum(ratio(slope * (d_tp + intercept * log_ratio), positives), axis=0)


class _RateAtRate(Metric):
    """Best of one rate over the thresholds at which another is at least `value`."""

    def __init__(
        self, what, value, num_thresholds: int, class_id: int | None, name: str, dtype: str | None
    ) -> None:
        who = type(self).__name__
        self.value = check_share(who, what, value)
        self._what = what
        self.num_thresholds = check_count(who, "num_thresholds", num_thresholds, 1)
        self.class_id = None if class_id is None else check_count(who, "class_id", class_id, 0)
        n = self.num_thresholds
        self.thresholds = np.asarray([0.5]) if n == 1 else np.arange(n) / (n - 1)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.counts = Counts(*np.zeros((4, len(self.thresholds))))

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        counts = count_decisions(
            type(self).__name__,
            y_true,
            y_pred,
            self.thresholds,
            sample_weight,
            mask,
            class_id=self.class_id,
        )
        self.counts = Counts(*(a + b for a, b in zip(self.counts, counts, strict=True)))

    def rates(self, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
        """Return the rate that is bounded and the rate that is wanted."""
        raise NotImplementedError(f"{type(self).__name__}: rates is not written")

    def result(self) -> float:
        bounded, wanted = self.rates(self.counts)
        return self.rounded(np.max(np.where(bounded >= self.value, wanted, 0.0), initial=0.0))

    def get_config(self) -> dict:
        return {
            self._what: self.value,
            "num_thresholds": self.num_thresholds,
            "class_id": self.class_id,
            **super().get_config(),
        }


class SensitivityAtSpecificity(_RateAtRate):
    """Best sensitivity TP / (TP + FN) where the specificity TN / (TN + FP) is high enough.

    Parameters
    ----------
    specificity : float
        In [0, 1].
    num_thresholds : int
        Evenly spaced over [0, 1].
    class_id : int, optional
        Only this class counts.
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__("specificity", specificity, num_thresholds, class_id, name, dtype)

    def rates(self, counts):
        tp, fp, tn, fn = counts
        return ratio(tn, tn + fp), ratio(tp, tp + fn)


class SpecificityAtSensitivity(_RateAtRate):
    """Best specificity where the sensitivity is high enough; see the reverse above.

    Examples
    --------
    >>> round(SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8]), 6)
    0.666667
    """

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__("sensitivity", sensitivity, num_thresholds, class_id, name, dtype)

    def rates(self, counts):
        tp, fp, tn, fn = counts
        return ratio(tp, tp + fn), ratio(tn, tn + fp)


class PrecisionAtRecall(_RateAtRate):
    """Best precision TP / (TP + FP) where the recall TP / (TP + FN) is high enough.

    Examples
    --------
    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__("recall", recall, num_thresholds, class_id, name, dtype)

    def rates(self, counts):
        tp, fp, _, fn = counts
        return ratio(tp, tp + fn), ratio(tp, tp + fp)


class RecallAtPrecision(_RateAtRate):
    """Best recall where the precision is high enough; see the reverse above.

    Examples
    --------
    >>> RecallAtPrecision(0.8)([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    0.5
    """

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__("precision", precision, num_thresholds, class_id, name, dtype)

    def rates(self, counts):
        tp, fp, _, fn = counts
        return ratio(tp, tp + fp), ratio(tp, tp + fn)


def _one_of(what: str, value, known: tuple[str, ...], spelling) -> str:
    chosen = spelling(value) if isinstance(value, str) else value
    if chosen not in known:
        raise ValueError(f"AUC: {what}: expected one of {known}, got {value!r}")
    return chosen
