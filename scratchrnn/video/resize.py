"""Area-weighted resizing in NumPy, for frames that no video scaler has scaled."""

from __future__ import annotations

from functools import lru_cache

import numpy as np


@lru_cache(maxsize=64)
def area_weights(n_in: int, n_out: int) -> np.ndarray:
    """Return the (n_out, n_in) float32 matrix that averages `n_in` samples into `n_out`.

    Row i holds the share of every input cell in output cell i, when both lines of cells are laid
    over the same length; rows add up to 1, so a constant stays what it is.

    Parameters
    ----------
    n_in, n_out : int
        Number of samples before and after.

    Returns
    -------
    ndarray, (n_out, n_in) float32, read-only

    Examples
    --------
    >>> from scratchrnn.video.resize import area_weights
    >>> area_weights(4, 2)
    array([[0.5, 0.5, 0. , 0. ],
           [0. , 0. , 0.5, 0.5]], dtype=float32)
    """
    low = np.arange(n_out)[:, None] * (n_in / n_out)
    high = low + n_in / n_out
    cells = np.arange(n_in)[None, :]
    overlap = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0.0, None)
    weights = (overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.setflags(write=False)
    return weights


def resize_area(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Resize one frame by averaging areas.

    Parameters
    ----------
    frame : ndarray, (H, W) or (H, W, C), uint8 or float
        The frame.
    size : (int, int)
        Height and width of the result.

    Returns
    -------
    ndarray, (h, w) or (h, w, C), of the dtype of `frame`
        uint8 is rounded to nearest.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video.resize import resize_area
    >>> resize_area(np.array([[0, 100], [50, 250]], dtype=np.uint8), (1, 1))
    array([[100]], dtype=uint8)
    """
    rows = area_weights(frame.shape[0], size[0])
    columns = area_weights(frame.shape[1], size[1])
    # Rows first, as a matrix product over the flattened rest; then the columns of what is left.
    tall = rows @ frame.reshape(frame.shape[0], -1).astype(np.float32)
    tall = tall.reshape(size[0], *frame.shape[1:])
    wide = columns @ tall if tall.ndim == 3 else tall @ columns.T
    if frame.dtype == np.uint8:
        return np.clip(np.rint(wide), 0, 255).astype(np.uint8)
    return wide.astype(frame.dtype)
