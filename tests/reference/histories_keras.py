"""Training histories of Keras for the source document's program, and for windows of a series.

The document's program: LSTM(50) -> Dense(1), adam, mse, batches of 32, 100 epochs, on data of
shape (n, 1, 1). `shuffle=False` and recorded starting weights make the run repeatable elsewhere.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras
import numpy as np
import store

EPOCHS, BATCH_SIZE = 100, 32
CELLS = ("LSTM", "GRU", "SimpleRNN")


def document_data(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return a series of 200 values cut as the document cuts it: x, y (159, 1, 1), x_test."""
    steps = np.arange(200)
    series = np.sin(steps / 9.0) + 0.1 * np.cumsum(rng.standard_normal(200))
    data = series.astype(np.float32).reshape(-1, 1, 1)
    train, test = data[:160], data[160:]
    return {"x": train[:-1], "y": train[1:], "x_test": test[:-1], "y_test": test[1:]}


def window_data(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return windows of 12 values in, the next value out: x (150, 12, 1), y (150, 1)."""
    steps = np.arange(200)
    series = np.sin(steps / 5.0) * np.cos(steps / 31.0) + 0.1 * rng.standard_normal(200)
    windows = np.lib.stride_tricks.sliding_window_view(series.astype(np.float32), 13)
    x, y = windows[:, :12, None].copy(), windows[:, 12:].copy()
    return {"x": x[:150], "y": y[:150], "x_test": x[150:], "y_test": y[150:]}


def build(cell: str, shape: tuple[int, ...], units: int) -> keras.Model:
    """Return the document's model with `cell` in the place of LSTM, compiled."""
    layer = getattr(keras.layers, cell)
    model = keras.models.Sequential()
    model.add(keras.layers.Input(shape))
    model.add(layer(units))
    model.add(keras.layers.Dense(1, activation="linear"))
    model.compile(optimizer="adam", loss="mse")
    return model


def starting_weights(model: keras.Model, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the initial weights with random, non-zero biases, so that no bias is untested."""
    return [
        w if w.ndim == 2 and w.shape[0] not in (1, 2) else w + 0.1 * rng.standard_normal(w.shape)
        for w in model.get_weights()
    ]


def run(cell: str, data: dict[str, np.ndarray], units: int, seed: int) -> dict:
    """Train once; return starting weights, loss history, final weights, test predictions."""
    keras.utils.set_random_seed(seed)
    model = build(cell, data["x"].shape[1:], units)
    model.set_weights(starting_weights(model, np.random.default_rng(seed)))
    start = model.get_weights()
    history = model.fit(
        data["x"], data["y"], epochs=EPOCHS, batch_size=BATCH_SIZE, shuffle=False, verbose=0
    )
    return {
        "loss": np.array(history.history["loss"]),
        "prediction": model.predict(data["x_test"], verbose=0),
        "evaluation": float(model.evaluate(data["x_test"], data["y_test"], verbose=0)),
        **{f"start.{i}": w for i, w in enumerate(start)},
        **{f"final.{i}": w for i, w in enumerate(model.get_weights())},
    }


def make() -> None:
    """Write keras_histories.npz."""
    cases = {}
    problems = {"document": (document_data, 50, 11), "windows": (window_data, 32, 12)}
    for problem, (make_data, units, seed) in problems.items():
        data = make_data(np.random.default_rng(seed))
        for cell in CELLS:
            found = run(cell, data, units, seed)
            print(f"{problem} {cell}: loss {found['loss'][0]:.4f} -> {found['loss'][-1]:.6f}")
            settings = {"cell": cell, "units": units, "seed": seed, "weights": 5}
            settings |= {"epochs": EPOCHS, "batch_size": BATCH_SIZE}
            cases[f"{problem}_{cell}"] = {**settings, **data, **found}
    store.save("keras_histories.npz", cases, __doc__.splitlines()[0], ("keras", "jax"))
