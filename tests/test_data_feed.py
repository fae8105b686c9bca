"""Streams of batches: where a pass begins again, and what a batch without targets is told."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.data import Feed, StreamData
from scratchrnn.models import Sequential, clone_model

X = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
Y = X.sum(axis=1, keepdims=True)
BATCHES = [(X[:4], Y[:4]), (X[4:], Y[4:])]


class Endless:
    """Can begin again, and does not say how long it is."""

    def __iter__(self):
        return iter(BATCHES)


def model_of() -> Sequential:
    model = Sequential([layers.Input((3,)), layers.Dense(1, seed=0)])
    model.compile("sgd", "mse")
    return model


def test_a_stream_of_unknown_length_begins_again_with_the_epoch():
    model, twin = model_of(), model_of()
    history = model.fit(Endless(), steps_per_epoch=2, epochs=3, verbose=0).history
    expected = twin.fit(BATCHES, epochs=3, verbose=0).history
    assert history["loss"] == expected["loss"]


def test_validation_goes_on_in_a_generator_that_has_one_pass():
    model = model_of()
    batches = (pair for pair in BATCHES)
    history = model.fit(
        X, Y, epochs=2, verbose=0, shuffle=False, validation_data=batches, validation_steps=1
    ).history
    assert len(history["val_loss"]) == 2
    assert next(batches, None) is None  # one an epoch


def test_looking_twice_sees_the_same_and_loses_nothing():
    feed = Feed(StreamData("test", iter(BATCHES)))
    assert (feed.first().x == feed.first().x).all()
    assert [len(batch.x) for batch in feed.epoch()] == [4, 4]


def test_a_feed_without_a_generator_goes_on_where_it_was():
    feed, other = (Feed(StreamData("test", BATCHES)) for _ in range(2))
    next(feed.epoch())
    other.set_state(feed.get_state())
    assert [(batch.x == X[4:]).all() for batch in other.epoch(done=1)] == [True]


@pytest.mark.parametrize("name", ["fit", "evaluate"])
def test_batches_without_targets_are_of_no_use(name):
    with pytest.raises(ValueError, match=f"{name}: .*y: expected targets, got None"):
        getattr(model_of(), name)([X[:4], X[4:]], verbose=0)


def test_windows_of_words_know_their_padding():
    words = np.array([[1, 2, 3, 0, 0, 0], [4, 1, 2, 3, 4, 1]])
    stack = [
        layers.Input((None,)),
        layers.Embedding(5, 3, mask_zero=True, seed=0),
        layers.GRU(2, seed=1),
        layers.Dense(1, seed=2),
    ]
    model = Sequential(stack)
    twin = clone_model(model)
    twin.set_weights(model.get_weights())
    y = np.array([[1.0], [-1.0]])
    for one, steps in ((model, 6), (twin, 3)):
        one.compile("sgd", "mse")
        one.fit(words, y, tbptt=steps, epochs=1, shuffle=False, verbose=0)
    changed = [not np.array_equal(a, b) for a, b in zip(model.weights, twin.weights, strict=True)]
    assert any(changed)  # windows were cut
    alone = clone_model(model)
    alone.set_weights(model.get_weights())
    assert model.predict(words[:1], verbose=0) == pytest.approx(
        alone.predict(words[:1, :3], verbose=0)
    )


def test_a_clone_of_a_model_that_was_built_by_use_is_built():
    model = Sequential([layers.Dense(2)])
    model.build((None, 3))
    twin = clone_model(model)
    assert twin.built and twin.input_shape == model.input_shape
    assert [w.shape for w in twin.weights] == [(3, 2), (2,)]
