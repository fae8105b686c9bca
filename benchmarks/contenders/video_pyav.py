"""PyAV alone, as its documentation reads a file quickly: with threads for frames and slices."""

from __future__ import annotations

import av
import numpy as np

from ..cases import Case


def video(case: Case):
    """Read all frames of a clip, one at a time."""

    def run():
        count = 0
        with av.open(case.path) as container:
            container.streams.video[0].thread_type = "AUTO"
            for frame in container.decode(video=0):
                array, count = frame.to_ndarray(format="rgb24"), count + 1
        return count, array

    return run, lambda outcome: {"frames": np.array(outcome[0]), "last": outcome[1].astype(float)}


TASKS = {"video": video}
