"""Losses between distributions or rates, and the margin losses (hinge)."""

from __future__ import annotations

import numpy as np

from .base import EPSILON, Loss


class KLDivergence(Loss):
    """Kullback-Leibler divergence of the prediction from the target.

    l = Σ t log(t / p), both held in [1e-7, 1]    (1)
    ∂l/∂p = - t / p inside the bounds, else 0     (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 6)
    0.143841
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "kl_divergence",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t, p = np.clip(y_true, EPSILON, 1.0), np.clip(y_pred, EPSILON, 1.0)
        losses = np.sum(t * np.log(t / p), axis=-1)  # (1)
        if not with_slope:
            return losses, None
        inside = (y_pred >= EPSILON) & (y_pred <= 1.0)
        return losses, np.where(inside, -t / p, 0.0)  # (1')


class Poisson(Loss):
    """Negative log-likelihood of counts under predicted rates, without its constant.

    l = Σ p - t log(p + 1e-7) / D          (1)
    ∂l/∂p = (1 - t / (p + 1e-7)) / D       (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> round(Poisson()([[1.0, 2.0]], [[1.0, 4.0]]), 6)
    1.113706
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poisson",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        rate = y_pred + EPSILON
        with np.errstate(divide="ignore", invalid="ignore"):  # a negative rate is NaN, as in Keras
            losses = np.mean(y_pred - y_true * np.log(rate), axis=-1)  # (1)
            if not with_slope:
                return losses, None
            return losses, (1.0 - y_true / rate) * (1.0 / rate.shape[-1])  # (1')


class Hinge(Loss):
    """Hinge loss: wrong or too close to the boundary costs linearly.

    l = Σ max(1 - t p, 0) / D, targets {0, 1} counting as {-1, 1}    (1)
    ∂l/∂p = - t / D where 1 - t p > 0, else 0                        (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> Hinge()([[1.0, 0.0]], [[0.5, 0.5]])
    1.0
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t = signed_labels(y_true)
        margin = np.maximum(1.0 - t * y_pred, 0.0)
        losses = np.mean(margin, axis=-1)  # (1)
        if not with_slope:
            return losses, None
        return losses, np.where(margin > 0.0, -t, 0.0) / t.shape[-1]  # (1')


class SquaredHinge(Loss):
    """Square of the hinge loss.

    l = Σ max(1 - t p, 0)² / D, targets {0, 1} counting as {-1, 1}    (1)
    ∂l/∂p = - 2 t max(1 - t p, 0) / D                                 (1')

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> SquaredHinge()([[1.0, 0.0]], [[0.5, 0.5]])
    1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "squared_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        t = signed_labels(y_true)
        margin = np.maximum(1.0 - t * y_pred, 0.0)
        losses = np.mean(margin * margin, axis=-1)  # (1)
        return losses, (t * margin * (-2.0 / t.shape[-1]) if with_slope else None)  # (1')


class CategoricalHinge(Loss):
    """Margin between the target's score and the best of the others.

    l = max(n - s + 1, 0),  s = Σ t p,  n = max((1 - t) p)             (1)
    ∂l/∂p = (1 - t) [at the maximum] - t where l > 0, else 0           (1')

    Where several entries share the maximum, each gets an equal part of its slope.

    Parameters
    ----------
    reduction, name, dtype
        See :class:`Loss`.

    Examples
    --------
    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 0.25]])
    1.25
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_hinge",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    def per_sample(self, y_true, y_pred, with_slope=False):
        others = (1.0 - y_true) * y_pred
        best = others.max(axis=-1, keepdims=True)
        own = np.sum(y_true * y_pred, axis=-1, keepdims=True)
        losses = np.maximum(best - own + 1.0, 0.0)  # (1)
        if not with_slope:
            return losses[..., 0], None
        at_best = (others == best).astype(y_pred.dtype)
        at_best /= np.maximum(at_best.sum(axis=-1, keepdims=True), 1.0)
        slopes = np.where(losses > 0.0, (1.0 - y_true) * at_best - y_true, 0.0)  # (1')
        return losses[..., 0], slopes


def signed_labels(y_true: np.ndarray) -> np.ndarray:
    """Return labels {0, 1} as {-1, 1}; an array with any other value is left as it is."""
    binary = np.all((y_true == 0.0) | (y_true == 1.0))
    return 2.0 * y_true - 1.0 if binary else y_true
