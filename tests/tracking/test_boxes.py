"""Overlap of boxes, checked by counting pixels and where nothing is left to count."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.tracking import box_iou, clip_boxes, corners

SQUARE = [0.5, 0.5, 0.2, 0.2]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (SQUARE, 1.0),
        ([0.6, 0.5, 0.2, 0.2], 1 / 3),
        ([0.5, 0.5, 0.1, 0.4], 1 / 3),
        ([0.5, 0.5, 0.4, 0.4], 1 / 4),
        ([0.7, 0.5, 0.2, 0.2], 0.0),  # they touch
        ([0.9, 0.9, 0.1, 0.1], 0.0),
        ([0.5, 0.9, 0.2, 0.2], 0.0),  # one above the other
        ([0.5, 0.5, 0.0, 0.2], 0.0),  # a line
        ([0.5, 0.5, -0.2, -0.2], 0.0),  # negative sides, whose product is positive
    ],
)
def test_overlap_of_two_boxes(other, expected):
    assert box_iou(SQUARE, other) == pytest.approx(expected, abs=1e-12)
    assert box_iou(other, SQUARE) == pytest.approx(expected, abs=1e-12)


def test_overlap_is_what_counting_points_gives():
    rng = np.random.default_rng(0)
    pairs = rng.uniform([0.3, 0.3, 0.1, 0.1], [0.7, 0.7, 0.6, 0.6], (2, 20, 4))
    at = (np.arange(400) + 0.5) / 400
    inside = []
    for boxes in pairs:
        low, high = corners(boxes)
        across = (at >= low[:, :1]) & (at <= high[:, :1])
        down = (at >= low[:, 1:]) & (at <= high[:, 1:])
        inside.append(across[:, None, :] & down[:, :, None])
    both, either = inside[0] & inside[1], inside[0] | inside[1]
    counted = both.sum(axis=(1, 2)) / either.sum(axis=(1, 2))
    np.testing.assert_allclose(box_iou(*pairs), counted, atol=0.02)


def test_two_boxes_without_area_do_not_overlap_even_if_equal():
    with np.errstate(all="raise"):
        assert box_iou([0.5, 0.5, 0.0, 0.0], [0.5, 0.5, 0.0, 0.0]) == 0.0


def test_a_box_with_negative_sides_is_a_point():
    low, high = corners([0.3, 0.6, -0.2, -0.1])
    assert low.tolist() == high.tolist() == [0.3, 0.6]


def test_many_boxes_against_one_broadcast():
    assert box_iou(np.tile(SQUARE, (3, 2, 1)), SQUARE).tolist() == [[1.0, 1.0]] * 3


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (np.zeros((2, 5)), r"boxes: expected \(\.\.\., 4\), got \(2, 5\)"),
        (0.5, r"boxes: expected \(\.\.\., 4\)"),
        ([0.5, np.nan, 0.1, 0.1], "boxes: expected finite"),
    ],
)
def test_what_is_no_box_is_refused(boxes, message):
    with pytest.raises(ValueError, match=message):
        box_iou(boxes, SQUARE)


def test_a_box_is_cut_at_the_edges_and_gone_outside():
    inside = clip_boxes([[0.0, 1.0, 0.2, 0.4], [1.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]])
    np.testing.assert_allclose(inside[0], [0.05, 0.9, 0.1, 0.2])
    assert inside[1, 2] == 0.0
    np.testing.assert_allclose(inside[2], [0.5, 0.5, 0.2, 0.2])
