"""Runs of `fit` that Keras and this library both make, written once.

Each case is a function of an `Api`, the two libraries' names in one shape. It builds a model,
trains it with `shuffle=False` from given weights, and returns the history. Inputs, weights and
biases are random and non-zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

N, T, D, H, C = 30, 6, 3, 5, 4


class Api(NamedTuple):
    """What a case needs of a library."""

    Sequential: Any
    layers: Any
    optimizers: Any
    callbacks: Any
    regularizers: Any


class Run(NamedTuple):
    """What a case is compared by."""

    history: dict[str, list[float]]
    evaluation: dict[str, float]
    weights: list[np.ndarray]


def data() -> dict[str, np.ndarray]:
    """Return inputs, targets of every kind, weights and padding."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(N, T, D)).astype(np.float32)
    lengths = rng.integers(1, T + 1, N)
    padded = np.where(np.arange(T)[:, None] < lengths[:, None, None], x, 0).astype(np.float32)
    labels = rng.integers(0, C, N)
    return {
        "x": x,
        "padded": padded,
        "y": rng.normal(size=(N, 2)).astype(np.float32),
        "series": rng.normal(size=(N, T, 2)).astype(np.float32),
        "labels": labels,
        "onehot": np.eye(C, dtype=np.float32)[labels],
        "yes": rng.integers(0, 2, N).astype(np.float32),
        "weight": rng.uniform(0.2, 3, N).astype(np.float32),
        "step_weight": rng.uniform(0.2, 3, (N, T)).astype(np.float32),
    }


def build(api: Api, units: int, *, masking=False, sequences=False, activation=None, **options):
    """Return a model LSTM -> Dense with random weights that depend on shapes alone."""
    layers = [api.layers.Input((T, D))]
    if masking:
        layers.append(api.layers.Masking())
    layers.append(api.layers.LSTM(H, return_sequences=sequences, **options))
    layers.append(api.layers.Dense(units, activation=activation))
    model = api.Sequential(layers)
    rng = np.random.default_rng(7)
    model.set_weights([0.4 * rng.normal(size=w.shape) for w in model.get_weights()])
    return model


def train(model, x, y, evaluate_on=None, **options) -> Run:
    """Fit for three epochs and evaluate."""
    options = {"epochs": 3, "batch_size": 8, "shuffle": False, "verbose": 0, **options}
    history = model.fit(x, y, **options).history
    data_ = (x, y) if evaluate_on is None else evaluate_on
    evaluation = model.evaluate(*data_, verbose=0, return_dict=True)
    return Run(history, evaluation, model.get_weights())


def plain(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse", metrics=["mae", "mse"])
    return train(model, d["x"], d["y"])


def sample_weight(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("rmsprop", "mae", metrics=["mse"], weighted_metrics=["mae"])
    return train(model, d["x"], d["y"], sample_weight=d["weight"])


def class_weight(api: Api) -> Run:
    d, model = data(), build(api, C, activation="softmax")
    loss, accuracy = "sparse_categorical_crossentropy", ["accuracy"]
    model.compile("adam", loss, metrics=accuracy, weighted_metrics=accuracy)
    return train(model, d["x"], d["labels"], class_weight={0: 2.0, 2: 0.3})


def class_weight_of_columns(api: Api) -> Run:
    d, model = data(), build(api, C, activation="softmax")
    model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["acc"])
    return train(model, d["x"], d["labels"][:, None], class_weight={0: 2.0, 1: 0.3})


def class_weight_of_onehot(api: Api) -> Run:
    d, model = data(), build(api, C, activation="softmax")
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    return train(model, d["x"], d["onehot"], class_weight={1: 4.0, 3: 0.1})


def masked_sequences(api: Api) -> Run:
    d, model = data(), build(api, 2, masking=True, sequences=True)
    model.compile("adam", "mse", metrics=["mae"])
    return train(model, d["padded"], d["series"], validation_data=(d["padded"], d["series"]))


def masked_and_weighted_sequences(api: Api) -> Run:
    d, model = data(), build(api, 2, masking=True, sequences=True)
    model.compile("adam", "mse", weighted_metrics=["mae"])
    held_out = d["padded"], d["series"], d["step_weight"]
    return train(
        model, d["padded"], d["series"], sample_weight=held_out[2], validation_data=held_out
    )


def masked_last_step(api: Api) -> Run:
    d, model = data(), build(api, 2, masking=True)
    model.compile("adam", "huber", metrics=["mae"])
    return train(model, d["padded"], d["y"])


def validation_split(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse", weighted_metrics=["mae"])
    return train(model, d["x"], d["y"], validation_split=0.3, sample_weight=d["weight"])


def validation_data(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse", metrics=["mae"])
    return train(
        model, d["x"][:20], d["y"][:20], epochs=5, validation_freq=2, validation_batch_size=4,
        validation_steps=2, validation_data=(d["x"][20:], d["y"][20:], d["weight"][20:]),
    )  # fmt: skip


def regularizers(api: Api) -> Run:
    d = data()
    model = build(
        api, 2, kernel_regularizer=api.regularizers.L2(0.1),
        recurrent_regularizer=api.regularizers.L1(0.02),
        bias_regularizer=api.regularizers.L1L2(0.01, 0.03),
    )  # fmt: skip
    model.compile("sgd", "mse", metrics=["mse"])
    return train(model, d["x"], d["y"], validation_split=0.2)


def binary(api: Api) -> Run:
    d, model = data(), build(api, 1, activation="sigmoid")
    metrics = ["accuracy", "AUC", "Precision", "Recall"]
    model.compile("adam", "binary_crossentropy", metrics=metrics)
    return train(model, d["x"], d["yes"])


def clipped_momentum(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile(api.optimizers.SGD(0.1, momentum=0.9, nesterov=True, clipnorm=0.05), "mse")
    return train(model, d["x"], d["y"])


def decayed_schedule(api: Api) -> Run:
    d, model = data(), build(api, 2)
    rate = api.optimizers.schedules.ExponentialDecay(0.05, decay_steps=3, decay_rate=0.5)
    model.compile(api.optimizers.AdamW(rate, weight_decay=0.1), "mse")
    return train(model, d["x"], d["y"])


def steps_per_epoch(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse", metrics=["mae"])
    return train(model, d["x"], d["y"], epochs=4, steps_per_epoch=2)


def generator(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse", weighted_metrics=["mae"])

    def batches():
        while True:
            for k in range(0, N, 7):
                yield d["x"][k : k + 7], d["y"][k : k + 7], d["weight"][k : k + 7]

    options = {"batch_size": None, "steps_per_epoch": 4}
    return train(model, batches(), None, evaluate_on=(d["x"], d["y"]), **options)


def callbacks(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile(api.optimizers.SGD(0.6), "mse", metrics=["mae"])
    own = [
        api.callbacks.LearningRateScheduler(lambda epoch, rate: rate * (1.5 if epoch == 3 else 1)),
        api.callbacks.ReduceLROnPlateau("val_loss", factor=0.4, patience=1, min_delta=0.02),
        api.callbacks.EarlyStopping("val_mae", patience=7, restore_best_weights=True),
    ]
    return train(model, d["x"], d["y"], epochs=20, validation_split=0.3, callbacks=own)


def continued(api: Api) -> Run:
    d, model = data(), build(api, 2)
    model.compile("adam", "mse")
    train(model, d["x"], d["y"], epochs=2)
    return train(model, d["x"], d["y"], initial_epoch=2, epochs=5)


def crossentropy_by_shape(api: Api) -> Run:
    d, model = data(), build(api, C, activation="softmax")
    model.compile("nadam", "crossentropy", metrics=["accuracy", "accuracy"])
    return train(model, d["x"], d["labels"])


CASES: dict[str, Callable[[Api], Run]] = {
    case.__name__: case
    for case in (
        plain, sample_weight, class_weight, class_weight_of_columns, class_weight_of_onehot,
        masked_sequences, masked_and_weighted_sequences, masked_last_step, validation_split,
        validation_data, regularizers, binary, clipped_momentum, decayed_schedule,
        steps_per_epoch, generator, callbacks, continued, crossentropy_by_shape,
    )
}  # fmt: skip
