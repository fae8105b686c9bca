"""The actions' page: the figure, what it does, and what the networks say it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from ..report import Report
from .body import body_frames
from .training import BY_FRAME, NEAREST, RECURRENT, ActionResult

if TYPE_CHECKING:
    from .job import ActionsResult


def write_page(result: ActionsResult, learned: ActionResult, seed: int, seconds: float) -> Path:
    """Write ``report.html`` and return its path."""
    report = Report(
        "What are they doing?",
        "Motion capture of somebody exercising, and the action named in every single frame.",
    )
    _add_clip(report, result, learned)
    _add_results(report, learned)
    report.footer(
        f"Made by `scratchrnn demo --task actions --seed {seed}` in {seconds:.0f} s. The figure "
        "moves as captured; how it stands (the means of the angles, the hips) is not in the data."
    )
    return report.write(result.report)


def _add_clip(report: Report, result: ActionsResult, learned: ActionResult) -> None:
    report.section("The clip")
    accuracy = learned.accuracy
    report.text(
        f"The sequence {learned.held_out}, {len(learned.truth)} frames, of which no frame was "
        f"learned from. Below the figure the true action, and the network's: blue where it is "
        f"right, hatched where it is not. It is right in {100 * accuracy[RECURRENT]:.1f} % of the "
        "frames."
    )
    report.image(
        result.animation.read_bytes(), "gif", width=480,
        alt="Animation: a stick figure exercising, with the true and the predicted action under it",
    )  # fmt: skip
    labels = {plot.TRUTH: learned.truth, **learned.said}
    report.figure(
        plot.band_strip(body_frames(learned.angles, (160, 130)), labels, learned.actions),
        "The whole sequence, and what each of the networks says.",
        alt="Frames of the stick figure, with bands of true and predicted actions",
    )


def _add_results(report: Report, learned: ActionResult) -> None:
    report.section("Results")
    report.text(
        "Joint angles of one moment say little: arms that hang down belong to many exercises. "
        f"The recurrent network reads the sequence in both directions; `{BY_FRAME}` is a network "
        f"of dense layers that sees one frame, `{NEAREST}` takes the action whose mean posture "
        "is nearest."
    )
    known = len(np.unique(learned.truth))
    report.table(
        ["network", "frames named rightly"],
        [[name, f"{100 * share:.1f} %"] for name, share in learned.accuracy.items()],
        f"{known} of the {len(learned.actions)} actions that could be named occur in it.",
    )
    report.figures(
        (
            plot.confusion_matrix(learned.truth, said, learned.actions, title=name),
            f"{name}: {int((said == learned.truth).sum())} of {len(said)} frames.",
        )
        for name, said in list(learned.said.items())[:2]
    )
