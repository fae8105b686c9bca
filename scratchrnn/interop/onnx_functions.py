"""Activations as ONNX nodes."""

from __future__ import annotations

import math

from .onnx_graph import Graph

_SELU = {"alpha": 1.6732632423543772, "gamma": 1.0507009873554805}


def _relu(g: Graph, x: str, negative_slope=0.0, max_value=None, threshold=0.0) -> str:
    if threshold:
        raise ValueError("relu with a threshold")
    if negative_slope:
        x = g.add("LeakyRelu", x, alpha=float(negative_slope))
        return x if max_value is None else g.add("Min", x, g.number(max_value))
    return g.add("Relu", x) if max_value is None else _clip(g, x, 0.0, max_value)


def _clip(g: Graph, x: str, low: float, high: float) -> str:
    return g.add("Clip", x, g.number(low), g.number(high))


def _hard_sigmoid(g: Graph, x: str) -> str:
    return g.add("HardSigmoid", x, alpha=1 / 6, beta=0.5)


def _gelu(g: Graph, x: str, approximate=False) -> str:
    if approximate:
        cubed = g.add("Mul", g.add("Mul", x, x), x)
        inner = g.add("Add", x, g.add("Mul", cubed, g.number(0.044715)))
        bent = g.add("Tanh", g.add("Mul", inner, g.number(math.sqrt(2 / math.pi))))
    else:
        bent = g.add("Erf", g.add("Mul", x, g.number(math.sqrt(0.5))))
    return g.add("Mul", g.add("Mul", x, g.number(0.5)), g.add("Add", bent, g.number(1.0)))


def _squareplus(g: Graph, x: str, b=4) -> str:
    root = g.add("Sqrt", g.add("Add", g.add("Mul", x, x), g.number(b)))
    return g.add("Mul", g.add("Add", x, root), g.number(0.5))


def _sparse_plus(g: Graph, x: str) -> str:
    bent = _clip(g, g.add("Add", x, g.number(1.0)), 0.0, 2.0)
    quarter = g.add("Mul", g.add("Mul", bent, bent), g.number(0.25))
    return g.add("Where", g.add("Greater", x, g.number(1.0)), x, quarter)


def _sparse_sigmoid(g: Graph, x: str) -> str:
    line = g.add("Mul", g.add("Add", x, g.number(1.0)), g.number(0.5))
    return _clip(g, line, 0.0, 1.0)


def _threshold(g: Graph, x: str, threshold, default_value) -> str:
    above = g.add("Greater", x, g.number(threshold))
    return g.add("Where", above, x, g.number(default_value))


_FUNCTIONS = {
    "celu": lambda g, x, alpha=1.0: g.add("Celu", x, alpha=float(alpha)),
    "elu": lambda g, x, alpha=1.0: g.add("Elu", x, alpha=float(alpha)),
    "exponential": lambda g, x: g.add("Exp", x),
    "gelu": _gelu,
    "hard_shrink": lambda g, x, threshold=0.5: g.add("Shrink", x, lambd=float(threshold), bias=0.0),
    "hard_sigmoid": _hard_sigmoid,
    "hard_silu": lambda g, x: g.add("Mul", x, _hard_sigmoid(g, x)),
    "hard_tanh": lambda g, x: _clip(g, x, -1.0, 1.0),
    "leaky_relu": lambda g, x, negative_slope=0.2: g.add(
        "LeakyRelu", x, alpha=float(negative_slope)
    ),
    "linear": lambda g, x: x,
    "log_sigmoid": lambda g, x: g.add("Neg", g.add("Softplus", g.add("Neg", x))),
    "log_softmax": lambda g, x, axis=-1: g.add("LogSoftmax", x, axis=axis),
    "mish": lambda g, x: g.add("Mul", x, g.add("Tanh", g.add("Softplus", x))),
    "relu": _relu,
    "relu6": lambda g, x: _clip(g, x, 0.0, 6.0),
    "selu": lambda g, x: g.add("Selu", x, **_SELU),
    "sigmoid": lambda g, x: g.add("Sigmoid", x),
    "silu": lambda g, x: g.add("Mul", x, g.add("Sigmoid", x)),
    "soft_shrink": lambda g, x, threshold=0.5: g.add(
        "Shrink", x, lambd=float(threshold), bias=float(threshold)
    ),
    "softmax": lambda g, x, axis=-1: g.add("Softmax", x, axis=axis),
    "softplus": lambda g, x: g.add("Softplus", x),
    "softsign": lambda g, x: g.add("Softsign", x),
    "sparse_plus": _sparse_plus,
    "sparse_sigmoid": _sparse_sigmoid,
    "squareplus": _squareplus,
    "tanh": lambda g, x: g.add("Tanh", x),
    "tanh_shrink": lambda g, x: g.add("Sub", x, g.add("Tanh", x)),
    "threshold": _threshold,
}


def add_activation(graph: Graph, x: str, activation) -> str:
    """Add the nodes of an activation and return the name of their output.

    Parameters
    ----------
    graph : Graph
    x : str
        Name of a tensor.
    activation : str or scratchrnn.activations.Activation

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it has no exporter.
    """
    name = activation if isinstance(activation, str) else getattr(activation, "name", None)
    options = getattr(activation, "options", {})
    if name not in _FUNCTIONS or not isinstance(options.get("axis", 0), int):
        raise ValueError(f"activation {name or activation!r} has no exporter")
    return _FUNCTIONS[name](graph, x, **options)
