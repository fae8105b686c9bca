"""Makes keras_arguments.json: what those classes and methods of Keras take that we name too."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import keras

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

FILE = Path(__file__).with_name("keras_arguments.json")
METHODS = (
    "add", "build", "compile", "evaluate", "fit", "from_config", "get_layer", "load_weights",
    "pop", "predict", "predict_on_batch", "save", "save_weights", "set_weights", "summary",
    "test_on_batch", "train_on_batch",
)  # fmt: skip


def arguments(function) -> list[str]:
    """Return the names of a function's arguments."""
    kinds = inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL
    found = inspect.signature(function).parameters
    return [name for name, p in found.items() if name != "self" and p.kind not in kinds]


def classes(ours, theirs) -> dict[str, list[str]]:
    """Return the arguments of the classes that both modules have."""
    names = [n for n in dir(ours) if inspect.isclass(getattr(ours, n)) and hasattr(theirs, n)]
    found = {name: getattr(theirs, name) for name in names}  # Input is a function there
    return {n: arguments(t.__init__ if inspect.isclass(t) else t) for n, t in found.items()}


def functions(ours, theirs, names) -> dict[str, list[str]]:
    """Return the arguments of functions."""
    return {n: arguments(getattr(theirs, n)) for n in names if hasattr(ours, n)}


def make() -> None:
    """Write the table."""
    named = ("pad_sequences", "to_categorical", "set_random_seed", "normalize")
    table = {
        "layers": classes(layers, keras.layers),
        "losses": classes(losses, keras.losses),
        "metrics": classes(metrics, keras.metrics),
        "optimizers": classes(optimizers, keras.optimizers),
        "schedules": classes(optimizers.schedules, keras.optimizers.schedules),
        "callbacks": classes(callbacks, keras.callbacks),
        "initializers": classes(initializers, keras.initializers),
        "regularizers": classes(regularizers, keras.regularizers),
        "activations": functions(activations, keras.activations, activations.ACTIVATIONS),
        "utils": functions(utils, keras.utils, named),
        "models": functions(models, keras.models, ("clone_model", "load_model", "save_model")),
        "Sequential": {n: arguments(getattr(keras.Sequential, n)) for n in METHODS},
        "keras": keras.__version__,
    }
    FILE.write_text(json.dumps(table, indent=1, sort_keys=True) + "\n", encoding="utf-8")
