"""The demo's clips: the classes share every frame, and only the order tells them apart."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.demo.clips import CLASSES, render_family, write_clips


@pytest.fixture
def family():
    return render_family(np.random.default_rng(5), size=24, noise=0.0)


def as_set(frames):
    return sorted(frame.tobytes() for frame in frames)


def test_every_order_of_the_three_pads_is_a_class(family):
    assert len(CLASSES) == len(set(CLASSES)) == 6
    assert tuple(family) == CLASSES


def test_the_clips_of_a_family_hold_the_same_frames(family):
    first, *others = family.values()
    for clip in others:
        assert as_set(clip) == as_set(first)


def test_the_clips_of_a_family_hold_the_same_differences_of_neighbouring_frames(family):
    first, *others = (np.diff(clip.astype(int), axis=0) for clip in family.values())
    for steps in others:
        assert as_set(steps) == as_set(first)


def test_no_two_classes_come_in_the_same_order(family):
    assert len({clip.tobytes() for clip in family.values()}) == 6


def test_families_differ_in_length_and_stay_within_ten_and_twenty_frames():
    rng = np.random.default_rng(0)
    lengths = {len(render_family(rng, size=8)[CLASSES[0]]) for _ in range(60)}
    assert min(lengths) == 10 and max(lengths) == 19 and len(lengths) >= 7


def test_noise_is_drawn_for_each_clip_and_each_frame():
    clips = render_family(np.random.default_rng(0), size=16, noise=0.05)
    first, *others = clips.values()
    assert as_set(first) != as_set(others[0])
    assert len(set(as_set(first))) == len(first)


def test_clips_are_written_as_video_one_folder_a_class_and_read_back(tmp_path):
    from scratchrnn.video import read_frames

    write_clips(tmp_path, families=2, seed=3, size=32)
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(CLASSES)
    assert len(list(tmp_path.glob("*/*.mp4"))) == 12
    drawn = render_family(np.random.default_rng(3), size=32, noise=0.0)
    for name in CLASSES:
        read = np.stack(list(read_frames(tmp_path / name / "000.mp4"))).astype(int)
        away = {other: np.abs(read - clip).mean() for other, clip in drawn.items()}
        assert min(away, key=away.get) == name and away[name] < 10


def test_the_same_seed_writes_the_same_files(tmp_path):
    for name in "ab":
        write_clips(tmp_path / name, families=1, seed=1, size=32)
    for path in (tmp_path / "a").glob("*/*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
