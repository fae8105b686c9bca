"""The walkers' demo from end to end: render, learn, verify and identify, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..demo.folder import fresh_folder
from ..video import write_clip, write_gif
from .gait import FPS, Walks, render_walks
from .page import moving_picture, write_page
from .training import NAMES, RecognitionScores, train_recognition

LARGE = (96, 72)
"""Height and width of the clips that are written and shown; networks see 16 by 12 cells."""


class WalkersResult(NamedTuple):
    """What a walkers' demo left behind."""

    folder: Path
    report: Path
    model: Path
    animation: Path
    scores: dict[str, RecognitionScores]


def run_walkers(
    folder: str | os.PathLike,
    *,
    seed: int = 0,
    people: int = 100,
    unseen: int = 30,
    clips: int = 12,
    epochs: int = 20,
    units: int = 64,
    say: Callable[[str], None] = print,
) -> WalkersResult:
    """Learn to tell walkers apart, try it on people never seen, and leave a page about it.

    Parameters
    ----------
    folder : path-like
        Gets ``report.html``, ``walkers.gif``, ``model.npz`` (the network trained by
        classification) and ``clips/`` (two clips each of four unseen people, as video files).
    seed : int
        Decides people, clips, first weights and order of training.
    people, unseen : int
        To train on, and others to try; at least four of those.
    clips : int
        Of each person.
    epochs : int
        Of the recurrent network.
    units : int
        H of the GRU.
    say : callable
        Called with each line of progress.

    Returns
    -------
    WalkersResult

    Raises
    ------
    ValueError
        If the folder holds clips that no demo wrote.
    """
    began = time.monotonic()
    folder = Path(folder)
    clips_folder = fresh_folder(folder / "clips")
    learned = train_recognition(
        people, clips=clips, unseen=unseen, epochs=epochs, units=units, seed=seed, say=say
    )
    say("writing clips, animation and report")
    shown = render_walks(4, 2, seed, first=people, size=LARGE, noise=0.02)
    write_walks(clips_folder, shown)
    result = WalkersResult(
        folder, folder / "report.html", folder / "model.npz", folder / "walkers.gif",
        learned.scores,
    )  # fmt: skip
    learned.embedders[NAMES["classification"]].save(result.model)
    write_gif(result.animation, moving_picture(learned, shown), fps=FPS / 2)
    write_page(result, learned, shown, seed, time.monotonic() - began)
    return result


def write_walks(folder: str | os.PathLike, walks: Walks) -> list[Path]:
    """Write clips as video files, one folder a person: ``person-100/0.mp4`` and so on.

    Parameters
    ----------
    folder : path-like
    walks : Walks

    Returns
    -------
    list of pathlib.Path
        The video files.

    Examples
    --------
    >>> import tempfile
    >>> paths = write_walks(tempfile.mkdtemp(), render_walks(1, 2, seed=0, steps=3))
    >>> [f"{path.parent.name}/{path.name}" for path in paths]
    ['person-000/0.mp4', 'person-000/1.mp4']
    """
    paths, counts = [], {}
    for frames, person in zip(walks.frames, walks.people.tolist(), strict=True):
        own = Path(folder) / f"person-{person:03d}"
        own.mkdir(parents=True, exist_ok=True)
        number = counts[person] = counts.get(person, -1) + 1
        paths.append(own / f"{number}.mp4")
        write_clip(paths[-1], frames, fps=FPS)
    return paths
