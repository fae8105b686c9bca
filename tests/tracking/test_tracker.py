"""Eye, heads, scores and the demo, in small; at full size what a memory is worth."""

from __future__ import annotations

import re

import numpy as np
import pytest

from scratchrnn.cli import main
from scratchrnn.tracking import (
    Track,
    Tracker,
    TrackingClips,
    box_iou,
    build_head,
    frames_out_of_sight,
    hold_last,
    read_truth,
    render_clips,
    score_track,
    sightings,
    train_eye,
    train_head,
    train_trackers,
)
from scratchrnn.tracking.eye import as_pictures, build_eye, cell_targets
from scratchrnn.tracking.heads import encode, mirrored
from scratchrnn.video import read_frames


@pytest.fixture(scope="module")
def eye():
    return train_eye(render_clips(60, seed=0), epochs=6, seed=0)


@pytest.fixture(scope="module")
def tested():
    return render_clips(12, seed=9)


def perfect_cells(boxes, seen):
    """What an eye says that has learned its targets by heart: logits of ±20."""
    cells = cell_targets(boxes, seen)
    cells[..., 4] = np.where(cells[..., 4] > 0, 20, -20)
    return cells


class Perfect:
    """Stands in for an eye whose cells are all right."""

    def __init__(self, boxes, seen):
        self.cells = perfect_cells(boxes, seen)

    def predict(self, pictures, **options):
        return self.cells.copy()


def test_the_cells_of_a_perfect_eye_add_up_to_the_box():
    boxes = np.random.default_rng(0).uniform([0.1, 0.1, 0.1, 0.1], [0.9, 0.9, 0.3, 0.3], (20, 4))
    seen = np.arange(20) % 4 > 0
    told = sightings(Perfect(boxes, seen), np.zeros((1, 20, 32, 32, 3), np.uint8))[0]
    np.testing.assert_allclose(told[seen, :4], boxes[seen], atol=1e-4)
    assert (told[seen, 4] > 0.99).all() and (told[~seen, 4] < 0.01).all()


def test_the_eye_learns_to_see_from_few_clips(eye, tested):
    pictures = as_pictures(tested.frames).reshape(-1, 32, 32, 3)
    wanted = cell_targets(tested.boxes.reshape(-1, 4), tested.visible.reshape(-1) >= 0.3)
    before = build_eye(seed=0).evaluate(pictures, wanted, batch_size=128, verbose=0)
    assert eye.evaluate(pictures, wanted, batch_size=128, verbose=0) < before / 4


def test_pictures_of_any_size_are_averaged_down():
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    means = frames.reshape(2, 32, 2, 32, 3, 3).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(as_pictures(frames), means, atol=1e-6)
    with pytest.raises(ValueError, match="frames: expected uint8"):
        as_pictures(frames / 255)


def test_each_mirror_is_undone_by_itself_but_the_turned_ones():
    rows = np.random.default_rng(0).random((3, 7, 5))
    for way in range(16):
        twice = mirrored(mirrored(rows, way), way)
        if not (way & 4 and (way & 3) in (1, 2)):  # those two turn by a quarter
            np.testing.assert_allclose(twice, rows)
    shown = {mirrored(rows, way).round(9).tobytes() for way in range(16)}
    assert len(shown) == 16


def test_boxes_overlap_in_a_mirror_as_they_did_before():
    rng = np.random.default_rng(1)
    one, other = rng.uniform([0.3, 0.3, 0.2, 0.2, 0], [0.7, 0.7, 0.6, 0.4, 1], (2, 3, 4, 5))
    overlap = box_iou(one[..., :4], other[..., :4])
    assert overlap.mean() > 0.1
    for way in range(16):
        seen = box_iou(mirrored(one, way)[..., :4], mirrored(other, way)[..., :4])
        np.testing.assert_allclose(seen, overlap[:, ::-1] if way & 8 else overlap)


def test_unsure_sightings_fade_to_zero():
    seen = np.array([[[0.9, 0.9, 0.3, 0.3, 0.0], [0.5, 0.5, 0.25, 0.25, 1.0]]])
    assert encode(seen).round(6).tolist() == [[[0, 0, 0, 0, -1], [0, 0, 1, 1, 1]]]


@pytest.mark.parametrize("units", [8, 96])
def test_both_heads_have_about_as_many_weights(units):
    sizes = [build_head(recurrent, units=units).count_params() for recurrent in (True, False)]
    assert 0.75 < sizes[0] / sizes[1] < 1.25


def test_only_the_recurrent_head_knows_what_went_before():
    seen = np.random.default_rng(0).random((1, 6, 5)).astype(np.float32)
    other = seen.copy()
    other[:, 0] = 0.3
    for recurrent in (True, False):
        tracker = Tracker(None, build_head(recurrent, units=8))
        one, two = (tracker.track_sightings(rows).boxes for rows in (seen, other))
        assert (one[:, 1:] != two[:, 1:]).any() == recurrent


def test_no_tracker_looks_ahead():
    seen = np.random.default_rng(0).random((1, 6, 5)).astype(np.float32)
    tracker = Tracker(None, build_head(True, units=8))
    whole, part = tracker.track_sightings(seen), tracker.track_sightings(seen[:, :4])
    np.testing.assert_allclose(whole.boxes[:, :4], part.boxes, atol=1e-6)


def test_the_last_sure_sighting_is_kept():
    seen = np.zeros((1, 5, 5))
    seen[0, :, 0] = [0.1, 0.2, 0.3, 0.4, 0.5]
    seen[0, :, 4] = [0.0, 0.9, 0.2, 0.9, 0.4]
    track = hold_last(seen)
    assert track.boxes[0, :, 0].tolist() == [0.1, 0.2, 0.2, 0.4, 0.4]
    assert track.presence[0].tolist() == [0, 1, 1, 1, 1]


def made_up(visible, present=None) -> TrackingClips:
    """Clips of which only the truth is known."""
    visible = np.atleast_2d(np.array(visible, float))
    present = np.ones(visible.shape, bool) if present is None else np.atleast_2d(present)
    boxes = np.tile([0.5, 0.5, 0.2, 0.2], (*visible.shape, 1))
    return TrackingClips(None, np.where(present[..., None], boxes, 0), present, visible)


def test_time_out_of_sight_counts_from_when_it_was_last_seen():
    clips = made_up([0.0, 0.0, 1.0, 0.4, 0.05, 0.0, 0.3, 0.0, 1.0])
    assert frames_out_of_sight(clips).tolist() == [[0, 0, 0, 0, 1, 2, 0, 1, 0]]


def test_scores_are_means_over_the_right_frames():
    clips = made_up([1.0, 0.6, 0.3, 0.0, 0.0, 0.0], [True] * 5 + [False])
    boxes = clips.boxes.copy()
    boxes[0, 1] = [0.6, 0.5, 0.2, 0.2]  # a third
    boxes[0, 2] = [0.6, 0.5, 0.2, 0.2]  # neither in sight nor hidden: it does not count
    boxes[0, 3] = [0.9, 0.9, 0.1, 0.1]  # nothing
    scores = score_track(Track(boxes, np.array([[1, 1, 1, 1, 0, 0]])), clips)
    assert scores.visible == pytest.approx((1 + 1 / 3) / 2)
    assert scores.hidden == pytest.approx(0.5)
    assert scores.presence == pytest.approx(5 / 6)
    assert scores.by_age[:2].tolist() == [0.0, 1.0] and np.isnan(scores.by_age[2:]).all()


def test_tracks_of_other_clips_and_clips_without_hiding_are_refused():
    clips = made_up([1.0, 1.0])
    with pytest.raises(ValueError, match=r"expected boxes of shape \(1, 2, 4\)"):
        score_track(Track(np.zeros((1, 3, 4)), np.zeros((1, 3))), clips)
    with pytest.raises(ValueError, match="visible here and hidden there"):
        score_track(Track(clips.boxes, clips.present), clips)


def test_a_tracker_is_saved_and_follows_a_clip_of_any_size(eye, tested, tmp_path):
    head = train_head(True, sightings(eye, tested.frames), tested.targets, units=4, epochs=1)
    tracker = Tracker.load(Tracker(eye, head).save(tmp_path / "tracker"))
    large = render_clips(1, seed=9, size=64)
    one, two = tracker.track(large.frames[0]), Tracker(eye, head).track(large.frames[0])
    assert one.boxes.shape == (32, 4) and one.presence.shape == (32,)
    np.testing.assert_array_equal(one.boxes, two.boxes)
    with pytest.raises(ValueError, match=r"Tracker: frames: expected \(T, height, width, 3\)"):
        tracker.track(large.frames)
    with pytest.raises(ValueError, match=r"eye\.npz"):
        Tracker.load(tmp_path / "nothing")


def test_the_demo_leaves_page_animation_tracker_and_clips(tmp_path, capsys):
    options = ["--clips", "8", "--epochs", "1", "--units", "4", "--seed", "2"]
    folder = tmp_path / "out"
    assert main(["demo", "--task", "tracking", "--output", str(folder), *options]) == 0
    assert sorted(p.name for p in folder.iterdir()) == [
        "clips", "report.html", "tracker", "tracking.gif",
    ]  # fmt: skip
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert page.count("<img") == 4 and "IoU out of sight" in page
    assert len(list(read_frames(folder / "tracking.gif"))) == 32
    said = capsys.readouterr().out
    hidden = re.findall(r"^(.+): IoU [\d.]+ in sight, ([\d.]+) out of sight", said, re.MULTILINE)
    assert [name for name, _ in hidden] == ["GRU", "frame by frame", "keep the last"]
    gap = float(hidden[0][1]) - float(hidden[1][1])
    assert float(re.search(r"gap while out of sight: (-?[\d.]+)", said)[1]) == pytest.approx(
        gap, abs=0.002
    )
    truth = read_truth(folder / "clips" / "003.csv")
    clip = np.stack(list(read_frames(folder / "clips" / "003.mp4")))
    assert Tracker.load(folder / "tracker").track(clip).boxes.shape == truth["boxes"].shape


def test_the_demo_writes_over_no_clips_but_a_demo_s(tmp_path, capsys):
    (tmp_path / "clips").mkdir()
    assert main(["demo", "--task", "tracking", "--output", str(tmp_path)]) == 2
    assert "no demo wrote it" in capsys.readouterr().err


@pytest.mark.slow
def test_a_memory_is_worth_a_quarter_of_iou_while_the_object_is_out_of_sight():
    trained = train_trackers(seed=11)
    assert trained.gap >= 0.25
    assert trained.scores["GRU"].hidden >= 0.4
    assert all(scores.visible > 0.65 for scores in trained.scores.values())
    assert trained.scores["GRU"].hidden > trained.scores["keep the last"].hidden + 0.25
    assert (np.diff(trained.scores["GRU"].by_age) < 0.02).all()  # the longer, the harder
