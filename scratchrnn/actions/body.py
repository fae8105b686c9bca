"""A body from twelve joint angles: where every joint is, and how it looks as sticks.

The twelve channels of mocap6 are what is left of a full capture: the height of the pelvis, lower
back, neck, and on each side upper arm, elbow, knee and ankle, each less its mean over the
sequence. The means and the hips are not in them. So a natural stance takes the place of the means
(arms a little off the body, elbows and knees somewhat bent), each hip bends half as far as its
knee, which keeps the foot below the body as when squatting or marching, and the lower foot stands
on the ground. What the figure does is the data's; how it stands is ours.

Axes: x to the body's left, y upwards, z forwards. Lengths as shares of the body's height.
"""

from __future__ import annotations

import numpy as np

from ..recognition.sticks import Limb, draw_sticks

CHANNELS = (
    "root.ty", "lowerback.rx", "lowerback.ry", "upperneck.ry", "rhumerus.rz", "rradius.rx",
    "lhumerus.rz", "lradius.rx", "rtibia.rx", "rfoot.rx", "ltibia.rx", "lfoot.rx",
)  # fmt: skip
"""The channels, in the order in which they are expected; all but the first are degrees."""

JOINTS = (
    "pelvis", "neck", "head", "face",
    "right shoulder", "right elbow", "right hand", "left shoulder", "left elbow", "left hand",
    "right hip", "right knee", "right ankle", "right toe",
    "left hip", "left knee", "left ankle", "left toe",
)  # fmt: skip

_ARM, _ELBOW, _KNEE, _ANKLE = 35.0, 50.0, 36.0, 0.0  # the natural stance, degrees
_TRUNK, _UPPER, _FORE, _THIGH, _SHANK, _FOOT = 0.30, 0.16, 0.15, 0.24, 0.23, 0.08
_TWIST = 2.0  # the lower back is one of three joints that turn the shoulders


def body_joints(angles: np.ndarray) -> np.ndarray:
    """Return the joints of a body in space.

    Parameters
    ----------
    angles : ndarray, (T, 12)
        In the order of ``CHANNELS``.

    Returns
    -------
    ndarray, (T, 18, 3)
        In the order of ``JOINTS``; the ground is y = 0.

    Raises
    ------
    ValueError
        If the shape is another one or a number is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> joints = body_joints(np.zeros((1, 12)))
    >>> joints.shape, bool(joints[0, JOINTS.index("head"), 1] > 0.7)
    ((1, 18, 3), True)
    """
    angles = np.asarray(angles, dtype=np.float64)
    if angles.ndim != 2 or angles.shape[1] != len(CHANNELS) or not np.isfinite(angles).all():
        raise ValueError(f"body_joints: angles: expected finite (T, 12), got {angles.shape}")
    turns = np.deg2rad(angles)
    at = dict(zip(CHANNELS, turns.T, strict=True))
    joints = np.zeros((len(angles), len(JOINTS), 3))
    put = {name: joints[:, k] for k, name in enumerate(JOINTS)}  # views
    lean, twist = at["lowerback.rx"], _TWIST * at["lowerback.ry"]
    up = np.stack([0 * lean, np.cos(lean), np.sin(lean)], axis=-1)
    chest = np.stack([0 * lean, -np.sin(lean), np.cos(lean)], axis=-1)
    sideways = np.array([1.0, 0.0, 0.0])
    left = np.cos(twist)[:, None] * sideways - np.sin(twist)[:, None] * chest
    front = np.cos(twist)[:, None] * chest + np.sin(twist)[:, None] * sideways
    put["neck"][:] = _TRUNK * up
    put["head"][:] = put["neck"] + 0.11 * up
    look = twist + _TWIST * at["upperneck.ry"]
    put["face"][:] = put["head"] + 0.05 * np.stack([np.sin(look), 0 * look, np.cos(look)], axis=-1)
    for side, sign in (("right", -1), ("left", 1)):
        _put_arm(put, at, side, sign, up, left, front)
        _put_leg(put, at, side, sign)
    lowest = np.minimum(put["right toe"][:, 1], put["left toe"][:, 1])
    lowest = np.minimum(lowest, np.minimum(put["right ankle"][:, 1], put["left ankle"][:, 1]))
    joints[:, :, 1] -= lowest[:, None]
    return joints


def _put_arm(put: dict, at: dict, side: str, sign: int, up, left, front) -> None:
    """Upper arms are raised sideways; the channel of the left one counts the other way round."""
    raised = np.deg2rad(_ARM) - sign * at[f"{side[0]}humerus.rz"]
    bent = np.clip(np.deg2rad(_ELBOW) + at[f"{side[0]}radius.rx"], 0, 2.6)
    upper = sign * np.sin(raised)[:, None] * left - np.cos(raised)[:, None] * up
    fore = np.cos(bent)[:, None] * upper + np.sin(bent)[:, None] * front
    put[f"{side} shoulder"][:] = put["neck"] - 0.03 * up + sign * 0.1 * left
    put[f"{side} elbow"][:] = put[f"{side} shoulder"] + _UPPER * upper
    put[f"{side} hand"][:] = put[f"{side} elbow"] + _FORE * fore


def _put_leg(put: dict, at: dict, side: str, sign: int) -> None:
    knee = np.clip(np.deg2rad(_KNEE) + at[f"{side[0]}tibia.rx"], 0, 2.6)
    hip, ankle = knee / 2, np.deg2rad(_ANKLE) + at[f"{side[0]}foot.rx"]
    zero = 0 * knee

    def forwards(angle: np.ndarray) -> np.ndarray:
        """Straight down, turned forwards."""
        return np.stack([zero, -np.cos(angle), np.sin(angle)], axis=-1)

    put[f"{side} hip"][:] = [sign * 0.07, 0, 0]
    put[f"{side} knee"][:] = put[f"{side} hip"] + _THIGH * forwards(hip)
    put[f"{side} ankle"][:] = put[f"{side} knee"] + _SHANK * forwards(hip - knee)
    put[f"{side} toe"][:] = put[f"{side} ankle"] + _FOOT * forwards(np.pi / 2 - 0.3 * ankle)


def body_frames(
    angles: np.ndarray, size: tuple[int, int] = (160, 140), turn: float = 35.0
) -> np.ndarray:
    """Draw a body as a stick-figure clip.

    Parameters
    ----------
    angles : ndarray, (T, 12)
        In the order of ``CHANNELS``.
    size : (int, int)
        Height and width in pixels.
    turn : float
        From where it is seen, in degrees: 0 from the front, 90 from its left.

    Returns
    -------
    ndarray of uint8, (T, height, width)
        The body's right side is the darker one.

    Examples
    --------
    >>> import numpy as np
    >>> body_frames(np.zeros((2, 12)), (32, 24)).shape
    (2, 32, 24)
    """
    joints = body_joints(angles)
    way = np.deg2rad(turn)
    across = joints[..., 0] * np.cos(way) + joints[..., 2] * -np.sin(way)
    x = size[1] / size[0] / 2 + 0.9 * across
    y = 0.95 - 0.9 * joints[..., 1] + 0.12 * (joints[..., 2] * np.cos(way))
    pictures = draw_sticks(np.stack([x, y], axis=-1), _LIMBS, size, ground=0.07)
    return (255 * pictures.clip(0, 1) + 0.5).astype(np.uint8)


def _limbs() -> list[Limb]:
    number = {name: k for k, name in enumerate(JOINTS)}
    chains = {
        "hip": ("knee", 0.05), "knee": ("ankle", 0.04), "ankle": ("toe", 0.035),
        "shoulder": ("elbow", 0.035), "elbow": ("hand", 0.03),
    }  # fmt: skip
    sides = {}
    for side, light in (("right", 0.5), ("left", 1.0)):
        sides[side] = [
            Limb(number[f"{side} {start}"], number[f"{side} {end}"], width, light)
            for start, (end, width) in chains.items()
        ]
    trunk = [
        Limb(number["pelvis"], number["neck"], 0.06, 0.75),
        Limb(number["right shoulder"], number["left shoulder"], 0.04, 0.75),
        Limb(number["right hip"], number["left hip"], 0.05, 0.75),
        Limb(number["neck"], number["head"], 0.03, 0.75),
        Limb(number["head"], number["head"], 0.1, 0.75),
        Limb(number["face"], number["face"], 0.03, 1.0),
    ]
    return [*sides["right"], *trunk, *sides["left"]]


_LIMBS = _limbs()
