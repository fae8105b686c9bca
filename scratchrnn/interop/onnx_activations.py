"""The activations that ONNX's RNN, LSTM and GRU nodes name, and ours: the same functions.

A node lists its activations one direction after the other, and beside them `activation_alpha`
and `activation_beta`, which the functions that have such a number consume in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from ..cells import ACTIVATIONS, Activation


class OnnxFunction(NamedTuple):
    """One activation of a node: ONNX's name and the numbers that belong to it."""

    name: str
    alpha: float | None = None
    beta: float | None = None


class _Kind(NamedTuple):
    """What an ONNX activation computes; a default of NaN means that the node must say it."""

    f: Callable
    alpha: float | None = None  # None: the function has no such number
    beta: float | None = None


_KINDS = {
    "Relu": _Kind(lambda a, alpha, beta: np.maximum(a, 0)),
    "Tanh": _Kind(lambda a, alpha, beta: np.tanh(a)),
    "Sigmoid": _Kind(lambda a, alpha, beta: ACTIVATIONS["sigmoid"].f(a)),
    "Softsign": _Kind(lambda a, alpha, beta: ACTIVATIONS["softsign"].f(a)),
    "Softplus": _Kind(lambda a, alpha, beta: ACTIVATIONS["softplus"].f(a)),
    "LeakyRelu": _Kind(lambda a, alpha, beta: np.where(a > 0, a, alpha * a), 0.01),
    "ThresholdedRelu": _Kind(lambda a, alpha, beta: np.where(a > alpha, a, 0), 1.0),
    "Elu": _Kind(
        lambda a, alpha, beta: np.where(a > 0, a, alpha * np.expm1(np.minimum(a, 0))), 1.0
    ),
    "HardSigmoid": _Kind(lambda a, alpha, beta: np.clip(alpha * a + beta, 0, 1), 0.2, 0.5),
    "ScaledTanh": _Kind(lambda a, alpha, beta: alpha * np.tanh(beta * a), np.nan, np.nan),
    "Affine": _Kind(lambda a, alpha, beta: alpha * a + beta, np.nan, np.nan),
}
_BY_LOWER_NAME = {name.lower(): name for name in _KINDS}

# Ours to ONNX's; what is not here has no ONNX counterpart inside a recurrence.
OURS = {
    "tanh": OnnxFunction("Tanh"),
    "sigmoid": OnnxFunction("Sigmoid"),
    "relu": OnnxFunction("Relu"),
    "linear": OnnxFunction("Affine", 1.0, 0.0),
    "hard_sigmoid": OnnxFunction("HardSigmoid", 1 / 6, 0.5),
    "leaky_relu": OnnxFunction("LeakyRelu", 0.2),
    "elu": OnnxFunction("Elu", 1.0),
    "softplus": OnnxFunction("Softplus"),
    "softsign": OnnxFunction("Softsign"),
}


def our_name(function: OnnxFunction) -> str | None:
    """Return our name of an ONNX activation with these numbers; None if we have no such one."""
    for name, own in OURS.items():
        pairs = ((function.alpha, own.alpha), (function.beta, own.beta))
        if function.name == own.name and all(
            (a is None) == (b is None) and (a is None or np.float32(a) == np.float32(b))
            for a, b in pairs
        ):
            return name
    return None


def as_pair(function: OnnxFunction, clip: float | None = None) -> Activation:
    """Return a pair for the cells that clips its argument first; it has no derivative.

    Parameters
    ----------
    function : OnnxFunction
    clip : float, optional
        The argument is clipped to [-clip, clip].

    Returns
    -------
    Activation
    """

    def f(a):
        a = a if clip is None else np.clip(a, -clip, clip)
        y = _KINDS[function.name].f(a, function.alpha, function.beta)
        return np.asarray(y, a.dtype)

    def df(y):
        raise ValueError(f"ONNX activation {function.name}: it is for inference, not for training")

    return Activation(f, df)


def read_activations(
    who: str,
    names: Sequence[str],
    alphas: Sequence[float] | None,
    betas: Sequence[float] | None,
    count: int,
) -> list[OnnxFunction]:
    """Give every activation of a node its numbers.

    Parameters
    ----------
    who : str
        First words of every error.
    names : sequence of str
        As the node lists them, in upper or lower case.
    alphas, betas : sequence of float or None
    count : int
        How many there must be.

    Returns
    -------
    list of OnnxFunction

    Raises
    ------
    ValueError
        If their number does not fit, a name is not known, or a number is missing or left over.
    """
    if len(names) != count:
        raise ValueError(f"{who}: activations: expected {count} names, got {list(names)}")
    left = {"alpha": list(alphas or ()), "beta": list(betas or ())}
    functions = []
    for name in names:
        known = _BY_LOWER_NAME.get(str(name).lower())
        if known is None:
            raise ValueError(
                f"{who}: activations: expected one of {', '.join(_KINDS)}, got {name!r:.60}"
            )
        numbers = {}
        for which, values in left.items():
            default = getattr(_KINDS[known], which)
            if default is None:
                numbers[which] = None
                continue
            number = float(values.pop(0)) if values else default
            if not np.isfinite(number):
                raise ValueError(f"{who}: activation_{which}: {known} needs a number, got none")
            numbers[which] = number
        functions.append(OnnxFunction(known, **numbers))
    for which, values in left.items():
        if values:
            raise ValueError(f"{who}: activation_{which}: {len(values)} more than are used")
    return functions
