"""Rendered clips with one object to follow, and the truth about it in every frame.

The object is an orange ellipse with a pale core. It crosses the picture in a straight line and
comes back from its edges, or enters late, or leaves, or never comes. Around it move distractors
that share its colour (without the core) or its core (in another colour); on the ground lies
clutter; and in front of everything stand one or two pillars. One of them stands where the object
will pass, and is just so wide that the object is out of sight for four to seven frames.

A frame in which the object is hidden shows nothing of where it is: only the frames before do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .boxes import clip_boxes

STEPS = 32
HIDDEN = 0.1
"""An object of which less than this share is to be seen counts as hidden."""

ORANGE, PALE = (0.90, 0.62, 0.0), (1.0, 0.96, 0.84)
_OTHERS = ((0.34, 0.71, 0.91), (0.0, 0.62, 0.45), (0.80, 0.47, 0.65))


class TrackingClips(NamedTuple):
    """Clips with the truth about their object."""

    frames: np.ndarray  # (N,T,size,size,3) uint8
    boxes: np.ndarray  # (N,T,4) float32: cx, cy, w, h; zeros where absent
    present: np.ndarray  # (N,T) bool: its centre is inside the picture, hidden or not
    visible: np.ndarray  # (N,T) float32: share of its pixels that nothing covers, 0 where absent

    @property
    def hidden(self) -> np.ndarray:
        """Where the object is present and out of sight, (N, T)."""
        return self.present & (self.visible < HIDDEN)

    @property
    def targets(self) -> np.ndarray:
        """Box and presence as one array, (N, T, 5) float32: what a network is to learn."""
        return np.concatenate([self.boxes, self.present[..., None]], axis=-1, dtype=np.float32)


def render_clips(
    number: int, seed: int, *, size: int = 32, steps: int = STEPS, noise: float = 0.03
) -> TrackingClips:
    """Render clips of a moving object with occlusion, clutter and distractors.

    Parameters
    ----------
    number : int
        N, how many clips.
    seed : int
        Clip k of a seed shows the same scene at every `size`, however many clips there are.
    size : int
        Height and width in pixels.
    steps : int
        T, frames a clip; at least 24, so that there is a before and an after.
    noise : float
        Standard deviation of the pixel noise; white is 1.

    Returns
    -------
    TrackingClips

    Raises
    ------
    ValueError
        If a count is too small.

    Examples
    --------
    >>> clips = render_clips(3, seed=0, size=16)
    >>> clips.frames.shape, clips.boxes.shape, bool(clips.hidden.any())
    ((3, 32, 16, 16, 3), (3, 32, 4), True)
    """
    for what, value, least in (("number", number, 1), ("size", size, 8), ("steps", steps, 24)):
        if value < least:
            raise ValueError(f"render_clips: {what}: expected at least {least}, got {value}")
    parts = []
    for k in range(number):
        rng = np.random.default_rng([seed, k])
        scene = _Scene(rng, steps)
        picture, visible = scene.draw(size)
        picture += noise * rng.standard_normal(picture.shape, dtype=np.float32)
        frames = (255 * picture.clip(0, 1) + 0.5).astype(np.uint8)
        parts.append((frames, scene.boxes, scene.present, visible))
    return TrackingClips(*(np.stack(part) for part in zip(*parts, strict=True)))


class _Scene:
    """Where everything in one clip is: drawn at any size, it is the same scene."""

    def __init__(self, rng: np.random.Generator, steps: int):
        self.rng, self.steps = rng, steps
        self.sky = rng.uniform(0.08, 0.4, (2, 3))
        self.clutter = [self._still() for _ in range(rng.integers(3, 7))]
        self.movers = [self._distractor() for _ in range(rng.integers(2, 4))]
        self.half = rng.uniform(0.1, 0.135, 2)  # half the object's width and height
        self.shade = rng.uniform(0.85, 1.0)
        self._lay_path()
        self._place_pillars()

    def _still(self) -> tuple:
        rng = self.rng
        return rng.uniform(0, 1, 2), rng.uniform(0.04, 0.14, 2), rng.uniform(0.1, 0.6, 3)

    def _distractor(self) -> tuple:
        """Its path (T, 2), half its sides, the colours of body and core."""
        rng = self.rng
        t = np.arange(self.steps)[:, None]
        angle, speed = rng.uniform(0, 2 * np.pi), rng.uniform(0.01, 0.035)
        path = fold(rng.uniform(0, 1, 2) + t * speed * np.array([np.cos(angle), np.sin(angle)]))
        coloured = rng.random() < 0.5
        body = np.array(ORANGE if coloured else _OTHERS[rng.integers(len(_OTHERS))])
        core = body if coloured else np.array(PALE)
        return path, rng.uniform(0.08, 0.13, 2), body, core

    def _lay_path(self) -> None:
        """A straight line through a point well inside, at the step in the middle of hiding."""
        rng = self.rng
        t = np.arange(self.steps)
        self.middle = int(rng.integers(self.steps * 2 // 5, self.steps * 2 // 3))
        major = rng.integers(2)
        self.place = rng.uniform(0.18, 0.82, 2)
        self.place[major] = rng.uniform(0.3, 0.7)
        self.velocity = np.empty(2)
        self.velocity[major] = rng.uniform(0.02, 0.03) * rng.choice([-1, 1])
        self.velocity[1 - major] = rng.uniform(-0.8, 0.8) * abs(self.velocity[major])
        straight = self.place + (t - self.middle)[:, None] * self.velocity
        path = fold(straight)
        kind = rng.random()
        if kind < 0.3:  # enters: before the middle it does not turn at the edges
            path[: self.middle] = straight[: self.middle]
        elif kind < 0.6:  # leaves
            path[self.middle :] = straight[self.middle :]
        self.path = path
        self.present = ((path > 0) & (path < 1)).all(axis=1) & (kind < 0.92)
        boxes = clip_boxes(np.concatenate([path, np.tile(2 * self.half, (self.steps, 1))], axis=1))
        self.boxes = np.where(self.present[:, None], boxes, 0).astype(np.float32)

    def _place_pillars(self) -> None:
        """One in the object's way, and mostly another one: (axis, from, to, colour)."""
        rng = self.rng
        axis = int(np.argmax(np.abs(self.velocity)))
        out_of_sight = rng.integers(4, 8)
        half = self.half[axis] + out_of_sight * abs(self.velocity[axis]) / 2
        centre = self.place[axis]
        self.pillars = [(axis, centre - half, centre + half, self._grey())]
        if rng.random() < 0.5:
            start, width = rng.uniform(-0.05, 0.9), rng.uniform(0.1, 0.2)  # hides it in part
            other = int(rng.integers(2))
            self.pillars.append((other, start, start + width, self._grey()))

    def _grey(self) -> np.ndarray:
        return self.rng.uniform(0.25, 0.7) + self.rng.uniform(-0.12, 0.12, 3)

    def draw(self, size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the pictures (T, size, size, 3) and how much of the object shows, (T,)."""
        axis = ((np.arange(size) + 0.5) / size).astype(np.float32)
        x, y = axis[None, None, :], axis[None, :, None]
        slope = y[..., None]
        still = self.sky[0] * (1 - slope) + self.sky[1] * slope + 0 * x[..., None]
        for place, half, colour in self.clutter:
            still = _paint(still, colour, _ellipse(x, y, place[None], half))
        picture = np.repeat(still.astype(np.float32), self.steps, axis=0)
        for path, half, body, core in self.movers[1:]:
            picture = _ball(picture, x, y, path, half, body, core)
        drawn = self.present.any()
        if drawn:
            body, core = self.shade * np.array(ORANGE), self.shade * np.array(PALE)
            picture = _ball(picture, x, y, self.path, self.half, body, core)
        path, half, body, core = self.movers[0]  # this one passes in front of the object
        picture = _ball(picture, x, y, path, half, body, core)
        cover = _ellipse(x, y, path, half)
        for place, low, high, colour in self.pillars:
            along = y if place else x
            pillar = np.clip(np.minimum(along - low, high - along) * size + 0.5, 0, 1)
            pillar = pillar + 0 * x + 0 * y
            picture = _paint(picture, colour, pillar)
            cover = 1 - (1 - cover) * (1 - pillar)
        own = _ellipse(x, y, self.path, self.half)
        whole = own.sum(axis=(1, 2))
        seen = (own * (1 - cover)).sum(axis=(1, 2)) / np.maximum(whole, 1e-6)
        return picture, np.where(self.present, seen, 0).astype(np.float32)


def fold(place: np.ndarray, margin: float = 0.08) -> np.ndarray:
    """Return places on a line without end as places of a ball between two walls.

    Examples
    --------
    >>> import numpy as np
    >>> fold(np.array([0.5, 0.95, 1.1]), margin=0.1).round(2).tolist()
    [0.5, 0.85, 0.7]
    """
    room = 1 - 2 * margin
    away = np.mod(place - margin, 2 * room)
    return margin + np.minimum(away, 2 * room - away)


def _ball(picture, x, y, path, half, body, core) -> np.ndarray:
    picture = _paint(picture, body, _ellipse(x, y, path, half))
    return _paint(picture, core, _ellipse(x, y, path, half / 2))


def _ellipse(x: np.ndarray, y: np.ndarray, path: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Return how much of each pixel an ellipse covers, (T, size, size)."""
    path, half = path.astype(np.float32), half.astype(np.float32)
    across = (x - path[:, 0, None, None]) / half[0]
    down = (y - path[:, 1, None, None]) / half[1]
    depth = (1 - np.sqrt(across**2 + down**2)) * half.min()
    return np.clip(depth * x.shape[-1] + 0.5, 0, 1)


def _paint(picture: np.ndarray, colour: np.ndarray, cover: np.ndarray) -> np.ndarray:
    return picture + cover[..., None] * (np.asarray(colour, np.float32) - picture)
