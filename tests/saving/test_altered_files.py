"""Files with right checksums whose parts do not fit each other, and states that are no numbers."""

from __future__ import annotations

import struct
import warnings

import numpy as np
import pytest

from scratchrnn import callbacks, layers, losses
from scratchrnn.models import Sequential, load_model
from scratchrnn.saving import open_archive, pack, write_archive

from . import mutants


def model_of(*more) -> Sequential:
    """Return a compiled model that has been trained for a batch."""
    model = Sequential([layers.Input((3,)), layers.Dense(2, seed=1), *more])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 3)), np.zeros((2, 2)), verbose=0)
    return model


@pytest.fixture
def honest(tmp_path) -> bytes:
    """The bytes of a model's file."""
    model_of().save(tmp_path / "m.npz")
    return (tmp_path / "m.npz").read_bytes()


def refused(tmp_path, content: bytes) -> str:
    """Return what `load_model` says of a file."""
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"load_model: .*bad\.npz: ") as caught:
        load_model(path)
    return str(caught.value)


def long_list(file: bytes) -> bytes:
    """Let the end of a zip file declare a list of members of 1 GiB."""
    return file[:-10] + struct.pack("<I", 1 << 30) + file[-6:]


def second_list(file: bytes) -> bytes:
    """Put the mark of a second list of members, for large files, in front of the end."""
    return file[:-22] + b"PK\x06\x07".ljust(20, b"\0") + file[-22:]


def large_member(file: bytes) -> bytes:
    """Let the list declare 1 GiB for its first member."""
    at = file.index(b"PK\x01\x02") + 20
    return file[:at] + struct.pack("<II", 1 << 30, 1 << 30) + file[at + 8 :]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (long_list, "its list of members is too long"),
        (second_list, "its list of members is doubled"),
        (large_member, "its members declare more bytes than the file has"),
    ],
)
def test_a_list_of_members_that_lies_is_told(tmp_path, honest, change, message):
    assert message in refused(tmp_path, change(honest))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(metadata=[1]), "metadata: expected a dict"),
        (lambda d: d.update(optimizer=3), "unexpected arrays|optimizer: expected a dict, got 3"),
        (lambda d: d["optimizer"].update(extra={"array": "optimizer/9999"}), "9999: missing"),
        (lambda d: d["model"]["layers"].pop(), "expected 0 weights, got 2"),
    ],
)
def test_a_description_that_does_not_fit_is_told(tmp_path, honest, change, message):
    members = mutants.members_of(honest)
    description = mutants.description_of(members)
    change(description)
    said = refused(tmp_path, mutants.with_description(members, description))
    assert any(part in said for part in message.split("|"))


def test_weights_of_another_model_are_counted(tmp_path):
    path = tmp_path / "w.npz"
    model_of().save_weights(path)
    other = model_of(layers.Dense(2))
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"w\.npz: expected 4 weights, got 2"):
        other.load_weights(path)
    assert all((a == b).all() for a, b in zip(before, other.weights, strict=True))


def test_a_file_of_weights_holds_nothing_else(tmp_path):
    model, path = model_of(), tmp_path / "w.npz"
    arrays = {f"weights/{k:04d}": weight for k, weight in enumerate(model.weights)}
    arrays["extra/0000"] = np.ones(3)
    write_archive(path, {"kind": "weights", "weights": model.weight_names}, arrays)
    with pytest.raises(ValueError, match=r"w\.npz: unexpected arrays \['extra/0000'\]"):
        model.load_weights(path)


def test_numbers_of_numpy_are_kept_as_plain_ones():
    assert pack({"best": np.float64(1.5), "epoch": np.int64(3)}, "training", {}) == {
        "best": 1.5,
        "epoch": 3,
    }


def test_what_could_not_be_loaded_again_is_not_saved(tmp_path):
    model, path = model_of(), tmp_path / "m.npz"
    model.save(path)
    before = path.read_bytes()
    state = model.optimizer.get_state()
    state["velocity/0001"] = np.full(2, np.inf, np.float32)  # gradients of 1e20 do that
    model.optimizer.set_state(state)
    with pytest.raises(ValueError, match=r"save: optimizer/.*: expected finite numbers"):
        model.save(path)
    assert path.read_bytes() == before


def test_a_state_that_is_not_finite_is_told(tmp_path, honest):
    with open_archive(tmp_path / "m.npz") as archive:
        arrays = {name: archive.read(name) for name in archive.headers}
        description = archive.description
    name = next(n for n in arrays if n.startswith("optimizer/") and arrays[n].dtype.kind == "f")
    arrays[name] = np.full_like(arrays[name], np.nan)
    write_archive(tmp_path / "bad.npz", description, arrays)
    said = refused(tmp_path, (tmp_path / "bad.npz").read_bytes())
    assert f"{name}: expected finite numbers, got NaN or infinity" in said


def test_training_does_not_go_on_from_a_model_that_was_only_saved(tmp_path):
    model_of().save(tmp_path / "backup.training.npz")
    model = model_of()

    class Restore(callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.restore_training(tmp_path / "backup.training.npz")

    with pytest.raises(ValueError, match="a model, but not one in training"):
        model.fit(np.ones((2, 3)), np.zeros((2, 2)), verbose=0, callbacks=[Restore()])


class Mine(losses.MeanSquaredError):
    """A loss that no file can name."""


def test_a_backup_with_a_loss_of_ones_own_warns_of_nothing(tmp_path):
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model.compile("sgd", Mine())
    backup = callbacks.BackupAndRestore(tmp_path / "kept", delete_checkpoint=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(np.ones((2, 3)), np.zeros((2, 2)), verbose=0, callbacks=[backup])
    assert any((tmp_path / "kept").iterdir())
    with pytest.warns(UserWarning, match="not of this library"):
        model.save(tmp_path / "m.npz")
