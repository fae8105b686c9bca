"""What all of interop shares: optional packages, checked arrays, and weights put in place."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping

import numpy as np

from ..layers import Layer


def optional(package: str, extra: str, purpose: str):
    """Import a package that an extra installs.

    Parameters
    ----------
    package : str
    extra : str
        The extra of ``pip install 'scratchrnn[extra]'``.
    purpose : str
        What needs it, first words of the error.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        If it is not installed, saying how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(
            f"{purpose} needs {package}, which is not installed: pip install 'scratchrnn[{extra}]'"
        ) from error


def shown(keys, limit: int = 6) -> str:
    """Return names for an error message, the first few of them."""
    keys = [str(key)[:80] for key in keys]
    more = f" and {len(keys) - limit} more" if len(keys) > limit else ""
    return ", ".join(keys[:limit]) + more


def check_values(who: str, key: str, value) -> np.ndarray:
    """Return `value` as an array of finite numbers, or raise ``ValueError``."""
    try:
        value = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{who}: {key}: expected an array, got {type(value).__name__}") from error
    if value.dtype.kind not in "fiu":
        raise ValueError(f"{who}: {key}: expected an array of numbers, got {value.dtype}")
    if not np.isfinite(value).all():
        raise ValueError(f"{who}: {key}: expected finite numbers, got NaN or infinity")
    return value


def check_keys(who: str, expected, found) -> None:
    """Raise ``ValueError`` if a name is missing or left over."""
    missing = [key for key in expected if key not in found]
    surplus = [key for key in found if key not in expected]
    if missing:
        raise ValueError(
            f"{who}: missing: {shown(missing)}"
            + (f"; surplus: {shown(surplus)}" if surplus else "")
        )
    if surplus:
        raise ValueError(f"{who}: surplus: {shown(surplus)}")


def place(who: str, expected: Mapping[str, np.ndarray], found: Mapping[str, np.ndarray]) -> None:
    """Copy arrays into live weights; all or nothing.

    Parameters
    ----------
    who : str
        First words of every error: the function and the file.
    expected : mapping of str to ndarray
        The live weights by the name that they have in the file.
    found : mapping of str to array_like
        What the file holds.

    Raises
    ------
    ValueError
        If a name is missing or surplus, or a shape or value does not fit; nothing is changed then.
    """
    check_keys(who, expected, found)
    new = {}
    for key, live in expected.items():
        new[key] = check_values(who, key, found[key])
        if new[key].shape != live.shape:
            raise ValueError(f"{who}: {key}: expected shape {live.shape}, got {new[key].shape}")
    for key, live in expected.items():
        live[...] = new[key]


def list_layers(who: str, model) -> list[Layer]:
    """Return the layers of a model, of a list of layers, or a layer alone; all must be built.

    Parameters
    ----------
    who : str
        First words of every error.
    model : Sequential, Layer or iterable of Layer

    Returns
    -------
    list of Layer

    Raises
    ------
    ValueError
        If it is none of these, or its weights do not exist yet.
    """
    given = getattr(model, "layers", [model] if isinstance(model, Layer) else model)
    layers = list(given) if isinstance(given, Iterable) else []
    if not layers or not all(isinstance(layer, Layer) for layer in layers):
        expected = "a Sequential, a layer or a list of layers"
        raise ValueError(f"{who}: model: expected {expected}, got {type(model).__name__}")
    for layer in layers:
        if not layer.built and type(layer).__name__ != "Input":
            raise ValueError(f"{who}: {layer.name}: the weights do not exist yet: build it first")
    return layers
