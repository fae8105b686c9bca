"""What the three kernels share on their way in: checks, defaults, arrays as kernels want them.

The messages are those of `scratchrnn.cells`.
"""

from __future__ import annotations

import numpy as np

from .activations import CODES, INTEGERS


def activation_codes(who: str, *activations) -> list[np.integer]:
    """Return the numbers by which compiled code knows activations, of types that it knows too.

    Parameters
    ----------
    who : str
        The caller, for the error message.
    *activations : str
        Keys of ``scratchrnn.cells.ACTIVATIONS``.

    Returns
    -------
    list of integer

    Raises
    ------
    ValueError
        If it is no such name. A pair of Python functions cannot be compiled.
    """
    for activation in activations:
        if isinstance(activation, tuple):
            raise ValueError(
                f"{who}: activation: expected a name, got a pair of functions: "
                f"only the backend 'numpy' can use it"
            )
        if not isinstance(activation, str) or activation not in CODES:
            known = ", ".join(CODES)
            raise ValueError(f"{who}: activation: expected one of {known}, got {activation!r}")
    codes = [CODES[activation] for activation in activations]
    alone = len(codes) == 1 and codes[0] < len(INTEGERS)
    usual = alone or codes == [CODES["tanh"], CODES["sigmoid"]]
    return [(INTEGERS[code] if usual else np.int64)(code) for code in codes]


def shaped(who: str, name: str, value, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return `value` as an array of `dtype`; ``ValueError`` if its shape is not `shape`."""
    value = np.asarray(value, dtype=dtype)
    if value.shape != shape:
        raise ValueError(f"{who}: {name}: expected {shape}, got {value.shape}")
    return value


def given_or_zeros(who: str, name: str, value, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return a copy of a state or of a gradient from outside, checked; None means zeros."""
    if value is None:
        return np.zeros(shape, dtype)
    return np.array(shaped(who, name, value, shape, dtype), order="C")  # kernels walk rows


def check_sequence(who, G, x, states, Wx, Wh, b, mask, recurrent_mask, bias_shape=None):
    """Check the arguments of a sequence function and fill in absent states.

    Parameters
    ----------
    who : str
        The caller's name, first word of every error.
    G : int
        Gates side by side in `Wx` and `Wh`.
    x, Wx, Wh, b, mask, recurrent_mask : array_like
        As the caller received them.
    states : dict of str to array_like or None
        Initial states by name.
    bias_shape : callable, optional
        Shape of `b` as a function of H; ``(G*H,)`` if not given.

    Returns
    -------
    tuple of ndarray
        x, the states, Wx, Wh, b (or None), mask (or None), recurrent_mask (or None).

    Raises
    ------
    ValueError
        Who, which argument, what was expected, what came.
    """
    dtype = np.result_type(x, Wx, Wh).newbyteorder("=")
    if dtype.kind != "f":
        raise ValueError(f"{who}: x: expected a floating-point dtype, got {dtype}")
    if dtype.itemsize not in (4, 8):
        raise ValueError(f"{who}: x: kernels take float32 and float64, got {dtype}")
    x, Wx, Wh = (np.asarray(a, dtype) for a in (x, Wx, Wh))
    H = len(Wh) if Wh.ndim else 0
    if Wh.shape != (H, G * H):
        raise ValueError(f"{who}: Wh: expected (H, {G}*H), got {Wh.shape}")
    if Wx.ndim != 2 or Wx.shape[1] != G * H:
        raise ValueError(f"{who}: Wx: expected (D, {G}*H={G * H}), got {Wx.shape}")
    if x.ndim != 3 or x.shape[2] != len(Wx):
        raise ValueError(f"{who}: x: expected (N, T, D={len(Wx)}), got {x.shape}")
    N, T, _ = x.shape
    filled = [given_or_zeros(who, name, s, (N, H), dtype) for name, s in states.items()]
    if b is not None:
        b = shaped(who, "b", b, bias_shape(H) if bias_shape else (G * H,), dtype)
    if mask is not None:
        mask = shaped(who, "mask", mask, (N, T), bool)
    if recurrent_mask is not None:
        recurrent_mask = shaped(who, "recurrent_mask", recurrent_mask, (N, H), dtype)
    return (x, *filled, Wx, Wh, b, mask, recurrent_mask)


def rows_or_none(value: np.ndarray | None, like: np.ndarray) -> np.ndarray:
    """Return a fresh 2-D array as compiled code wants an option; one without rows for None."""
    if value is None:
        return np.empty((0, like.shape[-1]), like.dtype)
    return np.array(value, order="C")


def cached_mask(mask: np.ndarray | None) -> np.ndarray | None:
    """Turn a mask (N,T) into what a cache holds, (T,N,1)."""
    return None if mask is None else np.array(mask.T, order="C")[:, :, None]


def mask_of(cache) -> np.ndarray | None:
    """Return the mask (N,T) of a cache."""
    return None if cache.mask is None else np.ascontiguousarray(cache.mask[:, :, 0].T)
