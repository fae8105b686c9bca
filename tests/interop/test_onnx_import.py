"""RNN, GRU and LSTM nodes of ONNX files: onnxruntime's numbers, layers made of them, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.interop import OnnxRecurrence, from_onnx
from tests.interop.onnx_nodes import (
    make_model,
    random_node,
    run_onnxruntime,
)
from tests.interop.references import cases, close, installed, named

WEIGHTS = ("W", "R", "B", "P", "sequence_lens", "initial_h", "initial_c")


def arrays_of(case: dict) -> dict[str, np.ndarray]:
    """Return the inputs of a node by ONNX's names."""
    return {name: case[name] for name in ("X", *WEIGHTS) if name in case}


def check(outputs, want: dict, tol: float = 2e-6) -> None:
    """Compare every output of a node."""
    for name in ("Y", "Y_h", "Y_c"):
        if name in want:
            close(getattr(outputs, name), want[name], tol)


@pytest.mark.parametrize("name", named("onnx_0") + named("onnx_1") + named("onnx_2"))
def test_nodes_of_a_file_give_onnxruntimes_numbers(name):
    pytest.importorskip("onnx", reason="onnx is not installed")
    case = cases()[name]
    model = make_model(case["op"], arrays_of(case), case["attributes"])
    (node,) = from_onnx(model.SerializeToString())
    assert node.needed == ()
    check(node(case["X"]), case)


@pytest.mark.parametrize("name", named("onnx_3") + named("onnx_4") + named("onnx_5"))
def test_arrays_given_directly_give_onnxruntimes_numbers(name):
    case = cases()[name]
    arrays = arrays_of(case)
    called = {n: arrays.pop(n, None) for n in ("sequence_lens", "initial_h", "initial_c")}
    X = arrays.pop("X")
    node = OnnxRecurrence(case["op"], **arrays, **case["attributes"])
    check(node(X, **called), case)
    batch_first = OnnxRecurrence(case["op"], **arrays, **case["attributes"], layout=1)
    turned = {
        n: v if v is None or n == "sequence_lens" else v.swapaxes(0, 1) for n, v in called.items()
    }
    outputs = batch_first(X.swapaxes(0, 1), **turned)
    close(outputs.Y, case["Y"].transpose(2, 0, 1, 3), 2e-6)
    close(outputs.Y_h, case["Y_h"].swapaxes(0, 1), 2e-6)


def test_random_nodes_agree_with_onnxruntime():
    installed("onnxruntime")
    rng, compared = np.random.default_rng(5), 0
    for _ in range(150):
        op, arrays, attributes = random_node(rng)
        want = run_onnxruntime(op, arrays, attributes)
        if "Relu" in str(attributes) or not all(np.isfinite(w).all() for w in want.values()):
            continue  # gates without a bound multiply rounding errors
        (node,) = from_onnx(make_model(op, arrays, attributes))
        check(node(arrays["X"]), want, 5e-6)
        compared += 1
    assert compared > 80


def test_a_file_that_pytorch_exported_is_read():
    pytest.importorskip("onnx", reason="onnx is not installed")
    case = cases()["onnx_by_torch"]
    nodes = from_onnx(case["onnx"].tobytes())
    assert [node.needed for node in nodes] == [(), ()]  # its computed zero states are seen
    y = case["x"].swapaxes(0, 1)
    for node in nodes:
        y = node(y).Y[:, 0]
    close(y.swapaxes(0, 1), case["y"])
    x = case["x"]
    for node in nodes:
        x = node.to_layer()(x)
    close(x, case["y"])


PLAIN = [
    ("RNN", {}),
    ("GRU", {"linear_before_reset": 1}),
    ("GRU", {}),
    ("LSTM", {}),
    ("LSTM", {"activations": ["HardSigmoid", "Softsign", "Softsign"], "activation_alpha": [1 / 6]}),
    (
        "GRU",
        {"activations": ["Sigmoid", "Affine"], "activation_alpha": [1], "activation_beta": [0]},
    ),
]


def draw(op, direction, rng, bias=True, peepholes=False):
    """Return random weights by name."""
    G, dirs = {"RNN": 1, "GRU": 3, "LSTM": 4}[op], 2 if direction == "bidirectional" else 1
    arrays = {"W": rng.normal(size=(dirs, G * 4, 3)), "R": 0.5 * rng.normal(size=(dirs, G * 4, 4))}
    if bias:
        arrays["B"] = rng.normal(size=(dirs, 2 * G * 4))
    if peepholes:
        arrays["P"] = rng.normal(size=(dirs, 12))
    return arrays


@pytest.mark.parametrize(("op", "attributes"), PLAIN)
@pytest.mark.parametrize("direction", ["forward", "reverse", "bidirectional"])
def test_a_layer_made_of_a_node_computes_the_same(op, attributes, direction):
    rng = np.random.default_rng(0)
    attributes = dict(attributes)
    if direction == "bidirectional":
        attributes = {k: v * 2 if isinstance(v, list) else v for k, v in attributes.items()}
    for peepholes in {False, op == "LSTM"}:
        arrays = draw(op, direction, rng, bias=not peepholes, peepholes=peepholes)
        node = OnnxRecurrence(op, **arrays, **attributes, direction=direction, layout=1)
        x = rng.normal(size=(2, 5, 3))
        Y = node(x).Y
        want = Y.reshape(2, 5, -1)
        got = node.to_layer()(x)
        close(got[:, ::-1] if direction == "reverse" else got, want, 1e-12)
        last = node(x).Y_h.reshape(2, -1)
        close(node.to_layer(return_sequences=False)(x), last, 1e-12)


def test_a_constant_initial_state_becomes_a_trained_one():
    rng = np.random.default_rng(0)
    for direction in ("forward", "bidirectional"):
        arrays, dirs = draw("LSTM", direction, rng), 2 if direction == "bidirectional" else 1
        h, c = (np.repeat(rng.normal(size=(dirs, 1, 4)), 3, axis=1) for _ in range(2))
        node = OnnxRecurrence("LSTM", **arrays, direction=direction, initial_h=h, initial_c=c)
        x = rng.normal(size=(3, 5, 3))
        want = node(x.swapaxes(0, 1)).Y.transpose(2, 0, 1, 3).reshape(3, 5, -1)
        close(node.to_layer()(x), want, 1e-12)
        h[:, 0] += 1
        with pytest.raises(ValueError, match="initial_h: a layer has one for all"):
            OnnxRecurrence("LSTM", **arrays, direction=direction, initial_h=h).to_layer()


def test_nodes_that_no_layer_is_are_refused():
    arrays = draw("LSTM", "forward", np.random.default_rng(0))
    for options, message in [
        ({"clip": 1.0}, "clip: no layer here has it"),
        ({"input_forget": 1}, "input_forget: no layer"),
        ({"sequence_lens": np.array([1])}, "sequence_lens: no layer"),
        ({"activations": ["Sigmoid", "Tanh", "Relu"]}, "one for g and c, got"),
        ({"activations": ["HardSigmoid", "Tanh", "Tanh"]}, "no activation here is .*HardSigmoid"),
    ]:
        with pytest.raises(ValueError, match=message):
            OnnxRecurrence("LSTM", **arrays, **options).to_layer()


def test_values_past_the_lengths_change_nothing():
    rng = np.random.default_rng(0)
    arrays = draw("LSTM", "bidirectional", rng)
    node = OnnxRecurrence("LSTM", **arrays, direction="bidirectional", layout=1, clip=0.7)
    plain = OnnxRecurrence("LSTM", **arrays, direction="bidirectional", layout=1)
    x = rng.normal(size=(2, 5, 3))
    filled = x.copy()
    filled[0, 3:] = np.nan
    for run in (node, plain):
        for a, b in zip(run(x, [3, 5]), run(filled, [3, 5]), strict=True):
            assert (a == b).all()
        assert (run(x, [3, 5]).Y[0, 3:] == 0).all()


def test_the_dtype_of_the_input_is_the_outputs():
    arrays = draw("GRU", "forward", np.random.default_rng(0))
    node = OnnxRecurrence("GRU", **{k: v.astype("float32") for k, v in arrays.items()})
    for dtype in ("float32", "float64", "float16"):
        assert node(np.ones((2, 1, 3), dtype)).Y.dtype == dtype


W, R = np.ones((1, 12, 3)), np.ones((1, 12, 4))
BAD_NODES = {
    "op_type: expected one of": lambda: OnnxRecurrence("Conv", W, R),
    r"ONNX GRU 'n': W: expected floats of shape \(1, 12, 'any'\), got float64 \(1, 9, 3\)": (
        lambda: OnnxRecurrence("GRU", W[:, :9], R, name="n")
    ),
    r"R: expected floats of shape \(2, 'any', 'any'\)": (
        lambda: OnnxRecurrence("GRU", W, R, direction="bidirectional")
    ),
    "R: expected floats .* got int64": lambda: OnnxRecurrence("GRU", W, R.astype(int)),
    "W: expected finite numbers, got NaN": lambda: OnnxRecurrence("GRU", W * np.nan, R),
    "hidden_size: expected 4, as R has it, got 5": (
        lambda: OnnxRecurrence("GRU", W, R, hidden_size=5)
    ),
    "direction: expected one of": lambda: OnnxRecurrence("GRU", W, R, direction="up"),
    "layout: expected 0 or 1": lambda: OnnxRecurrence("GRU", W, R, layout=2),
    "clip: expected a number >= 0": lambda: OnnxRecurrence("GRU", W, R, clip=-1.0),
    "input_forget: expected none for GRU": lambda: OnnxRecurrence("GRU", W, R, input_forget=1),
    "linear_before_reset: expected none for RNN": (
        lambda: OnnxRecurrence("RNN", W[:, :4], R[:, :4], linear_before_reset=1)
    ),
    "P: expected none for GRU": lambda: OnnxRecurrence("GRU", W, R, P=np.ones((1, 12))),
    "activations: expected 2 names": lambda: OnnxRecurrence("GRU", W, R, activations=["Tanh"]),
    "activations: expected one of .* got 'Swish'": (
        lambda: OnnxRecurrence("GRU", W, R, activations=["Swish", "Tanh"])
    ),
    "activation_alpha: Affine needs a number": (
        lambda: OnnxRecurrence("GRU", W, R, activations=["Sigmoid", "Affine"])
    ),
    "activation_beta: 1 more than are used": (
        lambda: OnnxRecurrence("GRU", W, R, activation_beta=[1.0])
    ),
    r"X: expected floats of shape \(T, N, 3\)": (
        lambda: OnnxRecurrence("GRU", W, R)(np.ones((2, 3)))
    ),
    r"initial_h: expected floats of shape \(1, 2, 4\)": (
        lambda: OnnxRecurrence("GRU", W, R)(np.ones((5, 2, 3)), initial_h=np.ones((2, 1, 4)))
    ),
    "initial_c: expected none for GRU": (
        lambda: OnnxRecurrence("GRU", W, R)(np.ones((5, 2, 3)), initial_c=np.ones((1, 2, 4)))
    ),
    "sequence_lens: expected lengths from 0 to T=5": (
        lambda: OnnxRecurrence("GRU", W, R)(np.ones((5, 2, 3)), [6, 1])
    ),
    r"sequence_lens: expected integers of shape \(2,\)": (
        lambda: OnnxRecurrence("GRU", W, R)(np.ones((5, 2, 3)), [1.5, 1])
    ),
}


@pytest.mark.parametrize("message", BAD_NODES)
def test_a_bad_node_or_call_is_refused(message):
    with pytest.raises(ValueError, match=message):
        BAD_NODES[message]()


def gru_model(**arrays):
    """Return a model of one GRU node."""
    return make_model(
        "GRU", {"X": np.ones((5, 2, 3)), "W": W, "R": R, **arrays}, {"hidden_size": 4}
    )


def test_a_bad_file_is_refused_and_named(tmp_path):
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    path = tmp_path / "model.onnx"
    with pytest.raises(ValueError, match=r"model\.onnx: cannot be read"):
        from_onnx(path)
    honest = gru_model().SerializeToString()
    path.write_bytes(honest)
    assert from_onnx(path)[0].hidden_size == 4
    for content in (b"\xff" * 40, honest[: len(honest) // 2]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"model\.onnx: "):
            from_onnx(path)
    model = gru_model()
    model.graph.node[0].op_type = "Relu"
    with pytest.raises(ValueError, match="expected an RNN, LSTM or GRU node, got Relu"):
        from_onnx(model)
    model = gru_model()
    model.opset_import[0].version = 3
    with pytest.raises(ValueError, match="expected operator set 7 or later"):
        from_onnx(model)
    model = gru_model()
    model.graph.node[0].attribute.append(onnx.helper.make_attribute("output_sequence", 1))
    with pytest.raises(ValueError, match="attribute 'output_sequence'"):
        from_onnx(model)
    model = gru_model()
    model.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(ValueError, match=r"GRU 'node': W: .* lies in another file"):
        from_onnx(model)
    model = gru_model()
    model.graph.initializer[0].dims[1] = 2**40
    with pytest.raises(ValueError, match="GRU 'node': W: 'W': damaged"):
        from_onnx(model)
    model = gru_model()
    del model.graph.initializer[0]
    with pytest.raises(ValueError, match="W: the graph computes or is given 'W'"):
        from_onnx(model)
    assert from_onnx(model, {"W": W})[0].input_size == 3


def test_a_state_that_the_graph_computes_must_be_given():
    onnx = pytest.importorskip("onnx", reason="onnx is not installed")
    model = gru_model(initial_h=np.ones((1, 2, 4)))
    state = model.graph.initializer.pop()
    assert state.name == "initial_h"
    model.graph.node.insert(0, onnx.helper.make_node("Identity", ["elsewhere"], ["initial_h"]))
    (node,) = from_onnx(model)
    assert node.needed == ("initial_h",)
    with pytest.raises(ValueError, match="initial_h: expected a value, which the model computes"):
        node(np.ones((5, 2, 3)))
    given = node(np.ones((5, 2, 3)), initial_h=np.ones((1, 2, 4)))
    (constant,) = from_onnx(gru_model(initial_h=np.ones((1, 2, 4))))
    assert (constant(np.ones((5, 2, 3))).Y == given.Y).all()


def test_mutated_files_raise_our_error_alone():
    pytest.importorskip("onnx", reason="onnx is not installed")
    honest = gru_model().SerializeToString()
    rng = np.random.default_rng(0)
    for _ in range(300):
        mutated = bytearray(honest)
        for place in rng.integers(0, len(honest), rng.integers(1, 5)):
            mutated[place] = rng.integers(256)
        try:
            from_onnx(bytes(mutated))
        except ValueError as error:
            assert str(error).startswith("from_onnx")
