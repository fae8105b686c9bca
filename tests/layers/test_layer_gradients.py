"""Every gradient of every layer against central differences, to 1e-7."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers

from .layer_checks import check_layer

RECURRENT = {
    "rnn": lambda **o: layers.SimpleRNN(4, dtype="float64", **o),
    "lstm": lambda **o: layers.LSTM(4, dtype="float64", **o),
    "lstm-peepholes": lambda **o: layers.LSTM(4, peepholes=True, dtype="float64", **o),
    "gru": lambda **o: layers.GRU(4, dtype="float64", **o),
    "gru-reset-before": lambda **o: layers.GRU(4, reset_after=False, dtype="float64", **o),
    "layer-norm-lstm": lambda **o: layers.LayerNormLSTM(4, dtype="float64", **o),
    "layer-norm-gru": lambda **o: layers.LayerNormGRU(4, dtype="float64", **o),
}
N, T, D, H = 3, 5, 2, 4


@pytest.fixture(params=RECURRENT)
def make(request):
    """Make a recurrent layer of 4 units in float64."""
    return RECURRENT[request.param]


def sequence(seed=1) -> np.ndarray:
    """Inputs (3, 5, 2)."""
    return np.random.default_rng(seed).normal(size=(N, T, D))


def states_of(layer) -> list[np.ndarray]:
    """Initial states, random and non-zero."""
    rng = np.random.default_rng(2)
    return [rng.normal(size=(N, H)) for _ in layer.state_names]


def ragged() -> np.ndarray:
    """A mask with a gap, a leading masked step, and a row masked throughout."""
    return np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


def test_last_step(make):
    check_layer(make(), sequence())


def test_sequences_and_final_states(make):
    layer = make(return_sequences=True, return_state=True)
    check_layer(layer, sequence(), states=states_of(layer))


def test_mask_with_initial_states(make):
    layer = make(return_sequences=True, return_state=True)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer))


def test_mask_and_last_step_only(make):
    layer = make(return_state=True)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer))


def test_zero_output_for_mask(make):
    layer = make(return_sequences=True, zero_output_for_mask=True)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer))
    layer = make(zero_output_for_mask=True, return_state=True)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer))


def test_backwards_with_mask(make):
    layer = make(go_backwards=True, return_sequences=True, return_state=True)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer))


def test_dropout_of_inputs_and_states(make):
    layer = make(dropout=0.4, recurrent_dropout=0.3, seed=3, return_sequences=True)
    check_layer(layer, sequence(), training=True, mask=ragged(), states=states_of(layer))


def test_without_bias(make):
    check_layer(make(use_bias=False, return_sequences=True), sequence())


def test_segments_computed_again(make):
    layer = make(checkpoint=2, return_sequences=True, return_state=True, dropout=0.4, seed=3)
    check_layer(layer, sequence(), mask=ragged(), states=states_of(layer), training=True)


def test_trainable_initial_state(make):
    layer = make(trainable_initial_state=True, return_sequences=True, return_state=True)
    check_layer(layer, sequence(), mask=ragged())


def test_trainable_initial_state_rests_where_states_are_given(make):
    layer = make(trainable_initial_state=True)
    check_layer(layer, sequence(), states=states_of(layer))
    n = len(layer.state_names)
    assert all(not g.any() for g in layer.gradients[-n:])


ACTIVATIONS = (
    "linear", "sigmoid", "tanh", "elu", "selu", "softplus", "softsign", "exponential",
    "relu", "relu6", "leaky_relu", "hard_sigmoid", "hard_tanh",
)  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_each_activation_of_a_recurrence(name):
    options = {"activation": name, "return_sequences": True, "dtype": "float64"}
    scale = 0.1 if name == "exponential" else 0.3  # e to the e to the …
    check_layer(layers.SimpleRNN(4, **options), sequence(), scale=scale)
    options["recurrent_activation"] = "softsign" if name == "exponential" else name
    check_layer(layers.LSTM(2, **options), sequence(), scale=scale)
    check_layer(layers.GRU(2, **options), sequence(), scale=scale)


def test_dense_on_vectors_and_on_sequences():
    rng = np.random.default_rng(4)
    for activation in (None, "tanh", "softmax", "gelu"):
        layer = layers.Dense(4, activation=activation, dtype="float64")
        check_layer(layer, rng.normal(size=(3, 2)))
        layer = layers.Dense(4, activation=activation, use_bias=activation is None, dtype="float64")
        check_layer(layer, rng.normal(size=(3, 5, 2)))


@pytest.mark.parametrize(
    "layer",
    [
        layers.Activation("softmax", dtype="float64"),
        layers.Activation("tanh", dtype="float64"),
        layers.Dropout(0.4, seed=1, dtype="float64"),
        layers.Dropout(0.4, noise_shape=(None, 1, None), seed=1, dtype="float64"),
        layers.SpatialDropout1D(0.4, seed=1, dtype="float64"),
        layers.GaussianNoise(0.4, seed=1, dtype="float64"),
        layers.Masking(dtype="float64"),
        layers.Flatten(dtype="float64"),
        layers.Reshape((5, -1), dtype="float64"),
        layers.Permute((2, 1), dtype="float64"),
        layers.Input((None, 4), dtype="float64"),
        layers.TimeDistributed(layers.Dense(3, "tanh", dtype="float64"), dtype="float64"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_on_sequences(layer):
    check_layer(layer, np.random.default_rng(5).normal(size=(3, 5, 4)), training=True)


def test_repeat_vector():
    layer = layers.RepeatVector(5, dtype="float64")
    check_layer(layer, np.random.default_rng(5).normal(size=(3, 4)))


def test_masking_lets_no_gradient_through_hidden_steps():
    x = sequence()
    x[0, 3:] = 7.0
    layer = layers.Masking(7.0, dtype="float64")
    y = layer(x)
    assert not y[0, 3:].any()
    np.testing.assert_array_equal(layer.backward(np.ones_like(y)), np.where(x == 7.0, 0.0, 1.0))


def test_recurrence_inside_time_distributed():
    inner = layers.GRU(2, dtype="float64")
    layer = layers.TimeDistributed(inner, dtype="float64")
    check_layer(layer, np.random.default_rng(6).normal(size=(2, 3, 4, 3)))
