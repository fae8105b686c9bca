"""Gradient clipping: three ways to bound a step.

It belongs between backward pass and update. Inside a loss or a cell it would change what a
gradient check checks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def norm(gradient: np.ndarray, order: float = 2, work: np.ndarray | None = None) -> float:
    """Return the 2-norm (or, with ``order=inf``, the largest size) of all entries.

    Squares are summed in float64 (in `work`, if given); where they overflow, they are scaled first.
    """
    if order == math.inf:
        return float(np.max(np.abs(gradient), initial=0.0))
    if order != 2:
        raise ValueError(f"norm: order: expected 2 or inf, got {order!r}")
    with np.errstate(over="ignore"):
        total = float(np.sum(np.multiply(gradient, gradient, out=work), dtype=np.float64))
    if math.isfinite(total):
        return math.sqrt(total)
    largest = norm(gradient, math.inf)
    if not math.isfinite(largest):
        return largest
    return largest * math.sqrt(float(np.sum(np.square(gradient / largest), dtype=np.float64)))


def global_norm(gradients: Sequence[np.ndarray | None], order: float = 2) -> float:
    """Return the norm of all gradients together, as of one long vector.

    Examples
    --------
    >>> import numpy as np
    >>> global_norm([np.array([3.0]), np.array([[4.0]])])
    5.0
    """
    norms = [norm(g, order) for g in gradients if g is not None]
    return max(norms, default=0.0) if order == math.inf else math.hypot(*norms)


def clip_by_value(gradient: np.ndarray, clip_value: float) -> np.ndarray:
    """Return the gradient with every entry held in [-c, c].

    Parameters
    ----------
    gradient : ndarray
    clip_value : float
        c, positive.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_value(np.array([-3.0, 0.5]), 1.0)
    array([-1. ,  0.5])
    """
    clip_value = check_positive("clip_by_value", "clip_value", clip_value)
    return np.clip(gradient, -clip_value, clip_value)


def clip_by_norm(gradient: np.ndarray, clip_norm: float) -> np.ndarray:
    """Return g · min(1, c / ‖g‖), a new array.

    Parameters
    ----------
    gradient : ndarray
    clip_norm : float
        c, positive.

    References
    ----------
    Pascanu, Mikolov, Bengio, 2013, On the difficulty of training recurrent neural networks, alg. 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0)
    array([0.6, 0.8])
    """
    return gradient * gradient.dtype.type(scale_for(norm(gradient), clip_norm, "clip_by_norm"))


def clip_by_global_norm(
    gradients: Sequence[np.ndarray | None],
    clip_norm: float,
    order: float = 2,
    epsilon: float = 0.0,
) -> list[np.ndarray | None]:
    """Return all gradients times min(1, c / (n + epsilon)), n the norm of all together.

    Parameters
    ----------
    gradients : sequence of ndarray or None
        None stays None.
    clip_norm : float
        c, positive.
    order : {2, inf}
        Which norm.
    epsilon : float
        PyTorch's ``clip_grad_norm_`` has 1e-6, Keras and the paper 0.

    References
    ----------
    Pascanu, Mikolov, Bengio, 2013, On the difficulty of training recurrent neural networks, alg. 1.

    Examples
    --------
    >>> import numpy as np
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]
    """
    total = global_norm(gradients, order) + epsilon
    scale = scale_for(total, clip_norm, "clip_by_global_norm")
    return [None if g is None else g * g.dtype.type(scale) for g in gradients]


def scale_for(size: float, clip_norm: float, who: str) -> float:
    """Return min(1, clip_norm / size); NaN if the size is not finite."""
    clip_norm = check_positive(who, "clip_norm", clip_norm)
    if not math.isfinite(size):
        return math.nan
    return clip_norm / max(size, clip_norm)


def check_positive(who: str, what: str, value) -> float:
    """Return a positive finite number, or raise ``ValueError``."""
    number = isinstance(value, (int, float, np.integer, np.floating))
    if isinstance(value, bool) or not number or not 0 < value < math.inf:
        raise ValueError(f"{who}: {what}: expected a positive finite number, got {value!r}")
    return float(value)
