"""A whole Sequential as an ONNX model, for onnxruntime and what else reads ONNX."""

from __future__ import annotations

from pathlib import Path

from ..files import replacing
from . import onnx_convolution as windowed
from . import onnx_layers as plain
from .checks import list_layers, optional
from .onnx_graph import Graph, Tensor
from .onnx_recurrent import export_bidirectional, export_recurrent
from .onnx_scan import export_loop, export_rnn

_OPSET, _IR_VERSION = 17, 8
_FLOAT, _INT64, _BOOL = 1, 7, 9  # TensorProto's numbers
EXPORTERS = {
    "Activation": plain.export_activation,
    "AveragePooling1D": windowed.export_average_pooling,
    "AveragePooling2D": windowed.export_average_pooling,
    "Bidirectional": export_bidirectional,
    "Conv1D": windowed.export_convolution,
    "Conv2D": windowed.export_convolution,
    "ConvLSTM2D": export_loop,
    "Dense": plain.export_dense,
    "Dropout": plain.export_nothing,
    "Embedding": plain.export_embedding,
    "Flatten": plain.export_flatten,
    "GRU": export_recurrent,
    "GaussianNoise": plain.export_nothing,
    "GlobalAveragePooling1D": plain.export_global_average,
    "GlobalAveragePooling2D": plain.export_global_average,
    "GlobalMaxPooling1D": plain.export_global_max,
    "GlobalMaxPooling2D": plain.export_global_max,
    "Input": plain.export_nothing,
    "LSTM": export_recurrent,
    "LayerNormGRU": export_loop,
    "LayerNormLSTM": export_loop,
    "LayerNormalization": plain.export_layer_normalization,
    "Masking": plain.export_masking,
    "MaxPooling1D": windowed.export_max_pooling,
    "MaxPooling2D": windowed.export_max_pooling,
    "Permute": plain.export_permute,
    "RNN": export_rnn,
    "RepeatVector": plain.export_repeat_vector,
    "Reshape": plain.export_reshape,
    "SimpleRNN": export_recurrent,
    "SpatialDropout1D": plain.export_nothing,
    "TimeDistributed": plain.export_time_distributed,
}


def to_onnx(model, path=None, *, mask: bool = False):
    """Write a model as ONNX, for inference, whole or not at all.

    Parameters
    ----------
    model : Sequential
        Built. Batch and time stay open axes where the model leaves them open.
    path : path-like, optional
        Ends in ``.onnx``; without it nothing is written.
    mask : bool, default False
        Whether the graph takes, beside ``x``, a tensor ``mask``: bool (N, T), true where a step is
        real, as ``model.predict(x, mask=mask)`` does. Masking and Embedding(mask_zero=True) work
        without it: their masks are made, and carried along, inside the graph.

    Returns
    -------
    onnx.ModelProto
        Input ``x`` (float32, or int64 if the model begins with an Embedding), output ``y``.

    Raises
    ------
    ValueError
        If the model is not built, or a layer or an option has no exporter; named.
    ImportError
        If onnx is not installed.

    Notes
    -----
    Weights are written as float32, since onnxruntime's recurrent operators know no other type.
    Dropout and noise are left out. Left to right, recurrent layers become RNN, LSTM and GRU nodes
    (operator set 17); under a mask the real steps of a row move to its front for the node and back
    after it, so that any mask gives what the layer gives, and not only padding at the end.

    Examples
    --------
    >>> from scratchrnn.interop import to_onnx
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> exported = to_onnx(Sequential([Input((None, 3)), LSTM(4), Dense(2)]))
    >>> [node.op_type for node in exported.graph.node]
    ['Transpose', 'LSTM', 'Gather', 'MatMul', 'Add', 'Identity']
    """
    who = "to_onnx"
    layers = list_layers(who, model)
    if path is not None and Path(path).suffix != ".onnx":
        raise ValueError(f"{who}: path: expected a name that ends in .onnx, got {str(path)!r}")
    shape = _input_shape(who, model, layers)
    graph = Graph(EXPORTERS)
    kinds = [type(layer).__name__ for layer in layers if type(layer).__name__ != "Input"]
    first = _INT64 if kinds[:1] == ["Embedding"] else _FLOAT
    x = Tensor("x", shape, "mask" if mask else None)
    if mask and len(shape) < (2 if first == _INT64 else 3):
        raise ValueError(f"{who}: mask: expected a model of sequences (N, T, ...), got {shape}")
    if mask and len(shape) > 2:
        x = x._replace(name=_blank_hidden(graph, x))
    for layer in layers:
        x = graph.export(layer, x)
    proto = _finish(graph, model, x, shape, first, mask)
    if path is not None:
        with replacing(path) as file:
            file.write(proto.SerializeToString(deterministic=True))
    return proto


def _blank_hidden(g: Graph, x: Tensor) -> str:
    """Put 0 for what is not finite at masked steps, as every layer does."""
    bad = g.add("Or", g.add("IsNaN", x.name), g.add("IsInf", x.name))
    hidden = g.to_steps(g.add("Not", x.mask), len(x.shape))
    return g.add("Where", g.add("And", hidden, bad), g.number(0.0), x.name)


def _input_shape(who: str, model, layers) -> tuple:
    shape = getattr(model, "input_shape", None)
    if not shape:
        raise ValueError(f"{who}: model: expected a Sequential that is built")
    return tuple(shape)


def _dimensions(shape: tuple) -> list:
    """Name the open axes: batch, time, and further ones by number."""
    names = ["batch", "time"]
    return [
        size if size is not None else names[k] if k < 2 else f"axis_{k}"
        for k, size in enumerate(shape)
    ]


def _finish(graph: Graph, model, y: Tensor, shape: tuple, first: int, mask: bool):
    """Name the output, and put inputs, nodes and constants into a checked model."""
    from .. import __version__

    onnx = optional("onnx", "onnx", "ONNX")
    info = graph.value_info
    inputs = [info("x", first, _dimensions(shape))]
    if mask:
        inputs.append(info("mask", _BOOL, _dimensions(shape)[:2]))
    graph.nodes.append(onnx.helper.make_node("Identity", [y.name], ["y"], "node:y"))
    outputs = [info("y", _FLOAT, _dimensions(y.shape))]
    proto = onnx.helper.make_model(
        graph.close(model.name, inputs, outputs, graph.constants),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="scratchrnn",
        producer_version=__version__,
    )
    onnx.checker.check_model(proto)
    return proto
