"""What models and training refuse or stop at, in words."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn import backend, layers
from scratchrnn.callbacks import Callback
from scratchrnn.layers import GRU, Dense, Input
from scratchrnn.models import Sequential, load_model

X, Y = np.random.default_rng(0).normal(size=(8, 4, 3)), np.arange(8) % 2


def model(*more, loss="sparse_categorical_crossentropy"):
    made = Sequential([Input((None, 3)), GRU(2, seed=0), Dense(2, activation="softmax", seed=1)])
    for layer in more:
        made.add(layer)
    made.compile("sgd", loss)
    return made


class Pair(layers.Layer):
    """Returns two outputs."""

    def call(self, x, mask=None, training=False):
        return [x, x]

    def compute_output_shape(self, input_shape):
        return input_shape


def without_targets():
    yield X[:4]
    yield X[4:]


REFUSED = {
    "training without targets": (
        lambda: model().fit(without_targets(), verbose=0),
        "fit: y: expected targets, got None",
    ),
    "evaluating without targets": (
        lambda: model().evaluate(without_targets(), verbose=0),
        "evaluate: y: expected targets, got None",
    ),
    "a batch of four parts": (
        lambda: model().fit(iter([(X, Y, None, None)]), verbose=0),
        r"a batch: expected \(x,\), \(x, y\) or \(x, y, sample_weight\), got 4 parts",
    ),
    "weights of classes and of samples": (
        lambda: model().train_on_batch(X, Y, sample_weight=np.ones(8), class_weight={0: 2.0}),
        "class_weight: not together with sample_weight",
    ),
    "two outputs": (lambda: model(Pair())(X), "expected one output, got 2"),
    "a name that is none": (
        lambda: Sequential(name=3),
        "Sequential: name: expected a string, got 3",
    ),
    "a configuration of nothing": (
        lambda: Sequential.from_config({"name": "m"}),
        "Sequential: config: expected name and layers",
    ),
    "no shape": (
        lambda: Sequential([GRU(2)]).build(),
        "Sequential: build: input_shape: expected a shape, got None",
    ),
    "states of other layers": (lambda: model().set_state([]), "state: expected 3 layers, got"),
    "a precision that is none": (
        lambda: scratchrnn.set_floatx("nonsense"),
        "set_floatx: dtype: expected one of",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_words(what):
    call, words = REFUSED[what]
    with pytest.raises(ValueError, match=words):
        call()


class Stop(Callback):
    """Asks to stop after the first batch."""

    def __init__(self):
        super().__init__()
        self.batches = 0

    def on_predict_batch_end(self, batch, logs=None):
        self.batches += 1
        self.model.stop_predicting = True

    def on_test_batch_end(self, batch, logs=None):
        self.batches += 1
        self.model.stop_evaluating = True


def test_a_callback_may_stop_predict_and_evaluate():
    made, stop = model(), Stop()
    assert made.predict(X, batch_size=3, callbacks=[stop], verbose=0).shape == (3, 2)
    made.evaluate(X, Y, batch_size=3, callbacks=[stop], verbose=0)
    assert stop.batches == 2


def test_weights_of_classes_scale_the_loss_of_a_batch():
    plain = model().train_on_batch(X, Y)
    heavy = model().train_on_batch(X, Y, class_weight={0: 3.0, 1: 3.0})
    assert heavy == pytest.approx(3 * plain, rel=1e-6)


def test_a_model_learns_while_any_of_its_layers_does():
    made = model()
    assert made.trainable
    made.trainable = False
    assert not made.trainable and not made.trainable_weights


def test_a_model_forgets_the_states_of_its_layers():
    made = Sequential([Input(batch_shape=(8, 4, 3)), GRU(2, stateful=True, seed=0)])
    first = made(X)
    assert not np.array_equal(made(X), first)
    made.reset_state()
    np.testing.assert_array_equal(made(X), first)


def test_a_loss_of_ones_own_is_left_out_of_the_file_with_a_warning(tmp_path):
    class Own(scratchrnn.losses.MeanSquaredError):
        """Not of this library."""

    made = model(loss=Own())
    with pytest.warns(UserWarning, match="not of this library .*: the file has everything else"):
        made.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    assert not loaded.compiled
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), made.predict(X, verbose=0))


def test_arrays_of_either_backend_have_the_shape_and_type_asked_for():
    for name in ("numpy", "numba"):
        with scratchrnn.use_backend(name):
            made = backend.empty((2, 3), "float32")
        assert (made.shape, made.dtype.name) == ((2, 3), "float32")


def test_there_is_nothing_to_compile_without_kernels():
    with scratchrnn.use_backend("numpy"):
        assert scratchrnn.warmup() is None


def test_threads_may_be_counted_and_set():
    before = scratchrnn.get_num_threads()
    scratchrnn.set_num_threads(1)
    assert scratchrnn.get_num_threads() == 1
    scratchrnn.set_num_threads(before)
    assert scratchrnn.get_num_threads() == before
