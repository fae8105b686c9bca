"""Keras's JSON description of a Sequential model, to and from our layers' configurations.

Only names from lists are understood: a class, module or function that is not known is refused,
never imported. Keras's arguments that we have not are refused by the layers themselves unless
they are unused.
"""

from __future__ import annotations

from ..layers import Layer, deserialize, serialize
from .keras_paths import CELLS, PLAIN

KNOWN = {"Bidirectional", "RNN", "StackedRNNCells", "TimeDistributed", *CELLS, *PLAIN}
_INNER = ("layer", "backward_layer", "cell")
_OURS_ALONE = {  # arguments that Keras has not, and the values that mean "not used"
    "checkpoint": None,  # changes memory and time, never a number
    "input_shape": None,
    "peephole_initializer": None,  # of peepholes, which are refused
    "peephole_regularizer": None,
    "peepholes": (False,),
    "trainable_initial_state": (False,),
}
_UNKNOWN_TO_KERAS = {("seed", kind) for kind in ("Conv1D", "Conv2D", "Dense", "Embedding")}
_UNKNOWN_TO_KERAS |= {("trainable", "SpatialDropout1D")}  # has no weights, and no such argument
_NONE_MEANS = {"merge_mode"}  # where None is a value; elsewhere it is "the default"
_INPUT_UNUSED = {"sparse": (False,), "ragged": (False,), "optional": (False,)}


def _refuse(where: str, expected: str, got) -> None:
    raise ValueError(f"{where}: expected {expected}, got {got!r:.80}")


def _dtype(where: str, value) -> str:
    if isinstance(value, dict):  # a policy
        value = value.get("config", {}).get("name") if value.get("class_name") else value
    if value not in ("float32", "float64"):
        _refuse(where, "float32 or float64", value)
    return value


def _object(where: str, description) -> tuple[str, dict]:
    """Return class name and configuration of one of Keras's own objects."""
    if not isinstance(description, dict) or not isinstance(description.get("config"), dict):
        _refuse(where, "an object with class_name and config", description)
    name, module = description.get("class_name"), description.get("module", "keras")
    if not isinstance(module, str) or module.split(".")[0] != "keras":
        _refuse(f"{where}: module", "keras", module)
    if not isinstance(name, str) or description.get("registered_name") not in (None, name):
        _refuse(f"{where}: class_name", "a class of Keras", description.get("registered_name"))
    return name, description["config"]


def layer_from_keras(where: str, description) -> Layer:
    """Make a layer, not built, from Keras's description.

    Parameters
    ----------
    where : str
        First words of every error.
    description : dict
        An entry of ``config["layers"]``.

    Returns
    -------
    Layer

    Raises
    ------
    ValueError
        If the class is not known, or uses what we have not.
    """
    try:
        return deserialize(_translated(where, description, 0))
    except ValueError as error:
        if str(error).startswith(where):
            raise
        raise ValueError(f"{where}: {error}") from error


def _translated(where: str, description, depth: int) -> dict:
    name, config = _object(where, description)
    where = f"{where}: {name:.40}"
    if depth > 8:
        _refuse(where, "less deeply nested layers", name)
    if name == "InputLayer":
        return {"class_name": "Input", "config": _input(where, config)}
    if name not in KNOWN:
        _refuse(where, f"a layer that is known here ({', '.join(sorted(KNOWN))})", name)
    ours = {}
    for key, value in config.items():
        if key == "dtype":
            ours[key] = _dtype(f"{where}: dtype", value)
        elif key in _INNER and value is not None:
            ours[key] = _translated(where, value, depth + 1)
        elif key == "cells":
            if not isinstance(value, list):
                _refuse(f"{where}: cells", "a list of cells", value)
            ours[key] = [_translated(where, inner, depth + 1) for inner in value]
        elif isinstance(value, dict):  # an initializer or a regularizer
            inner, arguments = _object(f"{where}: {key}", value)
            kept = {k: v for k, v in arguments.items() if v is not None}
            ours[key] = {"class_name": inner, "config": kept}
        elif value is not None or key in _NONE_MEANS:
            ours[key] = value
    return {"class_name": name, "config": ours}


def _input(where: str, config: dict) -> dict:
    for key, unused in _INPUT_UNUSED.items():
        if config.get(key, unused[0]) not in unused:
            _refuse(f"{where}: {key}", str(unused[0]), config[key])
    shape = config.get("batch_shape")
    if not isinstance(shape, list) or not shape:
        _refuse(f"{where}: batch_shape", "a shape", shape)
    return {"shape": shape[1:], "batch_size": shape[0], "name": config.get("name")}


def layer_to_keras(where: str, layer: Layer) -> dict:
    """Return Keras's description of a layer.

    Parameters
    ----------
    where : str
        First words of every error.
    layer : Layer

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If Keras has no such layer, or not with these arguments.
    """
    return _described(where, serialize(layer))


def _described(where: str, description: dict) -> dict:
    name, config = description["class_name"], description["config"]
    if name not in KNOWN:
        raise ValueError(f"{where}: {name} {config.get('name')!r}: Keras has no such layer")
    theirs = {}
    for key, value in config.items():
        if key in _OURS_ALONE:
            unused = _OURS_ALONE[key]
            if unused is not None and value not in unused:
                raise ValueError(f"{where}: {name}: {key}: Keras has no such argument")
        elif key in _INNER and value is not None:
            theirs[key] = _described(where, value)
        elif key == "cells":
            theirs[key] = [_described(where, inner) for inner in value]
        elif isinstance(value, dict) and key.endswith(("_initializer", "_regularizer")):
            module = f"keras.{key.rpartition('_')[2]}s"
            used = {k: v for k, v in value["config"].items() if v is not None}
            theirs[key] = _keras_object(module, value["class_name"], used)
        elif isinstance(value, dict):
            raise ValueError(f"{where}: {name}: {key}: Keras takes a name alone, got {value!r:.80}")
        elif (value is not None or key in _NONE_MEANS) and (key, name) not in _UNKNOWN_TO_KERAS:
            theirs[key] = value
    return _keras_object("keras.layers", name, theirs)


def _keras_object(module: str, name: str, config: dict) -> dict:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}
