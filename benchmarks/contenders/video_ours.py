"""Our reader of video."""

from __future__ import annotations

import numpy as np

from scratchrnn.video import read_frames

from ..cases import Case


def video(case: Case):
    """Read all frames of a clip, one at a time."""

    def run():
        count = 0
        for frame in read_frames(case.path):
            last, count = frame, count + 1
        return count, last

    return run, lambda outcome: {"frames": np.array(outcome[0]), "last": outcome[1].astype(float)}


TASKS = {"video": video}
