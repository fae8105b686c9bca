"""Activation functions with their derivatives, written by hand and stable for large inputs.

    y = activations.gelu(x)
    dx = activations.gelu.gradient(dy, x, y)

Those that a recurrence can use on its own are in :mod:`scratchrnn.cells.activations`.
"""

from __future__ import annotations

from .base import Activation
from .piecewise import (
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    relu,
    relu6,
    soft_shrink,
    sparse_plus,
    sparse_sigmoid,
    threshold,
)
from .smooth import (
    celu,
    elu,
    exponential,
    gelu,
    linear,
    log_sigmoid,
    mish,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    squareplus,
    tanh,
    tanh_shrink,
)
from .vector import glu, log_softmax, softmax, sparsemax

swish, hard_swish = silu, hard_silu

ACTIVATIONS = {
    a.name: a
    for a in (
        celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh,
        leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu,
        soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax,
        squareplus, tanh, tanh_shrink, threshold,
    )
}  # fmt: skip
ALIASES = {"swish": silu, "hard_swish": hard_silu}

__all__ = [*ACTIVATIONS, *ALIASES, "Activation", "deserialize", "get", "serialize"]


def get(identifier) -> Activation:
    """Return an activation.

    Parameters
    ----------
    identifier : str, dict, Activation, callable or None
        A name, what :func:`serialize` returned, an :class:`Activation`, or a callable of your own
        with ``gradient(dy, x, y)``. None is ``linear``.

    Returns
    -------
    Activation
        Or the callable given.

    Raises
    ------
    ValueError
        If the name is unknown, or a callable has no ``gradient``.

    Examples
    --------
    >>> get("relu")([-1.0, 2.0])
    array([0., 2.])
    """
    if identifier is None:
        return linear
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        activation = ACTIVATIONS.get(identifier) or ALIASES.get(identifier)
        if activation is None:
            known = ", ".join(sorted([*ACTIVATIONS, *ALIASES]))
            raise ValueError(
                f"activations.get: identifier: expected one of {known}, got {identifier!r}"
            )
        return activation
    if callable(identifier) and callable(getattr(identifier, "gradient", None)):
        return identifier
    raise ValueError(
        "activations.get: identifier: expected a name, or a callable with a .gradient(dy, x, y) "
        f"method (nothing here differentiates for you), got {identifier!r}"
    )


def serialize(activation: Activation) -> str | dict:
    """Return the activation's name, or name and options if it has any.

    Examples
    --------
    >>> serialize(get("tanh"))
    'tanh'
    >>> serialize(relu.configure(max_value=6.0))
    {'class_name': 'relu', 'config': {'max_value': 6.0}}
    """
    if not isinstance(activation, Activation) or activation.name not in ACTIVATIONS:
        raise ValueError(
            f"activations.serialize: activation: expected one of this module, got {activation!r}"
        )
    if not activation.options:
        return activation.name
    return {"class_name": activation.name, "config": dict(activation.options)}


def deserialize(config: str | dict) -> Activation:
    """Return the activation that :func:`serialize` described."""
    if isinstance(config, str):
        return get(config)
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(
            "activations.deserialize: config: expected a name or a dict with class_name and "
            f"config, got {config!r}"
        )
    return get(config["class_name"]).configure(**(config.get("config") or {}))
