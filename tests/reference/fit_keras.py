"""Histories of Keras's `fit`: weights of samples and classes, masks, validation, callbacks …

The cases stand in fit_cases.py, which the tests run with this library.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import fit_cases
import keras
import numpy as np
import store


def make() -> None:
    """Write keras_fit.npz."""
    api = fit_cases.Api(
        keras.Sequential, keras.layers, keras.optimizers, keras.callbacks, keras.regularizers
    )
    cases = {}
    for name, case in fit_cases.CASES.items():
        run = case(api)
        cases[name] = {
            "seed": 5,
            "evaluation": run.evaluation,
            **{f"history.{key}": np.array(values) for key, values in run.history.items()},
            **{f"final.{k}": weight for k, weight in enumerate(run.weights)},
        }
        print(f"{name}: {', '.join(run.history)}, {len(run.history['loss'])} epochs")
    store.save("keras_fit.npz", cases, __doc__.splitlines()[0], ("keras", "jax"))
