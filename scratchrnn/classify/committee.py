"""Several networks folded into one that judges by the mean of what they say: :func:`fold`.

Networks that learned from the same clips, but began with other weights, make different mistakes.
The mean of their logits is again one network of the same kind, K times as wide: K recurrent layers
side by side are one whose recurrent weights are zero between the members,

    kernel (D, G·KH)       gate by gate the members' blocks side by side
    recurrent_kernel       gate by gate the members' blocks on the diagonal
    Dense kernel (KH, C)   the members' rows, divided by K

so that it is saved, loaded, run and looked into as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def fold(networks: Sequence[Any]) -> Any:
    """Return one network that gives the softmax of the mean of the members' logits.

    Parameters
    ----------
    networks : sequence of Sequential
        What :func:`build_network` makes: alike in all but their weights.

    Returns
    -------
    Sequential
        Not compiled.

    Raises
    ------
    ValueError
        If they are not alike, or not one recurrent layer under one Dense.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.classify import build_network, fold
    >>> members = [build_network("gru", 6, 3, units=4, seed=seed) for seed in range(2)]
    >>> one, x = fold(members), np.ones((1, 5, 6))
    >>> said = np.exp(np.mean([np.log(member(x)) for member in members], axis=0))
    >>> bool(np.allclose(one(x), said / said.sum(), atol=1e-6))
    True
    """
    from ..models import Sequential

    _check(networks)
    described = networks[0].get_config()
    for layer in described["layers"]:
        inner = layer["config"].get("layer", layer)
        if inner["class_name"] in _GATES:
            inner["config"]["units"] *= len(networks)
    wide = Sequential.from_config(described)
    wide.build(networks[0].input_shape)
    for layers in zip(wide.layers, *(network.layers for network in networks), strict=True):
        whole, *members = layers
        if _readers(whole):
            parts = zip(*(_readers(member) for member in members), strict=True)
            whole.set_weights([array for part in parts for array in _side_by_side(part)])
        elif whole.weights:
            whole.set_weights(_mean_of(members, len(_halves(networks[0]))))
    return wide


def _readers(layer: Any) -> list:
    """Return the recurrent layers in a layer: itself, or both halves of a Bidirectional."""
    inside = layer.sublayers() or [layer]
    return [one for one in inside if type(one).__name__ in _GATES]


def _halves(network: Any) -> list:
    return [one for layer in network.layers for one in _readers(layer)]


def _check(networks: Sequence[Any]) -> None:
    """Raise ``ValueError`` unless all are one recurrent layer under one Dense, and alike."""
    kinds = [
        [(type(layer).__name__, [w.shape for w in layer.weights]) for layer in network.layers]
        for network in networks
    ]
    if not kinds or any(kind != kinds[0] for kind in kinds):
        raise ValueError("fold: networks: expected networks that differ in their weights alone")
    found = [name for name, shapes in kinds[0] if shapes]
    if len(found) != 2 or found[1] != "Dense" or not _halves(networks[0]):
        raise ValueError(f"fold: networks: expected a recurrent layer under a Dense, got {found}")


def _side_by_side(members: Sequence[Any]) -> list[np.ndarray]:
    """Return the weights of recurrent layers as those of one that has all their units."""
    gates = _GATES[type(members[0]).__name__]
    arrays = zip(*(member.weights for member in members), strict=True)  # kernels, then the next ...
    kinds = [name.rsplit("/", 1)[1] for name in members[0].weight_names]
    wide = []
    for kind, alike in zip(kinds, arrays, strict=True):
        by_gate = zip(*(np.split(one, gates, axis=-1) for one in alike), strict=True)
        diagonal = kind == "recurrent_kernel"
        joined = [_diagonal(g) if diagonal else np.concatenate(g, axis=-1) for g in by_gate]
        wide.append(np.concatenate(joined, axis=-1))
    return wide


def _diagonal(blocks: Sequence[np.ndarray]) -> np.ndarray:
    """Return square blocks (H, H) on the diagonal of zeros (KH, KH)."""
    units = len(blocks[0])
    whole = np.zeros((units * len(blocks),) * 2, blocks[0].dtype)
    for k, block in enumerate(blocks):
        whole[k * units : (k + 1) * units, k * units : (k + 1) * units] = block
    return whole


def _mean_of(members: Sequence[Any], halves: int) -> list[np.ndarray]:
    """Return kernel and bias of one Dense on all members' units that gives their mean."""
    kernels = zip(*(np.split(member.kernel, halves) for member in members), strict=True)
    kernel = np.concatenate([rows for half in kernels for rows in half])
    biases = [] if members[0].bias is None else [np.mean([m.bias for m in members], axis=0)]
    return [kernel / len(members), *biases]
