"""Recurrent layers of Keras (TensorFlow backend) with all gradients, float64.

Masks with holes and with a masked beginning, initial states, go_backwards, zero_output_for_mask,
both forms of the GRU, stacked and bidirectional layers; weights as `get_weights` gives them.
"""

from __future__ import annotations

import keras
import numpy as np
import store
import tensorflow as tf

SHAPES = [(3, 5, 4, 6), (1, 1, 1, 1), (2, 6, 1, 3)]  # N, T, D, H
VARIANTS = [
    {},
    {"go_backwards": True, "mask": True},
    {"mask": True},
    {"mask": True, "zero_output_for_mask": True, "initial_state": False},
    {"return_sequences": False, "mask": True},
]
FORMS = {
    "simple_rnn": ("SimpleRNN", {}),
    "simple_rnn_relu": ("SimpleRNN", {"activation": "relu"}),
    "lstm": ("LSTM", {}),
    "lstm_no_bias": ("LSTM", {"use_bias": False}),
    "gru": ("GRU", {}),
    "gru_before": ("GRU", {"reset_after": False}),
    "gru_hard": ("GRU", {"recurrent_activation": "hard_sigmoid", "activation": "softsign"}),
}


def random_mask(rng: np.random.Generator, N: int, T: int) -> np.ndarray:
    """Return a mask with holes; the first row starts masked, no row is masked throughout."""
    mask = rng.random((N, T)) < 0.6
    mask[:, -1] |= ~mask.any(axis=1)
    if T > 1:
        mask[0, 0] = False
        mask[0, 1] = True
    return mask


def run(layer, x, mask, states, seed: int) -> dict:
    """Return the layer's outputs and all gradients for random upstream gradients."""
    rng = np.random.default_rng(seed + 1)
    weights = [v.value for v in layer.trainable_variables]
    x, states = tf.constant(x), [tf.constant(state) for state in states]
    with tf.GradientTape() as tape:
        tape.watch([x, *states])
        options = {"initial_state": states} if states else {}
        values = layer(x, mask=mask, **options)
        values = list(values) if isinstance(values, list | tuple) else [values]
        upstream = [rng.standard_normal(y.shape) for y in values]
        loss = sum(tf.reduce_sum(u * y) for u, y in zip(upstream, values, strict=True))
    dx, *gradients = tape.gradient(loss, [x, *weights, *states])
    groups = {
        "weight": weights,
        "d_weight": gradients[: len(weights)],
        "state": states,
        "d_initial_state": gradients[len(weights) :],
        "output": values,
        "upstream": upstream,
    }
    arrays = {f"{n}.{i}": np.array(a) for n, g in groups.items() for i, a in enumerate(g)}
    counts = {f"{n}s": len(g) for n, g in groups.items()}
    return {"x": np.array(x), "dx": np.array(dx), **arrays, **counts}


def random_weights(layer, rng: np.random.Generator) -> None:
    """Give every weight random values, biases included."""
    layer.set_weights([0.6 * rng.standard_normal(w.shape) for w in layer.get_weights()])


def one_layer(form: str, shape: tuple[int, ...], variant: dict, seed: int) -> dict:
    """Return one case of a single recurrent layer."""
    N, T, D, H = shape
    rng = np.random.default_rng(seed)
    class_name, options = FORMS[form]
    config = {"return_sequences": True, **options}
    config |= {k: v for k, v in variant.items() if k not in ("mask", "initial_state")}
    layer = getattr(keras.layers, class_name)(H, return_state=True, dtype="float64", **config)
    layer.build((N, T, D))
    random_weights(layer, rng)
    x = rng.standard_normal((N, T, D))
    mask = random_mask(rng, N, T) if variant.get("mask") else None
    count = 2 if class_name == "LSTM" else 1
    states = []
    if variant.get("initial_state", True):
        states = [rng.standard_normal((N, H)) for _ in range(count)]
    case = {"class_name": class_name, "units": H, "config": config, "seed": seed}
    case |= {"mask": mask} if mask is not None else {}
    return {**case, **run(layer, x, mask, states, seed)}


def bidirectional(class_name: str, merge: str, masked: bool, seed: int) -> dict:
    """Return one case of a bidirectional layer."""
    N, T, D, H = 3, 5, 4, 3
    rng = np.random.default_rng(seed)
    options = {"return_sequences": True, "return_state": True, "dtype": "float64"}
    inner = getattr(keras.layers, class_name)(H, **options)
    layer = keras.layers.Bidirectional(inner, merge_mode=merge, dtype="float64")
    layer.build((N, T, D))
    random_weights(layer, rng)
    x = rng.standard_normal((N, T, D))
    mask = random_mask(rng, N, T) if masked else None
    count = 4 if class_name == "LSTM" else 2
    states = [rng.standard_normal((N, H)) for _ in range(count)]
    case = {
        "class_name": class_name,
        "units": H,
        "config": {"return_sequences": True},
        "merge_mode": merge,
        "seed": seed,
    }
    case |= {"mask": mask} if mask is not None else {}
    return {**case, **run(layer, x, mask, states, seed)}


def make() -> None:
    """Write keras_layers.npz."""
    keras.config.set_floatx("float64")
    cases, seed = {}, 300
    for form in FORMS:
        for shape in SHAPES:
            for number, variant in enumerate(VARIANTS):
                if shape[1] == 1 and number > 0:
                    continue
                name = "_".join([form, *map(str, shape), f"v{number}"])
                cases[name] = one_layer(form, shape, variant, seed)
                seed += 1
    for class_name in ("SimpleRNN", "LSTM", "GRU"):
        for merge, masked in (("concat", True), ("sum", False), ("ave", True), ("mul", False)):
            name = f"bidirectional_{class_name}_{merge}"
            cases[name] = bidirectional(class_name, merge, masked, seed)
            seed += 1
    store.save("keras_layers.npz", cases, __doc__.splitlines()[0], ("keras", "tensorflow-cpu"))
