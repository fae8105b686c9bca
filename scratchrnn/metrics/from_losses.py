"""Metrics that are the mean of a loss over all samples seen."""

from __future__ import annotations

import numpy as np

from .. import losses
from .base import Mean, PairMetric


class LossMetric(Mean):
    """Base: the mean of the per-sample values of ``self.loss``.

    Parameters
    ----------
    loss : Loss
    name, dtype
        See :class:`Metric`.
    """

    sign = 1.0

    def __init__(self, loss: losses.Loss, name: str, dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self.loss = loss

    def update_state(self, y_true, y_pred, sample_weight=None, mask=None) -> None:
        values, valid = self.loss.samples(y_true, y_pred, sample_weight, mask)
        if valid is not None and (sample_weight is not None or mask is not None):
            mask = valid if mask is None else valid & self.loss.aligned_mask(mask, valid.shape)
        super().update_state(self.sign * values, sample_weight, mask)


class MeanSquaredError(LossMetric):
    """Mean of (p - t)².

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[1.0, 1.0]])
    0.5
    """

    def __init__(self, name: str = "mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanSquaredError(), name, dtype)


class MeanAbsoluteError(LossMetric):
    """Mean of |p - t|.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0]], [[1.0, 1.0]])
    0.5
    """

    def __init__(self, name: str = "mean_absolute_error", dtype: str | None = None) -> None:
        super().__init__(losses.MeanAbsoluteError(), name, dtype)


class MeanAbsolutePercentageError(LossMetric):
    """Mean of 100 |p - t| / |t|.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[2.0, 4.0]], [[1.0, 4.0]])
    25.0
    """

    def __init__(
        self, name: str = "mean_absolute_percentage_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.MeanAbsolutePercentageError(), name, dtype)


class MeanSquaredLogarithmicError(LossMetric):
    """Mean of (log(p + 1) - log(t + 1))².

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> MeanSquaredLogarithmicError()([[3.0]], [[3.0]])
    0.0
    """

    def __init__(
        self, name: str = "mean_squared_logarithmic_error", dtype: str | None = None
    ) -> None:
        super().__init__(losses.MeanSquaredLogarithmicError(), name, dtype)


class RootMeanSquaredError(PairMetric):
    """Root of the mean of (p - t)² over all entries.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> RootMeanSquaredError()([[0.0, 0.0]], [[3.0, 3.0]])
    3.0
    """

    def __init__(self, name: str = "root_mean_squared_error", dtype: str | None = None) -> None:
        super().__init__(name, dtype)

    def values(self, y_true, y_pred):
        return np.square(y_pred - y_true)

    def result(self) -> float:
        return self.rounded(np.sqrt(super().result()))


class LogCoshError(LossMetric):
    """Mean of log(cosh(p - t)).

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> LogCoshError()([[0.0]], [[0.0]])
    0.0
    """

    def __init__(self, name: str = "logcosh", dtype: str | None = None) -> None:
        super().__init__(losses.LogCosh(), name, dtype)


class CosineSimilarity(LossMetric):
    """Mean cosine of the angle between target and prediction: the loss with its sign turned.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    axis : int
        The axis that holds the vectors.

    Examples
    --------
    >>> round(CosineSimilarity()([[1.0, 0.0]], [[3.0, 4.0]]), 6)
    0.6
    """

    sign = -1.0

    def __init__(
        self, name: str = "cosine_similarity", dtype: str | None = None, axis: int = -1
    ) -> None:
        super().__init__(losses.CosineSimilarity(axis), name, dtype)

    def get_config(self) -> dict:
        return {**super().get_config(), "axis": self.loss.axis}


class KLDivergence(LossMetric):
    """Mean of Σ t log(t / p).

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]])
    0.0
    """

    def __init__(self, name: str = "kl_divergence", dtype: str | None = None) -> None:
        super().__init__(losses.KLDivergence(), name, dtype)


class Poisson(LossMetric):
    """Mean of p - t log p.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> round(Poisson()([[1.0]], [[1.0]]), 6)
    1.0
    """

    def __init__(self, name: str = "poisson", dtype: str | None = None) -> None:
        super().__init__(losses.Poisson(), name, dtype)


class Hinge(LossMetric):
    """Mean of max(1 - t p, 0).

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> Hinge()([[1.0, 0.0]], [[0.5, 0.5]])
    1.0
    """

    def __init__(self, name: str = "hinge", dtype: str | None = None) -> None:
        super().__init__(losses.Hinge(), name, dtype)


class SquaredHinge(LossMetric):
    """Mean of max(1 - t p, 0)².

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> SquaredHinge()([[1.0, 0.0]], [[0.5, 0.5]])
    1.25
    """

    def __init__(self, name: str = "squared_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.SquaredHinge(), name, dtype)


class CategoricalHinge(LossMetric):
    """Mean of max(best of the others - own + 1, 0).

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]])
    1.25
    """

    def __init__(self, name: str = "categorical_hinge", dtype: str | None = None) -> None:
        super().__init__(losses.CategoricalHinge(), name, dtype)


class BinaryCrossentropy(LossMetric):
    """Mean binary cross-entropy.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
    label_smoothing : float
        See :class:`scratchrnn.losses.BinaryCrossentropy`.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 6)
    0.693147
    """

    def __init__(
        self,
        name: str = "binary_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)

    def get_config(self) -> dict:
        config = self.loss.get_config()
        keep = ("from_logits", "label_smoothing")
        return {**super().get_config(), **{key: config[key] for key in keep}}


class CategoricalCrossentropy(LossMetric):
    """Mean cross-entropy of one-hot targets.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
    label_smoothing : float
    axis : int
        See :class:`scratchrnn.losses.CategoricalCrossentropy`.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 6)
    0.693147
    """

    def __init__(
        self,
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        loss = losses.CategoricalCrossentropy(from_logits, label_smoothing, axis)
        super().__init__(loss, name, dtype)

    def get_config(self) -> dict:
        config = self.loss.get_config()
        keep = ("from_logits", "label_smoothing", "axis")
        return {**super().get_config(), **{key: config[key] for key in keep}}


class SparseCategoricalCrossentropy(LossMetric):
    """Mean cross-entropy of integer labels.

    Without weights, entries of `ignore_class` count as zeros, as in Keras.

    Parameters
    ----------
    name, dtype
        See :class:`Metric`.
    from_logits : bool
    ignore_class : int, optional
    axis : int
        See :class:`scratchrnn.losses.SparseCategoricalCrossentropy`.

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 6)
    0.693147
    """

    def __init__(
        self,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        loss = losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
        super().__init__(loss, name, dtype)

    def get_config(self) -> dict:
        config = self.loss.get_config()
        keep = ("from_logits", "ignore_class", "axis")
        return {**super().get_config(), **{key: config[key] for key in keep}}
