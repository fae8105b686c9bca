"""Every figure is labelled, holds what it was given, and cuts nothing off."""

from __future__ import annotations

import itertools
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from scratchrnn import plot

LONG = ["first-second-third", "third, second, first", "$5 and _under", "d"]


def drawn_axes(fig):
    return [ax for ax in fig.axes if ax.get_visible() and ax.axison]


def assert_nothing_cut_off(fig):
    """The box around all that is drawn, in inches, lies on the paper."""
    fig.canvas.draw()
    box = fig.get_tightbbox()
    width, height = fig.get_size_inches()
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, (box, fig)


def assert_labels_do_not_collide(fig):
    for ax in drawn_axes(fig):
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [tick for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            labels = [tick.label1 for tick in ticks if tick.label1.get_visible()]
            boxes = [label.get_window_extent() for label in labels if label.get_text()]
            for one, other in itertools.pairwise(boxes):
                assert not one.overlaps(other), f"{axis.axis_name} labels collide in {ax}"


def assert_good(fig, labels=True):
    """Looks at a figure as a reader would: is it whole, labelled, and not blank?"""
    assert_nothing_cut_off(fig)
    assert_labels_do_not_collide(fig)
    assert plot.to_rgb(fig).std() > 5
    if labels:
        assert any(ax.get_xlabel() for ax in drawn_axes(fig))
        assert any(ax.get_ylabel() or ax.get_yticklabels() for ax in drawn_axes(fig))


def history(epochs=12):
    epoch = np.arange(epochs)
    falling = 2 * np.exp(-epoch / 5)
    return {
        "loss": falling,
        "val_loss": falling + 0.2,
        "accuracy": 1 - falling / 2.5,
        "val_accuracy": 1 - falling / 2.2,
    }


# -- figures -------------------------------------------------------------------------------


def test_learning_curves_of_one_run_show_training_and_held_out():
    fig = plot.learning_curves(history())
    assert_good(fig)
    assert [ax.get_ylabel() for ax in fig.axes] == ["loss", "accuracy (%)"]
    names = [t.get_text() for t in fig.legends[0].get_texts()]
    assert names == ["training (thin)", "held out (thick)"]
    drawn = [line.get_ydata() for line in fig.axes[1].lines if len(line.get_ydata())]
    assert np.allclose(drawn[1], 100 * history()["val_accuracy"])


def test_learning_curves_of_several_runs_name_each():
    runs = {"SimpleRNN": history(), "LSTM": history(20), "baseline": history(3)}
    fig = plot.learning_curves(runs, chance=0.25)
    assert_good(fig)
    names = [t.get_text() for t in fig.legends[0].get_texts()]
    assert names[:3] == list(runs)
    assert "chance" in [t.get_text() for t in fig.axes[1].texts]


def test_learning_curves_take_a_history_object_and_the_callers_axes():
    class History:
        history = history()

    fig, axes = plot.figure(6, 3, columns=2)
    assert plot.learning_curves(History(), ax=axes) is fig
    assert axes[0].get_legend() is not None


@pytest.mark.parametrize("wrong", [{}, None, {"weights": [1.0]}, {"LSTM": {"time": [1]}}])
def test_learning_curves_refuse_what_is_no_history(wrong):
    with pytest.raises(ValueError, match=r"learning_curves: histories: expected"):
        plot.learning_curves(wrong)


def test_gradient_norms_are_drawn_back_from_the_last_step_on_a_log_scale():
    norms = {"SimpleRNN": 0.5 ** np.arange(20)[::-1], "LSTM": np.full((4, 20), 0.9)}
    fig = plot.gradient_norms(norms)
    assert_good(fig)
    ax = fig.axes[0]
    assert ax.get_yscale() == "log" and ax.xaxis_inverted()
    back, values = ax.lines[0].get_data()
    assert values[back == 0] == 1.0 and values[back == 19] == 0.5**19


def test_gradient_norms_leave_out_what_a_log_scale_cannot_show():
    fig = plot.gradient_norms({"RNN": np.array([0.0, np.nan, np.inf, 1e-300, 1.0])})
    assert_good(fig)
    assert list(fig.axes[0].lines[0].get_xdata()) == [1, 0]


def test_confusion_matrix_counts_true_classes_down_and_predicted_ones_across():
    fig = plot.confusion_matrix([0, 0, 0, 2], [0, 1, 1, 2], LONG[:3], title="LSTM")
    assert_good(fig)
    cells = {t.get_position(): t.get_text() for t in fig.axes[0].texts}
    assert cells == {(0, 0): "1", (1, 0): "2", (2, 2): "1"}
    assert fig.axes[0].get_ylabel() == "true class"


@pytest.mark.parametrize("number", [2, 12, 60])
def test_confusion_matrix_of_any_size_cuts_nothing_off(number):
    names = [f"a class with name {k}" for k in range(number)]
    assert_good(plot.confusion_matrix(np.eye(number, dtype=int) * 123, classes=names))


@pytest.mark.parametrize(
    ("args", "who"),
    [
        (([0, 1], [0]), "y_pred"),
        (([0, 3], [0, 1], ["a", "b"]), "y_true"),
        (([0, 1], [0, -1]), "y_pred"),
        ((np.zeros((2, 3)),), "y_true"),
        ((np.eye(3), None, ["a"]), "classes"),
    ],
)
def test_confusion_matrix_says_what_does_not_fit(args, who):
    with pytest.raises(ValueError, match=f"confusion_matrix: {who}: expected"):
        plot.confusion_matrix(*args)


def test_bars_show_their_numbers_and_the_reference():
    values = {"baseline": 16.7, "LSTM": 100.0}
    fig = plot.bars(values, ylabel="accuracy (%)", reference=(16.7, "chance"))
    assert_nothing_cut_off(fig)
    assert [bar.get_height() for bar in fig.axes[0].patches] == [16.7, 100.0]
    assert {"16.7", "100", "chance"} <= {t.get_text() for t in fig.axes[0].texts}


def test_grouped_bars_have_a_legend_and_hatches_for_print():
    values = {"ours": {"RNN": 1.0, "LSTM": 2.0}, "PyTorch": {"RNN": 3.0, "LSTM": 4.0}}
    fig = plot.bars(values, spread={"ours": {"RNN": (0.5, 2.5)}}, ylabel="ms", title="time")
    assert_nothing_cut_off(fig)
    assert [t.get_text() for t in fig.axes[0].get_legend().get_texts()] == ["ours", "PyTorch"]
    assert len({bar.get_hatch() for bar in fig.axes[0].patches}) == 2
    above = next(t for t in fig.axes[0].texts if t.get_text() == "1")
    assert above.xy[1] == 2.5, "the number stands above the error bar, not in it"


def test_film_strip_lines_frames_up_with_the_running_prediction():
    frames = np.random.default_rng(0).integers(0, 255, (14, 24, 32, 3)).astype(np.uint8)
    probabilities = np.random.default_rng(1).dirichlet(np.ones(4), 14)
    fig = plot.film_strip(frames, probabilities, LONG, truth=2, title="one clip")
    assert_good(fig)
    top, low = fig.axes
    assert len(top.images) == 14 and top.get_xlim() == low.get_xlim()
    assert np.array_equal(low.images[0].get_array(), probabilities.T)
    dots = [int(line.get_ydata()[0]) for line in low.lines]
    assert dots == list(probabilities.argmax(axis=1))
    assert low.get_yticklabels()[2].get_text().startswith("true")


def test_of_many_classes_the_likeliest_and_the_true_one_are_shown():
    probabilities = np.random.default_rng(0).dirichlet(np.ones(60) / 8, 5)
    probabilities[:, 33] = 0
    names = [f"class {k}" for k in range(60)]
    fig = plot.film_strip(np.zeros((5, 8, 8)), probabilities, names, truth=33)
    assert_good(fig)
    shown = [label.get_text() for label in fig.axes[1].get_yticklabels()]
    assert len(shown) == 10 and "true ▸ class 33" in shown
    assert {f"class {k}" for k in probabilities.argmax(axis=1)} <= set(shown)


@pytest.mark.parametrize("steps", [1, 3, 90])
def test_film_strips_of_any_length_stay_readable(steps):
    frames = np.random.default_rng(0).random((steps, 16, 16))
    fig = plot.film_strip(frames, np.full((steps, 2), 0.5), ["left", "right"])
    assert_good(fig)
    assert len(fig.axes[0].images) <= 20


@pytest.mark.parametrize(
    ("frames", "probabilities", "classes", "who"),
    [
        ([], None, None, "frames"),
        ([np.zeros(4)], None, None, "frames"),
        (np.zeros((3, 4, 4)), np.zeros((2, 2)), None, "probabilities"),
        (np.zeros((3, 4, 4)), np.zeros((3, 2)), ["a"], "probabilities"),
    ],
)
def test_film_strip_says_what_does_not_fit(frames, probabilities, classes, who):
    with pytest.raises(ValueError, match=f"film_strip: {who}: expected"):
        plot.film_strip(frames, probabilities, classes)


def test_prediction_frames_are_one_picture_a_frame_and_change():
    frames = np.zeros((3, 8, 8))
    images = plot.prediction_frames(frames, np.eye(3), LONG[:3], truth=1, dpi=50)
    assert images.shape == (3, 130, 300, 3) and images.dtype == np.uint8
    assert len({image.tobytes() for image in images}) == 3


@pytest.mark.parametrize("letters", ["ifgoch", "zrnh", "h"])
def test_gate_heatmaps_have_a_panel_for_every_gate(letters):
    rng = np.random.default_rng(0)
    traces = {letter: rng.uniform(-3, 3, (9, 5)) for letter in letters}
    fig = plot.gate_heatmaps(traces, title="one clip")
    assert_good(fig)
    titles = [ax.get_title() for ax in drawn_axes(fig) if ax.get_title()]
    assert [title[-1] for title in titles] == list(letters)


def test_gate_heatmaps_keep_every_value_and_one_order_of_units():
    traces = {"z": np.random.default_rng(0).random((6, 4)), "h": np.eye(6, 4)}
    z, h = (ax.images[0].get_array() for ax in drawn_axes(plot.gate_heatmaps(traces))[:2])
    order = [int(np.flatnonzero((row == traces["h"].T).all(axis=1))[0]) for row in h]
    assert sorted(order) == [0, 1, 2, 3]
    assert np.array_equal(z, traces["z"].T[order])


def test_gate_traces_are_the_mean_over_units():
    traces = {"f": np.random.default_rng(0).random((7, 3)), "c": np.ones((7, 3))}
    fig = plot.gate_traces(traces, title="gates")
    assert_good(fig)
    assert np.allclose(fig.axes[0].lines[0].get_ydata(), traces["f"].mean(axis=1))
    labels = [t.get_text() for t in fig.legends[0].get_texts()]
    assert labels == ["forget gate f", "cell state c"]


@pytest.mark.parametrize("draw", [plot.gate_heatmaps, plot.gate_traces])
@pytest.mark.parametrize("wrong", [{}, {"h": np.zeros(3)}, {"i": np.eye(2), "f": np.eye(3)}])
def test_gates_of_different_shapes_are_refused(draw, wrong):
    with pytest.raises(ValueError, match=r"gate_\w+: traces: expected"):
        draw(wrong)


@pytest.mark.parametrize("cell", ["SimpleRNN", "LSTM", "GRU", "MyCell"])
@pytest.mark.parametrize("return_sequences", [False, True])
def test_unrolled_network_shows_every_shape(cell, return_sequences):
    fig = plot.unrolled_network(
        cell, steps=3, inputs=8, units=16, batch=32, return_sequences=return_sequences
    )
    assert_good(fig, labels=False)
    shown = [t.get_text() for t in fig.axes[0].texts]
    assert shown.count("(32, 8)") == 3 and shown.count("(32, 16)") == 3
    assert shown.count(cell) == 3 and shown.count("Dense") == (3 if return_sequences else 1)
    assert any("c" in t and "h" in t for t in shown if t.startswith("$")) == (cell == "LSTM")


def test_unrolled_network_needs_two_steps():
    with pytest.raises(ValueError, match=r"unrolled_network: steps: expected at least 2, got 1"):
        plot.unrolled_network(steps=1)


@pytest.mark.parametrize("log", [True, False])
def test_loss_surface_draws_the_grid_and_the_paths(log):
    a, b = np.linspace(-1, 1, 9), np.linspace(0, 2, 7)
    steps = np.array([[0.0, 1.0], [0.5, 0.5]])
    fig = plot.loss_surface(
        lambda u, v: 0.01 + u * u + v, a, b, paths={"SGD": steps}, names=("u", "$v"), log=log
    )
    assert_good(fig)
    ax = fig.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("u", r"\$v")
    assert any(np.array_equal(line.get_xydata(), steps) for line in ax.lines)


def test_loss_surface_survives_losses_that_exploded():
    values = np.array([[1.0, np.inf], [np.nan, 0.0]])
    assert_good(plot.loss_surface(values, np.arange(2), np.arange(2)))


@pytest.mark.parametrize("values", [np.zeros((2, 3)), np.full((2, 2), np.nan)])
def test_loss_surface_says_what_does_not_fit(values):
    with pytest.raises(ValueError, match=r"loss_surface: loss: expected"):
        plot.loss_surface(values, np.arange(2), np.arange(2))


# -- animation -----------------------------------------------------------------------------


def test_a_clip_becomes_a_player_without_anything_to_download():
    page = plot.to_jshtml(np.random.default_rng(0).random((3, 8, 8)), fps=5)
    assert page.count("data:image/png;base64") == 3
    assert 'src="http' not in page


def test_an_animation_calls_update_for_every_frame():
    fig, ax = plot.figure(2, 1)
    (dot,) = ax.plot([0], [0], "o")
    seen = []
    moving = plot.animate(fig, lambda k: (seen.append(k), dot.set_xdata([k])), 4)
    plot.to_jshtml(moving)
    assert set(seen) == {0, 1, 2, 3}
    with pytest.raises(ValueError, match="at least one frame"):
        plot.to_jshtml([])


# -- the style -----------------------------------------------------------------------------


def test_drawing_leaves_the_users_settings_and_pyplot_alone():
    before = dict(matplotlib.rcParams)
    plot.to_png(plot.learning_curves(history()))
    assert dict(matplotlib.rcParams) == before
    code = (
        "import sys, scratchrnn.plot as p; p.to_png(p.bars({'a': 1.0}));"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_figures_show_themselves_in_a_notebook():
    assert plot.bars({"a": 1.0})._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_figures_are_saved_whole_by_their_ending(tmp_path, ending):
    path = tmp_path / "new folder" / f"figure.{ending}"
    plot.bars({"a": 1.0}, path=path)
    assert path.stat().st_size > 1000
    assert list(path.parent.iterdir()) == [path], "nothing temporary is left"


def test_an_unknown_ending_writes_nothing(tmp_path):
    with pytest.raises(ValueError, match=r"plot.save: path: expected .png"):
        plot.bars({"a": 1.0}, path=tmp_path / "figure.gif2")
    assert not list(tmp_path.iterdir())


def test_the_same_numbers_give_the_same_picture_bit_for_bit():
    assert plot.to_png(plot.bars({"a": 1.0})) == plot.to_png(plot.bars({"a": 1.0}))


@pytest.mark.parametrize("colours", [plot.UNIT_MAP, plot.SIGNED_MAP])
def test_colour_maps_change_steadily_in_lightness_so_that_print_in_grey_reads(colours):
    red, green, blue = colours(np.linspace(0, 1, 64))[:, :3].T
    grey = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    change = np.diff(grey)
    assert (change > 0).all() or (change < 0).all()


def test_cells_and_gates_differ_in_line_as_well_as_in_colour():
    for group in (("SimpleRNN", "LSTM", "GRU", "baseline"), ("i", "f", "g", "o"), ("z", "r", "n")):
        looks = [plot.line(name) for name in group]
        assert len({look["color"] for look in looks}) == len(group)
        assert len({str(look["linestyle"]) for look in looks}) == len(group)


def test_a_ladder_says_how_many_times_as_fast_every_rung_is():
    fig = plot.ladder({"a rung with a long name": 0.3, "b": 0.12, "c": 0.01}, title="climb")
    assert_good(fig)
    shown = [text.get_text() for text in fig.axes[0].texts]
    assert shown == ["300 ms", "120 ms  (2.5×)", "10 ms  (30×)"]
    with pytest.raises(ValueError, match="times: expected positive"):
        plot.ladder({"a": 0.0})


def test_a_roofline_bends_where_memory_and_arithmetic_balance():
    points = {"one row": (0.5, 4e9), "a batch": (32.0, 8e10)}
    fig = plot.roofline(points, peak=1e11, bandwidth=1e10)
    assert_good(fig)
    roof = fig.axes[0].lines[0].get_xydata()
    assert roof[1].tolist() == [10.0, 100.0]
    assert (roof[0, 1] / roof[0, 0], roof[2, 1]) == (pytest.approx(10.0), 100.0)
    with pytest.raises(ValueError, match="points: expected positive"):
        plot.roofline(points, peak=-1.0, bandwidth=1e10)


def test_a_described_figure_hands_its_description_to_the_notebook():
    fig, _ = plot.figure(2, 2)
    assert fig._repr_png_().startswith(b"\x89PNG")
    assert fig.describe("a line\n   that rises") is fig
    png, metadata = fig._repr_png_()
    assert png.startswith(b"\x89PNG") and metadata == {"alt": "a line that rises"}
