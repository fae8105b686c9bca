"""The file: what is written comes back, and everything else is refused with one kind of error."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from scratchrnn import layers
from scratchrnn.models import Sequential, load_model
from scratchrnn.saving import open_archive, pack, unpack, write_archive

from . import mutants


def read(path) -> tuple[dict, dict[str, np.ndarray]]:
    with open_archive(path) as archive:
        return archive.description, {name: archive.read(name) for name in archive.headers}


ARRAYS = st.sampled_from(["f4", "f8", "i4", "i8", "u1", "?"]).flatmap(
    lambda code: npst.arrays(np.dtype(code), npst.array_shapes(min_dims=0, max_dims=3, min_side=0))
)


NAMES = st.from_regex(r"[a-z]+/[0-9]{4}", fullmatch=True)


@given(arrays=st.dictionaries(NAMES, ARRAYS, max_size=4))
def test_arrays_come_back_as_they_went(tmp_path_factory, arrays):
    path = tmp_path_factory.mktemp("archive") / "a.npz"
    write_archive(path, {"kind": "test", "note": "naïve"}, arrays)
    description, found = read(path)
    assert description == {"kind": "test", "note": "naïve"} and set(found) == set(arrays)
    for name, value in arrays.items():
        assert found[name].dtype == value.dtype and found[name].shape == value.shape
        np.testing.assert_array_equal(found[name], value)


def test_arrays_in_other_memory_orders_come_back(tmp_path):
    value = np.arange(12.0).reshape(3, 4)
    for odd in (value.T, np.asfortranarray(value), value[::2, ::-1], value.astype(">f8")):
        write_archive(tmp_path / "a.npz", {}, {"a/0000": odd})
        np.testing.assert_array_equal(read(tmp_path / "a.npz")[1]["a/0000"], odd)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text().filter(lambda key: key != "array"), inner, max_size=3)
    ),
    max_leaves=8,
)


def same(a, b) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


@given(tree=TREES)
def test_trees_come_back_from_json_and_named_arrays(tree):
    arrays: dict[str, np.ndarray] = {}
    plain = json.loads(json.dumps(pack(tree, "part", arrays)))
    assert same(unpack(plain, "part", arrays.__getitem__), tree)


@pytest.mark.parametrize("tree", [{1: 2}, {"array": 1}, [object()], {"a": {1, 2}}])
def test_what_is_no_plain_value_is_not_written(tree):
    with pytest.raises(ValueError, match="save: part: expected"):
        pack(tree, "part", {})


def test_a_tree_reads_no_arrays_of_another_part():
    with pytest.raises(ValueError, match="no array of its own"):
        unpack({"array": "weights/0000"}, "state", {}.__getitem__)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"a": np.array(["text"])}, "a: expected one of"),
        ({"a": np.array([1j])}, "a: expected one of"),
        ({"a": np.array([None])}, "a: expected one of"),
    ],
)
def test_other_types_are_not_written(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message):
        write_archive(tmp_path / "a.npz", {}, arrays)
    assert not list(tmp_path.iterdir())


def test_endless_metadata_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="1,048,576 is the most"):
        write_archive(tmp_path / "a.npz", {"metadata": "x" * 2_000_000}, {})


def test_a_failed_save_leaves_the_old_file(tmp_path):
    model = Sequential([layers.Input((2,)), layers.Dense(1)])
    model.save(tmp_path / "m.npz")
    before = (tmp_path / "m.npz").read_bytes()
    model.metadata = {"classes": {1, 2}}
    with pytest.raises(ValueError, match="not JSON-able"):
        model.save(tmp_path / "m.npz")
    assert (tmp_path / "m.npz").read_bytes() == before
    assert os.listdir(tmp_path) == ["m.npz"]


@pytest.fixture(scope="module")
def honest(tmp_path_factory) -> bytes:
    model = Sequential([layers.Input((None, 3)), layers.LSTM(4, seed=1), layers.Dense(2, seed=2)])
    model.compile("adam", "mse")
    path = tmp_path_factory.mktemp("honest") / "m.npz"
    model.save(path)
    return path.read_bytes()


def refused(tmp_path, content: bytes) -> str:
    """Return what `load_model` says of a file."""
    path = tmp_path / "bad.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError) as caught:
        load_model(path)
    assert type(caught.value) is ValueError and str(path) in str(caught.value)
    return str(caught.value)


def test_missing_and_unreadable_files_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"absent\.npz: no such file"):
        load_model(tmp_path / "absent.npz")
    with pytest.raises(ValueError, match="cannot be read"):
        load_model(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a model at all" * 9, b"\x00" * 5000])
def test_other_files_are_told(tmp_path, content):
    assert "truncated, or not a model file" in refused(tmp_path, content)


def test_arrays_that_numpy_alone_wrote_are_told(tmp_path, honest):
    np.savez(tmp_path / "plain.npz", a=np.zeros(3))
    assert "not a scratchrnn file" in refused(tmp_path, (tmp_path / "plain.npz").read_bytes())


def test_truncation_anywhere_is_told(tmp_path, honest):
    for size in range(0, len(honest), 97):
        refused(tmp_path, honest[:size])


def test_exchanged_members_of_one_shape_are_told(tmp_path, honest):
    members = mutants.members_of(honest)
    a, b = "weights/0001.npy", "weights/0000.npy"
    members[a], members[b] = members[b], members[a]
    assert "not those that" in refused(tmp_path, mutants.zipped(list(members.items())))
    members = mutants.members_of(honest)
    a, b = "optimizer/0000.npy", "optimizer/0001.npy"  # two numbers of one type
    members[a], members[b] = members[b], members[a]
    assert "not those that" in refused(tmp_path, mutants.zipped(list(members.items())))


def test_an_altered_number_is_told(tmp_path, honest):
    members = mutants.members_of(honest)
    content = bytearray(members["weights/0000.npy"])
    content[-1] ^= 1
    members["weights/0000.npy"] = bytes(content)
    message = refused(tmp_path, mutants.zipped(list(members.items())))
    assert "weights/0000: its numbers are not those that were written" in message


@pytest.mark.parametrize("name", ["../evil.npy", "/etc/evil.npy", "weights/0000.py", "a\\b.npy"])
def test_names_that_lead_elsewhere_are_told(tmp_path, honest, name):
    members = [*mutants.members_of(honest).items(), (name, b"")]
    assert "unexpected member" in refused(tmp_path, mutants.zipped(members))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_occurs_twice_is_told(tmp_path, honest):
    members = list(mutants.members_of(honest).items())
    assert "occurs twice" in refused(tmp_path, mutants.zipped([*members, members[-1]]))


def test_smuggled_and_missing_members_are_told(tmp_path, honest):
    members = list(mutants.members_of(honest).items())
    extra = ("weights/9999.npy", mutants.npy(np.zeros(3, np.float32)))
    for changed in ([*members, extra], members[:-1]):
        assert "not those that its description lists" in refused(tmp_path, mutants.zipped(changed))


def test_compressed_members_are_told(tmp_path, honest):
    members = list(mutants.members_of(honest).items())
    assert ".npy: compressed" in refused(tmp_path, mutants.zipped(members, zipfile.ZIP_DEFLATED))


@pytest.mark.parametrize(("place", "length"), [(26, 60_000), (26, 3), (28, 60_000)])
def test_a_member_with_a_long_name_or_field_of_its_own_is_told(tmp_path, honest, place, length):
    start = honest.rindex(b"PK\x03\x04")  # in front of the last member
    altered = bytearray(honest)
    altered[start + place : start + place + 2] = length.to_bytes(2, "little")
    assert "its header is damaged" in refused(tmp_path, bytes(altered))


def test_a_header_that_declares_more_than_there_is_is_told(tmp_path, honest):
    members = mutants.members_of(honest)
    content = members["weights/0000.npy"]
    for shape, message in (
        (b"(1099511627776,)", "declares 4398046511104 bytes"),
        (b"(3, 15)", "declares 180 bytes"),
        (b"(-3, -16)", "no plain .npy header"),
        (b"(2**40,)", "no plain .npy header"),
        (b"[x for x in ()]", "no plain .npy header"),
    ):
        line = content[10 : content.index(b"\n")]
        other = line.replace(b"(3, 16)", shape).rstrip().ljust(len(line))
        members["weights/0000.npy"] = content.replace(line, other, 1)
        assert message in refused(tmp_path, mutants.zipped(list(members.items())))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format="other"), "not a scratchrnn file"),
        (lambda d: d.update(version=2), "expected format version 1, got 2"),
        (lambda d: d.update(kind="cake"), "not a model"),
        (lambda d: d.pop("metadata"), "damaged or not ours"),
        (lambda d: d["model"]["layers"][1].update(class_name="os.system"), "layer of this library"),
        (lambda d: d["model"]["layers"][1]["config"].update(units=10**9), "more than the file"),
        (lambda d: d["model"]["layers"][1]["config"].update(units=3), "expected float32"),
        (lambda d: d["model"]["layers"][1]["config"].update(evil=3), "no such argument"),
        (lambda d: d["model"]["layers"][1]["config"].update(dtype="float64"), "expected float64"),
        (lambda d: d["compile"]["optimizer"].update(class_name="Evil"), "Evil"),
        (lambda d: d["optimizer"].pop("iterations"), "unexpected arrays"),
        (lambda d: d["state"].pop(), "expected 3 layers"),
    ],
)
def test_a_description_that_does_not_fit_is_told(tmp_path, honest, change, message):
    members = mutants.members_of(honest)
    description = mutants.description_of(members)
    change(description)
    assert message in refused(tmp_path, mutants.with_description(members, description))


def test_weights_that_are_not_finite_are_told(tmp_path, honest):
    members = mutants.members_of(honest)
    (tmp_path / "honest.npz").write_bytes(honest)
    description, arrays = read(tmp_path / "honest.npz")
    assert description["kind"] == "model" and len(members) == len(arrays) + 1
    arrays["weights/0001"][0, 0] = np.inf
    write_archive(tmp_path / "bad.npz", description, arrays)
    message = refused(tmp_path, (tmp_path / "bad.npz").read_bytes())
    assert "recurrent_kernel: expected finite numbers" in message


def test_deep_json_is_told(tmp_path, honest):
    deep = b"[" * 100_000
    message = refused(tmp_path, mutants.with_description(mutants.members_of(honest), deep))
    assert "description cannot be read" in message
