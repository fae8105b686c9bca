"""Models as ONNX graphs, and what the graphs compute: onnx's own evaluator, or onnxruntime."""

from __future__ import annotations

import numpy as np

from scratchrnn import layers as L
from scratchrnn.interop import OnnxRecurrence, to_onnx
from scratchrnn.models import Sequential
from tests.interop.references import close, installed


def recurrent_operator(name: str):
    """Return an operator for onnx's evaluator that runs on our cells."""
    from onnx.reference.op_run import OpRun

    def _run(
        self,
        X,
        W,
        R,
        B=None,
        sequence_lens=None,
        initial_h=None,
        initial_c=None,
        P=None,
        **attributes,
    ):
        given = {k: v for k, v in attributes.items() if v is not None}
        outputs = OnnxRecurrence(name, W, R, B, P, **given)(X, sequence_lens, initial_h, initial_c)
        return tuple(output for output in outputs if output is not None)

    return type(name, (OpRun,), {"op_domain": "", "_run": _run})


def evaluate(proto, feeds: dict) -> np.ndarray:
    """Run a model with onnx's evaluator."""
    from onnx.reference import ReferenceEvaluator

    operators = [recurrent_operator(name) for name in ("RNN", "LSTM", "GRU")]
    return ReferenceEvaluator(proto, new_ops=operators).run(None, feeds)[0]


def evaluate_onnxruntime(proto, feeds: dict) -> np.ndarray:
    """Run a model with onnxruntime."""
    onnxruntime = installed("onnxruntime")
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(None, feeds)[0]


def model_of(shape, *layers) -> Sequential:
    """Return a built model of random weights."""
    model = Sequential([L.Input(shape), *layers])
    rng = np.random.default_rng(0)
    model.set_weights([0.5 * rng.normal(size=w.shape) for w in model.weights])
    return model


def random_mask(N: int, T: int) -> np.ndarray:
    """Return a mask with holes, a row that begins and one that ends masked, and an empty row."""
    mask = np.random.default_rng(1).random((N, T)) < 0.6
    mask[0, 0] = mask[1, -1] = mask[2] = False
    return mask


def feeds_of(model, mask: bool = False, N: int = 4, T: int = 6, seed: int = 0) -> dict:
    """Return inputs by name; open axes have T."""
    rng, shape = np.random.default_rng(seed), [T if n is None else n for n in model.input_shape[1:]]
    if type(model.layers[0]).__name__ == "Embedding":
        x = rng.integers(0, model.layers[0].input_dim, (N, *shape))
    else:
        x = rng.normal(size=(N, *shape)).astype("float32")
        if len(shape) == 2:
            x[1, 2:4] = 0  # for Masking
    return {"x": x, "mask": random_mask(N, shape[0])} if mask else {"x": x}


def check(model, mask: bool, run=evaluate) -> None:
    """Compare a graph with the model that it was made of, on two batches of different shape."""
    proto = to_onnx(model, mask=mask)
    for N, T in ((4, 6), (3, 9)):
        feeds = feeds_of(model, mask, N, T, seed=T)
        close(run(proto, feeds), model(feeds["x"], mask=feeds.get("mask")), 1e-5)
