"""Commands at their edges: models of something else, folders that are not there yet, terminals."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.classify import EpochBar
from scratchrnn.cli import main
from scratchrnn.cli.common import check_writable
from scratchrnn.demo import run_demo
from scratchrnn.models import Sequential

from .folders import TINY


def test_info_describes_a_model_of_anything(tmp_path, capsys):
    Sequential([layers.Input((3,)), layers.Dense(2)]).save(tmp_path / "m.npz")
    assert main(["info", str(tmp_path / "m.npz")]) == 0
    out = capsys.readouterr().out
    assert "m.npz" in out and "Total params" in out and "classes" not in out


def test_a_folder_that_is_not_there_yet_will_be_made(tmp_path):
    path = tmp_path / "new" / "folder" / "page.html"
    assert check_writable(str(path), ".html") == path
    assert not (tmp_path / "new").exists()


def test_too_little_memory_is_one_line(clips, tmp_path, capsys, monkeypatch):
    def fail(*arguments, **options):
        raise MemoryError("Unable to allocate 1 TiB")

    monkeypatch.setattr("scratchrnn.video.load_clips", fail)
    assert main(["train", str(clips), "-o", str(tmp_path / "m.npz"), *TINY]) == 2
    assert capsys.readouterr().err.endswith("out of memory: Unable to allocate 1 TiB\n")


def test_a_bar_for_clips_that_could_not_all_be_read_is_ended(clips, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("scratchrnn.progress.can_redraw", lambda stream: True)
    last = sorted(clips.glob("*/*.gif"))[-1]
    last.write_bytes(b"")
    arguments = ["train", str(clips), "-o", str(tmp_path / "m.npz"), "--no-report", *TINY]
    assert main([*arguments, "--skip-unreadable"]) == 0
    out = capsys.readouterr().out
    assert "clip" in out and "\r" in out


def test_evaluate_has_no_line_for_a_class_without_new_clips(model, clips, capsys):
    from scratchrnn.classify import ClipClassifier, digest

    known = set(ClipClassifier.load(model).about["trained_on"])
    for path in clips.glob("left/*.gif"):
        if digest(path) not in known:
            path.unlink()
    assert main(["evaluate", str(model), str(clips)]) == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert "right" in rows and "left" not in rows


def test_ctrl_c_in_the_baseline_of_the_demo_leaves_no_model(tmp_path, monkeypatch, ctrl_c):
    monkeypatch.setattr(
        EpochBar, "on_epoch_end", lambda *_, **__: os.kill(os.getpid(), signal.SIGINT)
    )
    result = run_demo(tmp_path, families=2, epochs=2, units=3, say=lambda line: None)
    assert result.stopped and list(result.accuracy) == ["baseline"]
    assert not result.model.exists() and not result.report.exists()


def test_gates_are_shown_of_networks_that_have_some(clips, tmp_path):
    page = tmp_path / "m.html"
    arguments = ["train", str(clips), "-o", str(tmp_path / "m.npz")]
    assert main([*arguments, "--cell", "rnn", *TINY]) == 0
    text = page.read_text(encoding="utf-8")
    assert "Inside: gates and states" in text
    assert "The same gates, averaged over the units" not in text


@pytest.mark.parametrize("history", [{}, None])
def test_a_run_without_epochs_has_no_learning_curves(history):
    from scratchrnn.classify import Run
    from scratchrnn.classify.page import add_curves
    from scratchrnn.report import Report

    page = Report("title", "lead")
    run = Run("GRU", None, history, np.zeros((1, 2)), 0.0, None, True)
    add_curves(page, [run], classes=2)
    assert "Learning curves" not in page.html()
