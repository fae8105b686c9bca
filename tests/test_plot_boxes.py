"""Boxes over clips: where they are drawn, what is left out, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from scratchrnn import plot


@pytest.fixture
def clip():
    truth = np.tile([0.5, 0.25, 0.5, 0.25], (6, 1))
    other = truth.copy()
    other[:, 0] += 0.1
    other[2] = np.nan
    return np.zeros((6, 20, 40, 3), np.uint8), {"truth": truth, "GRU": other}


def test_boxes_are_drawn_where_they_are_in_pixels(clip):
    frames, boxes = clip
    fig = plot.box_strip(frames, boxes, most=6)
    truth, guess = fig.axes[0].patches
    assert truth.get_bbox().bounds == pytest.approx((9.5, 1.5 + 0.5, 20, 5), abs=0.51)
    assert guess.get_bbox().bounds == pytest.approx((13.5, 1.5 + 0.5, 20, 5), abs=0.51)
    assert to_hex(truth.get_edgecolor()) == "#ffffff"
    assert to_hex(guess.get_edgecolor()) == plot.color("GRU").lower()


def test_a_frame_without_a_box_shows_none(clip):
    fig = plot.box_strip(*clip, most=6)
    shown = [ax.patches[1].get_visible() for ax in fig.axes]
    assert shown == [True, True, False, True, True, True]


def test_frames_are_spread_over_the_clip_and_scores_lie_below(clip):
    hidden = np.array([0, 0, 1, 1, 0, 0], bool)
    fig = plot.box_strip(*clip, scores={"GRU": np.linspace(0, 1, 6)}, hidden=hidden, most=3)
    assert [ax.get_title() for ax in fig.axes[:-1]] == ["1", "3", "6"]
    assert fig.axes[-1].lines[0].get_ydata()[-1] == 1
    assert [text.get_text() for text in fig.axes[-1].texts] == ["out of sight"]


def test_a_moving_clip_has_a_picture_a_frame_that_follows_the_box(clip):
    frames, boxes = clip
    boxes["GRU"][3:, 0] += 0.2
    moving = plot.box_frames(frames, boxes, scores={"GRU": np.ones(6)}, dpi=40)
    assert moving.shape == (6, 240, 176, 3) and moving.dtype == np.uint8
    top = moving[:, :150].astype(int)
    assert np.abs(top[1] - top[5]).max() > 100


@pytest.mark.parametrize("draw", [plot.box_strip, plot.box_frames])
def test_what_does_not_fit_is_refused(draw, clip):
    frames, boxes = clip
    with pytest.raises(ValueError, match=r"boxes\['GRU'\]: expected \(6, 4\), got \(5, 4\)"):
        draw(frames, {"GRU": boxes["GRU"][:5]})
    with pytest.raises(ValueError, match=r"scores\['GRU'\]: expected \(6,\), got \(7,\)"):
        draw(frames, boxes, scores={"GRU": np.zeros(7)})
    with pytest.raises(ValueError, match=r"hidden: expected \(6,\)"):
        draw(frames, boxes, hidden=np.zeros(3, bool))
    with pytest.raises(ValueError, match="expected at least one, got none"):
        draw(frames[:0], boxes)
