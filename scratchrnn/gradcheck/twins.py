"""Float64 twins of layers and models, copied for every call.

The caller's own object, its weights and its state stay as they are. A fresh copy for every call
makes a function of whatever draws random masks or carries a state along.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

_NOISE = 0.3  # size of what is added to constant weights, so that no bias is zero in the check


class TwinCall:
    """A copy of a twin for every forward call; the last one answers backward."""

    def __init__(self, twin, mask, training: bool):
        self.twin, self.mask, self.training = twin, mask, training
        self.used: Any = None

    def weights(self) -> dict[str, np.ndarray]:
        """Return the trainable weights by name: the last part of it where that is unique."""
        full = {id(w): name for name, w in zip(_names(self.twin), self.twin.weights, strict=True)}
        names = [full[id(w)] for w in self.twin.trainable_weights]
        short = [name.rsplit("/", 1)[-1] for name in names]
        if len(set(short)) == len(short):
            names = short
        return dict(zip(names, self.twin.trainable_weights, strict=True))

    def copy_with(self, weights) -> Any:
        """Return a fresh copy of the twin that has these trainable weights."""
        self.used = copy.deepcopy(self.twin)
        for live, value in zip(self.used.trainable_weights, weights, strict=True):
            live[...] = value
        return self.used


def _names(owner) -> list[str]:
    """Return the names of all weights of a layer or model."""
    names = getattr(owner, "weight_names", None)
    if names is not None:
        return list(names)
    return [name for layer in owner.layers for name in layer.weight_names]


def _in_float64(config):
    """Return a configuration with every dtype in it, also of inner layers, set to float64."""
    if isinstance(config, dict):
        return {k: "float64" if k == "dtype" else _in_float64(v) for k, v in config.items()}
    return [_in_float64(v) for v in config] if isinstance(config, list) else config


def _return_states(config: dict) -> None:
    """Let a recurrent layer, or both halves of a bidirectional one, return their states."""
    if "return_state" in config:
        config["return_state"] = True
    if "merge_mode" in config:
        for half in ("layer", "backward_layer"):
            if isinstance(config.get(half), dict):
                _return_states(config[half].get("config", {}))


def twin_of_layer(layer, shape: tuple[int, ...], rng):
    """Return a built float64 layer of the same kind, with every weight random."""
    config = _in_float64(layer.get_config())
    _return_states(config)
    try:
        twin = type(layer).from_config(config)
    except (TypeError, KeyError) as error:
        raise ValueError(
            "check_layer: layer: expected one that from_config(get_config()) makes again, "
            f"got {error!r}"
        ) from error
    if not twin.built:
        twin.build(shape)
    if layer.built:
        twin.set_weights(layer.get_weights())
    _stir(twin, rng, everything=not layer.built)
    return twin


def twin_of_model(model, x: np.ndarray, rng):
    """Return a built float64 model of the same kind, with every weight random."""
    classes = {type(layer).__name__: type(layer) for layer in all_layers(model)[1:]}
    twin = type(model).from_config(_in_float64(model.get_config()), classes)
    if not twin.built:
        twin.build((None, *x.shape[1:]))
    if model.built:
        twin.set_weights(model.get_weights())
    _stir(twin, rng, everything=not model.built)
    return twin


def _stir(owner, rng, everything: bool) -> None:
    """Give constant weights, or all of them, random values; and generators a known start."""
    for weight in owner.trainable_weights:
        if np.unique(weight).size <= 2:
            weight += _NOISE * rng.standard_normal(weight.shape)
        elif everything:
            weight[...] = rng.standard_normal(weight.shape) / np.sqrt(len(weight))
    for layer in all_layers(owner):
        if isinstance(getattr(layer, "rng", None), np.random.Generator):
            layer.rng = np.random.default_rng(rng.integers(2**32))


def all_layers(owner) -> list:
    """Return a layer, or the layers of a model, with all layers inside them."""
    inner = getattr(owner, "layers", None)
    inner = owner.sublayers() if inner is None else inner
    return [owner, *(found for layer in inner for found in all_layers(layer))]
