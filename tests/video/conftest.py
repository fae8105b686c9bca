"""Clips that the tests make for themselves."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest


def moving_frames(count: int, height: int, width: int) -> list[np.ndarray]:
    """Return smooth RGB frames that differ from each other and have no symmetry."""
    y, x = np.mgrid[:height, :width]
    red, green = x * 160 // width + 40, y * 120 // height
    return [
        np.stack([red, green, np.full_like(red, 200 - 9 * (i % 16))], axis=-1).astype(np.uint8)
        for i in range(count)
    ]


@pytest.fixture
def frames():
    return moving_frames


@pytest.fixture
def make_clip(tmp_path):
    """Give a function that encodes clips with FFmpeg's own choice of everything not named."""

    def make(
        name: str,
        codec: str = "libx264",
        *,
        count: int = 6,
        size: tuple[int, int] = (48, 64),
        pixels: str | None = None,
        times: list[int] | None = None,
        streams: int = 1,
        options: dict | None = None,
        container_options: dict | None = None,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w", options=container_options or {}) as container:
            tracks = []
            for number in range(streams):
                track = container.add_stream(codec, rate=25, options=options or {})
                track.height, track.width = size[0], size[1] - 16 * number
                if pixels:
                    track.pix_fmt = pixels
                tracks.append(track)
            for i in range(count):
                for track in tracks:
                    picture = moving_frames(count, track.height, track.width)[i]
                    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                    if times:
                        frame.pts, frame.time_base = times[i], Fraction(1, 25)
                    container.mux(track.encode(frame))
            for track in tracks:
                container.mux(track.encode(None))
        return path

    return make
