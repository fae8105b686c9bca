"""Recurrent networks against the conformance vectors: other projects' numbers.

Every recurrent case runs on the functional core of both backends, and, where Keras has such a
layer, through the layers; training traces run through models. What is left out is listed with
its reason.
"""

from __future__ import annotations

import pytest

from .recurrences import functions
from .vector_cases import cases
from .vector_layers import LayerNetwork
from .vector_network import CELL, Network

AS_NODE = "test_onnx_vectors.py runs it as an ONNX node"
CLIP = f"clips pre-activations, Keras's layers do not; {AS_NODE}"
CIFG = "couples input and forget gate; Keras's layers do not"
TWO_ACTIVATIONS = f"candidate and output activation differ, Keras's LSTM has one; {AS_NODE}"
PROJECTION = "projects the output; Keras's layers do not"
LEFT_OUT = {
    "ort_lstm_055": CLIP,
    "ortgen_lstm_034": CLIP,
    "ngraph_simple_rnn_002": CLIP,
    "ngraph_gru_004": CLIP,
    "ngraph_gru_005": CLIP,
    "ngraph_lstm_011": CLIP,
    "ort_lstm_061": TWO_ACTIVATIONS,
    "ort_lstm_063": TWO_ACTIVATIONS,
    "ort_lstm_065": TWO_ACTIVATIONS,
    "litert_lstm_001": CIFG,
    "litert_lstm_010b": CIFG,
    "litert_lstm_002": PROJECTION,
    "litert_lstm_003": PROJECTION,
    "torch_lstm_061": PROJECTION,
}
OWN_ACTIVATION = "an activation with parameters of its own, which no layer knows by name"
NUMPY_ONLY = {"ort_gru_040": OWN_ACTIVATION, "ortgen_lstm_032": OWN_ACTIVATION}


@pytest.mark.parametrize("case", cases("rnn", left_out=LEFT_OUT))
def test_the_core_gives_the_published_outputs_and_gradients(case):
    compare_core(case, "numpy")


@pytest.mark.parametrize("case", cases("rnn", left_out={**LEFT_OUT, **NUMPY_ONLY}))
def test_the_kernels_give_the_published_outputs_and_gradients(case):
    compare_core(case, "numba")


def compare_core(case, name):
    """Assert that a backend's outputs and gradients are the case's."""
    network = Network(case, case.op, functions(name, CELL[case.op]))
    outputs, compared = network.forward(), 0
    for key, want in case.arrays.items():
        if key.startswith("out."):
            case.check(outputs[key.removeprefix("out.")], want)
            compared += 1
    gradients = network.backward() if any(k.startswith("grad.") for k in case.arrays) else {}
    for key, want in case.arrays.items():
        if key.startswith("grad."):
            case.check(gradients[key.removeprefix("grad.")], want)
            compared += 1
    assert compared > 0


LEFT_OUT_OF_LAYERS = {
    **LEFT_OUT,
    "ort_simple_rnn_010": "has another activation backwards; the core runs it",
    **NUMPY_ONLY,
}


@pytest.mark.parametrize("case", cases("rnn", left_out=LEFT_OUT_OF_LAYERS))
def test_the_layers_give_the_published_outputs_and_gradients(case):
    network = LayerNetwork(case)
    outputs = network.forward()
    for key, want in case.arrays.items():
        if key.startswith("out."):
            case.check(outputs[key.removeprefix("out.")], want)
    wanted = {k: v for k, v in case.arrays.items() if k.startswith("grad.")}
    gradients = network.backward(outputs) if wanted else {}
    for key, want in wanted.items():
        case.check(gradients[key.removeprefix("grad.")], want)
