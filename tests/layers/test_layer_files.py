"""Every layer in a model: saved, loaded, it predicts the same; its configuration comes back."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchrnn import layers
from scratchrnn.models import Sequential, load_model

from .test_layer_api import CASES

SEQUENCES = {"return_sequences": True}


def model_inputs(name: str) -> tuple:
    """A maker of the layer, and inputs for it."""
    make, shape = CASES[name]
    rng = np.random.default_rng(1)
    x = rng.integers(7, size=(3, 4)) if shape is None else rng.normal(size=shape)
    return make, x


@pytest.mark.parametrize("name", CASES)
def test_a_saved_model_predicts_the_same(name, tmp_path):
    make, x = model_inputs(name)
    first = [] if name == "Input" else [layers.Input(x.shape[1:])]
    model = Sequential([*first, make(), layers.Dense(2)])
    rng = np.random.default_rng(2)
    for weight in model.weights:
        weight[...] = rng.normal(size=weight.shape)
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))
    assert loaded.get_config() == model.get_config()


def test_a_saved_model_predicts_the_same_under_a_mask(tmp_path):
    x = np.random.default_rng(1).integers(1, 9, size=(4, 6))
    x[:, 4:] = 0
    model = Sequential([
        layers.Input((None,)),
        layers.Embedding(9, 5, mask_zero=True),
        layers.Bidirectional(layers.LSTM(4, peepholes=True, trainable_initial_state=True,
                                         **SEQUENCES), merge_mode="ave"),
        layers.LayerNormalization(),
        layers.RNN([layers.GRUCell(3), layers.LSTMCell(5)], **SEQUENCES),
        layers.LayerNormGRU(4, checkpoint=2, **SEQUENCES),
        layers.GlobalMaxPooling1D(),
        layers.Dense(2, "softmax"),
    ])  # fmt: skip
    model.save(tmp_path / "model.npz")
    loaded = load_model(tmp_path / "model.npz")
    y = model.predict(x, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), y)
    np.testing.assert_allclose(model.predict(x[:, :4], verbose=0), y, atol=1e-6)


def test_clips_through_convolution_and_recurrence_have_right_gradients():
    x = np.random.default_rng(1).normal(size=(2, 3, 6, 6, 1))
    mask = np.array([[1, 1, 0], [1, 1, 1]], bool)
    options = {"dtype": "float64"}
    model = Sequential([
        layers.Input((None, 6, 6, 1), **options),
        layers.TimeDistributed(layers.Conv2D(2, 3, activation="tanh", **options)),
        layers.TimeDistributed(layers.AveragePooling2D(2, **options)),
        layers.TimeDistributed(layers.Flatten(**options)),
        layers.GRU(3, **options),
    ])  # fmt: skip
    dy = np.random.default_rng(2).normal(size=model(x, mask=mask).shape)
    dx = model.backward(dy)
    assert not dx[0, 2].any()
    step = np.random.default_rng(3).normal(size=x.shape)
    ahead, back = (float((model(x + s * step, mask=mask) * dy).sum()) for s in (1e-6, -1e-6))
    assert (dx * step).sum() == pytest.approx((ahead - back) / 2e-6, rel=1e-7)


# -- configuration ---------------------------------------------------------------------------

NAMES = st.sampled_from(["tanh", "sigmoid", "relu", "hard_sigmoid", "linear", "softsign"])
INITIALIZERS = st.sampled_from(["zeros", "he_normal", {"class_name": "Constant",
                                                       "config": {"value": 0.5}}])  # fmt: skip
PENALTIES = st.sampled_from([None, "l2", {"class_name": "L1", "config": {"l1": 0.25}}])
FLAG, RATE, COUNT = st.booleans(), st.floats(0, 0.99), st.integers(1, 9)
PADDING = st.sampled_from(["valid", "same"])
BASE = {"trainable": FLAG, "dtype": st.sampled_from(["float32", "float64"])}
WEIGHTED = {
    "use_bias": FLAG, "kernel_initializer": INITIALIZERS, "bias_initializer": INITIALIZERS,
    "kernel_regularizer": PENALTIES, "bias_regularizer": PENALTIES,
    "seed": st.none() | st.integers(0, 99),
}  # fmt: skip
RUN = {
    "return_sequences": FLAG, "return_state": FLAG, "go_backwards": FLAG, "stateful": FLAG,
    "zero_output_for_mask": FLAG, "checkpoint": FLAG | COUNT, "trainable_initial_state": FLAG,
}  # fmt: skip
GATED = {
    "units": COUNT, "activation": NAMES, "recurrent_initializer": INITIALIZERS,
    "recurrent_regularizer": PENALTIES, "dropout": RATE, "recurrent_dropout": RATE, **WEIGHTED,
}  # fmt: skip
LSTM = {**GATED, "recurrent_activation": NAMES, "unit_forget_bias": FLAG}
GRU = {**GATED, "recurrent_activation": NAMES}
POOL = {"pool_size": COUNT, "strides": st.none() | COUNT, "padding": PADDING}
CONV = {"filters": COUNT, "kernel_size": COUNT, "dilation_rate": COUNT, "activation": NAMES}
ARGUMENTS = {
    "Activation": {"activation": NAMES},
    "AveragePooling1D": POOL,
    "AveragePooling2D": POOL,
    "Conv1D": {**CONV, **WEIGHTED, "padding": PADDING | st.just("causal")},
    "Conv2D": {**CONV, **WEIGHTED, "padding": PADDING},
    "ConvLSTM2D": {**{k: v for k, v in LSTM.items() if k != "units"}, **CONV, **RUN},
    "Dense": {"units": COUNT, "activation": NAMES, **WEIGHTED},
    "Dropout": {"rate": RATE, "noise_shape": st.none() | st.tuples(COUNT, st.none())},
    "Embedding": {"input_dim": COUNT, "output_dim": COUNT, "mask_zero": FLAG},
    "Flatten": {},
    "GRU": {**GRU, **RUN, "reset_after": FLAG},
    "GRUCell": {**GRU, "reset_after": FLAG},
    "GaussianNoise": {"stddev": RATE},
    "GlobalAveragePooling1D": {"keepdims": FLAG},
    "GlobalAveragePooling2D": {"keepdims": FLAG},
    "GlobalMaxPooling1D": {"keepdims": FLAG},
    "GlobalMaxPooling2D": {"keepdims": FLAG},
    "Input": {"shape": st.tuples(st.none() | COUNT, COUNT), "batch_size": st.none() | COUNT},
    "LSTM": {**LSTM, **RUN, "peepholes": FLAG, "peephole_initializer": INITIALIZERS},
    "LSTMCell": {**LSTM, "peepholes": FLAG, "peephole_regularizer": PENALTIES},
    "LayerNormGRU": {**GRU, **RUN, "epsilon": RATE, "gamma_initializer": INITIALIZERS},
    "LayerNormLSTM": {**LSTM, **RUN, "epsilon": RATE, "beta_initializer": INITIALIZERS},
    "LayerNormalization": {
        "axis": st.sampled_from([-1, 1, [1, 2], [-1]]), "epsilon": RATE, "center": FLAG,
        "scale": FLAG, "beta_initializer": INITIALIZERS, "gamma_regularizer": PENALTIES,
    },
    "Masking": {"mask_value": st.floats(-9, 9)},
    "MaxPooling1D": POOL,
    "MaxPooling2D": POOL,
    "Permute": {"dims": st.permutations([1, 2, 3])},
    "RepeatVector": {"n": COUNT},
    "Reshape": {"target_shape": st.tuples(COUNT, COUNT, st.just(-1))},
    "SimpleRNN": {**GATED, **RUN},
    "SimpleRNNCell": GATED,
    "SpatialDropout1D": {"rate": RATE, "seed": st.none() | st.integers(0, 99)},
}  # fmt: skip


@st.composite
def any_layer(draw, names=tuple(ARGUMENTS), **fixed):
    """A layer of any class with any of its arguments."""
    name = draw(st.sampled_from(names))
    chosen = {"name": "one"}
    for argument, values in {**ARGUMENTS[name], **BASE}.items():
        required = argument in ("units", "filters", "kernel_size", "activation", "rate", "stddev",
                                "shape", "dims", "n", "target_shape", "pool_size", "input_dim",
                                "output_dim")  # fmt: skip
        if required or draw(FLAG):
            chosen[argument] = draw(values)
    return layers.LAYERS[name](**{**chosen, **fixed})


@st.composite
def any_wrapper(draw):
    """A layer that holds others."""
    dtype = draw(BASE["dtype"])
    kind = draw(st.sampled_from(["Bidirectional", "TimeDistributed", "RNN"]))
    if kind == "TimeDistributed":
        return layers.TimeDistributed(draw(any_layer(("Dense", "Conv2D", "GRU"), dtype=dtype)))
    cells = st.lists(any_layer(("GRUCell", "LSTMCell", "SimpleRNNCell"), dtype=dtype), min_size=1)
    options = {k: draw(v) for k, v in RUN.items() if k != "go_backwards"}
    layer = layers.RNN(draw(cells), name="run", **options)
    if kind == "RNN":
        return layer
    other = draw(st.none() | any_layer(("LSTM", "GRU"), dtype=dtype, **{
        **{k: options[k] for k in ("return_sequences", "return_state", "stateful")},
        "go_backwards": True,
    }))  # fmt: skip
    merge = draw(st.sampled_from(["concat", "sum", "ave", "mul", None]))
    return layers.Bidirectional(layer, merge_mode=merge, backward_layer=other)


def test_every_layer_is_drawn():
    ours = {n for n, cls in layers.LAYERS.items() if cls.__module__.startswith("scratchrnn.")}
    assert ours == {*ARGUMENTS, "Bidirectional", "RNN", "StackedRNNCells", "TimeDistributed"}


@given(any_layer() | any_wrapper())
def test_configuration_comes_back(layer):
    description = json.loads(json.dumps(layers.serialize(layer)))
    twin = layers.deserialize(description)
    assert type(twin) is type(layer)
    assert twin.get_config() == layer.get_config()
    assert json.loads(json.dumps(layers.serialize(twin))) == description
