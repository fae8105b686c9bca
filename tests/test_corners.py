"""Rare ways in: names for configurations, states of the wrong kind, shapes that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import activations, layers, losses, metrics, regularizers
from scratchrnn.callbacks import Callback, CallbackList, History, LearningRateScheduler
from scratchrnn.estimators import SequenceClassifier
from scratchrnn.layers import GRU, Dense, Input
from scratchrnn.models import Sequential
from scratchrnn.report import Report
from scratchrnn.training.metric_state import set_metric_state

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 4, 3)), np.arange(6) % 2


def model(**compiled):
    made = Sequential([Input((None, 3)), GRU(2, seed=0), Dense(2, activation="softmax", seed=1)])
    made.compile("sgd", "sparse_categorical_crossentropy", **compiled)
    return made


def nothing():
    yield from ()


REFUSED = {
    "an activation that is none": (lambda: activations.deserialize({"x": 1}), "activations"),
    "a state of no callback": (
        lambda: Callback().set_state({"wait": 3}),
        r"Callback: state: expected \[\], got",
    ),
    "a stream of no batches": (
        lambda: model().fit(nothing(), verbose=0),
        "expected at least one batch, got none",
    ),
    "a history asked for": (
        lambda: CallbackList([], add_history=True),
        "CallbackList: add_history: not supported",
    ),
    "sequences of images": (
        lambda: SequenceClassifier().fit([X, X], [0, 1]),
        r"X\[0\]: expected \(T, D\), got \(6, 4, 3\)",
    ),
    "a mask of other steps": (
        lambda: layers.GlobalAveragePooling1D()(X, mask=np.ones((6, 5), bool)),
        r"GlobalAveragePooling1D: mask: expected \(6, 4\), got \(6, 5\)",
    ),
    "unknown features": (
        lambda: layers.LayerNormalization().build((None, 4, None)),
        "LayerNormalization: input_shape: axes",
    ),
    "a box without a logit": (
        lambda: losses.BoxAndPresence()(np.ones((2, 1)), np.ones((2, 1))),
        "BoxAndPresence: y_pred: expected a box and a logit",
    ),
    "a mask of halves": (
        lambda: losses.MeanSquaredError()(Y, Y * 1.0, mask=np.full(6, 0.5)),
        "mask: expected booleans, got float64",
    ),
    "sums of another metric": (
        lambda: set_metric_state(metrics.Mean(), {"x": 1}),
        "metric mean: state: expected .*, got",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_words(what):
    call, words = REFUSED[what]
    with pytest.raises(ValueError, match=words):
        call()


def test_a_name_is_a_description_too():
    assert activations.deserialize("tanh") is activations.get("tanh")
    assert isinstance(losses.deserialize("mse"), losses.MeanSquaredError)
    assert isinstance(metrics.deserialize("mse"), metrics.MeanSquaredError)
    assert isinstance(regularizers.deserialize("l2"), regularizers.L2)
    assert regularizers.deserialize(None) is None


def test_masks_may_be_zeros_and_ones():
    loss, real = losses.MeanSquaredError(), np.array([1, 0, 1, 1, 0, 0])
    column = Y[:, None] * 1.0
    got = loss(column, 2 * column + 1, mask=real)
    assert got == loss(column, 2 * column + 1, mask=real.astype(bool))
    assert got != loss(column, 2 * column + 1)


def test_a_layer_that_knows_its_input_says_so_in_its_configuration():
    layer = Dense(2, input_shape=(3,))
    assert layer.get_config()["input_shape"] == [3]
    assert Dense.from_config(layer.get_config()).input_shape == (3,)


def test_an_embedding_of_no_rows_has_a_gradient_of_zeros():
    layer = layers.Embedding(5, 2, seed=0)
    y = layer(np.zeros((0, 4), int))
    assert layer.backward(np.ones_like(y)).shape == (0, 4)
    assert not layer.gradients[0].any()


def test_open_sizes_stay_open_when_reshaped():
    layer = layers.Reshape((-1, 2))
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 2)


def test_a_wrapped_layer_that_is_built_keeps_its_weights():
    inner = Dense(2, seed=0)
    inner.build((None, 3))
    kernel = inner.get_weights()[0]
    layers.TimeDistributed(inner)(X)
    np.testing.assert_array_equal(inner.get_weights()[0], kernel)


def test_what_is_taken_off_a_model_changes_its_output_shape():
    made = model()
    made.pop()
    assert made.output_shape == (None, 2)
    made.pop()
    open_end = Sequential()
    open_end.add(GRU(2))
    open_end.pop()
    assert open_end.layers == []


def test_a_metric_of_ones_own_says_which_way_is_better():
    from scratchrnn.callbacks import monitor

    class Wins(metrics.Mean):
        direction = "up"

    class Faults(metrics.Mean):
        direction = "down"

    assert (monitor.better_way(Wins()), monitor.better_way(Faults())) == (1, -1)


def test_a_history_of_ones_own_is_the_one_that_is_kept():
    mine = History()
    made = model()
    assert made.fit(X, Y, epochs=2, callbacks=[mine], verbose=0) is mine
    assert len(mine.history["loss"]) == 2


def test_a_schedule_without_logs_only_sets_the_rate(capsys):
    made = model()
    schedule = LearningRateScheduler(lambda epoch: 0.25, verbose=1)
    schedule.set_model(made)
    schedule.on_epoch_begin(0)
    schedule.on_epoch_end(0)
    assert made.optimizer.learning_rate == 0.25
    assert "setting learning rate to 0.25" in capsys.readouterr().out


def test_a_page_without_a_section_begins_one(tmp_path):
    page = Report("Title")
    page.text("Words.")
    assert "Words." in page.write(tmp_path / "page.html").read_text(encoding="utf-8")
