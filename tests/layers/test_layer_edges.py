"""Sizes at the edge, shapes foretold, masks beside indices and clips, states put back."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.layers.loading import zero_weights

from .test_layer_cells import Leaky

# -- sizes -----------------------------------------------------------------------------------

TOO_SMALL = [
    (lambda: layers.Conv1D(2, 3), (1, 2, 1), "kernel_size", r"\(3,\)"),
    (lambda: layers.Conv2D(2, 3), (1, 2, 5, 1), "kernel_size", r"\(3, 3\)"),
    (lambda: layers.Conv2D(2, 3), (1, 5, 2, 1), "kernel_size", r"\(3, 3\)"),
    (lambda: layers.MaxPooling1D(3), (1, 2, 1), "pool_size", r"\(3,\)"),
    (lambda: layers.AveragePooling2D(3), (1, 2, 5, 1), "pool_size", r"\(3, 3\)"),
    (lambda: layers.AveragePooling2D(3), (1, 5, 2, 1), "pool_size", r"\(3, 3\)"),
]


@pytest.mark.parametrize(("make", "shape", "argument", "size"), TOO_SMALL)
def test_what_is_smaller_than_a_window_is_an_error(make, shape, argument, size):
    words = rf"x: \({', '.join(map(str, shape))}\) is smaller than {argument} {size}$"
    with pytest.raises(ValueError, match=words):
        make()(np.zeros(shape))


@pytest.mark.parametrize(("make", "axes"), [
    (lambda: layers.Conv1D(2, 3), "N, T, C=1"), (lambda: layers.Conv2D(2, 3), "N, A, B, C=1"),
    (lambda: layers.MaxPooling1D(), "N, T, C"), (lambda: layers.MaxPooling2D(), "N, A, B, C"),
    (lambda: layers.GlobalMaxPooling1D(), "N, T, C"),
    (lambda: layers.GlobalMaxPooling2D(), "N, A, B, C"),
])  # fmt: skip
def test_inputs_with_other_axes_are_told_which_are_expected(make, axes):
    layer = make()
    layer.build((None, *(8,) * (axes.count(",") - 1), 1))
    with pytest.raises(ValueError, match=rf"x: expected \({axes}\), got \(2, 3\)"):
        layer(np.zeros((2, 3)))


def test_frames_of_open_size_are_an_error():
    for shape in ((None, None, None, 6, 1), (None, None, 6, None, 1), (None, None, 6, 6, None)):
        with pytest.raises(ValueError, match="with A, B, C known, got"):
            layers.ConvLSTM2D(2, 3).build(shape)


def test_samples_are_not_normalised_with_each_other():
    for axis, shape in ((-2, (3, 4)), (-3, (3, 4, 5)), ([-1, -2], (3, 4)), ([1, -1], (3, 4))):
        with pytest.raises(ValueError, match="axes do not fit axis"):
            layers.LayerNormalization(axis=axis)(np.zeros(shape))


def test_the_mean_of_one_real_step_is_that_step():
    x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    mask = np.array([[0, 1, 0], [1, 0, 0]], bool)
    np.testing.assert_array_equal(layers.GlobalAveragePooling1D()(x, mask=mask), x[mask])
    np.testing.assert_array_equal(layers.GlobalAveragePooling1D()(x[:, :1]), x[:, 0])


@pytest.mark.parametrize(("target", "rest", "result"), [
    ((1, 12), (3, 4), (1, 12)), ((-1, 1), (3, 4), (12, 1)), ((2, 6), (3, 4), (2, 6)),
    ((-1, 2), (None, 4), (None, 2)), ((3, 4), (None, 4), (3, 4)),
])  # fmt: skip
def test_shapes_of_reshaped_inputs(target, rest, result):
    layer = layers.Reshape(target)
    assert layer.compute_output_shape((None, *rest)) == (None, *result)
    if None not in rest:
        assert layer(np.zeros((2, *rest))).shape == (2, *result)


@pytest.mark.parametrize("target", [(2, 3), (5, -1), (24,)])
def test_numbers_are_not_lost_or_made_by_reshaping(target):
    with pytest.raises(ValueError, match=r"Reshape: x: \(3, 4\) does not fit"):
        layers.Reshape(target)(np.zeros((2, 3, 4)))


@pytest.mark.parametrize("mode", ["concat", "sum", None])
def test_shapes_of_sequences_are_foretold(mode):
    x = np.zeros((3, 5, 2))
    layer = layers.Bidirectional(layers.LSTM(4, return_sequences=True), merge_mode=mode)
    y = layer(x)
    foretold = layer.compute_output_shape(x.shape)
    assert foretold == (tuple(part.shape for part in y) if mode is None else y.shape)
    assert layers.Dense(4).compute_output_shape((None, 5, 2)) == (None, 5, 4)


def test_the_pair_of_gradients_is_a_pair():
    layer = layers.Bidirectional(layers.GRU(4), merge_mode=None)
    y, _ = layer(np.zeros((2, 5, 3)))
    for dy in ([y], [y, y, y], np.zeros((2, 2, 4))):
        with pytest.raises(ValueError, match="dy: expected the pair"):
            layer.backward(dy)


def test_every_lstm_starts_with_a_forget_gate_that_is_open():
    for layer in (layers.LSTM(3), layers.LayerNormLSTM(3), layers.RNN(layers.LSTMCell(3))):
        layer.build((None, None, 2))
        np.testing.assert_array_equal(layer.weights[2], np.repeat([0, 1, 0, 0], 3))
    frames = layers.ConvLSTM2D(3, 1)
    frames.build((None, None, 2, 2, 1))
    np.testing.assert_array_equal(frames.bias, np.repeat([0, 1, 0, 0], 3))


# -- masks -----------------------------------------------------------------------------------

MASK = np.array([[1, 0, 1], [0, 1, 1]], bool)


def test_what_is_not_finite_at_masked_steps_counts_as_zero():
    x = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("float32")
    zeros = np.where(MASK[..., None], x, 0)
    for hidden in (np.nan, np.inf, -np.inf):
        given = np.where(MASK[..., None], x, np.float32(hidden))
        for layer in (layers.Dense(2, seed=1), layers.TimeDistributed(layers.Dense(2, seed=1))):
            np.testing.assert_array_equal(layer(given, mask=MASK), layer(zeros, mask=MASK))


def test_a_mask_that_does_not_fit_is_told_whatever_the_input_holds():
    x = np.full((2, 3, 4), np.nan)
    with pytest.raises(ValueError, match=r"LSTM: mask: expected \(N, T\)=\(2, 3\), got \(2, 5\)"):
        layers.LSTM(2)(x, mask=np.ones((2, 5), bool))


def test_steps_are_real_where_both_masks_say_so():
    x = np.array([[[1.0, 0.0], [0.0, 0.0], [2.0, 1.0]]])
    masking = layers.Masking()
    np.testing.assert_array_equal(masking.compute_mask(x), [[True, False, True]])
    given = np.array([[True, True, False]])
    np.testing.assert_array_equal(masking.compute_mask(x, given), [[True, False, False]])


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_masking_hides_steps_on_the_way_back_too(value):
    x = np.array([[[1.0, value], [value, value], [2.0, 1.0]]])
    masking = layers.Masking(value)
    np.testing.assert_array_equal(masking(x)[0, 1], [0, 0])
    dx = masking.backward(np.full(x.shape, 3.0))
    np.testing.assert_array_equal(dx, [[[3, 3], [0, 0], [3, 3]]])


def test_a_mask_of_parts_of_steps_goes_with_clips():
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype("float32")
    layer = layers.TimeDistributed(layers.Dense(2, seed=1))
    parts = np.repeat(MASK[:, :, None], 4, axis=2)
    np.testing.assert_array_equal(layer(x, mask=parts), layer(x))


def test_hidden_indices_stand_for_index_zero():
    layer = layers.Embedding(3, 2, seed=1)
    y = layer(np.array([[1, 99, 2], [-5, 0, 1]]), mask=MASK)
    np.testing.assert_array_equal(y, layer.embeddings[[[1, 0, 2], [0, 0, 1]]])
    lists = np.array([[[1, 2], [99, 99], [2, 0]], [[-5, 1], [0, 1], [1, 1]]])
    y = layer(lists, mask=MASK)
    np.testing.assert_array_equal(y, layer.embeddings[np.where(MASK[..., None], lists, 0)])


@pytest.mark.parametrize(("x", "got"), [(5, "5 to 5"), (-3, "-3 to -3"), (np.nan, "-1 to -1")])
def test_an_index_out_of_the_table_is_told_with_the_range(x, got):
    with pytest.raises(ValueError, match=f"Embedding: x: expected indices 0 to 4, got {got}"):
        layers.Embedding(5, 2)([[x]])


# -- states and files ------------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda: layers.GRU(4, stateful=True, seed=1), lambda: layers.LSTM(4, stateful=True, seed=1),
    lambda: layers.RNN(Leaky(4), stateful=True),
    lambda: layers.Bidirectional(layers.RNN(Leaky(4), stateful=True)),
])  # fmt: skip
def test_carried_states_are_taken_back_by_a_layer_that_carries_none_and_the_other_way(make):
    x = np.random.default_rng(1).normal(size=(3, 5, 2)).astype("float32")
    one, other = make(), make()
    other.build(x.shape)
    fresh = one.get_state()
    first = one(x)
    other.set_weights(one.get_weights())
    carried = one.get_state()
    second = one(x)
    assert not np.array_equal(first, second)
    other.set_state(carried)
    np.testing.assert_array_equal(other(x), second)
    other.set_state(fresh)
    np.testing.assert_array_equal(other(x), first)


@pytest.mark.parametrize("arrays", [
    [np.zeros((3, 4)), np.zeros((2, 4))], [np.zeros(()), np.zeros(())],
    [np.zeros((3, 5)), np.zeros((3, 4))], [np.zeros(4), np.zeros(4)],
])  # fmt: skip
def test_carried_states_of_other_shapes_are_errors(arrays):
    layer = layers.LSTM(4, stateful=True)
    with pytest.raises(ValueError, match=r"states: expected \(N, ...\) of"):
        layer.set_state({**layer.get_state(), "states": arrays})


def test_weights_to_be_read_take_no_more_than_the_file_holds():
    with zero_weights(13):
        layers.Dense(2).build((None, 3))
        last = layers.Dense(1)
        last.build((None, 4))
    assert not last.kernel.any() and last.count_params() == 5
    with zero_weights(12):
        layers.Dense(2).build((None, 3))
        with pytest.raises(ValueError, match=r"bias: \(1,\) is more than the file holds"):
            layers.Dense(1).build((None, 4))
