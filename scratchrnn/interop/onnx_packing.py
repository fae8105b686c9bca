"""The weights of an ONNX recurrent node, taken apart into the arguments of the cells.

ONNX packs a node's directions and gates in an order of its own: W (dirs, G·H, D), R (dirs, G·H, H),
B (dirs, 2·G·H) = all input biases, then all recurrent ones, P (dirs, 3·H); gates by row, LSTM
i o f c, GRU z r h, peepholes i o f.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .onnx_activations import OnnxFunction

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}
FUNCTIONS = {  # the activations of one direction, where a node names none
    "RNN": ("Tanh",),
    "GRU": ("Sigmoid", "Tanh"),
    "LSTM": ("Sigmoid", "Tanh", "Tanh"),
}
_ORDER = {"RNN": [0], "GRU": [0, 1, 2], "LSTM": [0, 2, 3, 1]}  # our gates, in ONNX's numbering
_PEEPHOLES = [0, 2, 1]


class Direction(NamedTuple):
    """The weights and activations of one direction, as the cells take them."""

    reverse: bool
    Wx: np.ndarray  # (D, G*H)
    Wh: np.ndarray  # (H, G*H)
    b: np.ndarray | None  # (G*H,), or (2, 3H) for a GRU that resets after the product
    peepholes: np.ndarray | None  # (3, H)
    functions: tuple[OnnxFunction, ...]


def check_floats(who: str, argument: str, value, shape: tuple) -> np.ndarray:
    """Return finite floats of a shape (None where any size will do), float32 at least."""
    value = np.asarray(value)
    fits = value.ndim == len(shape) and all(
        want in (None, have) for want, have in zip(shape, value.shape, strict=True)
    )
    if not fits or value.dtype.kind != "f":
        expected = tuple("any" if want is None else want for want in shape)
        got = f"{value.dtype} {value.shape}"
        raise ValueError(f"{who}: {argument}: expected floats of shape {expected}, got {got}")
    if not np.isfinite(value).all():
        raise ValueError(f"{who}: {argument}: expected finite numbers, got NaN or infinity")
    return value if value.dtype.itemsize > 2 else value.astype(np.float32)


def _blocks(rows: np.ndarray, op: str) -> np.ndarray:
    """Reorder gate blocks along axis 0 from ONNX's order into ours."""
    return np.concatenate([np.split(rows, GATES[op])[k] for k in _ORDER[op]])


def _bias(op: str, both: np.ndarray, reset_after: bool) -> np.ndarray:
    rows = [_blocks(bias, op) for bias in np.split(both, 2)]
    return np.stack(rows) if reset_after else rows[0] + rows[1]


def unpack(
    who: str, op: str, direction: str, functions: list, reset_after: bool, *, W, R, B=None, P=None
) -> list[Direction]:
    """Return the directions of a node.

    Parameters
    ----------
    who : str
        First words of every error.
    op : str
        ``"RNN"``, ``"LSTM"`` or ``"GRU"``.
    direction : str
    functions : list of OnnxFunction
        Of all directions, one after another.
    reset_after : bool
    W, R, B, P : array_like
        B and P may be None.

    Returns
    -------
    list of Direction

    Raises
    ------
    ValueError
        If a shape, a type or a value does not fit.
    """
    dirs, G, each = DIRECTIONS[direction], GATES[op], len(FUNCTIONS[op])
    H = check_floats(who, "R", R, (dirs, None, None)).shape[2]
    R = check_floats(who, "R", R, (dirs, G * H, H))
    W = check_floats(who, "W", W, (dirs, G * H, None))
    B = None if B is None else check_floats(who, "B", B, (dirs, 2 * G * H))
    if P is not None and op != "LSTM":
        raise ValueError(f"{who}: P: expected none for {op}, got peepholes")
    P = None if P is None else check_floats(who, "P", P, (dirs, 3 * H))
    return [
        Direction(
            reverse=direction == "reverse" or d == 1,
            Wx=np.ascontiguousarray(_blocks(W[d], op).T),
            Wh=np.ascontiguousarray(_blocks(R[d], op).T),
            b=None if B is None else _bias(op, B[d], reset_after),
            peepholes=None if P is None else P[d].reshape(3, H)[_PEEPHOLES],
            functions=tuple(functions[d * each : (d + 1) * each]),
        )
        for d in range(dirs)
    ]
