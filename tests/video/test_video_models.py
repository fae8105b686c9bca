"""Networks that take pictures, and the rendered clips that they are tried on."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn.classify import ClipClassifier
from scratchrnn.demo.shapes import (
    COLOURS,
    MOTIONS,
    SHAPES,
    motion_classes,
    render_shape,
    write_shape_clips,
)
from scratchrnn.layers import Bidirectional
from scratchrnn.models import load_model
from scratchrnn.video import (
    FrameFeatures,
    VideoFolder,
    find_clips,
    frame_network,
    next_frame_network,
    next_frame_pairs,
    read_frames,
)
from tests.shared import shared

PICTURES = FrameFeatures((8, 10), flatten=False)


def rendered(motions, clips, seed, features=PICTURES, frames=8):
    """Features (N, T, h, w, channels) of rendered clips, and their classes."""
    x, y = [], []
    for label, motion in enumerate(motions):
        for index in range(clips):
            rng = np.random.default_rng([seed, label, index])
            x.append(features(render_shape(rng, motion=motion, size=(24, 30), frames=frames)))
            y.append(label)
    return np.stack(x), np.array(y)


@pytest.fixture(autouse=True)
def readable_backend():
    with scratchrnn.use_backend("numpy"):
        yield


@pytest.mark.parametrize("bidirectional", [False, True])
def test_convolution_and_recurrence_learn_together_what_moves_where(bidirectional):
    x, y = rendered(("left", "right", "up"), 24, seed=0)
    network = frame_network(
        PICTURES.shape, 3, filters=(6,), units=12, dropout=0, learning_rate=0.01,
        bidirectional=bidirectional,
    )  # fmt: skip
    assert any(isinstance(layer, Bidirectional) for layer in network.layers) == bidirectional
    before = [w.copy() for w in network.weights]
    network.fit(x, y, batch_size=12, epochs=10, verbose=0, seed=0)
    assert not any(np.array_equal(a, b) for a, b in zip(before, network.weights, strict=True))
    new, truth = rendered(("left", "right", "up"), 12, seed=1)
    assert (network.predict(new, verbose=0).argmax(axis=1) == truth).mean() >= 0.9


def test_a_frame_network_learns_from_streamed_files(tmp_path):
    write_shape_clips(tmp_path, motion_classes("left", "right"), 5, size=(24, 30), frames=(5, 8))
    train, test = VideoFolder(tmp_path, PICTURES, batch_size=4).split(0.4)
    network = frame_network(PICTURES.shape, 2, filters=(4,), units=6)
    history = network.fit(train, epochs=2, validation_data=test, verbose=0).history
    assert np.isfinite(history["val_loss"]).all()
    network.save(tmp_path / "m.npz")
    classifier = ClipClassifier(network, PICTURES, train.class_names)
    classifier.save(tmp_path / "c.npz")
    loaded = ClipClassifier.load(tmp_path / "c.npz")
    assert np.array_equal(loaded.predict(test.paths), classifier.predict(test.paths))
    batch = next(iter(test))
    again = load_model(tmp_path / "m.npz")(batch.x, mask=batch.mask)
    assert np.array_equal(again, network(batch.x, mask=batch.mask))


def test_the_next_frame_is_foretold_better_than_by_the_last_one():
    plain = FrameFeatures(
        (8, 10), remove_mean=False, normalize=False, difference=False, flatten=False
    )
    motions = ("left", "right", "up", "down")
    x, change = next_frame_pairs(rendered(motions, 8, 0, plain)[0])
    new, truth = next_frame_pairs(rendered(motions, 4, 1, plain)[0])
    network = next_frame_network(plain.shape, filters=(6,), learning_rate=0.01)
    assert not network.predict(new, verbose=0).any(), "it begins by saying the last frame again"
    network.fit(x, change, batch_size=8, epochs=6, verbose=0, seed=0)
    error = np.square(network.predict(new, verbose=0) - truth).mean()
    assert error < 0.85 * np.square(truth).mean()


def test_next_frame_pairs_lead_from_each_frame_to_the_one_after():
    clips = np.random.default_rng(0).random((2, 5, 3, 4, 1))
    x, change = next_frame_pairs(clips)
    assert np.array_equal(x, clips[:, :-1]) and np.allclose(x + change, clips[:, 1:], atol=1e-15)


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (2, 1, 3, 4, 1)])
def test_pairs_need_clips_of_two_frames(shape):
    with pytest.raises(ValueError, match=r"next_frame_pairs: clips: expected \(N, T >= 2"):
        next_frame_pairs(np.zeros(shape))


def test_an_unknown_cell_is_named():
    with pytest.raises(ValueError, match=r"frame_network: cell: .* got 'gpu'"):
        frame_network((4, 4, 1), 2, cell="gpu")


# -- rendered clips --------------------------------------------------------------------------


def middle(frame):
    """Where the shape is: the middle of what stands out from a bright corner's ground."""
    grey = np.abs(frame.astype(float) - np.median(frame, axis=(0, 1))).sum(axis=-1)
    y, x = np.nonzero(grey > 0.6 * grey.max())
    return y.mean(), x.mean()


@pytest.mark.parametrize(
    ("motion", "axis", "sign"), [("left", 1, -1), ("right", 1, 1), ("up", 0, -1), ("down", 0, 1)]
)
def test_shapes_move_as_their_class_says(motion, axis, sign):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        clip = render_shape(rng, motion=motion, shape="disc", colour="yellow", noise=0.0)
        moved = np.subtract(middle(clip[-1]), middle(clip[0]))
        assert sign * moved[axis] > 5 and abs(moved[1 - axis]) < 2


def test_each_thing_that_a_class_fixes_changes_the_picture():
    def one(**fixed):
        settings = {"motion": "left", "shape": "disc", "colour": "blue", "frames": 4} | fixed
        return render_shape(np.random.default_rng(3), **settings).tobytes()

    alike = {one(motion=m) for m in MOTIONS} | {one(shape=s) for s in SHAPES}
    alike |= {one(colour=c) for c in COLOURS}
    assert len(alike) == len(MOTIONS) + len(SHAPES) + len(COLOURS) - 2


def test_an_unknown_motion_is_named():
    with pytest.raises(ValueError, match=r"render_shape: motion: expected one of left, .*'away'"):
        render_shape(np.random.default_rng(0), motion="away")


def test_rendered_files_follow_from_the_seed(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_shape_clips(tmp_path / name, motion_classes("grow"), 1, seed, frames=3)
    a, b, c = (np.stack(list(read_frames(tmp_path / n / "grow" / "000.mp4"))) for n in "abc")
    assert np.array_equal(a, b) and not np.array_equal(a, c)


# -- real clips ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_frame_network_reads_words_from_lips():
    """Convolution and GRU, end to end: 90 % of 300 clips after 16 epochs on 300 others."""
    with scratchrnn.use_backend("numba"):
        features = FrameFeatures((12, 16), flatten=False)
        data = VideoFolder(find_clips(shared("clips", "words")), features)
        train, test = data.split(0.5)
        network = frame_network(features.shape, 4)
        history = network.fit(train, epochs=16, validation_data=test, verbose=0).history
        assert history["val_accuracy"][0] < 0.6 and history["val_accuracy"][-1] >= 0.85
