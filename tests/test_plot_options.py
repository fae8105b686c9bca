"""Figures in a place that the caller has, of little data, and of data with gaps."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from scratchrnn import plot
from scratchrnn.explain import deletion

RNG = np.random.default_rng(0)
CURVE = {"loss": [2.0, 1.0], "val_loss": [2.1, 1.2]}


def texts(legend) -> list[str]:
    return [text.get_text() for text in legend.get_texts()]


IN_PLACE = {
    "learning_curves": (
        lambda ax: plot.learning_curves(CURVE, ax=ax),
        ["training (thin)", "held out (thick)"],
    ),
    "gate_traces": (
        lambda ax: plot.gate_traces({"z": np.full((4, 2), 0.5), "r": np.full((4, 2), 0.1)}, ax=ax),
        ["update gate z", "reset gate r"],
    ),
    "timeline": (
        lambda ax: plot.timeline({"left": [0.1, 0.2], "right": [0.9, 0.8]}, ax=ax),
        ["left", "right"],
    ),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_a_legend_stands_in_the_axes_that_are_given(name):
    draw, expected = IN_PLACE[name]
    fig, ax = plt.subplots()
    assert draw(ax) is fig
    assert texts(ax.get_legend()) == expected
    assert not fig.legends
    plt.close(fig)


def test_one_curve_needs_no_legend():
    fig, ax = plt.subplots()
    plot.learning_curves({"loss": [2.0, 1.0]}, ax=ax)
    assert ax.get_legend() is None and len(ax.lines) == 1
    plt.close(fig)
    fig = plot.learning_curves({"loss": [2.0, 1.0]})
    assert not fig.legends


def test_runs_that_lack_a_metric_are_left_out_of_its_panel():
    runs = {"one": CURVE, "two": {"val_loss": [1.5, 1.4]}, "three": {"accuracy": [0.1]}}
    fig = plot.learning_curves(runs, metrics=["loss"])
    drawn = [line for line in fig.axes[0].lines if len(line.get_xdata())]
    assert [list(line.get_ydata()) for line in drawn] == [
        CURVE["loss"],
        CURVE["val_loss"],
        [1.5, 1.4],
    ]


def test_panels_without_a_trace_are_hidden():
    traces = {letter: RNG.random((6, 3)) for letter in "ifgoc"}
    fig = plot.gate_heatmaps(traces)
    titles = [ax.get_title() for ax in fig.axes if ax.get_visible() and ax.get_title()]
    assert len(titles) == 5
    assert sum(not ax.get_visible() for ax in fig.axes) == 1


def test_gates_of_one_step_are_drawn_in_the_order_of_the_units():
    trace = np.array([[0.9, 0.1, 0.5]])
    fig = plot.gate_heatmaps({"z": trace})
    (image,) = fig.axes[0].images
    assert (image.get_array() == trace.T).all()


def test_features_without_names_are_numbered():
    fig = plot.attribution_heatmap(RNG.normal(size=(5, 3)))
    assert fig.axes[0].get_ylabel() == "feature"


def test_bars_that_are_missing_have_no_number():
    fig = plot.bars({"ours": {"a": 1.0, "b": 2.0}, "theirs": {"a": 3.0}}, form="{:.0f}")
    assert [text.get_text() for text in fig.axes[0].texts] == ["1", "2", "3"]


def test_paths_of_one_class_need_no_legend():
    fig = plot.trajectories(RNG.normal(size=(2, 5, 2)))
    assert not fig.legends


def test_a_path_without_a_real_step_is_left_out():
    paths = RNG.normal(size=(2, 5, 2))
    paths[1] = np.nan
    fig = plot.trajectories(paths)
    assert [len(line.get_xdata()) for line in fig.axes[0].lines] == [5, 1, 1]


def test_curves_of_deletion_stand_alone_without_random_orders():
    result = deletion(lambda x: x.sum(axis=1), np.ones(5), np.arange(5.0), orders=0)
    fig = plot.deletion_curves({"rank": result})
    assert texts(fig.legends[0]) == ["rank"]


EMPTY = {
    "gradient_norms: norms: expected at least one cell": lambda: plot.gradient_norms({}),
    "bars: values: expected at least one bar": lambda: plot.bars({}, ylabel="%"),
}


@pytest.mark.parametrize("message", EMPTY)
def test_nothing_to_draw_is_an_error(message):
    with pytest.raises(ValueError, match=message):
        EMPTY[message]()
