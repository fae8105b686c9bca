"""Our layers as PyTorch would have them: one piece for each layer with weights, or a refusal."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..layers import Layer
from .checks import list_layers

_RECURRENT = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
_PLAIN = {
    "Dense": "Linear",
    "Embedding": "Embedding",
    "LayerNormalization": "LayerNorm",
    "Conv2D": "Conv2d",
}


class Piece(NamedTuple):
    """What one of our layers is to PyTorch."""

    name: str
    kind: str  # RNN, LSTM, GRU, Linear, Embedding, LayerNorm or Conv2d
    sides: tuple[Layer, ...]  # the layers with the weights: two if bidirectional
    stackable: bool  # whether it may be the next layer of the recurrent module below

    @property
    def bias(self) -> bool:
        """Whether it has a bias."""
        return any(n.endswith(("/bias", "/beta")) for n in self.sides[0].weight_names)

    def same_module(self, other: Piece) -> bool:
        """Whether both can be layers of one nn.RNN, nn.LSTM or nn.GRU."""

        recurrent = _RECURRENT.values()
        return self.kind in recurrent and other.kind == self.kind and self._form() == other._form()

    def _form(self) -> tuple:
        layer = self.sides[0]
        return len(self.sides), self.bias, layer.units, layer.activation, layer.dtype


def find_pieces(who: str, model) -> list[Piece]:
    """Return a piece for each layer that has weights.

    Parameters
    ----------
    who : str
        First words of every error.
    model : Sequential, Layer or iterable of Layer

    Returns
    -------
    list of Piece

    Raises
    ------
    ValueError
        If a layer is not built, or PyTorch has none that computes the same.
    """
    pieces: list[Piece] = []
    adjacent = False
    for layer in list_layers(who, model):
        if layer.count_params():
            pieces.append(_piece(f"{who}: {type(layer).__name__} {layer.name!r}", layer, adjacent))
            adjacent = True
        elif type(layer).__name__ != "Dropout":  # nn.LSTM has dropout between its layers too
            adjacent = False
    return pieces


def _piece(who: str, layer: Layer, adjacent: bool) -> Piece:
    name, kind = layer.name, type(layer).__name__
    if kind == "TimeDistributed":
        (layer,) = layer.sublayers()
        kind = type(layer).__name__
    sides: tuple[Layer, ...] = (layer,)
    if kind == "Bidirectional":
        if layer.merge_mode != "concat":
            raise ValueError(
                f"{who}: merge_mode: PyTorch has 'concat' alone, got {layer.merge_mode!r}"
            )
        sides = (layer.forward_layer, layer.backward_layer)
        kind = type(sides[0]).__name__
        if type(sides[1]).__name__ != kind:
            raise ValueError(f"{who}: PyTorch has the same kind in both directions")
    if kind in _RECURRENT:
        for position, side in enumerate(sides):
            _check_recurrent(who, kind, side, backwards=position == 1)
        if len({_options(side) for side in sides}) > 1:
            raise ValueError(f"{who}: PyTorch has the same options in both directions")
        return Piece(name, _RECURRENT[kind], sides, adjacent)
    if kind not in _PLAIN:
        raise ValueError(f"{who}: PyTorch has no module that this layer's weights would fit")
    _check_plain(who, kind, layer)
    return Piece(name, _PLAIN[kind], sides, False)


def _options(layer: Layer) -> tuple:
    return layer.units, layer.use_bias, layer.activation


def _check_recurrent(who: str, kind: str, layer: Layer, backwards: bool) -> None:
    """Refuse what nn.RNN, nn.LSTM and nn.GRU do not have."""
    if layer.go_backwards != backwards:
        raise ValueError(f"{who}: go_backwards: PyTorch has no layer that runs backwards alone")
    accepted = ("tanh", "relu") if kind == "SimpleRNN" else ("tanh",)
    if layer.activation not in accepted:
        raise ValueError(f"{who}: activation: PyTorch has {accepted}, got {layer.activation!r}")
    if kind != "SimpleRNN" and layer.recurrent_activation != "sigmoid":
        got = layer.recurrent_activation
        raise ValueError(f"{who}: recurrent_activation: PyTorch has 'sigmoid', got {got!r}")
    if kind == "GRU" and not layer.reset_after:
        raise ValueError(f"{who}: reset_after: PyTorch's GRU resets after the product, got False")
    expected = ["kernel", "recurrent_kernel"] + (["bias"] if layer.use_bias else [])
    names = [name.rpartition("/")[2] for name in layer.weight_names]
    if names != expected:
        extra = [name for name in names if name not in expected]
        raise ValueError(f"{who}: PyTorch has no weights {', '.join(extra)}")


def _check_plain(who: str, kind: str, layer: Layer) -> None:
    names = [name.rpartition("/")[2] for name in layer.weight_names]
    if kind == "LayerNormalization" and (names[:1] != ["gamma"] or layer.gamma.ndim != 1):
        raise ValueError(f"{who}: PyTorch's LayerNorm has a scale and normalises the last axis")


def live_weights(layer: Layer) -> list[tuple[str, np.ndarray]]:
    """Return the live weights of a layer with their names."""
    return list(zip(layer.weight_names, layer.weights, strict=True))
