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


def like(layer, x: Tensor, name: str) -> Tensor:
    """Return what a layer makes of x, by its shape and mask."""
    return Tensor(name, layer.compute_output_shape(x.shape), keep_mask(layer, x))


def export_nothing(g: Graph, layer, x: Tensor) -> Tensor:
    """Dropout and noise do nothing at inference."""
    return like(layer, x, x.name)


def export_dense(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a product, a sum and an activation."""
    y = g.add("MatMul", x.name, g.weight("kernel", layer.kernel))
    if layer.use_bias:
        y = g.add("Add", y, g.weight("bias", layer.bias))
    return like(layer, x, add_activation(g, y, layer.activation))


def export_activation(g: Graph, layer, x: Tensor) -> Tensor:
    """Add an activation."""
    return like(layer, x, add_activation(g, x.name, layer.activation))


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
    if x.mask:
        hidden = g.number(0, "int64")
        index = g.add("Where", g.to_steps(x.mask, len(x.shape)), index, hidden)
    y = g.add("Gather", g.weight("embeddings", layer.embeddings), index, axis=0)
    mask = x.mask
    if layer.mask_zero:
        real = g.add("Not", g.add("Equal", index, g.number(0, "int64")))
        mask = g.add("And", real, mask) if mask else real
    return Tensor(y, layer.compute_output_shape(x.shape), mask)


def export_flatten(g: Graph, layer, x: Tensor) -> Tensor:
    """Turn (N, ...) into (N, product of the rest)."""
    return like(layer, x, g.add("Flatten", x.name, axis=1))


def export_reshape(g: Graph, layer, x: Tensor) -> Tensor:
    """Change the shape of everything but the batch."""
    sizes = [-1 if size is None else size for size in layer.compute_output_shape(x.shape)[1:]]
    return like(layer, x, g.reshape(x.name, g.shape(x.name, 0, 1), g.ints(*sizes)))


def export_permute(g: Graph, layer, x: Tensor) -> Tensor:
    """Change the order of the axes."""
    return like(layer, x, g.add("Transpose", x.name, perm=[0, *layer.dims]))


def export_repeat_vector(g: Graph, layer, x: Tensor) -> Tensor:
    """Repeat a vector at every step."""
    y = g.add("Unsqueeze", x.name, g.ints(1))
    return like(layer, x, g.add("Tile", y, g.ints(1, layer.n, 1)))


def export_layer_normalization(g: Graph, layer, x: Tensor) -> Tensor:
    """Normalise the last axis."""
    axes = layer.axis if isinstance(layer.axis, list | tuple) else [layer.axis]
    if sorted(a % len(x.shape) for a in axes) != [len(x.shape) - 1]:
        raise ValueError(f"axis {layer.axis}: an axis other than the last has no exporter")
    size = x.shape[-1]
    scale = g.weight("gamma", layer.gamma) if layer.scale else g.number([1.0] * size)
    inputs = [x.name, scale] + ([g.weight("beta", layer.beta)] if layer.center else [])
    y = g.add("LayerNormalization", *inputs, axis=-1, epsilon=float(layer.epsilon))
    return like(layer, x, y)


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


def export_global_average(g: Graph, layer, x: Tensor) -> Tensor:
    """Average a sequence or an image; under a mask its real steps, zero if there are none."""
    axes, keep = list(range(1, layer.rank + 1)), int(layer.keepdims)
    if x.mask is None or layer.rank != 1:
        return like(layer, x, g.add("ReduceMean", x.name, axes=axes, keepdims=keep))
    total = g.add("ReduceSum", g.blank(x.name, x.mask, 3), g.ints(1), keepdims=keep)
    ones = g.to_steps(g.add("Cast", x.mask, to=1), 3)
    count = g.add("ReduceSum", ones, g.ints(1), keepdims=keep)
    return like(layer, x, g.add("Div", total, g.add("Max", count, g.number(1.0))))


def export_global_max(g: Graph, layer, x: Tensor) -> Tensor:
    """Take the largest of a sequence or an image; under a mask as `export_global_average`."""
    axes, keep = list(range(1, layer.rank + 1)), int(layer.keepdims)
    if x.mask is None or layer.rank != 1:
        return like(layer, x, g.add("ReduceMax", x.name, axes=axes, keepdims=keep))
    data = g.blank(x.name, x.mask, 3, -math.inf)
    y = g.add("ReduceMax", data, axes=axes, keepdims=keep)
    ones = g.to_steps(g.add("Cast", x.mask, to=1), 3)
    any_ = g.add("Cast", g.add("ReduceMax", ones, axes=axes, keepdims=keep), to=9)
    return like(layer, x, g.add("Where", any_, y, g.number(0.0)))
