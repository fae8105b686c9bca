"""Every argument that Keras has is carried out or refused by name; none is taken and ignored.

What Keras takes is listed in ``reference/keras_arguments.json``; what is refused, here.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from scratchrnn import (
    activations,
    callbacks,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    regularizers,
    utils,
)

KERAS = json.loads(
    (Path(__file__).parent / "reference" / "keras_arguments.json").read_text(encoding="utf-8")
)
MODULES = {
    "layers": layers,
    "losses": losses,
    "metrics": metrics,
    "optimizers": optimizers,
    "schedules": optimizers.schedules,
    "callbacks": callbacks,
    "initializers": initializers,
    "regularizers": regularizers,
}
POOLING_1D = ["AveragePooling1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D", "MaxPooling1D"]
POOLING = [*POOLING_1D, *(name.replace("1D", "2D") for name in POOLING_1D)]
GATED = ["ConvLSTM2D", "GRU", "GRUCell", "LSTM", "LSTMCell", "SimpleRNN", "SimpleRNNCell"]
ALL_LAYERS, ALL_OPTIMIZERS = list(KERAS["layers"]), list(KERAS["optimizers"])
# module -> argument -> (the classes that refuse it, values that they refuse)
REFUSED = {
    "layers": {
        "activity_regularizer": (ALL_LAYERS, ["l2"]),
        "autocast": (ALL_LAYERS, [False]),
        "data_format": (
            ["Conv1D", "Conv2D", "ConvLSTM2D", "Flatten", *POOLING], ["channels_first"]
        ),
        "groups": (["Conv1D", "Conv2D"], [2]),
        "kernel_constraint": (["Conv1D", "Conv2D", "Dense", *GATED], ["non_neg"]),
        "bias_constraint": (["Conv1D", "Conv2D", "Dense", *GATED], ["non_neg"]),
        "recurrent_constraint": (GATED, ["max_norm"]),
        "embeddings_constraint": (["Embedding"], ["max_norm"]),
        "beta_constraint": (["LayerNormalization"], ["max_norm"]),
        "gamma_constraint": (["LayerNormalization"], ["non_neg"]),
        "lora_rank": (["Dense", "Embedding"], [2]),
        "lora_alpha": (["Dense", "Embedding"], [2.0]),
        "quantization_config": (["Dense", "Embedding"], ["int8"]),
        "sparse": (["Input"], [True]),
        "ragged": (["Input"], [True]),
        "tensor": (["Input"], [1]),
        "optional": (["Input"], [True]),
        "unroll": (["GRU", "LSTM", "RNN", "SimpleRNN"], ["yes", 1]),
        "use_cudnn": (["GRU", "LSTM"], [True]),
    },
    "optimizers": {
        "use_ema": (ALL_OPTIMIZERS, [True]),
        "ema_momentum": (ALL_OPTIMIZERS, [0.9]),
        "ema_overwrite_frequency": (ALL_OPTIMIZERS, [3]),
        "loss_scale_factor": (ALL_OPTIMIZERS, [128.0]),
    },
    "callbacks": {
        "add_history": (["CallbackList"], [True]),
        "add_progbar": (["CallbackList"], [True]),
    },
}  # fmt: skip
METHODS = {  # refused arguments of methods, and values that they refuse
    "compile": {
        "loss_weights": [1.0], "run_eagerly": True, "steps_per_execution": 2, "jit_compile": True,
        "auto_scale_loss": False,
    },
    "summary": {
        "line_length": 80, "positions": [0.5], "expand_nested": True, "show_trainable": True,
        "layer_range": ["a", "b"],
    },
    "save": {"zipped": True},
    "save_weights": {"max_shard_size": 2},
    "load_weights": {"skip_mismatch": True},
}  # fmt: skip
NOT_IN_PUBLIC = {"add": {"rebuild"}, "pop": {"rebuild"}}  # unknown: Python's own error names it
FUNCTIONS = {
    "clone_model": {
        "input_tensors": [1], "clone_function": len, "call_function": len, "recursive": True
    },
    "load_model": {"safe_mode": False},
    "save_model": {"zipped": True},
}  # fmt: skip

NEEDED = {
    "Activation": {"activation": "relu"},
    "BackupAndRestore": {"backup_dir": "folder"},
    "Bidirectional": {"layer": layers.LSTM(2)},
    "CSVLogger": {"filename": "log.csv"},
    "Conv1D": {"filters": 2, "kernel_size": 2},
    "Conv2D": {"filters": 2, "kernel_size": 2},
    "ConvLSTM2D": {"filters": 2, "kernel_size": 2},
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 3},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 3},
    "Dense": {"units": 2},
    "Dropout": {"rate": 0.1},
    "Embedding": {"input_dim": 3, "output_dim": 2},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5},
    "GRU": {"units": 2},
    "GRUCell": {"units": 2},
    "GaussianNoise": {"stddev": 0.1},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5},
    "Input": {"shape": (3,)},
    "LSTM": {"units": 2},
    "LSTMCell": {"units": 2},
    "LearningRateScheduler": {"schedule": abs},
    "MeanMetricWrapper": {"fn": np.subtract},
    "ModelCheckpoint": {"filepath": "model.npz"},
    "Optimizer": {"learning_rate": 0.1},
    "Permute": {"dims": (1,)},
    "PiecewiseConstantDecay": {"boundaries": [1], "values": [0.1, 0.2]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RNN": {"cell": layers.GRUCell(2)},
    "RecallAtPrecision": {"precision": 0.5},
    "RepeatVector": {"n": 2},
    "Reshape": {"target_shape": (2,)},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SimpleRNN": {"units": 2},
    "SimpleRNNCell": {"units": 2},
    "SpatialDropout1D": {"rate": 0.1},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "StackedRNNCells": {"cells": [layers.GRUCell(2)]},
    "TimeDistributed": {"layer": layers.Dense(2)},
}
# Carried out, but told by the object's attributes under other names or not at all.
CARRIED = {
    "Bidirectional": {"weights", "backward_layer"},  # told where given
    "CSVLogger": {"separator"},
    "Embedding": {"weights"},
    "Input": {"batch_shape"},  # as shape and batch_size
    "LambdaCallback": {f"on_{turn}" for turn in (
        "epoch_begin", "epoch_end", "train_begin", "train_end", "train_batch_begin",
        "train_batch_end",
    )},
    "ModelCheckpoint": {"initial_value_threshold"},
}  # fmt: skip
ABSTRACT = {"LearningRateSchedule", "Metric"}
CLASSES = [(module, name) for module in MODULES for name in KERAS[module] if name not in ABSTRACT]


def make(module: str, name: str, **options):
    """Return an object with the arguments that it needs, and others."""
    return getattr(MODULES[module], name)(**{**NEEDED.get(name, {}), **options})


def arguments_of(module: str, name: str) -> set[str]:
    """Return what Keras's class takes; of a layer, what all layers take too."""
    taken = set(KERAS[module][name])
    return taken | set(KERAS["layers"]["Layer"]) if module == "layers" else taken


def refused_by(module: str, name: str) -> dict[str, list]:
    """Return the arguments that a class refuses, with values that it refuses."""
    table = REFUSED.get(module, {})
    return {argument: values for argument, (who, values) in table.items() if name in who}


@pytest.mark.parametrize(("module", "name"), CLASSES)
def test_every_argument_is_carried_or_refused_by_name(module, name):
    made, refused = make(module, name), refused_by(module, name)
    told = set(vars(made)) if module == "callbacks" else set()
    if hasattr(made, "get_config") and name != "MeanMetricWrapper":
        told |= set(made.get_config())
    if name == "MeanMetricWrapper":
        told |= set(vars(made))
    ignored = arguments_of(module, name) - told - set(refused) - CARRIED.get(name, set())
    assert not ignored
    for argument in set(refused) & arguments_of(module, name):
        for value in refused[argument]:
            with pytest.raises(ValueError, match=rf"{argument}: (this argument is )?not supported"):
                make(module, name, **{argument: value})


@pytest.mark.parametrize("name", KERAS["Sequential"])
def test_every_argument_of_a_method_is_taken_or_refused_by_name(name):
    refused = METHODS.get(name, {})
    method = getattr(models.Sequential, name)
    own = set(inspect.signature(method).parameters)
    taken = set(KERAS["Sequential"][name]) - NOT_IN_PUBLIC.get(name, set())
    assert taken - set(refused) <= own
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    for argument, value in refused.items():
        needed = {"compile": {"loss": "mse"}, "summary": {}}.get(name, {"filepath": "no.npz"})
        with pytest.raises(ValueError, match=f"{name}: {argument}: not supported"):
            getattr(model, name)(**needed, **{argument: value})


@pytest.mark.parametrize("name", KERAS["models"])
def test_every_argument_of_functions_of_models_is_taken_or_refused_by_name(name):
    own = set(inspect.signature(getattr(models, name)).parameters)
    assert set(KERAS["models"][name]) - set(FUNCTIONS[name]) <= own
    model = models.Sequential([layers.Input((3,)), layers.Dense(1)])
    first = {
        "clone_model": {"model": model},
        "load_model": {"filepath": "no.npz"},
        "save_model": {"model": model, "filepath": "no.npz"},
    }[name]
    for argument, value in FUNCTIONS[name].items():
        with pytest.raises(ValueError, match=f"{argument}: not supported"):
            getattr(models, name)(**first, **{argument: value})


@pytest.mark.parametrize("kind", ["activations", "utils"])
def test_functions_take_every_argument_of_keras(kind):
    module = {"activations": activations, "utils": utils}[kind]
    for name, taken in KERAS[kind].items():
        function = getattr(module, name)
        assert set(taken) <= set(inspect.signature(function).parameters), name


def test_what_is_refused_by_position_in_keras_is_no_other_argument_here():
    for make_layer in (
        lambda: layers.Dense(2, None, True, "zeros", "zeros", None, None, 3),
        lambda: layers.Embedding(3, 2, "zeros", None, None),
        lambda: layers.GlobalAveragePooling1D("channels_last"),
        lambda: layers.SimpleRNN(2, "tanh", True, "zeros", "zeros", "zeros", None, None, None, 0.5),
        lambda: layers.GRU(2, "tanh", "sigmoid", True, "zeros", "zeros", "zeros", True),
    ):
        with pytest.raises(TypeError, match="positional argument"):
            make_layer()
