"""The awkward files of the shared folder, one by one, against what a plain decode of them gives."""

from __future__ import annotations

import json

import pytest

from scratchrnn.video import VideoError, read_frames
from tests.shared import shared

NAMES = [
    "av1_video.mkv",
    "bitmap.mp4",
    "corrupted.mp4",
    "empty.mp4",
    "h264_10bits.mp4",
    "no_duration.webm",
    "pigs_in_a_polka.gif",
    "test.avi",
    "text.mp4",
    "truncated.mov",
    "unordered.mov",
    "variable_rate.mp4",
    "video_90.mov",
]


def expectation(name: str) -> dict:
    return json.loads(shared("media", "expected.json").read_text())[name]


@pytest.mark.parametrize("name", NAMES)
def test_every_file_gives_its_frames_or_one_error_that_counts_them(name):
    path, expected = shared("media", name), expectation(name)
    frames, error = [], None
    try:
        for frame in read_frames(path, gray=True, size=(20, 30)):
            frames.append(frame)
    except VideoError as caught:
        error = caught
    assert len(frames) == expected["frames"]
    assert (error is None) == (expected["decoder_error"] is None)
    if error is not None:
        assert name in str(error)
        assert error.frames_read == expected["frames"]
        assert "\n" not in str(error)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in ("empty.mp4", "text.mp4")])
def test_size_and_rotation_are_what_the_file_declares(name):
    path, expected = shared("media", name), expectation(name)
    if expected["stored_height_width"] is None:
        with pytest.raises(VideoError, match=name):
            read_frames(path)
        return
    reader = read_frames(path, max_frames=1)
    stored = tuple(expected["stored_height_width"])
    assert reader.stored_size == stored
    assert reader.rotation == expected["rotation_degrees"]
    assert reader.size == (stored if expected["rotation_degrees"] % 180 == 0 else stored[::-1])
    assert next(iter(reader)).shape == (*reader.size, 3)


def test_truncating_keeps_what_came_before_the_damage():
    path = shared("media", "corrupted.mp4")
    reader = read_frames(path, gray=True, size=(9, 16), stride=3, on_error="truncate")
    assert len(list(reader)) == 10
    assert reader.frames_read == 28
    assert reader.error.frames_read == 28
