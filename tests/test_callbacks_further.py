"""Callbacks in runs that are short, silent, interrupted, or not alone in their folder."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from scratchrnn import callbacks, layers, optimizers
from scratchrnn.classify import build_network, cell_name, pad, train
from scratchrnn.models import Sequential

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = X[:, :1] - 2 * X[:, 1:2]


def fit(own, **options):
    model = Sequential([layers.Input((3,)), layers.Dense(1, seed=0)])
    model.compile(optimizers.SGD(0.1), "mse")
    return model.fit(X, Y, callbacks=own, **{"epochs": 1, "verbose": 0, **options})


def test_what_else_lies_in_the_folder_of_a_backup_stays(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    fit([callbacks.BackupAndRestore(folder)])
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]


def test_a_list_of_callbacks_takes_keras_s_defaults_and_nothing_that_is_on():
    assert callbacks.CallbackList([], add_history=False, add_progbar=False).callbacks == []
    with pytest.raises(ValueError, match="CallbackList: add_progbar: not supported"):
        callbacks.CallbackList([], add_progbar=True)


def test_one_epoch_needs_no_number(capsys):
    fit([], verbose=2)
    assert "Epoch" not in capsys.readouterr().out
    fit([], verbose=2, epochs=2)
    assert "Epoch 2/2" in capsys.readouterr().out


def test_a_bar_that_was_never_drawn_is_not_closed(capsys):
    bar = callbacks.ProgbarLogger()
    bar.set_params({"epochs": 1, "steps": 2, "verbose": 1})
    bar.on_epoch_begin(0)
    bar.on_epoch_end(0, {"loss": 1.0})
    assert capsys.readouterr().out == ""


def test_epochs_of_a_long_cooldown_do_not_count():
    rates = []

    class Note(callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logs["flat"] = 5.0

        def on_epoch_begin(self, epoch, logs=None):
            rates.append(float(self.model.optimizer.learning_rate))

    own = callbacks.ReduceLROnPlateau("flat", mode="min", factor=0.5, patience=1, cooldown=3)
    fit([Note(), own], epochs=8)
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025])


def clips(number: int = 6):
    rng = np.random.default_rng(0)
    return rng.normal(size=(number, 4, 3)), np.arange(number) % 2, np.ones((number, 4), bool)


class Press(callbacks.Callback):
    """Presses Ctrl-C so often in the first batch."""

    def __init__(self, times: int):
        self.times = times

    def on_train_batch_begin(self, batch, logs=None):
        for _ in range(self.times):
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_training_after_the_batch_and_pressed_twice_before(ctrl_c):
    for times in (1, 2):
        network = build_network("gru", 3, 2, units=2)
        before = network.get_weights()
        run = train("GRU", network, clips(), clips(), epochs=3, callbacks=[Press(times)])
        same = [(a == b).all() for a, b in zip(before, network.weights, strict=True)]
        assert run.stopped and len(run.history.get("loss", [])) <= 1
        assert all(same) if times == 2 else not any(same)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_networks_and_sequences_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="cell: expected rnn, lstm, gru or mean, got 'cnn'"):
        build_network("cnn", 3, 2)
    with pytest.raises(ValueError, match="expected a SimpleRNN, LSTM or GRU layer, got none"):
        cell_name(build_network("mean", 3, 2))
    with pytest.raises(ValueError, match="sequences: expected at least one, got none"):
        pad([])
