"""Video: frames a second of our reader against PyAV alone, on a clip made here."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path

import numpy as np

from ..cases import Case
from ..contenders import PYAV, READER
from ..results import Measurement
from ..tables import cell, grid
from ..turns import Session, compare

HEIGHT, WIDTH = 240, 320


def frames(count: int):
    """Yield frames of coloured waves that move, with a little noise: uint8 (240, 320, 3)."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH] / 20.0
    for t in range(count):
        waves = [np.sin(x + t / 5), np.sin(y - t / 7), np.sin(x + y + t / 9)]
        noise = rng.normal(scale=4, size=(HEIGHT, WIDTH, 3))
        yield np.clip(128 + 90 * np.stack(waves, axis=-1) + noise, 0, 255).astype(np.uint8)


def run(session: Session) -> None:
    """Write a clip and measure how fast it is read."""
    if importlib.util.find_spec("av") is None:
        session.add("video", "clip", READER.name, why="av not installed")
        return
    from scratchrnn.video import write_clip

    count = 60 if session.quick else 250
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "waves.mp4"))
        write_clip(path, frames(count))
        compare(session, "video", Case("video", path=path), (READER, PYAV), frames=count)


def report(measurements: list[Measurement]) -> str:
    """Return frames a second."""
    found = [m for m in measurements if m.suite == "video"]
    rows = [[m.contender, cell(m, lambda m: f"{m.more['frames'] / m.median:.0f}")] for m in found]
    return "\n\n".join([f"Video, {WIDTH} × {HEIGHT}, H.264", grid(["", "frames a second"], rows)])
