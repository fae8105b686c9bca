"""Optimizers with Keras's names, arguments and formulas; they change the variables in place.

    optimizer = optimizers.Adam(1e-3, global_clipnorm=1.0)
    optimizer.apply(gradients, variables)

The formulas, one function each, are in :mod:`scratchrnn.optimizers.updates`.
"""

from __future__ import annotations

from . import schedules
from .adam import Adam, Adamax, AdamW, Nadam
from .adaptive import Adadelta, Adagrad, RMSprop
from .base import Optimizer
from .clipping import clip_by_global_norm, clip_by_norm, clip_by_value, global_norm
from .gradient_descent import SGD

CLASSES = {
    cls.__name__: cls for cls in (SGD, RMSprop, Adam, AdamW, Adagrad, Adadelta, Nadam, Adamax)
}
REFUSED = (
    "Adafactor",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "MultiOptimizer",
    "Muon",
    "ScheduleFreeAdamW",
)

__all__ = [
    *CLASSES,
    "Optimizer",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "deserialize",
    "get",
    "global_norm",
    "schedules",
    "serialize",
]


def get(identifier) -> Optimizer:
    """Return an optimizer.

    Parameters
    ----------
    identifier : str, dict, class or Optimizer
        A name ("adam", in any case), or what :func:`serialize` returned.

    Raises
    ------
    ValueError
        If the name is unknown.

    Examples
    --------
    >>> get("adam").learning_rate
    0.001
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Optimizer):
        return identifier()
    raise ValueError(
        f"optimizers.get: identifier: expected a name or an Optimizer, got {identifier!r}"
    )


def serialize(optimizer: Optimizer) -> dict:
    """Return ``{"class_name": ..., "config": {...}}``, without the state."""
    name = type(optimizer).__name__
    if CLASSES.get(name) is not type(optimizer):
        raise ValueError(
            f"optimizers.serialize: optimizer: expected one of this module, got {optimizer!r}"
        )
    return {"class_name": name, "config": optimizer.get_config()}


def deserialize(config: dict | str) -> Optimizer:
    """Return the optimizer that :func:`serialize` described, or that a name means."""
    if isinstance(config, str):
        config = {"class_name": config}
    name = config.get("class_name") if isinstance(config, dict) else None
    if not isinstance(name, str):
        raise ValueError(f"optimizers: config: expected a name or class_name, got {config!r}")
    if name.lower() in {refused.lower() for refused in REFUSED}:
        raise ValueError(f"optimizers: {name!r} is one of Keras's that is not built here")
    by_name = {known.lower(): cls for known, cls in CLASSES.items()}
    if name.lower() not in by_name:
        known = ", ".join(sorted(by_name))
        raise ValueError(f"optimizers: identifier: expected one of {known}, got {name!r}")
    return by_name[name.lower()].from_config(config.get("config") or {})


def __getattr__(name: str):
    """Say so when an optimizer of Keras is asked for that is not built here."""
    if name in REFUSED:
        raise AttributeError(f"scratchrnn.optimizers: {name} of Keras is not built here")
    raise AttributeError(f"module 'scratchrnn.optimizers' has no attribute {name!r}")
