"""One batch, and the checks that everything which is learned from has to pass."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Batch(NamedTuple):
    """One batch; what was not given is None.

    Examples
    --------
    >>> import numpy as np
    >>> len(Batch(np.zeros((4, 2))).x)
    4
    """

    x: np.ndarray
    y: np.ndarray | None = None
    sample_weight: np.ndarray | None = None
    mask: np.ndarray | None = None  # (N,T): True where a step is real


def check_numbers(who: str, name: str, value, mask=None) -> np.ndarray:
    """Return `value` as an array of finite numbers with at least one sample.

    Parameters
    ----------
    who, name : str
        For the error message.
    value : array_like
    mask : ndarray of bool, (N, T), optional
        Where it is False, `value` may hold anything.

    Returns
    -------
    ndarray

    Raises
    ------
    ValueError
        If it is empty, ragged, not numeric, or holds NaN or infinity.
    """
    try:
        value = np.asarray(value)
    except ValueError as error:
        raise ValueError(
            f"{who}: {name}: expected one array, got pieces of several shapes; "
            "scratchrnn.utils.pad_sequences makes one, with mask= for what is real"
        ) from error
    if value.dtype.kind not in "fiub":
        raise ValueError(f"{who}: {name}: expected numbers, got dtype {value.dtype}")
    if value.size == 0 or value.ndim == 0:
        raise ValueError(f"{who}: {name}: expected at least one sample, got shape {value.shape}")
    if value.dtype.kind == "f" and not _all_finite(value):
        seen = value if mask is None or mask.shape != value.shape[:2] else value[mask]
        bad = int(np.size(seen) - np.count_nonzero(np.isfinite(seen)))
        if bad:
            raise ValueError(f"{who}: {name}: expected finite numbers, got {bad} NaN or infinite")
    return value


def _all_finite(value: np.ndarray) -> bool:
    # One pass without a temporary array; a sum may overflow, then the slow look decides.
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(value, axis=None)))


def check_batch(who: str, x, y=None, sample_weight=None, mask=None) -> Batch:
    """Return arrays that fit each other.

    Parameters
    ----------
    who : str
        First word of every error.
    x : array_like, (N, …)
    y : array_like, (N, …), optional
    sample_weight : array_like, (N,) or (N, T), optional
    mask : array_like of bool, (N, T), optional

    Returns
    -------
    Batch

    Raises
    ------
    ValueError
        If lengths do not match, or values are not finite numbers.
    """
    if mask is not None:
        mask = np.asarray(mask)
        if mask.dtype != bool and not (mask.dtype.kind in "iuf" and np.isin(mask, (0, 1)).all()):
            raise ValueError(f"{who}: mask: expected booleans, got {mask.dtype}")
        mask = mask.astype(bool, copy=False)
    x = check_numbers(who, "x", x, mask)
    if mask is not None and mask.shape != x.shape[:2]:
        raise ValueError(f"{who}: mask: expected (N, T)={x.shape[:2]}, got {mask.shape}")
    others = {"y": (y, mask), "sample_weight": (sample_weight, None)}
    for name, (other, where) in others.items():
        if other is not None:
            other = check_numbers(who, name, other, where)
            if len(other) != len(x):
                expected = f"as many samples as x, {len(x)}"
                raise ValueError(f"{who}: {name}: expected {expected}, got {len(other)}")
            others[name] = (other, None)
    return Batch(x, others["y"][0], others["sample_weight"][0], mask)


_FIELDS = ("x", "y", "sample_weight", "mask")


def as_batch(who: str, item: Any) -> Batch:
    """Return what a data set handed out as a checked batch.

    Parameters
    ----------
    who : str
        First word of every error.
    item : object with fields, dict, tuple or array
        Fields or keys ``x``, ``y``, ``sample_weight``, ``mask``; ``(x,)``, ``(x, y)`` or
        ``(x, y, sample_weight)``; or x alone.

    Returns
    -------
    Batch

    Raises
    ------
    ValueError
        If it is none of these, or its parts do not fit each other.

    Examples
    --------
    >>> import numpy as np
    >>> as_batch("doc", (np.zeros((2, 3)), np.ones(2))).y
    array([1., 1.])
    """
    if isinstance(item, dict):
        unknown = set(item) - set(_FIELDS)
        if "x" not in item or unknown:
            raise ValueError(f"{who}: a batch: expected keys among {_FIELDS}, got {list(item)}")
        return check_batch(who, **item)
    if hasattr(item, "x"):
        return check_batch(who, *(getattr(item, field, None) for field in _FIELDS))
    if isinstance(item, tuple | list):
        if not 1 <= len(item) <= 3:
            expected = "(x,), (x, y) or (x, y, sample_weight)"
            raise ValueError(f"{who}: a batch: expected {expected}, got {len(item)} parts")
        return check_batch(who, *item)
    return check_batch(who, item)
