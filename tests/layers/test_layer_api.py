"""The layer API: weights, gradients, configuration, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

import scratchrnn
from scratchrnn import layers

from .layer_checks import check_layer

CASES = {
    "Activation": (lambda **o: layers.Activation("tanh", **o), (3, 4)),
    "AveragePooling1D": (lambda **o: layers.AveragePooling1D(2, **o), (3, 4, 2)),
    "AveragePooling2D": (lambda **o: layers.AveragePooling2D(2, **o), (3, 4, 5, 2)),
    "Bidirectional": (
        lambda **o: layers.Bidirectional(layers.LSTM(5, dtype=o.get("dtype")), **o),
        (3, 4, 2),
    ),
    "Conv1D": (lambda **o: layers.Conv1D(5, 3, **o), (3, 4, 2)),
    "Conv2D": (lambda **o: layers.Conv2D(5, (2, 3), **o), (3, 4, 6, 2)),
    "ConvLSTM2D": (lambda **o: layers.ConvLSTM2D(5, (2, 3), **o), (3, 2, 4, 6, 1)),
    "Dense": (lambda **o: layers.Dense(5, "tanh", **o), (3, 4)),
    "Dropout": (lambda **o: layers.Dropout(0.5, **o), (3, 4)),
    "Embedding": (lambda **o: layers.Embedding(7, 5, **o), None),
    "Flatten": (lambda **o: layers.Flatten(**o), (3, 4, 2)),
    "GRU": (lambda **o: layers.GRU(5, **o), (3, 4, 2)),
    "GaussianNoise": (lambda **o: layers.GaussianNoise(0.5, **o), (3, 4)),
    "GlobalAveragePooling1D": (lambda **o: layers.GlobalAveragePooling1D(**o), (3, 4, 2)),
    "GlobalAveragePooling2D": (lambda **o: layers.GlobalAveragePooling2D(**o), (3, 4, 5, 2)),
    "GlobalMaxPooling1D": (lambda **o: layers.GlobalMaxPooling1D(**o), (3, 4, 2)),
    "GlobalMaxPooling2D": (lambda **o: layers.GlobalMaxPooling2D(keepdims=True, **o), (3, 4, 5, 2)),
    "Input": (lambda **o: layers.Input((4,), **o), (3, 4)),
    "LSTM": (lambda **o: layers.LSTM(5, peepholes=True, **o), (3, 4, 2)),
    "LayerNormGRU": (lambda **o: layers.LayerNormGRU(5, **o), (3, 4, 2)),
    "LayerNormLSTM": (lambda **o: layers.LayerNormLSTM(5, **o), (3, 4, 2)),
    "LayerNormalization": (lambda **o: layers.LayerNormalization(**o), (3, 4, 2)),
    "Masking": (lambda **o: layers.Masking(**o), (3, 4, 2)),
    "MaxPooling1D": (lambda **o: layers.MaxPooling1D(2, **o), (3, 4, 2)),
    "MaxPooling2D": (lambda **o: layers.MaxPooling2D(2, padding="same", **o), (3, 4, 5, 2)),
    "Permute": (lambda **o: layers.Permute((2, 1), **o), (3, 4, 2)),
    "RNN": (
        lambda **o: layers.RNN([layers.GRUCell(n, dtype=o.get("dtype")) for n in (5, 6)], **o),
        (3, 4, 2),
    ),
    "RepeatVector": (lambda **o: layers.RepeatVector(6, **o), (3, 4)),
    "Reshape": (lambda **o: layers.Reshape((2, -1), **o), (3, 4, 2)),
    "SimpleRNN": (lambda **o: layers.SimpleRNN(5, return_sequences=True, **o), (3, 4, 2)),
    "SpatialDropout1D": (lambda **o: layers.SpatialDropout1D(0.5, **o), (3, 4, 2)),
    "TimeDistributed": (
        lambda **o: layers.TimeDistributed(layers.Dense(5, dtype=o.get("dtype")), **o),
        (3, 4, 2),
    ),
}


@pytest.fixture(params=CASES)
def case(request):
    """A layer's maker, and inputs for it."""
    make, shape = CASES[request.param]
    rng = np.random.default_rng(1)
    if shape is None:  # indices
        return make, rng.integers(7, size=(3, 4)).astype(float)
    return make, rng.normal(size=shape)


def test_every_layer_of_the_library_is_here():
    ours = {
        name
        for name, cls in layers.LAYERS.items()
        if cls.__module__.startswith("scratchrnn.") and not issubclass(cls, layers.Cell)
    }
    assert set(CASES) == ours


@pytest.mark.parametrize("name", CASES)
def test_every_gradient_of_every_layer_is_that_of_central_differences(name):
    make, shape = CASES[name]
    rng = np.random.default_rng(1)
    indices = shape is None
    x = rng.integers(7, size=(3, 4)) if indices else rng.normal(size=shape)
    check_layer(make(dtype="float64"), x, training=True, indices=indices)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
def test_gradients_are_the_same_bits_where_nobody_needs_dx(case, backend):
    make, x = case
    with scratchrnn.use_backend(backend):
        layer = make()
        y = layer(x, training=True)
        dy = np.random.default_rng(2).normal(size=y.shape)
        assert layer.backward(dy) is not None
        whole = layer.gradients
        layer.with_dx = False
        layer.backward(dy)
    for one, other in zip(whole, layer.gradients, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", ["Bidirectional", "Conv1D", "Conv2D", "ConvLSTM2D", "Dense", "GRU",
                                  "LSTM", "LayerNormGRU", "LayerNormLSTM", "SimpleRNN",
                                  "TimeDistributed"])  # fmt: skip
def test_layers_with_a_product_for_dx_save_it(name):
    make, shape = CASES[name]
    layer = make()
    dy = np.ones(layer(np.ones(shape)).shape)
    layer.with_dx = False
    assert layer.backward(dy) is None


def test_backward_twice_gives_equal_fresh_gradients(case):
    make, x = case
    layer = make()
    dy = np.random.default_rng(2).normal(size=layer(x, training=True).shape)
    first_dx, first = layer.backward(dy), layer.gradients
    kept = [g.copy() for g in first]
    second_dx, second = layer.backward(dy), layer.gradients
    np.testing.assert_array_equal(first_dx, second_dx)
    for a, b, copy in zip(first, second, kept, strict=True):
        np.testing.assert_array_equal(a, copy)
        np.testing.assert_array_equal(a, b)
        assert not np.shares_memory(a, b)


def test_nothing_given_is_changed_or_shared(case):
    make, x = case
    layer = make()
    y = layer(x.copy(), training=True)
    dy = np.random.default_rng(2).normal(size=y.shape)
    x_kept, dy_kept = x.copy(), dy.copy()
    x.flags.writeable = dy.flags.writeable = False
    layer(x, training=True)
    layer.backward(dy)
    np.testing.assert_array_equal(x, x_kept)
    np.testing.assert_array_equal(dy, dy_kept)


def test_results_have_the_layers_dtype_exactly(case):
    make, x = case
    for dtype in ("float32", "float64"):
        for given in (x, x.astype(np.float32), x.astype(int)):
            layer = make(dtype=dtype)
            y = layer(given, training=True)
            dx = layer.backward(np.ones(y.shape, int))
            assert {a.dtype.name for a in (y, dx, *layer.weights, *layer.gradients)} == {dtype}


def test_default_dtype_is_floatx(case):
    make, x = case
    scratchrnn.set_floatx("float64")
    try:
        assert make()(x).dtype == np.float64
    finally:
        scratchrnn.set_floatx("float32")


def test_output_has_the_shape_foretold(case):
    make, x = case
    layer = make()
    layer.build((None, *x.shape[1:]))
    assert layer.compute_output_shape((None, *x.shape[1:])) == (None, *layer(x).shape[1:])


def test_gradients_line_up_with_live_weights(case):
    make, x = case
    layer = make()
    layer.backward(np.ones_like(layer(x)))
    assert [g.shape for g in layer.gradients] == [w.shape for w in layer.trainable_weights]
    for weight in layer.trainable_weights:
        weight += 0.25
    for live, copy in zip(layer.weights, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(live, copy)
        assert not np.shares_memory(live, copy)
    assert layer.count_params() == sum(w.size for w in layer.get_weights())
    assert len(set(layer.weight_names)) == len(layer.weights)


def test_what_is_not_trainable_has_neither_trainable_weights_nor_gradients(case):
    make, x = case
    layer = make(trainable=False)
    layer.backward(np.ones_like(layer(x)))
    assert layer.trainable_weights == layer.gradients == []
    assert len(layer.non_trainable_weights) == len(layer.weights)


def test_configuration_makes_the_same_layer(case):
    make, x = case
    layer = make(name="one", dtype="float64")
    description = json.loads(json.dumps(layers.serialize(layer)))
    twin = layers.deserialize(description)
    assert type(twin) is type(layer) and twin.get_config() == layer.get_config()
    y = layer(x)
    twin.build(x.shape)
    twin.set_weights(layer.get_weights())
    np.testing.assert_array_equal(twin(x), y)


def test_backward_before_a_call_is_an_error(case):
    make, _ = case
    with pytest.raises(ValueError, match="backward: call the layer first"):
        make().backward(np.zeros((3, 4)))


def test_gradient_of_another_shape_is_an_error(case):
    make, x = case
    layer = make()
    y = layer(x)
    with pytest.raises(ValueError, match=rf"{type(layer).__name__}: dy: expected .* got \(1, 1\)"):
        layer.backward(np.ones((1, 1)))
    layer.backward(np.ones_like(y))


def test_misspelt_argument_is_an_error_with_a_suggestion(case):
    make, _ = case
    with pytest.raises(ValueError, match=r"trainble: there is no such argument.*'trainable'"):
        make(trainble=False)


def test_input_that_is_not_numbers_is_an_error(case):
    make, x = case
    with pytest.raises(ValueError, match=r"x: expected (whole )?numbers"):
        make()(x.astype(str))


def test_weights_are_set_all_or_not_at_all():
    layer = layers.LSTM(3, name="cell")
    layer.build((None, None, 2))
    before, wrong = layer.get_weights(), layer.get_weights()
    wrong[0] += 1
    wrong[2] = np.zeros(5)
    with pytest.raises(ValueError, match=r"'cell': set_weights: cell/bias: expected .*\(12,\)"):
        layer.set_weights(wrong)
    with pytest.raises(ValueError, match=r"expected 3 arrays, got 1"):
        layer.set_weights(before[:1])
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="not built"):
        layers.Dense(3).set_weights(before[:1])


def test_a_layer_is_built_once():
    layer = layers.Dense(3)
    layer.build((None, 2))
    with pytest.raises(ValueError, match="build: the weight 'kernel' exists"):
        layer.build((None, 2))


def test_names_are_kerass():
    assert layers.LSTM(2).name.startswith("lstm")
    assert layers.SimpleRNN(2).name.startswith("simple_rnn")
    assert layers.TimeDistributed(layers.Dense(2)).name.startswith("time_distributed")
    assert layers.SpatialDropout1D(0.2).name.startswith("spatial_dropout1d")


def test_weights_are_in_kerass_order_and_start_as_keras_has_them():
    lstm = layers.LSTM(5, peepholes=True, trainable_initial_state=True, name="l")
    lstm.build((None, None, 3))
    shapes = [(3, 20), (5, 20), (20,), (3, 5), (5,), (5,)]
    assert [w.shape for w in lstm.weights] == shapes
    names = ["kernel", "recurrent_kernel", "bias", "peepholes", "initial_h", "initial_c"]
    assert lstm.weight_names == [f"l/{name}" for name in names]
    np.testing.assert_array_equal(lstm.bias, np.repeat([0, 1, 0, 0], 5))
    np.testing.assert_allclose(
        lstm.recurrent_kernel @ lstm.recurrent_kernel.T, np.eye(5), atol=1e-6
    )
    assert np.abs(lstm.kernel).max() <= np.sqrt(6 / 23)
    gru = layers.GRU(5)
    gru.build((None, None, 3))
    assert [w.shape for w in gru.weights] == [(3, 15), (5, 15), (2, 15)]
    before = layers.GRU(5, reset_after=False)
    before.build((None, None, 3))
    assert before.weights[2].shape == (15,)
    plain = layers.LSTM(5, unit_forget_bias=False)
    plain.build((None, None, 3))
    assert not plain.bias.any()


def test_seed_decides_the_weights():
    def weights(seed):
        layer = layers.GRU(3, seed=seed)
        layer.build((None, None, 2))
        return layer.get_weights()

    np.testing.assert_array_equal(weights(4)[0], weights(4)[0])
    assert not np.array_equal(weights(4)[0], weights(5)[0])


def test_regularizers_count_weights_and_give_gradients():
    layer = layers.SimpleRNN(3, kernel_regularizer="l2", bias_regularizer="l1", dtype="float64")
    layer.build((None, None, 2))
    layer.bias[...] = [1.0, -2.0, 0.5]
    kernel = layer.kernel
    expected = 0.01 * (kernel**2).sum() + 0.01 * 3.5
    assert layer.regularization_loss() == pytest.approx(expected, rel=1e-12)
    d_kernel, none, d_bias = layer.regularization_gradients()
    np.testing.assert_allclose(d_kernel, 0.02 * kernel)
    assert none is None
    np.testing.assert_allclose(d_bias, [0.01, -0.01, 0.01])
    layer.trainable = False
    assert layer.regularization_loss() == 0 and layer.regularization_gradients() == []


# -- what is refused -------------------------------------------------------------------------

REFUSED = [
    (layers.LSTM, {"units": 3, "kernel_constraint": "non_neg"}),
    (layers.LSTM, {"units": 3, "recurrent_constraint": "max_norm"}),
    (layers.GRU, {"units": 3, "bias_constraint": "max_norm"}),
    (layers.GRU, {"units": 3, "use_cudnn": True}),
    (layers.LSTM, {"units": 3, "implementation": 3}),
    (layers.SimpleRNN, {"units": 3, "activity_regularizer": "l2"}),
    (layers.Dense, {"units": 3, "lora_rank": 2}),
    (layers.Dense, {"units": 3, "kernel_constraint": "non_neg"}),
    (layers.Flatten, {"data_format": "channels_first"}),
    (layers.Dropout, {"rate": 0.5, "autocast": False}),
    (layers.Input, {"shape": (3,), "sparse": True}),
    (layers.Input, {"shape": (3,), "input_shape": (3,)}),
]


@pytest.mark.parametrize(("cls", "options"), REFUSED)
def test_arguments_of_keras_that_are_refused_say_so(cls, options):
    argument = list(options)[-1]
    with pytest.raises(ValueError, match=f"{cls.__name__}: {argument}: not supported here"):
        cls(**options)


def test_refused_arguments_are_welcome_at_the_value_that_means_nothing():
    layers.LSTM(3, kernel_constraint=None, activity_regularizer=None, use_cudnn="auto")
    layers.GRU(3, implementation=0, unroll=True, recurrent_constraint=None)
    layers.Dense(3, lora_rank=None, quantization_config=None)


WRONG = [
    (layers.LSTM, {"units": 0}, "units: expected an integer >= 1"),
    (layers.LSTM, {"units": 2.5}, "units: expected an integer >= 1"),
    (layers.GRU, {"units": True}, "units: expected an integer >= 1"),
    (layers.GRU, {"units": 3, "dropout": 1.0}, "dropout: expected a number in"),
    (layers.GRU, {"units": 3, "recurrent_dropout": -0.1}, "recurrent_dropout: expected a num"),
    (layers.GRU, {"units": 3, "activation": "softmax"}, "activation: a recurrence can use"),
    (layers.LSTM, {"units": 3, "recurrent_activation": "gelu"}, "recurrent_activation: a rec"),
    (layers.SimpleRNN, {"units": 3, "activation": np.tanh}, "activation: a recurrence can"),
    (layers.SimpleRNN, {"units": 3, "return_sequences": "yes"}, "return_sequences: expected True"),
    (layers.SimpleRNN, {"units": 3, "checkpoint": 0}, "checkpoint: expected an integer >= 1"),
    (layers.SimpleRNN, {"units": 3, "seed": -1}, "seed: expected an integer >= 0"),
    (layers.SimpleRNN, {"units": 3, "name": 5}, "name: expected a string"),
    (layers.SimpleRNN, {"units": 3, "dtype": "float16"}, "dtype: expected one of"),
    (layers.SimpleRNN, {"units": 3, "kernel_initializer": "glorot"}, "expected one of"),
    (layers.Dropout, {"rate": 1.5}, r"rate: expected a finite number in \[0, 1\]"),
    (layers.Dropout, {"rate": 0.5, "noise_shape": (0,)}, "noise_shape: expected sizes"),
    (layers.SpatialDropout1D, {"rate": 0.5, "noise_shape": (1,)}, "there is no such argument"),
    (layers.GaussianNoise, {"stddev": -1}, "stddev: expected a finite number in"),
    (layers.Reshape, {"target_shape": (-1, -1)}, "target_shape: expected sizes"),
    (layers.Permute, {"dims": (1, 3)}, "dims: expected an order"),
    (layers.RepeatVector, {"n": 0}, "n: expected an integer"),
    (layers.Input, {"shape": (3, -1)}, "shape: expected an integer"),
    (layers.Input, {}, "expected either shape or batch_shape"),
    (layers.TimeDistributed, {"layer": "dense"}, "layer: expected a Layer"),
    (layers.Masking, {"mask_value": "x"}, "mask_value: expected a finite number"),
]


@pytest.mark.parametrize(("cls", "options", "message"), WRONG)
def test_wrong_arguments_are_errors(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


def test_wrong_inputs_of_a_recurrence_are_errors():
    x, layer = np.zeros((3, 5, 2)), layers.LSTM(4)
    layer(x)
    with pytest.raises(ValueError, match=r"LSTM: x: expected \(N, T, D=2\), got \(2, 5\)"):
        layer(np.zeros((2, 5)))
    with pytest.raises(ValueError, match=r"LSTM: x: expected at least one step, got \(3, 0, 2\)"):
        layer(np.zeros((3, 0, 2)))
    with pytest.raises(ValueError, match=r"LSTM: mask: expected \(N, T\)=\(3, 5\), got \(5, 3\)"):
        layer(x, mask=np.ones((5, 3), bool))
    with pytest.raises(ValueError, match=r"initial_state: expected \['h', 'c'\], got 1 arrays"):
        layer(x, initial_state=[np.zeros((3, 4))])
    with pytest.raises(ValueError, match=r"initial_state c: expected \(3, 4\), got \(4, 3\)"):
        layer(x, initial_state=[np.zeros((3, 4)), np.zeros((4, 3))])
    with pytest.raises(ValueError, match=r"initial_state: expected \['h', 'c'\], got 3"):
        layer(x, initial_state=3)
    layer(x)
    with pytest.raises(ValueError, match=r"d_state h: expected \(3, 4\), got \(3, 5\)"):
        layer.backward(np.zeros((3, 4)), [np.zeros((3, 5)), None])
    layer.backward(np.zeros((3, 4)), [None, np.ones((3, 4))])
    with pytest.raises(ValueError, match="the last axis must be known"):
        layers.LSTM(4).build((None, 5, None))


def test_wrong_inputs_of_other_layers_are_errors():
    with pytest.raises(ValueError, match=r"Dense: x: expected \(..., D=2\), got \(3, 4\)"):
        dense = layers.Dense(3)
        dense.build((None, 2))
        dense(np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"Input: x: expected \(2, None, 3\), got \(1, 5, 3\)"):
        layers.Input(batch_shape=(2, None, 3))(np.zeros((1, 5, 3)))
    with pytest.raises(ValueError, match=r"TimeDistributed: x: expected \(N, T, ...\)"):
        layers.TimeDistributed(layers.Dense(3))(np.zeros((3, 4)))
    with pytest.raises(ValueError, match=r"does not fit \(5, -1\)"):
        layers.Reshape((5, -1))(np.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match="noise_shape: expected 2 axes"):
        layers.Dropout(0.5, noise_shape=(None, 1, None))(np.zeros((2, 3)), training=True)


def test_layers_of_ones_own_are_made_again_once_registered():
    class Halve(layers.Layer):
        def call(self, x, mask=None, training=False):
            return x / 2

    description = layers.serialize(Halve(name="half"))
    with pytest.raises(ValueError, match="class_name: expected a layer of this library"):
        layers.deserialize(description)
    assert type(layers.deserialize(description, {"Halve": Halve})) is Halve
    wrapped = layers.serialize(layers.TimeDistributed(Halve()))
    assert type(layers.deserialize(wrapped, {"Halve": Halve}).layer) is Halve


@pytest.mark.parametrize(
    "description",
    [
        None,
        {"class_name": "Dense"},
        {"class_name": "os.system", "config": {}},
        {"class_name": "Dense", "config": []},
        {"class_name": "Dense", "config": {"units": 3, "unknown": 1}},
        {"class_name": "Dense", "config": {}},
        {"class_name": ["Dense"], "config": {}},
        {"class_name": "TimeDistributed", "config": {"layer": {"class_name": "Dense"}}},
        {"class_name": "TimeDistributed", "config": {}},
    ],
)
def test_descriptions_that_are_none_are_errors(description):
    with pytest.raises(ValueError):
        layers.deserialize(description)
