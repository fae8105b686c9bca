"""One picture that shows what each augmentation does: :func:`contact_sheet`."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from .base import Augmentation
from .mixup import mean_with
from .presets import all_augmentations
from .warp import like


def contact_sheet(
    frames: np.ndarray,
    augmentations: Sequence[Augmentation] | None = None,
    *,
    seed: int = 0,
    columns: int = 10,
    other: np.ndarray | None = None,
    path: str | os.PathLike | None = None,
):
    """Draw a clip, and under it what each augmentation makes of it.

    Parameters
    ----------
    frames : ndarray, (T, H, W) or (T, H, W, C), uint8 or float
        The clip.
    augmentations : sequence of Augmentation, optional
        What to show; by default one of each, strong enough to be seen.
    seed : int, default 0
        What the parameters are drawn with.
    columns : int, default 10
        Most frames a row; of a longer clip, the first so many of every second, third, ... frame.
        All rows show the same steps, so that what happens to time is seen.
    other : ndarray, optional
        A clip of the same shape, to show what :class:`MixUp` would make of both. By default, with
        no `augmentations` named, the mirror image of `frames`.
    path : path, optional
        Where to save the picture.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video.augment import RandomFlip, contact_sheet
    >>> sheet = contact_sheet(np.zeros((4, 8, 12), np.uint8), [RandomFlip()])
    >>> [label.get_text() for label in sheet.axes[0].get_yticklabels()]
    ['original\\n4 frames', 'RandomFlip\\n4 frames']
    """
    from ... import plot

    if augmentations is None and other is None:
        other = frames[:, :, ::-1]
    shown = all_augmentations() if augmentations is None else list(augmentations)
    clips = [("original", frames)]
    for number, augmentation in enumerate(shown):
        rng = np.random.default_rng([seed, number])
        clips.append((type(augmentation).__name__, augmentation(frames, rng)))
    if other is not None:
        both = np.stack([frames, other]).astype(np.float32)
        clips.append(("MixUp, 3:2", like(frames, mean_with(both, [1, 0], np.full(2, 0.6))[0])))
    longest = max(len(clip) for _, clip in clips)
    steps = range(0, longest, -(-longest // columns))
    height, width = frames.shape[1:3]
    gap = 1 + width // 16
    sheet = np.ones((len(clips) * (height + gap) - gap, len(steps) * (width + gap) - gap, 3))
    for row, (_, clip) in enumerate(clips):
        for column, step in enumerate(step for step in steps if step < len(clip)):
            top, left = row * (height + gap), column * (width + gap)
            sheet[top : top + height, left : left + width] = _rgb(clip[step])
    wide = 0.8 * len(steps)
    fig, ax = plot.figure(1.9 + wide, 0.5 + wide * sheet.shape[0] / sheet.shape[1])
    ax.imshow(sheet, aspect="equal")
    ax.spines[:].set_visible(False)
    ax.grid(False)
    ax.tick_params(length=0)
    names = [f"{name}\n{len(clip)} frames" for name, clip in clips]
    ax.set_yticks([row * (height + gap) + height / 2 for row in range(len(clips))], names)
    middles = [column * (width + gap) + width / 2 for column in range(len(steps))]
    ax.set_xticks(middles, [str(step + 1) for step in steps])
    ax.set_xlabel("frame")
    if path is not None:
        plot.save(fig, path)
    return fig


def _rgb(frame: np.ndarray) -> np.ndarray:
    """Return a frame as (H, W, 3) between 0 and 1."""
    frame = np.clip(frame / (255 if frame.dtype == np.uint8 else 1), 0, 1)
    return frame if frame.ndim == 3 else frame[:, :, None]
