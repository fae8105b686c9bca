"""Layers that hold another layer: TimeDistributed."""

from __future__ import annotations

from .base import Layer
from .serialization import deserialize, serialize


def check_layer(who: str, layer) -> Layer:
    """Return `layer` if it is one, else raise ``ValueError``."""
    if not isinstance(layer, Layer):
        raise ValueError(f"{who}: layer: expected a Layer, got {type(layer).__name__}")
    return layer


def same_dtype(who: str, options: dict, *layers: Layer) -> dict:
    """Return `options` with the dtype that all `layers` have, or raise ``ValueError``."""
    expected = options.get("dtype") or layers[0].dtype
    for layer in layers:
        if layer.dtype != expected:
            raise ValueError(
                f"{who}: dtype: expected {expected} throughout, "
                f"got {layer.dtype} of {layer.name!r} inside"
            )
    return {**options, "dtype": expected}


class TimeDistributed(Layer):
    """Apply the same layer to every step of a sequence.

    Parameters
    ----------
    layer : Layer
        Takes (N, …) where this takes (N, T, …).
    **options
        As in `Layer`.

    Notes
    -----
    The steps are folded into the batch, (N·T, …), so that the wrapped layer runs once. What is
    not finite at masked steps counts as zero, so that it reaches neither a step nor a weight.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Dense, TimeDistributed
    >>> TimeDistributed(Dense(2))(np.zeros((4, 5, 3))).shape
    (4, 5, 2)
    """

    def __init__(self, layer, **options):
        check_layer("TimeDistributed", layer)
        super().__init__(**same_dtype("TimeDistributed", options, layer))
        self.layer = layer

    def sublayers(self):
        return [self.layer]

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError(f"TimeDistributed: x: expected (N, T, ...), got {tuple(input_shape)}")
        if not self.layer.built:
            self.layer.build((None, *input_shape[2:]))
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        if x.ndim < 3:
            raise ValueError(f"TimeDistributed: x: expected (N, T, ...), got {x.shape}")
        self._steps = x.shape[:2]
        if mask is not None and mask.shape[:2] != self._steps:
            expected = f"(N, T)={self._steps}"
            raise ValueError(f"TimeDistributed: mask: expected {expected}, got {mask.shape}")
        y = self.layer(x.reshape(-1, *x.shape[2:]), training=training)
        if isinstance(y, list):
            name = self.layer.name
            raise ValueError(f"TimeDistributed: layer: expected one output, {name!r} returns more")
        self._shape = (*self._steps, *y.shape[1:])
        return y.reshape(self._shape)

    def backward(self, dy):
        self._check_called()
        dy = self._upstream(dy, self._shape)
        self.layer.with_dx = self.with_dx
        dx = self.layer.backward(dy.reshape(-1, *dy.shape[2:]))
        return None if dx is None else dx.reshape(*self._steps, *dx.shape[1:])

    def compute_output_shape(self, input_shape):
        inner = self.layer.compute_output_shape((None, *input_shape[2:]))
        return (*input_shape[:2], *inner[1:])

    def get_config(self):
        return {**super().get_config(), "layer": serialize(self.layer)}

    @classmethod
    def from_config(cls, config_):
        return cls(**{**config_, "layer": deserialize(config_["layer"])})
