"""A PyTorch state dict taken apart: which modules it holds, judged by names and shapes alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .checks import check_values, shown
from .safetensors_file import load_safetensors
from .torch_layout import GATES, recurrent_names

KINDS = ("RNN", "LSTM", "GRU", "Linear", "Embedding", "LayerNorm", "Conv2d")
_RECURRENT = re.compile(r"(?:weight|bias)_(?:ih|hh|hr)(?:_l(?:\d{1,4})(?:_reverse)?)?")
_CELL = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")  # nn.LSTMCell and its like


class Module(NamedTuple):
    """One module of a state dict."""

    prefix: str
    kind: str  # one of KINDS
    arrays: dict[str, np.ndarray]  # by name without the prefix
    layers: int = 1  # of a recurrent module
    bidirectional: bool = False

    @property
    def bias(self) -> bool:
        """Whether it has a bias (of a recurrent module: two)."""
        return any(name.startswith("bias") for name in self.arrays)

    def direction(self, layer: int, reverse: bool) -> list[np.ndarray]:
        """Return the arrays of one direction of one layer, in the order of the names."""
        names = recurrent_names(layer, reverse, self.bias)
        return [self.arrays[name] for name in names]

    def in_order(self) -> list[np.ndarray]:
        """Return weight and perhaps bias of a module that is not recurrent."""
        return [self.arrays[name] for name in ("weight", "bias") if name in self.arrays]


def read_state(who: str, source) -> tuple[str, dict[str, np.ndarray]]:
    """Return the words that errors begin with, and the arrays.

    Parameters
    ----------
    who : str
    source : mapping of str to array_like, or path-like
        A path ends in ``.safetensors``.

    Returns
    -------
    who : str
        With the file's name, if there is one.
    state : dict of str to ndarray

    Raises
    ------
    ValueError
        If it is neither, or an array holds something else than finite numbers.
    """
    if isinstance(source, Mapping):
        found = dict(source)
    else:
        try:
            path = Path(source)
        except TypeError:
            got = type(source).__name__
            raise ValueError(
                f"{who}: state_dict: expected a mapping or a path, got {got}"
            ) from None
        who = f"{who}: {path}"
        if path.suffix != ".safetensors":
            raise ValueError(
                f"{who}: expected a .safetensors file: PyTorch's own files are pickles, which can "
                "run code, and are not read; safetensors.torch.save_model(model, path) writes one"
            )
        found = load_safetensors(path)
    for key in found:
        if not isinstance(key, str):
            raise ValueError(f"{who}: expected names, got {key!r:.80}")
    if not found:
        raise ValueError(f"{who}: expected at least one array, got none")
    return who, {key: check_values(who, key, value) for key, value in found.items()}


def split_modules(who: str, state: Mapping[str, np.ndarray], kinds=None) -> list[Module]:
    """Group a state dict by module, in its own order.

    Parameters
    ----------
    who : str
        First words of every error.
    state : mapping of str to ndarray
    kinds : mapping of str to str, optional
        Kind by prefix, where names and shapes leave it open.

    Returns
    -------
    list of Module

    Raises
    ------
    ValueError
        If a module is not of a known kind, not complete, or its shapes do not fit together.
    """
    kinds = dict(kinds or {})
    groups: dict[str, dict[str, np.ndarray]] = {}
    for key, value in state.items():
        prefix, _, name = key.rpartition(".")
        groups.setdefault(prefix, {})[name] = value
    unknown = [prefix for prefix in kinds if prefix not in groups]
    if unknown:
        expected = f"prefixes among {shown(groups)}"
        raise ValueError(f"{who}: kinds: expected {expected}, got {shown(unknown)}")
    for prefix, kind in kinds.items():
        if kind not in KINDS:
            raise ValueError(f"{who}: kinds: {prefix}: expected one of {KINDS}, got {kind!r:.40}")
    return [
        _module(f"{who}: {prefix}" if prefix else who, prefix, arrays, kinds.get(prefix))
        for prefix, arrays in groups.items()
    ]


def _module(who: str, prefix: str, arrays: dict, kind: str | None) -> Module:
    if any(_RECURRENT.fullmatch(name) for name in arrays):
        return _recurrent(who, prefix, arrays, kind)
    if kind in GATES:
        raise ValueError(f"{who}: expected the names of a recurrent module, got {shown(arrays)}")
    surplus = set(arrays) - {"weight", "bias"}
    if "weight" not in arrays or surplus:
        raise ValueError(
            f"{who}: not a module that is known here ({', '.join(KINDS)}): {shown(sorted(arrays))}"
        )
    weight = arrays["weight"]
    guess = {1: "LayerNorm", 2: "Linear", 4: "Conv2d"}.get(weight.ndim)
    if kind is None and weight.ndim == 2 and "bias" not in arrays:
        raise ValueError(
            f"{who}: weight {weight.shape} without a bias may be an Embedding or a Linear: "
            f"say which, kinds={{{prefix!r}: 'Embedding'}}"
        )
    kind = kind or guess
    axes = {"LayerNorm": 1, "Linear": 2, "Embedding": 2, "Conv2d": 4}
    if kind is None or weight.ndim != axes[kind]:
        expected = f"{axes[kind]} axes for {kind}" if kind else "1, 2 or 4 axes"
        raise ValueError(f"{who}: weight: expected {expected}, got shape {weight.shape}")
    rows = weight.shape[0]
    if "bias" in arrays and (kind == "Embedding" or arrays["bias"].shape != (rows,)):
        expected = "none" if kind == "Embedding" else f"shape {(rows,)}"
        raise ValueError(f"{who}: bias: expected {expected}, got shape {arrays['bias'].shape}")
    return Module(prefix, kind, arrays)


def _recurrent(who: str, prefix: str, arrays: dict, kind: str | None) -> Module:
    projections = [name for name in arrays if name.startswith("weight_hr")]
    if projections:
        raise ValueError(f"{who}: {projections[0]}: an LSTM with proj_size has no counterpart here")
    if set(arrays) <= set(_CELL):
        arrays = {f"{name}_l0": value for name, value in arrays.items()}
    bias = any(name.startswith("bias") for name in arrays)
    bidirectional = any(name.endswith("_reverse") for name in arrays)
    numbers = re.findall(r"_l(\d+)", " ".join(arrays))
    layers = 1 + max((int(n) for n in numbers), default=0)
    sides = (False, True) if bidirectional else (False,)
    wanted = [
        name
        for layer in range(min(layers, 1000))
        for reverse in sides
        for name in recurrent_names(layer, reverse, bias)
    ]
    for name in wanted:
        if name not in arrays:
            raise ValueError(f"{who}: missing: {name}")
    surplus = [name for name in arrays if name not in wanted]
    if surplus:
        raise ValueError(f"{who}: surplus: {shown(surplus)}")
    kind = _check_recurrent(who, arrays, kind, layers, sides, bias)
    return Module(prefix, kind, arrays, layers, bidirectional)


def _check_recurrent(who, arrays, kind, layers, sides, bias) -> str:
    """Return the kind that the shapes have in common; refuse shapes that do not fit together."""
    first = arrays["weight_hh_l0"]
    H = first.shape[1] if first.ndim == 2 else 0
    found = [k for k, G in GATES.items() if first.shape == (G * H, H)]
    if not H or not found:
        raise ValueError(f"{who}: weight_hh_l0: expected (G*H, H), G 1, 3 or 4, got {first.shape}")
    if kind not in (None, *found):
        raise ValueError(f"{who}: weight_hh_l0: expected a {kind}, got {first.shape}: {found[0]}")
    rows = GATES[found[0]] * H
    for k in range(layers):
        for side in sides:
            shapes = [(rows, None if k == 0 else H * len(sides)), (rows, H), (rows,), (rows,)]
            for name, shape in zip(recurrent_names(k, side, bias), shapes, strict=False):
                got = arrays[name].shape
                if k == 0 and name.startswith("weight_ih") and len(got) == 2:
                    shape = (rows, arrays["weight_ih_l0"].shape[-1])
                if got != shape:
                    raise ValueError(f"{who}: {name}: expected shape {shape}, got {got}")
    return found[0]
