"""Weights of classes as weights of samples."""

from __future__ import annotations

import numbers

import numpy as np

from .batch import Batch


def class_weighted(who: str, batch: Batch, class_weight: dict, output_shape: tuple) -> Batch:
    """Return the batch with the weights of its classes.

    Parameters
    ----------
    who : str
        First word of every error.
    batch : Batch
        Without sample weights. y holds class numbers, or one-hot rows of the output's shape.
    class_weight : dict of int to float
        Classes that are not in it weigh 1.
    output_shape : tuple
        Of the model.

    Returns
    -------
    Batch

    Raises
    ------
    ValueError
        If there are sample weights too, or a weight is not a finite number.

    Examples
    --------
    >>> import numpy as np
    >>> batch = Batch(np.zeros((3, 2)), np.array([0, 1, 2]))
    >>> class_weighted("doc", batch, {1: 5.0}, (None, 3)).sample_weight
    array([1., 5., 1.])
    """
    if batch.sample_weight is not None:
        raise ValueError(f"{who}: class_weight: not together with sample_weight")
    check_class_weight(who, class_weight)
    labels = class_numbers(batch.y, output_shape)
    weights = np.ones(labels.shape)
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return batch._replace(sample_weight=weights)


def check_class_weight(who: str, class_weight) -> None:
    """Raise ``ValueError`` unless it is a dict from class numbers to finite weights."""
    good = isinstance(class_weight, dict) and all(
        isinstance(label, int | np.integer)
        and isinstance(weight, numbers.Real)
        and np.isfinite(weight)
        for label, weight in class_weight.items()
    )
    if not good:
        raise ValueError(
            f"{who}: class_weight: expected a dict of class numbers to finite weights, "
            f"got {class_weight!r:.80}"
        )


def class_numbers(y: np.ndarray, output_shape: tuple) -> np.ndarray:
    """Return the class of every sample or step.

    Parameters
    ----------
    y : ndarray
        Class numbers, with or without a last axis of 1; or one-hot rows.
    output_shape : tuple
        Of the model.

    Returns
    -------
    ndarray of int, (N,) or (N, T)
    """
    y = np.asarray(y)
    while y.ndim > 1 and y.shape[-1] == 1:
        y = y[..., 0]
    if y.ndim == len(output_shape) and output_shape[-1] != 1:
        return y.argmax(axis=-1)
    return np.round(np.where(np.isfinite(y), y, -1)).astype(np.int64)  # NaN under a mask
