"""What the three recurrences share: the turn to time-first, masks, and checks of shapes.

Dimension letters, here and in every cell: N sequences, T steps, D inputs, H units, G gates.
"""

from __future__ import annotations

import numpy as np


def swap_time(a: np.ndarray) -> np.ndarray:
    """Turn (N, T, ...) into (T, N, ...), or back: a fresh C-contiguous array.

    Parameters
    ----------
    a : ndarray, (N, T, ...) or (T, N, ...)

    Returns
    -------
    ndarray, (T, N, ...) or (N, T, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.common import swap_time
    >>> swap_time(np.zeros((2, 5, 3))).shape
    (5, 2, 3)
    """
    return np.array(np.swapaxes(a, 0, 1), order="C")


def time_first(x: np.ndarray, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Turn inputs and mask to time-first, and blank what the mask hides.

    Blanking matters: a NaN in the padding would leak through ``0 * nan`` later.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    mask : ndarray of bool, (N, T), or None
        True where a step is real.

    Returns
    -------
    x : ndarray, (T, N, D)
    mask : ndarray of bool, (T, N, 1), or None

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.common import time_first
    >>> x, m = time_first(np.array([[[1.0], [np.nan]]]), np.array([[True, False]]))
    >>> x.ravel(), m.ravel()
    (array([1., 0.]), array([ True, False]))
    """
    x = swap_time(x)
    if mask is None:
        return x, None
    mask = swap_time(mask)[:, :, None]  # (T,N,1)
    return np.where(mask, x, 0), mask


def where(mask: np.ndarray | None, real: np.ndarray, masked) -> np.ndarray:
    """``np.where`` that takes `real` throughout when there is no mask."""
    return real if mask is None else np.where(mask, real, masked)


def scale(h: np.ndarray, recurrent_mask: np.ndarray | None) -> np.ndarray:
    """Multiply by the variational dropout mask, if there is one."""
    return h if recurrent_mask is None else h * recurrent_mask


def check_array(who: str, name: str, value, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return `value` as an array of `dtype`; raise ``ValueError`` if its shape is not `shape`."""
    value = np.asarray(value, dtype=dtype)
    if value.shape != shape:
        raise ValueError(f"{who}: {name}: expected {shape}, got {value.shape}")
    return value


def given_or_zeros(who: str, name: str, value, shape: tuple[int, ...], dtype) -> np.ndarray:
    """Return a state or a gradient that came from outside, checked; None means zeros."""
    if value is None:
        return np.zeros(shape, dtype)
    return check_array(who, name, value, shape, dtype)


def sums_from(onto, dtype, **shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Return fresh arrays in which the gradients of weights are summed over the steps.

    They begin at zero or, where a long sequence goes backward one segment at a time, at what the
    segments after this one gave: the additions are then those of one long pass, in the same
    order, and so are the bits.

    Parameters
    ----------
    onto : NamedTuple of gradients, or None
    dtype : dtype
    **shapes : tuple of int
        For each of its fields that is wanted.

    Returns
    -------
    list of ndarray
    """
    begin = [None if onto is None else getattr(onto, name) for name in shapes]
    return [
        np.zeros(shape, dtype) if value is None else np.array(value, dtype)
        for value, shape in zip(begin, shapes.values(), strict=True)
    ]


def check_sequence(
    who: str, G: int, x, states: dict, Wx, Wh, b, mask, recurrent_mask, bias_shape=None
) -> tuple[np.ndarray, ...]:
    """Check every argument of a sequence forward and fill in absent states with zeros.

    Parameters
    ----------
    who : str
        The caller's name, first word of every error.
    G : int
        Number of gates that `Wx` and `Wh` hold side by side.
    x, Wx, Wh, b, mask, recurrent_mask : array_like
        As the caller received them.
    states : dict of str to array_like or None
        Initial states by name; None becomes zeros.
    bias_shape : callable, optional
        Expected shape of `b` as a function of H, when it is not ``(G*H,)``.

    Returns
    -------
    tuple of ndarray
        x, the states, Wx, Wh, b (or None), mask (or None), recurrent_mask (or None).

    Raises
    ------
    ValueError
        Who, which argument, what was expected, what came.
    """
    dtype = np.result_type(x, Wx, Wh)
    if dtype.kind != "f":
        raise ValueError(f"{who}: x: expected a floating-point dtype, got {dtype}")
    x, Wx, Wh = (np.asarray(a, dtype) for a in (x, Wx, Wh))
    if Wh.ndim != 2 or Wh.shape[1] != G * Wh.shape[0]:
        raise ValueError(f"{who}: Wh: expected (H, {G}*H), got {Wh.shape}")
    H = Wh.shape[0]
    if Wx.ndim != 2 or Wx.shape[1] != G * H:
        raise ValueError(f"{who}: Wx: expected (D, {G}*H={G * H}), got {Wx.shape}")
    if x.ndim != 3 or x.shape[2] != Wx.shape[0]:
        raise ValueError(f"{who}: x: expected (N, T, D={Wx.shape[0]}), got {x.shape}")
    N, T, _ = x.shape
    filled = [given_or_zeros(who, name, s, (N, H), dtype) for name, s in states.items()]
    if b is not None:
        b = check_array(who, "b", b, bias_shape(H) if bias_shape else (G * H,), dtype)
    if mask is not None:
        mask = check_array(who, "mask", mask, (N, T), bool)
    if recurrent_mask is not None:
        recurrent_mask = check_array(who, "recurrent_mask", recurrent_mask, (N, H), dtype)
    return (x, *filled, Wx, Wh, b, mask, recurrent_mask)
