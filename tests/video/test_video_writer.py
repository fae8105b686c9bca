"""Writing clips and GIFs."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from scratchrnn.video import read_frames, write_clip, write_gif


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv", ".ts", ".webm", ".avi", ".mpg"])
@pytest.mark.parametrize("size", [(48, 64), (33, 45), (1, 1)])
def test_every_container_keeps_count_size_and_rate(tmp_path, suffix, size):
    path = tmp_path / f"clip{suffix}"
    levels = [40, 90, 140, 190]
    write_clip(path, (np.full((*size, 3), level, np.uint8) for level in levels), fps=25)
    reader = read_frames(path)
    given = np.stack(list(reader))
    assert given.shape == (4, *size, 3)
    assert reader.fps == 25.0
    assert np.abs(given.mean(axis=(1, 2, 3)) - levels).max() <= 4


@pytest.mark.parametrize("shape", [(16, 20), (16, 20, 1), (16, 20, 3), (16, 20, 4)])
@pytest.mark.parametrize("name", ["a.mp4", "a.gif", "A.GIF"])
def test_gray_colour_and_alpha_are_written(tmp_path, shape, name):
    path = tmp_path / "new" / name
    write_clip(path, [np.full(shape, 40 * i, np.uint8) for i in range(5)], fps=12.5)
    given = np.stack(list(read_frames(path)))
    assert np.abs(given.mean(axis=(1, 2, 3)) - 40 * np.arange(5)).max() <= 1
    assert [p.name for p in path.parent.iterdir()] == [name]


def test_a_gif_keeps_every_frame_also_equal_ones(tmp_path):
    rng = np.random.default_rng(3)
    gray = [rng.integers(0, 256, (9, 14), dtype=np.uint8) for _ in range(3)]
    gray = [gray[0], gray[0], gray[1], gray[1], gray[1], gray[2]]
    path = tmp_path / "a.gif"
    write_gif(path, gray, fps=20)
    reader = read_frames(path, gray=True)
    np.testing.assert_array_equal(np.stack(list(reader)), np.stack(gray))
    assert reader.fps == 20.0


def test_a_gif_of_few_colours_is_exact(tmp_path):
    clip = np.zeros((6, 20, 30, 3), np.uint8)
    for i, frame in enumerate(clip):
        frame[4:9, 3 * i : 3 * i + 5] = (250, 40 * i, 7)
    write_gif(tmp_path / "a.gif", clip)
    np.testing.assert_array_equal(np.stack(list(read_frames(tmp_path / "a.gif"))), clip)


def test_writing_the_same_frames_twice_gives_the_same_bytes(tmp_path, frames):
    for name in ("a.mp4", "a.gif"):
        write_clip(tmp_path / name, frames(5, 32, 48))
        write_clip(tmp_path / f"again_{name}", frames(5, 32, 48))
        assert (tmp_path / name).read_bytes() == (tmp_path / f"again_{name}").read_bytes()


BLACK = np.zeros((8, 12, 3), np.uint8)
BAD_FRAMES = {
    "expected at least one frame, got none": [],
    r"got float64 \(8, 12\) at frame 0": [np.zeros((8, 12))],
    r"got uint8 \(8, 12, 2\) at frame 0": [np.zeros((8, 12, 2), np.uint8)],
    r"got uint8 \(0, 12\) at frame 0": [np.zeros((0, 12), np.uint8)],
    r"expected \(8, 12, 3\) as frame 0, got \(8, 14, 3\) at frame 2": [
        BLACK,
        BLACK,
        np.zeros((8, 14, 3), np.uint8),
    ],
}


@pytest.mark.parametrize("complaint", BAD_FRAMES)
@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_bad_frames_are_named_and_leave_the_old_file_alone(tmp_path, name, complaint):
    path = tmp_path / name
    write_clip(path, [BLACK])
    before = path.read_bytes()
    with pytest.raises(ValueError, match=complaint):
        write_clip(path, BAD_FRAMES[complaint])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_generator_that_fails_leaves_nothing_behind(tmp_path):
    def failing():
        yield BLACK
        raise RuntimeError("camera unplugged")

    for name in ("a.mp4", "a.gif"):
        with pytest.raises(RuntimeError, match="unplugged"):
            write_clip(tmp_path / name, failing())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("fps", [0, -1, float("nan"), float("inf"), "fast", None])
@pytest.mark.parametrize("write", [write_clip, write_gif])
def test_a_wrong_rate_is_named(tmp_path, write, fps):
    with pytest.raises(ValueError, match="fps: expected a number above 0"):
        write(tmp_path / "a.mp4", [BLACK], fps)


def test_an_unknown_suffix_names_those_known(tmp_path):
    with pytest.raises(ValueError, match=r"expected a suffix of \.mp4, .*\.gif, got '\.doc'"):
        write_clip(tmp_path / "a.doc", [BLACK])


def test_without_pyav_clips_say_what_to_install_and_gifs_work(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r'pip install "scratchrnn\[video\]"'):
        write_clip(tmp_path / "a.mp4", [BLACK])
    write_clip(tmp_path / "a.gif", [BLACK, BLACK])
    assert len(list(read_frames(tmp_path / "a.gif"))) == 2
