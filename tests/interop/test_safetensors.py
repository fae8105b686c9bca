"""``.safetensors``: read and written as the package does, and no file that is not one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scratchrnn.interop import load_safetensors, save_safetensors

ARRAYS = {
    "layer.weight": np.arange(12, dtype="float32").reshape(3, 4) / 7,
    "scalar": np.array(2.5),
    "half": np.array([1.5, -2.0], "float16"),
    "none": np.zeros((0, 3), "float32"),
    "bytes": np.arange(3, dtype="uint8"),
    "long": np.array([[2**40, -3]]),
    "flags": np.array([True, False, True]),
    "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
}


def same(a: dict, b: dict) -> bool:
    """Whether names, types, shapes and values agree."""
    return set(a) == set(b) and all(
        a[k].dtype == b[k].dtype and a[k].shape == b[k].shape and np.array_equal(a[k], b[k])
        for k in a
    )


def test_the_package_reads_what_we_write_and_we_what_it_writes(tmp_path):
    package = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    save_safetensors(ARRAYS, tmp_path / "ours.safetensors")
    assert same(package.load_file(tmp_path / "ours.safetensors"), ARRAYS)
    plain = {name: np.array(array, order="C") for name, array in ARRAYS.items()}
    package.save_file(plain, tmp_path / "theirs.safetensors", metadata={"format": "pt"})
    assert same(load_safetensors(tmp_path / "theirs.safetensors"), ARRAYS)


def test_the_same_arrays_make_the_same_bytes_and_arrays_are_aligned(tmp_path):
    for name in ("a", "b"):
        save_safetensors(ARRAYS, tmp_path / f"{name}.safetensors")
    content = (tmp_path / "a.safetensors").read_bytes()
    assert content == (tmp_path / "b.safetensors").read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert length % 8 == 0
    for entry in json.loads(content[8 : 8 + length]).values():
        size = {"F64": 8, "I64": 8, "F32": 4, "F16": 2}.get(entry["dtype"], 1)
        assert entry["data_offsets"][0] % size == 0


def test_bfloat16_becomes_float32(tmp_path):
    header = json.dumps({"w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    values = np.array([1.0, -2.5, 3.140625], "float32")
    upper = (values.view("uint32") >> 16).astype("<u2")
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + upper.tobytes())
    assert load_safetensors(path)["w"].tolist() == values.tolist()


@given(
    st.dictionaries(
        st.text(max_size=8).filter(lambda s: s != "__metadata__"),
        hnp.arrays(st.sampled_from(["float32", "float64", "int32", "bool"]), hnp.array_shapes()),
        max_size=4,
    )
)
def test_any_arrays_come_back(tmp_path, arrays):
    path = tmp_path / "any.safetensors"
    save_safetensors(arrays, path)
    back = load_safetensors(path)
    assert set(back) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(back[name], array)


def file_with(tmp_path, header, body=b"\0" * 8, length=None):
    """Write a file with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path = tmp_path / "bad.safetensors"
    path.write_bytes((length or len(text)).to_bytes(8, "little") + text + body)
    return path


ENTRY = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
BAD_HEADERS = {
    "not readable": b"{'w': 1}",
    "expected an object": b"[]",
    "a name occurs twice": b'{"w": 1, "w": 1}',
    "nested": b"[" * 100_000,
    "expected \\['data_offsets', 'dtype', 'shape'\\]": {"w": {"dtype": "F32"}},
    "dtype: expected one of": {"w": {**ENTRY, "dtype": "F8_E4M3"}},
    "dtype: expected one of F64": {"w": {**ENTRY, "dtype": ["F32"]}},
    "shape: expected sizes": {"w": {**ENTRY, "shape": [-2]}},
    "expected 4398046511104 bytes": {"w": {**ENTRY, "shape": [2**40]}},
    "data_offsets: expected two": {"w": {**ENTRY, "data_offsets": [0]}},
    "expected to start at byte 0, got 4": {
        "w": {**ENTRY, "data_offsets": [4, 12]},
    },
    "v: expected to start at byte 8, got 0": {"v": ENTRY, "u": ENTRY},
    "expected 4 bytes of tensors, got 8": {"w": {**ENTRY, "shape": [1], "data_offsets": [0, 4]}},
}


@pytest.mark.parametrize("message", BAD_HEADERS)
def test_a_bad_header_is_refused(tmp_path, message):
    expected = "not readable" if message == "nested" else message
    with pytest.raises(ValueError, match=f"bad.safetensors: .*{expected}"):
        load_safetensors(file_with(tmp_path, BAD_HEADERS[message]))


def test_truncated_and_altered_files_raise_our_error_alone(tmp_path):
    path = tmp_path / "w.safetensors"
    save_safetensors(ARRAYS, path)
    honest = path.read_bytes()
    for length in range(0, len(honest), 23):
        path.write_bytes(honest[:length])
        with pytest.raises(ValueError, match=r"w\.safetensors: "):
            load_safetensors(path)
    rng = np.random.default_rng(0)
    for _ in range(150):
        mutated = bytearray(honest)
        for place in rng.integers(0, 400, rng.integers(1, 4)):
            mutated[place] = rng.integers(256)
        path.write_bytes(mutated)
        try:
            found = load_safetensors(path)
        except ValueError as error:
            assert str(error).startswith("load_safetensors: ")
        else:
            assert sum(array.nbytes for array in found.values()) <= 2 * len(honest)


def test_what_cannot_be_written_is_refused_and_leaves_the_old_file(tmp_path):
    path = tmp_path / "w.safetensors"
    save_safetensors({"w": np.ones(2)}, path)
    before = path.read_bytes()
    for arrays, message in [
        ({"w": np.array(["text"])}, "dtype: expected numbers"),
        ({"w": np.ones(2, complex)}, "dtype: expected numbers"),
        ({"__metadata__": np.ones(2)}, "expected a name"),
        ({1: np.ones(2)}, "expected a name"),
    ]:
        with pytest.raises(ValueError, match=message):
            save_safetensors(arrays, path)
    with pytest.raises(ValueError, match=r"ends in \.safetensors"):
        save_safetensors({}, tmp_path / "w.npz")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["w.safetensors"]
