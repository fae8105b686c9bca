"""Keras's ``.keras`` file: a zip of config.json, metadata.json and model.weights.h5.

Read into a Sequential without running anything: the description is translated by lists of names
(:mod:`.keras_config`), and the sizes that it asks for are held against what the file holds before
any memory is taken.
"""

from __future__ import annotations

import io
import json
import math
import zipfile
from pathlib import Path

from ..files import replacing
from ..layers.loading import zero_weights
from ..models import Sequential
from .checks import list_layers
from .keras_config import _keras_object, _object, layer_from_keras, layer_to_keras
from .keras_paths import find_groups
from .keras_weights import find_datasets, open_h5, read_weights, weights_to_bytes

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_JSON = 16 << 20
_MAX_EXPANSION, _SMALL = 20, 16 << 20  # Keras stores without compression; others may zip anew
_WRITTEN_AS = "3.5.0"  # the version whose form of the file this is


def load_keras_model(path) -> Sequential:
    """Read a ``.keras`` file that holds a Sequential model of layers that we have.

    Parameters
    ----------
    path : path-like
        From Keras 3: ``model.save("name.keras")``.

    Returns
    -------
    Sequential
        Built, with weights, not compiled.

    Raises
    ------
    ValueError
        If the file is missing, damaged or hostile, is not a Sequential, or has a layer or an
        argument that we have not; named, with what was expected.
    ImportError
        If h5py is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scratchrnn.interop import load_keras_model, save_keras_model
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.keras")
    >>> save_keras_model(Sequential([Input((None, 3)), GRU(4), Dense(2)]), path)
    >>> load_keras_model(path).count_params()
    118
    """
    who = f"load_keras_model: {path}"
    config, weights = _read_zip(who, Path(path))
    name, config = _object(who, config)
    if name != "Sequential":
        raise ValueError(f"{who}: expected a Sequential model, got {name!r:.40}")
    descriptions = config.get("layers")
    if not isinstance(descriptions, list) or not descriptions:
        raise ValueError(f"{who}: layers: expected a list of layers, got {descriptions!r:.40}")
    layers = [
        layer_from_keras(f"{who}: layer {k}", description)
        for k, description in enumerate(descriptions)
    ]
    with open_h5(who, io.BytesIO(weights)) as file:
        total = sum(math.prod(found.shape) for found in find_datasets(who, file).values())
        if total > len(weights):  # each number takes more than a byte
            raise ValueError(f"{who}: {_WEIGHTS}: {total} numbers in {len(weights)} bytes")
    try:
        with zero_weights(total):
            model = Sequential(layers, name=str(config.get("name", "sequential")))
            if not model.built:
                model.build(tuple(config.get("build_input_shape") or ()))
    except (ValueError, TypeError, MemoryError, OverflowError) as error:
        raise ValueError(f"{who}: {error}") from error
    read_weights(who, find_groups(who, model), io.BytesIO(weights))
    return model


def _read_zip(who: str, path: Path) -> tuple[dict, bytes]:
    """Return the description and the bytes of the weights, sizes checked before they are read."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            for name in (_CONFIG, _WEIGHTS):
                if names.count(name) != 1:
                    raise ValueError(f"{who}: expected one member {name}, got {names.count(name)}")
            for info in map(archive.getinfo, (_CONFIG, _WEIGHTS)):
                if info.file_size > max(_SMALL, _MAX_EXPANSION * info.compress_size):
                    raise ValueError(f"{who}: {info.filename}: refused, it expands too far")
            if archive.getinfo(_CONFIG).file_size > _MAX_JSON:
                raise ValueError(f"{who}: {_CONFIG}: expected at most {_MAX_JSON} bytes")
            config, weights = archive.read(_CONFIG), archive.read(_WEIGHTS)
    except FileNotFoundError as error:
        raise ValueError(f"{who}: no such file") from error
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{who}: not a .keras file, or damaged ({error})") from error
    try:
        return json.loads(config), weights
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{who}: {_CONFIG}: not readable ({error})") from error


def save_keras_model(model: Sequential, path) -> None:
    """Write a ``.keras`` file that Keras 3 loads, whole or not at all.

    Parameters
    ----------
    model : Sequential
        Built. Optimizer and loss are not written: Keras's model comes out not compiled.
    path : path-like
        Ends in ``.keras``. In Keras: ``keras.saving.load_model(path)``.

    Raises
    ------
    ValueError
        If the name does not fit, the model is not built, or Keras has not one of its layers.
    ImportError
        If h5py is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scratchrnn.interop import save_keras_model
    >>> from scratchrnn.layers import LSTM, Input
    >>> from scratchrnn.models import Sequential
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.keras")
    >>> save_keras_model(Sequential([Input((None, 3)), LSTM(4)]), path)
    """
    path = Path(path)
    who = f"save_keras_model: {path}"
    if path.suffix != ".keras":
        raise ValueError(f"{who}: path: expected a name that ends in .keras")
    layers = list_layers(who, model)
    if not getattr(model, "input_shape", None):
        raise ValueError(f"{who}: model: expected a Sequential that is built")
    config = {
        "name": model.name,
        "trainable": True,
        "dtype": layers[-1].dtype,
        "layers": [layer_to_keras(who, layer) for layer in layers],
        "build_input_shape": list(model.input_shape),
    }
    members = {
        _METADATA: json.dumps({"keras_version": _WRITTEN_AS, "date_saved": ""}).encode(),
        _CONFIG: json.dumps(_keras_object("keras", "Sequential", config)).encode(),
        _WEIGHTS: weights_to_bytes(find_groups(who, model), model.name),
    }
    with replacing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
