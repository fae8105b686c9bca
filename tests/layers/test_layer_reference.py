"""Layers give the numbers of Keras's: outputs, and the gradients of everything."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers

from ..reference import layer_cases, store

CASES = store.load("keras_other_layers.npz")


def arrays(case: dict, name: str) -> list[np.ndarray]:
    """Return ``name.0``, ``name.1`` … of a case."""
    return [case[f"{name}.{k}"] for k in range(sum(key.startswith(f"{name}.") for key in case))]


def test_every_case_has_its_numbers():
    assert set(CASES) == set(layer_cases.CASES)


@pytest.mark.parametrize("name", CASES)
def test_layers_are_those_of_keras(name):
    case, layer = CASES[name], layer_cases.CASES[name].make(layers, "float64")
    layer.build(case["x"].shape)
    layer.set_weights(arrays(case, "weight"))
    y = layer(case["x"], mask=case.get("mask"))
    np.testing.assert_allclose(y, case["y"], rtol=0, atol=1e-12)
    dx = layer.backward(case["dy"])
    for got, want in zip(layer.gradients, arrays(case, "d_weight"), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-11)
    if "dx" in case:
        np.testing.assert_allclose(dx, case["dx"], rtol=0, atol=1e-11)
