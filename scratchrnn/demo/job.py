"""The demo from end to end: render, write, read back, train, test, report."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from .. import plot
from ..classify import (
    CELLS,
    ClipClassifier,
    EpochBar,
    Run,
    build_network,
    digest,
    mean_over_time,
    train,
)
from ..classify.page import belief, examples, frames_of
from ..video import Clips, FrameFeatures, load_clips, write_gif
from .clips import FPS, write_clips
from .folder import fresh_folder
from .page import write_page

BASELINE = "baseline"

# Each step sees only its own frame and the one before: no statistics of the whole clip.
FEATURES = FrameFeatures((12, 12), remove_mean=False, normalize=False)


class DemoResult(NamedTuple):
    """What a demo left behind."""

    folder: Path
    report: Path
    model: Path
    animation: Path
    accuracy: dict[str, float]  # by network, on the test clips
    stopped: bool


def run_demo(
    folder: str | os.PathLike,
    *,
    seed: int = 0,
    families: int = 40,
    epochs: int = 40,
    units: int = 32,
    say: Callable[[str], None] = print,
) -> DemoResult:
    """Make clips, learn from them, and leave a page about it.

    Parameters
    ----------
    folder : path-like
        Gets ``clips/train``, ``clips/test``, ``model.npz``, ``report.html`` and
        ``prediction.gif``. Only clips of an earlier demo are replaced.
    seed : int
        Decides clips, first weights and order of training.
    families : int
        Clips of each class to train on; half as many are tested on.
    epochs : int
        Of each network.
    units : int
        H of the recurrent layers.
    say : callable
        Called with each line of progress.

    Returns
    -------
    DemoResult

    Raises
    ------
    ValueError
        If the folder holds clips that no demo wrote.
    """
    began = time.monotonic()
    folder = Path(folder)
    clips_folder = fresh_folder(folder / "clips")
    tests = max(1, families // 2)
    say(f"rendering {6 * (families + tests)} clips to {clips_folder}")
    write_clips(clips_folder / "train", families, seed)
    write_clips(clips_folder / "test", tests, seed + 1_000_003)
    trained = load_clips(clips_folder / "train", FEATURES)
    tested = load_clips(clips_folder / "test", FEATURES)
    say(f"read back {len(trained)} clips to train on and {len(tested)} to test on")
    runs: list[Run] = []
    for cell in ("mean", *CELLS):
        runs.append(_train_one(cell, trained, tested, seed, epochs, units))
        say(f"{runs[-1].name}: {100 * runs[-1].accuracy:.1f} % of the test clips")
        if runs[-1].stopped:
            break
    return _leave_behind(folder, runs, trained, tested, seed, began, say)


def _train_one(cell: str, trained: Clips, tested: Clips, seed: int, epochs: int, units: int) -> Run:
    baseline = cell == "mean"
    network = build_network(
        cell, trained.x.shape[-1], len(trained.class_names), units=units,
        learning_rate=0.02 if baseline else 0.004, seed=seed,
    )  # fmt: skip
    data = [
        (mean_over_time(c.x, c.mask), c.y, None) if baseline else (c.x, c.y, c.mask)
        for c in (trained, tested)
    ]
    name = BASELINE if baseline else CELLS[cell]
    return train(name, network, *data, epochs=epochs, seed=seed, callbacks=[EpochBar(name)])


def _leave_behind(
    folder: Path, runs: list[Run], trained: Clips, tested: Clips, seed: int, began: float, say
) -> DemoResult:
    """Save the model; write the GIF and the page, unless the training was stopped."""
    accuracy = {run.name: run.accuracy for run in runs}
    result = DemoResult(
        folder, folder / "report.html", folder / "model.npz", folder / "prediction.gif",
        accuracy, runs[-1].stopped,
    )  # fmt: skip
    learned = [run for run in runs if run.name != BASELINE]
    if not learned:
        return result
    best = next((run for run in learned if run.name == "LSTM"), learned[-1])
    about = {
        "held_out_accuracy": round(best.accuracy, 4),
        "held_out_clips": len(tested),
        "trained_on_clips": len(trained),
        "epochs": len(best.history.get("loss", [])),
        "seed": seed,
        "trained_on": [digest(path) for path in trained.paths],
    }
    ClipClassifier(best.network, FEATURES, trained.class_names, about).save(result.model)
    if result.stopped:
        return result
    say("writing the animation and the report")
    index = examples(best, tested, 1)[0]
    frames = frames_of(tested.paths[index], FEATURES)
    moving = plot.prediction_frames(
        frames, belief(best, tested, index), tested.class_names, truth=int(tested.y[index])
    )
    write_gif(result.animation, moving, fps=FPS / 3)
    write_page(result, runs, best, tested, seed, time.monotonic() - began)
    return result
