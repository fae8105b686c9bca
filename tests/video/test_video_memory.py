"""Training on streamed clips takes the same memory however many there are."""

from __future__ import annotations

import shutil
import tracemalloc

import pytest

import scratchrnn
from scratchrnn.classify import build_network
from scratchrnn.demo.shapes import motion_classes, write_shape_clips
from scratchrnn.video import FrameFeatures, VideoFolder
from scratchrnn.video.augment import standard_augmentation


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Clips of 100 frames in two classes; copies of a few will do."""
    home = tmp_path_factory.mktemp("long")
    return write_shape_clips(home, motion_classes("left", "up"), 2, size=(24, 32), frames=100)


def peak(folder, copies, target, **settings):
    """Bytes at the peak of an epoch over `copies` times the clips."""
    for path in sorted(folder.rglob("*.mp4")):
        (target / path.parent.name).mkdir(parents=True, exist_ok=True)
        for number in range(copies):
            shutil.copy(path, target / path.parent.name / f"{path.stem}-{number}.mp4")
    features = FrameFeatures((4, 6))
    data = VideoFolder(target, features, batch_size=4, bucket=2, prefetch=1, **settings)
    network = build_network("gru", features.feature_count, 2, units=4)
    network.train_on_batch(*next(iter(data))[:2])  # what is made once
    tracemalloc.start()
    try:
        network.fit(data, epochs=1, verbose=0)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("augment", [None, standard_augmentation()], ids=["plain", "augmented"])
def test_memory_does_not_grow_with_the_number_of_clips(folder, tmp_path, augment):
    with scratchrnn.use_backend("numpy"):
        few, many = (
            peak(folder, copies, tmp_path / str(copies), augment=augment, keep=2**16)
            for copies in (6, 30)
        )
    assert many < 1.2 * few + 2**17, (few, many)


@pytest.mark.slow
def test_keeping_clips_is_what_would_take_memory(folder, tmp_path):
    """Without a limit the memory grows, so the test above can fail."""
    with scratchrnn.use_backend("numpy"):
        few, many = (
            peak(folder, copies, tmp_path / str(copies), keep=2**28) for copies in (6, 30)
        )
    assert many > 1.5 * few, (few, many)
