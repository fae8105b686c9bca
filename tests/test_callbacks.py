"""Callbacks: when they are called, what they watch, what they write."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import callbacks, layers, metrics, optimizers, utils
from scratchrnn.models import Sequential, load_model
from scratchrnn.random import make_generator

X = np.random.default_rng(0).normal(size=(12, 3)).astype(np.float32)
Y = X[:, :1] - 2 * X[:, 1:2]


def model_of(seed=0, rate=0.1, **options) -> Sequential:
    model = Sequential([layers.Input((3,)), layers.Dense(1, seed=seed)])
    model.compile(optimizers.SGD(rate), "mse", **options)
    return model


def fit(own, model=None, **options):
    model = model or model_of()
    options = {"epochs": 3, "batch_size": 4, "shuffle": False, "verbose": 0, **options}
    return model.fit(X, Y, callbacks=own, **options)


class Scripted(callbacks.Callback):
    """Puts values of its own into the logs, as if they had been measured."""

    def __init__(self, **values):
        self.values = values

    def on_epoch_end(self, epoch, logs=None):
        for name, series in self.values.items():
            logs[name] = series[epoch]


# -- turns -----------------------------------------------------------------------------------


def test_every_turn_is_called_in_order():
    turns: list[str] = []

    class Listener(callbacks.Callback):
        def __getattribute__(self, name):
            if name.startswith("on_"):
                return lambda *arguments: turns.append(f"{name[3:]}{arguments[:-1] or ''}")
            return super().__getattribute__(name)

    fit([Listener()], epochs=1, batch_size=6, validation_data=(X, Y))
    assert turns == [
        "train_begin", "epoch_begin(0,)",
        "train_batch_begin(0,)", "train_batch_end(0,)",
        "train_batch_begin(1,)", "train_batch_end(1,)",
        "test_begin", "test_batch_begin(0,)", "test_batch_end(0,)",
        "test_batch_begin(1,)", "test_batch_end(1,)", "test_end",
        "epoch_end(0,)", "train_end",
    ]  # fmt: skip
    turns.clear()
    model_of().predict(X, verbose=0, callbacks=[Listener()])
    assert turns == ["predict_begin", "predict_batch_begin(0,)", "predict_batch_end(0,)",
                     "predict_end"]  # fmt: skip


def test_logs_of_a_batch_are_the_means_so_far():
    seen: list[dict] = []
    keep = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs))
    history = fit([keep], model_of(rate=0.0, metrics=["mae"]), epochs=1).history
    model = model_of(rate=0.0, metrics=["mae"])
    for k, logs in enumerate(seen, start=1):
        expected = model.evaluate(X[: 4 * k], Y[: 4 * k], verbose=0, return_dict=True)
        assert logs == pytest.approx(expected, rel=1e-6)
    assert {name: values[0] for name, values in history.items()} == seen[-1]


def test_a_single_callback_needs_no_list():
    assert len(fit(callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)).epoch) == 2


def test_old_names_of_the_batch_turns_work():
    seen: list[int] = []

    class Old(callbacks.Callback):
        def on_batch_begin(self, batch, logs=None):
            seen.append(batch)

        def on_batch_end(self, batch, logs=None):
            seen.append(-batch)

    fit([Old()], epochs=1)
    assert seen == [0, 0, 1, -1, 2, -2]


def test_stop_training_ends_after_the_batch_with_the_epoch_complete():
    model, ended = model_of(), []

    def stop(batch, logs):
        model.stop_training = batch == 1

    own = callbacks.LambdaCallback(
        on_train_batch_end=stop, on_epoch_end=lambda epoch, logs: ended.append(sorted(logs))
    )
    history = fit([own], model, validation_data=(X, Y))
    assert history.epoch == [0] and ended == [["loss", "val_loss"]]
    assert model.optimizer.iterations == 2


def test_lambda_callback_knows_its_turns():
    with pytest.raises(ValueError, match="on_lunch: not a turn"):
        callbacks.LambdaCallback(on_lunch=print)
    begun: list = []
    fit([callbacks.LambdaCallback(on_test_begin=begun.append)], validation_data=(X, Y))
    assert len(begun) == 3


def test_callbacks_of_keras_that_are_not_here_say_so():
    with pytest.raises(AttributeError, match="TensorBoard of Keras is not built here"):
        callbacks.TensorBoard  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        callbacks.Nothing  # noqa: B018


# -- watching a value ------------------------------------------------------------------------


def epochs_until_stop(values, **options) -> int:
    own = [Scripted(v=values), callbacks.EarlyStopping("v", **{"mode": "min", **options})]
    return len(fit(own, epochs=len(values)).epoch)


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        ([3, 2, 1, 2, 3, 4], {}, 4),
        ([3, 2, 1, 2, 3, 4], {"patience": 2}, 5),
        ([3, 2, 1, 2, 0, 4, 5], {"patience": 2}, 7),
        ([3, 4, 5], {"mode": "max"}, 3),
        ([3, 2, 5], {"mode": "max"}, 2),
        ([3.0, 2.9, 2.8, 2.7], {"min_delta": 0.5}, 2),
        ([3.0, 2.9, 2.8, 2.7], {"min_delta": -0.5}, 2),
        ([9, 8, 7, 6], {"baseline": 5, "patience": 2}, 4),
        ([9, 8, 4, 6, 6, 6], {"baseline": 5, "patience": 2}, 5),
        ([1, 5, 5, 4, 5], {"start_from_epoch": 2}, 5),
        ([1, 5, 5, 6, 5], {"start_from_epoch": 2}, 4),
        ([3, float("nan"), 2, float("nan"), 3], {"patience": 2}, 5),
    ],
)
def test_early_stopping_waits_as_long_as_it_should(values, options, expected):
    assert epochs_until_stop(values, **options) == expected


def test_early_stopping_restores_the_best_weights(capsys):
    model, kept = model_of(), []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: kept.append(model.get_weights()))
    stop = callbacks.EarlyStopping(
        "v", mode="max", patience=2, restore_best_weights=True, verbose=1
    )
    fit([keep, Scripted(v=[1, 3, 2, 2, 9]), stop], model, epochs=5)
    assert len(kept) == 4 and stop.best == 3 and stop.stopped_epoch == 3
    np.testing.assert_array_equal(model.weights[0], kept[1][0])
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 4: early stopping",
        "Restoring the weights of the best epoch: 2.",
    ]


def test_the_direction_is_the_metric_s_own():
    stop = callbacks.EarlyStopping("val_AUC", patience=0)
    model = Sequential([layers.Input((3,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "mse", metrics=["AUC", "mae"])
    labels = (Y > 0).astype(float)
    model.fit(X, labels, validation_data=(X, labels), verbose=0, callbacks=[stop])
    assert stop._is_improvement(0.9, 0.8) and not stop._is_improvement(0.8, 0.9)
    stop.monitor = "val_mae"
    assert stop._is_improvement(0.8, 0.9) and not stop._is_improvement(0.9, 0.8)
    stop.monitor = "loss"
    assert stop._is_improvement(0.8, 0.9)
    stop.monitor = "whatever"
    with pytest.raises(ValueError, match="give mode='max' or mode='min'"):
        stop._is_improvement(0.8, 0.9)


def test_every_metric_of_the_library_has_a_direction_unless_it_is_a_plain_mean():
    from scratchrnn.callbacks.monitor import _LESS_IS_BETTER, _MORE_IS_BETTER

    known = {*_LESS_IS_BETTER, *_MORE_IS_BETTER}
    assert known == {*metrics.CLASSES} - {"Mean", "Sum"}


def test_modes_are_checked():
    with pytest.raises(ValueError, match="EarlyStopping: mode: expected"):
        callbacks.EarlyStopping(mode="best")


@pytest.mark.parametrize("kind", [callbacks.EarlyStopping, callbacks.ReduceLROnPlateau])
def test_what_is_not_in_the_logs_is_warned_of(kind):
    with pytest.warns(UserWarning, match=r"watches 'val_loss', which is not among the logs: loss"):
        fit([kind()], epochs=1)


def test_the_learning_rate_falls_on_a_plateau(capsys):
    own = callbacks.ReduceLROnPlateau(
        "v", mode="min", factor=0.5, patience=2, cooldown=1, min_lr=0.02, verbose=1
    )
    history = fit([Scripted(v=[5, 5, 5, 5, 5, 5, 5, 5, 5]), own], epochs=9).history
    expected = [0.1, 0.1, 0.1, 0.05, 0.05, 0.025, 0.025, 0.02, 0.02]
    np.testing.assert_allclose(history["learning_rate"], expected)
    assert "Epoch 3: ReduceLROnPlateau reducing learning rate to 0.05." in capsys.readouterr().out
    with pytest.raises(ValueError, match="factor: expected 0 to 1"):
        callbacks.ReduceLROnPlateau(factor=1.0)


def test_the_learning_rate_follows_a_schedule(capsys):
    own = callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2, verbose=1)
    assert fit([own]).history["learning_rate"] == [0.05, 0.025, 0.0125]
    assert "Epoch 2: LearningRateScheduler setting learning rate to 0.025." in (
        capsys.readouterr().out
    )
    own = callbacks.LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1))
    assert fit([own]).history["learning_rate"] == pytest.approx([1, 1 / 2, 1 / 3])
    with pytest.raises(ValueError, match="schedule: expected a float, got 'fast'"):
        fit([callbacks.LearningRateScheduler(lambda epoch, rate: "fast")])


# -- files -----------------------------------------------------------------------------------


def test_checkpoints_are_named_by_epoch_and_logs(tmp_path):
    own = callbacks.ModelCheckpoint(tmp_path / "made" / "{epoch:02d}-{v:.1f}.npz")
    fit([Scripted(v=[3, 1, 2]), own])
    names = sorted(path.name for path in (tmp_path / "made").iterdir())
    assert names == ["01-3.0.npz", "02-1.0.npz", "03-2.0.npz"]
    assert load_model(tmp_path / "made" / "02-1.0.npz").compiled


def test_only_better_models_replace_the_checkpoint(tmp_path, capsys):
    model, kept = model_of(), []
    keep = callbacks.LambdaCallback(on_epoch_end=lambda e, logs: kept.append(model.get_weights()))
    own = callbacks.ModelCheckpoint(
        tmp_path / "best.npz", "v", mode="max", save_best_only=True, verbose=1
    )
    fit([keep, Scripted(v=[1, 3, 2]), own], model)
    np.testing.assert_array_equal(load_model(tmp_path / "best.npz").weights[0], kept[1][0])
    printed = capsys.readouterr().out
    assert "Epoch 1: v improved from None to 1.00000, saving model to" in printed
    assert "Epoch 3: v did not improve from 3.00000" in printed


def test_a_threshold_has_to_be_beaten_first(tmp_path):
    own = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}.npz", "v", mode="max", save_best_only=True, initial_value_threshold=2
    )
    fit([Scripted(v=[1, 3, 2]), own])
    assert [path.name for path in tmp_path.iterdir()] == ["2.npz"]


def test_weights_alone_are_saved_if_asked(tmp_path):
    model = model_of()
    fit([callbacks.ModelCheckpoint(tmp_path / "w.npz", save_weights_only=True)], model)
    other = model_of(seed=9)
    other.load_weights(tmp_path / "w.npz")
    np.testing.assert_array_equal(other.weights[0], model.weights[0])


def test_checkpoints_may_be_counted_in_batches(tmp_path):
    own = callbacks.ModelCheckpoint(tmp_path / "{epoch}-{batch}.npz", save_freq=4)
    fit([own], epochs=3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2-1.npz", "3-2.npz"]


def test_checkpoints_say_what_they_cannot_do(tmp_path):
    with pytest.raises(ValueError, match=r"filepath: expected \*.npz, got 'm.keras'"):
        callbacks.ModelCheckpoint("m.keras")
    for freq in (0, "batch", 1.5, True):
        with pytest.raises(ValueError, match="save_freq: expected 'epoch' or a number"):
            callbacks.ModelCheckpoint("m.npz", save_freq=freq)
    with pytest.raises(ValueError, match="'val_loss' is not among the logs: loss"):
        fit([callbacks.ModelCheckpoint(tmp_path / "{val_loss}.npz")], epochs=1)
    with pytest.warns(UserWarning, match="so that the best cannot be told"):
        fit([callbacks.ModelCheckpoint(tmp_path / "a.npz", save_best_only=True)], epochs=1)


def test_the_csv_has_a_line_an_epoch(tmp_path):
    path = tmp_path / "logs" / "log.csv"
    history = fit([callbacks.CSVLogger(path)], validation_data=(X, Y)).history
    lines = path.read_text().splitlines()
    assert lines[0] == "epoch,loss,val_loss" and len(lines) == 4
    assert lines[2] == f"1,{history['loss'][1]},{history['val_loss'][1]}"
    fit([callbacks.CSVLogger(path, separator=";")], epochs=1)
    assert path.read_text().splitlines()[0] == "epoch;loss;val_loss"
    assert path.read_text().splitlines()[1].endswith(";NA")


def test_the_csv_goes_on_where_it_is_asked_to(tmp_path):
    path = tmp_path / "log.csv"
    for first, last in ((0, 2), (2, 3)):
        fit([callbacks.CSVLogger(path, append=True)], epochs=last, initial_epoch=first)
    assert [line.split(",")[0] for line in path.read_text().splitlines()] == ["epoch", *"012"]


# -- going on --------------------------------------------------------------------------------


class Stop(Exception):
    pass


def stop_at(epoch: int) -> callbacks.Callback:
    def stop(now, logs):
        if now == epoch:
            raise Stop

    return callbacks.LambdaCallback(on_epoch_begin=stop)


def test_a_run_that_failed_goes_on_at_its_epoch_as_in_keras(tmp_path):
    keep = callbacks.BackupAndRestore(tmp_path / "b")
    with pytest.raises(Stop):
        fit([keep, stop_at(4)], epochs=10)
    model = model_of(seed=5)
    history = fit([keep], model, epochs=10)
    assert history.epoch == [4, 5, 6, 7, 8, 9] and not (tmp_path / "b").exists()
    unbroken = model_of()
    fit([], unbroken, epochs=10)
    np.testing.assert_array_equal(model.weights[0], unbroken.weights[0])


def test_a_run_that_had_stopped_early_does_not_train_on(tmp_path):
    def stop():
        return callbacks.EarlyStopping("loss", min_delta=1e9, restore_best_weights=True)

    def fail(logs):
        raise Stop

    keep, model = callbacks.BackupAndRestore(tmp_path), model_of()
    with pytest.raises(Stop):
        fit([keep, stop(), callbacks.LambdaCallback(on_train_end=fail)], model, epochs=9)
    assert model.history.epoch == [0, 1]
    other = model_of(seed=5)
    assert fit([keep, stop()], other, epochs=9).epoch == []
    np.testing.assert_array_equal(model.weights[0], other.weights[0])


def test_what_draws_from_the_common_stream_draws_the_same_numbers(tmp_path):
    def run(keep, further=()):
        utils.set_random_seed(3)
        draw = callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: drawn.append((epoch, make_generator().random()))
        )
        fit([keep, draw, *further], epochs=5)

    drawn: list[tuple[int, float]] = []
    run(callbacks.BackupAndRestore(tmp_path / "a"))
    expected = drawn.copy()
    drawn.clear()
    with pytest.raises(Stop):
        run(callbacks.BackupAndRestore(tmp_path / "b"), [stop_at(2)])
    run(callbacks.BackupAndRestore(tmp_path / "b"))
    assert drawn[:2] == expected[:2] and drawn[3:] == expected[2:]


def test_the_backup_stays_if_asked_and_the_next_run_has_nothing_to_do(tmp_path):
    keep = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    model = model_of()
    fit([keep], model)
    assert load_model(tmp_path / "training.npz").built
    other = model_of(seed=5)
    assert fit([keep], other).epoch == []
    np.testing.assert_array_equal(model.weights[0], other.weights[0])
    assert fit([keep], other, epochs=5).epoch == [3, 4]


def test_the_file_before_the_last_is_used_if_the_last_is_damaged(tmp_path):
    keep = callbacks.BackupAndRestore(tmp_path, double_checkpoint=True)
    with pytest.raises(Stop):
        fit([keep, stop_at(3)], epochs=5)
    (tmp_path / "training.npz").write_bytes(b"damaged")
    assert fit([keep], epochs=5).epoch == [2, 3, 4]
    assert list(tmp_path.parent.glob(tmp_path.name)) == []


def test_a_damaged_backup_is_named(tmp_path):
    (tmp_path / "training.npz").write_bytes(b"damaged")
    with pytest.raises(ValueError, match=r"training.npz: truncated, or not a model file"):
        fit([callbacks.BackupAndRestore(tmp_path)])


def test_half_written_files_of_killed_processes_are_removed(tmp_path):
    (tmp_path / ".training.npz.123.part").write_bytes(b"half")
    fit([callbacks.BackupAndRestore(tmp_path / "x")])
    assert (tmp_path / ".training.npz.123.part").exists()
    fit([callbacks.BackupAndRestore(tmp_path)])
    assert not tmp_path.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(own=[]), r"callbacks: the run that was kept had \['EarlyStopping'"),
        (dict(metrics=["mae"]), "metrics: the run that was kept had 0, this one has 1"),
        (dict(optimizer="adam"), "optimizer: the run that was kept had 'SGD', this one has Adam"),
        (dict(units=2), r"expected float32 \(3, 2\)"),
        (dict(validation_data=None), "validation_data: only one of this run and the kept one"),
    ],
)
def test_another_training_does_not_go_on_from_the_backup(tmp_path, change, message):
    def run(own=(), optimizer="sgd", metrics=None, units=1, **options):
        model = Sequential([layers.Input((3,)), layers.Dense(units)])
        model.compile(optimizer, "mse", metrics=metrics)
        y = np.repeat(Y, units, axis=1)
        options = {"epochs": 3, "verbose": 0, "validation_data": (X, y), **options}
        model.fit(X, y, callbacks=[*own, callbacks.BackupAndRestore(tmp_path)], **options)

    def stop():
        return callbacks.EarlyStopping("loss", patience=9)

    with pytest.raises(Stop):
        run([stop(), stop_at(1)])
    with pytest.raises(ValueError, match=message):
        run(**{"own": [stop()], **change})


def test_backups_say_what_they_cannot_do():
    with pytest.raises(ValueError, match="backup_dir: expected a folder"):
        callbacks.BackupAndRestore("")
    with pytest.raises(ValueError, match="save_freq: expected 'epoch' or a number"):
        callbacks.BackupAndRestore("b", save_freq=False)
    with pytest.raises(ValueError, match="expected to be called by a callback of a running fit"):
        model_of().save_training("b.npz")
