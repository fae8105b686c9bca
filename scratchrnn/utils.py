"""Small helpers with Keras's names: padding, one-hot labels, the global seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .random import set_random_seed

__all__ = ["pad_sequences", "set_random_seed", "to_categorical"]


def pad_sequences(
    sequences: Sequence,
    maxlen: int | None = None,
    dtype="int32",
    padding: str = "pre",
    truncating: str = "pre",
    value=0.0,
) -> np.ndarray:
    """Bring sequences to one length.

    Parameters
    ----------
    sequences : sequence of array_like
        Each of shape (length, ...), the rest of the shape the same for all.
    maxlen : int, optional
        The length; that of the longest by default.
    dtype : dtype
        Type of the result; the default truncates fractions.
    padding : {"pre", "post"}
        Where to fill.
    truncating : {"pre", "post"}
        Where to cut what is longer.
    value : float or str
        What to fill with.

    Returns
    -------
    ndarray (N, maxlen, ...)

    Raises
    ------
    ValueError
        If a sequence is not one, or the shapes differ.

    Examples
    --------
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2)
    array([[0, 1],
           [2, 3],
           [5, 6]], dtype=int32)
    """
    for what, where in (("padding", padding), ("truncating", truncating)):
        if where not in ("pre", "post"):
            raise ValueError(f"pad_sequences: {what}: expected 'pre' or 'post', got {where!r}")
    lengths = _lengths(sequences)
    maxlen = _check_maxlen(maxlen, lengths)
    textual = np.issubdtype(dtype, np.str_) or np.issubdtype(dtype, np.bytes_)
    if isinstance(value, str) and not textual and np.dtype(dtype) != object:
        raise ValueError(
            f"pad_sequences: value: expected a number for dtype {dtype!r}, got {value!r}; strings "
            "of different lengths need dtype=object"
        )
    filled = next((s for s, length in zip(sequences, lengths, strict=True) if length), ())
    shape = np.shape(filled)[1:]
    padded = np.full((len(sequences), maxlen, *shape), value, dtype=dtype)
    for k, (sequence, length) in enumerate(zip(sequences, lengths, strict=True)):
        if length == 0 or maxlen == 0:
            continue
        kept = np.asarray(sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen], dtype)
        if kept.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: sequences: expected (length, {', '.join(map(str, shape))}), got "
                f"shape {np.shape(sequence)} at {k}"
            )
        if padding == "post":
            padded[k, : len(kept)] = kept
        else:
            padded[k, -len(kept) :] = kept
    return padded


def _lengths(sequences) -> list[int]:
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"pad_sequences: sequences: expected a sequence of sequences, got {sequences!r}"
        )
    lengths = []
    for k, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                f"pad_sequences: sequences: expected sequences, got {sequence!r} at {k}"
            )
        lengths.append(len(sequence))
    return lengths


def _check_maxlen(maxlen, lengths: list[int]) -> int:
    if maxlen is None:
        if not lengths:
            raise ValueError("pad_sequences: sequences: expected at least one, or a maxlen")
        return max(lengths)
    if isinstance(maxlen, bool) or not isinstance(maxlen, (int, np.integer)) or maxlen < 0:
        raise ValueError(f"pad_sequences: maxlen: expected an integer >= 0, got {maxlen!r}")
    return int(maxlen)


def to_categorical(x, num_classes: int | None = None) -> np.ndarray:
    """Return integer labels as one-hot rows.

    Parameters
    ----------
    x : array_like of int
        Labels from 0; a last axis of length 1 is dropped.
    num_classes : int, optional
        The largest label plus one by default.

    Returns
    -------
    ndarray of float64 (..., num_classes)

    Raises
    ------
    ValueError
        If a label is not a whole number from 0 to num_classes - 1.

    Examples
    --------
    >>> to_categorical([0, 2], num_classes=3)
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    given = np.asarray(x)
    if given.dtype.kind not in "biuf" or given.size == 0:
        raise ValueError(
            f"to_categorical: x: expected integer labels, got {given.dtype} of shape {given.shape}"
        )
    labels = given[..., 0] if given.ndim > 1 and given.shape[-1] == 1 else given
    classes = int(num_classes) if num_classes else int(np.max(labels)) + 1
    bad = (labels < 0) | (labels >= classes) | (labels != np.floor(labels))
    if bad.any():
        raise ValueError(
            f"to_categorical: x: expected whole labels from 0 to {classes - 1}, "
            f"got {labels[bad][0]}"
        )
    return np.eye(classes)[labels.astype(np.intp)]
