"""Explaining on frames: a whole video pipeline, frames -> features -> network, as one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

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
