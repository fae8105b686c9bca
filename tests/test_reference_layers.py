"""Recurrent layers give the numbers of Keras's: masks, states, directions, all gradients."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn import layers

from .recurrences import BACKENDS
from .reference import store

CASES = store.load("keras_layers.npz")
SINGLE = {name: case for name, case in CASES.items() if "merge_mode" not in case}
BIDIRECTIONAL = {name: case for name, case in CASES.items() if "merge_mode" in case}


def group(case: dict, name: str) -> list[np.ndarray]:
    """Return the arrays ``name.0``, ``name.1`` ... of a case."""
    return [case[f"{name}.{i}"] for i in range(case[f"{name}s"])]


def agree(layer, case: dict) -> None:
    """Assert that the layer's outputs and all its gradients are the case's."""
    x = case["x"]
    layer.build(x.shape)
    layer.set_weights(group(case, "weight"))
    states = group(case, "state")
    options = {"initial_state": states} if states else {}
    outputs = layer(x, mask=case.get("mask"), **options)
    for got, want in zip(outputs, group(case, "output"), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)
    dy, *d_state = group(case, "upstream")
    dx = layer.backward(dy, d_state)
    np.testing.assert_allclose(dx, case["dx"], rtol=0, atol=1e-11)
    for got, want in zip(layer.gradients, group(case, "d_weight"), strict=True):
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-10)
    if states:
        for got, want in zip(layer.d_initial_state, group(case, "d_initial_state"), strict=True):
            np.testing.assert_allclose(got, want, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("case", SINGLE.values(), ids=SINGLE)
def test_recurrent_layers_are_those_of_keras(case, name):
    with scratchrnn.use_backend(name):
        kind = getattr(layers, case["class_name"])
        agree(kind(case["units"], return_state=True, dtype="float64", **case["config"]), case)


@pytest.mark.parametrize("name", BACKENDS)
@pytest.mark.parametrize("case", BIDIRECTIONAL.values(), ids=BIDIRECTIONAL)
def test_bidirectional_layers_are_those_of_keras(case, name):
    with scratchrnn.use_backend(name):
        kind = getattr(layers, case["class_name"])
        inner = kind(case["units"], return_sequences=True, return_state=True, dtype="float64")
        agree(layers.Bidirectional(inner, merge_mode=case["merge_mode"], dtype="float64"), case)
