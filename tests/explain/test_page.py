"""``scratchrnn explain`` writes a page that holds what was found, and nothing from elsewhere."""

from __future__ import annotations

import re

import numpy as np
import pytest
from PIL import Image, ImageSequence

from scratchrnn.classify import ClipClassifier, digest
from scratchrnn.cli import main
from scratchrnn.explain.clip import METHODS, explain_clip
from scratchrnn.explain.frames import as_pictures
from scratchrnn.explain.page import READ, write_page
from scratchrnn.layers import (
    GRU,
    Bidirectional,
    Dense,
    GlobalAveragePooling1D,
    Input,
    SimpleRNN,
)
from scratchrnn.models import Sequential
from scratchrnn.video import FrameFeatures, write_gif

QUICK = ["--samples", "60", "--tubes", "2x2x2", "--backend", "numpy"]


def network_of(*layers):
    return Sequential([Input((None, 12)), *layers, Dense(2, "softmax", seed=1)])


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A model of two classes, and a clip of a bright column that wanders."""
    folder = tmp_path_factory.mktemp("explain")
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 40, (4, 8, 12)).astype(np.uint8)
    for step, frame in enumerate(frames):
        frame[:, 3 * step] = 255
    write_gif(folder / "clip.gif", frames)
    network = network_of(GRU(3, seed=0))
    network.compile("adam", "sparse_categorical_crossentropy")
    about = {"held_out_accuracy": 0.9}
    ClipClassifier(network, FrameFeatures((2, 3)), ("左", "right <b>"), about).save(
        folder / "m.npz"
    )
    return folder


@pytest.fixture(scope="module")
def page(home):
    out = home / "why.html"
    command = ["explain", str(home / "m.npz"), str(home / "clip.gif"), "-o", str(out), *QUICK]
    assert main([*command, "--gif", str(home / "why.gif")]) == 0
    return out.read_text(encoding="utf-8")


def test_the_page_has_every_section_and_needs_nothing_else(page):
    for heading in ("made up its mind", "Where and when", "trusted", "Which frames", "Inside"):
        assert heading in page
    for name in METHODS:
        assert METHODS[name] in page and READ[name].split(":")[0][:30] in page
    assert page.count("data:image/png;base64,") >= 9
    assert page.count("data:image/gif;base64,") >= 5
    assert not re.search(r"(src|href)=\"(https?:|//|file:)", page) and "<script" not in page
    assert "right &lt;b&gt;" in page and "<b>" not in page and "左" in page


def test_the_page_says_how_far_each_promise_is_kept(page):
    assert float(re.search(r"gap ([\d.e+-]+) %", page)[1]) <= 1.0
    assert re.search(r"R² \d\.\d\d, held out", page)
    assert float(re.search(r"<td>gap ([\d.e+-]+)[;<]", page)[1]) < 1e-9
    assert "area under deletion" in page and "90.0 % of clips held out" in page


def test_the_overlays_are_written_as_a_gif(page, home):
    with Image.open(home / "why.gif") as moving:
        frames = [np.array(f.convert("RGB")) for f in ImageSequence.Iterator(moving)]
    assert len(frames) == 4 and all((f != frames[0]).any() for f in frames[1:])


def test_class_and_methods_can_be_chosen(home, capsys):
    out = home / "some.html"
    command = ["explain", str(home / "m.npz"), str(home / "clip.gif"), "-o", str(out), *QUICK]
    assert main([*command, "--class", "左", "--method", "occlusion", "--method", "lime"]) == 0
    said = capsys.readouterr().out
    assert re.search(r"% ?, decided (at frame \d|never for good)", said) and "\r" not in said
    text = out.read_text(encoding="utf-8")
    assert "Why 左?" in text and "Shapley values</td>" not in text
    assert READ["lime"][:20] in text and READ["saliency"][:20] not in text


def test_the_same_seed_finds_the_same(home):
    both = Bidirectional(GRU(3, return_sequences=True, seed=0))
    network = network_of(both, GlobalAveragePooling1D())
    classifier = ClipClassifier(network, FrameFeatures((2, 3)), ("a", "b"))
    frames = np.stack(list(classifier.features.frames(home / "clip.gif")))
    runs = [explain_clip(classifier, frames, grid=(3, 2, 2), samples=40, seed=4) for _ in "ab"]
    for name in METHODS:
        assert np.array_equal(runs[0].maps[name], runs[1].maps[name])
        assert np.array_equal(runs[0].deletions[name].curve, runs[1].deletions[name].curve)
    assert [layer.kind for layer in runs[0].layers] == ["GRU, forward", "GRU, backward"]
    assert runs[0].attributions["shapley"].gap < 1e-9
    assert runs[0].attributions["integrated-gradients"].relative_gap <= 0.01


@pytest.mark.parametrize(
    "options",
    [{"appearance": (2, 2)}, {"gray": False}, {"flatten": False}, {"difference": False}],
)
def test_numbers_of_features_are_laid_out_where_they_were_seen(options):
    features = FrameFeatures((4, 6), **options)
    frames = np.random.default_rng(0).integers(0, 255, (5, 16, 24, 3)).astype(np.uint8)
    x = features(frames)
    values = np.random.default_rng(1).normal(size=x.shape)
    pictures = as_pictures(features, values)
    assert pictures.shape == (5, 4, 6)
    assert np.allclose(pictures.sum(axis=(1, 2)), values.reshape(5, -1).sum(axis=1))
    moved = frames.copy()
    moved[:, :4, :4] = 255 - moved[:, :4, :4]  # one cell of the fine grid
    changed = as_pictures(features, (np.abs(features(moved) - x) > 0.5).astype(float))
    assert changed.sum(axis=0).argmax() == 0


def test_a_pipeline_without_recurrence_is_explained_as_well(home):
    network = network_of(GlobalAveragePooling1D())
    classifier = ClipClassifier(network, FrameFeatures((2, 3), remove_mean=False), ("a", "b"))
    frames = np.random.default_rng(0).integers(0, 255, (5, 8, 12, 3)).astype(np.uint8)
    found = explain_clip(classifier, frames, grid=(2, 1, 2), samples=20, methods=["shapley"])
    assert found.layers == [] and found.connectivity is None and len(found.maps) == 1


ERRORS = {
    "--class no: expected one of": ["--class", "no"],
    "invalid choice: 'magic'": ["--method", "magic"],
    "expected TIMExROWSxCOLUMNS": ["--tubes", "3x3"],
    "expected a name that ends in .html": ["-o", "why.txt"],
    "expected a name that ends in .gif": ["--gif", "why.png"],
}


@pytest.mark.parametrize("message", ERRORS)
def test_what_is_wrong_is_said_in_one_line(message, home, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ["explain", str(home / "m.npz"), str(home / "clip.gif")]
    assert main([*command, *ERRORS[message]]) == 2
    text = capsys.readouterr().err
    assert message in text and text.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_files_that_do_not_fit_are_named(home, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for model, clip, message in (
        ("m.npz", "none.mp4", "none.mp4"),
        ("none.npz", "clip.gif", "none.npz"),
        ("clip.gif", "clip.gif", "clip.gif"),
        ("m.npz", ".", "is a folder"),
    ):
        assert main(["explain", str(home / model), str(home / clip)]) == 2
        text = capsys.readouterr().err
        assert message in text and text.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def page_of(network, frames, folder, **options) -> str:
    classifier = ClipClassifier(network, FrameFeatures((2, 3), remove_mean=False), ("a", "b"))
    found = explain_clip(
        classifier, frames, grid=(1, 1, 2), samples=20, methods=["shapley"], **options
    )
    return write_page(found, folder / "why.html", clip="clip.gif").read_text(encoding="utf-8")


def test_the_page_of_a_network_without_memory_says_so(tmp_path):
    layer = SimpleRNN(3, seed=0)
    network = network_of(layer)
    layer.recurrent_kernel[...] = 0  # the last frame is all that counts
    frames = np.random.default_rng(0).integers(0, 255, (4, 8, 12, 3)).astype(np.uint8)
    text = page_of(network, frames, tmp_path, margin=1.0)
    assert "It never settles: even after the last frame" in text
    assert "frames 1 to 3 (and 1 to any frame before) are worth no more than" in text
    assert "Inside: gates and states" in text and "Saturation" not in text


def test_the_page_of_one_frame_has_no_path_through_time(tmp_path):
    frames = np.random.default_rng(0).integers(0, 255, (1, 8, 12, 3)).astype(np.uint8)
    text = page_of(network_of(GRU(3, seed=0)), frames, tmp_path)
    assert "Saturation" in text
    assert "frames back" not in text and "path of the hidden state" not in text


def test_a_clip_that_the_model_has_seen_is_warned_of_and_bars_are_drawn(
    home, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr("scratchrnn.progress.can_redraw", lambda stream: True)
    clip, model, out = home / "clip.gif", tmp_path / "m.npz", tmp_path / "why.html"
    about = {"trained_on": [digest(clip)]}
    network = network_of(GlobalAveragePooling1D())
    ClipClassifier(network, FrameFeatures((2, 3)), ("a", "b"), about).save(model)
    command = ["explain", str(model), str(clip), "-o", str(out), "--method", "shapley", *QUICK]
    assert main(command) == 0
    text = out.read_text(encoding="utf-8")
    assert "the model was trained on this very clip" in text and "held out" not in text
    assert "Which frames it needs" in text
    assert "Inside" not in text and "Connectivity" not in text  # nothing there has a memory
    assert "variant" in capsys.readouterr().out
