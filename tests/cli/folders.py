"""Small folders of clips that a network learns in a second."""

from __future__ import annotations

import numpy as np

from scratchrnn.video import write_gif

TINY = ["--units", "6", "--epochs", "6", "--size", "2x3", "--backend", "numpy", "--seed", "3"]


def write_class_folders(folder, classes=("left", "right"), clips=6, seed=0, ending=".gif"):
    """Clips of a bright column that wanders to the left or to the right."""
    rng = np.random.default_rng(seed)
    for name in classes:
        for number in range(clips):
            frames = rng.integers(0, 40, (int(rng.integers(4, 7)), 8, 12)).astype(np.uint8)
            for step, frame in enumerate(frames):
                column = 2 * step if name == "right" else 11 - 2 * step
                frame[:, max(0, min(11, column))] = 255
            write_gif(folder / name / f"{number}{ending}", frames)
    return folder
