"""Options that few models use, as ONNX: windows with gaps, masks of words, states of zeros."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed (extra onnx)")

from scratchrnn import activations  # noqa: E402
from scratchrnn import layers as L  # noqa: E402
from scratchrnn.interop import OnnxRecurrence, from_onnx, to_onnx  # noqa: E402
from tests.interop.onnx_graphs import check, evaluate, feeds_of, model_of  # noqa: E402
from tests.interop.onnx_nodes import make_model  # noqa: E402
from tests.interop.references import close  # noqa: E402

MODELS = {
    "no bias": lambda: model_of((None, 3), L.Dense(4, use_bias=False)),
    "causal": lambda: model_of((None, 3), L.Conv1D(4, 3, dilation_rate=2, padding="causal")),
    "dilated": lambda: model_of((None, 3), L.Conv1D(4, 3, dilation_rate=2, padding="same")),
    "gaps": lambda: model_of((7, 8, 2), L.Conv2D(3, 2, strides=3, padding="same")),
    "a number a step": lambda: model_of((4, 1), L.TimeDistributed(L.Reshape(()))),
    "gaps of pooling": lambda: model_of((8, 3), L.AveragePooling1D(2, strides=3, padding="same")),
}


@pytest.mark.parametrize("name", MODELS)
def test_windows_and_weights_of_every_kind(name):
    check(MODELS[name](), mask=False)


@pytest.mark.parametrize("zero", [False, True], ids=["", "mask_zero"])
def test_a_mask_beside_words_hides_them(zero):
    model = model_of((None,), L.Embedding(9, 4, mask_zero=zero), L.GRU(5))
    check(model, mask=True)
    feeds = feeds_of(model, mask=True)
    proto = to_onnx(model, mask=True)
    want = evaluate(proto, feeds)
    feeds["x"][~feeds["mask"]] = 1_000_000  # no such word
    assert (evaluate(proto, feeds) == want).all()


REFUSED = {
    "padding 'same' with gaps, over an open axis": (
        lambda: to_onnx(model_of((None, 3), L.Conv1D(4, 2, strides=3, padding="same")))
    ),
    "relu with a threshold": (
        lambda: to_onnx(model_of((4,), L.Activation(activations.relu.configure(threshold=0.5))))
    ),
    "model: expected a Sequential that is built": (
        lambda: to_onnx([model_of((None, 3), L.GRU(2)).layers[-1]])
    ),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_no_graph_can_say_is_refused(message):
    with pytest.raises(ValueError, match=message):
        REFUSED[message]()


def gru(**changed):
    """Return a model of one GRU node with a state that the graph computes."""
    arrays = {"X": np.ones((5, 2, 3)), "W": np.ones((1, 12, 3)), "R": np.ones((1, 12, 4))}
    return make_model("GRU", {**arrays, **changed}, {"hidden_size": 4})


@pytest.mark.parametrize(("value", "needed"), [(0.0, ()), (1.0, ("initial_h",))])
def test_a_state_that_is_put_together_from_zeros_need_not_be_given(value, needed):
    model = gru(initial_h=np.full((1, 1, 4), value))
    model.graph.initializer[-1].name = "half"
    join = onnx.helper.make_node("Concat", ["half", "half"], ["initial_h"], axis=1)
    model.graph.node.insert(0, join)
    (node,) = from_onnx(model)
    assert node.needed == needed


def test_a_node_without_weights_is_refused():
    model = gru()
    model.graph.node[0].input[2] = ""
    with pytest.raises(ValueError, match="GRU 'node': missing: R"):
        from_onnx(model)


def test_one_given_state_of_two_leaves_the_other_zero():
    rng = np.random.default_rng(0)
    W, R = rng.normal(size=(1, 16, 3)), rng.normal(size=(1, 16, 4))
    x, h0 = rng.normal(size=(5, 2, 3)), np.repeat(rng.normal(size=(1, 1, 4)), 2, axis=1)
    node = OnnxRecurrence("LSTM", W, R, initial_h=h0)
    want = node(x).Y[:, 0].swapaxes(0, 1)
    close(node.to_layer()(x.swapaxes(0, 1)), want, 1e-12)
