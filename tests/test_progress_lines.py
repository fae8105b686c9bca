"""Progress on a terminal stays on one line; elsewhere it is plain lines."""

from __future__ import annotations

import io
import os

import pytest

from scratchrnn.classify import EpochBar
from scratchrnn.progress import ProgressBar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def narrow(monkeypatch):
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((40, 24)))


def test_a_line_on_a_terminal_is_never_longer_than_the_terminal(narrow):
    stream = Terminal()
    bar = ProgressBar(3, stream=stream, label="LSTM")
    bar.update(3)
    bar.close({"loss": 0.5, "accuracy": 0.25})
    line = stream.getvalue().rstrip("\n").split("\r")[-1]
    assert len(line) == 39 and line.startswith("LSTM 3/3") and line.endswith("…")


def test_a_line_elsewhere_is_whole(narrow):
    stream = io.StringIO()
    ProgressBar(3, stream=stream).close({"loss": 0.5, "accuracy": 0.25})
    assert stream.getvalue().endswith("loss: 0.5000 - accuracy: 0.2500\n")


def run_epochs(bar, epochs):
    bar.set_params({"epochs": epochs})
    bar.on_train_begin()
    for epoch in range(epochs):
        bar.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 0.6, "val_accuracy": 0.75})


def test_all_epochs_share_one_line_on_a_terminal(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    run_epochs(EpochBar("GRU"), 40)
    assert stream.getvalue().count("\n") == 1
    last = stream.getvalue().split("\r")[-1]
    assert last.startswith("GRU 40/40 ") and "held out: 0.7500" in last


def test_about_ten_lines_tell_of_all_epochs_elsewhere(capsys):
    run_epochs(EpochBar("GRU"), 45)
    lines = capsys.readouterr().out.splitlines()
    assert 10 <= len(lines) <= 12
    assert lines[-1].startswith("GRU epoch 45/45 - loss: 0.5000 - held-out loss: 0.6000")
