"""The eye: what one frame shows of the object, found by a small convolutional network.

The picture is seen as a grid of cells. For each cell the network says how likely the object's
centre is there (a logit), where it is from the cell's middle, and how large the object is: five
numbers, learned with :class:`scratchrnn.losses.BoxAndPresence` cell by cell. Since a convolution
learns the same thing for every place, some thousand frames are enough.

All cells together make one *sighting* of a frame. With s_k the sigmoid of cell k's logit and b_k
the box that it speaks of,

    w_k = s_k⁴ / (Σ s⁴ + ε),     box = Σ w_k b_k,     confidence = max s_k          (1)

The eye knows one frame at a time. Whatever remembers, or does not, comes after it and gets the
same five numbers a frame.
"""

from __future__ import annotations

import numpy as np

from .. import layers, losses, models, optimizers
from ..activations.stable import sigmoid
from ..video.resize import area_weights
from .scene import TrackingClips

SIZE = 32
"""Height and width of the pictures that the eye looks at."""

GRID = 8
_NEAR = 0.75  # cells: a centre so near to a cell's middle is that cell's to find
_SEEN = 0.3  # share of the object that has to show for the eye to be asked for it
_SCALE = 4.0  # box sides are learned as so many times their share of the picture
_EVERY = 3  # neighbouring frames are much alike: one in three is enough to learn from


def build_eye(seed: int = 0, updates: int = 1000) -> models.Sequential:
    """Return the network of the eye, compiled: pictures (N, 32, 32, 3) to cells (N, 8, 8, 5).

    Parameters
    ----------
    seed : int
        Of the first weights.
    updates : int
        After so many the learning rate has fallen to zero.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> build_eye().output_shape
    (None, 8, 8, 5)
    """
    seeds = [int(s) for s in np.random.SeedSequence(seed).generate_state(4)]
    same = {"padding": "same", "activation": "relu"}
    eye = models.Sequential(
        [
            layers.Input((SIZE, SIZE, 3)),
            layers.Conv2D(8, 5, strides=2, seed=seeds[0], **same),
            layers.Conv2D(16, 3, strides=2, seed=seeds[1], **same),
            layers.Conv2D(16, 3, seed=seeds[2], **same),
            layers.Conv2D(5, 1, seed=seeds[3]),
        ]
    )
    rate = optimizers.schedules.CosineDecay(5e-3, updates)
    loss = losses.BoxAndPresence(delta=0.3, box_weight=0.5)
    eye.compile(optimizers.Adam(rate, global_clipnorm=1.0), loss)
    return eye


def train_eye(clips: TrackingClips, *, epochs: int = 6, seed: int = 0) -> models.Sequential:
    """Return an eye that has learned to see the object, from every third frame of clips.

    Parameters
    ----------
    clips : TrackingClips
    epochs : int
    seed : int
        Of the first weights and of the order of frames.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> from scratchrnn.tracking import render_clips, sightings, train_eye
    >>> clips = render_clips(2, seed=0)
    >>> sightings(train_eye(clips, epochs=1), clips.frames).shape
    (2, 32, 5)
    """
    some = slice(None, None, _EVERY)
    x = as_pictures(clips.frames[:, some]).reshape(-1, SIZE, SIZE, 3)
    boxes = clips.boxes[:, some].reshape(-1, 4)
    y = cell_targets(boxes, clips.visible[:, some].reshape(-1) >= _SEEN)
    eye = build_eye(seed, updates=epochs * -(-len(x) // 32))
    eye.fit(x, y, batch_size=32, epochs=epochs, verbose=0, seed=seed)
    return eye


def as_pictures(frames: np.ndarray) -> np.ndarray:
    """Return frames as the eye takes them: 0 to 1, averaged down to 32 by 32.

    Parameters
    ----------
    frames : ndarray of uint8, (..., height, width, 3)

    Returns
    -------
    ndarray of float32, (..., 32, 32, 3)

    Examples
    --------
    >>> import numpy as np
    >>> as_pictures(np.full((4, 64, 96, 3), 255, np.uint8)).shape
    (4, 32, 32, 3)
    """
    frames = np.asarray(frames)
    if frames.ndim < 3 or frames.shape[-1] != 3 or frames.dtype != np.uint8:
        raise ValueError(
            f"tracking: frames: expected uint8 (…, height, width, 3), got {frames.dtype} "
            f"{frames.shape}"
        )
    pictures = frames.astype(np.float32) / 255
    if frames.shape[-3:-1] == (SIZE, SIZE):
        return pictures
    rows, columns = (area_weights(side, SIZE) for side in frames.shape[-3:-1])
    return np.einsum("ah,...hwc,bw->...abc", rows, pictures, columns, optimize=True)


def cell_targets(boxes: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return what each cell is to say of a picture's object.

    Parameters
    ----------
    boxes : ndarray, (M, 4)
    seen : ndarray of bool, (M,)
        Where there is something to see.

    Returns
    -------
    ndarray of float32, (M, 8, 8, 5)
        The centre from the cell's middle, in cells; the sides, four times their share; 1 where
        the centre is near the cell's middle.
    """
    middles = (np.arange(GRID) + 0.5) / GRID
    across = (boxes[:, :1] - middles) * GRID  # (M,8)
    down = (boxes[:, 1:2] - middles) * GRID
    targets = np.empty((len(boxes), GRID, GRID, 5), np.float32)
    targets[..., 0], targets[..., 1] = across[:, None, :], down[:, :, None]
    targets[..., 2:4] = _SCALE * boxes[:, None, None, 2:]
    near = (np.abs(across)[:, None, :] <= _NEAR) & (np.abs(down)[:, :, None] <= _NEAR)
    targets[..., 4] = near & seen[:, None, None]
    return targets


def sightings(eye: models.Sequential, frames: np.ndarray) -> np.ndarray:
    """Return what the eye makes of each frame: box and confidence, equation (1).

    Parameters
    ----------
    eye : Sequential
    frames : ndarray of uint8, (N, T, height, width, 3)

    Returns
    -------
    ndarray of float32, (N, T, 5)
        cx, cy, w, h and a confidence from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> sightings(build_eye(), np.zeros((1, 3, 64, 64, 3), np.uint8)).shape
    (1, 3, 5)
    """
    middles = ((np.arange(GRID) + 0.5) / GRID).astype(np.float32)
    seen = np.empty((*frames.shape[:2], 5), np.float32)
    for clip, out in zip(frames, seen, strict=True):
        cells = eye.predict(as_pictures(clip), batch_size=256, verbose=0)
        score = sigmoid(cells[..., 4])
        weight = score**4
        weight /= weight.sum(axis=(1, 2), keepdims=True) + np.float32(1e-6)
        cells[..., 0] = cells[..., 0] / GRID + middles[None, None, :]
        cells[..., 1] = cells[..., 1] / GRID + middles[None, :, None]
        cells[..., 2:4] /= _SCALE
        out[:, :4] = (weight[..., None] * cells[..., :4]).sum(axis=(1, 2))
        out[:, 4] = score.max(axis=(1, 2))
    return seen
