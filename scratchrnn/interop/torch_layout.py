"""Weights of single modules between PyTorch's layout and ours; no layers, no files.

PyTorch multiplies from the left, so its matrices are ours transposed, with the gates by row. An
LSTM has the same gates i f g o in the same order, and two biases that only ever appear added; a
GRU has r z n where we have z r n, and its two biases are the rows of ours (`reset_after`).
"""

from __future__ import annotations

import numpy as np

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
_GRU_ORDER = [1, 0, 2]  # z r n from r z n, and back


def _swap(kind: str, gates_last: np.ndarray) -> np.ndarray:
    """Reorder the gates along the last axis; twice is nothing."""
    if kind != "GRU":
        return gates_last
    blocks = np.split(gates_last, 3, axis=-1)
    return np.concatenate([blocks[k] for k in _GRU_ORDER], axis=-1)


def recurrent_names(layer: int, reverse: bool, bias: bool) -> list[str]:
    """Return the names of one direction of one layer: weight_ih_l0 and so on.

    Parameters
    ----------
    layer : int
    reverse : bool
    bias : bool

    Returns
    -------
    list of str
    """
    stems = ["weight_ih", "weight_hh"] + (["bias_ih", "bias_hh"] if bias else [])
    return [f"{stem}_l{layer}{'_reverse' if reverse else ''}" for stem in stems]


def recurrent_from_torch(kind: str, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return kernel, recurrent_kernel and, if there are biases, bias.

    Parameters
    ----------
    kind : str
        ``"RNN"``, ``"LSTM"`` or ``"GRU"``.
    arrays : list of ndarray
        weight_ih (G*H, D), weight_hh (G*H, H), and bias_ih, bias_hh (G*H,) or neither.

    Returns
    -------
    list of ndarray
        (D, G*H), (H, G*H), and (G*H,), for a GRU (2, 3H).
    """
    weight_ih, weight_hh, *biases = arrays
    ours = [_swap(kind, weight_ih.T), _swap(kind, weight_hh.T)]
    if biases:
        ours.append(_swap(kind, np.stack(biases)) if kind == "GRU" else biases[0] + biases[1])
    return ours


def recurrent_to_torch(kind: str, weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return weight_ih, weight_hh and, if there is a bias, bias_ih and bias_hh.

    Parameters
    ----------
    kind : str
    weights : list of ndarray
        kernel, recurrent_kernel and perhaps bias.

    Returns
    -------
    list of ndarray
        Where we have one bias, it is bias_ih, and bias_hh is zero.
    """
    kernel, recurrent_kernel, *bias = weights
    theirs = [_swap(kind, kernel).T, _swap(kind, recurrent_kernel).T]
    if bias:
        rows = _swap(kind, bias[0]) if kind == "GRU" else (bias[0], np.zeros_like(bias[0]))
        theirs += list(rows)
    return [np.array(a, order="C") for a in theirs]


def dense_from_torch(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return kernel (D, U) and perhaps bias of an nn.Linear's weight (U, D) and perhaps bias."""
    return [arrays[0].T, *arrays[1:]]


def dense_to_torch(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return weight (U, D) and perhaps bias of a Dense layer's kernel (D, U) and perhaps bias."""
    return [np.array(weights[0].T, order="C"), *(w.copy() for w in weights[1:])]


def conv_from_torch(arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return the kernel (h, w, C, F) of an nn.Conv2d's weight (F, C, h, w), and perhaps bias."""
    return [arrays[0].transpose(2, 3, 1, 0), *arrays[1:]]


def conv_to_torch(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Return the weight (F, C, h, w) of a Conv2D's kernel (h, w, C, F), and perhaps bias."""
    return [np.array(weights[0].transpose(3, 2, 0, 1), order="C"), *(w.copy() for w in weights[1:])]
