"""Bands of labels under a clip: what is drawn where, what moves, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from scratchrnn import plot

NAMES = ["jog", "squat", "a very long name of an action"]


@pytest.fixture
def clip():
    truth = np.repeat([0, 1], 10)
    said = truth.copy()
    said[[9, 12]] = [1, 2]
    return np.zeros((20, 16, 12), np.uint8), {"truth": truth, "GRU": said}


def stretches(ax, row):
    found = [p for p in ax.patches if abs(p.get_y() + 0.42 - row) < 1e-6]
    return [(p.get_x(), p.get_width(), to_hex(p.get_facecolor())) for p in found]


def test_wrong_frames_are_hatched_and_the_others_blue(clip):
    fig = plot.band_strip(*clip, NAMES)
    blue, red = (plot.OKABE_ITO[name].lower() for name in ("sky", "vermillion"))
    painted = stretches(fig.axes[1], 1)
    wrong = [(x, wide) for x, wide, colour in painted if colour == red]
    assert wrong == [(9.5, 1), (12.5, 1)]
    assert sum(wide for _, wide, colour in painted if colour == blue) == 18
    hatched = [p for p in fig.axes[1].patches if p.get_hatch()]
    assert len(hatched) == 2


def test_the_true_band_is_grey_and_named_where_there_is_room(clip):
    fig = plot.band_strip(*clip, NAMES)
    assert [(x, wide) for x, wide, _ in stretches(fig.axes[1], 0)] == [(0.5, 10), (10.5, 10)]
    assert [t.get_text() for t in fig.axes[1].texts if t.get_position()[1] == 0] == NAMES[:2]
    assert NAMES[2] not in [t.get_text() for t in fig.axes[1].texts]


def test_without_a_truth_nothing_is_right_or_wrong(clip):
    frames, labels = clip
    fig = plot.band_strip(frames, {"GRU": labels["GRU"]}, NAMES)
    colours = {colour for _, _, colour in stretches(fig.axes[1], 0)}
    assert colours == {"#d9d9d9", "#b5b5b5"}


def test_the_moving_clip_shows_each_frame_and_a_line_that_runs(clip):
    frames, labels = clip
    frames[7] = 200
    moving = plot.band_frames(frames, labels, NAMES, dpi=50)
    assert moving.shape[0] == 20 and moving.dtype == np.uint8
    shades = [(image == 200).all(axis=-1).sum() for image in moving]
    assert np.argmax(shades) == 7 and shades[7] > 5000
    columns = [np.flatnonzero((image[-60:-40] == 0).all(axis=(0, 2))) for image in moving]
    assert all(len(c) for c in columns)
    assert (np.diff([c[0] for c in columns]) > 0).all()


@pytest.mark.parametrize("draw", [plot.band_strip, plot.band_frames])
def test_what_does_not_fit_is_refused(draw, clip):
    frames, labels = clip
    with pytest.raises(ValueError, match=r"labels\['GRU'\]: expected integers \(20,\), got int64"):
        draw(frames, {"GRU": labels["GRU"][:5]}, NAMES)
    with pytest.raises(ValueError, match=r"expected integers \(20,\), got float64"):
        draw(frames, {"GRU": labels["GRU"] * 1.0}, NAMES)
    with pytest.raises(ValueError, match="expected classes 0 to 1, got 0 to 2"):
        draw(frames, labels, NAMES[:2])
    with pytest.raises(ValueError, match="at least one band"):
        draw(frames, {}, NAMES)
    with pytest.raises(ValueError, match="frames: expected at least one"):
        draw(frames[:0], labels, NAMES)
