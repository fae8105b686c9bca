"""Clips, caches and augmentations at their edges."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from scratchrnn.video import (
    FrameFeatures,
    VideoError,
    VideoReader,
    load_clips,
    read_frames,
    write_gif,
)
from scratchrnn.video.augment import Compose, RandomFlip, SpeedChange

GRAY = np.arange(4 * 8 * 12, dtype=np.uint8).reshape(4, 8, 12)


@pytest.fixture
def clip(tmp_path):
    write_gif(tmp_path / "clip.gif", GRAY)
    return tmp_path / "clip.gif"


def test_a_cache_may_be_named_by_its_folder(tmp_path):
    for name in ("left", "right"):
        write_gif(tmp_path / "clips" / name / "1.gif", GRAY)
    features, cache = FrameFeatures((2, 3)), tmp_path / "cache"
    first = load_clips(tmp_path / "clips", features, cache=str(cache))
    assert [path for path in cache.rglob("*") if path.is_file()]
    again = load_clips(tmp_path / "clips", features, cache=cache)
    assert (again.x == first.x).all()


def test_a_reader_may_be_closed_before_and_after_it_has_read(clip):
    reader = VideoReader(clip)
    reader.close()
    assert len(list(reader)) == 4
    reader.close()
    reader.close()
    assert len(list(reader)) == 4


@pytest.fixture
def webp(clip):
    """A moving picture that Pillow alone reads."""
    pictures = [Image.fromarray(frame) for frame in GRAY]
    path = clip.with_suffix(".webp")
    pictures[0].save(path, save_all=True, append_images=pictures[1:], lossless=True)
    return path


def test_a_picture_has_one_stream(webp):
    with pytest.raises(VideoError, match=r"clip\.webp.*stream: expected 0 to 0, got 1"):
        list(VideoReader(webp, stream=1))


def test_a_frame_of_more_pixels_than_anybody_films_is_refused(webp, monkeypatch):
    monkeypatch.setattr("scratchrnn.video.sources.MAX_FRAME_PIXELS", 95)
    with pytest.raises(VideoError, match="a frame of more than 95 pixels"):
        list(read_frames(webp))


def test_a_gif_has_sides_of_two_bytes(tmp_path):
    with pytest.raises(ValueError, match=r"sides up to 65535, got \(1, 65536\)"):
        write_gif(tmp_path / "wide.gif", np.zeros((1, 1, 65536), np.uint8))
    assert not list(tmp_path.iterdir())


def test_what_happens_sometimes_may_not_happen_in_a_chain():
    never = Compose([SpeedChange(p=0.0), RandomFlip(p=0.0)])
    assert (never(GRAY, np.random.default_rng(0)) == GRAY).all()
