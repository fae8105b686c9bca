"""The demo's clips: a glowing disc calls at three pads, and only the order tells classes apart.

The disc rests in the middle, glides out to a pad and back, three times. The six orders of the
three pads are the six classes. Every excursion begins and ends in the middle, so the six clips
of one *family* (same geometry, same speed at each pad) show the same frames, and the same
differences between neighbouring frames, in another order: whatever adds up or averages over
time sees no difference but the noise. Families differ in length (10 to 19 frames), tilt, size
and brightness; every clip has noise of its own.
"""

from __future__ import annotations

import os
from itertools import permutations
from pathlib import Path

import numpy as np

PADS = ("top", "left", "right")
CLASSES = tuple("-".join(order) for order in permutations(PADS))
FPS = 12

_ANGLES = np.deg2rad([90.0, 210.0, 330.0])
_PAD_COLORS = np.array([[230, 159, 0], [86, 180, 233], [0, 158, 115]]) / 255.0  # Okabe-Ito
_NIGHT, _DUSK, _DISC = (
    np.array(colour) / 255.0 for colour in ([16, 20, 36], [38, 46, 78], [255, 246, 214])
)


def render_family(
    rng: np.random.Generator, size: int = 64, noise: float = 0.03
) -> dict[str, np.ndarray]:
    """Render one clip of every class, alike in all but the order of motion and the noise.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the family's geometry and the noise of each clip.
    size : int
        Height and width in pixels.
    noise : float
        Standard deviation of the pixel noise; white is 1.

    Returns
    -------
    dict of str to ndarray of uint8, (T, size, size, 3)
        A clip for each name in ``CLASSES``, all of the same length, 10 to 19 frames.

    Examples
    --------
    >>> import numpy as np
    >>> family = render_family(np.random.default_rng(0), size=16, noise=0.0)
    >>> one, other = family["top-left-right"], family["right-left-top"]
    >>> bool((one == other).all()), bool((one.mean(0) - other.mean(0)).any())
    (False, False)
    """
    scene = _Scene(rng, size)
    rest = scene.draw(0, 0.0)
    excursions = [
        [scene.draw(pad, reach) for reach in np.sin(np.pi * np.arange(1, steps + 1) / steps)]
        for pad, steps in enumerate(rng.integers(3, 7, len(PADS)))
    ]
    clips = {}
    for name, order in zip(CLASSES, permutations(range(len(PADS))), strict=True):
        clip = np.stack([rest, *(frame for pad in order for frame in excursions[pad])])
        clip = clip + noise * rng.standard_normal(clip.shape)
        clips[name] = (255 * clip.clip(0, 1) + 0.5).astype(np.uint8)
    return clips


class _Scene:
    """The geometry that the clips of one family share."""

    def __init__(self, rng: np.random.Generator, size: int):
        axis = (np.arange(size) + 0.5) / size * 2 - 1
        self.x, self.y = axis[None, :], -axis[:, None]
        tilt, self.middle = rng.uniform(-0.12, 0.12), rng.uniform(-0.06, 0.06, 2)
        self.radius = rng.uniform(0.17, 0.21)
        self.light = rng.uniform(0.85, 1.0)
        reach = rng.uniform(0.56, 0.64)
        angles = _ANGLES + tilt
        self.pads = self.middle + reach * np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def draw(self, pad: int, reach: float) -> np.ndarray:
        """Return a frame (size, size, 3), 0 to 1, with the disc at `reach` of its way to a pad."""
        height = (self.y + 1)[..., None] / 2
        image = _NIGHT + (_DUSK - _NIGHT) * (1 - height) + 0.0 * self.x[..., None]
        for number, place in enumerate(self.pads):
            glow = max(0.0, 2.5 * reach - 1.5) if number == pad else 0.0
            image = self._pad(image, place, _PAD_COLORS[number], glow)
        disc = self.middle + reach * (self.pads[pad] - self.middle)
        away = self._distance(disc)
        halo = 0.35 * np.exp(-((away / (1.8 * self.radius)) ** 2))[..., None]
        image = image + halo * (_DISC - image)
        return self.light * _paint(image, _DISC, self._edge(self.radius - away))

    def _pad(self, image: np.ndarray, place: np.ndarray, colour: np.ndarray, glow: float):
        away = self._distance(place)
        ring = self._edge(0.05 - np.abs(away - 0.27))
        inside = (0.10 + 0.6 * glow) * self._edge(0.25 - away)
        return _paint(_paint(image, colour, inside), colour, (0.55 + 0.45 * glow) * ring)

    def _distance(self, place: np.ndarray) -> np.ndarray:
        return np.hypot(self.x - place[0], self.y - place[1])

    def _edge(self, depth: np.ndarray) -> np.ndarray:
        """Return how much of each pixel is covered: 0 to 1 over the width of one pixel."""
        return np.clip(depth * self.x.size / 2 + 0.5, 0, 1)


def _paint(image: np.ndarray, colour: np.ndarray, cover: np.ndarray) -> np.ndarray:
    return image + cover[..., None] * (colour - image)


def write_clips(
    folder: str | os.PathLike, families: int, seed: int, *, size: int = 64, ending: str = ".mp4"
) -> Path:
    """Render families of clips and write them as video files, one folder a class.

    Parameters
    ----------
    folder : path-like
        Gets a folder for each class, with one clip a family in it.
    families : int
        Number of clips of each class.
    seed : int
        The same seed renders the same clips.
    size : int
        Height and width in pixels.
    ending : str
        Of the files' names; says the format.

    Returns
    -------
    pathlib.Path
        `folder`.
    """
    from ..video import write_clip

    folder, rng = Path(folder), np.random.default_rng(seed)
    for name in CLASSES:
        (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(families):
        for name, clip in render_family(rng, size).items():
            write_clip(folder / name / f"{number:03d}{ending}", clip, fps=FPS, quality=24)
    return folder
