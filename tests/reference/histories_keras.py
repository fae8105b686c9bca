"""Training histories of Keras for the source document's program, and for windows of a series.

The document's program: LSTM(50) -> Dense(1), adam, mse, batches of 32, 100 epochs, on data of
shape (n, 1, 1). `shuffle=False` and recorded starting weights make the run repeatable elsewhere.
Beside the float32 history that tests follow stands the same run in float64: the distance between
the two is what rounding alone does, so a tolerance can be seen to mean something.
"""

from __future__ import annotations

import os

os.environ.setdefault("KERAS_BACKEND", "jax")

import jax
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


def build(cell: str, shape: tuple[int, ...], units: int, dtype: str) -> keras.Model:
    """Return the document's model with `cell` in the place of LSTM, compiled."""
    layer = getattr(keras.layers, cell)
    keras.config.set_floatx(dtype)
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


def run(cell: str, data: dict, units: int, start: list[np.ndarray] | None, dtype: str, seed: int):
    """Train once; return (starting weights, loss history, final weights, test predictions)."""
    keras.utils.set_random_seed(seed)
    data = {name: array.astype(dtype) for name, array in data.items()}
    model = build(cell, data["x"].shape[1:], units, dtype)
    if start is None:
        start = starting_weights(model, np.random.default_rng(seed))
    model.set_weights([w.astype(dtype) for w in start])
    start = model.get_weights()
    history = model.fit(
        data["x"], data["y"], epochs=EPOCHS, batch_size=BATCH_SIZE, shuffle=False, verbose=0
    )
    prediction = model.predict(data["x_test"], verbose=0)
    return start, np.array(history.history["loss"]), model.get_weights(), prediction


def make() -> None:
    """Write keras_histories.npz."""
    jax.config.update("jax_enable_x64", True)
    cases = {}
    problems = {"document": (document_data, 50, 11), "windows": (window_data, 32, 12)}
    for problem, (make_data, units, seed) in problems.items():
        data = make_data(np.random.default_rng(seed))
        for cell in CELLS:
            start, loss, final, prediction = run(cell, data, units, None, "float32", seed)
            _, loss64, _, _ = run(cell, data, units, start, "float64", seed)
            apart = float(np.abs(loss - loss64).max())
            print(f"{problem} {cell}: loss {loss[0]:.4f} -> {loss[-1]:.6f}, "
                  f"float32 and float64 at most {apart:.1e} apart")
            cases[f"{problem}_{cell}"] = {
                "cell": cell, "units": units, "seed": seed, "epochs": EPOCHS,
                "batch_size": BATCH_SIZE, "weights": len(start),
                **data, "loss": loss, "loss_float64": loss64, "prediction": prediction,
                **{f"start.{i}": w for i, w in enumerate(start)},
                **{f"final.{i}": w for i, w in enumerate(final)},
            }
    store.save("keras_histories.npz", cases, __doc__.splitlines()[0], ("keras", "jax"))
