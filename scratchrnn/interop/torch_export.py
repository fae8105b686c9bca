"""Our layers' weights as a PyTorch state dict of plain arrays."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .checks import shown
from .torch_layout import (
    conv_to_torch,
    dense_to_torch,
    recurrent_names,
    recurrent_to_torch,
)
from .torch_pieces import Piece, find_pieces

_PLAIN_TO = {
    "Linear": dense_to_torch,
    "Embedding": lambda weights: [w.copy() for w in weights],
    "LayerNorm": lambda weights: [w.copy() for w in weights],
    "Conv2d": conv_to_torch,
}


def to_torch(model, *, names: Sequence[str] | None = None, stack: bool = True) -> dict:
    """Return the weights as a PyTorch state dict of plain arrays.

    Parameters
    ----------
    model : Sequential, Layer or list of Layer
        Built.
    names : sequence of str, optional
        Prefixes of the modules; by default the layers' names, and no prefix for a layer, or a list
        of layers, that is one module.
    stack : bool, default True
        Whether recurrent layers of one form that follow each other become one module of several
        layers (``weight_ih_l0``, ``weight_ih_l1`` ...).

    Returns
    -------
    dict of str to ndarray
        For ``load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})`` or
        :func:`save_safetensors`.

    Raises
    ------
    ValueError
        If a layer is not built, or PyTorch has no module that computes the same.

    Notes
    -----
    Where we have one bias, it becomes ``bias_ih``, and ``bias_hh`` is zero. A state dict says
    nothing of activations behind a Linear, of a LayerNorm's epsilon (ours is 1e-3 by default,
    PyTorch's 1e-5) or of padding: say them where you write the module. Where images are flattened,
    PyTorch's order is channel first and ours is channel last.

    Examples
    --------
    >>> from scratchrnn.interop import to_torch
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4), Dense(2)])
    >>> for name, value in to_torch(model, names=["rnn", "head"]).items():
    ...     print(name, value.shape)
    rnn.weight_ih_l0 (16, 3)
    rnn.weight_hh_l0 (16, 4)
    rnn.bias_ih_l0 (16,)
    rnn.bias_hh_l0 (16,)
    head.weight (2, 4)
    head.bias (2,)
    """
    who = "to_torch"
    modules: list[list[Piece]] = []
    for piece in find_pieces(who, model):
        if stack and modules and piece.stackable and piece.same_module(modules[-1][-1]):
            modules[-1].append(piece)
        else:
            modules.append([piece])
    if names is None:
        lone = not hasattr(model, "layers") and len(modules) == 1
        names = [""] if lone else [module[0].name for module in modules]
    names = [names] if isinstance(names, str) else list(names)
    if len(names) != len(modules) or len(set(names)) != len(names):
        own = shown([module[0].name for module in modules])
        raise ValueError(f"{who}: names: expected {len(modules)} different ones, for {own}")
    state: dict[str, np.ndarray] = {}
    for prefix, module in zip(names, modules, strict=True):
        for k, piece in enumerate(module):
            for name, array in _piece_arrays(piece, k):
                state[f"{prefix}.{name}" if prefix else name] = array
    return state


def _piece_arrays(piece: Piece, k: int) -> list[tuple[str, np.ndarray]]:
    """Return the named arrays of a piece that is layer `k` of its module."""
    if piece.kind in _PLAIN_TO:
        arrays = _PLAIN_TO[piece.kind](piece.sides[0].weights)
        return list(zip(("weight", "bias"), arrays, strict=False))
    named = []
    for side, layer in enumerate(piece.sides):
        names = recurrent_names(k, side == 1, piece.bias)
        named += zip(names, recurrent_to_torch(piece.kind, layer.weights), strict=True)
    return named
