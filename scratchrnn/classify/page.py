"""The sections of a page that shows what networks learned from clips, with a word on each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import explain, plot
from ..layers import Bidirectional
from ..report import Report
from ..video import Clips, FrameFeatures, read_frames
from ..video.augment import Compose, contact_sheet
from .training import Run


def frames_of(
    path: str, features: FrameFeatures, size: tuple[int, int] | None = None
) -> np.ndarray:
    """Return those frames of a clip that its features were taken from.

    Parameters
    ----------
    path : str
    features : FrameFeatures
    size : (int, int), optional
        Height and width; by default the clip's own, reduced if a side is over 160 pixels.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)
    """
    with read_frames(path) as reader:
        ratio = max(1.0, max(reader.size) / 160)
        small = tuple(max(1, round(side / ratio)) for side in reader.size)
    reader = read_frames(
        path, size=size or small, stride=features.stride, max_frames=features.max_frames,
        on_error="truncate",
    )  # fmt: skip
    return np.stack(list(reader))


def is_recurrent(run: Run) -> bool:
    """Whether a run's network has a recurrent layer of one direction; the baseline has none."""
    return any(getattr(layer, "state_names", None) for layer in run.network.layers)


def _readers(run: Run) -> list[tuple[str, Any]]:
    """Return the recurrent layers that read a run's features, with names for figures."""
    for layer in run.network.layers:
        if isinstance(layer, Bidirectional):
            kind = type(layer.forward_layer).__name__
            halves = layer.forward_layer, layer.backward_layer
            return list(zip((f"{kind}, forward", f"{kind}, backward"), halves, strict=True))
        if getattr(layer, "state_names", None):
            return [(run.name, layer)]
    return []


def wilson(right: int, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson(111, 120)
    >>> round(low, 3), round(high, 3)
    (0.864, 0.96)
    """
    z, share = 1.96, right / number
    centre = (share + z * z / (2 * number)) / (1 + z * z / number)
    half = z * math.sqrt(share * (1 - share) / number + z * z / (4 * number**2))
    half /= 1 + z * z / number
    return max(0.0, centre - half), min(1.0, centre + half)


def add_results(page: Report, runs: Sequence[Run], clips: Clips) -> None:
    """A table of all runs and what guessing would reach."""
    number, chance = len(clips.y), np.bincount(clips.y).max() / len(clips.y)
    rows = []
    for run in runs:
        low, high = wilson(round(run.accuracy * number), number)
        rows.append(
            [
                run.name,
                f"{100 * run.accuracy:.1f} %",
                f"{100 * low:.0f}–{100 * high:.0f} %",
                f"{run.network.count_params():,}",
                len(run.history.get("loss", [])) or "–",
                "–" if run.seconds is None else f"{run.seconds:.1f} s",
            ]
        )
    rows.append(["always the commonest class", f"{100 * chance:.1f} %", "–", "0", "–", "–"])
    page.table(
        ["network", "held-out accuracy", "95 % interval", "weights", "epochs", "training"],
        rows,
        f"Accuracy on {number} clips that no network was trained on.",
    )


def add_curves(page: Report, runs: Sequence[Run], classes: int, note: str = "") -> None:
    """Loss and accuracy over epochs; `note` says what is special about them."""
    histories = {run.name: run.history for run in runs if run.history}
    if not histories:
        return
    page.section("Learning curves")
    page.text(
        "Each epoch shows every training clip once. Thin lines: the clips trained on; thick "
        "lines: clips held out. Where the two part, the network begins to learn its training "
        "clips by heart."
    )
    if note:
        page.text(note)
    page.figures(
        (plot.learning_curves(histories, metrics=[metric], chance=1 / classes), caption)
        for metric, caption in (("loss", "The loss, cross-entropy."), ("accuracy", "The accuracy."))
    )


def add_changes(page: Report, path: str, features: FrameFeatures, augment: Compose) -> None:
    """A clip, and what each of the augmentations can make of it."""
    page.section("What the network was shown")
    page.text(
        "Every clip was changed a little each time that it was shown, by all of the following "
        "together, drawn anew each time and the same for all frames of the clip. Here each is "
        "applied alone. What all of them leave as it is is what the network is to learn."
    )
    page.figure(
        contact_sheet(frames_of(path, features), augment.augmentations, columns=8),
        f"{Path(path).name}, changed.",
        alt="Rows of frames: a clip, and what each augmentation makes of it",
    )


def add_confusions(page: Report, runs: Sequence[Run], clips: Clips) -> None:
    """A confusion matrix for each run."""
    page.section("What is taken for what")
    page.text(
        "Rows are the true classes of the held-out clips, columns what the network says; "
        "all on the diagonal is right. The shade is the share of the row."
    )
    page.figures(
        (
            plot.confusion_matrix(
                clips.y, run.probabilities.argmax(axis=1), clips.class_names, title=run.name
            ),
            f"{run.name}: {round(run.accuracy * len(clips.y))} of {len(clips.y)} clips right.",
        )
        for run in runs
    )


def add_films(page: Report, run: Run, clips: Clips, features: FrameFeatures, most: int = 4) -> None:
    """Film strips of a few clips with the running prediction: right ones, and mistakes."""
    page.section(f"Watching the {run.name} make up its mind")
    page.text(
        "Under each frame stands what the network believes having seen the clip up to there: "
        "the darker, the more probable; the dot marks the class it would name. It was trained on "
        "whole clips only, so in the middle of a clip it answers as though the clip ended there."
    )
    if features.remove_mean or features.normalize:
        page.text(
            "The features are measured against the mean of the whole clip, so that a little of "
            "what follows is known at every frame."
        )
    for index in examples(run, clips, most):
        beliefs = belief(run, clips, index)
        said = clips.class_names[int(beliefs[-1].argmax())]
        true = clips.class_names[clips.y[index]]
        verdict = "which is right" if said == true else f"but this is {true}"
        fig = plot.film_strip(
            frames_of(clips.paths[index], features)[: len(beliefs)],
            beliefs,
            clips.class_names,
            truth=clips.y[index],
        )
        page.figure(fig, f"{Path(clips.paths[index]).name}: the network says {said}, {verdict}.")


def examples(run: Run, clips: Clips, most: int) -> list[int]:
    """Return clips worth showing: up to two confident mistakes, the rest right, of all classes."""
    said, sure = run.probabilities.argmax(axis=1), run.probabilities.max(axis=1)
    wrong = [int(k) for k in np.argsort(-sure) if said[k] != clips.y[k]][: most // 2]
    right = []
    for label in range(len(clips.class_names)):
        candidates = np.flatnonzero((said == label) & (clips.y == label))
        if len(candidates):
            right.append(int(candidates[(5 * label + 2) % len(candidates)]))
    return right[: most - len(wrong)] + wrong


def belief(run: Run, clips: Clips, index: int) -> np.ndarray:
    """Return the running prediction for one clip, (its length, C)."""
    length = int(clips.lengths[index])
    return explain.running_prediction(run.network, clips.x[index : index + 1, :length])[0]


def add_gates(page: Report, runs: Sequence[Run], clips: Clips, index: int) -> None:
    """Heat maps of gates and states, and their means, for one clip."""
    page.section("Inside: gates and states")
    page.text(
        "One clip, seen from inside each recurrent layer: a row is a unit, a column a step. "
        "Gates are between 0 (shut, white) and 1 (open, dark). Where the forget gate `f` of the "
        "LSTM is near 1 its cell state `c` is kept; where the update gate `z` of the GRU is near "
        "1 its state `h` is kept. The vanilla RNN has no gates: its state is overwritten at "
        "every step."
    )
    length, openness = int(clips.lengths[index]), []
    for run in runs:
        for name, layer in _readers(run):
            x = clips.x[index : index + 1, :length]
            turn = -1 if layer.go_backwards else 1  # what it sees, and back to the clip's order
            traces = explain.gate_traces(layer, x[:, ::turn])
            traces = {letter: trace[0, ::turn] for letter, trace in traces.items()}
            page.figure(
                plot.gate_heatmaps(traces, title=name),
                alt=f"Heat maps of the gates and states of the {name} over one clip",
            )
            gates = {letter: trace for letter, trace in traces.items() if letter in "ifozr"}
            if gates:
                openness.append((plot.gate_traces(gates, title=name), f"Gates of the {name}."))
    if openness:
        page.text(
            "The same gates, averaged over the units; the band is where the middle half of them "
            "lies."
        )
        page.figures(openness)


def add_gradients(page: Report, runs: Sequence[Run], clips: Clips) -> None:
    """The norm of the gradient on the state, step by step back from the end.

    Not of networks that read in both directions and judge by all steps: there every step is near
    to the loss.
    """
    runs = [run for run in runs if is_recurrent(run)]
    if not runs:
        return
    page.section("How far back the gradient reaches")
    page.text(
        "Training sends the error back from the last frame to the first. The lines show how much "
        "of the gradient on the state is left so many steps before the end (median over clips, "
        "with the band between the quartiles; 1 at the last step). A line that falls steeply is "
        "a vanishing gradient: what happened in those early frames can hardly be learned."
    )
    some = np.linspace(0, len(clips.y) - 1, min(len(clips.y), 60)).round().astype(int)
    norms = {
        run.name: explain.gradient_norms(
            run.network, clips.x[some], clips.y[some], clips.mask[some]
        )
        for run in runs
    }
    back = min(10, int(clips.lengths[some].max()) - 1)
    left = [f"{name} {np.nanmedian(norm[:, -1 - back]):.2g}" for name, norm in norms.items()]
    page.figure(
        plot.gradient_norms(norms),
        f"Left of the gradient {back} steps before the end: {', '.join(left)}.",
        alt="Gradient norm over steps before the last, log scale",
    )
