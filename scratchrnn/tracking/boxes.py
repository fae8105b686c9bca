"""Boxes, and how much of two boxes is common to both.

A box is (cx, cy, w, h): centre, width and height as shares of the picture's sides, x to the right
and y downwards, (0, 0) the upper left corner. Boxes reach from cx - w/2 to cx + w/2. Then

    IoU(A, B) = |A ∩ B| / |A ∪ B|,   |A ∪ B| = |A| + |B| - |A ∩ B|          (1)

is 1 for equal boxes and 0 for boxes apart. A box without area has an IoU of 0 with everything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def box_iou(boxes: ArrayLike, others: ArrayLike) -> np.ndarray:
    """Return the intersection over union of pairs of boxes.

    Parameters
    ----------
    boxes, others : array_like, (..., 4)
        (cx, cy, w, h); shapes that broadcast. Negative sides count as zero.

    Returns
    -------
    ndarray, (...), float64
        0 to 1; 0 where either box has no area.

    Raises
    ------
    ValueError
        If the last axis is not 4 or a number is not finite.

    Examples
    --------
    >>> float(box_iou([0.5, 0.5, 0.2, 0.2], [0.6, 0.5, 0.2, 0.2]).round(6))
    0.333333
    """
    a, b = _checked("boxes", boxes), _checked("others", others)
    low_a, high_a = corners(a)
    low_b, high_b = corners(b)
    common = np.clip(np.minimum(high_a, high_b) - np.maximum(low_a, low_b), 0, None)
    common = common.prod(axis=-1)
    area_a, area_b = (high_a - low_a).prod(axis=-1), (high_b - low_b).prod(axis=-1)
    union = area_a + area_b - common
    good = (area_a > 0) & (area_b > 0)
    return np.where(good, common / np.where(good, union, 1), 0.0)  # (1)


def corners(boxes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper left and the lower right corners of boxes, each (..., 2) as (x, y).

    Examples
    --------
    >>> [corner.round(2).tolist() for corner in corners([0.5, 0.4, 0.2, 0.2])]
    [[0.4, 0.3], [0.6, 0.5]]
    """
    boxes = np.asarray(boxes, dtype=np.float64)
    half = np.clip(boxes[..., 2:], 0, None) / 2
    return boxes[..., :2] - half, boxes[..., :2] + half


def clip_boxes(boxes: ArrayLike) -> np.ndarray:
    """Return the parts of boxes that lie inside the picture; outside it, boxes without area.

    Examples
    --------
    >>> clip_boxes([0.0, 0.5, 0.4, 0.2]).round(2).tolist()
    [0.1, 0.5, 0.2, 0.2]
    """
    low, high = (np.clip(corner, 0.0, 1.0) for corner in corners(boxes))
    return np.concatenate([(low + high) / 2, high - low], axis=-1)


def _checked(what: str, boxes: ArrayLike) -> np.ndarray:
    boxes = np.asarray(boxes, dtype=np.float64)
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(f"box_iou: {what}: expected (..., 4), got {boxes.shape}")
    if not np.isfinite(boxes).all():
        raise ValueError(f"box_iou: {what}: expected finite numbers, got NaN or infinity")
    return boxes
