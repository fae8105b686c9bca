"""Recurrent operators of ONNX Runtime, float32: peepholes, both GRUs, directions, lengths."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import store

SHAPES = [(3, 5, 4, 6), (2, 4, 1, 3), (1, 1, 2, 1)]  # N, T, D, H
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
FORMS = {
    "rnn_tanh": ("RNN", {"activations": ["Tanh"]}),
    "rnn_relu": ("RNN", {"activations": ["Relu"]}),
    "lstm": ("LSTM", {}),
    "lstm_peepholes": ("LSTM", {"peepholes": True}),
    "gru_after": ("GRU", {"linear_before_reset": 1}),
    "gru_before": ("GRU", {"linear_before_reset": 0}),
}
ORDER = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [0, 1, 2]}  # of i o f c, and of z r h


def columns(rows: np.ndarray, kind: str) -> np.ndarray:
    """Return one direction's rows of gates as columns in the core's order."""
    blocks = np.split(rows, GATES[kind])
    return np.concatenate([blocks[i] for i in ORDER[kind]]).T.copy()


def core_parameters(kind: str, options: dict, d: int, arrays: dict) -> dict[str, np.ndarray]:
    """Return Wx, Wh, b (and peepholes i f o) of direction `d` in the core's packing."""
    first, second = np.split(arrays["B"][d], 2)
    b = np.stack([columns(first, kind), columns(second, kind)])
    parameters = {"Wx": columns(arrays["W"][d], kind), "Wh": columns(arrays["R"][d], kind)}
    parameters["b"] = b if options.get("linear_before_reset") else b.sum(axis=0)
    if "P" in arrays:
        i, o, f = np.split(arrays["P"][d], 3)
        parameters["peepholes"] = np.stack([i, f, o])
    return parameters


def run(kind: str, options: dict, feeds: dict[str, np.ndarray], direction: str, H: int) -> list:
    """Run one operator; return its outputs Y, Y_h (and Y_c)."""
    order = ["X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P"]
    used = order[: 8 if kind == "LSTM" else 6]
    names = [name if name in feeds else "" for name in used]
    outputs = ["Y", "Y_h", "Y_c"][: 3 if kind == "LSTM" else 2]
    attributes = {k: v for k, v in options.items() if k != "peepholes"}
    if "activations" in attributes and direction == "bidirectional":
        attributes["activations"] = attributes["activations"] * 2
    node = onnx.helper.make_node(
        kind, names, outputs, hidden_size=H, direction=direction, **attributes
    )
    tensor = onnx.TensorProto
    graph = onnx.helper.make_graph(
        [node],
        kind,
        [
            onnx.helper.make_tensor_value_info(
                name, tensor.INT32 if name == "sequence_lens" else tensor.FLOAT, array.shape
            )
            for name, array in feeds.items()
        ],
        [onnx.helper.make_tensor_value_info(name, tensor.FLOAT, None) for name in outputs],
    )
    opset = onnx.helper.make_opsetid("", 14)
    model = onnx.helper.make_model(graph, opset_imports=[opset], ir_version=9)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return session.run(outputs, feeds)


def case(form: str, shape: tuple[int, ...], direction: str, lengths, seed: int) -> dict:
    """Return inputs, parameters and outputs of one run, batch first."""
    kind, options = FORMS[form]
    N, T, D, H = shape
    G, dirs = GATES[kind], 2 if direction == "bidirectional" else 1
    rng = np.random.default_rng(seed)

    def draw(*size):
        return (0.7 * rng.standard_normal(size)).astype(np.float32)

    feeds = {"X": draw(T, N, D), "W": draw(dirs, G * H, D), "R": draw(dirs, G * H, H)}
    feeds |= {"B": draw(dirs, 2 * G * H), "initial_h": draw(dirs, N, H)}
    if kind == "LSTM":
        feeds["initial_c"] = draw(dirs, N, H)
    if options.get("peepholes"):
        feeds["P"] = draw(dirs, 3 * H)
    if lengths is not None:
        feeds["sequence_lens"] = np.array(lengths, np.int32)
    Y, *final = run(kind, options, feeds, direction, H)
    out = {
        "cell": kind.lower(),
        "direction": direction,
        "seed": seed,
        "reset_after": bool(options.get("linear_before_reset", 0)),
        "activation": options.get("activations", ["Tanh"])[0].lower(),
        "x": feeds["X"].transpose(1, 0, 2).copy(),
    }
    if lengths is not None:
        out["lengths"] = np.array(lengths)
    for d in range(dirs):
        out |= {f"{n}.{d}": a for n, a in core_parameters(kind, options, d, feeds).items()}
        out[f"h.{d}"] = Y[:, d].transpose(1, 0, 2).copy()
        for letter, end in zip("hc", final, strict=False):
            out[f"{letter}0.{d}"] = feeds[f"initial_{letter}"][d]
            out[f"{letter}T.{d}"] = end[d]
    return out


def make() -> None:
    """Write onnx_recurrences.npz."""
    cases, seed = {}, 500
    for form in FORMS:
        for N, T, D, H in SHAPES:
            for direction in ("forward", "reverse", "bidirectional"):
                lengths = None if T == 1 else [max(1, T - 2 * n) for n in range(N)]
                for given in (None,) if lengths is None else (None, lengths):
                    words = [form, *map(str, (N, T, D, H)), direction]
                    name = "_".join(words + ["lengths"] * (given is not None))
                    cases[name] = case(form, (N, T, D, H), direction, given, seed)
                    seed += 1
    packages = ("onnx", "onnxruntime")
    store.save("onnx_recurrences.npz", cases, __doc__.splitlines()[0], packages)
