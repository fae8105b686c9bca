"""Keras's files that are damaged, hostile, or hold what we have not."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra keras-weights)")

from scratchrnn.interop import (  # noqa: E402
    keras_model,
    keras_weights,
    load_keras_model,
    load_keras_weights,
    save_keras_model,
    save_keras_weights,
)
from tests.interop.keras_models import small_model, tree  # noqa: E402


@functools.cache
def honest_members() -> dict[str, bytes]:
    """Return the members of a .keras file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.keras")
        save_keras_model(small_model(), path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def rewritten(tmp_path, change=None, members=None):
    """Return a .keras file whose description or members were changed."""
    path, found = tmp_path / "m.keras", honest_members()
    if change is not None:
        config = json.loads(found["config.json"])
        change(config)
        found = {**found, "config.json": json.dumps(config).encode()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**found, **(members or {})}.items():
            if content is not None:
                archive.writestr(name, content)
    return path


def gru(config: dict) -> dict:
    """Return the description of the GRU."""
    return next(d for d in config["config"]["layers"] if d["class_name"] == "GRU")


def input_layer(**config) -> dict:
    """Return the description of an input."""
    return {"module": "keras.layers", "class_name": "InputLayer", "config": config}


def nested(depth: int) -> dict:
    """Return the description of a layer at every step of steps of steps ..."""
    found = {"class_name": "Dense", "config": {"units": 1}}
    for _ in range(depth):
        found = {"class_name": "TimeDistributed", "config": {"layer": found}}
    return found


BAD_CONFIGS = {
    "expected a Sequential model, got 'Functional'": lambda c: c.update(class_name="Functional"),
    "layers: expected a list of layers": lambda c: c["config"].update(layers=[]),
    "Lambda: expected a layer that is known": lambda c: gru(c).update(class_name="Lambda"),
    "module: expected keras, got 'os'": lambda c: gru(c).update(module="os"),
    "expected a class of Keras, got 'mine>GRU'": lambda c: gru(c).update(
        registered_name="mine>GRU"
    ),
    "expected an object with class_name and config": lambda c: gru(c).update(config=3),
    "dtype: expected float32 or float64, got 'mixed_float16'": lambda c: gru(c)["config"].update(
        dtype={"class_name": "DTypePolicy", "config": {"name": "mixed_float16"}}
    ),
    "kernel_constraint": lambda c: gru(c)["config"].update(
        kernel_constraint={"module": "keras.constraints", "class_name": "NonNeg", "config": {}}
    ),
    "activation: .*expected an object": lambda c: gru(c)["config"].update(
        activation={"class_name": "function", "module": "builtins", "config": "evil"}
    ),
    "kernel_initializer: module: expected keras, got 'subprocess'": lambda c: gru(c)[
        "config"
    ].update(kernel_initializer={"module": "subprocess", "class_name": "Popen", "config": {}}),
    "cells: expected a list of cells, got 3": lambda c: next(
        d for d in c["config"]["layers"] if d["class_name"] == "RNN"
    )["config"]["cell"]["config"].update(cells=3),
    "InputLayer: sparse: expected False, got True": lambda c: c["config"]["layers"].insert(
        0, input_layer(batch_shape=[None, None, 3], sparse=True)
    ),
    "InputLayer: batch_shape: expected a shape, got 3": lambda c: c["config"]["layers"].insert(
        0, input_layer(batch_shape=3)
    ),
    "expected less deeply nested layers": lambda c: c["config"]["layers"].append(nested(10)),
    "no such argument": lambda c: gru(c)["config"].update(colour="red"),
    "units: expected an integer": lambda c: gru(c)["config"].update(units=-1),
    "more than the file holds": lambda c: gru(c)["config"].update(units=2**30),
    r"expected shape \(2, 9\), got \(2, 6\)|more than the file holds": lambda c: gru(c)[
        "config"
    ].update(units=3),
}


@pytest.mark.parametrize("message", BAD_CONFIGS)
def test_a_description_that_is_not_ours_to_run_is_refused(tmp_path, message):
    path = rewritten(tmp_path, BAD_CONFIGS[message])
    with pytest.raises(ValueError, match=rf"load_keras_model: .*m\.keras: .*(?:{message})"):
        load_keras_model(path)


def test_bad_archives_are_refused(tmp_path):
    for members, message in [
        ({"config.json": None}, "expected one member config.json, got 0"),
        ({"model.weights.h5": None}, "expected one member model.weights.h5, got 0"),
        ({"model.weights.h5": bytes(17 << 20)}, "expands too far"),
        ({"config.json": b"{" * 100}, "not readable"),
        ({"config.json": b"[]"}, "expected an object"),
        ({"model.weights.h5": np.random.default_rng(0).bytes(999)}, "not an HDF5 file"),
    ]:
        with pytest.raises(ValueError, match=message):
            load_keras_model(rewritten(tmp_path, members=members))
    with pytest.raises(ValueError, match="no such file"):
        load_keras_model(tmp_path / "none.keras")
    path = rewritten(tmp_path)
    honest = path.read_bytes()
    for length in (0, 10, len(honest) // 2, len(honest) - 5):
        path.write_bytes(honest[:length])
        with pytest.raises(ValueError, match=r"m\.keras: not a \.keras file, or damaged"):
            load_keras_model(path)


def test_mutated_descriptions_raise_our_error_alone(tmp_path):
    honest, rng = honest_members()["config.json"], np.random.default_rng(0)
    loaded = 0
    for _ in range(120):
        mutated = bytearray(honest)
        for place in rng.integers(0, len(honest), rng.integers(1, 4)):
            mutated[place] = rng.integers(32, 127)
        path = rewritten(tmp_path, members={"config.json": bytes(mutated)})
        try:
            load_keras_model(path)
            loaded += 1
        except ValueError as error:
            assert str(error).startswith("load_keras_model: ")
    assert loaded < 60


def test_numbers_that_are_declared_but_not_there_take_no_memory(tmp_path):
    file = io.BytesIO()
    with h5py.File(file, "w") as weights:
        weights.create_dataset("layers/gru/cell/vars/0", (2**24, 2**10), "f4")
    path = rewritten(tmp_path, members={"model.weights.h5": file.getvalue()})
    with pytest.raises(ValueError, match=f"{2**34} numbers in [0-9]+ bytes"):
        load_keras_model(path)


def test_a_description_of_endless_length_is_not_read(tmp_path, monkeypatch):
    path = rewritten(tmp_path)
    monkeypatch.setattr(keras_model, "_MAX_JSON", 100)
    with pytest.raises(ValueError, match=r"config\.json: expected at most 100 bytes"):
        load_keras_model(path)


def test_limits_let_honest_files_through_and_stop_others(tmp_path, monkeypatch):
    model = small_model()
    path, weights = rewritten(tmp_path), tmp_path / "m.weights.h5"
    save_keras_weights(model, weights)
    monkeypatch.setattr(keras_model, "_SMALL", 0)
    load_keras_model(path)
    monkeypatch.setattr(keras_model, "_MAX_EXPANSION", 1)
    with pytest.raises(ValueError, match="expands too far"):
        load_keras_model(path)
    count = len(tree(weights))
    monkeypatch.setattr(keras_weights, "_MAX_OBJECTS", count)
    load_keras_weights(model, weights)
    monkeypatch.setattr(keras_weights, "_MAX_OBJECTS", count - 1)
    with pytest.raises(ValueError, match="too many objects"):
        load_keras_weights(model, weights)
