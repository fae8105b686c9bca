"""The page that ``scratchrnn explain`` writes: what the network says, when, where, and how sure."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from .. import plot
from ..report import Report
from ..video import write_gif
from .clip import METHODS, ON_FRAMES, ClipExplanation
from .saturation import gate_saturation
from .trajectories import hidden_trajectories

_MOST_FRAMES = 40  # of an animation

READ = {
    "saliency": "How much the score of the class would change for a small change of each cell. It "
    "says where the network is sensitive at this point, not what the answer rests on.",
    "gradient-x-input": "The gradient times what is there beyond the baseline: a first guess of "
    "what each cell adds, right only where the network is nearly linear.",
    "smoothgrad": "The gradient averaged over noisy copies of the clip: the same question as "
    "saliency, less dependent on the exact pixels.",
    "integrated-gradients": "The gradient added up on the way from the baseline to the clip: the "
    "parts add up to the change of the probability.",
    "occlusion": "One tube at a time is replaced by the baseline: what the probability loses. "
    "Small everywhere if several tubes can stand in for each other.",
    "lime": "A linear model, fitted to what the network says of hundreds of partly replaced "
    "clips: the weight of each tube. Trust it as far as its R² goes.",
    "shapley": "The fair share of each tube: what it adds on average, whichever tubes are there "
    "already. The shares add up to the change of the probability.",
}
"""How to read each method, in a sentence or two."""


def write_page(
    found: ClipExplanation,
    path: str | Path,
    *,
    clip: str,
    frames: np.ndarray | None = None,
    about: Mapping[str, str] | None = None,
) -> Path:
    """Write everything that was found as one self-contained page.

    Parameters
    ----------
    found : ClipExplanation
    path : path-like
        Ends in .html.
    clip : str
        What to call the clip.
    frames : ndarray of uint8, (T, H, W[, 3]), optional
        The clip as it is to be seen; by default the frames that were explained.
    about : mapping of str to str, optional
        Lines for the table at the end.

    Returns
    -------
    pathlib.Path
    """
    shown = found.frames if frames is None else frames
    name = found.classes[found.target]
    said = found.classes[int(found.probabilities.argmax())]
    share = 100 * found.probabilities[found.target]
    lead = f"The network says {said}. This page asks why it gives {name} {share:.1f} %."
    page = Report(f"Why {name}? {Path(clip).name}", lead)
    with warnings.catch_warnings():
        # Names that no installed font can draw: the page's own text has them as well.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        _add_answer(page, found, shown)
        _add_places(page, found, shown)
        _add_checks(page, found)
        _add_steps(page, found, shown)
        if found.layers:
            _add_inside(page, found, shown)
        _add_making(page, found, dict(about or {}))
    page.footer("Made by `scratchrnn explain`.")
    return page.write(path)


def gif(frames: np.ndarray, fps: float = 5) -> bytes:
    """Return frames as an animated GIF."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "moving.gif")
        write_gif(file, frames, fps)
        return file.read_bytes()


def thinned(frames: np.ndarray) -> int:
    """Return every how many-th frame of a clip is enough for an animation."""
    return -(-len(frames) // _MOST_FRAMES)


def explanation_gif(found: ClipExplanation, frames: np.ndarray | None = None) -> np.ndarray:
    """Return the frames of the animation in which every explanation lies over the clip."""
    shown = found.frames if frames is None else frames
    maps = {METHODS[name]: heat for name, heat in found.maps.items()}
    columns = min(4, len(maps) + 1)
    return plot.attribution_frames(shown, maps, columns=columns, every=thinned(shown), dpi=90)


def _add_answer(page: Report, found: ClipExplanation, shown: np.ndarray) -> None:
    page.section("What it says, and when it made up its mind")
    decision, T = found.decision, len(found.frames)
    order = np.argsort(-found.probabilities)[:6]
    page.table(
        ["class", "probability"],
        [[found.classes[k], f"{100 * found.probabilities[k]:.2f} %"] for k in order],
    )
    final = found.classes[decision.target]
    lead = f"by more than {100 * decision.margin:.0f} points"
    if decision.step is None:
        page.text(f"It never settles: even after the last frame {final} does not lead {lead}.")
    else:
        page.text(
            f"It decides at frame {decision.step + 1} of {T}: from there to the end {final} "
            f"leads every other class {lead}, whatever it has seen of the clip by then."
        )
    page.text(
        "Under each frame stands what the network would answer if the clip ended there: the "
        "darker, the more probable; the dot marks the class it would name."
    )
    page.figure(
        plot.film_strip(shown, decision.running, found.classes),
        alt="Film strip with the class probabilities under each frame",
    )
    kept = np.sort(order)
    curves = {found.classes[k]: decision.running[:, k] for k in kept}
    page.figures(
        [
            (
                plot.timeline(curves, mark=decision.step, ylabel="probability", ylim=(0, 1.02)),
                "The same as lines; the dashed one is where it was decided.",
            )
        ]
    )
    every = thinned(shown)
    moving = plot.prediction_frames(shown, decision.running, found.classes)[::every]
    page.image(gif(moving), "gif", "The clip, slowed down, with the running prediction.", width=480)


def _add_places(page: Report, found: ClipExplanation, shown: np.ndarray) -> None:
    name = found.classes[found.target]
    page.section("Where and when: several answers side by side")
    page.text(
        f"Each row answers the question what speaks for {name} in another way. Vermillion: speaks "
        "for it; blue: speaks against it; no colour: makes no difference. Saliency and SmoothGrad "
        "have no sign: they say how much, not which way. Each row has its own scale. Where rows "
        "agree, believe them; where they differ, read what each one measures.",
    )
    maps = {METHODS[key]: heat for key, heat in found.maps.items()}
    page.figure(
        plot.attribution_strip(shown, maps),
        alt="Film strips with each explanation laid over the frames",
    )
    page.table(["method", "how to read it"], [[METHODS[key], READ[key]] for key in found.maps])
    page.image(
        gif(explanation_gif(found, shown)), "gif", "The same, moving, slowed down.", width=800
    )
    page.figure(
        plot.attribution_steps({METHODS[k]: heat.sum(axis=(1, 2)) if k not in ON_FRAMES else
                                found.attributions[k] for k, heat in found.maps.items()}),
        "What each frame contributes: the sum over its places.",
        alt="Bars of attribution by frame, a row for each method",
    )  # fmt: skip


def _add_checks(page: Report, found: ClipExplanation) -> None:
    page.section("Can these be trusted?")
    page.text(
        "Each method has a promise that can be checked. And an explanation that names what "
        "matters must hurt when it is acted upon: tubes are replaced by the baseline one after "
        "another, those first that a method ranks highest. The steeper the curve falls beside "
        "that of random orders, the better the ranking."
    )
    rows = [[METHODS[key], *_promise(found, key), *_area(found, key)] for key in found.maps]
    curves = next(iter(found.deletions.values()))
    rows.append(["random orders", "–", "–", f"{curves.random_areas.mean():.3f}"])
    page.table(["method", "promise", "kept to", "area under deletion"], rows)
    results = {METHODS[key]: result for key, result in found.deletions.items()}
    page.figure(
        plot.deletion_curves(results, ylabel=f"probability of {found.classes[found.target]}"),
        alt="Probability of the class while tubes are taken away",
    )


def _promise(found: ClipExplanation, key: str) -> tuple[str, str]:
    """What a method promises, and how far that is kept."""
    result = found.attributions[key]
    if key == "integrated-gradients":
        return "complete: adds up to the change", f"gap {100 * result.relative_gap:.2g} %"
    if key == "lime":
        fits = f"R² {result.r2:.2f}, held out {result.r2_held_out:.2f}"
        return "the linear model fits", fits
    if key == "shapley":
        error = result.standard_error
        sure = "" if error is None or not error.any() else f"; error ± {np.median(error):.2g}"
        return "adds up to the change", f"gap {result.gap:.1g}{sure}"
    if key == "smoothgrad":
        size = np.abs(result.values).max() or 1.0
        share = np.median(result.standard_error) / size
        return "the noise is averaged out", f"error ± {100 * share:.1g} % of the largest"
    return "–", "–"


def _area(found: ClipExplanation, key: str) -> tuple[str]:
    return (f"{found.deletions[key].area:.3f}",)


def _add_steps(page: Report, found: ClipExplanation, shown: np.ndarray) -> None:
    page.section("Which frames it needs")
    steps, T = found.steps, len(found.frames)
    start = steps.pruning.start
    if start:
        page.text(
            f"TimeSHAP: played against all later ones, frames 1 to {start} (and 1 to any frame "
            f"before) are worth no more than {100 * steps.pruning.limit:.2g} points of "
            "probability, so they enter the game as one player; the others have a Shapley value "
            f"each. Among them that player gets {100 * steps.pruned_value:+.2g} points."
        )
    else:
        page.text(
            "TimeSHAP finds no beginning that could be left out: every frame has a Shapley value "
            "of its own."
        )
    values = np.concatenate([np.full(start, steps.pruned_value / max(start, 1)), steps.step_values])
    page.figure(
        plot.attribution_steps({"Shapley": values}),
        f"They add up to {steps.values.sum():+.3f}: from {steps.baseline_output:.3f} for the "
        f"baseline to {steps.whole_output:.3f} for the clip (gap {steps.gap:.1g}).",
        alt="Shapley value of each frame",
    )
    if found.connectivity is None:
        return
    page.text(
        "Connectivity: how strongly the answer after frame t hangs on frame s. Dark columns are "
        "frames that the network keeps in memory; a dark diagonal is one that lives in the moment."
    )
    page.figures([(plot.connectivity(found.connectivity), "Each row on its own scale.")])
    moving = plot.timeline_frames(
        shown, found.connectivity.norms, ylabel="‖∂output / ∂input‖", every=thinned(shown)
    )
    page.image(
        gif(moving), "gif", "What the answer hangs on while the clip runs; vermillion is now.",
        width=512,
    )  # fmt: skip
    if found.gradient_norms is not None and np.isfinite(found.gradient_norms).sum() > 1:
        ratio = found.gradient_norms[np.isfinite(found.gradient_norms)][0]
        page.figures(
            [
                (
                    plot.gradient_norms({"this clip": found.gradient_norms}),
                    f"The gradient on the state, {T - 1} frames back: {ratio:.2g} of what it is at "
                    "the end.",
                )
            ]
        )


def _add_inside(page: Report, found: ClipExplanation, shown: np.ndarray) -> None:
    page.section("Inside: gates and states")
    page.text(
        "A row is a unit, a column a frame. Gates are between 0 (shut, white) and 1 (open, dark). "
        "Where the forget gate `f` of an LSTM is near 1 its cell state `c` is kept; where the "
        "update gate `z` of a GRU is near 1 its state `h` is kept."
    )
    for layer in found.layers:
        traces = {letter: trace[0] for letter, trace in layer.traces.items()}
        title = f"{layer.kind} ({layer.name})"
        page.figure(
            plot.gate_heatmaps(traces, title=title), alt=f"Gates and states of the {layer.kind}"
        )
        _add_gates(page, traces, shown, layer.kind)
        if len(found.x) > 1 and traces["h"].shape[1] > 1 if "h" in traces else False:
            paths = hidden_trajectories(traces["h"])
            page.image(
                gif(plot.trajectory_frames(shown, paths, every=thinned(shown))), "gif",
                f"{layer.kind}: the path of the hidden state in the plane where it moves most.",
                width=480,
            )  # fmt: skip


def _add_gates(page: Report, traces: dict, shown: np.ndarray, kind: str) -> None:
    gates = {letter: trace for letter, trace in traces.items() if letter in "ifozr"}
    if not gates:
        return
    saturation = gate_saturation(gates)
    page.figures(
        [
            (
                plot.gate_saturation(saturation),
                "Saturation: a dot is a unit; to the right those that are mostly open, at the "
                "top those mostly shut, at the origin those that are neither.",
            ),
            (plot.gate_traces(gates), "Mean over units, with the band of the middle half."),
        ]
    )
    shares = {f"{g} open": saturation.right_steps[g] for g in gates}
    shares |= {f"{g} shut": saturation.left_steps[g] for g in gates}
    moving = plot.timeline_frames(
        shown, shares, ylabel="share of units", ylim=(0, 1), every=thinned(shown)
    )
    page.image(gif(moving), "gif", f"{kind}: gates saturated while the clip runs.", width=512)


def _add_making(page: Report, found: ClipExplanation, about: dict[str, str]) -> None:
    page.section("How this was made")
    cut = found.segments
    T, H, W = cut.shape[:3]
    boxes = np.array([[side.stop - side.start for side in cut.box(s)[:3]] for s in (0,)])[0]
    asked = {METHODS[k]: a.evaluations for k, a in found.attributions.items() if k in ON_FRAMES}
    rows = [
        ["frames explained", f"{T} of {W} × {H} pixels"],
        ["tubes", f"{cut.count}, of about {boxes[0]} frames, {boxes[2]} × {boxes[1]} pixels"],
        ["baseline", f"{found.baseline}: {_BASELINES.get(found.baseline, '')}"],
        ["asked", ", ".join(f"{name} {number}" for name, number in asked.items()) or "–"],
        *([key, value] for key, value in about.items()),
    ]
    page.table(["", ""], rows)
    page.text(
        "Methods: Simonyan 2014 (saliency), Smilkov 2017 (SmoothGrad), Sundararajan 2017 "
        "(integrated gradients), Zeiler and Fergus 2014 (occlusion), Ribeiro 2016 (LIME), "
        "Lundberg and Lee 2017 (Shapley values), Bento 2021 (TimeSHAP), Madsen 2019 "
        "(connectivity), Karpathy 2016 (saturation). Gradients are of the score before softmax, "
        "but for integrated gradients; all else is of the probability."
    )


_BASELINES = {
    "mean": "the clip standing still, every frame its mean",
    "gray": "the mean colour everywhere",
    "blur": "every frame blurred",
    "zeros": "black",
    "noise": "random pixels",
}
