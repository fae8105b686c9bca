"""What every metric is: a running number that batches are added to.

    metric.update_state(y_true, y_pred, sample_weight, mask)   for every batch
    metric.result()
    metric.reset_state()                                       before the next epoch

Sums are kept in float64, whatever the type of the data. Where a weight is zero or the mask False,
nothing of the entry is used, not even NaN.
"""

from __future__ import annotations

import numpy as np

from ..losses.base import align_ranks, as_float, check_same_shape, snake_case
from ..losses.reduction import align, as_mask, as_weights


class Metric:
    """Base class of the metrics.

    Parameters
    ----------
    name : str, optional
        Defaults to the class name in snake case.
    dtype : {"float32", "float64"}, optional
        Type to which results are rounded; sums are float64 in any case.

    Examples
    --------
    >>> class Batches(Metric):
    ...     def reset_state(self):
    ...         self.count = 0
    ...     def update_state(self, y_true, y_pred, sample_weight=None, mask=None):
    ...         self.count += 1
    ...     def result(self):
    ...         return self.count
    >>> metric = Batches()
    >>> metric.update_state([1], [1])
    >>> metric.result()
    1
    """

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        self.name = name or snake_case(type(self).__name__)
        if dtype not in (None, "float32", "float64"):
            raise ValueError(
                f"{type(self).__name__}: dtype: expected None, 'float32' or 'float64', "
                f"got {dtype!r}"
            )
        self.dtype = dtype
        self.reset_state()

    def rounded(self, value):
        """Return a float for a single number, else an array, of the metric's type."""
        value = np.asarray(value, self.dtype)
        return float(value) if value.ndim == 0 else value

    def reset_state(self) -> None:
        """Forget all batches."""
        raise NotImplementedError(f"{type(self).__name__}: reset_state is not written")

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        """Add a batch."""
        raise NotImplementedError(f"{type(self).__name__}: update_state is not written")

    def result(self):
        """Return the metric over all batches since the last reset."""
        raise NotImplementedError(f"{type(self).__name__}: result is not written")

    def __call__(self, *arguments, **options):
        """Add a batch and return the result so far."""
        self.update_state(*arguments, **options)
        return self.result()

    def get_config(self) -> dict:
        """Return the constructor's arguments as a dict of plain values."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict) -> Metric:
        """Make a metric from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class Mean(Metric):
    """Weighted mean of values.

    Values (N, ...) are averaged within each sample first; Σ w v / Σ w then runs over the samples
    of all batches. Weights with fewer axes than the values weigh means over the other axes.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0], sample_weight=[3.0, 1.0])
    >>> mean.result()
    1.5
    """

    def reset_state(self) -> None:
        self.total, self.count = 0.0, 0.0

    def update_state(self, values, sample_weight=None, mask=None) -> None:
        values = as_values(type(self).__name__, values)
        weights = merge_weights(type(self).__name__, values.shape, sample_weight, mask)
        values, weights = samplewise(values, weights, np.mean)
        self.total += float(np.sum(values))
        count = values.shape[0] if values.ndim else 1.0
        self.count += float(count if weights is None else np.sum(weights))

    def result(self) -> float:
        return self.rounded(self.total / self.count if self.count else 0.0)


class Sum(Metric):
    """Weighted sum of values.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> Sum()([1.0, 3.0], sample_weight=[3.0, 1.0])
    6.0
    """

    def reset_state(self) -> None:
        self.total = 0.0

    def update_state(self, values, sample_weight=None, mask=None) -> None:
        values = as_values(type(self).__name__, values)
        weights = merge_weights(type(self).__name__, values.shape, sample_weight, mask)
        self.total += float(np.sum(samplewise(values, weights, np.sum)[0]))

    def result(self) -> float:
        return self.rounded(self.total)


class MeanMetricWrapper(Mean):
    """Mean of what a function of yours returns.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **kwargs)`` returns one value a sample.
    name, dtype
        See :class:`Metric`; the name defaults to that of `fn`.
    **kwargs
        Handed to `fn`.

    Examples
    --------
    >>> import numpy as np
    >>> def largest_error(y_true, y_pred):
    ...     return np.abs(y_true - y_pred).max(axis=-1)
    >>> MeanMetricWrapper(largest_error)(np.zeros((2, 2)), np.array([[1.0, 2.0], [0.0, 4.0]]))
    3.0
    """

    def __init__(self, fn, name: str | None = None, dtype: str | None = None, **kwargs) -> None:
        if not callable(fn):
            raise ValueError(f"MeanMetricWrapper: fn: expected a function, got {fn!r}")
        super().__init__(name or getattr(fn, "__name__", type(fn).__name__), dtype)
        self.fn, self.kwargs = fn, kwargs

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        values = self.fn(np.asarray(y_true), np.asarray(y_pred), **self.kwargs)
        super().update_state(values, sample_weight, mask)

    def get_config(self) -> dict:
        raise ValueError(f"{self.name}: a function cannot be written to a configuration")

    def __repr__(self) -> str:
        return f"MeanMetricWrapper({self.fn!r}, name={self.name!r})"


class PairMetric(Mean):
    """Base of the metrics that are a mean of :meth:`values` of (y_true, y_pred)."""

    def values(self, y_true: np.ndarray, y_pred: np.ndarray) -> np.ndarray:
        """Return one value an entry or a sample."""
        raise NotImplementedError(f"{type(self).__name__}: values is not written")

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        y_true, y_pred = self.prepare(y_true, y_pred, (sample_weight, mask))
        y_true, y_pred = drop_unweighted(type(self).__name__, y_true, y_pred, sample_weight, mask)
        super().update_state(self.values(y_true, y_pred), sample_weight, mask)

    def prepare(self, y_true, y_pred, extras) -> tuple[np.ndarray, np.ndarray]:
        """Return both as arrays of one type and shape."""
        return pair(type(self).__name__, y_true, y_pred, extras)


def pair(who: str, y_true, y_pred, extras=()) -> tuple[np.ndarray, np.ndarray]:
    """Return targets and predictions as arrays of one type and shape, or raise ``ValueError``."""
    y_pred = as_float(who, "y_pred", y_pred, None)
    y_true = as_float(who, "y_true", y_true, y_pred.dtype)
    y_true, y_pred = align_ranks(y_true, y_pred, extras)
    check_same_shape(who, y_true, y_pred)
    return y_true, y_pred


def as_values(who: str, values) -> np.ndarray:
    """Return real numbers as float64."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise ValueError(f"{who}: values: expected real numbers, got {values.dtype}")
    if values.size == 0:
        raise ValueError(f"{who}: values: expected at least one, got shape {values.shape}")
    return values.astype(np.float64)


def merge_weights(who: str, shape: tuple[int, ...], sample_weight, mask) -> np.ndarray | None:
    """Return weights times mask, in the shape in which they were given; None if there are none."""
    if sample_weight is None and mask is None:
        return None
    if sample_weight is not None:
        weights = as_weights(who, sample_weight, np.float64)
        align(who, "sample_weight", weights, shape)
        if mask is None:
            return weights
    mask = as_mask(who, mask)
    align(who, "mask", mask, shape)
    if sample_weight is None:
        return mask.astype(np.float64)
    # Side by side, the one with more axes gives the shape; both line up with the leading axes.
    shape = shape[: max(weights.ndim, mask.ndim)]
    return np.asarray(align(who, "sample_weight", weights, shape) * align(who, "mask", mask, shape))


def samplewise(values: np.ndarray, weights: np.ndarray | None, reduce):
    """Return weighted values and weights with one entry a sample, as Keras reduces them."""
    if weights is not None:
        if weights.ndim == values.ndim + 1:
            weights = weights[..., 0]
        ndim = weights.ndim
        if values.ndim > ndim:
            values = reduce(values, axis=tuple(range(ndim, values.ndim)))
        weights = np.broadcast_to(weights, values.shape)
        values = np.where(weights != 0, values, 0.0) * weights
        if ndim > 1:
            weights = reduce(weights, axis=tuple(range(1, ndim)))
    if values.ndim > 1:
        values = reduce(values, axis=tuple(range(1, values.ndim)))
    return values, weights


def drop_unweighted(who: str, y_true, y_pred, sample_weight, mask):
    """Put 0 and 1 where the weight is zero: harmless whatever the metric computes."""
    weights = merge_weights(who, y_pred.shape, sample_weight, mask)
    if weights is None or np.all(weights != 0):
        return y_true, y_pred
    counts = align(who, "sample_weight", weights, y_pred.shape) != 0
    y_pred = np.where(counts, y_pred, y_pred.dtype.type(1))
    while counts.ndim > y_true.ndim:
        counts = counts[..., 0]
    return np.where(counts, y_true, y_true.dtype.type(0)), y_pred


def ratio(numerator, denominator):
    """Return numerator / denominator, and 0 where the denominator is 0."""
    numerator, denominator = np.asarray(numerator, float), np.asarray(denominator, float)
    safe = np.where(denominator == 0, 1.0, denominator)
    return np.where(denominator == 0, 0.0, numerator / safe)


def check_count(who: str, what: str, value, least: int) -> int:
    """Return an integer that is at least `least`, or raise ``ValueError``."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{who}: {what}: expected an integer >= {least}, got {value!r}")
    return int(value)


def check_share(who: str, what: str, value, positive: bool = False) -> float:
    """Return a number in [0, 1] (or (0, 1]), or raise ``ValueError``."""
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    if not number or not 0.0 <= value <= 1.0 or (positive and value == 0.0):
        bracket = "(" if positive else "["
        raise ValueError(f"{who}: {what}: expected a number in {bracket}0, 1], got {value!r}")
    return float(value)
