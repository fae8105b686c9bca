"""Rendered clips of one moving shape, for trying things out: the classes are yours to define.

A class fixes any of three things, and every clip draws the rest anew: how the shape *moves*
(:data:`MOTIONS`), what *shape* it is (:data:`SHAPES`) and its *colour* (:data:`COLOURS`). Place,
size, speed, length, background and noise differ from clip to clip.

    {"left": {"motion": "left"}, "right": {"motion": "right"}}      told apart by motion alone
    {"disc": {"shape": "disc"}, "cross": {"shape": "cross"}}        by what stands in each frame
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

#: How the shape moves. Of "left" and "right", "clockwise" and "anticlockwise", "grow" and "shrink"
#: each is the other played backwards.
MOTIONS = (
    "left", "right", "up", "down", "clockwise", "anticlockwise", "shake", "nod", "grow", "shrink",
)  # fmt: skip
#: What it is.
SHAPES = ("disc", "square", "triangle", "ring", "cross")
#: Its colour: the Okabe-Ito palette, which colour-blind people can tell apart.
COLOURS = {
    "orange": (230, 159, 0),
    "blue": (86, 180, 233),
    "green": (0, 158, 115),
    "yellow": (240, 228, 66),
    "red": (213, 94, 0),
    "purple": (204, 121, 167),
}
_CHOICES = {"motion": MOTIONS, "shape": SHAPES, "colour": tuple(COLOURS)}


def motion_classes(*names: str) -> dict[str, dict]:
    """Return classes that are told apart by motion alone.

    Parameters
    ----------
    *names : str
        Of :data:`MOTIONS`; all of them by default.

    Returns
    -------
    dict of str to dict

    Examples
    --------
    >>> motion_classes("left", "right")
    {'left': {'motion': 'left'}, 'right': {'motion': 'right'}}
    """
    return {name: {"motion": name} for name in names or MOTIONS}


def render_shape(
    rng: np.random.Generator,
    *,
    motion: str | None = None,
    shape: str | None = None,
    colour: str | None = None,
    size: tuple[int, int] = (48, 64),
    frames: int | tuple[int, int] = (14, 20),
    noise: float = 0.03,
) -> np.ndarray:
    """Render one clip.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws everything that is not given.
    motion, shape, colour : str, optional
        Of :data:`MOTIONS`, :data:`SHAPES`, :data:`COLOURS`.
    size : (int, int), default (48, 64)
        Height and width in pixels.
    frames : int or (int, int), default (14, 20)
        Number of frames, or between which numbers it is drawn.
    noise : float, default 0.03
        Standard deviation of the pixel noise; white is 1.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Raises
    ------
    ValueError
        If a name is not known.

    Examples
    --------
    >>> import numpy as np
    >>> render_shape(np.random.default_rng(0), motion="left", frames=12).shape
    (12, 48, 64, 3)
    """
    given = {"motion": motion, "shape": shape, "colour": colour}
    for what, value in given.items():
        if value is not None and value not in _CHOICES[what]:
            known = ", ".join(_CHOICES[what])
            raise ValueError(f"render_shape: {what}: expected one of {known}, got {value!r}")
        drawn = _CHOICES[what][int(rng.integers(len(_CHOICES[what])))]
        given[what] = drawn if value is None else value
    low, high = (frames, frames) if isinstance(frames, int) else frames
    steps = int(rng.integers(low, high + 1))
    paint = np.array(COLOURS[given["colour"]]) / 255.0 * rng.uniform(0.85, 1.0)
    ground = _background(rng, size)  # (H, W, 3)
    places, radii = _path(given["motion"], steps, rng)  # (T, 2), (T,)
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    clip = np.empty((steps, *size, 3), np.uint8)
    for t in range(steps):
        dy, dx = y - places[t, 0] * size[0], x - places[t, 1] * size[1]
        cover = np.clip(0.5 - _outside(given["shape"], dy, dx, radii[t] * size[0]), 0, 1)
        frame = ground + cover[..., None] * (paint - ground)
        frame = frame + noise * rng.standard_normal(frame.shape)
        clip[t] = 255 * frame.clip(0, 1) + 0.5
    return clip


def write_shape_clips(
    folder: str | os.PathLike,
    classes: Mapping[str, Mapping[str, str]],
    clips: int,
    seed: int = 0,
    *,
    size: tuple[int, int] = (48, 64),
    frames: int | tuple[int, int] = (14, 20),
    ending: str = ".mp4",
) -> Path:
    """Render clips of each class and write them as video files, one folder a class.

    Parameters
    ----------
    folder : path-like
    classes : mapping of str to mapping
        What each class fixes: arguments of :func:`render_shape`.
    clips : int
        Of each class.
    seed : int, default 0
        The same seed renders the same clips.
    size, frames
        As :func:`render_shape` takes them.
    ending : str, default ".mp4"
        Of the files' names; says the format.

    Returns
    -------
    pathlib.Path
        `folder`.

    Examples
    --------
    >>> import tempfile
    >>> folder = write_shape_clips(tempfile.mkdtemp(), motion_classes("up", "down"), 2)
    >>> sorted(str(path.relative_to(folder)) for path in folder.rglob("*.mp4"))
    ['down/000.mp4', 'down/001.mp4', 'up/000.mp4', 'up/001.mp4']
    """
    from ..video import write_clip

    folder = Path(folder)
    for number, (name, fixed) in enumerate(classes.items()):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(clips):
            rng = np.random.default_rng([seed, number, index])
            clip = render_shape(rng, **fixed, size=size, frames=frames)
            write_clip(folder / name / f"{index:03d}{ending}", clip, fps=12, quality=24)
    return folder


def _background(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return a dark, smooth, coloured ground (H, W, 3) that stands still."""
    corners = rng.uniform(0.05, 0.35, (2, 2, 3))
    down, right = (np.linspace(0, 1, side) for side in size)
    rows = corners[0] + down[:, None, None] * (corners[1] - corners[0])  # (H, 2, 3)
    return rows[:, :1] + right[None, :, None] * (rows[:, 1:] - rows[:, :1])


def _path(motion: str, steps: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return where the middle of the shape is (T, 2), as shares of the height and the width,
    and its radius (T,), as a share of the height."""
    phase = np.linspace(0, 1, steps)
    place = np.tile(rng.uniform(0.4, 0.6, 2), (steps, 1))
    radius = np.full(steps, rng.uniform(0.11, 0.17))
    span = rng.uniform(0.25, 0.5)
    axis = 1 if motion in ("left", "right", "shake") else 0
    if motion in ("left", "right", "up", "down"):
        sign = 1 if motion in ("right", "down") else -1
        place[:, axis] += sign * span * (phase - 0.5)
    elif motion in ("clockwise", "anticlockwise"):
        turns = rng.uniform(0.7, 1.2) * (1 if motion == "clockwise" else -1)
        angle = 2 * np.pi * (rng.uniform() + turns * phase)
        place += 0.45 * span * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    elif motion in ("shake", "nod"):
        turns = rng.uniform(1.5, 2.5)
        place[:, axis] += 0.4 * span * np.sin(2 * np.pi * (rng.uniform() + turns * phase))
    else:
        factor = np.exp(rng.uniform(0.5, 0.9) * (phase - 0.5))
        radius = 1.2 * radius * (factor if motion == "grow" else 1 / factor)
    return place, radius


def _outside(shape: str, dy: np.ndarray, dx: np.ndarray, radius: float) -> np.ndarray:
    """Return how many pixels each point lies outside the shape (inside: below zero)."""
    high, wide = np.abs(dy), np.abs(dx)
    if shape == "disc":
        return np.hypot(dy, dx) - radius
    if shape == "ring":
        return np.abs(np.hypot(dy, dx) - 0.75 * radius) - 0.3 * radius
    if shape == "square":
        return np.maximum(high, wide) - 0.9 * radius
    if shape == "cross":
        bars = np.minimum(high, wide) - 0.3 * radius
        return np.maximum(bars, np.maximum(high, wide) - 1.1 * radius)
    sides = 0.87 * wide + 0.5 * -dy - 0.55 * radius  # a triangle that stands on its base
    return np.maximum(sides, dy - 0.6 * radius)
