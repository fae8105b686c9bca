"""PyTorch state dicts into our layers: recurrent modules, Linear, Embedding, LayerNorm, Conv2d.

A state dict says neither activations nor dropout nor the order of the call: names and shapes are
all there is. So what cannot be seen in it is checked on our side (an LSTM that PyTorch cannot be
is refused by name) or told by an argument.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .. import layers as layers_
from ..layers import Layer
from .checks import place, shown
from .torch_layout import (
    conv_from_torch,
    dense_from_torch,
    recurrent_from_torch,
)
from .torch_pieces import Piece, find_pieces, live_weights
from .torch_state import Module, read_state, split_modules

_PLAIN_FROM = {
    "Linear": dense_from_torch,
    "Embedding": lambda arrays: arrays,
    "LayerNorm": lambda arrays: arrays,
    "Conv2d": conv_from_torch,
}


def from_torch(
    state_dict,
    *,
    kinds: Mapping[str, str] | None = None,
    nonlinearity: str = "tanh",
    return_sequences: bool = True,
    epsilon: float = 1e-5,
) -> list[Layer]:
    """Make layers from a state dict, in its order.

    Parameters
    ----------
    state_dict : mapping of str to array_like, or path-like
        ``model.state_dict()`` (tensors or arrays), or a ``.safetensors`` file.
    kinds : mapping of str to str, optional
        By prefix, what names and shapes leave open: ``{"embed": "Embedding"}``. A matrix without a
        bias is an Embedding or a Linear, and must be told.
    nonlinearity : str, default "tanh"
        Of nn.RNN: ``"tanh"`` or ``"relu"``.
    return_sequences : bool, default True
        Of the top layer of every recurrent module. PyTorch always gives the whole sequence;
        False gives its last step (for two directions ``cat(h_n[-2], h_n[-1])``).
    epsilon : float, default 1e-5
        Of LayerNorm, which keeps it out of its state dict.

    Returns
    -------
    list of Layer
        Built, with weights. A recurrent module of L layers becomes L layers, Bidirectional if it
        has two directions. Their dtype is float64 if the arrays' is, else float32.

    Raises
    ------
    ValueError
        If a name is missing, surplus or unknown, a shape does not fit, a value is not finite, or
        the module has no counterpart (proj_size, batch normalisation ...).

    Notes
    -----
    nn.Conv2d becomes Conv2D with ``padding="valid"`` and stride 1: a state dict says neither. Where
    images are flattened, PyTorch's order is channel first and ours is channel last.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.interop import from_torch
    >>> rng = np.random.default_rng(0)
    >>> state = {"weight_ih_l0": rng.normal(size=(12, 3)), "weight_hh_l0": rng.normal(size=(12, 4)),
    ...          "bias_ih_l0": rng.normal(size=12), "bias_hh_l0": rng.normal(size=12)}
    >>> (gru,) = from_torch(state)
    >>> gru(np.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """
    who, state = read_state("from_torch", state_dict)
    if nonlinearity not in ("tanh", "relu"):
        raise ValueError(f"{who}: nonlinearity: expected 'tanh' or 'relu', got {nonlinearity!r}")
    made: list[Layer] = []
    for module in split_modules(who, state, kinds):
        dtype = np.result_type(*module.arrays.values())
        dtype = "float64" if dtype == np.float64 else "float32"
        if module.kind in _PLAIN_FROM:
            layer = _plain_layer(module, epsilon, dtype)
            layer.set_weights(_PLAIN_FROM[module.kind](module.in_order()))
            made.append(layer)
        else:
            options = {"dtype": dtype, "use_bias": module.bias}
            if module.kind == "RNN":
                options["activation"] = nonlinearity
            made += _recurrent_layers(module, return_sequences, options)
    return made


def _plain_layer(module: Module, epsilon: float, dtype: str) -> Layer:
    shape = module.arrays["weight"].shape
    if module.kind == "Linear":
        layer = layers_.Dense(shape[0], use_bias=module.bias, dtype=dtype)
        layer.build((None, shape[1]))
    elif module.kind == "Embedding":
        layer = layers_.Embedding(*shape, dtype=dtype)
        layer.build((None, None))
    elif module.kind == "LayerNorm":
        layer = layers_.LayerNormalization(epsilon=epsilon, center=module.bias, dtype=dtype)
        layer.build((None, *shape))
    else:
        layer = layers_.Conv2D(shape[0], shape[2:], use_bias=module.bias, dtype=dtype)
        layer.build((None, None, None, shape[1]))
    return layer


def _recurrent_layers(module: Module, return_sequences: bool, options: dict) -> list[Layer]:
    kind = {"RNN": layers_.SimpleRNN, "LSTM": layers_.LSTM, "GRU": layers_.GRU}[module.kind]
    H = module.arrays["weight_hh_l0"].shape[1]
    made = []
    for k in range(module.layers):
        inner = k + 1 < module.layers or return_sequences
        layer = kind(H, return_sequences=inner, **options)
        if module.bidirectional:
            layer = layers_.Bidirectional(layer, dtype=options["dtype"])
        layer.build((None, None, module.direction(k, False)[0].shape[1]))
        sides = (False, True) if module.bidirectional else (False,)
        layer.set_weights(
            [w for s in sides for w in recurrent_from_torch(module.kind, module.direction(k, s))]
        )
        made.append(layer)
    return made


def load_torch(model, state_dict, *, names: Sequence[str] | None = None) -> None:
    """Load a state dict into a model that is built; all or nothing.

    Parameters
    ----------
    model : Sequential, Layer or list of Layer
    state_dict : mapping of str to array_like, or path-like
        ``model.state_dict()`` (tensors or arrays), or a ``.safetensors`` file.
    names : sequence of str, optional
        Prefixes of the modules in the order of our layers; the state dict's own by default. A
        recurrent module of L layers is one name and fills L of our layers.

    Raises
    ------
    ValueError
        If a module is missing or surplus, does not fit its layer in kind, number of layers,
        directions, bias or shape, or holds a value that is not finite. Nothing is changed then.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.interop import load_torch, to_torch
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4, name="rnn"), Dense(2, name="head")])
    >>> state = to_torch(model)
    >>> state["head.bias"] += 1
    >>> load_torch(model, state)
    >>> model.get_layer("head").bias
    array([1., 1.], dtype=float32)
    """
    who, state = read_state("load_torch", state_dict)
    pieces = find_pieces(who, model)
    expected: dict[str, np.ndarray] = {}
    found: dict[str, np.ndarray] = {}
    for prefix in _module_order(who, state, names):
        if not pieces:
            raise ValueError(f"{who}: surplus: {prefix}: the model has no layer left for it")
        part = {k: v for k, v in state.items() if k.rpartition(".")[0] == prefix}
        (module,) = split_modules(who, part, {prefix: pieces[0].kind})
        used, pieces = pieces[: module.layers], pieces[module.layers :]
        _check_fit(f"{who}: {prefix or module.kind}", module, used)
        for k, piece in enumerate(used):
            for side, layer in enumerate(piece.sides):
                arrays = _module_weights(module, k, side == 1)
                for (label, live), array in zip(live_weights(layer), arrays, strict=True):
                    key = f"{prefix}: {label}" if prefix else label
                    expected[key], found[key] = live, array
    if pieces:
        raise ValueError(f"{who}: missing: modules for {shown([piece.name for piece in pieces])}")
    place(who, expected, found)


def _module_order(who: str, state: dict, names) -> list[str]:
    prefixes = list(dict.fromkeys(key.rpartition(".")[0] for key in state))
    if names is None:
        return prefixes
    names = [names] if isinstance(names, str) else list(names)
    if sorted(names) != sorted(prefixes):
        raise ValueError(
            f"{who}: names: expected the prefixes {shown(prefixes)}, got {shown(names)}"
        )
    return names


def _module_weights(module: Module, layer: int, reverse: bool) -> list[np.ndarray]:
    if module.kind in _PLAIN_FROM:
        return _PLAIN_FROM[module.kind](module.in_order())
    return recurrent_from_torch(module.kind, module.direction(layer, reverse))


def _check_fit(who: str, module: Module, pieces: list[Piece]) -> None:
    """Refuse a module whose form is not that of the layers it is for."""
    if len(pieces) < module.layers:
        raise ValueError(f"{who}: {module.layers} layers, the model has {len(pieces)} left for it")
    for piece in pieces:
        directions = 2 if module.bidirectional else 1
        facts = {
            "kind": (piece.kind, module.kind),
            "directions": (len(piece.sides), directions),
            "bias": (piece.bias, module.bias),
        }
        for name, (expected, got) in facts.items():
            if expected != got:
                raise ValueError(f"{who}: {name}: {piece.name!r} has {expected}, got {got}")
