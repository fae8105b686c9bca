"""Small print of the layers: randomness, windows, indices, shapes foretold, single steps."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.layers import base
from scratchrnn.layers.loading import zero_weights, zeros_for_loading
from scratchrnn.layers.recurrent import _room, _take
from scratchrnn.layers.sequence import segments

from .test_layer_api import CASES


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator, the same for every test."""
    return np.random.default_rng(4)


# -- what is drawn ---------------------------------------------------------------------------


class Eighths:
    """Draws 0, 1/8, … 7/8 in turn: every number equally often."""

    def random(self, shape, dtype):
        return (np.arange(np.prod(shape)) % 8 / 8).astype(dtype).reshape(shape)


@pytest.mark.parametrize("rate", [0.125, 0.25, 0.75])
def test_dropout_drops_its_share_and_scales_the_rest_up(rate):
    mask = base.dropout_mask(Eighths(), (4, 8), rate, "float64")
    assert (mask == 0).mean() == rate
    np.testing.assert_allclose(mask[mask != 0], 1 / (1 - rate), rtol=1e-15)
    assert np.isclose(mask.mean(), 1)


def test_dropping_everything_leaves_nothing_and_nothing_flows_back():
    layer = layers.Dropout(1.0)
    assert not layer(np.ones((3, 4)), training=True).any()
    assert not layer.backward(np.ones((3, 4))).any()


@pytest.mark.parametrize("stddev", [0.25, 1.0])
def test_noise_is_normal_with_the_deviation_asked_for(stddev):
    layer, x = layers.GaussianNoise(stddev, seed=3, dtype="float64"), np.full((100, 200), 5.0)
    noise = layer(x, training=True) - x
    drawn = np.random.default_rng(3).standard_normal(x.shape)
    np.testing.assert_allclose(noise, stddev * drawn, atol=1e-12)
    np.testing.assert_allclose([noise.mean(), noise.std()], [0, stddev], atol=0.02)


@pytest.mark.parametrize("layer", [layers.GaussianNoise(0, seed=1), layers.Dropout(0, seed=1)])
def test_without_noise_nothing_is_changed_and_nothing_drawn(layer, rng):
    before, x = layer.get_state(), rng.normal(size=(3, 4)).astype("float32")
    np.testing.assert_array_equal(layer(x, training=True), x)
    assert layer.get_state() == before


def test_a_single_step_of_a_cell_drops_inputs_in_training_only(rng):
    cell, x = layers.SimpleRNNCell(4, dropout=0.5, seed=2), rng.normal(size=(3, 6))
    still, _ = cell(x, cell.get_initial_state(3))
    again, _ = cell(x, cell.get_initial_state(3), training=True)
    assert not np.allclose(still, again)


# -- windows ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [
    lambda **o: layers.Conv1D(2, 3, **o), lambda **o: layers.Conv2D(2, 3, **o),
    lambda **o: layers.ConvLSTM2D(2, 3, **o), lambda **o: layers.MaxPooling1D(2, **o),
    lambda **o: layers.AveragePooling2D(2, **o),
])  # fmt: skip
def test_padding_is_named_in_any_case_of_letters_and_by_nothing_but_names(make):
    assert make(padding="SAME").get_config()["padding"] == "same"
    with pytest.raises(ValueError, match=r"padding: expected one of .*, got 3"):
        make(padding=3)


@pytest.mark.parametrize(("layer", "shape", "words"), [
    (layers.Conv1D(2, 3), (2, 4), r"Conv1D: x: expected \(N, T, C=2\), got \(2, 4\)"),
    (layers.Conv2D(2, 3), (2, 4), r"Conv2D: x: expected \(N, A, B, C=2\), got \(2, 4\)"),
    (layers.Conv1D(2, 3), (1, 2, 2), r"\(1, 2, 2\) is smaller than kernel_size \(3,\)"),
    (layers.Conv2D(2, (3, 2)), (1, 2, 9, 2), r"smaller than kernel_size \(3, 2\)"),
    (layers.Conv2D(2, (2, 3)), (1, 9, 2, 2), r"smaller than kernel_size \(2, 3\)"),
    (layers.MaxPooling1D(3), (2, 4), r"MaxPooling1D: x: expected \(N, T, C\), got"),
    (layers.MaxPooling2D(3), (2, 4), r"MaxPooling2D: x: expected \(N, A, B, C\), got"),
    (layers.MaxPooling1D(3), (1, 2, 2), r"\(1, 2, 2\) is smaller than pool_size \(3,\)"),
    (layers.MaxPooling2D((3, 2)), (1, 2, 9, 2), r"is smaller than pool_size \(3, 2\)"),
    (layers.MaxPooling2D((2, 3)), (1, 9, 2, 2), r"is smaller than pool_size \(2, 3\)"),
    (layers.GlobalMaxPooling1D(), (2, 4), r"GlobalMaxPooling1D: x: expected \(N, T, C\), got"),
    (layers.GlobalMaxPooling2D(), (2, 4), r"2D: x: expected \(N, A, B, C\), got \(2, 4\)"),
])  # fmt: skip
def test_inputs_that_windows_do_not_fit_are_refused_with_both_shapes(layer, shape, words):
    if isinstance(layer, layers.Conv1D | layers.Conv2D) and not layer.built:
        layer.build((None, *[None] * layer.rank, 2))
    with pytest.raises(ValueError, match=words):
        layer(np.ones(shape))


def test_an_image_of_unknown_height_is_refused_where_states_have_its_shape():
    with pytest.raises(ValueError, match="with A, B, C known"):
        layers.ConvLSTM2D(2, 3).build((None, 5, None, 4, 1))


def test_the_mean_over_one_real_step_is_that_step(rng):
    x, mask = rng.normal(size=(2, 3, 4)), np.array([[1, 0, 0], [0, 0, 1]], bool)
    y = layers.GlobalAveragePooling1D(dtype="float64")(x, mask=mask)
    np.testing.assert_array_equal(y, x[mask])


# -- indices ---------------------------------------------------------------------------------


def test_what_a_mask_hides_is_read_as_index_zero_on_any_number_of_axes():
    layer, mask = layers.Embedding(7, 3, seed=0), np.array([[True, False]])
    for x in ([[5, 99]], [[[5, 6], [99, -4]]]):
        y = layer(np.array(x), mask=mask)
        np.testing.assert_array_equal(y[0, 0], layer.embeddings[np.array(x)[0, 0]])
        assert (y[0, 1] == layer.embeddings[0]).all()


@pytest.mark.parametrize(("x", "got"), [([3, 7], "3 to 7"), ([np.nan, 3], "-1 to 3")])
def test_indices_out_of_range_are_refused_with_the_range(x, got):
    with pytest.raises(ValueError, match=f"Embedding: x: expected indices 0 to 6, got {got}"):
        layers.Embedding(7, 3)(np.array(x))


# -- shapes ----------------------------------------------------------------------------------


def test_outputs_at_every_step_have_the_shape_foretold():
    halves = layers.Bidirectional(layers.GRU(4, return_sequences=True))
    assert halves.compute_output_shape((None, 6, 3)) == (None, 6, 8)
    assert layers.Dense(4).compute_output_shape((None, 6, 3)) == (None, 6, 4)
    assert layers.Conv1D(4, 3).compute_output_shape((None, None, 3)) == (None, None, 4)


def test_a_new_shape_holds_exactly_the_numbers_of_the_old_one(rng):
    x = rng.normal(size=(5, 12)).astype("float32")
    np.testing.assert_array_equal(layers.Reshape((3, 4))(x), x.reshape(5, 3, 4))
    assert layers.Reshape((1, 12))(x).shape == (5, 1, 12)
    assert layers.Reshape((-1, 4)).compute_output_shape((None, None, 12)) == (None, None, 4)
    with pytest.raises(ValueError, match=r"Reshape: x: \(12,\) does not fit \(2, 3\)"):
        layers.Reshape((2, 3))(x)


@pytest.mark.parametrize("shape", [0, (-2, 3), (2.5,), (True, 2), ("2",)])
def test_a_shape_of_anything_but_whole_positive_sizes_is_refused(shape):
    with pytest.raises(ValueError, match="target_shape: expected sizes >= 1"):
        layers.Reshape(shape)


def test_no_normalisation_runs_over_the_batch():
    for axis in (-2, [1, -2], 2):
        with pytest.raises(ValueError, match="x: 2 axes do not fit axis"):
            layers.LayerNormalization(axis=axis).build((3, 4))
    layers.LayerNormalization(axis=-1).build((3, 4))


def test_masks_of_features_and_of_steps_meet_at_a_masking_layer():
    layer, x = layers.Masking(), np.array([[[1.0], [0.0], [2.0]]])
    np.testing.assert_array_equal(layer.compute_mask(x), [[True, False, True]])
    hidden = layer.compute_mask(x, np.array([[True, True, False]]))
    np.testing.assert_array_equal(hidden, [[True, False, False]])


def test_a_mask_finer_than_steps_passes_a_wrapper_of_steps(rng):
    x, fine = rng.normal(size=(2, 3, 4, 5)), np.ones((2, 3, 4), bool)
    layer = layers.TimeDistributed(layers.Flatten())
    np.testing.assert_array_equal(layer(x, mask=fine), layer(x))


@pytest.mark.parametrize("hidden", [np.nan, np.inf])
def test_what_is_not_finite_counts_as_zero_where_it_is_hidden(hidden):
    mask, layer = np.array([[True, False]]), layers.TimeDistributed(layers.Flatten())
    np.testing.assert_array_equal(layer(np.array([[[3.0], [hidden]]]), mask), [[[3.0], [0.0]]])
    with pytest.raises(ValueError, match=r"mask: expected \(N, T\)=\(1, 2\), got \(1, 3\)"):
        layer(np.array([[[3.0], [hidden]]]), np.ones((1, 3), bool))


# -- building --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES)
def test_a_layer_says_whether_it_is_built(name):
    make, shape = CASES[name]
    layer = make(name="one")
    if not layer.built:
        assert repr(layer) == f"<{name} 'one', not built>"
    layer.build(shape or (3, 4))
    assert repr(layer) == f"<{name} 'one', built>"


def test_stacked_cells_are_built_for_any_batch_and_for_what_comes_from_below():
    class Noting(layers.SimpleRNNCell):
        """Keeps the shapes that it is built for."""

        def build(self, input_shape):
            self.seen = input_shape
            super().build(input_shape)

    stack = layers.StackedRNNCells([Noting(4), Noting(2)])
    stack.build((None, 3))
    assert stack.built and [cell.seen for cell in stack.cells] == [(None, 3), (None, 4)]


def test_names_are_counted_up(monkeypatch):
    monkeypatch.setattr(base, "_names", type(base._names)())
    assert [layers.GRU(2).name for _ in range(3)] == ["gru", "gru_1", "gru_2"]


def test_a_normalised_lstm_starts_by_remembering():
    layer = layers.LayerNormLSTM(2)
    layer.build((None, None, 3))
    np.testing.assert_array_equal(layer.bias, [0, 0, 1, 1, 0, 0, 0, 0])


def test_weights_of_a_file_are_counted_over_all_layers():
    assert zeros_for_loading("a", (9, 9), "float32") is None
    with zero_weights(6):
        assert not zeros_for_loading("a", (2, 2), "float32").any()
        assert zeros_for_loading("b", (2,), "float64").dtype == "float64"
        with pytest.raises(ValueError, match=r"c: \(1,\) is more than the file holds"):
            zeros_for_loading("c", (1,), "float32")


# -- segments --------------------------------------------------------------------------------


@pytest.mark.parametrize(("steps", "k"), [
    (1, 1), (2, 2), (4, 2), (5, 3), (100, 10), (101, 11), (1000, 84), (5000, 96), (10_001, 101),
])  # fmt: skip
def test_a_segment_has_as_many_steps_as_there_are_segments_or_more_if_it_pays(steps, k):
    pieces = segments(steps, True)
    assert [piece.stop - piece.start for piece in pieces[:-1]] == [k] * (len(pieces) - 1)
    assert sum(piece.stop - piece.start for piece in pieces) == steps
    assert pieces[0] == slice(0, k)


@pytest.mark.parametrize(("kind", "n"), [("LSTM", 12), ("SimpleRNN", 12), ("GRU", 11)])
def test_a_thousand_steps_are_cut_into_as_many_segments_as_measured(kind, n):
    layer = getattr(layers, kind)(2, checkpoint=True)
    layer(np.ones((1, 1000, 1)))
    assert len(layer._kept.pieces) == n


@pytest.mark.parametrize(("checkpoint", "kept"), [(False, True), (4, True), (2, False), (1, False)])
def test_only_what_would_be_computed_again_is_let_go_by_backward(checkpoint, kept):
    layer = layers.LSTM(2, checkpoint=checkpoint)
    layer.backward(np.ones_like(layer(np.ones((1, 4, 1)))))
    assert (layer._kept.cache is not None) is kept


def test_segments_are_laid_side_by_side_in_memory_for_the_longest(rng):
    x, pieces = rng.normal(size=(2, 10, 3)), segments(10, 4)
    assert _room(x, [slice(0, 10)]) is None
    room = _room(x, pieces)
    assert room.shape == (2, 4, 3)
    for piece in pieces:
        part = _take(x, piece, room)
        np.testing.assert_array_equal(part, x[:, piece])
        assert np.shares_memory(part, room)


def test_a_given_state_is_not_shown_before_the_first_real_step(rng):
    mask = np.array([[False, True], [True, True]])
    for cls in (layers.SimpleRNN, layers.GRU):
        layer = cls(2, return_sequences=True)
        y = layer(rng.normal(size=(2, 2, 3)), mask=mask, initial_state=np.ones((2, 2)))
        assert not y[0, 0].any() and y[1].all() and y[0, 1].all()
        one = layer(rng.normal(size=(2, 1, 3)), mask=mask[:, :1], initial_state=np.ones((2, 2)))
        assert not one[0].any() and one[1].all()
