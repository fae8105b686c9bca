"""The rendered scenes: their truth is true, and hidden means hidden."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.tracking import corners, read_truth, render_clips, write_clips
from scratchrnn.tracking.scene import HIDDEN
from scratchrnn.video import read_frames


@pytest.fixture(scope="module")
def clips():
    return render_clips(30, seed=3, size=48, noise=0.0)


def orange(frames: np.ndarray) -> np.ndarray:
    """Where a picture is as orange as the object or its distractors."""
    r, g, b = np.moveaxis(frames.astype(int), -1, 0)
    return (r > 150) & (r - b > 110) & (g > 80)


def test_the_same_seed_gives_the_same_clips_and_more_of_them_change_nothing(clips):
    fewer = render_clips(3, seed=3, size=48, noise=0.0)
    assert np.array_equal(fewer.frames, clips.frames[:3])
    assert not np.array_equal(render_clips(3, seed=4, size=48).frames[0], clips.frames[0])


def test_a_scene_is_the_same_at_every_size(clips):
    small = render_clips(30, seed=3, size=24, noise=0.0)
    assert np.array_equal(small.boxes, clips.boxes)
    np.testing.assert_allclose(small.visible, clips.visible, atol=0.1)
    halved = clips.frames.reshape(30, -1, 24, 2, 24, 2, 3).mean(axis=(3, 5))
    assert np.abs(halved - small.frames).mean() < 4  # of 255


def test_the_box_holds_the_object_when_it_shows(clips):
    checked = 0
    inside = (np.abs(clips.boxes[..., :2] - 0.5) + clips.boxes[..., 2:] / 2 < 0.49).all(axis=-1)
    for k, t in np.argwhere(inside & (clips.visible > 0.98))[::2]:
        (left, top), (right, bottom) = (48 * c for c in corners(clips.boxes[k, t]))
        rows, columns = (slice(int(a), int(np.ceil(b))) for a, b in ((top, bottom), (left, right)))
        part = orange(clips.frames[k, t])[rows, columns]
        middle = clips.frames[k, t, int((top + bottom) / 2), int((left + right) / 2)]
        assert part.mean() > 0.3
        assert middle[2] > 150  # the pale core lies in the middle of the box
        checked += 1
    assert checked > 15


def test_in_nearly_every_clip_the_object_is_hidden_for_a_while_and_then_nothing_shows(clips):
    assert clips.hidden.any(axis=1).mean() > 0.8
    assert np.array_equal(clips.hidden, clips.present & (clips.visible < HIDDEN))
    run = clips.hidden.sum(axis=1)
    assert 4 <= np.median(run) <= 12


def test_absent_means_no_box_and_nothing_visible(clips):
    assert 0.02 < (~clips.present).mean() < 0.3
    assert not clips.boxes[~clips.present].any()
    assert not clips.visible[~clips.present].any()
    assert (clips.boxes[clips.present][:, 2:] > 0).all()


def test_boxes_lie_in_the_picture(clips):
    low, high = corners(clips.boxes[clips.present])
    assert low.min() > -1e-6 and high.max() < 1 + 1e-6


def test_targets_are_boxes_and_presence(clips):
    assert clips.targets.dtype == np.float32
    assert np.array_equal(clips.targets[..., :4], clips.boxes)
    assert np.array_equal(clips.targets[..., 4] == 1, clips.present)


@pytest.mark.parametrize("wrong", [{"number": 0}, {"size": 4}, {"steps": 10}])
def test_too_few_of_anything_are_refused(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"render_clips: {name}: expected at least"):
        render_clips(**{"number": 1, "seed": 0, **wrong})


def test_clips_are_written_with_their_truth_beside_them(tmp_path):
    clips = render_clips(2, seed=1, size=32)
    paths = write_clips(tmp_path / "clips", clips)
    assert [path.name for path in paths] == ["000.mp4", "001.mp4"]
    again = np.stack(list(read_frames(paths[1])))
    assert np.abs(again.astype(int) - clips.frames[1]).mean() < 8
    truth = read_truth(paths[1].with_suffix(".csv"))
    np.testing.assert_allclose(truth["boxes"], clips.boxes[1], atol=1e-5)
    np.testing.assert_allclose(truth["visible"], clips.visible[1], atol=1e-5)
    assert np.array_equal(truth["present"], clips.present[1])


def test_a_table_without_boxes_is_refused(tmp_path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("frame,cx\n0,0.5\n")
    with pytest.raises(ValueError, match=r"wrong\.csv: is no table of boxes"):
        read_truth(wrong)
