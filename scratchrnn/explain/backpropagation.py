"""How far back the gradient reaches: its norm on the recurrent state, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..layers import Bidirectional, Recurrent
from .asking import undisturbed
from .traces import cell_functions, recurrent_layer, run_recurrence


def gradient_norms(
    model: Any, x: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """Return how large the loss's gradient is on the recurrent state at each step.

    Parameters
    ----------
    model : Sequential
        Compiled; its last recurrent layer is the one looked at (of a `Bidirectional`, its
        forward half).
    x : ndarray, (N, T, D)
    y : ndarray
        Targets as ``fit`` takes them.
    mask : ndarray of bool, (N, T), optional
        Real steps.

    Returns
    -------
    ndarray, (N, T)
        ‖∂L/∂state_t‖ for each sequence (h, and for an LSTM h and c together), divided by its
        value at the last real step. Set flush right: column −1 is each sequence's last real
        step, column −2 the one before it; NaN before its first.
    """
    layer = recurrent_layer(model)
    if not isinstance(layer, Recurrent):
        kind = type(layer).__name__
        raise ValueError(f"gradient_norms: model: expected a SimpleRNN, LSTM or GRU, got {kind}")
    if getattr(model, "loss", None) is None:
        raise ValueError("gradient_norms: model: expected a loss; compile the model first")
    inputs, direct, mask = _upstream(model, layer, np.asarray(x), y, mask)
    N, T = inputs.shape[:2]
    shapes = [(N, *shape) for shape in layer._state_shapes()]
    caches, states = [], [np.zeros(shape) for shape in shapes]
    for t in range(T):
        states, cache = run_recurrence(layer, inputs[:, t : t + 1], states, mask[:, t : t + 1])
        caches.append(cache)
    backward, norms = cell_functions(layer)[1], np.zeros((N, T))
    d_states = [np.zeros(shape) for shape in shapes]
    for t in range(T)[::-1]:
        d_states[0] = d_states[0] + direct[:, t]
        norms[:, t] = np.sqrt(sum(np.square(d).reshape(N, -1).sum(axis=1) for d in d_states))
        d_states = list(backward(None, caches[t], *d_states))[1 : 1 + len(d_states)]
    return _flush_right(norms, mask)


def _upstream(model: Any, layer: Any, x: np.ndarray, y: np.ndarray, mask: np.ndarray | None):
    """Return the layer's inputs (N,T,…), the gradient on its outputs (N,T,…), and its mask.

    All three are in the order in which the layer reads.
    """
    outer = next(one for one in model.layers if one is layer or layer in one.sublayers())
    inputs, hidden, values = x, mask, x
    with undisturbed(model):
        for one in model.layers:
            if one is outer:
                inputs, layer_mask = values, hidden
            before = values
            values = one(values, mask=hidden)
            hidden = one.compute_mask(before, hidden)
        d = model.loss.gradient(np.asarray(y), values)
        for one in reversed(model.layers[model.layers.index(outer) + 1 :]):
            d = one.backward(d)
        if isinstance(outer, Bidirectional):
            d = outer._turned(layer, outer._split(d)[outer.sublayers().index(layer)])
    N, T = inputs.shape[:2]
    layer_mask = np.ones((N, T), bool) if layer_mask is None else np.asarray(layer_mask, bool)
    direct = np.zeros((N, T, *layer._state_shapes()[0]))
    if layer.return_sequences:
        direct[:] = d
    else:
        direct[:, -1] = d
    turn = slice(None, None, -1 if layer.go_backwards else 1)
    return inputs[:, turn], direct, layer_mask[:, turn]


def _flush_right(norms: np.ndarray, mask: np.ndarray) -> np.ndarray:
    aligned = np.full(norms.shape, np.nan)
    for row, values, real in zip(aligned, norms, mask, strict=True):
        values = values[real]
        if len(values) and values[-1] > 0:
            row[len(row) - len(values) :] = values / values[-1]
    return aligned
