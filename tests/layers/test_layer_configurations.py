"""Every argument of every layer is in its configuration and comes back; the rest is refused."""

from __future__ import annotations

import inspect
import json

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.layers.arguments import refusing

from .test_layer_refusals import SEQUENCE

GENERAL = {"name": "one", "trainable": False, "dtype": "float64", "input_shape": [4, 6]}
PENALTY = {"class_name": "L2", "config": {"l2": 0.25}}


def spread(value: float) -> dict:
    """Describe an initializer that no layer has by default."""
    return {"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": value, "seed": 3}}


WEIGHTS = {
    "use_bias": False, "kernel_initializer": spread(0.1), "bias_initializer": spread(0.2),
    "kernel_regularizer": PENALTY, "bias_regularizer": PENALTY, "seed": 5,
}  # fmt: skip
GATED = {
    **WEIGHTS, "units": 3, "activation": "relu", "recurrent_initializer": spread(0.3),
    "recurrent_regularizer": PENALTY, "dropout": 0.25, "recurrent_dropout": 0.5,
}  # fmt: skip
LSTM = {**GATED, "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}
PEEPHOLES = {
    "peepholes": True, "peephole_initializer": spread(0.4), "peephole_regularizer": PENALTY,
}  # fmt: skip
RUN = {
    "return_sequences": True, "return_state": True, "go_backwards": True, "stateful": True,
    "zero_output_for_mask": True, "checkpoint": 2, "trainable_initial_state": True,
}  # fmt: skip
GRU = {**GATED, "recurrent_activation": "hard_sigmoid", "reset_after": False}
CONVOLUTION = {
    **WEIGHTS, "filters": 2, "strides": [1], "kernel_size": [3], "dilation_rate": [2],
    "activation": "relu", "padding": "same",
}  # fmt: skip
NORMALISED = {"epsilon": 0.5, "gamma_initializer": spread(0.5), "beta_initializer": spread(0.6)}
FAR_FROM_DEFAULT = {
    "Conv1D": CONVOLUTION,
    "Dense": {**WEIGHTS, "units": 3, "activation": "relu"},
    "Dropout": {"rate": 0.25, "seed": 5, "noise_shape": [None, 1, 6]},
    "Embedding": {
        "input_dim": 9, "output_dim": 3, "embeddings_initializer": spread(0.1),
        "embeddings_regularizer": PENALTY, "mask_zero": True, "seed": 5,
    },
    "GRU": {**GRU, **RUN},
    "GRUCell": GRU,
    "GaussianNoise": {"stddev": 0.25, "seed": 5},
    "GlobalMaxPooling1D": {"keepdims": True},
    "LSTM": {**LSTM, **PEEPHOLES, **RUN},
    "LSTMCell": {**LSTM, **PEEPHOLES},
    "LayerNormLSTM": {**LSTM, **RUN, **NORMALISED},
    "LayerNormalization": {
        **NORMALISED, "axis": [1, 2], "center": True, "scale": True,
        "beta_regularizer": PENALTY, "gamma_regularizer": PENALTY,
    },
    "Masking": {"mask_value": 2.5},
    "MaxPooling1D": {"pool_size": [3], "strides": [2], "padding": "same"},
    "Permute": {"dims": [2, 1]},
    "RepeatVector": {"n": 3},
    "Reshape": {"target_shape": [3, -1]},
    "SimpleRNN": {**GATED, **RUN},
    "SpatialDropout1D": {"rate": 0.25, "seed": 5},
}  # fmt: skip
NOT_KEPT = {"weights", "batch_shape"}  # values to begin with; another way to say the shape


@pytest.mark.parametrize("name", FAR_FROM_DEFAULT)
def test_what_is_given_is_what_the_configuration_says_and_makes_again(name):
    given = {**GENERAL, **FAR_FROM_DEFAULT[name]}
    layer = layers.LAYERS[name].from_config(given)
    assert layer.get_config() == given
    twin = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    assert twin.get_config() == given


@pytest.mark.parametrize("name", FAR_FROM_DEFAULT)
def test_every_argument_has_its_place_in_the_configuration(name):
    cls = layers.LAYERS[name]
    arguments = {
        argument
        for base in cls.__mro__[:-1]
        for argument, how in inspect.signature(base.__init__).parameters.items()
        if argument != "self" and how.kind not in (how.VAR_KEYWORD, how.VAR_POSITIONAL)
    }
    given = {**GENERAL, **FAR_FROM_DEFAULT[name]}
    assert set(cls.from_config(given).get_config()) == arguments - NOT_KEPT


@pytest.mark.parametrize("name", ["Dense", "LSTM", "Conv1D", "Embedding"])
def test_a_layer_made_again_starts_with_the_same_weights(name):
    given = {**FAR_FROM_DEFAULT[name], "seed": 5}
    pair = [layers.LAYERS[name].from_config(given) for _ in range(2)]
    for layer in pair:
        layer.build((None, 4, 6))
    for one, other in zip(pair[0].get_weights(), pair[1].get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", [n for n, given in FAR_FROM_DEFAULT.items() if "seed" in given])
def test_of_a_generator_the_configuration_says_nothing(name):
    given = {**FAR_FROM_DEFAULT[name], "seed": np.random.default_rng(1)}
    assert layers.LAYERS[name].from_config(given).get_config()["seed"] is None


# -- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [layers.LSTM, layers.GRU, layers.LSTMCell, layers.GRUCell])
def test_every_implementation_of_keras_is_this_one(cls):
    for number in (0, 1, 2):
        cls(3, implementation=number)
    with pytest.raises(ValueError, match="implementation: not supported here: expected 0 or 1 or"):
        cls(3, implementation=3)


def test_a_class_may_welcome_what_its_base_refuses():
    class Wider(layers.Dense):
        """Takes a rank, and has no use for it."""

        refused = refusing(lora_rank=(None, 4))

    Wider(3, lora_rank=4)
    with pytest.raises(ValueError, match="lora_rank: not supported here: expected None or 4"):
        Wider(3, lora_rank=5)


@pytest.mark.parametrize("misspelt", ["option", "selff"])
def test_only_arguments_are_suggested(misspelt):
    with pytest.raises(ValueError, match=f"{misspelt}: there is no such argument") as refusal:
        layers.Dense(3, **{misspelt: 1})
    assert "'options'" not in str(refusal.value) and "'self'" not in str(refusal.value)


@pytest.mark.parametrize("seed", [-1, True, 1.5, "a"])
def test_seeds_are_whole_numbers_that_are_not_negative(seed):
    with pytest.raises(ValueError, match="Dense: seed: expected an integer >= 0"):
        layers.Dense(3, seed=seed)


def test_rates_and_deviations_are_numbers_within_bounds():
    for dropout in ("half", None, True):
        with pytest.raises(ValueError, match=r"dropout: expected a number in \[0, 1\)"):
            layers.GRU(3, dropout=dropout)
    with pytest.raises(ValueError, match=r"stddev: expected a finite number in \[0, 1\]"):
        layers.GaussianNoise(1.5)


@pytest.mark.parametrize("config", [None, ["ab"], {1: 2}])
def test_a_configuration_is_a_dict_with_words_for_keys(config):
    with pytest.raises(ValueError, match="deserialize: config: expected a dict"):
        layers.deserialize({"class_name": "Flatten", "config": config})


@pytest.mark.parametrize("size", [0, [2, 0], None, 1.5])
def test_a_cell_without_a_state_is_refused(size):
    cell = layers.SimpleRNNCell(2)
    cell.state_size = size
    with pytest.raises(ValueError, match=r"RNN: cell: SimpleRNNCell.state_size: expected sizes"):
        layers.RNN(cell)


@pytest.mark.parametrize("dy", [np.ones((2, 2)), [np.ones((2, 2))] * 3, np.ones((3, 2))])
def test_two_outputs_take_a_pair_of_gradients(dy):
    layer = layers.Bidirectional(layers.GRU(2), merge_mode=None)
    layer(SEQUENCE)
    with pytest.raises(ValueError, match="dy: expected the pair"):
        layer.backward(dy)


# -- states ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [layers.GRU, layers.LSTM])
def test_carried_states_can_be_taken_out_put_back_and_begun_again(cls):
    layer = cls(5, stateful=True, seed=0)
    beginning, first = layer.get_state(), layer(SEQUENCE)
    carried, second = layer.get_state(), layer(SEQUENCE)
    layer.set_state(carried)
    np.testing.assert_array_equal(layer(SEQUENCE), second)
    layer.set_state(beginning)
    np.testing.assert_array_equal(layer(SEQUENCE), first)
    with pytest.raises(ValueError, match=r"states: expected \(N, ...\) of"):
        layer.set_state({**carried, "states": [np.ones(())] * len(carried["states"])})


class Counting(layers.Cell):
    """Adds up its inputs; nothing in it draws."""

    state_size = output_size = 3

    def step(self, x, states):
        total = states[0] + x
        return total, [total], None


def test_states_within_a_wrapper_go_back_into_a_new_one():
    old, new = (layers.Bidirectional(layers.RNN(Counting(), stateful=True)) for _ in range(2))
    old(SEQUENCE)
    new.build(SEQUENCE.shape)
    new.set_state(old.get_state())
    np.testing.assert_array_equal(new(SEQUENCE), old(SEQUENCE))
