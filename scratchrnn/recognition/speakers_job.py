"""The speakers' demo: read, train, verify, and a page about it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from .. import plot
from ..report import Report
from .speakers import SpeakerResult, read_speakers, train_speakers


class SpeakersResult(NamedTuple):
    """What a speakers' demo left behind."""

    folder: Path
    report: Path
    model: Path
    result: SpeakerResult


def run_speakers(
    folder: str | os.PathLike,
    data: str | os.PathLike,
    *,
    seed: int = 0,
    epochs: int = 40,
    units: int = 100,
    say: Callable[[str], None] = print,
) -> SpeakersResult:
    """Recognise speakers, known ones and ones never heard, and leave a page about it.

    Parameters
    ----------
    folder : path-like
        Gets ``report.html`` and ``model.npz``.
    data : path-like
        Folder with ``JapaneseVowels_TRAIN.ts`` and ``JapaneseVowels_TEST.ts``.
    seed : int
        Decides first weights and order of training.
    epochs : int
        Of every network.
    units : int
        H of the GRU in each direction.
    say : callable
        Called with each line of progress.

    Returns
    -------
    SpeakersResult
    """
    began = time.monotonic()
    folder = Path(folder)
    trained, tested = read_speakers(data)
    folder.mkdir(parents=True, exist_ok=True)
    result = train_speakers(trained, tested, epochs=epochs, units=units, seed=seed, say=say)
    result.network.save(folder / "model.npz")
    report = _page(result, len(np.unique(trained.speakers)), len(tested.speakers))
    seconds = time.monotonic() - began
    report.footer(f"Made by `scratchrnn demo --task speakers --seed {seed}` in {seconds:.0f} s.")
    report.write(folder / "report.html")
    return SpeakersResult(folder, folder / "report.html", folder / "model.npz", result)


def _page(result: SpeakerResult, speakers: int, recordings: int) -> Report:
    report = Report(
        "Who is speaking?",
        f"{speakers} speakers say a vowel. Naming those that were learned from is easy; telling "
        "others apart, after so few, is not.",
    )
    report.section("Known speakers")
    report.text(
        f"A bidirectional GRU names {100 * result.accuracy:.1f} % of {recordings} new recordings "
        f"rightly. The nearest known recording, by the network's embeddings, is of the right "
        f"speaker in {100 * result.rank1:.1f} %."
    )
    report.section("Speakers never heard")
    kept = len(result.open_sets[0].held_out)
    rates = np.array([[one.learned_rate, one.plain_rate] for one in result.open_sets])
    verdict = "better" if rates[:, 0].mean() < rates[:, 1].mean() else "no better"
    report.text(
        f"Here {speakers - kept} speakers are learned from and {kept} others verified: are two "
        "recordings of the same speaker? Beside the network stands the plainest embedding, the "
        f"mean of the coefficients over time. On average the network is {verdict} than that. "
        f"{speakers - kept} speakers are too few to learn from what makes speakers differ: take "
        "no figure of this table for what a network can do with many."
    )
    rows = [
        [", ".join(map(str, one.held_out)), _percent(one.learned_rate), _percent(one.plain_rate)]
        for one in result.open_sets
    ]
    rows.append(["mean", *(_percent(rate) for rate in rates.mean(axis=0))])
    header = ["kept back", "equal error rate, GRU", "mean coefficients"]
    report.table(header, rows, "Guessing has an equal error rate of 50 %.")
    report.figures(
        (_curves(one), f"Speakers {', '.join(map(str, one.held_out))} kept back.")
        for one in result.open_sets
    )
    return report


def _percent(rate: float) -> str:
    return f"{100 * rate:.1f} %"


def _curves(one) -> plot.Figure:
    fig, ax = plot.figure(3.6, 3.2)
    with plot.style():
        ax.plot([0, 1], [1, 0], color="#999999", linewidth=0.8, linestyle=(0, (4, 3)))
        both = (("GRU", one.learned, one.learned_rate), ("baseline", one.plain, one.plain_rate))
        for name, curve, rate in both:
            far, tar, _ = curve
            label = "mean coefficients" if name == "baseline" else name
            ax.plot(far, tar, **plot.line(name), label=label)
            ax.plot(rate, 1 - rate, "o", color=plot.color(name), markersize=5)
        ax.set_xlim(-0.01, 1)
        ax.set_ylim(0, 1.01)
        ax.set_xlabel("strangers accepted")
        ax.set_ylabel("speakers recognised")
        ax.legend(loc="lower right", handlelength=2.6)
    return fig
