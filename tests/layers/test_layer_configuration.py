"""What a layer was given it says again; what it was given wrong it names."""

from __future__ import annotations

import inspect
import json
from collections import Counter

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.layers import base

from .test_layer_api import CASES

GATED = {"units": 5}
CONVOLUTION = {"filters": 3, "kernel_size": 2}
REQUIRED = {
    "Activation": {"activation": "tanh"},
    "AveragePooling1D": {"pool_size": 3},
    "AveragePooling2D": {"pool_size": 3},
    "Conv1D": CONVOLUTION,
    "Conv2D": CONVOLUTION,
    "ConvLSTM2D": CONVOLUTION,
    "Dense": {"units": 5},
    "Dropout": {"rate": 0.5},
    "Embedding": {"input_dim": 7, "output_dim": 3},
    "GaussianNoise": {"stddev": 0.5},
    "Input": {"shape": (4, 3)},
    "MaxPooling1D": {"pool_size": 3},
    "MaxPooling2D": {"pool_size": 3},
    "Permute": {"dims": (2, 1)},
    "RepeatVector": {"n": 4},
    "Reshape": {"target_shape": (2, -1)},
    "SpatialDropout1D": {"rate": 0.5},
    **dict.fromkeys(
        ["GRU", "GRUCell", "LSTM", "LSTMCell", "LayerNormGRU", "LayerNormLSTM", "SimpleRNN",
         "SimpleRNNCell"], GATED
    ),
}  # fmt: skip
ANOTHER = {  # values that are no layer's default
    "activation": "relu", "axis": 1, "batch_size": 4, "center": False, "checkpoint": 3,
    "dilation_rate": 2, "dropout": 0.25, "dtype": "float64", "epsilon": 0.25,
    "go_backwards": True, "input_shape": (4, 3), "keepdims": True, "mask_value": 2.5,
    "mask_zero": True, "noise_shape": (None, 1), "padding": "same", "peepholes": True,
    "recurrent_activation": "hard_sigmoid", "recurrent_dropout": 0.75,
    "reset_after": False, "return_sequences": True, "return_state": True, "scale": False,
    "seed": 7, "stateful": True, "strides": 4, "trainable": False,
    "trainable_initial_state": True, "unit_forget_bias": False, "use_bias": False,
    "zero_output_for_mask": True,
}  # fmt: skip
ELSEWHERE = {  # arguments that say the same as others, or that a class does not take
    "Embedding": {"weights"}, "ConvLSTM2D": {"units"}, "LayerNormGRU": {"reset_after"},
    "Input": {"batch_shape", "input_shape"},
}  # fmt: skip
HOLD_OTHERS = {"Bidirectional", "RNN", "StackedRNNCells", "TimeDistributed"}
OURS = sorted(n for n, cls in layers.LAYERS.items() if cls.__module__.startswith("scratchrnn."))


def value_for(argument: str):
    """A value that is not the default."""
    if argument.endswith("_initializer"):
        return "he_normal"
    return "l1" if argument.endswith("_regularizer") else ANOTHER[argument]


@pytest.mark.parametrize("name", sorted(set(OURS) - HOLD_OTHERS))
def test_every_argument_stands_in_the_configuration_and_comes_back(name):
    cls, required = layers.LAYERS[name], REQUIRED.get(name, {})
    plain = cls(**required).get_config()
    for argument, value in required.items():
        assert plain[argument] in (value, list(np.atleast_1d(value)), [value] * 2)
    taken = {a for c in cls.__mro__ for a, p in inspect.signature(c.__init__).parameters.items()
             if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}  # fmt: skip
    for argument in taken - set(required) - {"self", "name"} - ELSEWHERE.get(name, set()):
        options = {**required, "name": plain["name"], argument: value_for(argument)}
        config = cls(**options).get_config()
        changed = {key for key in config if config[key] != plain.get(key)}
        assert changed == {argument} and plain.keys() <= config.keys()
        again = cls.from_config(json.loads(json.dumps(config))).get_config()
        assert again == config, argument


def test_a_generator_is_no_part_of_a_configuration():
    for layer in (layers.GRU(3, seed=np.random.default_rng(1)),
                  layers.Dropout(0.5, seed=np.random.default_rng(1))):  # fmt: skip
        assert layer.get_config()["seed"] is None


@pytest.mark.parametrize("name", CASES)
def test_a_layer_says_whether_it_is_built(name):
    make, shape = CASES[name]
    layer = make(name="one")
    assert repr(layer) == f"<{name} 'one', not built>" and not layer.built
    layer.build(shape or (3, 4))
    assert repr(layer) == f"<{name} 'one', built>" and layer.built


def test_stacked_cells_are_built_together():
    cells = layers.StackedRNNCells([layers.GRUCell(3), layers.LSTMCell(4)])
    cells.build((None, 2))
    assert cells.built and all(cell.built for cell in cells.cells)
    assert [w.shape[0] for w in cells.weights[::3]] == [2, 3]


def test_names_are_numbered_in_the_order_of_their_making(monkeypatch):
    monkeypatch.setattr(base, "_names", Counter())
    assert [layers.GRU(2).name for _ in range(4)] == ["gru", "gru_1", "gru_2", "gru_3"]


# -- what is refused -------------------------------------------------------------------------


def test_a_class_decides_over_those_that_it_is_made_from():
    class Ranked(layers.Dense):
        refused = layers.arguments.refusing(lora_rank=(None, 4))

    assert Ranked(3, lora_rank=4).units == 3
    with pytest.raises(ValueError, match="lora_rank: not supported here: expected None, got 4"):
        layers.Dense(3, lora_rank=4)


@pytest.mark.parametrize("argument", ["self_", "option", "argument"])
def test_only_what_can_be_given_by_name_is_suggested(argument):
    with pytest.raises(ValueError, match=rf"LSTM: {argument}: there is no such argument, got 1$"):
        layers.LSTM(3, **{argument: 1})


@pytest.mark.parametrize("cls", [layers.LSTM, layers.LSTMCell, layers.GRU, layers.GRUCell])
def test_each_implementation_of_keras_is_welcome(cls):
    for number in (0, 1, 2):
        assert cls(3, implementation=number).units == 3
    for other in (3, -1):
        with pytest.raises(ValueError, match="implementation: not supported here: expected 0 or"):
            cls(3, implementation=other)


WRONG = [
    (layers.GRU, {"units": 3, "dropout": "0.5"}, "dropout: expected a number in"),
    (layers.GRU, {"units": 3, "dropout": False}, "dropout: expected a number in"),
    (layers.GRU, {"units": 3, "seed": 1.5}, "seed: expected an integer >= 0"),
    (layers.GRU, {"units": 3, "seed": True}, "seed: expected an integer >= 0"),
    (layers.GaussianNoise, {"stddev": 1.5}, r"stddev: expected a finite number in \[0, 1\]"),
    (layers.Reshape, {"target_shape": (2, 0)}, "target_shape: expected sizes >= 1"),
    (layers.Reshape, {"target_shape": (2, -2)}, "target_shape: expected sizes >= 1"),
    (layers.Reshape, {"target_shape": (2.5,)}, "target_shape: expected sizes >= 1"),
    (layers.Conv1D, {**CONVOLUTION, "padding": None}, "padding: expected one of"),
    (layers.Conv2D, {**CONVOLUTION, "padding": 1}, "padding: expected one of"),
    (layers.ConvLSTM2D, {**CONVOLUTION, "padding": None}, "padding: expected one of"),
]


@pytest.mark.parametrize(("cls", "options", "message"), WRONG)
def test_wrong_arguments_are_errors(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


@pytest.mark.parametrize("size", [0, [3, 0]])
def test_a_cell_without_a_state_is_an_error(size):
    class Stateless(layers.Cell):
        state_size = size

    with pytest.raises(ValueError, match=r"Stateless.state_size: expected sizes >= 1, got"):
        layers.RNN(Stateless())


@pytest.mark.parametrize("config", [[], None, {1: 2}, "name"])
def test_a_configuration_that_is_no_dict_of_names_is_an_error(config):
    with pytest.raises(ValueError, match="deserialize: config: expected a dict, got"):
        layers.deserialize({"class_name": "Flatten", "config": config})


@pytest.mark.parametrize("name", ["Conv1D", "Conv2D", "ConvLSTM2D", "MaxPooling1D"])
def test_padding_is_read_in_any_case_of_letters(name):
    layer = layers.LAYERS[name](**REQUIRED.get(name, {}), padding="SAME")
    assert layer.get_config()["padding"] == layer.windows.padding == "same"
    assert layers.Conv1D(**CONVOLUTION, padding="Causal").causal
