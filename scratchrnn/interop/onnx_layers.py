"""Layers without a recurrence as ONNX nodes; each exporter takes the layer and the tensor below."""

from __future__ import annotations

import math

from .onnx_functions import add_activation
from .onnx_graph import Graph, Tensor


def keep_mask(layer, x: Tensor) -> str | None:
    """Return the mask that the layer passes on."""
    if x.mask is None:
        return None
    marker = x.mask
    return marker if layer.compute_mask(None, marker) is marker else None


def _like(layer, x: Tensor, name: str) -> Tensor:
    return Tensor(name, layer.compute_output_shape(x.shape), keep_mask(layer, x))


def export_nothing(g: Graph, layer, x: Tensor) -> Tensor:
    """Dropout and noise do nothing at inference."""
    return _like(layer, x, x.name)


def export_dense(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a product, a sum and an activation."""
    y = g.add("MatMul", x.name, g.weight("kernel", layer.kernel))
    if layer.use_bias:
        y = g.add("Add", y, g.weight("bias", layer.bias))
    return _like(layer, x, add_activation(g, y, layer.activation))


def export_activation(g: Graph, layer, x: Tensor) -> Tensor:
    """Add an activation."""
    return _like(layer, x, add_activation(g, x.name, layer.activation))


def export_masking(g: Graph, layer, x: Tensor) -> Tensor:
    """Find the steps that hold anything but the mask value, and blank the others."""
    differs = g.add("Not", g.add("Equal", x.name, g.number(layer.mask_value)))
    any_ = g.add("ReduceMax", g.add("Cast", differs, to=1), axes=[-1], keepdims=0)
    real = g.add("Cast", any_, to=9)  # bool (N,T)
    y = g.blank(x.name, real, len(x.shape))
    return Tensor(y, x.shape, g.add("And", real, x.mask) if x.mask else real)


def export_embedding(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a look-up; with `mask_zero`, steps with index 0 are masked."""
    index = g.add("Cast", x.name, to=7)  # int64
    y = g.add("Gather", g.weight("embeddings", layer.embeddings), index, axis=0)
    mask = x.mask
    if layer.mask_zero:
        real = g.add("Not", g.add("Equal", index, g.number(0, "int64")))
        mask = g.add("And", real, mask) if mask else real
    return Tensor(y, layer.compute_output_shape(x.shape), mask)


def export_flatten(g: Graph, layer, x: Tensor) -> Tensor:
    """Turn (N, ...) into (N, product of the rest)."""
    return _like(layer, x, g.add("Flatten", x.name, axis=1))


def export_reshape(g: Graph, layer, x: Tensor) -> Tensor:
    """Change the shape of everything but the batch."""
    target = layer.compute_output_shape(x.shape)
    sizes = [-1 if size is None else size for size in target[1:]]
    if sizes.count(-1) > 1:
        raise ValueError("more than one open axis has no exporter")
    return _like(layer, x, g.reshape(x.name, g.shape(x.name, 0, 1), g.ints(*sizes)))


def export_permute(g: Graph, layer, x: Tensor) -> Tensor:
    """Change the order of the axes."""
    return _like(layer, x, g.add("Transpose", x.name, perm=[0, *layer.dims]))


def export_repeat_vector(g: Graph, layer, x: Tensor) -> Tensor:
    """Repeat a vector at every step."""
    y = g.add("Unsqueeze", x.name, g.ints(1))
    return _like(layer, x, g.add("Tile", y, g.ints(1, layer.n, 1)))


def export_layer_normalization(g: Graph, layer, x: Tensor) -> Tensor:
    """Normalise the last axis."""
    if getattr(layer, "rms_scaling", False):
        raise ValueError("rms_scaling=True has no exporter")
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if sorted(a % len(x.shape) for a in axes) != [len(x.shape) - 1]:
        raise ValueError(f"axis {layer.axis}: an axis other than the last has no exporter")
    size = x.shape[-1]
    scale = g.weight("gamma", layer.gamma) if layer.scale else g.number([1.0] * size)
    inputs = [x.name, scale] + ([g.weight("beta", layer.beta)] if layer.center else [])
    y = g.add("LayerNormalization", *inputs, axis=-1, epsilon=float(layer.epsilon))
    return _like(layer, x, y)


def export_time_distributed(g: Graph, layer, x: Tensor) -> Tensor:
    """Fold the steps into the batch, run the layer inside, and unfold."""
    rank = len(x.shape)
    rows = g.reshape(x.name, g.ints(-1), g.shape(x.name, 2, rank))
    inner = g.export(layer.layer, Tensor(rows, (None, *x.shape[2:])))
    shape = layer.compute_output_shape(x.shape)
    parts = [g.shape(x.name, 0, 2)]
    if len(shape) > 2:
        parts.append(g.shape(inner.name, 1, len(shape) - 1))
    return Tensor(g.reshape(inner.name, *parts), shape, keep_mask(layer, x))


def export_average_1d(g: Graph, layer, x: Tensor) -> Tensor:
    """Average the steps, the real ones alone under a mask."""
    axis = 1 if layer.data_format == "channels_last" else 2
    keep = int(layer.keepdims)
    if x.mask is None:
        return _like(layer, x, g.add("ReduceMean", x.name, axes=[axis], keepdims=keep))
    total = g.add("ReduceSum", g.blank(x.name, x.mask, 3), g.ints(axis), keepdims=keep)
    ones = g.to_steps(g.add("Cast", x.mask, to=1), 3)
    count = g.add("ReduceSum", ones, g.ints(axis), keepdims=keep)
    return _like(layer, x, g.add("Div", total, count))


def export_max_1d(g: Graph, layer, x: Tensor) -> Tensor:
    """Take the largest of the steps, of the real ones alone under a mask."""
    axis = 1 if layer.data_format == "channels_last" else 2
    data = g.blank(x.name, x.mask, 3, -math.inf) if x.mask else x.name
    return _like(layer, x, g.add("ReduceMax", data, axes=[axis], keepdims=int(layer.keepdims)))


def export_average_2d(g: Graph, layer, x: Tensor) -> Tensor:
    """Average an image."""
    axes = [1, 2] if layer.data_format == "channels_last" else [2, 3]
    return _like(layer, x, g.add("ReduceMean", x.name, axes=axes, keepdims=int(layer.keepdims)))


def _window(layer, sizes) -> dict:
    """Return the attributes that Conv and MaxPool share."""
    pad = "SAME_UPPER" if layer.padding == "same" else "VALID"
    return {"kernel_shape": list(sizes), "strides": list(layer.strides), "auto_pad": pad}


def _channels_first(g: Graph, layer, x: Tensor, op: str, *inputs: str, **attributes) -> str:
    """Run an operator on images whose channels come last, as ours do."""
    last = layer.data_format == "channels_last"
    data = g.add("Transpose", x.name, perm=[0, 3, 1, 2]) if last else x.name
    y = g.add(op, data, *inputs, **attributes)
    return g.add("Transpose", y, perm=[0, 2, 3, 1]) if last else y


def export_conv2d(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a convolution and an activation."""
    attributes = _window(layer, layer.kernel_size)
    attributes["dilations"] = list(getattr(layer, "dilation_rate", (1, 1)))
    attributes["group"] = int(getattr(layer, "groups", 1))
    weights = [g.weight("kernel", layer.kernel.transpose(3, 2, 0, 1))]
    if layer.use_bias:
        weights.append(g.weight("bias", layer.bias))
    y = _channels_first(g, layer, x, "Conv", *weights, **attributes)
    return _like(layer, x, add_activation(g, y, layer.activation))


def export_max_pooling2d(g: Graph, layer, x: Tensor) -> Tensor:
    """Take the largest of each window."""
    y = _channels_first(g, layer, x, "MaxPool", **_window(layer, layer.pool_size))
    return _like(layer, x, y)
