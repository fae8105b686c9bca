"""Sequences of any lengths as one padded array with its mask, and their scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..data import check_numbers


class Padded(NamedTuple):
    """Sequences side by side."""

    x: np.ndarray  # (N,T,D)
    mask: np.ndarray | None  # (N,T), None where all steps are real


def pad(who: str, X, mask=None) -> Padded:
    """Return sequences as one array.

    Parameters
    ----------
    who : str
        First word of every error.
    X : array_like, (N, T, D) or (N, T), or sequence of array_like, (T_i, D) or (T_i,)
    mask : array_like of bool, (N, T), optional
        True where a step is real; for arrays only.

    Returns
    -------
    Padded

    Raises
    ------
    ValueError
        If there is no sequence or one without a step, widths differ, or numbers are not finite.

    Examples
    --------
    >>> x, mask = pad("doc", [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]])
    >>> x.shape, mask.tolist()
    ((2, 2, 2), [[True, False], [True, True]])
    """
    if isinstance(X, np.ndarray) and X.dtype != object:
        return _from_array(who, X, mask)
    if not hasattr(X, "__len__") or isinstance(X, str | bytes | dict):
        raise ValueError(f"{who}: X: expected an array or a list of arrays, got {X!r:.60}")
    if len(X) == 0:
        raise ValueError(f"{who}: X: expected at least one sequence, got none")
    pieces = [_step_rows(who, k, sequence) for k, sequence in enumerate(X)]
    lengths = np.array([len(piece) for piece in pieces])
    widths = {piece.shape[1] for piece in pieces}
    if len(widths) > 1:
        raise ValueError(f"{who}: X: expected one width D, got {sorted(widths)}")
    if mask is not None or (lengths == lengths[0]).all():
        if (lengths != lengths[0]).any():
            raise ValueError(f"{who}: mask: only for sequences of one length, got {set(lengths)}")
        return _from_array(who, np.stack(pieces), mask)
    x = np.zeros((len(pieces), lengths.max(), widths.pop()), np.result_type(*pieces))
    for row, piece in zip(x, pieces, strict=True):
        row[: len(piece)] = piece
    return Padded(x, np.arange(x.shape[1]) < lengths[:, None])


def _step_rows(who: str, number: int, sequence) -> np.ndarray:
    rows = check_numbers(who, f"X[{number}]", sequence)
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2:
        raise ValueError(f"{who}: X[{number}]: expected (T, D), got {rows.shape}")
    return rows


def _from_array(who: str, X: np.ndarray, mask) -> Padded:
    x = X[..., None] if X.ndim == 2 else X
    if x.ndim != 3:
        raise ValueError(f"{who}: X: expected (N, T, D), got {X.shape}")
    if mask is not None:
        mask = np.asarray(mask, dtype=bool)
        if mask.shape != x.shape[:2]:
            raise ValueError(f"{who}: mask: expected {x.shape[:2]}, got {mask.shape}")
        if not mask.any(axis=1).all():
            raise ValueError(f"{who}: mask: expected at least one real step in every sequence")
    x = check_numbers(who, "X", x, mask)
    return Padded(x, None if mask is None or mask.all() else mask)


class Scale(NamedTuple):
    """Mean and standard deviation of each feature."""

    mean: np.ndarray
    deviation: np.ndarray

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Return x with mean 0 and standard deviation 1, float32."""
        with np.errstate(invalid="ignore", over="ignore"):  # of what a mask hides
            return ((x - self.mean) / self.deviation).astype(np.float32)

    def undo(self, x: np.ndarray) -> np.ndarray:
        """Return x as it was."""
        return x * self.deviation + self.mean


def scale_of(values: np.ndarray) -> Scale:
    """Return the scale of rows (M, D); features that do not vary are only shifted."""
    values = np.asarray(values, dtype=np.float64)
    deviation = values.std(axis=0)
    return Scale(values.mean(axis=0), np.where(deviation > 1e-12, deviation, 1.0))
