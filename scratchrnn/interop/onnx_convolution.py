"""Convolution and pooling as ONNX nodes: ONNX has channels first, we have them last."""

from __future__ import annotations

import numpy as np

from .onnx_functions import add_activation
from .onnx_graph import Graph, Tensor
from .onnx_layers import like


def window_attributes(windows, inner: tuple) -> dict:
    """Return how a kernel moves over images or sequences.

    Parameters
    ----------
    windows : scratchrnn.cells.convolution.Windows
        Sequences are images of height 1 to it.
    inner : tuple of int or None
        Sizes of the axes between batch and channels, None where open.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If the padding depends on an open axis in a way that onnxruntime does not know.
    """
    k = 2 - len(inner)
    attributes = {"kernel_shape": list(windows.size[k:]), "strides": list(windows.strides[k:])}
    if windows.padding != "same":
        return {**attributes, "auto_pad": "VALID"}
    steps = zip(windows.strides, windows.size, windows.dilation, strict=True)
    if all(stride <= size and dilation == 1 for stride, size, dilation in steps):
        return {**attributes, "auto_pad": "SAME_UPPER"}
    # onnxruntime pads no dilated kernels, nor windows with gaps between them, by itself; with
    # stride 1 the margins are the same for every size.
    axes = zip(inner, windows.strides[k:], strict=True)
    known = [1 if size is None and stride == 1 else size for size, stride in axes]
    if None in known:
        raise ValueError("padding 'same' with gaps, over an open axis, has no exporter")
    margins = windows.margins((1,) * k + tuple(known))[k:]
    return {**attributes, "pads": [a for a, _ in margins] + [b for _, b in margins]}


def convolution_attributes(windows, inner: tuple) -> dict:
    """Return `window_attributes` with the dilation, which pooling has not."""
    dilations = list(windows.dilation[2 - len(inner) :])
    return {**window_attributes(windows, inner), "dilations": dilations}


def _channels_first(g: Graph, x: str, rank: int, op: str, *inputs: str, **attributes) -> str:
    inner = list(range(1, rank + 1))
    data = g.add("Transpose", x, perm=[0, rank + 1, *inner])
    y = g.add(op, data, *inputs, **attributes)
    return g.add("Transpose", y, perm=[0, *(axis + 1 for axis in inner), 1])


def convolve(g: Graph, x: str, kernel: np.ndarray, bias, attributes: dict) -> str:
    """Add a convolution of x (N, ..., C) with a kernel (..., C, F) and perhaps a bias (F,).

    Parameters
    ----------
    g : Graph
    x : str
    kernel : ndarray
    bias : ndarray or None
    attributes : dict
        Of the node.

    Returns
    -------
    str
    """
    rank = kernel.ndim - 2
    weights = [g.weight("kernel", kernel.transpose(rank + 1, rank, *range(rank)))]
    if bias is not None:
        weights.append(g.weight("bias", bias))
    return _channels_first(g, x, rank, "Conv", *weights, **attributes)


def export_convolution(g: Graph, layer, x: Tensor) -> Tensor:
    """Add a Conv1D or Conv2D."""
    windows, attributes = layer.windows, convolution_attributes(layer.windows, x.shape[1:-1])
    if layer.causal:
        lead = (windows.size[1] - 1) * windows.dilation[1]
        attributes = {**attributes, "auto_pad": "NOTSET", "pads": [lead, 0]}
    y = convolve(g, x.name, layer.kernel, layer.bias, attributes)
    return like(layer, x, add_activation(g, y, layer.activation))


def _export_pooling(g: Graph, layer, x: Tensor, op: str) -> Tensor:
    attributes = window_attributes(layer.windows, x.shape[1:-1])
    return like(layer, x, _channels_first(g, x.name, layer.rank, op, **attributes))


def export_max_pooling(g: Graph, layer, x: Tensor) -> Tensor:
    """Take the largest of each window."""
    return _export_pooling(g, layer, x, "MaxPool")


def export_average_pooling(g: Graph, layer, x: Tensor) -> Tensor:
    """Average each window; what padding adds does not count."""
    return _export_pooling(g, layer, x, "AveragePool")
