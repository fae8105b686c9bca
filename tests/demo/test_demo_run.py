"""The demo in small: every part of it, end to end."""

from __future__ import annotations

import os
import re
import signal

import numpy as np
import pytest

from scratchrnn.classify import ClipClassifier, EpochBar, build_network, mean_over_time, train
from scratchrnn.cli import main
from scratchrnn.demo import CLASSES, render_family, run_demo
from scratchrnn.demo.job import FEATURES
from scratchrnn.models import load_model
from scratchrnn.video import read_frames

SMALL = {"seed": 5, "families": 2, "epochs": 2, "units": 4}


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    return run_demo(tmp_path_factory.mktemp("demo") / "out", say=lambda line: None, **SMALL)


def test_it_leaves_clips_model_page_and_animation(result):
    assert sorted(p.name for p in result.folder.iterdir()) == [
        "clips", "model.npz", "prediction.gif", "report.html",
    ]  # fmt: skip
    assert len(list(result.folder.glob("clips/train/*/*.mp4"))) == 12
    assert len(list(result.folder.glob("clips/test/*/*.mp4"))) == 6
    assert list(result.accuracy) == ["baseline", "SimpleRNN", "LSTM", "GRU"]


def test_no_test_clip_was_trained_on(result):
    trained, tested = (
        {p.read_bytes() for p in result.folder.glob(f"clips/{part}/*/*.mp4")}
        for part in ("train", "test")
    )
    assert not trained & tested


def test_the_page_shows_all_that_it_should(result):
    page = result.report.read_text(encoding="utf-8")
    for heading in (
        "The task", "Results", "Learning curves", "What is taken for what",
        "Watching the LSTM make up its mind", "Inside: gates and states",
        "How far back the gradient reaches", "Going on",
    ):  # fmt: skip
        assert f"<h2>{heading}</h2>" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page), "nothing is loaded from anywhere"
    assert page.count("data:image/gif;base64,") == 1
    assert page.count("data:image/png;base64,") >= 15
    assert all(f"<td>{name}</td>" in page for name in ("baseline", "SimpleRNN", "LSTM", "GRU"))


def test_the_animation_has_a_picture_for_every_frame_of_a_clip(result):
    pictures = list(read_frames(result.animation))
    assert 10 <= len(pictures) <= 19
    assert len({p.tobytes() for p in pictures}) > 1


def test_the_model_can_be_used_on_the_clips(result, capsys):
    clip = next(result.folder.glob("clips/test/*/*.mp4"))
    assert main(["predict", str(result.model), str(clip)]) == 0
    assert capsys.readouterr().out.split("\t")[1] in CLASSES
    assert main(["evaluate", str(result.model), str(result.folder / "clips" / "test")]) == 0
    assert f"accuracy {100 * result.accuracy['LSTM']:.1f} %" in capsys.readouterr().out


def test_the_same_seed_leaves_the_same_model_again_in_the_same_folder(result, monkeypatch):
    before = load_model(result.model).weights
    stale = result.folder / "clips" / "train" / CLASSES[0] / "stale.mp4"
    stale.write_bytes(b"")
    page = result.report.read_bytes()
    monkeypatch.setattr("scratchrnn.demo.job.write_page", lambda *args: None)
    again = run_demo(result.folder, say=lambda line: None, **SMALL)
    assert again.accuracy == result.accuracy and not stale.exists()
    for one, other in zip(before, load_model(again.model).weights, strict=True):
        assert np.array_equal(one, other)
    assert result.report.read_bytes() == page


def test_clips_that_no_demo_wrote_are_left_alone(tmp_path, capsys):
    mine = tmp_path / "clips" / "mine.mp4"
    mine.parent.mkdir()
    mine.write_bytes(b"precious")
    assert main(["demo", "--output", str(tmp_path), "--clips", "2"]) == 2
    assert "no demo wrote it" in capsys.readouterr().err
    assert mine.read_bytes() == b"precious"


def test_ctrl_c_leaves_a_usable_model_and_no_page(tmp_path, capsys, monkeypatch, ctrl_c):
    def press(self, epoch, logs=None):
        if self.name == "SimpleRNN":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(EpochBar, "on_epoch_end", press)
    arguments = ["--clips", "2", "--epochs", "3", "--units", "4", "--output", str(tmp_path)]
    assert main(["demo", *arguments]) == 130
    assert "stopped" in capsys.readouterr().out
    assert ClipClassifier.load(tmp_path / "model.npz").cell == "SimpleRNN"
    assert not (tmp_path / "report.html").exists()


def test_a_memory_tells_the_orders_apart_and_a_mean_does_not():
    """What the demo claims, without the detour over video files."""
    rng = np.random.default_rng(0)

    def clips_of(families):
        clips = [render_family(rng, 24) for _ in range(families)]
        x = [FEATURES(clip) for family in clips for clip in family.values()]
        longest = max(map(len, x))
        mask = np.arange(longest) < np.array([[len(s)] for s in x])
        x = np.stack([np.pad(s, ((0, longest - len(s)), (0, 0))) for s in x])
        return x, np.tile(np.arange(6), families), mask

    trained, tested = clips_of(16), clips_of(8)
    network = build_network("gru", FEATURES.feature_count, 6, units=24, learning_rate=0.006)
    assert train("GRU", network, trained, tested, epochs=20).accuracy > 0.9
    baseline = build_network("mean", FEATURES.feature_count, 6, learning_rate=0.02)
    means = [(mean_over_time(x, mask), y, None) for x, y, mask in (trained, tested)]
    assert train("baseline", baseline, *means, epochs=60).accuracy < 0.4
