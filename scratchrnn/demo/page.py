"""The demo's page: what was made, what was learned, and how it looks from inside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import plot
from ..classify import Run, page
from ..report import Report
from ..video import Clips
from .clips import CLASSES

if TYPE_CHECKING:
    from .job import DemoResult


def write_page(
    result: DemoResult, runs: list[Run], best: Run, tested: Clips, seed: int, seconds: float
) -> Path:
    """Write ``report.html`` and return its path."""
    from .job import FEATURES

    report = Report(
        "Only the order tells",
        "Six classes of clips made of the same frames in a different order. Networks with a "
        "memory tell them apart; whatever averages over time cannot.",
    )
    _add_task(report, tested)
    report.section("Results")
    _explain_results(report, runs, tested)
    page.add_results(report, runs, tested)
    page.add_curves(report, runs, len(CLASSES))
    page.add_confusions(report, runs, tested)
    page.add_films(report, best, tested, FEATURES)
    report.section("The same, moving")
    report.text("A test clip, slowed down, with the running prediction beside it.")
    report.image(
        result.animation.read_bytes(), "gif", width=480,
        alt="Animation: a clip and bars of class probabilities that change with each frame",
    )  # fmt: skip
    page.add_gates(report, runs, tested, page.examples(best, tested, 1)[0])
    page.add_gradients(report, runs, tested)
    _add_next(report, result)
    report.footer(
        f"Made by `scratchrnn demo --seed {seed}` in {seconds:.0f} seconds, clips, training and "
        "page together."
    )
    return report.write(result.report)


def _add_task(report: Report, tested: Clips) -> None:
    from .job import FEATURES

    report.section("The task")
    report.text(
        "A glowing disc rests in the middle, glides out to a pad and back, three times. Which "
        "pad comes first, second and third is the class. Every trip begins and ends in the "
        "middle, so the six clips of one family contain exactly the same frames, and the same "
        "steps from frame to frame; only their order differs (and the noise). Families differ "
        "in speed, length, tilt, size and brightness.",
        "Each clip was written as a video file and read back. A frame is averaged down to "
        "12 × 12 grey cells; these and their change since the frame before are what the "
        "networks see.",
    )
    for name in ("top-left-right", "right-left-top"):
        index = tested.y.tolist().index(tested.class_names.index(name))
        strip = plot.film_strip(page.frames_of(tested.paths[index], FEATURES))
        report.figure(strip, f"Class {name}.", alt=f"Film strip of a clip of class {name}")


def _explain_results(report: Report, runs: list[Run], tested: Clips) -> None:
    report.text(
        f"Guessing is right in {100 / len(CLASSES):.1f} % of the cases. The baseline takes the "
        "mean over time of the same features and puts a softmax on it: it sees everything but "
        "the order. The three recurrent networks read the frames one after another and answer "
        "after the last."
    )
    bars = {run.name: 100 * run.accuracy for run in runs}
    report.figure(
        plot.bars(bars, ylabel="test accuracy (%)", reference=(100 / len(CLASSES), "chance")),
        alt="Bars of test accuracy by network",
    )


def _add_next(report: Report, result: DemoResult) -> None:
    report.section("Going on")
    clips = result.folder / "clips"
    report.text("The model and the clips are beside this page:")
    report.code(
        f"scratchrnn evaluate {result.model} {clips / 'test'}\n"
        f"scratchrnn predict {result.model} {clips / 'test' / CLASSES[0] / '000.mp4'}\n"
        f"scratchrnn train {clips / 'train'} --cell gru --output gru.npz"
    )
