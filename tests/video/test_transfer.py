"""What a network has learned, kept for other classes: `trainable`, and new last layers."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn.classify import build_network, compile_network, new_classes
from scratchrnn.layers import Dense
from scratchrnn.models import Sequential, load_model


@pytest.fixture(autouse=True)
def readable_backend():
    with scratchrnn.use_backend("numpy"):
        yield


def data(classes, seed=0, clips=12):
    """Sequences of different lengths in which another feature rises for each class."""
    rng = np.random.default_rng(seed)
    x = 0.1 * rng.standard_normal((clips, 7, 5))
    y = np.arange(clips) % classes
    mask = np.arange(7) < rng.integers(4, 8, clips)[:, None]
    x[np.arange(clips), :, y] += np.linspace(0, 1, 7)
    return {"x": x, "y": y, "mask": mask}


@pytest.fixture(params=[False, True], ids=["one direction", "bidirectional"])
def learned(request):
    network = build_network("gru", 5, 4, units=6, dropout=0.2, bidirectional=request.param, seed=1)
    network.fit(**data(4), epochs=3, verbose=0, seed=0)
    return network


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_layers_put_under_a_new_one_keep_their_weights(learned):
    kept = [w.copy() for layer in learned.layers[:-1] for w in layer.weights]
    model = Sequential([*learned.layers[:-1], Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
    model.evaluate(**data(3), verbose=0)
    assert model.output_shape == (None, 3)
    assert same(kept, model.weights[:-2]), "also after the new layer was built"
    model.fit(**data(3), epochs=1, verbose=0, seed=0)
    assert not any(np.array_equal(a, b) for a, b in zip(kept, model.weights[:-2], strict=True))


def test_frozen_weights_are_unchanged_to_the_bit_and_have_no_optimizer_state(learned):
    model = Sequential([*learned.layers[:-1], Dense(3, activation="softmax")])
    for layer in model.layers[:-1]:
        layer.trainable = False
    model.compile("adamw", "sparse_categorical_crossentropy", ["accuracy"])
    kept = model.get_weights() if model.built else [w.copy() for w in learned.weights[:-2]]
    model.fit(**data(3), epochs=4, verbose=0, seed=0)
    frozen, top = model.weights[:-2], model.weights[-2:]
    assert same(kept[: len(frozen)], frozen), "weight decay must not reach them either"
    assert same(model.trainable_weights, top) and same(model.non_trainable_weights, frozen)
    state = model.optimizer.get_state()
    shapes = [state[name].shape for name in state if "/" in name]
    assert sorted(shapes) == sorted([w.shape for w in top] * 2), "two moments of each, no more"
    assert len(model.layers[-1].gradients) == 2 and not model.layers[0].gradients


def test_a_frozen_model_is_still_frozen_when_it_is_loaded(learned, tmp_path):
    model = new_classes(learned, 3, freeze=True)
    compile_network(model, 1e-2)
    model.fit(**data(3), epochs=2, verbose=0, seed=0)
    model.save(tmp_path / "m.npz")
    again = load_model(tmp_path / "m.npz")
    for network in (model, again):
        network.fit(**data(3), epochs=4, initial_epoch=2, verbose=0, seed=1)
    assert same(model.weights, again.weights)
    assert same(learned.weights[:-2], again.weights[:-2])


def test_all_learn_once_layers_are_set_free_and_the_model_is_compiled_again(learned):
    model = new_classes(learned, 3, freeze=True)
    compile_network(model, 1e-2)
    model.fit(**data(3), epochs=1, verbose=0, seed=0)
    model.trainable = True
    with pytest.raises(ValueError, match="make a new optimizer"):
        model.fit(**data(3), epochs=2, initial_epoch=1, verbose=0, seed=0)
    compile_network(model, 1e-2)
    before = model.get_weights()
    model.fit(**data(3), epochs=1, verbose=0, seed=0)
    assert not any(np.array_equal(a, b) for a, b in zip(before, model.weights, strict=True))


def test_what_was_frozen_learns_again_if_new_classes_do_not_freeze(learned):
    frozen = new_classes(learned, 3, freeze=True)
    model = new_classes(frozen, 2)
    assert len(model.trainable_weights) == len(model.weights)


def test_new_classes_leaves_the_old_network_as_it_was(learned):
    before, trainable = learned.get_weights(), [layer.trainable for layer in learned.layers]
    model = new_classes(learned, 3, freeze=True)
    compile_network(model, 1e-2)
    model.trainable = True
    model.fit(**data(3), epochs=1, verbose=0, seed=0)
    assert same(before, learned.weights) and learned.output_shape == (None, 4)
    assert trainable == [layer.trainable for layer in learned.layers]


def signs(which, clips, seed):
    """Sequences in 60 noisy directions; three hidden ones rise or fall, each as a class has it."""
    rng = np.random.default_rng(seed)
    hidden = np.linalg.qr(np.random.default_rng(99).standard_normal((60, 3)))[0]  # (60, 3)
    y = np.arange(clips) % len(which)
    slopes = np.array([[1 if bit == "1" else -1 for bit in which[label]] for label in y])
    rising = np.linspace(-1.5, 1.5, 8)[None, :, None] * (slopes @ hidden.T)[:, None]
    return rising + rng.standard_normal((clips, 8, 60)), y


def test_what_was_learned_helps_with_few_clips_of_other_classes():
    old, other = ("000", "011", "101", "110"), ("111", "100", "010", "001")
    base = build_network("gru", 60, 4, units=8, learning_rate=0.01, seed=0)
    base.fit(*signs(old, 400, 0), batch_size=25, epochs=10, verbose=0, seed=0)
    test, scores = signs(other, 200, 2), {"fresh": [], "transferred": []}
    for seed in range(4):
        fresh = build_network("gru", 60, 4, units=8, learning_rate=0.02, seed=seed)
        transferred = new_classes(base, 4, freeze=True, seed=seed)
        compile_network(transferred, 0.02)
        for name, model in (("fresh", fresh), ("transferred", transferred)):
            model.fit(*signs(other, 4, 10 + seed), epochs=60, verbose=0, seed=seed)
            scores[name].append(model.evaluate(*test, verbose=0)[1])
    assert np.mean(scores["transferred"]) > np.mean(scores["fresh"]) + 0.15, scores


@pytest.mark.parametrize("count", [0, 1])
def test_a_network_without_layers_below_the_last_is_refused(count):
    network = Sequential([Dense(2)] * count)
    with pytest.raises(ValueError, match="new_classes: network: expected layers and a Dense"):
        new_classes(network, 2)
