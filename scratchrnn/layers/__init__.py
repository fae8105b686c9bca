"""Keras-named layers, each with an explicit backward."""

from __future__ import annotations

from .base import Layer
from .core import Activation, Dense, Dropout, Flatten, Input, Masking
from .recurrent import GRU, LSTM, Recurrent, SimpleRNN
from .wrappers import TimeDistributed

LAYERS = {
    layer.__name__: layer
    for layer in (
        Activation,
        Dense,
        Dropout,
        Flatten,
        GRU,
        Input,
        LSTM,
        Masking,
        SimpleRNN,
        TimeDistributed,
    )
}


def serialize(layer: Layer) -> dict:
    """Return a JSON-able description of a layer (not its weights).

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    dict
        ``{"class_name": …, "config": …}``.

    Examples
    --------
    >>> from scratchrnn import layers
    >>> layers.serialize(layers.Flatten(name="f"))["class_name"]
    'Flatten'
    """
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(description: dict) -> Layer:
    """Make a layer from what `serialize` returned; only layers of this library are made.

    Parameters
    ----------
    description : dict

    Returns
    -------
    Layer

    Raises
    ------
    ValueError
        If it does not describe a layer of this library.

    Examples
    --------
    >>> from scratchrnn import layers
    >>> layers.deserialize(layers.serialize(layers.Dense(3))).units
    3
    """
    if not isinstance(description, dict) or set(description) != {"class_name", "config"}:
        raise ValueError(f"deserialize: expected class_name and config, got {description!r:.80}")
    name, config = description["class_name"], description["config"]
    if not isinstance(name, str) or name not in LAYERS:
        raise ValueError(f"deserialize: class_name: no layer of this library: {name!r:.80}")
    if not isinstance(config, dict):
        raise ValueError(f"deserialize: config: expected a dict, got {config!r:.80}")
    try:
        return LAYERS[name].from_config(config)
    except TypeError as error:
        raise ValueError(f"deserialize: {name}: config does not fit: {error}") from error


__all__ = ["LAYERS", "Layer", "Recurrent", "deserialize", "serialize", *LAYERS]
