"""What importing interop costs, and what it says where an optional package is missing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from scratchrnn import interop
from scratchrnn import layers as L
from scratchrnn.interop.checks import place
from scratchrnn.models import Sequential

FOREIGN = ("h5py", "onnx", "safetensors", "torch", "keras", "jax", "tensorflow", "onnxruntime")


def test_importing_and_using_what_needs_no_package_imports_none():
    code = (
        "import sys, numpy as np\n"
        "from scratchrnn import interop\n"
        "for name in interop.__all__: getattr(interop, name)\n"
        "interop.from_torch({'weight': np.ones((2, 3)), 'bias': np.ones(2)})\n"
        f"print([name for name in {FOREIGN!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "extra", "call"),
    [
        ("h5py", "keras-weights", lambda m, p: interop.save_keras_weights(m, p / "m.weights.h5")),
        ("h5py", "keras-weights", lambda m, p: interop.save_keras_model(m, p / "m.keras")),
        ("onnx", "onnx", lambda m, p: interop.to_onnx(m, p / "m.onnx")),
        ("onnx", "onnx", lambda m, p: interop.from_onnx(b"")),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, tmp_path, package, extra, call):
    monkeypatch.setitem(sys.modules, package, None)
    model = Sequential([L.Input((None, 3)), L.GRU(2)])
    with pytest.raises(ImportError, match=rf"needs {package}, .*scratchrnn\[{extra}\]"):
        call(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_name_is_there_and_described():
    for name in interop.__all__:
        assert getattr(interop, name).__doc__
        assert name in dir(interop)
    with pytest.raises(AttributeError, match="no attribute 'from_pickle'"):
        interop.from_pickle  # noqa: B018


def test_arrays_are_placed_all_or_not_at_all():
    live = {"a": np.zeros(2), "b": np.zeros(3)}
    for found, message in [
        ({"a": np.ones(2)}, "file: missing: b"),
        ({"a": np.ones(2), "b": np.ones(3), "c": np.ones(1)}, "file: surplus: c"),
        ({"a": np.ones(2), "d": np.ones(3)}, "file: missing: b; surplus: d"),
        ({"a": np.ones(2), "b": np.ones(2)}, r"file: b: expected shape \(3,\), got \(2,\)"),
        ({"a": np.ones(2), "b": [1, np.inf, 2]}, "file: b: expected finite numbers"),
        ({"a": np.ones(2), "b": ["x"] * 3}, "file: b: expected an array of numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            place("file", live, found)
        assert not live["a"].any()
    place("file", live, {"a": [1, 2], "b": np.ones(3, "float32")})
    assert live["a"].tolist() == [1, 2]
