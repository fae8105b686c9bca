"""Random recurrent ONNX nodes, and onnxruntime to run them."""

from __future__ import annotations

import numpy as np

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
FUNCTIONS = {"RNN": 1, "GRU": 2, "LSTM": 3}
INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
_NUMBERS = {  # how many of alpha and beta each takes
    "Relu": (0, 0),
    "Tanh": (0, 0),
    "Sigmoid": (0, 0),
    "Softsign": (0, 0),
    "Softplus": (0, 0),
    "LeakyRelu": (1, 0),
    "ThresholdedRelu": (1, 0),
    "Elu": (1, 0),
    "HardSigmoid": (1, 1),
    "ScaledTanh": (1, 1),
    "Affine": (1, 1),
}


def random_node(rng: np.random.Generator) -> tuple[str, dict, dict]:
    """Return an operator, its input arrays by ONNX's names, and its attributes."""
    op = str(rng.choice(list(GATES)))
    T, N, D, H = (int(n) for n in rng.integers(1, 7, 4))
    direction = str(rng.choice(["forward", "reverse", "bidirectional"]))
    dirs, GH = (2 if direction == "bidirectional" else 1), GATES[op] * H

    def draw(*shape):
        return (0.6 * rng.normal(size=shape)).astype(np.float32)

    arrays = {"X": 2 * draw(T, N, D), "W": draw(dirs, GH, D), "R": draw(dirs, GH, H)}
    optional = {"B": (dirs, 2 * GH), "initial_h": (dirs, N, H)}
    if op == "LSTM":
        optional |= {"initial_c": (dirs, N, H), "P": (dirs, 3 * H)}
    for name, shape in optional.items():
        if rng.random() < 0.6:
            arrays[name] = draw(*shape)
    if rng.random() < 0.5:
        arrays["sequence_lens"] = rng.integers(0, T + 1, N).astype(np.int32)
    attributes = {"direction": direction, "hidden_size": H}
    if rng.random() < 0.5:
        attributes |= random_activations(rng, dirs * FUNCTIONS[op])
    if rng.random() < 0.3:
        attributes["clip"] = float(np.float32(rng.uniform(0.3, 2)))
    if op == "GRU":
        attributes["linear_before_reset"] = int(rng.integers(2))
    if op == "LSTM" and rng.random() < 0.2:
        attributes["input_forget"] = 1
    return op, arrays, attributes


def random_activations(rng: np.random.Generator, count: int) -> dict:
    """Return names with the numbers they take."""
    names = [str(name) for name in rng.choice(list(_NUMBERS), count)]
    attributes = {"activations": names}
    for which, key in enumerate(("activation_alpha", "activation_beta")):
        values = [float(np.float32(rng.uniform(0.2, 1))) for n in names if _NUMBERS[n][which]]
        if values:
            attributes[key] = values
    return attributes


def make_model(op: str, arrays: dict, attributes: dict, opset: int = 14):
    """Return a model of one node whose arrays, but for X, are constants."""
    import onnx

    helper = onnx.helper
    names = [
        name if name in arrays else "" for name in INPUTS if op == "LSTM" or name in INPUTS[:6]
    ]
    while not names[-1]:
        names.pop()
    outputs = ["Y", "Y_h", "Y_c"] if op == "LSTM" else ["Y", "Y_h"]
    node = helper.make_node(op, names, outputs, "node", **attributes)
    kind = helper.np_dtype_to_tensor_dtype(arrays["X"].dtype)
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("X", kind, list(arrays["X"].shape))],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [onnx.numpy_helper.from_array(a, name) for name, a in arrays.items() if name != "X"],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def run_onnxruntime(op: str, arrays: dict, attributes: dict) -> dict[str, np.ndarray]:
    """Return the node's outputs by name."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        make_model(op, arrays, attributes).SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"X": arrays["X"]}), strict=True))
