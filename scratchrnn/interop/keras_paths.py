"""Where Keras 3 keeps a layer's weights in an HDF5 file: the groups, and what lies in each.

Keras names a group after the layer's class, counted, never after the layer: ``layers/lstm``,
``layers/lstm_1``. A recurrent layer's weights belong to its cell (``layers/lstm/cell/vars/0``),
a wrapper's to the layers inside it (``layers/bidirectional/forward_layer/cell/vars/0``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ..layers import Layer
from .checks import list_layers, shown

CELLS = {
    "SimpleRNN": "simple_rnn_cell",
    "LSTM": "lstm_cell",
    "GRU": "gru_cell",
    "ConvLSTM2D": "conv_lstm_cell",
}
PLAIN = {  # layers whose weights lie in their own group, and how many they have at most
    **dict.fromkeys(
        (
            "Activation",
            "AveragePooling1D",
            "AveragePooling2D",
            "Dropout",
            "Flatten",
            "GaussianNoise",
            "GlobalAveragePooling1D",
            "GlobalAveragePooling2D",
            "GlobalMaxPooling1D",
            "GlobalMaxPooling2D",
            "Masking",
            "MaxPooling1D",
            "MaxPooling2D",
            "Permute",
            "RepeatVector",
            "Reshape",
            "SpatialDropout1D",
        ),
        0,
    ),
    "Embedding": 1,
    **dict.fromkeys(("Conv1D", "Conv2D", "Dense", "LayerNormalization"), 2),
    **dict.fromkeys(("GRUCell", "LSTMCell", "SimpleRNNCell"), 3),
}
_CHILDREN = {
    "Bidirectional": ("forward_layer", "backward_layer"),
    "RNN": ("cell",),
    "TimeDistributed": ("layer",),
}
_CELL_WEIGHTS = ("kernel", "recurrent_kernel", "bias")


class Group(NamedTuple):
    """A group of the file and the live weights that belong into its ``vars``."""

    path: str
    name: str
    weights: list[np.ndarray]

    def datasets(self) -> dict[str, np.ndarray]:
        """Return the weights by the path of their dataset."""
        return {f"{self.path}/vars/{k}": weight for k, weight in enumerate(self.weights)}


def snake_case(name: str) -> str:
    """Return a class's name as Keras writes it in paths: ConvLSTM2D is conv_lstm2d."""
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def find_groups(who: str, model) -> list[Group]:
    """Return the groups that Keras would write for this model.

    Parameters
    ----------
    who : str
        First words of every error.
    model : Sequential, Layer or list of Layer

    Returns
    -------
    list of Group

    Raises
    ------
    ValueError
        If a layer is not built, or Keras has none that has its weights.
    """
    layers = [layer for layer in list_layers(who, model) if type(layer).__name__ != "Input"]
    paths = _counted("layers", layers)
    return [group for path, layer in paths for group in _groups(who, path, layer)]


def _counted(parent: str, layers: list[Layer]) -> list[tuple[str, Layer]]:
    seen: Counter[str] = Counter()
    paths = []
    for layer in layers:
        name = snake_case(type(layer).__name__)
        paths.append((f"{parent}/{name}_{seen[name]}" if seen[name] else f"{parent}/{name}", layer))
        seen[name] += 1
    return paths


def _groups(who: str, path: str, layer: Layer) -> Iterator[Group]:
    kind, below = type(layer).__name__, layer.sublayers()
    own = len(layer.weights) - sum(len(inner.weights) for inner in below)
    weights, names = layer.weights[:own], [n.rpartition("/")[2] for n in layer.weight_names[:own]]
    who_layer = f"{who}: {kind} {layer.name!r}"
    if kind in CELLS:
        extra = [name for name in names if name not in _CELL_WEIGHTS]
        if extra:
            raise ValueError(f"{who_layer}: Keras has no weight {shown(extra)}")
        yield Group(path, layer.name, [])
        yield Group(f"{path}/cell", CELLS[kind], weights)
        return
    if kind in PLAIN and own <= PLAIN[kind] and not below:
        yield Group(path, layer.name, weights)
        return
    if kind == "StackedRNNCells":
        children = _counted(f"{path}/cells", below)
    elif kind in _CHILDREN:
        children = [(f"{path}/{name}", getattr(layer, name)) for name in _CHILDREN[kind]]
    else:
        raise ValueError(f"{who_layer}: Keras has no layer with these weights")
    if own:
        raise ValueError(f"{who_layer}: Keras has no weight {shown(names)}")
    yield Group(path, layer.name, [])
    for child_path, child in children:
        yield from _groups(who, child_path, child)
