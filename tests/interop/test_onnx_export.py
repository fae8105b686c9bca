"""Models as ONNX: what the exported graph computes, and what has no exporter.

onnx's own evaluator runs the graphs here, with our recurrent nodes (which are compared with
onnxruntime's numbers in test_onnx_import.py); where onnxruntime is installed, it runs them too.
"""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra onnx)")

from scratchrnn import activations  # noqa: E402
from scratchrnn import layers as L  # noqa: E402
from scratchrnn.interop import from_onnx, to_onnx  # noqa: E402
from scratchrnn.models import Sequential  # noqa: E402
from tests.interop.onnx_graphs import (  # noqa: E402
    check,
    evaluate,
    evaluate_onnxruntime,
    feeds_of,
    model_of,
)
from tests.interop.references import close, installed  # noqa: E402

RS = {"return_sequences": True}


def recurrent_models():
    """Return models by name: every option of the recurrent layers that a graph can have."""
    options = [
        {},
        {"use_bias": False},
        {"zero_output_for_mask": True},
        {"trainable_initial_state": True},
        {"activation": "relu"},
        {"go_backwards": True},
    ]
    own = {
        L.SimpleRNN: [{"activation": "linear"}, {"activation": "softplus"}],
        L.LSTM: [
            {"peepholes": True},
            {"recurrent_activation": "hard_sigmoid", "activation": "softsign"},
        ],
        L.GRU: [{"reset_after": False}, {"activation": "elu"}],
    }
    for kind, further in own.items():
        for option in options + further:
            for sequences in (True, False):
                layer = kind(4, return_sequences=sequences, **option)
                yield f"{kind.__name__} {option} {sequences}", layer
    cells = {
        "GRUCell, reset before": lambda: L.GRUCell(3, reset_after=False),
        "stacked": lambda: [L.LSTMCell(3, peepholes=True), L.GRUCell(2), L.SimpleRNNCell(4)],
    }
    for name, cell in cells.items():
        yield f"RNN {name}", L.RNN(cell(), **RS)
        yield f"RNN {name} backwards", L.RNN(cell(), go_backwards=True)
        yield f"RNN {name} zero", L.RNN(cell(), zero_output_for_mask=True, **RS)
        yield f"RNN {name} trained", L.RNN(cell(), trainable_initial_state=True)
        yield f"RNN {name} both ways", L.Bidirectional(L.RNN(cell(), **RS))
    for kind in (L.LayerNormLSTM, L.LayerNormGRU):
        yield f"{kind.__name__}", kind(4, **RS)
        yield f"{kind.__name__} backwards", kind(4, go_backwards=True, epsilon=0.01)
        yield f"{kind.__name__} without bias", kind(4, use_bias=False, **RS)
        yield f"{kind.__name__} both ways", L.Bidirectional(kind(4, **RS))
    for kind in (L.SimpleRNN, L.LSTM, L.GRU):
        yield f"{kind.__name__} with selu", kind(3, activation="selu", **RS)
    for mode in ("concat", "sum", "ave", "mul"):
        for kind in (L.LSTM, L.GRU):
            layer = L.Bidirectional(kind(3, return_sequences=mode != "ave"), merge_mode=mode)
            yield f"Bidirectional {mode} {kind.__name__}", layer
    backward = L.GRU(3, go_backwards=True, **RS)
    yield "two kinds", L.Bidirectional(L.LSTM(4, **RS), backward_layer=backward)
    trained = L.LSTM(4, trainable_initial_state=True, peepholes=True, **RS)
    yield "Bidirectional, initial states", L.Bidirectional(trained)
    backward = L.LSTM(4, go_backwards=True, use_bias=False, activation="relu", **RS)
    yield "two forms", L.Bidirectional(L.LSTM(4, **RS), backward_layer=backward)


RECURRENT = dict(recurrent_models())


def images(*layers):
    """Return a model of images."""
    return model_of((7, 6, 2), *layers)


def steps(*layers):
    """Return a model of sequences of open length."""
    return model_of((None, 3), *layers)


WHOLE = {
    "stack": lambda: steps(
        L.Masking(),
        L.Bidirectional(L.LSTM(4, **RS)),
        L.Dropout(0.5),
        L.LayerNormalization(),
        L.GRU(3, go_backwards=True, **RS),
        L.TimeDistributed(L.Dense(5, activation="relu")),
        L.SimpleRNN(4),
        L.Dense(3, activation="softmax"),
    ),
    "words": lambda: model_of(
        (None,), L.Embedding(9, 4, mask_zero=True), L.LSTM(5, **RS), L.GlobalAveragePooling1D()
    ),
    "pooled": lambda: steps(L.GRU(4, **RS), L.GlobalMaxPooling1D(), L.Activation("tanh")),
    "averaged": lambda: steps(L.Masking(), L.GRU(4, **RS), L.GlobalAveragePooling1D()),
    "video": lambda: model_of(
        (None, 7, 6, 2),
        L.TimeDistributed(L.Conv2D(3, 3, activation="relu")),
        L.TimeDistributed(L.MaxPooling2D()),
        L.TimeDistributed(L.Flatten()),
        L.LSTM(4),
    ),
    "pictures": lambda: model_of(
        (None, 7, 6, 2), L.TimeDistributed(L.GlobalAveragePooling2D()), L.GRU(3)
    ),
    "same": lambda: images(L.Conv2D(3, (3, 2), strides=2, padding="same"), L.Flatten()),
    "valid": lambda: images(
        L.Conv2D(4, 3, use_bias=False), L.MaxPooling2D(2, strides=1, padding="same")
    ),
    "shapes": lambda: model_of(
        (4, 3), L.Permute((2, 1)), L.Reshape((2, 6)), L.Flatten(), L.RepeatVector(3), L.GRU(2)
    ),
    "noise": lambda: steps(L.GaussianNoise(0.5), L.SpatialDropout1D(0.5), L.LSTM(3, **RS)),
    "plain norm": lambda: steps(L.LayerNormalization(center=False), L.Dense(3)),
}


@pytest.mark.parametrize("mask", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("name", RECURRENT)
def test_recurrent_layers(name, mask):
    layer = L.deserialize(L.serialize(RECURRENT[name]))
    check(steps(layer), mask)


@pytest.mark.parametrize("name", WHOLE)
def test_whole_models(name):
    model = WHOLE[name]()
    check(model, mask=False)
    if len(model.input_shape) == 3 and model.input_shape[1] is None:
        check(model, mask=True)


def exported_activations() -> list:
    """Return every activation of the library that keeps the shape, and some with options."""
    names = set(activations.ACTIVATIONS) - {"glu", "sparsemax", "threshold"}
    plain = [activations.get(name) for name in sorted(names)]
    return [
        *plain,
        activations.gelu.configure(approximate=True),
        activations.leaky_relu.configure(negative_slope=0.3),
        activations.relu.configure(max_value=1.5),
        activations.relu.configure(negative_slope=0.1, max_value=1.5),
        activations.threshold.configure(threshold=0.5, default_value=-2.0),
        activations.elu.configure(alpha=0.4),
        activations.softmax.configure(axis=1),
    ]


@pytest.mark.parametrize("activation", exported_activations(), ids=repr)
def test_activations(activation):
    model = model_of((3, 4), L.Activation(activation))
    x = np.random.default_rng(0).normal(size=(5, 3, 4)).astype("float32") * 3
    close(evaluate(to_onnx(model), {"x": x}), model(x), 1e-5)


@pytest.mark.parametrize("mask", [False, True], ids=["", "masked"])
def test_onnxruntime_computes_what_every_model_computes(mask):
    installed("onnxruntime")
    for layer in RECURRENT.values():
        check(steps(L.deserialize(L.serialize(layer))), mask, evaluate_onnxruntime)
    for make in WHOLE.values():
        model = make()
        if not mask or (len(model.input_shape) == 3 and model.input_shape[1] is None):
            check(model, mask, evaluate_onnxruntime)


def test_onnxruntime_computes_what_every_activation_computes():
    installed("onnxruntime")
    x = np.random.default_rng(0).normal(size=(5, 3, 4)).astype("float32") * 3
    for activation in exported_activations():
        model = model_of((3, 4), L.Activation(activation))
        close(evaluate_onnxruntime(to_onnx(model), {"x": x}), model(x), 1e-5)


def test_two_like_directions_are_one_node():
    like = to_onnx(steps(L.Bidirectional(L.GRU(3))))
    assert [n.op_type for n in like.graph.node].count("GRU") == 1
    other = L.Bidirectional(L.GRU(3), backward_layer=L.GRU(4, go_backwards=True))
    assert [n.op_type for n in to_onnx(steps(other)).graph.node].count("GRU") == 2


def test_batch_and_time_stay_open_and_float64_becomes_float32():
    model = Sequential([L.Input((None, 3)), L.LSTM(4, dtype="float64", **RS)])
    proto = to_onnx(model)

    def axes(value):
        shape = value.type.tensor_type.shape.dim
        return [axis.dim_param or axis.dim_value for axis in shape]

    assert axes(proto.graph.input[0]) == ["batch", "time", 3]
    assert axes(proto.graph.output[0]) == ["batch", "time", 4]
    assert {t.data_type for t in proto.graph.initializer} <= {
        onnx.TensorProto.FLOAT,
        onnx.TensorProto.INT64,
    }


def test_what_is_masked_has_no_effect_nan_included():
    model = steps(L.Bidirectional(L.LSTM(4, **RS)), L.GRU(3))
    feeds = feeds_of(model, mask=True)
    proto = to_onnx(model, mask=True)
    want = evaluate(proto, feeds)
    feeds["x"][~feeds["mask"]] = np.nan
    assert (evaluate(proto, feeds) == want).all()


def test_exported_nodes_can_be_read_back():
    model = steps(L.LSTM(4, peepholes=True, **RS), L.Bidirectional(L.GRU(3, **RS)))
    nodes = from_onnx(to_onnx(model))
    x = feeds_of(model)["x"]
    y = x
    for node in nodes:
        y = node.to_layer()(y)
    close(y, model(x))
    for node, layer in zip(nodes, model.layers, strict=True):
        for a, b in zip(node.to_layer().weights, layer.weights, strict=True):
            assert (a == b).all()


def test_a_file_is_written_whole_and_the_same_each_time(tmp_path):
    model = WHOLE["stack"]()
    for name in ("a", "b"):
        proto = to_onnx(model, tmp_path / f"{name}.onnx")
    content = (tmp_path / "a.onnx").read_bytes()
    assert content == (tmp_path / "b.onnx").read_bytes()
    assert onnx.load(tmp_path / "a.onnx") == proto
    with pytest.raises(ValueError, match="no exporter"):
        to_onnx(steps(L.LSTM(3, stateful=True)), tmp_path / "a.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.onnx", "b.onnx"]


@L.register
class Unexportable(L.Layer):
    """A layer that ONNX has never heard of, and a cell."""

    class Cell(L.GRUCell):
        """As good as a GRU's, but not one."""

    def call(self, x, mask=None, training=False):
        return x

    def backward(self, dy):
        return dy


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: Unexportable(name="mine"), "Unexportable 'mine': this layer has no exporter"),
        (lambda: L.GRU(3, stateful=True), "GRU .*: stateful=True has no exporter"),
        (lambda: L.Bidirectional(L.GRU(3, stateful=True)), "stateful=True has no exporter"),
        (lambda: L.Dense(3, activation="sparsemax"), "activation 'sparsemax' has no exporter"),
        (lambda: L.RNN(Unexportable.Cell(2)), "a loop over Cell has no exporter"),
        (lambda: L.LayerNormalization(axis=1), "an axis other than the last has no exporter"),
        (
            lambda: L.TimeDistributed(Unexportable(name="inner")),
            "Unexportable 'inner': this layer has no exporter",
        ),
    ],
)
def test_what_has_no_exporter_is_refused_by_name(layer, message):
    with pytest.raises(ValueError, match=f"to_onnx: .*{message}"):
        to_onnx(model_of((5, 3), layer()))


def test_bad_calls_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"ends in \.onnx"):
        to_onnx(steps(L.GRU(3)), tmp_path / "model.pb")
    with pytest.raises(ValueError, match="build"):
        to_onnx(Sequential([L.GRU(3)]))
    with pytest.raises(ValueError, match="mask: expected a model of sequences"):
        to_onnx(model_of((3,), L.Dense(2)), mask=True)
    with pytest.raises(ValueError, match="model: expected"):
        to_onnx(7)
