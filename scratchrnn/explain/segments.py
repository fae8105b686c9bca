"""Segments: the pieces of an input that are kept or replaced as a whole.

Steps, blocks of steps, features, or tubes: boxes in space and time, cut from a clip of frames.
Explainers that ask a model about variants of an input (occlusion, LIME, Shapley values) say what
each segment does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

_DEFAULT_GRID = (5, 4, 4)  # tubes along time, rows and columns


class Segments(NamedTuple):
    """Which numbers of an input belong to which segment.

    Attributes
    ----------
    labels : ndarray of int
        Number of the segment, 0 to S − 1; broadcasts to `shape`.
    shape : tuple of int
        Of the input, (T, …).
    kind : str
        ``"steps"``, ``"blocks"``, ``"features"``, ``"tubes"`` or ``"segments"``.
    """

    labels: np.ndarray
    shape: tuple[int, ...]
    kind: str

    @property
    def count(self) -> int:
        """S, the number of segments."""
        return int(self.labels.max()) + 1

    @property
    def sizes(self) -> np.ndarray:
        """How many numbers of the input belong to each segment, (S,)."""
        repeats = int(np.prod(self.shape)) // self.labels.size
        return np.bincount(self.labels.ravel(), minlength=self.count) * repeats

    def paint(self, values: np.ndarray) -> np.ndarray:
        """Return the value of each number's segment, (T, …).

        Parameters
        ----------
        values : ndarray, (S,)
        """
        return np.broadcast_to(np.asarray(values)[self.labels], self.shape).copy()

    def box(self, segment: int) -> tuple[slice, ...]:
        """Return the smallest box of the input that holds a segment, a slice for each axis."""
        places = np.nonzero(self.labels == segment)
        boxes = []
        for axis, (place, length) in enumerate(zip(places, self.shape, strict=True)):
            whole = self.labels.shape[axis] == 1
            ends = (0, length) if whole else (int(place.min()), int(place.max()) + 1)
            boxes.append(slice(*ends))
        return tuple(boxes)

    def at(self, *index: int) -> int:
        """Return the segment that a place of the input belongs to; axes left out are at 0."""
        index = [*index, *(0,) * (len(self.shape) - len(index))]
        full = np.broadcast_to(self.labels, self.shape)
        return int(full[tuple(index)])


def time_steps(x: Any) -> Segments:
    """Make every step of an input a segment.

    Parameters
    ----------
    x : array_like, (T, …)

    Returns
    -------
    Segments

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import time_steps
    >>> time_steps(np.zeros((4, 3))).count
    4
    """
    return time_blocks(x, 1)._replace(kind="steps")


def time_blocks(x: Any, length: int) -> Segments:
    """Make every `length` steps a segment; the last one may be shorter.

    Parameters
    ----------
    x : array_like, (T, …)
    length : int

    Returns
    -------
    Segments

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import time_blocks
    >>> time_blocks(np.zeros((5, 3)), 2).sizes
    array([6, 6, 3])
    """
    shape = _shape("time_blocks", x, 1)
    labels = np.arange(shape[0]) // _positive("time_blocks", "length", length)
    return Segments(labels.reshape(-1, *(1,) * (len(shape) - 1)), shape, "blocks")


def feature_columns(x: Any) -> Segments:
    """Make every feature, over all steps, a segment.

    Parameters
    ----------
    x : array_like, (T, …)
        All axes but the first are features.

    Returns
    -------
    Segments

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import feature_columns
    >>> feature_columns(np.zeros((4, 3))).count
    3
    """
    shape = _shape("feature_columns", x, 2)
    labels = np.arange(int(np.prod(shape[1:]))).reshape(1, *shape[1:])
    return Segments(labels, shape, "features")


def tubes(
    x: Any, size: Sequence[int] | None = None, *, grid: Sequence[int] | None = None
) -> Segments:
    """Cut a clip of frames into boxes in space and time.

    Parameters
    ----------
    x : array_like, (T, H, W) or (T, H, W, C)
    size : (int, int, int), optional
        Steps, rows and columns of one tube; those at the far edges may be smaller.
    grid : (int, int, int), optional
        Instead of `size`: how many tubes along time, rows and columns, as equal as may be.
        By default (5, 4, 4), or fewer where the clip is smaller.

    Returns
    -------
    Segments
        Numbered along columns first, then rows, then time.

    Raises
    ------
    ValueError
        If the clip or a size does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import tubes
    >>> clip = np.zeros((6, 8, 8, 3))
    >>> cut = tubes(clip, (3, 4, 4))
    >>> cut.count, cut.at(5, 0, 7), cut.box(5)
    (8, 5, (slice(3, 6, None), slice(0, 4, None), slice(4, 8, None), slice(0, 3, None)))
    """
    shape = _shape("tubes", x, 3)
    if len(shape) > 4:
        raise ValueError(f"tubes: x: expected (T, H, W) or (T, H, W, C), got {shape}")
    if size is not None and grid is not None:
        raise ValueError("tubes: grid: expected None beside size")
    given = _three("size", size) if size is not None else _three("grid", grid or _DEFAULT_GRID)
    lines = []
    for length, wanted in zip(shape[:3], given, strict=True):
        places = np.arange(length)
        equal = places * min(wanted, length) // length
        lines.append(equal if size is None else places // wanted)
    counts = [int(line[-1]) + 1 for line in lines]
    t, row, column = np.ix_(*lines)
    labels = (t * counts[1] + row) * counts[2] + column
    return Segments(labels.reshape(*shape[:3], *(1,) * (len(shape) - 3)), shape, "tubes")


def check_segments(who: str, x: np.ndarray, segments: Any) -> Segments:
    """Return segments of an input: those given, labels made into some, or the default.

    The default is a segment for each step of a sequence (T,) or (T, D), and tubes of frames.
    """
    if segments is None:
        return tubes(x) if x.ndim in (3, 4) else time_steps(x)
    if isinstance(segments, Segments):
        if segments.shape != x.shape:
            raise ValueError(f"{who}: segments: expected those of {x.shape}, got {segments.shape}")
        return segments
    labels = np.asarray(segments)
    if labels.dtype.kind not in "iu":
        raise ValueError(f"{who}: segments: expected whole numbers, got {labels.dtype}")
    labels = labels.reshape(*labels.shape, *(1,) * (x.ndim - labels.ndim))
    fits = labels.ndim == x.ndim and all(
        have in (1, want) for have, want in zip(labels.shape, x.shape, strict=True)
    )
    if not fits:
        raise ValueError(f"{who}: segments: expected to fit {x.shape}, got {labels.shape}")
    _, numbers = np.unique(labels, return_inverse=True)  # 0 … S − 1, whatever they were
    return Segments(numbers.reshape(labels.shape), x.shape, "segments")


def _shape(who: str, x: Any, least: int) -> tuple[int, ...]:
    shape = np.shape(x)
    if len(shape) < least or 0 in shape:
        names = {1: "(T, ...)", 2: "(T, D)", 3: "(T, H, W) or (T, H, W, C)"}
        raise ValueError(f"{who}: x: expected {names[least]}, got {shape}")
    return shape


def _three(name: str, values: Sequence[int]) -> list[int]:
    if np.ndim(values) != 1 or len(values) != 3:
        raise ValueError(f"tubes: {name}: expected (steps, rows, columns), got {values!r}")
    return [_positive("tubes", name, value) for value in values]


def _positive(who: str, name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{who}: {name}: expected a whole number >= 1, got {value!r}")
    return int(value)
