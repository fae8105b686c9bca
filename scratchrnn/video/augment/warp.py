"""The two operations on clips: an affine warp of all frames, and the clip at other moments."""

from __future__ import annotations

import numpy as np


def warp(frames: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Move the pixels of every frame by the same affine map.

    Parameters
    ----------
    frames : ndarray, (T, H, W) or (T, H, W, C), uint8 or float
        The clip.
    matrix : ndarray, (3, 3) or (2, 3)
        Sends a point (y, x, 1) of the result, in pixels from the middle of the frame, to the point
        of the clip that it shows. Beyond the border the border's pixels are repeated.

    Returns
    -------
    ndarray, of the shape and dtype of `frames`
        uint8 is rounded to nearest.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video.augment import warp
    >>> clip = np.array([[[10, 20, 30]]], dtype=np.uint8)
    >>> warp(clip, np.array([[1, 0, 0], [0, 1, 0.5]]))  # half a pixel to the left
    array([[[15, 25, 30]]], dtype=uint8)
    """
    steps, height, width = frames.shape[:3]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    points = np.stack([y.ravel() - middle[0], x.ravel() - middle[1], np.ones(y.size)])
    rows, columns = np.asarray(matrix, dtype=np.float64)[:2] @ points + middle[:, None]
    top, down = _cells(rows, height)
    left, right = _cells(columns, width)
    kind = np.float64 if frames.dtype == np.float64 else np.float32
    flat = frames.reshape(steps, height * width, -1).swapaxes(0, 1)
    pixels = flat.astype(kind, order="C").reshape(height * width, -1)  # (HW, TC): rows are moved
    total, part = np.zeros_like(pixels), np.empty_like(pixels)
    for row, down_share in ((top, 1 - down), (np.minimum(top + 1, height - 1), down)):
        for column, share in ((left, 1 - right), (np.minimum(left + 1, width - 1), right)):
            np.take(pixels, row * width + column, axis=0, out=part, mode="clip")
            part *= (down_share * share).astype(kind)[:, None]
            total += part
    total = blended(frames.dtype, total).reshape(height * width, steps, -1).swapaxes(0, 1)
    return np.ascontiguousarray(total).reshape(frames.shape)


def _cells(positions: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixel at or before each position, and how far the position is past it."""
    positions = np.clip(positions, 0, size - 1)
    before = np.floor(positions)
    return before.astype(np.intp), positions - before


def at_times(frames: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return the clip at fractional frame numbers, blending the frames on either side.

    Parameters
    ----------
    frames : ndarray, (T, ...)
    times : ndarray, (S,) float
        Between 0 and T - 1.

    Returns
    -------
    ndarray, (S, ...), of the dtype of `frames`
    """
    before = np.floor(times).astype(np.intp)
    share = times - before
    if not share.any():
        return frames[before]
    kind = np.float64 if frames.dtype == np.float64 else np.float32
    pixels = frames.reshape(len(frames), -1).astype(kind, copy=False)
    share = share.astype(kind)[:, None]
    means = pixels[before]
    means += share * (pixels[np.minimum(before + 1, len(frames) - 1)] - means)
    return blended(frames.dtype, means).reshape(-1, *frames.shape[1:])


def blended(kind: np.dtype, means: np.ndarray) -> np.ndarray:
    """Return weighted means of pixels in their dtype; means of uint8 need rounding alone."""
    return (means + 0.5).astype(np.uint8) if kind == np.uint8 else means.astype(kind, copy=False)


def like(frames: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return `values` in the dtype of `frames`; uint8 is rounded and kept between 0 and 255."""
    if frames.dtype == np.uint8:
        return np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return values.astype(frames.dtype, copy=False)
