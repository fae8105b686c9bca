"""One clip and one clip classifier: everything that can be asked, asked once.

On frames, through the whole pipeline, go the explainers that only ask; on the features that the
network sees, laid out as the small pictures that they are, those that need gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..layers import Recurrent
from ..losses import SparseCategoricalCrossentropy
from .asking import Progress
from .backpropagation import gradient_norms
from .baselines import make_baselines
from .connectivity import Connectivity, connectivity
from .decision import Decision, decision_step
from .deletion import Deletion, deletion
from .frames import as_pictures, on_frames
from .gradients import before_softmax, gradient_x_input, saliency, squashing
from .integrated import integrated_gradients
from .occluding import occlusion
from .pruning import PrunedShapley, timeshap
from .results import Attribution, SegmentAttribution
from .running import running_prediction
from .segments import Segments, tubes
from .shapley import shapley_values
from .smoothing import smooth_grad
from .surrogate import lime
from .traces import LayerTraces, layer_traces, recurrent_layer, recurrent_layers

METHODS = {
    "saliency": "saliency",
    "gradient-x-input": "gradient × input",
    "smoothgrad": "SmoothGrad",
    "integrated-gradients": "integrated gradients",
    "occlusion": "occlusion",
    "lime": "LIME",
    "shapley": "Shapley values",
}
"""Names on the command line, and as people say them."""

ON_FRAMES = ("occlusion", "lime", "shapley")

Stage = Callable[[str], Progress]


@dataclass
class ClipExplanation:
    """All that is known of why a classifier says what it says of a clip.

    Attributes
    ----------
    frames : ndarray of uint8, (T, H, W[, 3])
        As the features were taken from them.
    x, still : ndarray, (T, …)
        The features, and those of the baseline.
    classes : tuple of str
    target : int
        The class that is explained.
    probabilities : ndarray, (K,)
    decision : Decision
        With the running prediction.
    attributions : dict of str to Attribution
        By method, those of `METHODS` that were asked for.
    maps : dict of str to ndarray, (T, h, w)
        The same as pictures: on the grid of the features, or of the frames.
    segments : Segments
        The tubes.
    deletions : dict of str to Deletion
        What it costs to take away the tubes that each method ranks highest.
    layers : list of LayerTraces
    connectivity : Connectivity or None
    steps : PrunedShapley
        Shapley values of frames, TimeSHAP's pruning of old ones.
    gradient_norms : ndarray (T,) or None
    baseline : str
    """

    frames: np.ndarray
    x: np.ndarray
    still: np.ndarray
    classes: tuple[str, ...]
    target: int
    probabilities: np.ndarray
    decision: Decision
    segments: Segments
    baseline: str
    attributions: dict[str, Attribution] = field(default_factory=dict)
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    deletions: dict[str, Deletion] = field(default_factory=dict)
    layers: list[LayerTraces] = field(default_factory=list)
    connectivity: Connectivity | None = None
    steps: PrunedShapley | None = None
    gradient_norms: np.ndarray | None = None


def explain_clip(
    classifier: Any,
    frames: Any,
    *,
    target: int | None = None,
    methods: Sequence[str] | None = None,
    grid: tuple[int, int, int] = (5, 4, 4),
    samples: int = 1000,
    baseline: str = "mean",
    margin: float = 0.2,
    seed: int = 0,
    stage: Stage | None = None,
) -> ClipExplanation:
    """Explain what a clip classifier says of a clip, in every way that there is.

    Parameters
    ----------
    classifier : ClipClassifier
        Or anything with ``features``, ``network`` and ``classes``.
    frames : array_like of uint8, (T, H, W) or (T, H, W, 3)
        The clip.
    target : int, optional
        The class to explain; by default the one that it says.
    methods : sequence of str, optional
        Of `METHODS`; by default all.
    grid : (int, int, int), default (5, 4, 4)
        Tubes along time, rows and columns.
    samples : int, default 1000
        Variants of the clip to ask about, for LIME and for Shapley values each.
    baseline : str, default "mean"
        What takes the place of a tube; ``"mean"`` is the clip standing still.
    margin : float, default 0.2
        By how much the final class must lead to count as decided.
    seed : int, default 0
    stage : callable, optional
        Called with the name of each long piece of work; returns what to call with its progress.

    Returns
    -------
    ClipExplanation

    Raises
    ------
    ValueError
        If a method or class is not known, or the frames do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> from types import SimpleNamespace
    >>> from scratchrnn.explain.clip import explain_clip
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> from scratchrnn.video import FrameFeatures
    >>> network = Sequential([Input((None, 8)), GRU(3, seed=0), Dense(2, "softmax", seed=1)])
    >>> pipeline = SimpleNamespace(
    ...     features=FrameFeatures((2, 2)), network=network, classes=("up", "down")
    ... )
    >>> clip = np.random.default_rng(0).integers(0, 255, (6, 16, 16), dtype=np.uint8)
    >>> found = explain_clip(pipeline, clip, grid=(2, 2, 2), samples=50)
    >>> list(found.maps)[-1], found.maps["shapley"].shape
    ('shapley', (6, 16, 16))
    """
    who = "explain_clip"
    methods = list(METHODS if methods is None else methods)
    if not methods or set(methods) - set(METHODS):
        known = ", ".join(METHODS)
        raise ValueError(f"{who}: methods: expected some of {known}, got {methods}")
    frames = np.asarray(frames)
    frames = frames[..., 0] if frames.ndim == 4 and frames.shape[3] == 1 else frames
    stage = stage or (lambda name: None)
    features, network = classifier.features, classifier.network
    x = features(frames)
    running = running_prediction(network, x[None])[0]
    probabilities = running[-1]
    if target is None:
        target = int(probabilities.argmax())
    if not 0 <= target < len(probabilities):
        raise ValueError(f"{who}: target: expected 0 to {len(probabilities) - 1}, got {target}")
    still = features(make_baselines(who, frames, baseline, seed)[0])
    found = ClipExplanation(
        frames, x, still, tuple(classifier.classes), target, probabilities,
        decision_step(running, margin=margin), tubes(frames, grid=grid), baseline,
    )  # fmt: skip
    _ask(found, features, network, methods, samples, seed, stage)
    _take_away(found, features, network, seed, stage)
    _look_inside(found, network, seed, stage)
    return found


def _ask(found, features, network, methods, samples: int, seed: int, stage: Stage) -> None:
    """Fill in the attributions, and lay them out as pictures."""
    pipeline = on_frames(features, network)
    about = {"target": found.target, "baseline": found.baseline, "seed": seed}
    still = found.still
    view = before_softmax(network) if squashing(network) else network
    x, target, cut = found.x, found.target, found.segments
    calls = {
        "saliency": lambda tell: saliency(view, x, target),
        "gradient-x-input": lambda tell: gradient_x_input(view, x, target, baseline=still),
        "smoothgrad": lambda tell: smooth_grad(view, x, target, seed=seed, progress=tell),
        "integrated-gradients": lambda tell: integrated_gradients(
            network, x, target, baseline=still, progress=tell
        ),
        "occlusion": lambda tell: occlusion(pipeline, found.frames, cut, progress=tell, **about),
        "lime": lambda tell: lime(
            pipeline, found.frames, cut, samples=samples, progress=tell, **about
        ),
        "shapley": lambda tell: shapley_values(
            pipeline, found.frames, cut, samples=samples, progress=tell, **about
        ),
    }
    for name in METHODS:
        if name in methods:
            result = calls[name](stage(METHODS[name]))
            found.attributions[name] = result
            found.maps[name] = _picture(name, result, features)


def _picture(name: str, result: Attribution, features: Any) -> np.ndarray:
    """Lay an attribution out in space: (T, H, W) of frames, or (T, h, w) of the features."""
    if isinstance(result, SegmentAttribution):
        heat = result.map
        return heat.sum(axis=3) if heat.ndim == 4 else heat
    sizes = name in ("saliency", "smoothgrad")  # their sign says nothing by itself
    return as_pictures(features, np.abs(result.values) if sizes else result.values)


def _take_away(found, features, network, seed: int, stage: Stage) -> None:
    """Fill in what it costs to take away what each method ranks highest."""
    pipeline, cut = on_frames(features, network), found.segments
    for number, (name, heat) in enumerate(found.maps.items()):
        result = found.attributions[name]
        if isinstance(result, SegmentAttribution):
            scores = result.values
        else:
            scores = over_segments(heat, cut)
        found.deletions[name] = deletion(
            pipeline, found.frames, scores, cut, target=found.target, baseline=found.baseline,
            orders=0 if number else 10, seed=seed, progress=stage(f"deletion: {METHODS[name]}"),
        )  # fmt: skip


def over_segments(heat: np.ndarray, segments: Segments) -> np.ndarray:
    """Return the mean of a picture (T, h, w), of whatever grid, over each segment, (S,)."""
    H, W = segments.shape[1:3]
    h, w = heat.shape[1:]
    full = heat[:, np.arange(H) * h // H][:, :, np.arange(W) * w // W]
    labels = np.broadcast_to(segments.labels, segments.shape)
    labels = labels[..., 0] if labels.ndim == 4 else labels
    sums = np.bincount(labels.ravel(), full.ravel(), minlength=segments.count)
    return sums / np.bincount(labels.ravel(), minlength=segments.count)


def _look_inside(found, network, seed: int, stage: Stage) -> None:
    """Fill in what is seen inside the network, and which frames it needs."""
    found.steps = timeshap(
        network, found.x, found.target, baseline=found.still, seed=seed,
        progress=stage("Shapley values of frames"),
    )  # fmt: skip
    if not recurrent_layers(network):
        return
    found.layers = layer_traces(network, found.x[None])
    logits = squashing(network) is not None
    found.connectivity = connectivity(network, found.x, found.target, logits=logits)
    usual = isinstance(getattr(network, "loss", None), SparseCategoricalCrossentropy)
    if usual and isinstance(recurrent_layer(network), Recurrent):
        found.gradient_norms = gradient_norms(network, found.x[None], np.array([found.target]))[0]
