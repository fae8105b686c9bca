"""The tracking demo's page: the scenes, the numbers, and both trackers over the same clip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from ..report import Report
from .boxes import box_iou
from .scene import TrackingClips
from .tracker import VISIBLE
from .training import BY_FRAME, RECURRENT, Trackers

if TYPE_CHECKING:
    from .job import TrackingResult

_TRUTH = plot.TRUTH


def write_page(
    result: TrackingResult, trained: Trackers, large: TrackingClips, seed: int, seconds: float
) -> Path:
    """Write ``report.html`` and return its path."""
    report = Report(
        "Out of sight",
        "An object passes behind a pillar. A network with a memory still knows where it is; one "
        "that sees frame after frame afresh cannot.",
    )
    _add_task(report, large)
    _add_results(report, trained)
    report.section("Both trackers over one clip")
    k = telling_clip(large)
    report.text(
        "A test clip. The white dotted box is the truth; below, how well each tracker's box "
        "covers it. Grey: nothing of the object is to be seen."
    )
    report.figure(
        _strip(trained, large, k),
        alt="Frames of a clip with the true box and both trackers' boxes, and their IoU over time",
    )
    report.image(
        result.animation.read_bytes(), "gif", width=352,
        alt="Animation: a clip with the true box and the boxes of both trackers",
    )  # fmt: skip
    _add_next(report, result)
    report.footer(f"Made by `scratchrnn demo --task tracking --seed {seed}` in {seconds:.0f} s.")
    return report.write(result.report)


def _strip(trained: Trackers, large: TrackingClips, k: int) -> plot.Figure:
    boxes, scores, hidden = overlay(trained, large, k)
    return plot.box_strip(large.frames[k], boxes, scores=scores, hidden=hidden)


def _add_task(report: Report, large: TrackingClips) -> None:
    report.section("The task")
    report.text(
        "Say in every frame whether the object is in the picture, and where. The object is an "
        "orange ellipse with a pale core; others share its colour or its core, not both. It "
        "crosses the picture, comes back from its edges, or enters late, or leaves, or never "
        "comes. A pillar stands in its way, just so wide that the object is out of sight for "
        "four to seven frames. The scenes are rendered, so the truth is exact, behind the pillar "
        "too.",
    )
    k = telling_clip(large)
    report.figure(plot.film_strip(large.frames[k]), alt="Film strip of a rendered clip")


def _add_results(report: Report, trained: Trackers) -> None:
    report.section("Results")
    report.text(
        "One eye, a small convolutional network, turns each frame into five numbers: a box and "
        "how sure it is. Two networks of about the same size make the answer from them: a GRU, "
        "which reads them one after another, and dense layers, which see one frame alone. IoU is "
        "the overlap of two boxes, their common area over the area of both together. The last "
        "row is no network: it repeats the eye's last sure sighting.",
        f"While nothing of the object is to be seen the GRU is {trained.gap:.2f} ahead.",
    )
    rows = []
    for name, scores in trained.scores.items():
        network = trained.trackers.get(name)
        rows.append(
            [
                name,
                f"{scores.visible:.3f}",
                f"{scores.hidden:.3f}",
                f"{100 * scores.presence:.1f} %",
                f"{network.head.count_params():,}" if network else "–",
            ]
        )
    number = len(trained.tested.frames)
    report.table(
        ["tracker", "IoU in sight", "IoU out of sight", "presence right", "weights"],
        rows,
        f"On {number} clips that no network was trained on: mean IoU of the frames in which at "
        f"least {100 * VISIBLE:.0f} % of the object shows, and of those in which it is hidden.",
    )
    report.figure(
        age_curves(trained),
        "Each further frame behind the pillar is harder to foretell.",
        alt="Mean IoU over the frames since the object went out of sight, one line a tracker",
    )


def age_curves(trained: Trackers) -> plot.Figure:
    """Draw the mean IoU over the number of frames since the object went out of sight."""
    fig, ax = plot.figure(4.7, 3.2)
    with plot.style():
        for index, (name, scores) in zip((0, 1, 3), trained.scores.items(), strict=True):
            ages = np.arange(1, len(scores.by_age) + 1)
            ax.plot(ages, scores.by_age, **plot.line(name, index), marker="o", label=name)
        ax.set_ylim(0, 1)
        ax.set_xlabel("frames since it went out of sight")
        ax.set_ylabel("mean IoU")
        ax.legend(loc="upper right", handlelength=2.6)
    return fig


def telling_clip(clips: TrackingClips) -> int:
    """Return the clip that shows most: in sight, long out of sight, and in sight again."""
    seen = clips.present & (clips.visible >= VISIBLE)
    before = np.logical_or.accumulate(seen, axis=1)
    after = np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    gone = (clips.hidden & before & after).sum(axis=1)
    return int(np.argmax(np.minimum(gone, 9) + np.minimum(seen.sum(axis=1), 18)))


def overlay(trained: Trackers, large: TrackingClips, k: int) -> tuple[dict, dict, np.ndarray]:
    """Return boxes, scores and hidden steps of a clip as `plot.box_strip` takes them."""
    truth = np.where(large.present[k, :, None], large.boxes[k], np.nan)
    boxes, scores = {_TRUTH: truth}, {}
    for name in (RECURRENT, BY_FRAME):
        track = trained.trackers[name].track(large.frames[k])
        boxes[name] = np.where(track.presence[:, None] > 0.5, track.boxes, np.nan)
        iou = box_iou(track.boxes, large.boxes[k])
        scores[name] = np.where(large.present[k], iou, np.nan)
    return boxes, scores, large.hidden[k]


def moving_picture(trained: Trackers, large: TrackingClips) -> np.ndarray:
    """Return the frames of the animation."""
    k = telling_clip(large)
    boxes, scores, hidden = overlay(trained, large, k)
    return plot.box_frames(large.frames[k], boxes, scores=scores, hidden=hidden)


def _add_next(report: Report, result: TrackingResult) -> None:
    report.section("Going on")
    report.text(
        "The clips are beside this page as video files, with the truth about every frame as CSV; "
        "so is the tracker."
    )
    report.code(
        "from scratchrnn.tracking import Tracker, read_truth\n"
        "from scratchrnn.video import read_frames\n"
        "import numpy as np\n\n"
        f"tracker = Tracker.load({str(result.model)!r})\n"
        f"clip = np.stack(list(read_frames({str(result.folder / 'clips' / '000.mp4')!r})))\n"
        "boxes, presence = tracker.track(clip)  # (T, 4) and (T,)\n"
        f"truth = read_truth({str(result.folder / 'clips' / '000.csv')!r})"
    )

