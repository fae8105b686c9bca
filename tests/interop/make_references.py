"""Make `references.npz`: what Keras, PyTorch and ONNX Runtime compute, and the files they write.

In an environment of its own:

    python -m pip install numpy h5py keras jax torch onnx onnxruntime
    python -m tests.interop.make_references

Weights, biases, inputs and states are random and never zero: constant weights would give the same
numbers with gates swapped. Files are kept as bytes: the tests read what the framework wrote.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np

os.environ["KERAS_BACKEND"] = "jax"
HERE = Path(__file__).resolve().parent
SEED = 20261123


def file_bytes(path: Path) -> np.ndarray:
    """Return a file as an array of bytes."""
    return np.frombuffer(path.read_bytes(), np.uint8)


# -- Keras ---------------------------------------------------------------------------------


def keras_models() -> dict:
    """Return models and inputs by name; between them, every layer that Keras and we have."""
    import keras
    from keras import layers as L

    rng = np.random.default_rng(SEED)
    text = keras.Sequential(
        [
            keras.Input((None,)),
            L.Embedding(7, 5, mask_zero=True),
            L.Bidirectional(L.LSTM(4, return_sequences=True)),
            L.Dropout(0.3),
            L.GRU(5, return_sequences=True, name="named_by_hand"),
            L.LayerNormalization(),
            L.GRU(4, reset_after=False, return_sequences=True, go_backwards=True),
            L.SimpleRNN(4, use_bias=False, return_sequences=True),
            L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="ave"),
            L.TimeDistributed(L.Dense(3, activation="relu")),
            L.LSTM(3, recurrent_activation="hard_sigmoid"),
            L.Dense(4, activation="gelu"),
            L.Dense(2, activation="softmax"),
        ]
    )
    video = keras.Sequential(
        [
            keras.Input((4, 8, 8, 2)),
            L.ConvLSTM2D(2, 3, padding="same", return_sequences=True),
            L.TimeDistributed(L.Conv2D(3, 3, activation="relu")),
            L.TimeDistributed(L.MaxPooling2D()),
            L.TimeDistributed(L.Flatten()),
            L.Masking(),
            L.GRU(3, return_sequences=True),
            L.GlobalAveragePooling1D(),
            L.Dense(2),
        ]
    )
    cells = keras.Sequential(
        [
            keras.Input((None, 3)),
            L.RNN([L.LSTMCell(3), L.GRUCell(2), L.LSTMCell(4)], return_sequences=True),
            L.RNN(L.SimpleRNNCell(3), return_sequences=True),
            L.GlobalMaxPooling1D(),
            L.Reshape((3, 1)),
            L.Flatten(),
            L.Activation("tanh"),
        ]
    )
    words = rng.integers(1, 7, (3, 6))
    words[0, 4:] = words[2, :2] = 0
    return {
        "text": (text, words),
        "video": (video, rng.normal(size=(2, 4, 8, 8, 2)).astype("float32")),
        "cells": (cells, rng.normal(size=(3, 5, 3)).astype("float32")),
    }


def keras_cases() -> dict[str, dict]:
    """Return each model's files, an input, and what it predicts."""
    cases = {}
    for name, (model, x) in keras_models().items():
        rng = np.random.default_rng(SEED)
        model.set_weights([0.6 * rng.normal(size=w.shape) for w in model.get_weights()])
        folder = Path(tempfile.mkdtemp())
        model.save_weights(folder / "m.weights.h5")
        model.save(folder / "m.keras")
        cases[f"keras_{name}"] = {
            "x": x,
            "y": np.asarray(model(x)),
            "weights_h5": file_bytes(folder / "m.weights.h5"),
            "keras": file_bytes(folder / "m.keras"),
        }
    return cases


# -- PyTorch -------------------------------------------------------------------------------


def randomise(module, rng) -> None:
    """Give every parameter random numbers."""
    import torch

    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.from_numpy(0.6 * rng.normal(size=tuple(parameter.shape))))


def torch_cases() -> dict[str, dict]:
    """Return state dicts with an input and an output: single modules, and a model of several."""
    import torch

    rng, cases = np.random.default_rng(SEED), {}
    for k, kind in enumerate(("LSTM", "GRU", "RNN", "RNN")):
        for layers, bidirectional, bias in ((1, False, True), (1, True, False), (3, True, True)):
            options = {"nonlinearity": "relu"} if k == 3 else {}
            module = getattr(torch.nn, kind)(
                3, 4, layers, bias=bias, bidirectional=bidirectional, batch_first=True, **options
            )
            randomise(module, rng)
            x = rng.normal(size=(2, 5, 3)).astype("float32")
            y, state = module(torch.from_numpy(x))
            last = (state[0] if kind == "LSTM" else state)[-2 if bidirectional else -1 :]
            cases[f"torch_{kind}_{options.get('nonlinearity', 'tanh')}_{layers}{bias}"] = {
                "x": x,
                "y": y.detach().numpy(),
                "y_last": np.concatenate(list(last.detach().numpy()), axis=-1),
                **options,
                **{f"state.{n}": v.numpy().copy() for n, v in module.state_dict().items()},
            }
    cases["torch_model"] = torch_model(torch, rng)
    for bias in (True, False):
        module = torch.nn.Conv2d(2, 3, (3, 2), bias=bias)
        randomise(module, rng)
        x = rng.normal(size=(2, 2, 5, 6)).astype("float32")  # channels first
        y = module(torch.from_numpy(x)).detach().numpy()
        state = {f"state.{n}": v.numpy().copy() for n, v in module.state_dict().items()}
        cases[f"conv_{bias}"] = {"x": x, "y": y, **state}
    return cases


def torch_model(torch, rng) -> dict:
    """Return a model of several modules under names of their own, as a state dict."""

    class Tagger(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(7, 5)
            self.norm = torch.nn.LayerNorm(5)
            self.rnn = torch.nn.GRU(5, 3, 2, bidirectional=True, batch_first=True)
            self.head = torch.nn.Linear(6, 2)

        def forward(self, x):
            return self.head(self.rnn(self.norm(self.embed(x)))[0])

    model = Tagger()
    randomise(model, rng)
    x = rng.integers(0, 7, (3, 4))
    y = model(torch.from_numpy(x)).detach().numpy()
    return {
        "x": x,
        "y": y,
        **{f"state.{n}": v.numpy().copy() for n, v in model.state_dict().items()},
    }


def exported_by_torch() -> dict[str, dict]:
    """Return an ONNX file that PyTorch wrote of two recurrent layers."""
    import torch

    rng, buffer = np.random.default_rng(SEED), io.BytesIO()
    module = torch.nn.LSTM(3, 4, 2, batch_first=True)
    randomise(module, rng)
    x = torch.from_numpy(rng.normal(size=(2, 5, 3)).astype("float32"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (x,),
            buffer,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "batch", 1: "time"}},
        )
    y = module(x)[0].detach().numpy()
    onnx_file = np.frombuffer(buffer.getvalue(), np.uint8)
    return {"onnx_by_torch": {"x": x.numpy(), "y": y, "onnx": onnx_file}}


# -- ONNX Runtime --------------------------------------------------------------------------


def onnx_cases(count: int = 60) -> dict[str, dict]:
    """Return random RNN, GRU and LSTM nodes and what onnxruntime computes."""
    from tests.interop.onnx_nodes import random_node, run_onnxruntime

    rng, cases = np.random.default_rng(SEED), {}
    while len(cases) < count:
        op, arrays, attributes = random_node(rng)
        outputs = run_onnxruntime(op, arrays, attributes)
        if all(np.isfinite(out).all() for out in outputs.values()):
            name = f"onnx_{len(cases):02d}"
            cases[name] = {"op": op, "attributes": attributes, **arrays, **outputs}
    return cases


def main() -> None:
    """Write the file, whole or not at all."""
    cases = {**keras_cases(), **torch_cases(), **exported_by_torch(), **onnx_cases()}
    arrays, values = {}, {}
    for case, content in cases.items():
        values[case] = {k: v for k, v in content.items() if not isinstance(v, np.ndarray)}
        arrays |= {f"{case}/{k}": v for k, v in content.items() if isinstance(v, np.ndarray)}
    packages = ("numpy", "keras", "jax", "torch", "onnx", "onnxruntime")
    versions = {package: importlib.metadata.version(package) for package in packages}
    header = {"seed": SEED, "versions": versions, "cases": values}
    temporary = HERE / ".references.tmp"
    with temporary.open("wb") as stream:
        np.savez_compressed(stream, header=np.array(json.dumps(header)), **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, HERE / "references.npz")
    print(f"references.npz: {len(cases)} cases, {(HERE / 'references.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
