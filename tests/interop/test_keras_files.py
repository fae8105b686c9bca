"""Keras's files in and out: what Keras wrote is read, what we write has its form; refusals."""

from __future__ import annotations

import numpy as np
import pytest

h5py = pytest.importorskip("h5py", reason="h5py is not installed (extra keras-weights)")

from scratchrnn import activations  # noqa: E402
from scratchrnn import layers as L  # noqa: E402
from scratchrnn.interop import (  # noqa: E402
    load_keras_model,
    load_keras_weights,
    save_keras_model,
    save_keras_weights,
)
from scratchrnn.models import Sequential  # noqa: E402
from tests.interop.keras_models import small_model, tree  # noqa: E402
from tests.interop.references import cases, close, named  # noqa: E402


def write(folder, case: dict):
    """Write a case's files and return their paths."""
    paths = folder / "keras.keras", folder / "keras.weights.h5"
    for path, key in zip(paths, ("keras", "weights_h5"), strict=True):
        path.write_bytes(case[key].tobytes())
    return paths


@pytest.mark.parametrize("name", named("keras_"))
def test_a_keras_file_becomes_a_model_that_predicts_the_same(name, tmp_path):
    case = cases()[name]
    path, _ = write(tmp_path, case)
    close(load_keras_model(path)(case["x"]), case["y"])


@pytest.mark.parametrize("name", named("keras_"))
def test_weights_that_keras_saved_are_loaded(name, tmp_path):
    case = cases()[name]
    model_path, path = write(tmp_path, case)
    model = load_keras_model(model_path)
    for weight in model.weights:
        weight[...] = 0
    load_keras_weights(model, path)
    close(model(case["x"]), case["y"])


@pytest.mark.parametrize("name", named("keras_"))
def test_our_file_has_the_groups_and_arrays_of_keras_file(name, tmp_path):
    model_path, path = write(tmp_path, cases()[name])
    save_keras_weights(load_keras_model(model_path), tmp_path / "ours.weights.h5")
    assert tree(tmp_path / "ours.weights.h5") == tree(path)


@pytest.mark.parametrize("name", named("keras_"))
def test_our_keras_file_comes_back_as_the_same_model(name, tmp_path):
    case = cases()[name]
    model = load_keras_model(write(tmp_path, case)[0])
    save_keras_model(model, tmp_path / "ours.keras")
    again = load_keras_model(tmp_path / "ours.keras")
    close(again(case["x"]), case["y"])
    assert [layer.get_config() for layer in again.layers] == [
        layer.get_config() for layer in model.layers
    ]


def test_the_same_model_makes_the_same_bytes(tmp_path):
    model = small_model()
    for name in ("a", "b"):
        save_keras_weights(model, tmp_path / f"{name}.weights.h5")
        save_keras_model(model, tmp_path / f"{name}.keras")
    for suffix in ("weights.h5", "keras"):
        a, b = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("a", "b"))
        assert a == b


def test_arguments_that_are_no_numbers_come_through(tmp_path):
    layers = [
        L.Input((4, 3), batch_size=2),
        L.LSTM(2, return_sequences=True, stateful=True, dropout=0.25, kernel_regularizer="l2"),
        L.GRU(2, return_sequences=True, kernel_initializer="he_normal", name="by_hand"),
        L.Dense(
            3,
            activation="relu",
            kernel_initializer={"class_name": "Constant", "config": {"value": 2.0}},
        ),
        L.Dropout(0.5, seed=3),
    ]
    model = Sequential(layers, name="whole")
    save_keras_model(model, tmp_path / "m.keras")
    back = load_keras_model(tmp_path / "m.keras")
    assert back.name == "whole"
    assert [x.get_config() for x in back.layers] == [x.get_config() for x in model.layers]
    assert back.input_shape == model.input_shape


def change_file(path, change) -> None:
    """Let a function change an HDF5 file."""
    with h5py.File(path, "r+") as file:
        change(file)


def replace(file, key: str, value) -> None:
    """Put another array in the place of one."""
    del file[key]
    file[key] = value


GRU_KERNEL = "layers/gru/cell/vars/0"
BAD_FILES = {
    "missing: layers/gru/cell/vars/0": lambda f: f.__delitem__(GRU_KERNEL),
    "surplus: layers/gru/cell/vars/3": lambda f: f.create_dataset(
        "layers/gru/cell/vars/3", data=1.0
    ),
    "surplus: layers/lstm/cell/vars/0": lambda f: f.create_dataset(
        "layers/lstm/cell/vars/0", data=[1.0]
    ),
    r"layers/gru/cell/vars/0: expected shape \(2, 6\), got \(6, 2\)": lambda f: replace(
        f, GRU_KERNEL, np.ones((6, 2))
    ),
    "layers/gru/cell/vars/0: expected finite numbers, got NaN": lambda f: replace(
        f, GRU_KERNEL, np.full((2, 6), np.nan)
    ),
    "layers/gru/cell/vars/0: expected plain numbers, got object": lambda f: replace(
        f, GRU_KERNEL, np.array([["a"] * 6] * 2, dtype=h5py.string_dtype())
    ),
    "layers/gru/cell/vars/0: expected a group or an array, got a link": lambda f: replace(
        f, GRU_KERNEL, h5py.ExternalLink("/etc/passwd", "x")
    ),
    "layers/soft: expected a group or an array, got a link": lambda f: replace_new(
        f, "layers/soft", h5py.SoftLink("/layers/gru")
    ),
    "layers/type: expected a group or an array": lambda f: replace_new(
        f, "layers/type", np.dtype("f8")
    ),
    "Keras 2's format": lambda f: f.create_group("model_weights"),
}


def replace_new(file, key: str, value) -> None:
    """Add an item."""
    file[key] = value


@pytest.mark.parametrize("message", BAD_FILES)
def test_a_file_that_does_not_fit_is_refused_and_changes_nothing(tmp_path, message):
    model, path = small_model(), tmp_path / "m.weights.h5"
    save_keras_weights(small_model(), path)
    before = model.get_weights()
    change_file(path, BAD_FILES[message])
    with pytest.raises(ValueError, match=rf"load_keras_weights: .*m\.weights\.h5: .*{message}"):
        load_keras_weights(model, path)
    assert all((a == b).all() for a, b in zip(before, model.weights, strict=True))


def test_a_declared_size_takes_no_memory(tmp_path):
    model, path = small_model(), tmp_path / "m.weights.h5"
    save_keras_weights(model, path)

    def declare(file):
        del file[GRU_KERNEL]
        file.create_dataset(GRU_KERNEL, (2**20, 2**20), "f4", chunks=(64, 64))

    change_file(path, declare)
    with pytest.raises(ValueError, match="expected shape"):
        load_keras_weights(model, path)


def test_a_group_that_holds_itself_is_refused(tmp_path):
    model, path = small_model(), tmp_path / "m.weights.h5"
    save_keras_weights(model, path)
    change_file(path, lambda file: replace_new(file, "layers/loop", file["layers"]))
    with pytest.raises(ValueError, match="nested too deeply, or too many objects"):
        load_keras_weights(model, path)


def test_optimizer_and_generators_in_the_file_are_left_out(tmp_path):
    model, path = small_model(), tmp_path / "m.weights.h5"
    save_keras_weights(model, path)

    def add(file):
        file["optimizer/vars/0"] = 3
        file["layers/dropout/seed_generator/vars/0"] = np.array([1, 2], "uint32")

    change_file(path, add)
    load_keras_weights(model, path)


def test_damaged_files_raise_our_error_alone(tmp_path):
    model, path = small_model(), tmp_path / "m.weights.h5"
    with pytest.raises(ValueError, match="no such file"):
        load_keras_weights(model, path)
    save_keras_weights(model, path)
    honest = path.read_bytes()
    for length in (0, 7, 100, len(honest) // 2, len(honest) - 100):
        path.write_bytes(honest[:length])
        with pytest.raises(ValueError, match=r"m\.weights\.h5: "):
            load_keras_weights(model, path)


def test_names_of_files_are_checked_and_a_failure_leaves_the_old_file(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.weights\.h5"):
        save_keras_weights(small_model(), tmp_path / "m.h5")
    with pytest.raises(ValueError, match=r"ends in \.keras"):
        save_keras_model(small_model(), tmp_path / "m.zip")
    path = tmp_path / "m.weights.h5"
    save_keras_weights(small_model(), path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Keras has no weight"):
        save_keras_weights(Sequential([L.Input((None, 3)), L.LSTM(2, peepholes=True)]), path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["m.weights.h5"]


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: L.LSTM(2, peepholes=True), "LSTM .*: Keras has no weight peepholes"),
        (lambda: L.GRU(2, trainable_initial_state=True), "GRU .*: Keras has no weight initial_h"),
        (lambda: L.LayerNormGRU(2), "LayerNormGRU .*: Keras has no layer with these weights"),
        (
            lambda: L.RNN(L.GRUCell(2), trainable_initial_state=True),
            "RNN .*: Keras has no weight initial_state_0",
        ),
    ],
)
def test_what_keras_has_not_is_refused_by_name(tmp_path, layer, message):
    model = Sequential([L.Input((None, 3)), layer()])
    with pytest.raises(ValueError, match=message):
        save_keras_weights(model, tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="Keras has no"):
        save_keras_model(model, tmp_path / "m.keras")
    assert not list(tmp_path.iterdir())


def test_a_model_that_is_not_built_is_refused(tmp_path):
    with pytest.raises(ValueError, match="build it first"):
        save_keras_weights(Sequential([L.GRU(2)]), tmp_path / "m.weights.h5")
    with pytest.raises(ValueError, match="model: expected a Sequential that is built"):
        save_keras_model(small_model().layers, tmp_path / "m.keras")


def test_an_activation_with_options_has_no_name_in_keras(tmp_path):
    bent = activations.leaky_relu.configure(negative_slope=0.3)
    model = Sequential([L.Input((3,)), L.Dense(2, activation=bent)])
    with pytest.raises(ValueError, match="Dense: activation: Keras takes a name alone"):
        save_keras_model(model, tmp_path / "m.keras")
