"""Explaining on frames: a whole video pipeline, frames -> features -> network, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..video.resize import area_weights
from .asking import answer


def on_frames(features: Callable, network: Any) -> Callable[[np.ndarray], np.ndarray]:
    """Return a pipeline as a function of frames, for all explainers that only ask.

    Parameters
    ----------
    features : FrameFeatures or callable
        Frames (T, H, W) or (T, H, W, C) to features (T, …).
    network : Sequential or callable
        Features (N, T, …) to outputs (N, K).

    Returns
    -------
    callable
        Frames (N, T, H, W[, C]) to outputs (N, K).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import occlusion, on_frames, tubes
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> from scratchrnn.video import FrameFeatures
    >>> features = FrameFeatures((2, 2))
    >>> network = Sequential([Input((None, 8)), GRU(3, seed=0), Dense(2, seed=1)])
    >>> clip = np.random.default_rng(0).integers(0, 255, (6, 16, 16, 3), dtype=np.uint8)
    >>> result = occlusion(on_frames(features, network), clip, tubes(clip, (3, 8, 8)))
    >>> result.values.shape
    (8,)
    """

    def pipeline(clips: np.ndarray) -> np.ndarray:
        x = np.stack([features(clip) for clip in clips])
        return answer("on_frames", network, x, None)

    return pipeline


def as_pictures(features: Any, values: np.ndarray) -> np.ndarray:
    """Lay numbers that belong to the features of a clip out where the features were seen.

    Parameters
    ----------
    features : FrameFeatures
        Of anything else no more is known than the step.
    values : ndarray, (T, D) or (T, h, w, channels)
        Such as an attribution; what belongs to one place is added up.

    Returns
    -------
    ndarray, (T, h, w), or (T, 1, 1)
        The sum of each step is that of the values.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain.frames import as_pictures
    >>> from scratchrnn.video import FrameFeatures
    >>> features = FrameFeatures((4, 6), appearance=(2, 3))
    >>> as_pictures(features, np.ones((5, features.feature_count))).shape
    (5, 4, 6)
    """
    T, size = len(values), getattr(features, "size", None)
    if size is None:
        return values.reshape(T, -1).sum(axis=1).reshape(T, 1, 1)
    if values.ndim == 4:
        return values.sum(axis=3)
    shown = getattr(features, "appearance", None)
    coarse = 3 * int(np.prod(shown)) if shown is not None else 0
    fine = values[:, : values.shape[1] - coarse].reshape(T, *size, -1).sum(axis=3)
    if not coarse:
        return fine
    rows, columns = (area_weights(n, m) for n, m in zip(size, shown, strict=True))
    cells = values[:, -coarse:].reshape(T, *shown, 3).sum(axis=3)
    return fine + np.einsum("ah,tab,bw->thw", rows, cells, columns)
