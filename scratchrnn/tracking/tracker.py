"""A tracker: an eye, what comes after it, and how well both do together."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..activations.stable import sigmoid
from ..models import Sequential, load_model
from .boxes import box_iou
from .eye import sightings
from .heads import encode
from .scene import TrackingClips

VISIBLE = 0.5
"""An object of which at least this share is to be seen counts as visible."""


class Track(NamedTuple):
    """Where a tracker believes the object to be."""

    boxes: np.ndarray  # (..., T, 4) float32: cx, cy, w, h
    presence: np.ndarray  # (..., T) float32: probability that it is in the picture at all


class Tracker:
    """Follow the object of the rendered scenes through a clip.

    Parameters
    ----------
    eye : Sequential
        From :func:`train_eye`.
    head : Sequential
        From :func:`train_head`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.tracking import build_head
    >>> from scratchrnn.tracking.eye import build_eye
    >>> tracker = Tracker(build_eye(), build_head(True))  # nothing learned yet
    >>> boxes, presence = tracker.track(np.zeros((5, 48, 64, 3), np.uint8))
    >>> boxes.shape, presence.shape
    ((5, 4), (5,))
    """

    def __init__(self, eye: Sequential, head: Sequential):
        self.eye, self.head = eye, head

    def track(self, frames: np.ndarray) -> Track:
        """Return box and presence for every frame, each from the frames up to it.

        Parameters
        ----------
        frames : ndarray of uint8, (T, height, width, 3)
            Any size; it is averaged down to the eye's.

        Returns
        -------
        Track
        """
        frames = np.asarray(frames)
        if frames.ndim != 4:
            raise ValueError(f"Tracker: frames: expected (T, height, width, 3), got {frames.shape}")
        return Track(*(part[0] for part in self.track_sightings(sightings(self.eye, frames[None]))))

    def track_sightings(self, seen: np.ndarray) -> Track:
        """Return box and presence from what the eye has made of the frames, (N, T, 5)."""
        told = self.head.predict(encode(seen), batch_size=128, verbose=0)
        return Track(told[..., :4], sigmoid(told[..., 4]))

    def save(self, folder: str | os.PathLike) -> Path:
        """Write ``eye.npz`` and ``head.npz`` into a folder, and return the folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.eye.save(folder / "eye.npz")
        self.head.save(folder / "head.npz")
        return folder

    @classmethod
    def load(cls, folder: str | os.PathLike) -> Tracker:
        """Read what `save` wrote.

        Parameters
        ----------
        folder : path-like

        Returns
        -------
        Tracker

        Raises
        ------
        ValueError
            If a file is missing or damaged; it is named.
        """
        return cls(load_model(Path(folder) / "eye.npz"), load_model(Path(folder) / "head.npz"))


def hold_last(seen: np.ndarray, sure: float = 0.5) -> Track:
    """Return the plain baseline: the eye's last sure sighting, kept until the next one.

    Parameters
    ----------
    seen : ndarray, (N, T, 5)
        Boxes and confidences.
    sure : float
        Least confidence.

    Returns
    -------
    Track
        Before the first sure sighting, whatever the eye says; present from that sighting on.

    Examples
    --------
    >>> import numpy as np
    >>> seen = np.array([[[0.2, 0.2, 0.1, 0.1, 0.9], [0.8, 0.8, 0.1, 0.1, 0.1]]])
    >>> hold_last(seen).boxes[0, :, 0].tolist()
    [0.2, 0.2]
    """
    certain = seen[..., 4] >= sure
    steps = np.where(certain, np.arange(seen.shape[1]), -1)
    last = np.maximum.accumulate(steps, axis=1)
    rows = np.where(last >= 0, last, np.arange(seen.shape[1]))
    boxes = np.take_along_axis(seen[..., :4], rows[..., None], axis=1)
    return Track(boxes, (last >= 0).astype(np.float32))


class TrackScores(NamedTuple):
    """How well a tracker does on clips with a known truth."""

    visible: float  # mean IoU where at least half of the object is to be seen
    hidden: float  # mean IoU where it is out of sight
    presence: float  # share of frames in which it is rightly said to be there or not
    by_age: np.ndarray  # (8,) mean IoU 1, 2 ... 8 frames after it went out of sight; NaN if none


def score_track(track: Track, clips: TrackingClips) -> TrackScores:
    """Compare tracks with the truth.

    Parameters
    ----------
    track : Track
        For all of the clips, (N, T, 4) and (N, T).
    clips : TrackingClips

    Returns
    -------
    TrackScores
        The box counts wherever the object is, whether the tracker believes it to be there or not.

    Raises
    ------
    ValueError
        If the track is not of these clips, or nothing is ever visible, or ever hidden.

    Examples
    --------
    >>> from scratchrnn.tracking import render_clips
    >>> clips = render_clips(3, seed=0, size=16)
    >>> scores = score_track(Track(clips.boxes, clips.present), clips)  # the truth itself
    >>> round(scores.hidden, 3), scores.presence
    (1.0, 1.0)
    """
    if track.boxes.shape != clips.boxes.shape:
        raise ValueError(
            f"score_track: track: expected boxes of shape {clips.boxes.shape}, "
            f"got {track.boxes.shape}"
        )
    iou = box_iou(track.boxes, clips.boxes)
    seen = clips.present & (clips.visible >= VISIBLE)
    if not seen.any() or not clips.hidden.any():
        raise ValueError("score_track: clips: expected an object visible here and hidden there")
    age = frames_out_of_sight(clips)
    by_age = [iou[age == k].mean() if (age == k).any() else np.nan for k in range(1, 9)]
    right = (track.presence > 0.5) == clips.present
    return TrackScores(
        float(iou[seen].mean()), float(iou[clips.hidden].mean()), float(right.mean()),
        np.array(by_age),
    )  # fmt: skip


def frames_out_of_sight(clips: TrackingClips) -> np.ndarray:
    """Return how many frames in a row the object has been hidden by now, 0 where it is not.

    Only what was to be seen before counts: an object hidden from the first frame on has no age.

    Returns
    -------
    ndarray of int, (N, T)

    Examples
    --------
    >>> import numpy as np
    >>> seen = np.array([[1.0, 0.4, 0.0, 0.0, 1.0]])
    >>> frames_out_of_sight(TrackingClips(None, None, seen >= 0, seen)).tolist()
    [[0, 0, 1, 2, 0]]
    """
    age = np.zeros(clips.present.shape, int)
    hidden, known = clips.hidden, np.zeros(len(age), bool)
    for t in range(age.shape[1]):
        before = age[:, t - 1] if t else 0
        age[:, t] = np.where(hidden[:, t] & known, before + 1, 0)
        known |= clips.present[:, t] & (clips.visible[:, t] >= VISIBLE)
    return age
