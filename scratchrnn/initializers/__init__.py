"""How weights start: constants, random draws scaled to the layer's size, orthogonal matrices.

    init = initializers.GlorotUniform()
    w = init((64, 128), dtype="float32", rng=numpy.random.default_rng(0))

Every draw moves the generator on, a seeded initializer's own generator too, so that two weights
never start equal. Names, arguments and distributions are Keras 3's; the numbers drawn are not.
"""

from __future__ import annotations

import re

import numpy as np

from .base import Initializer, UserInitializer
from .constant import Constant, Identity, Ones, Zeros
from .distributions import Orthogonal, RandomNormal, RandomUniform, TruncatedNormal
from .scaled import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    compute_fans,
)

CLASSES = {
    cls.__name__: cls
    for cls in (
        Constant,
        GlorotNormal,
        GlorotUniform,
        HeNormal,
        HeUniform,
        Identity,
        LecunNormal,
        LecunUniform,
        Ones,
        Orthogonal,
        RandomNormal,
        RandomUniform,
        TruncatedNormal,
        VarianceScaling,
        Zeros,
    )
}
ALIASES = {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): name for name in CLASSES}
ALIASES.update(
    {
        "normal": "RandomNormal",
        "uniform": "RandomUniform",
        "one": "Ones",
        "zero": "Zeros",
        "IdentityInitializer": "Identity",
        "OrthogonalInitializer": "Orthogonal",
    }
)

__all__ = [*CLASSES, "Initializer", "compute_fans", "deserialize", "get", "serialize"]


def get(identifier) -> Initializer | None:
    """Return an initializer.

    Parameters
    ----------
    identifier : str, dict, Initializer, class, ndarray, callable or None
        A name ("glorot_uniform", "GlorotUniform"), a configuration, an array to start from, or a
        function of your own, ``f(shape, dtype)`` or ``f(shape, dtype, rng)``.

    Returns
    -------
    Initializer or None

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> get("orthogonal")
    Orthogonal(seed=None, gain=1.0)
    """
    if identifier is None or isinstance(identifier, Initializer):
        return identifier
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Initializer):
        return identifier()
    if callable(identifier) or isinstance(identifier, np.ndarray):
        return UserInitializer(identifier)
    raise ValueError(
        "initializers.get: identifier: expected a name, an Initializer, an array or a function, "
        f"got {identifier!r}"
    )


def serialize(initializer: Initializer | None) -> dict | None:
    """Return ``{"class_name": ..., "config": {...}}``; None for None.

    Examples
    --------
    >>> serialize(get("zeros"))
    {'class_name': 'Zeros', 'config': {}}
    """
    if initializer is None:
        return None
    name = type(initializer).__name__
    if CLASSES.get(name) is not type(initializer):
        raise ValueError(
            f"initializers.serialize: initializer: expected one of this module, got {initializer!r}"
        )
    return {"class_name": name, "config": initializer.get_config()}


def deserialize(config: dict | str) -> Initializer:
    """Return the initializer that :func:`serialize` described, or that a name means."""
    if isinstance(config, str):
        config = {"class_name": config}
    name = config.get("class_name") if isinstance(config, dict) else None
    key = ALIASES.get(name, name) if isinstance(name, str) else None
    if key not in CLASSES:
        known = ", ".join(sorted(ALIASES))
        raise ValueError(f"initializers: identifier: expected one of {known}, got {config!r}")
    return CLASSES[key].from_config(config.get("config") or {})
