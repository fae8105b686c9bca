"""The walkers' page: who walks, how well they are told apart, and one clip being recognised."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import plot
from ..report import Report
from .gait import Walks
from .training import FRAME, MEAN, NAMES, Recognition
from .verification import pair_scores, unit

if TYPE_CHECKING:
    from .job import WalkersResult

_BEST = NAMES["classification"]
_SHORTEST = 8  # frames of a clip before there is anything to compare
_ORDER = (_BEST, NAMES["triplets"], MEAN, FRAME)


def write_page(
    result: WalkersResult, learned: Recognition, shown: Walks, seed: int, seconds: float
) -> Path:
    """Write ``report.html`` and return its path."""
    report = Report(
        "Who is it?",
        "People known by their walk: a network learns from some what makes a gait, and tells "
        "others apart whom it has never seen.",
    )
    _add_task(report, learned, shown)
    _add_results(report, learned)
    _add_animation(report, result)
    report.section("Going on")
    report.text("The clips of four unseen people are beside this page, and so is the network.")
    report.code(
        "from scratchrnn.recognition import Embedder, unit\n\n"
        f"embedder = Embedder.load({str(result.model)!r})\n"
        "one, other = (\n"
        "    embedder.embed_file(path)\n"
        f"    for path in ({_file(result, shown, 0)!r},\n"
        f"                 {_file(result, shown, 1)!r})\n"
        ")\n"
        "same = unit(one[None]) @ unit(other[None]).T  # near 1: the same person"
    )
    report.footer(f"Made by `scratchrnn demo --task walkers --seed {seed}` in {seconds:.0f} s.")
    return report.write(result.report)


def _file(result: WalkersResult, shown: Walks, number: int) -> str:
    return str(result.folder / "clips" / f"person-{shown.people[0]:03d}" / f"{number}.mp4")


def _add_task(report: Report, learned: Recognition, shown: Walks) -> None:
    report.section("The task")
    trained, others = (len(np.unique(w.people)) for w in (learned.seen, learned.unseen))
    report.text(
        f"{trained} people to learn from, {others} others to be told apart. Each has a gait: how "
        "often they step, how far legs and arms swing, how the knees follow, what happens when "
        "in the step, and, within a few percent, how long the limbs are. Every clip is another "
        "walk: another beginning of the step, a pace that differs by some percent, another size, "
        "place, tilt and stretch of the picture, another ground and light.",
        "Two clips of one person, and one of another:",
    )
    for k in (0, 1, 2):
        report.figure(
            plot.film_strip(shown.frames[k][:20]),
            f"Person {shown.people[k]}, a clip.",
            alt=f"Film strip of person {shown.people[k]} walking",
        )


def _add_results(report: Report, learned: Recognition) -> None:
    report.section("Verify and identify")
    number, people = len(learned.unseen.people), len(np.unique(learned.unseen.people))
    report.text(
        "*Verify*: do two clips show the same person? The score is the cosine of their "
        "embeddings; at the equal error rate as many strangers are accepted as people are "
        "refused. *Identify*: who is it? Each clip is compared with a gallery of one clip of "
        "every person; rank 1 is the share named rightly.".replace("*", ""),
        "The network without memory sees one frame of each clip, or the average of what it makes "
        "of all of them. What it lacks is order: how one posture leads to the next.",
    )
    report.table(
        ["embedding", "equal error rate", "area under the ROC", "rank 1"],
        [
            [
                name,
                f"{100 * scores.equal_error_rate:.1f} %",
                f"{scores.roc.area:.3f}",
                f"{100 * scores.rank1:.1f} %",
            ]
            for name, scores in learned.scores.items()
        ],
        f"On {number} clips of {people} people that nothing was trained on: all "
        f"{number * (number - 1) // 2:,} pairs; guessing has an equal error rate of 50 % and a "
        f"rank-1 rate of {100 / people:.1f} %.",
    )
    report.figures(
        [
            (roc_figure(learned), "Dots: the equal error rates, on the dashed line."),
            (match_figure(learned), "How often the true person is among the best k."),
            (score_figure(learned), f"{_BEST}: cosines of pairs of clips."),
        ]
    )


def roc_figure(learned: Recognition) -> plot.Figure:
    """Draw the ROC of each embedding, with the equal error rate as a dot."""
    fig, ax = plot.figure(4.4, 3.6)
    with plot.style():
        ax.plot([0, 1], [1, 0], color="#999999", linewidth=0.8, linestyle=(0, (4, 3)))
        for index, name in enumerate(_ORDER):
            scores = learned.scores[name]
            far, tar, _ = scores.roc
            ax.plot(far, tar, **plot.line(name, index), label=name)
            rate = scores.equal_error_rate
            ax.plot(rate, 1 - rate, "o", color=plot.color(name, index), markersize=5)
        ax.set_xlim(-0.01, 1)
        ax.set_ylim(0, 1.01)
        ax.set_xlabel("strangers accepted")
        ax.set_ylabel("people recognised")
        ax.legend(loc="lower right", handlelength=2.6)
    return fig


def match_figure(learned: Recognition) -> plot.Figure:
    """Draw the cumulative match curve of each embedding."""
    fig, ax = plot.figure(4.4, 3.6)
    with plot.style():
        for index, name in enumerate(_ORDER):
            curve = learned.scores[name].match_curve
            ax.plot(np.arange(1, len(curve) + 1), 100 * curve, **plot.line(name, index), label=name)
        ax.set_ylim(0, 102)
        ax.set_xlabel("rank k")
        ax.set_ylabel("true person among the best k (%)")
        ax.legend(loc="lower right", handlelength=2.6)
    return fig


def score_figure(learned: Recognition) -> plot.Figure:
    """Draw how the cosines of same and of different people are spread."""
    embeddings = learned.embedders[_BEST].embed(learned.unseen.frames)
    same, scores = pair_scores(embeddings, learned.unseen.people)
    edges = np.linspace(-1, 1, 41)
    fig, ax = plot.figure(4.4, 3.6)
    with plot.style():
        for name, kind, hatch, index in (
            ("different people", ~same, "", 1), ("the same person", same, "///", 0),
        ):  # fmt: skip
            share = np.histogram(scores[kind], edges)[0] / kind.sum()
            ax.bar(
                edges[:-1], 100 * share, 0.05, align="edge", alpha=0.75, label=name, hatch=hatch,
                color=plot.color(name, index), edgecolor="white", linewidth=0.3,
            )  # fmt: skip
        ax.set_xlabel("cosine of two clips")
        ax.set_ylabel("pairs of the kind (%)")
        ax.legend(loc="upper left")
    return fig


def _add_animation(report: Report, result: WalkersResult) -> None:
    report.section("Recognised as they walk")
    report.text(
        "A clip of a person never seen in training, with clips of the same person and of a "
        "stranger beside it. Below, the cosine of the first clip, as far as it has come, with "
        "each of the two others. Above the dashed line two clips count as one person: the "
        "threshold of the equal error rate."
    )
    report.image(
        result.animation.read_bytes(), "gif", width=480,
        alt="Animation: three walkers and how alike the first is to the other two",
    )  # fmt: skip


def threshold(learned: Recognition) -> float:
    """Return the score at which false acceptance is nearest to false rejection."""
    far, tar, levels = learned.scores[_BEST].roc
    return float(levels[1:][np.argmin(np.abs(far + tar - 1)[1:])])


def likeness(learned: Recognition, shown: Walks, probe: int, others: list[int]) -> np.ndarray:
    """Return the cosines of the beginnings of one clip with whole other clips, (T, len(others))."""
    embedder, clip = learned.embedders[_BEST], shown.frames[probe]
    whole = unit(embedder.embed(shown.frames[others]))
    told = np.full((len(clip), len(others)), np.nan)
    for length in range(_SHORTEST, len(clip) + 1):
        told[length - 1] = (unit(embedder.embed(clip[None, :length])) @ whole.T)[0]
    return told


def moving_picture(learned: Recognition, shown: Walks) -> np.ndarray:
    """Return the frames of the animation: a probe, the same person, a stranger, two lines."""
    probe, others = 0, [1, 2]
    told = likeness(learned, shown, probe, others)
    names = ("the same person", "a stranger")
    steps = np.arange(1, len(told) + 1)
    fig = plot.figure(6.0, 4.8)[0]
    fig.clear()
    grid = fig.add_gridspec(2, 3, height_ratios=[2.2, 1])
    with plot.style():
        pictures = []
        for column, (k, title) in enumerate(zip((probe, *others), ("who?", *names), strict=True)):
            ax = fig.add_subplot(grid[0, column])
            ax.set_axis_off()
            ax.set_title(title)
            pictures.append((k, ax.imshow(shown.frames[k][0], cmap="gray", vmin=0, vmax=255,
                                          aspect="equal")))  # fmt: skip
        low = fig.add_subplot(grid[1, :])
        low.axhline(threshold(learned), color="#555555", linewidth=0.8, linestyle=(0, (4, 3)))
        lines = [
            low.plot([], [], **plot.line(name, index), label=name)[0]
            for index, name in enumerate(names)
        ]
        low.set_xlim(1, len(told))
        low.set_ylim(-1.05, 1.05)
        low.set_xlabel("frame")
        low.set_ylabel("cosine")
        low.legend(loc="lower left", ncols=2, handlelength=2.6)

    def update(step: int) -> None:
        for k, picture in pictures:
            picture.set_data(shown.frames[k][step])
        for column, line in enumerate(lines):
            line.set_data(steps[: step + 1], told[: step + 1, column])

    return plot.record(fig, update, len(told))
