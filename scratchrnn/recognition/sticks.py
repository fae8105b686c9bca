"""Figures of sticks: joints joined by limbs, drawn as pictures.

A limb is a line with round ends and a width. Each pixel is covered by as much of it as its
distance d from the line allows, over the width of one pixel,

    cover = clip((width/2 - d) · size + 1/2, 0, 1),                                (1)

so that a figure moves smoothly, by less than a pixel too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Limb(NamedTuple):
    """A stick from one joint to another; from a joint to itself, a disc."""

    start: int
    end: int
    width: float  # as a share of the picture's height
    light: float  # 0 to 1


def draw_sticks(
    joints: np.ndarray, limbs: Sequence[Limb], size: tuple[int, int], ground: np.ndarray | float = 0
) -> np.ndarray:
    """Draw a figure once for every step.

    Parameters
    ----------
    joints : ndarray, (T, J, 2)
        (x, y) of each joint as shares of the picture's height, (0, 0) its upper left corner.
    limbs : sequence of Limb
        Drawn in this order, later ones over earlier ones.
    size : (int, int)
        Height and width in pixels.
    ground : ndarray, (height, width), or float
        What is behind the figure, 0 to 1.

    Returns
    -------
    ndarray of float32, (T, height, width)
        0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> joints = np.array([[[0.2, 0.5], [0.8, 0.5]]])
    >>> draw_sticks(joints, [Limb(0, 1, 0.2, 1.0)], (5, 5))[0].round(1)[2].tolist()
    [0.5, 1.0, 1.0, 1.0, 0.5]
    """
    joints = np.asarray(joints, np.float32)
    if joints.ndim != 3 or joints.shape[-1] != 2:
        raise ValueError(f"draw_sticks: joints: expected (T, J, 2), got {joints.shape}")
    height, width = size
    x = ((np.arange(width, dtype=np.float32) + 0.5) / height)[None, None, :]
    y = ((np.arange(height, dtype=np.float32) + 0.5) / height)[None, :, None]
    picture = np.zeros((len(joints), height, width), np.float32) + np.float32(ground)
    for limb in limbs:
        away = _distance(x, y, joints[:, limb.start], joints[:, limb.end])
        cover = np.clip((np.float32(limb.width / 2) - away) * height + np.float32(0.5), 0, 1)  # (1)
        picture += cover * (np.float32(limb.light) - picture)
    return picture


def _distance(x: np.ndarray, y: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the distance of every pixel from the line between two joints, (T, height, width)."""
    (ax, ay), (bx, by) = (part.T[:, :, None, None] for part in (start, end - start))
    length = np.maximum(bx * bx + by * by, np.float32(1e-9))
    dx, dy = x - ax, y - ay
    along = np.clip((dx * bx + dy * by) / length, 0, 1)
    return np.hypot(dx - along * bx, dy - along * by)
