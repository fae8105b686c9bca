"""Convolution, pooling, normalisation, embedding: gradients, options, edges."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers

from .layer_checks import check_layer


def images(*shape, seed=1) -> np.ndarray:
    """Random numbers of this shape."""
    return np.random.default_rng(seed).normal(size=shape)


# -- convolution -----------------------------------------------------------------------------


def naive_convolution(x, W, strides, dilation):
    """Equation (1) as four loops, on an image that is padded already."""
    P, Q = W.shape[:2]
    A = (x.shape[1] - (P - 1) * dilation[0] - 1) // strides[0] + 1
    B = (x.shape[2] - (Q - 1) * dilation[1] - 1) // strides[1] + 1
    y = np.zeros((len(x), A, B, W.shape[3]))
    for a in range(A):
        for b in range(B):
            for p in range(P):
                for q in range(Q):
                    row, column = a * strides[0] + p * dilation[0], b * strides[1] + q * dilation[1]
                    y[:, a, b] += x[:, row, column] @ W[p, q]
    return y


@pytest.mark.parametrize(
    ("options", "pad"),
    [
        ({}, ((0, 0), (0, 0))),
        ({"padding": "same"}, ((0, 1), (1, 1))),
        ({"strides": (2, 3)}, ((0, 0), (0, 0))),
        ({"strides": 2, "padding": "same"}, ((0, 1), (1, 1))),
        ({"dilation_rate": (2, 1)}, ((0, 0), (0, 0))),
        ({"dilation_rate": 2, "padding": "same"}, ((1, 1), (2, 2))),
    ],
)
def test_convolution_is_its_definition_and_has_right_gradients(options, pad):
    layer = layers.Conv2D(4, (2, 3), activation="tanh", dtype="float64", **options)
    x = images(2, 6, 7, 3)
    check_layer(layer, x)
    both = [np.broadcast_to(options.get(k, 1), 2) for k in ("strides", "dilation_rate")]
    expected = naive_convolution(np.pad(x, ((0, 0), *pad, (0, 0))), layer.kernel, *both)
    np.testing.assert_allclose(layer(x), np.tanh(expected + layer.bias), atol=1e-13)
    assert layer.compute_output_shape((None, 6, 7, 3)) == (None, *layer(x).shape[1:])


@pytest.mark.parametrize("options", [
    {}, {"padding": "same", "strides": 2}, {"padding": "causal", "dilation_rate": 2},
    {"use_bias": False, "padding": "causal", "strides": 2},
])  # fmt: skip
def test_convolution_of_sequences(options):
    layer = layers.Conv1D(4, 3, dtype="float64", **options)
    x = images(2, 8, 3)
    check_layer(layer, x)
    assert layer.compute_output_shape((None, 8, 3)) == (None, *layer(x).shape[1:])
    assert layer.compute_output_shape((None, None, 3)) == (None, None, 4)


def test_causal_convolution_sees_no_later_step():
    x, layer = images(1, 6, 2), layers.Conv1D(3, 4, padding="causal", seed=1)
    changed = x.copy()
    changed[:, 4:] += 1
    same = layer(x) == layer(changed)
    assert same[:, :4].all() and not same[:, 4:].any()


def test_many_images_are_convolved_as_one_by_one():
    x, layer = images(40, 24, 24, 2), layers.Conv2D(3, 5, padding="same", dtype="float64", seed=1)
    together = layer(x)
    dy = images(*together.shape, seed=2)
    dx, gradients = layer.backward(dy), layer.gradients
    sums = [np.zeros_like(g) for g in gradients]
    for n in range(len(x)):
        np.testing.assert_allclose(layer(x[n : n + 1]), together[n : n + 1], atol=1e-13)
        np.testing.assert_allclose(layer.backward(dy[n : n + 1]), dx[n : n + 1], atol=1e-13)
        for total, gradient in zip(sums, layer.gradients, strict=True):
            total += gradient
    for total, gradient in zip(sums, gradients, strict=True):
        np.testing.assert_allclose(total, gradient, rtol=1e-10)


def test_convolution_at_every_step_of_a_clip():
    inner = layers.Conv2D(2, 2, activation="relu", dtype="float64")
    check_layer(layers.TimeDistributed(inner), images(2, 3, 4, 5, 1))


# -- pooling ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [layers.MaxPooling2D, layers.AveragePooling2D])
@pytest.mark.parametrize("options", [
    {"pool_size": 2}, {"pool_size": (3, 2), "strides": (1, 2)},
    {"pool_size": (2, 3), "padding": "same"}, {"pool_size": 3, "strides": 2, "padding": "SAME"},
])  # fmt: skip
def test_gradients_of_pooling(cls, options):
    layer, x = cls(dtype="float64", **options), images(2, 5, 6, 3)
    check_layer(layer, x)
    assert layer.compute_output_shape((None, 5, 6, 3)) == (None, *layer(x).shape[1:])


def test_gradients_of_pooling_along_time():
    for cls in (layers.MaxPooling1D, layers.AveragePooling1D):
        for options in ({"pool_size": 2}, {"pool_size": 3, "strides": 2, "padding": "same"}):
            check_layer(cls(dtype="float64", **options), images(2, 7, 3))


def test_average_does_not_count_what_padding_added():
    layer = layers.AveragePooling2D(2, padding="same")
    np.testing.assert_array_equal(layer(np.ones((1, 3, 3, 1))), np.ones((1, 2, 2, 1)))


def test_largest_of_negative_numbers_is_not_the_padding():
    layer = layers.MaxPooling2D(2, padding="same")
    np.testing.assert_array_equal(layer(-np.ones((1, 3, 3, 1))), -np.ones((1, 2, 2, 1)))


def test_first_of_equal_values_gets_the_gradient():
    layer = layers.MaxPooling2D(2)
    layer(np.ones((1, 2, 2, 1)))
    dx = layer.backward(np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[1, 0], [0, 0]])


def test_windows_that_overlap_add_up():
    layer = layers.MaxPooling1D(2, strides=1)
    layer(np.array([[[1.0], [5.0], [2.0]]]))
    dx = layer.backward(np.array([[[1.0], [10.0]]]))
    np.testing.assert_array_equal(dx.ravel(), [0, 11, 0])


@pytest.mark.parametrize("keepdims", [True, False])
def test_gradients_of_global_pooling(keepdims):
    mask = np.array([[1, 1, 0, 1], [0, 0, 1, 1], [0, 0, 0, 0]], bool)
    for cls in (layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D):
        check_layer(cls(keepdims=keepdims, dtype="float64"), images(3, 4, 2))
        check_layer(cls(keepdims=keepdims, dtype="float64"), images(3, 4, 2), mask=mask)
    for cls in (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D):
        check_layer(cls(keepdims=keepdims, dtype="float64"), images(3, 4, 5, 2))


@pytest.mark.parametrize("cls", [layers.GlobalAveragePooling1D, layers.GlobalMaxPooling1D])
def test_masked_steps_are_not_pooled(cls):
    x, mask = images(2, 5, 3), np.array([[1, 1, 1, 0, 0], [0, 0, 0, 0, 0]], bool)
    x[~mask] = np.nan
    layer = cls()
    y = layer(x, mask=mask)
    np.testing.assert_array_equal(y[:1], cls()(x[:1, :3]))
    assert not y[1].any()
    dx = layer.backward(np.ones_like(y))
    assert not dx[~mask].any() and dx[mask].any()
    assert layer.compute_mask(x, mask) is None


def test_equal_largest_values_share_the_gradient():
    layer = layers.GlobalMaxPooling1D()
    layer(np.array([[[3.0], [1.0], [3.0]]]))
    np.testing.assert_array_equal(layer.backward([[1.0]]).ravel(), [0.5, 0, 0.5])


# -- normalisation ---------------------------------------------------------------------------


@pytest.mark.parametrize("options", [
    {}, {"axis": [1, 2]}, {"axis": 1, "center": False}, {"axis": [-2], "scale": False},
    {"center": False, "scale": False, "epsilon": 0.1},
])  # fmt: skip
def test_gradients_of_layer_normalisation(options):
    check_layer(layers.LayerNormalization(dtype="float64", **options), images(3, 4, 5))


def test_each_sample_is_normalised_by_itself():
    x = images(3, 50) * 4 + 7
    y = layers.LayerNormalization(epsilon=0, dtype="float64")(x)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(y.std(axis=1), 1, rtol=1e-14)


def test_gain_comes_before_shift_among_the_weights():
    layer = layers.LayerNormalization(axis=[1, 2], name="n")
    layer.build((None, 4, 5))
    assert layer.weight_names == ["n/gamma", "n/beta"]
    assert [w.shape for w in layer.weights] == [(4, 5)] * 2


# -- embedding -------------------------------------------------------------------------------


def test_gradient_of_an_embedding_sums_over_all_places_of_an_index():
    layer = layers.Embedding(6, 3, dtype="float64")
    x = np.array([[1, 4, 1, 0], [4, 4, 2, 5]])
    dy = images(2, 4, 3)
    layer(x)
    assert not layer.backward(dy).any()
    expected = np.zeros((6, 3))
    for index, d in zip(x.ravel(), dy.reshape(-1, 3), strict=True):
        expected[index] += d
    np.testing.assert_allclose(layer.gradients[0], expected, atol=1e-15)
    assert not layer.gradients[0][3].any()


def test_indices_may_come_as_floats_and_from_an_input_layer():
    layer = layers.Embedding(6, 3, seed=1)
    x = np.array([[1, 4], [5, 0]])
    np.testing.assert_array_equal(layer(x), layer(x.astype(np.float32)))
    given = layers.Input((None,), dtype="int32")(x)
    assert given.dtype == np.int32
    np.testing.assert_array_equal(layer(given), layer.embeddings[x])


def test_index_zero_is_padding_where_asked_for():
    x, given = np.array([[1, 0, 2]]), np.array([[True, True, False]])
    masked, plain = layers.Embedding(3, 2, mask_zero=True), layers.Embedding(3, 2)
    np.testing.assert_array_equal(masked.compute_mask(x), [[True, False, True]])
    np.testing.assert_array_equal(masked.compute_mask(x, given), [[True, False, False]])
    assert plain.compute_mask(x) is None and plain.compute_mask(x, given) is given


def test_what_a_mask_hides_need_not_be_an_index():
    layer = layers.Embedding(3, 2)
    y = layer(np.array([[1, -1, 99, 2]]), mask=np.array([[True, False, False, True]]))
    np.testing.assert_array_equal(y[0, ::3], layer.embeddings[1:])
    layer(np.array([[1.0, np.nan]]), mask=np.array([[True, False]]))


def test_vectors_to_begin_with():
    table = np.arange(6.0).reshape(3, 2)
    for given in (table, [table]):
        np.testing.assert_array_equal(layers.Embedding(3, 2, weights=given)([[2]])[0, 0], [4, 5])


# -- convolutional LSTM ----------------------------------------------------------------------


MASK = np.array([[1, 0, 1], [0, 1, 1]], bool)


@pytest.mark.parametrize("options", [
    {"padding": "same", "return_sequences": True, "return_state": True},
    {"strides": (2, 1), "padding": "same", "use_bias": False, "zero_output_for_mask": True},
    {"dilation_rate": (1, 2), "go_backwards": True, "return_sequences": True},
    {"dropout": 0.4, "recurrent_dropout": 0.3, "seed": 1, "return_state": True},
    {"checkpoint": 2, "trainable_initial_state": True, "activation": "softsign"},
])  # fmt: skip
def test_gradients_of_the_convolutional_lstm(options):
    layer = layers.ConvLSTM2D(2, (2, 3), dtype="float64", **options)
    x, states = images(2, 3, 4, 6, 1), None
    if not layer.trainable_initial_state:
        layer.build(x.shape)
        states = [images(2, *shape, seed=k) for k, shape in enumerate(layer._state_shapes())]
        layer = layers.ConvLSTM2D(2, (2, 3), dtype="float64", **options)
    check_layer(layer, x, mask=MASK, states=states, training=True, scale=0.3)


def test_with_a_kernel_of_one_pixel_it_is_an_lstm_at_every_place():
    x = images(2, 5, 3, 4, 2)
    layer = layers.ConvLSTM2D(3, 1, return_sequences=True, dtype="float64", seed=1)
    y = layer(x)
    lstm = layers.LSTM(3, return_sequences=True, dtype="float64")
    lstm.build((None, None, 2))
    lstm.set_weights([w.reshape(s.shape) for w, s in zip(layer.weights, lstm.weights, strict=True)])
    places = x.transpose(0, 2, 3, 1, 4).reshape(-1, 5, 2)
    expected = lstm(places).reshape(2, 3, 4, 5, 3).transpose(0, 3, 1, 2, 4)
    np.testing.assert_allclose(y, expected, atol=1e-14)


def test_masked_frames_change_nothing():
    x, layer = images(2, 3, 4, 6, 1), layers.ConvLSTM2D(2, 3, return_state=True, seed=1)
    other = np.where(MASK[:, :, None, None, None], x, np.nan)
    for a, b in zip(layer(x, mask=MASK), layer(other, mask=MASK), strict=True):
        np.testing.assert_array_equal(a, b)
    dx = layer.backward(np.ones((2, 2, 4, 2)))
    assert not dx[~MASK].any() and np.isfinite(dx).all()


def test_checkpoints_of_the_convolutional_lstm_give_the_same_bits():
    x, results = images(2, 5, 4, 4, 1), []
    for checkpoint in (False, True, 2):
        layer = layers.ConvLSTM2D(2, 3, padding="same", seed=1, checkpoint=checkpoint)
        y = layer(x)
        results.append([y, layer.backward(np.cos(y)), *layer.gradients])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


# -- errors ----------------------------------------------------------------------------------

WRONG = [
    (layers.Conv2D, {"filters": 0, "kernel_size": 3}, "filters: expected an integer"),
    (layers.Conv2D, {"filters": 3, "kernel_size": (1, 2, 3)}, "kernel_size: expected an integer"),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "padding": "causal"}, "padding: expected one"),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
     "dilation_rate: expected 1 beside strides"),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "data_format": "channels_first"},
     "data_format: not supported here"),
    (layers.Conv2D, {"filters": 3, "kernel_size": 3, "groups": 2}, "groups: not supported here"),
    (layers.Conv1D, {"filters": 3, "kernel_size": 3, "kernal_initializer": "zeros"},
     "did you mean 'kernel_initializer'"),
    (layers.MaxPooling2D, {"pool_size": 0}, "pool_size: expected an integer"),
    (layers.MaxPooling2D, {"padding": "full"}, "padding: expected one of"),
    (layers.AveragePooling2D, {"data_format": "channels_first"}, "data_format: not supported"),
    (layers.GlobalMaxPooling1D, {"keepdims": 2}, "keepdims: expected True or False"),
    (layers.LayerNormalization, {"axis": 0}, "axis: expected axes other than 0"),
    (layers.LayerNormalization, {"epsilon": -1.0}, "epsilon: expected a finite number"),
    (layers.LayerNormalization, {"gamma_constraint": "non_neg"}, "gamma_constraint: not supported"),
    (layers.Embedding, {"input_dim": 0, "output_dim": 2}, "input_dim: expected an integer"),
    (layers.Embedding, {"input_dim": 3, "output_dim": 2, "lora_rank": 1}, "lora_rank: not supp"),
    (layers.ConvLSTM2D, {"filters": 3, "kernel_size": 3, "padding": "causal"}, "padding: expected"),
    (layers.ConvLSTM2D, {"filters": 3, "kernel_size": 3, "peepholes": True}, "no such argument"),
    (layers.LayerNormLSTM, {"units": 3, "peepholes": True}, "no such argument"),
    (layers.LayerNormGRU, {"units": 3, "reset_after": False}, "reset_after: not supported here"),
]  # fmt: skip


@pytest.mark.parametrize(("cls", "options", "message"), WRONG)
def test_wrong_arguments_are_errors(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


INPUTS = [
    (lambda: layers.Conv2D(3, 3), (2, 8, 8), "input_shape: expected 4 axes"),
    (lambda: layers.Conv2D(3, 3), (2, 8, 2, 1), "is smaller than kernel_size"),
    (lambda: layers.MaxPooling2D(3), (2, 8, 2, 1), "is smaller than pool_size"),
    (lambda: layers.MaxPooling1D(3), (2, 8, 8, 1), r"x: expected \(N, T, C\)"),
    (lambda: layers.GlobalMaxPooling1D(), (2, 0, 3), r"x: expected \(N, T, C\)"),
    (lambda: layers.LayerNormalization(axis=3), (2, 3), "2 axes do not fit axis 3"),
    (lambda: layers.ConvLSTM2D(3, 3), (2, 3, 8, 8), "input_shape: expected"),
    (lambda: layers.ConvLSTM2D(3, 5), (2, 3, 8, 4, 1), "is smaller than"),
]


@pytest.mark.parametrize(("make", "shape", "message"), INPUTS)
def test_wrong_inputs_are_errors(make, shape, message):
    with pytest.raises(ValueError, match=message):
        make()(np.zeros(shape))


def test_inputs_other_than_what_was_built_for_are_errors():
    for layer, built, given in [
        (layers.Conv2D(3, 3), (2, 8, 8, 1), (2, 8, 8, 2)),
        (layers.LayerNormalization(), (2, 3), (2, 4)),
        (layers.ConvLSTM2D(3, 3), (2, 3, 8, 8, 1), (2, 3, 8, 9, 1)),
    ]:
        layer.build(built)
        with pytest.raises(ValueError, match="x: expected"):
            layer(np.zeros(given))


@pytest.mark.parametrize("x", [[[5]], [[-1]], [[np.nan]], [[0.5]], [["a"]]])
def test_what_is_no_index_is_an_error(x):
    with pytest.raises(ValueError, match="Embedding: x: expected"):
        layers.Embedding(5, 2)(x)
