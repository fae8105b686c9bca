"""Activations that a recurrence can use: each has its derivative *from its own output*.

Backpropagation through time keeps the outputs of a cell, not its pre-activations. So an
activation is a pair: ``f(a) -> y`` and ``df(y) -> dy/da`` written in ``y``. That is possible
for every monotonic activation, and it is why ``1 - tanh(y)**2`` of an output ``y`` (the most
common mistake in hand-written BPTT) is wrong: it applies tanh twice.

At a kink the derivative is the one from the left: relu'(0) = 0, leaky_relu'(0) = the slope.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Activation(NamedTuple):
    """A function of the pre-activation and its derivative as a function of the output.

    Parameters
    ----------
    f : callable
        ``y = f(a)``, elementwise.
    df : callable
        ``dy/da`` given ``y``, elementwise.
    """

    f: Callable[[np.ndarray], np.ndarray]
    df: Callable[[np.ndarray], np.ndarray]


def sigmoid(a: np.ndarray) -> np.ndarray:
    """Logistic function that neither overflows nor loses small values.

    Parameters
    ----------
    a : ndarray of float
        Pre-activation, any shape.

    Returns
    -------
    ndarray
        ``1 / (1 + exp(-a))``, the same shape and dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells import sigmoid
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    e = np.exp(-np.abs(a))  # in (0, 1]: the exponent is never positive
    return np.where(a >= 0, 1, e) / (1 + e)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
_LEAKY_SLOPE = 0.2  # Keras's default negative_slope


def _elu(a: np.ndarray, alpha: float = 1.0, scale: float = 1.0) -> np.ndarray:
    return scale * np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0)))


def _step(y: np.ndarray) -> np.ndarray:
    return (y > 0).astype(y.dtype)


def _clipped(low: float, high: float, slope: float) -> Callable[[np.ndarray], np.ndarray]:
    def derivative(y: np.ndarray) -> np.ndarray:
        return slope * ((y > low) & (y < high)).astype(y.dtype)

    return derivative


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(np.tanh, lambda y: 1 - y * y),
    "sigmoid": Activation(sigmoid, lambda y: y * (1 - y)),
    "relu": Activation(lambda a: np.maximum(a, 0), _step),
    "linear": Activation(lambda a: a, np.ones_like),
    "hard_sigmoid": Activation(lambda a: np.clip(a / 6 + 0.5, 0, 1), _clipped(0, 1, 1 / 6)),
    "hard_tanh": Activation(lambda a: np.clip(a, -1, 1), _clipped(-1, 1, 1.0)),
    "relu6": Activation(lambda a: np.clip(a, 0, 6), _clipped(0, 6, 1.0)),
    "leaky_relu": Activation(
        lambda a: np.where(a > 0, a, _LEAKY_SLOPE * a),
        lambda y: np.where(y > 0, 1, _LEAKY_SLOPE).astype(y.dtype),
    ),
    "elu": Activation(_elu, lambda y: np.where(y > 0, 1, y + 1)),
    "selu": Activation(
        lambda a: _elu(a, _SELU_ALPHA, _SELU_SCALE),
        lambda y: np.where(y > 0, _SELU_SCALE, y + _SELU_SCALE * _SELU_ALPHA),
    ),
    "softplus": Activation(lambda a: np.logaddexp(a, 0), lambda y: -np.expm1(-y)),
    "softsign": Activation(lambda a: a / (1 + np.abs(a)), lambda y: (1 - np.abs(y)) ** 2),
    "exponential": Activation(np.exp, lambda y: y),
}


def get_activation(who: str, activation: str | Activation) -> Activation:
    """Return the pair that `activation` names; a pair is returned as it is.

    Parameters
    ----------
    who : str
        The caller, for the error message.
    activation : str or Activation
        A key of ``ACTIVATIONS``, or a pair of your own.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If the name is not known.

    Examples
    --------
    >>> from scratchrnn.cells.activations import get_activation
    >>> f, df = get_activation("doc", "tanh")
    >>> round(float(df(f(0.5))), 6)
    0.786448
    """
    if isinstance(activation, Activation):
        return activation
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"{who}: activation: expected one of {known}, got {activation!r}")
    return ACTIVATIONS[activation]
