"""Both backends give the numbers of PyTorch and ONNX Runtime, gradients included."""

from __future__ import annotations

import numpy as np
import pytest

from .recurrences import BACKENDS, STATES, WEIGHTS, backward, forward, functions, mask_of, reverse
from .reference import store

TORCH = store.load("torch_recurrences.npz")
ONNX = store.load("onnx_recurrences.npz")
FILES = ("torch_recurrences.npz", "onnx_recurrences.npz", "keras_layers.npz", "keras_histories.npz")


def options_of(case: dict) -> dict:
    """Return the keyword options of the recurrence that a case is about."""
    if case["cell"] == "rnn":
        return {"activation": case["activation"]}
    return {"reset_after": case.get("reset_after", True)} if case["cell"] == "gru" else {}


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("case", TORCH.values(), ids=TORCH)
def test_outputs_and_gradients_are_those_of_pytorch(case, name):
    cell, N, T = case["cell"], *case["x"].shape[:2]
    arrays = {k: case[k] for k in ("x", "h0", "c0", "Wx", "Wh", "b") if k in case}
    real = np.ones((N, T), bool)
    if "lengths" in case:
        real = arrays["mask"] = mask_of(case["lengths"], T)
    pair = functions(name, cell)
    outputs, cache = forward(pair, cell, arrays, **options_of(case))
    upstream = {"h": case["dh"] * real[..., None]}
    upstream |= {f"{letter}T": case[f"d{letter}T"] for letter in STATES[cell]}
    gradients = backward(pair, cell, upstream, cache)
    close(outputs["h"] * real[..., None], case["h"], 1e-12)
    for letter in STATES[cell]:
        close(outputs[f"{letter}T"], case[f"{letter}T"], 1e-12)
    assert set(gradients) == set(arrays) - {"mask"}
    for key, gradient in gradients.items():
        close(gradient, case[f"d{key}"], 1e-11)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("case", ONNX.values(), ids=ONNX)
def test_outputs_are_those_of_onnx_runtime(case, name):
    cell, T = case["cell"], case["x"].shape[1]
    mask = mask_of(case["lengths"], T) if "lengths" in case else None
    directions = {"forward": [False], "reverse": [True], "bidirectional": [False, True]}
    for d, backwards in enumerate(directions[case["direction"]]):
        keys = (*WEIGHTS, "h0", "c0")
        arrays = {key: case[f"{key}.{d}"] for key in keys if f"{key}.{d}" in case}
        arrays |= {"x": reverse(case["x"], mask) if backwards else case["x"], "mask": mask}
        outputs, _ = forward(functions(name, cell), cell, arrays, **options_of(case))
        h = reverse(outputs["h"], mask) if backwards else outputs["h"]
        close(h if mask is None else h * mask[..., None], case[f"h.{d}"], 3e-6)
        for letter in STATES[cell]:
            close(outputs[f"{letter}T"], case[f"{letter}T.{d}"], 3e-6)


def close(got, want, tolerance):
    """Assert equality to `tolerance`, relative to the largest entry."""
    size = max(1.0, float(np.max(np.abs(want), initial=0.0)))
    np.testing.assert_allclose(got, want, rtol=0, atol=tolerance * size)


@pytest.mark.parametrize("file", FILES)
def test_every_reference_has_versions_and_seeds_and_no_constant_weights(file):
    header = store.header(file)
    assert len(header["versions"]) >= 2
    for name, case in store.load(file).items():
        assert isinstance(case["seed"], int), name
        weights = [v for k, v in case.items() if k.split(".")[0] in ("Wx", "Wh", "b", "weight")]
        for weight in weights:
            assert np.unique(weight).size == weight.size, name


def test_the_reference_files_are_small():
    assert sum(path.stat().st_size for path in store.HERE.glob("*.npz")) < 1.5e6
