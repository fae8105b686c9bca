"""The tracking demo from end to end: render, train, test, write clips and truth, report."""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..demo.folder import fresh_folder
from ..files import replacing
from ..video import write_clip, write_gif
from .page import moving_picture, write_page
from .scene import TrackingClips, render_clips
from .tracker import TrackScores
from .training import RECURRENT, train_trackers

SIZE = 128
"""Height and width of the clips that are written; the eye looks at them reduced to 32."""

FPS = 12


class TrackingResult(NamedTuple):
    """What a tracking demo left behind."""

    folder: Path
    report: Path
    model: Path
    animation: Path
    scores: dict[str, TrackScores]
    gap: float


def run_tracking(
    folder: str | os.PathLike,
    *,
    seed: int = 0,
    clips: int = 500,
    epochs: int = 20,
    units: int = 96,
    say: Callable[[str], None] = print,
) -> TrackingResult:
    """Train a tracker that remembers beside one that does not, and leave a page about them.

    Parameters
    ----------
    folder : path-like
        Gets ``report.html``, ``tracking.gif``, ``tracker/`` (the recurrent tracker) and
        ``clips/`` (six test clips as video files, the truth about each as CSV beside it).
    seed : int
        Decides clips, first weights and order of training.
    clips : int
        To train on.
    epochs : int
        Of each network after the eye.
    units : int
        H of the GRU.
    say : callable
        Called with each line of progress.

    Returns
    -------
    TrackingResult

    Raises
    ------
    ValueError
        If the folder holds clips that no demo wrote.
    """
    began = time.monotonic()
    folder = Path(folder)
    clips_folder = fresh_folder(folder / "clips")
    trained = train_trackers(clips, epochs=epochs, units=units, seed=seed, say=say)
    say(f"gap while out of sight: {trained.gap:.3f}")
    say("writing clips, animation and report")
    large = render_clips(6, seed + 1_000_003, size=SIZE, noise=0.01)
    write_clips(clips_folder, large)
    result = TrackingResult(
        folder, folder / "report.html", trained.trackers[RECURRENT].save(folder / "tracker"),
        folder / "tracking.gif", trained.scores, trained.gap,
    )  # fmt: skip
    write_gif(result.animation, moving_picture(trained, large), fps=FPS / 2)
    write_page(result, trained, large, seed, time.monotonic() - began)
    return result


def write_clips(folder: str | os.PathLike, clips: TrackingClips) -> list[Path]:
    """Write clips as video files, and the truth about each frame beside them.

    Parameters
    ----------
    folder : path-like
        Gets ``000.mp4``, ``000.csv`` (frame, present, visible, cx, cy, w, h) and so on.
    clips : TrackingClips

    Returns
    -------
    list of pathlib.Path
        The video files.

    Examples
    --------
    >>> import tempfile
    >>> [path.name for path in write_clips(tempfile.mkdtemp(), render_clips(2, 0, size=16))]
    ['000.mp4', '001.mp4']
    """
    folder, paths = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for k, frames in enumerate(clips.frames):
        paths.append(folder / f"{k:03d}.mp4")
        write_clip(paths[-1], frames, fps=FPS)
        table = [["frame", "present", "visible", "cx", "cy", "w", "h"]]
        for t, box in enumerate(clips.boxes[k]):
            numbers = [f"{value:.5f}" for value in (clips.visible[k, t], *box)]
            table.append([str(t), str(int(clips.present[k, t])), *numbers])
        with replacing(folder / f"{k:03d}.csv") as file:
            file.write("".join(",".join(row) + "\n" for row in table).encode("ascii"))
    return paths


def read_truth(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Read the truth about a clip that `write_clips` wrote.

    Parameters
    ----------
    path : path-like
        A ``.csv``.

    Returns
    -------
    dict of str to ndarray
        ``boxes`` (T, 4), ``present`` (T,) bool and ``visible`` (T,).

    Examples
    --------
    >>> import tempfile
    >>> clip, = write_clips(tempfile.mkdtemp(), render_clips(1, seed=0, size=16))
    >>> read_truth(clip.with_suffix(".csv"))["boxes"].shape
    (32, 4)
    """
    with open(path, encoding="ascii", newline="") as file:
        rows = list(csv.DictReader(file))
    try:
        table = np.array([[float(row[n]) for n in ("cx", "cy", "w", "h")] for row in rows])
        present = np.array([row["present"] == "1" for row in rows])
        visible = np.array([float(row["visible"]) for row in rows])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"read_truth: {path}: is no table of boxes ({error})") from error
    return {"boxes": table.reshape(-1, 4), "present": present, "visible": visible}
