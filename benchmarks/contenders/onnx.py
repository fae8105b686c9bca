"""ONNX Runtime: the layer, exported by us, forward only."""

from __future__ import annotations

import os

import onnxruntime

from scratchrnn.interop import to_onnx
from scratchrnn.layers import Input
from scratchrnn.models import Sequential

from ..cases import Case, data, results
from .ours import LAYERS


def layer(case: Case):
    """One pass through a layer that returns its sequence."""
    d, (_, T, D, H) = data(case), case.shape
    ours = LAYERS[case.cell](H, return_sequences=True, dtype=case.dtype)
    model = Sequential([Input((T, D), dtype=case.dtype), ours])
    model.set_weights([d.Wx, d.Wh, d.b])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(
        to_onnx(model).SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    inputs = {session.get_inputs()[0].name: d.x}
    return lambda: session.run(None, inputs)[0], lambda h: results(case, d, h)


TASKS = {"layer": layer}
