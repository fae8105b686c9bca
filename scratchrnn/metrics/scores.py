"""Scores that are not means of per-sample values: F, R², correlations."""

from __future__ import annotations

import warnings

import numpy as np

from ..losses.base import check_axis, check_positive
from ..losses.reduction import align
from .base import (
    Metric,
    PairMetric,
    check_count,
    check_share,
    drop_unweighted,
    merge_weights,
    pair,
    ratio,
)

EPSILON = 1e-7


class FBetaScore(Metric):
    """Weighted harmonic mean of precision and recall.

    F = (1 + β²) precision · recall / (β² precision + recall)

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}
        None gives one score a class; "micro" counts all classes together, "macro" averages,
        "weighted" averages by how often a class is true.
    beta : float
        Above 1 recall counts more.
    threshold : float, optional
        In (0, 1]: predictions above it are "yes"; None takes the largest of each sample.
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> metric = FBetaScore(average="macro", beta=2.0, threshold=0.5)
    >>> round(metric([[1, 0], [1, 1]], [[0.2, 0.6], [0.6, 0.8]]), 6)
    0.694444
    """

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        who = type(self).__name__
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"{who}: average: expected None, 'micro', 'macro' or 'weighted', got {average!r}"
            )
        self.average, self.beta = average, check_positive(who, "beta", beta)
        self.threshold = None
        if threshold is not None:
            self.threshold = check_share(who, "threshold", threshold, positive=True)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.true_positives = self.false_positives = self.false_negatives = self.positives = 0.0

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        who = type(self).__name__
        y_true, y_pred, weights = _table(who, y_true, y_pred, sample_weight, mask)
        if self.threshold is None:
            largest = y_pred >= y_pred.max(axis=-1, keepdims=True)
            called = largest & (np.abs(y_pred) > 1e-9)  # a row of zeros calls nothing
        else:
            called = y_pred > self.threshold
        axis = None if self.average == "micro" else 0
        self.true_positives += np.sum(weights * called * y_true, axis=axis)
        self.false_positives += np.sum(weights * called * (1.0 - y_true), axis=axis)
        self.false_negatives += np.sum(weights * ~called * y_true, axis=axis)
        self.positives += np.sum(weights * y_true, axis=axis)

    def result(self):
        hits = np.asarray(self.true_positives)
        precision = hits / (hits + self.false_positives + EPSILON)
        recall = hits / (hits + self.false_negatives + EPSILON)
        square = self.beta**2
        scores = (1.0 + square) * precision * recall / (square * precision + recall + EPSILON)
        if self.average == "weighted":
            shares = self.positives / (np.sum(self.positives) + EPSILON)
            return self.rounded(np.sum(scores * shares))
        return self.rounded(scores if self.average is None else np.mean(scores))

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall.

    Parameters
    ----------
    average, threshold, name, dtype
        See :class:`FBetaScore`.

    Examples
    --------
    >>> F1Score(threshold=0.5)([[1, 0], [1, 1]], [[0.2, 0.6], [0.6, 0.8]]).round(4)
    array([0.6667, 0.6667])
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)

    def get_config(self) -> dict:
        config = super().get_config()
        del config["beta"]
        return config


class R2Score(Metric):
    """Coefficient of determination: 1 is perfect, 0 no better than the mean.

    R² = 1 - Σ w (t - p)² / Σ w (t - t̄)², t̄ the weighted mean of each column

    Of a column that does not vary it is 1 if the prediction is exact, else 0.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}
        How the columns of (N, D) become one number; None gives one a column.
    num_regressors : int
        Predictors to adjust for; 0 gives the plain score. Rows of weight zero are no data points;
        with too few of them the score is not adjusted, with a warning.
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 6)
    0.571429
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str = "r2_score",
        dtype: str | None = None,
    ) -> None:
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                "R2Score: class_aggregation: expected 'uniform_average', "
                f"'variance_weighted_average' or None, got {class_aggregation!r}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = check_count("R2Score", "num_regressors", num_regressors, 0)
        super().__init__(name, dtype)

    def reset_state(self) -> None:
        self.sum = self.squared_sum = self.residual = self.count = 0.0
        self.num_samples = 0

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        y_true, y_pred, weights = _table("R2Score", y_true, y_pred, sample_weight, mask)
        weights = np.broadcast_to(weights, y_true.shape)
        self.sum += np.sum(weights * y_true, axis=0)
        self.squared_sum += np.sum(weights * y_true * y_true, axis=0)
        self.residual += np.sum(weights * np.square(y_true - y_pred), axis=0)
        self.count += np.sum(weights, axis=0)
        self.num_samples += int(np.count_nonzero(np.any(weights != 0, axis=1)))

    def result(self):
        if self.num_samples == 0:
            return 0.0
        total = self.squared_sum - self.sum * ratio(self.sum, self.count)
        # What is left of the subtraction when nothing varies is rounding, not variance.
        total = np.where(total <= 4 * np.finfo(float).eps * self.squared_sum, 0.0, total)
        constant = np.where(self.residual == 0, 1.0, 0.0)
        scores = np.where(total == 0, constant, 1.0 - ratio(self.residual, total))
        if self.class_aggregation == "uniform_average":
            scores = np.mean(scores)
        elif self.class_aggregation == "variance_weighted_average":
            scores = ratio(np.sum(total * scores), np.sum(total))
        return self.rounded(self._adjust(scores))

    def _adjust(self, scores):
        spare = self.num_samples - 1 - self.num_regressors
        if self.num_regressors == 0:
            return scores
        if spare <= 0:
            warnings.warn(
                f"R2Score: {self.num_regressors} regressors are too many for {self.num_samples} "
                "data points: the score is not adjusted",
                stacklevel=3,
            )
            return scores
        return 1.0 - (1.0 - scores) * (self.num_samples - 1) / spare

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


class PearsonCorrelation(PairMetric):
    """Mean over the samples of the correlation of target and prediction along an axis.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    axis : int

    Examples
    --------
    >>> round(PearsonCorrelation()([[0.0, 1.0, 0.5]], [[0.1, 0.9, 1.0]]), 6)
    0.810885
    """

    def __init__(
        self, name: str = "pearson_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype)
        self.axis = check_axis(type(self).__name__, axis)

    def values(self, y_true, y_pred):
        with np.errstate(divide="ignore", invalid="ignore"):  # a constant row has none: NaN
            products = _standardize(y_true, self.axis) * _standardize(y_pred, self.axis)
            return np.mean(products, axis=self.axis)

    def get_config(self) -> dict:
        return {**super().get_config(), "axis": self.axis}


class ConcordanceCorrelation(PearsonCorrelation):
    """Mean over the samples of the concordance correlation along an axis (Lin, 1989).

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    axis : int

    Examples
    --------
    >>> round(ConcordanceCorrelation()([[0.0, 1.0, 0.5]], [[0.0, 1.0, 0.5]]), 5)
    1.0
    """

    def __init__(
        self, name: str = "concordance_correlation", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(name, dtype, axis)

    def values(self, y_true, y_pred):
        axis = self.axis
        mean_true = y_true.mean(axis=axis, keepdims=True)
        mean_pred = y_pred.mean(axis=axis, keepdims=True)
        spread = y_true.var(axis=axis, keepdims=True) + y_pred.var(axis=axis, keepdims=True)
        spread = spread + np.square(mean_true - mean_pred) + EPSILON
        return np.mean(2.0 * (y_true - mean_pred) * (y_pred - mean_pred) / spread, axis=axis)


def _standardize(x, axis):
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


def _table(who, y_true, y_pred, sample_weight, mask):
    """Return targets and predictions as float64 (N, D) and weights that broadcast to them."""
    y_true, y_pred = pair(who, y_true, y_pred, (sample_weight, mask))
    if y_pred.ndim != 2:
        raise ValueError(f"{who}: y_pred: expected (N, D), got {y_pred.shape}")
    y_true, y_pred = drop_unweighted(who, y_true, y_pred, sample_weight, mask)
    weights = merge_weights(who, y_pred.shape, sample_weight, mask)
    weights = np.ones(()) if weights is None else align(who, "weights", weights, y_pred.shape)
    return y_true.astype(np.float64), y_pred.astype(np.float64), weights
