"""Pictures of explanations show what the numbers say."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from scratchrnn import explain, plot

FOR, AGAINST = (np.array(to_rgb(plot.OKABE_ITO[name])) for name in ("vermillion", "blue"))


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(0, 255, (5, 12, 16, 3)).astype(np.uint8)


def test_an_overlay_is_vermillion_for_and_blue_against(clip):
    values = np.zeros((5, 3, 4))
    values[2, 0, 0], values[3, 2, 3] = 2.0, -2.0
    laid = plot.overlay(clip, values, strength=1.0, limit=2.0) / 255
    assert laid.shape == (5, 12, 16, 3)
    assert np.allclose(laid[2, :4, :4], FOR, atol=0.01)
    assert np.allclose(laid[3, 8:, 12:], AGAINST, atol=0.01)
    assert np.ptp(laid[0], axis=2).max() < 0.01, "grey where there is nothing"


def test_an_overlay_takes_steps_tubes_and_channels(clip):
    steps = plot.overlay(clip, np.array([0.0, 0, 1, 0, 0]), strength=1.0)
    assert len(np.unique(steps[2].reshape(-1, 3), axis=0)) == 1
    cut = explain.tubes(clip, (5, 6, 8))
    result = explain.occlusion(lambda x: x[:, :, :6, :8].mean(axis=(1, 2, 3, 4)), clip, cut)
    tubes = plot.overlay(clip, result, strength=1.0) / 255
    assert np.allclose(tubes[:, :6, :8], FOR, atol=0.01)
    assert np.ptp(tubes[:, 6:], axis=3).max() < 0.01
    same = plot.overlay(clip, np.ones((5, 3, 4, 2)))
    assert np.array_equal(same, plot.overlay(clip, np.full((5, 3, 4), 2.0)))


def test_a_strip_has_a_row_for_each_explanation(clip, tmp_path):
    values = {"saliency": np.ones((5, 3, 4)), "LIME $x$": np.ones(5)}
    fig = plot.attribution_strip(clip, values, title="why", path=tmp_path / "strip.png")
    names = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert names == ["clip", "saliency", r"LIME \$x\$"] and len(fig.axes[0].images) == 15
    fig.canvas.draw()
    left = min(t.get_window_extent().x0 for t in fig.axes[0].get_yticklabels())
    assert left > 0, "nothing is cut off"


def test_bars_stand_for_steps():
    values = np.array([1.0, -2.0, 0.0])
    ax = plot.attribution_steps({"a": values, "b": 2 * values}).axes[0]
    assert [bar.get_height() for bar in ax.patches] == values.tolist()
    assert np.allclose([b.get_facecolor()[:3] for b in ax.patches], [FOR, AGAINST, FOR])
    assert [bar.get_hatch() for bar in ax.patches] == ["", "////", ""]


def test_frames_of_a_gif_change_with_the_clip(clip):
    moving = plot.attribution_frames(clip, {"a": np.ones(5), "b": np.ones((5, 2, 2))}, dpi=40)
    lines = plot.timeline_frames(clip, {"p": np.arange(5.0), "q": np.ones(5)}, dpi=40)
    bars = plot.timeline_frames(clip, np.tri(5), dpi=40)
    paths = explain.hidden_trajectories(np.random.default_rng(0).normal(size=(1, 5, 3)))
    plane = plot.trajectory_frames(clip, paths, others=paths.paths, dpi=40)
    for made in (moving, lines, bars, plane):
        assert len(made) == 5 and made.dtype == np.uint8
        assert all((a != b).any() for a, b in pairwise(made))


def test_the_marked_step_is_where_it_was_decided():
    fig = plot.timeline({"p": [0.1, 0.6, 0.9], "q": [0.9, 0.4, 0.1]}, mark=1)
    assert fig.axes[0].lines[-1].get_xdata()[0] == 2
    assert any("decided: step 2" in t.get_text() for t in fig.axes[0].texts)


def test_connectivity_is_drawn_relative_to_each_row():
    norms = np.tri(3) * np.array([[1.0], [10.0], [0.0]])
    drawn = plot.connectivity(norms).axes[0].images[0].get_array()
    assert np.array_equal(drawn, [[1, 0, 0], [1, 1, 0], [0, 0, 0]])


def test_saturation_has_a_dot_for_each_unit():
    gates = {"i": np.random.default_rng(0).random((9, 4)), "f": np.full((9, 4), 0.95)}
    fig = plot.gate_saturation(explain.gate_saturation(gates), title="LSTM")
    dots = fig.axes[1].lines[-1]
    assert dots.get_xdata().tolist() == [1.0] * 4 and dots.get_ydata().tolist() == [0.0] * 4


def test_trajectories_of_classes_have_their_names():
    paths = np.random.default_rng(0).normal(size=(4, 6, 2))
    paths[2, 4:] = np.nan
    fig = plot.trajectories(paths, [0, 1, 0, 1], ["left", "right"])
    assert [t.get_text() for t in fig.legends[0].get_texts()] == ["left", "right"]


def test_deletion_curves_stand_beside_random_ones():
    result = explain.deletion(lambda x: x.sum(axis=1), np.ones(5), np.arange(5.0))
    lines = plot.deletion_curves({"rank": result}).axes[0].lines
    assert np.array_equal(lines[0].get_ydata(), result.curve)
    assert np.allclose(lines[1].get_ydata(), result.random.mean(axis=0))


ERRORS = {
    r"overlay: values: expected \(5,\)": lambda c: plot.overlay(c, np.ones(4)),
    "attribution_strip: values": lambda c: plot.attribution_strip(c, {}),
    "attribution_steps: values": lambda c: plot.attribution_steps({"a": [1.0], "b": [1.0, 2.0]}),
    "attribution_heatmap: values": lambda c: plot.attribution_heatmap(np.ones(3)),
    "timeline: series": lambda c: plot.timeline({"a": [[1.0]]}),
    "as many steps as frames, 5": lambda c: plot.timeline_frames(c, {"a": [1.0, 2.0]}),
    r"connectivity: norms: expected \(T, T\)": lambda c: plot.connectivity(np.ones((2, 3))),
    "deletion_curves: results": lambda c: plot.deletion_curves({}),
    "trajectories: paths": lambda c: plot.trajectories(np.ones((2, 3))),
    "trajectories: labels": lambda c: plot.trajectories(np.ones((2, 3, 2)), [1]),
    r"trajectory_frames: paths: expected \(1, 5, K\)": lambda c: plot.trajectory_frames(
        c, np.ones((2, 5, 2))
    ),
}


@pytest.mark.parametrize("message", ERRORS)
def test_what_does_not_fit_is_named(message, clip):
    with pytest.raises(ValueError, match=message):
        ERRORS[message](clip)
