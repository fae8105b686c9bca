"""Layers of Keras other than the plain recurrent ones, with all gradients, float64.

The cases stand in layer_cases.py, which the tests run with this library.
"""

from __future__ import annotations

import keras
import layer_cases
import numpy as np
import store
import tensorflow as tf


def inputs(case: layer_cases.LayerCase, rng: np.random.Generator) -> tuple:
    """Return x and mask."""
    if case.indices:
        return rng.integers(case.indices, size=case.shape), None
    x = rng.standard_normal(case.shape)
    if not case.masked:
        return x, None
    mask = rng.random(case.shape[:2]) < 0.6
    mask[:, 0] = [False, *[True] * (len(x) - 1)]
    mask[:, 1] = True
    return x, mask


def run(case: layer_cases.LayerCase, seed: int) -> dict[str, np.ndarray]:
    """Return inputs, weights, output and every gradient for a random upstream gradient."""
    rng = np.random.default_rng(seed)
    layer = case.make(keras.layers, "float64")
    x, mask = inputs(case, rng)
    options = {} if mask is None else {"mask": mask}
    layer(x, **options)
    weights = [0.6 * rng.standard_normal(w.shape) for w in layer.get_weights()]
    layer.set_weights(weights)
    x = x if case.indices else tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch([] if case.indices else x)
        y = layer(x, **options)
        dy = rng.standard_normal(y.shape)
        loss = tf.reduce_sum(dy * y)
    sources = [v.value for v in layer.trainable_variables] + ([] if case.indices else [x])
    gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, sources)]
    d_weights = gradients[: len(weights)]
    arrays = {"x": np.array(x), "y": np.array(y), "dy": dy}
    arrays |= {} if mask is None else {"mask": mask}
    arrays |= {} if case.indices else {"dx": np.array(gradients[-1])}
    arrays |= {f"weight.{k}": w for k, w in enumerate(weights)}
    arrays |= {f"d_weight.{k}": np.array(w) for k, w in enumerate(d_weights)}
    return arrays


def make() -> None:
    """Write keras_other_layers.npz."""
    keras.config.set_floatx("float64")
    cases = {}
    for seed, (name, case) in enumerate(layer_cases.CASES.items(), start=100):
        cases[name] = {"seed": seed, **run(case, seed)}
        print(name, cases[name]["y"].shape)
    store.save(
        "keras_other_layers.npz", cases, __doc__.splitlines()[0], ("keras", "tensorflow-cpu")
    )
