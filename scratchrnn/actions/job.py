"""The actions' demo from end to end: read, train, name every frame, draw, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import plot
from ..video import write_gif
from .body import body_frames
from .page import write_page
from .training import RECURRENT, ActionResult, read_capture, train_actions

FPS = 10


class ActionsResult(NamedTuple):
    """What an actions' demo left behind."""

    folder: Path
    report: Path
    model: Path
    animation: Path
    accuracy: dict[str, float]


def run_actions(
    folder: str | os.PathLike,
    data: str | os.PathLike,
    *,
    held_out: str = "14_14",
    seed: int = 0,
    epochs: int = 25,
    units: int = 64,
    say: Callable[[str], None] = print,
) -> ActionsResult:
    """Name the actions of a captured sequence frame by frame, and leave a page about it.

    Parameters
    ----------
    folder : path-like
        Gets ``report.html``, ``actions.gif`` and ``model.npz``.
    data : path-like
        The captured sequences; see :func:`read_capture`.
    held_out : str
        The sequence that is not learned from.
    seed : int
        Decides first weights and order of training.
    epochs : int
    units : int
        H of the GRU in each direction.
    say : callable
        Called with each line of progress.

    Returns
    -------
    ActionsResult
    """
    began = time.monotonic()
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    learned = train_actions(
        read_capture(data), held_out, epochs=epochs, units=units, seed=seed, say=say
    )
    say("writing animation and report")
    result = ActionsResult(
        folder, folder / "report.html", folder / "model.npz", folder / "actions.gif",
        learned.accuracy,
    )  # fmt: skip
    learned.network.metadata = {
        "task": "actions frame by frame",
        "actions": list(learned.actions),
        "mean": learned.scale[0].tolist(),
        "spread": learned.scale[1].tolist(),
    }
    learned.network.save(result.model)
    write_gif(result.animation, moving_picture(learned), fps=FPS)
    write_page(result, learned, seed, time.monotonic() - began)
    return result


def moving_picture(learned: ActionResult):
    """Return the frames of the animation: the figure, the true and the predicted action."""
    labels = {plot.TRUTH: learned.truth, "predicted": learned.said[RECURRENT]}
    return plot.band_frames(body_frames(learned.angles), labels, learned.actions)
