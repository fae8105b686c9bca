"""`fit` and `evaluate` give the histories that Keras gives from the same weights."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from scratchrnn import callbacks, layers, optimizers, regularizers, use_backend
from scratchrnn.models import Sequential

sys.path.insert(0, str(Path(__file__).parent / "reference"))

import fit_cases
import store

API = fit_cases.Api(Sequential, layers, optimizers, callbacks, regularizers)
# Keras on JAX forgets the mask for metrics of training, not for those of validation.
WITHOUT_MASK = {"masked_sequences": {"mae"}, "masked_and_weighted_sequences": {"mae"}}
KERAS = store.load("keras_fit.npz")


@pytest.mark.parametrize("name", fit_cases.CASES)
def test_histories_and_weights_are_those_of_keras(name):
    run, kept = fit_cases.CASES[name](API), KERAS[name]
    expected = {k.removeprefix("history."): v for k, v in kept.items() if "history." in k}
    assert set(run.history) == set(expected)
    for key, values in expected.items():
        if key in WITHOUT_MASK.get(name, ()):
            continue
        np.testing.assert_allclose(run.history[key], values, rtol=1e-5, atol=1e-5, err_msg=key)
    assert set(run.evaluation) == set(kept["evaluation"])
    for key, value in kept["evaluation"].items():
        np.testing.assert_allclose(run.evaluation[key], value, rtol=1e-5, atol=1e-5, err_msg=key)
    for k, weight in enumerate(run.weights):
        np.testing.assert_allclose(weight, kept[f"final.{k}"], rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("problem", ["document", "windows"])
@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
def test_a_hundred_epochs_follow_keras(problem, cell, backend):
    with use_backend(backend):
        follow_keras(problem, cell)


def follow_keras(problem, cell):
    case = store.load("keras_histories.npz")[f"{problem}_{cell}"]
    model = Sequential()
    model.add(getattr(layers, cell)(case["units"], input_shape=case["x"].shape[1:]))
    model.add(layers.Dense(1, activation="linear"))
    model.compile(optimizer="adam", loss="mse")
    model.set_weights([case[f"start.{k}"] for k in range(case["weights"])])
    history = model.fit(
        case["x"], case["y"], epochs=case["epochs"], batch_size=case["batch_size"],
        shuffle=False, verbose=0,
    )  # fmt: skip
    np.testing.assert_allclose(history.history["loss"], case["loss"], rtol=0, atol=1e-4)
    predicted = model.predict(case["x_test"], verbose=0)
    np.testing.assert_allclose(predicted, case["prediction"], rtol=0, atol=1e-3)
