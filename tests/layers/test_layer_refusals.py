"""What layers refuse, they refuse in words: who, which argument, what was expected, what came."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers, regularizers
from scratchrnn.layers.cell import Cell
from scratchrnn.layers.noise import Dropout

FLAT, SEQUENCE = np.ones((2, 3), "float32"), np.ones((2, 4, 3), "float32")


def stateful():
    layer = layers.LSTM(2, stateful=True, dropout=0.5, seed=0)
    layer(SEQUENCE)
    return layer


def put(change):
    """Return a call that puts a changed state back into a stateful layer."""

    def call():
        layer = stateful()
        state = layer.get_state()
        layer.set_state(change(state))

    return call


def wrapped(layer, x=SEQUENCE, **options):
    return lambda: layers.TimeDistributed(layer)(x, **options)


class Pair(layers.Layer):
    """Returns two outputs."""

    def call(self, x, mask=None, training=False):
        return [x, x]


class Unwritten(Cell):
    """A cell whose author has written nothing."""

    state_size = output_size = 2


REFUSED = {
    "no state at all": (put(lambda s: None), "set_state: expected a dict with"),
    "a state of something else": (put(lambda s: {"x": 1}), "set_state: expected a dict with"),
    "too few states": (put(lambda s: {**s, "states": s["states"][:1]}), "expected 2 arrays, got"),
    "whole numbers": (put(lambda s: {**s, "states": [np.ones((2, 2), int)] * 2}), "expected 2 arr"),
    "other units": (put(lambda s: {**s, "states": [np.ones((2, 5))] * 2}), r"expected \(N, ...\)"),
    "other rows": (
        put(lambda s: {**s, "states": [np.ones((2, 2)), np.ones((3, 2))]}),
        r"expected \(N, ...\) of .*, got \[\(2, 2\), \(3, 2\)\]",
    ),
    "a generator of another kind": (
        put(lambda s: {**s, "rng": {**s["rng"], "bit_generator": "MT19937"}}),
        "random generator: state: expected one of PCG64",
    ),
    "a generator with a hole": (
        put(lambda s: {**s, "rng": {"bit_generator": "PCG64"}}),
        "random generator: state: not a state of PCG64",
    ),
    "inner layers missing": (
        lambda: layers.Bidirectional(layers.GRU(2)).set_state({"layers": [{}]}),
        "layers: expected a list of 2",
    ),
    "no steps": (wrapped(layers.Dense(2), FLAT), r"TimeDistributed: x: expected \(N, T, ...\)"),
    "a mask of other steps": (
        wrapped(layers.Dense(2), mask=np.ones((2, 5), bool)),
        r"TimeDistributed: mask: expected \(N, T\)=\(2, 4\), got \(2, 5\)",
    ),
    "two outputs a step": (wrapped(Pair(), SEQUENCE), "expected one output, .* returns more"),
    "flat dropout of channels": (
        lambda: layers.SpatialDropout1D(0.5)(FLAT, training=True),
        r"SpatialDropout1D: x: expected \(N, T, D\), got \(2, 3\)",
    ),
    "repeating a sequence": (
        lambda: layers.RepeatVector(2)(SEQUENCE),
        r"RepeatVector: x: expected \(N, D\), got \(2, 4, 3\)",
    ),
    "too few axes": (
        lambda: layers.Permute((2, 1))(FLAT),
        "Permute: x: expected 3 axes, got 2",
    ),
    "a step with no step": (
        lambda: layers.RNN(Unwritten())(SEQUENCE),
        "Unwritten: step is not written",
    ),
    "a cell for sequences": (
        lambda: layers.LSTMCell(2).compute_output_shape((None, 4, 3)),
        "LSTMCell: a cell runs one step; for sequences, put it into RNN",
    ),
    "two batch sizes": (
        lambda: layers.Input(batch_shape=(2, 3), batch_size=2),
        "Input: batch_size: expected None beside batch_shape",
    ),
    "features unknown": (
        lambda: layers.Dense(2).build((None, None)),
        "Dense: input_shape: expected at least two axes, the last one known",
    ),
    "registering a function": (lambda: layers.register(len), "register: cls: expected a subclass"),
    "a name that is taken": (
        lambda: layers.register(type("LSTM", (layers.Layer,), {"__module__": "elsewhere"})),
        "register: cls: the name 'LSTM' is taken",
    ),
    "noise without a mask": (
        lambda: type("Odd", (Dropout.__mro__[1],), {})(0.5)(FLAT, training=True),
        "Odd: _mask_shape is not written",
    ),
    "a penalty unwritten": (
        lambda: regularizers.Regularizer()(FLAT),
        "Regularizer: __call__ is not written",
    ),
    "a penalty's slope unwritten": (
        lambda: regularizers.Regularizer().gradient(FLAT),
        "Regularizer: gradient is not written",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_in_words(what):
    call, words = REFUSED[what]
    with pytest.raises((ValueError, NotImplementedError), match=words):
        call()


@pytest.mark.parametrize("rows", [2, 0])
@pytest.mark.parametrize("refused", ["generator", "first inside", "second inside", "states"])
def test_a_refused_state_leaves_everything_as_it_was(refused, rows):
    layer = layers.Bidirectional(layers.LSTM(3, stateful=True, dropout=0.5, seed=1))
    layer(np.ones((2, 4, 5), "float32"), training=True)
    other = layer.get_state()
    layer.reset_state()
    if rows:
        layer(np.ones((rows, 4, 5), "float32"), training=True)
    before = layer.get_state()
    place = other["layers"][0 if refused == "first inside" else 1]
    if refused == "states":
        place["states"] = [np.zeros((2, 7))] * 2
    else:
        place["rng"] = {"bit_generator": "none"}
    if refused == "generator":  # of a layer with nothing inside
        layer, other, before = layer.backward_layer, place, before["layers"][1]
    with pytest.raises(ValueError, match="expected"):
        layer.set_state(other)
    same(layer.get_state(), before)


def same(got, want):
    if isinstance(want, dict):
        assert got.keys() == want.keys()
        for key in want:
            same(got[key], want[key])
    elif isinstance(want, list):
        for one, other in zip(got, want, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(got, want)


def test_whole_numbers_have_no_gradient():
    layer = layers.Input((3,), dtype="int32")
    layer(np.ones((2, 3), "int32"))
    np.testing.assert_array_equal(layer.backward(np.ones((2, 3))), np.zeros((2, 3)))


def test_a_step_of_a_cell_takes_a_single_state_without_a_list():
    cell = layers.GRUCell(2, seed=0)
    alone, states = cell(FLAT, np.zeros((2, 2)))
    listed, _ = cell(FLAT, [np.zeros((2, 2))])
    np.testing.assert_array_equal(alone, listed)
    np.testing.assert_array_equal(alone, states[0])
