"""People who walk: everyone has a gait of their own, and every clip of them is another one.

A gait is a handful of numbers drawn once for each person: how often they step, how far the legs
swing and how the knees follow, how arms and trunk go along, where in the step each of it happens,
and, within narrow bounds, how long the limbs are. With the phase φ of the step (φ + π for the
other side), the angles of hip, knee, shoulder and elbow against the limb before them are

    hip      = A sin φ + A₂ sin(2φ + p₂)                                            (1)
    knee     = k₀ + K exp(cos(φ + p_k) - 1)^κ,   κ = 2                              (2)
    shoulder = -B sin(φ + p_b)                                                      (3)
    elbow    = e₀ + E (1 + sin(φ + p_e))/2                                          (4)

and the trunk leans and bobs twice a step. What differs between clips of one person is everything
a camera and a day change: where the step begins, the pace (by a few percent), size, place, tilt
and stretch of the picture, the ground, the noise.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .sticks import Limb, draw_sticks

STEPS = 40
FPS = 15
HEIGHT, WIDTH = 32, 24

# Joints: head, neck, pelvis; on each side knee, ankle, toe, elbow, hand. The far side first.
_HEAD, _NECK, _PELVIS = 0, 1, 2
_FAR, _NEAR = (3, 4, 5, 6, 7), (8, 9, 10, 11, 12)


class Gait(NamedTuple):
    """How somebody walks: the letters of equations (1) to (4), and more of that kind."""

    pace: float  # steps of both legs a frame
    hip: tuple[float, float, float]  # A, A₂, p₂
    knee: tuple[float, float, float]  # k₀, K, p_k
    shoulder: tuple[float, float]  # B, p_b
    elbow: tuple[float, float, float]  # e₀, E, p_e
    trunk: tuple[float, float, float]  # mean lean, how far it sways, when
    bob: tuple[float, float]  # how far the pelvis goes up and down, when
    uneven: float  # by how much one side swings farther than the other
    limbs: tuple[float, float, float, float, float]  # thigh, shank, trunk, upper arm, forearm


def draw_gait(rng: np.random.Generator) -> Gait:
    """Draw a person.

    Examples
    --------
    >>> import numpy as np
    >>> gait = draw_gait(np.random.default_rng(0))
    >>> 0.045 < gait.pace < 0.08
    True
    """
    u = rng.uniform
    return Gait(
        u(0.048, 0.078),
        (u(0.28, 0.55), u(-0.1, 0.1), u(-np.pi, np.pi)),
        (u(0.02, 0.2), u(0.5, 1.2), u(-0.6, 0.6)),
        (u(0.1, 0.75), u(-0.7, 0.7)),
        (u(0.1, 0.4), u(0.0, 0.7), u(-np.pi, np.pi)),
        (u(-0.03, 0.07), u(0.0, 0.08), u(-np.pi, np.pi)),
        (u(0.004, 0.022), u(-1.0, 1.0)),
        u(-0.18, 0.18),
        tuple(u(0.96, 1.04, 5) * [0.23, 0.22, 0.28, 0.15, 0.14]),
    )


def pose(gait: Gait, phase: np.ndarray) -> np.ndarray:
    """Return the joints of a walker at the phases of a step, equations (1) to (4).

    Parameters
    ----------
    gait : Gait
    phase : ndarray, (T,)
        Of the near side's step, in radians.

    Returns
    -------
    ndarray, (T, 13, 2)
        (x, y), y downwards, lengths as shares of the body's; the pelvis moves about (0, 0).

    Examples
    --------
    >>> import numpy as np
    >>> pose(draw_gait(np.random.default_rng(0)), np.linspace(0, 6, 5)).shape
    (5, 13, 2)
    """
    thigh, shank, trunk, upper, fore = gait.limbs
    joints = np.empty((len(phase), 13, 2))
    lean = gait.trunk[0] + gait.trunk[1] * np.sin(2 * phase + gait.trunk[2])
    joints[:, _PELVIS] = 0
    joints[:, _PELVIS, 1] = gait.bob[0] * np.cos(2 * phase + gait.bob[1])
    joints[:, _NECK] = joints[:, _PELVIS] + trunk * _up(-lean)
    joints[:, _HEAD] = joints[:, _NECK] + 0.1 * _up(-lean)
    for side, numbers, more in ((0, _NEAR, 1 + gait.uneven), (np.pi, _FAR, 1 - gait.uneven)):
        knee, ankle, toe, elbow, hand = numbers
        phi = phase + side
        swing, second, late = gait.hip
        hip = more * swing * np.sin(phi) + second * np.sin(2 * phi + late)  # (1)
        bend = gait.knee[0] + gait.knee[1] * np.exp(2 * (np.cos(phi + gait.knee[2]) - 1))  # (2)
        joints[:, knee] = joints[:, _PELVIS] - thigh * _up(hip)
        joints[:, ankle] = joints[:, knee] - shank * _up(hip - bend)
        joints[:, toe] = joints[:, ankle] + 0.07 * _up(np.pi / 2 + hip - bend)
        shoulder = -more * gait.shoulder[0] * np.sin(phi + gait.shoulder[1])  # (3)
        crook = gait.elbow[0] + gait.elbow[1] * (1 + np.sin(phi + gait.elbow[2])) / 2  # (4)
        joints[:, elbow] = joints[:, _NECK] - upper * _up(shoulder)
        joints[:, hand] = joints[:, elbow] - fore * _up(shoulder + crook)
    return joints


def _up(angle: np.ndarray) -> np.ndarray:
    """Return the direction upwards turned by an angle: minus it points down, turned forwards."""
    return np.stack([-np.sin(angle), -np.cos(angle)], axis=-1)


def _body(width: float) -> list[Limb]:
    """The limbs, far side first and darker, each `width` times as wide as usual."""
    limbs = []
    for (knee, ankle, toe, elbow, hand), light in ((_FAR, 0.6), (_NEAR, 1.0)):
        if light == 1.0:
            limbs.append(Limb(_PELVIS, _NECK, 0.13 * width, 0.85))
            limbs.append(Limb(_HEAD, _HEAD, 0.13 * width, 0.9))
        limbs.append(Limb(_PELVIS, knee, 0.085 * width, light))
        limbs.append(Limb(knee, ankle, 0.065 * width, light))
        limbs.append(Limb(ankle, toe, 0.05 * width, light))
        limbs.append(Limb(_NECK, elbow, 0.055 * width, light))
        limbs.append(Limb(elbow, hand, 0.05 * width, light))
    return limbs


def render_walk(
    gait: Gait,
    rng: np.random.Generator,
    *,
    steps: int = STEPS,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    noise: float = 0.05,
) -> np.ndarray:
    """Render one clip of a walker.

    Parameters
    ----------
    gait : Gait
    rng : numpy.random.Generator
        Draws what differs from clip to clip.
    steps : int
        T, frames.
    size : (int, int)
        Height and width in pixels; three to four shows the whole body.
    noise : float
        Standard deviation of the pixel noise; white is 1.

    Returns
    -------
    ndarray of uint8, (T, height, width)

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> render_walk(draw_gait(rng), rng, steps=5).shape
    (5, 32, 24)
    """
    height, width = size
    pace = gait.pace * (1 + 0.03 * rng.standard_normal())
    phase = rng.uniform(0, 2 * np.pi) + 2 * np.pi * pace * np.arange(steps)
    joints = pose(gait, phase)
    tilt, scale, stretch = rng.uniform([-0.09, 0.82, 0.93], [0.09, 0.98, 1.07])
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    joints = scale * (joints @ turn) * [stretch, 1.0]
    place = np.array([width / height / 2, 0.5]) + rng.uniform(-0.03, 0.03, 2)
    drift = rng.uniform(-0.001, 0.001, 2) * np.arange(steps)[:, None]
    joints += (place + drift)[:, None]
    ground = _ground(rng, size)
    light = rng.uniform(0.75, 1.0)
    limbs = [limb._replace(light=light * limb.light) for limb in _body(rng.uniform(0.85, 1.2))]
    picture = draw_sticks(joints, limbs, size, ground)
    picture += noise * rng.standard_normal(picture.shape, dtype=np.float32)
    return (255 * picture.clip(0, 1) + 0.5).astype(np.uint8)


def _ground(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Return a dim, smooth ground (height, width) that stands still."""
    coarse = rng.uniform(0.02, 0.3, (4, 3))
    rows = np.linspace(0, 3, size[0])[:, None] - np.arange(4)
    columns = np.linspace(0, 2, size[1])[:, None] - np.arange(3)
    rows, columns = (np.clip(1 - np.abs(w), 0, None) for w in (rows, columns))
    return rows @ coarse @ columns.T


class Walks(NamedTuple):
    """Clips of people walking."""

    frames: np.ndarray  # (N,T,height,width) uint8
    people: np.ndarray  # (N,) int: who walks


def render_walks(
    people: int,
    clips: int,
    seed: int,
    *,
    first: int = 0,
    steps: int = STEPS,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    noise: float = 0.05,
) -> Walks:
    """Render clips of people walking, each with a gait of their own.

    Parameters
    ----------
    people : int
        How many people.
    clips : int
        Of each.
    seed : int
        Person k of a seed is always the same person, whatever else is rendered.
    first : int
        Number of the first person: people from 0 to 99 and from 100 on are different people.
    steps, size, noise
        As for :func:`render_walk`.

    Returns
    -------
    Walks
        N = people · clips clips, those of one person side by side.

    Examples
    --------
    >>> walks = render_walks(2, 3, seed=0, steps=4, size=(16, 12))
    >>> walks.frames.shape, walks.people.tolist()
    ((6, 4, 16, 12), [0, 0, 0, 1, 1, 1])
    """
    for what, value in (("people", people), ("clips", clips), ("steps", steps)):
        if value < 1:
            raise ValueError(f"render_walks: {what}: expected at least 1, got {value}")
    numbers = first + np.arange(people)
    frames = np.empty((people * clips, steps, *size), np.uint8)
    for k, person in enumerate(numbers):
        gait = draw_gait(np.random.default_rng([seed, int(person), 0]))
        for j in range(clips):
            rng = np.random.default_rng([seed, int(person), 1 + j])
            frames[k * clips + j] = render_walk(
                gait, rng, steps=steps, size=size, noise=noise
            )
    return Walks(frames, np.repeat(numbers, clips))
