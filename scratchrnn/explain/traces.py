"""What went on inside: gates and states, the prediction after each step, gradients through time.

Everything here is computed with the readable cells, whatever backend trained the model.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

_GATES = {"rnn": "", "lstm": "ifgo", "gru": "zrn"}


def recurrent_layer(model: Any) -> Any:
    """Return the last recurrent layer of a model.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    SimpleRNN, LSTM or GRU

    Raises
    ------
    ValueError
        If it has none.
    """
    for layer in reversed(model.layers):
        if getattr(layer, "cell", None) in _GATES:
            return layer
    raise ValueError("recurrent_layer: model: expected a SimpleRNN, LSTM or GRU layer, got none")


def gate_traces(layer: Any, x: np.ndarray, mask: np.ndarray | None = None) -> dict:
    """Return every gate and state of a recurrent layer at every step.

    Parameters
    ----------
    layer : SimpleRNN, LSTM or GRU
        Built; it is not changed.
    x : ndarray, (N, T, D)
        What the layer is given (steps in processing order for ``go_backwards``).
    mask : ndarray of bool, (N, T), optional

    Returns
    -------
    dict of str to ndarray, (N, T, H)
        ``i f g o c h`` of an LSTM, ``z r n h`` of a GRU, ``h`` of a SimpleRNN.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import gate_traces
    >>> from scratchrnn.layers import GRU
    >>> layer = GRU(4, seed=0)
    >>> layer.build((None, None, 3))
    >>> traces = gate_traces(layer, np.zeros((2, 5, 3)))
    >>> {letter: trace.shape for letter, trace in traces.items()}
    {'z': (2, 5, 4), 'r': (2, 5, 4), 'n': (2, 5, 4), 'h': (2, 5, 4)}
    """
    states, cache = _run(layer, x, [None] * len(layer.state_names), mask)
    del states
    traces = {}
    if _GATES[layer.cell]:
        gates = np.split(cache.gates, len(_GATES[layer.cell]), axis=-1)  # (T,N,H) each
        traces = dict(zip(_GATES[layer.cell], gates, strict=True))
    if layer.cell == "lstm":
        traces["c"] = cache.c[1:]
    traces["h"] = cache.h[1:]
    return {letter: np.ascontiguousarray(t.swapaxes(0, 1)) for letter, t in traces.items()}


def _cells(layer: Any):
    home = importlib.import_module(f"scratchrnn.cells.{layer.cell}")
    return getattr(home, f"{layer.cell}_forward"), getattr(home, f"{layer.cell}_backward")


def _run(layer: Any, x: np.ndarray, states: list, mask: np.ndarray | None) -> tuple[list, Any]:
    """Run a layer's recurrence in float64: (final states, cache)."""
    forward, _ = _cells(layer)
    weights = (layer.kernel, layer.recurrent_kernel, layer.bias)
    weights = [None if w is None else w.astype(np.float64) for w in weights]
    x = np.asarray(x, dtype=np.float64)
    _, *final, cache = forward(x, *states, *weights, mask, **layer._options())
    return final, cache


def running_prediction(model: Any, x: np.ndarray, mask: np.ndarray | None = None) -> np.ndarray:
    """Return what a model says after each step, having seen nothing of what follows.

    Parameters
    ----------
    model : Sequential
        Any that maps (N, T, D) to (N, C); it is asked about every beginning of each sequence.
    x : ndarray, (N, T, D)
    mask : ndarray of bool, (N, T), optional
        Real steps; they come first.

    Returns
    -------
    ndarray, (N, T, C)
        At masked steps the prediction for the whole sequence.
    """
    x = np.asarray(x)
    N, T = x.shape[:2]
    mask = np.ones((N, T), bool) if mask is None else np.asarray(mask, dtype=bool)
    beginnings = np.tri(T, dtype=bool)  # row t: the steps up to t
    seen = []
    for row, real in zip(x, mask, strict=True):
        known = beginnings & real
        known[:, 0] = True
        seen.append(model.predict(np.broadcast_to(row, (T, *row.shape)), mask=known, verbose=0))
    return np.stack(seen)


def gradient_norms(
    model: Any, x: np.ndarray, y: np.ndarray, mask: np.ndarray | None = None
) -> np.ndarray:
    """Return how large the loss's gradient is on the recurrent state at each step.

    Parameters
    ----------
    model : Sequential
        Compiled; its last recurrent layer is the one looked at.
    x : ndarray, (N, T, D)
    y : ndarray
        Targets as ``fit`` takes them.
    mask : ndarray of bool, (N, T), optional
        Real steps; they come first.

    Returns
    -------
    ndarray, (N, T)
        ‖∂L/∂state_t‖ for each sequence (h, and for an LSTM h and c together), divided by its
        value at the last real step. Set flush right: column −1 is each sequence's last real
        step, column −2 the one before it; NaN before its first.
    """
    layer = recurrent_layer(model)
    inputs, direct, mask = _upstream(model, layer, np.asarray(x), y, mask)
    N, T = inputs.shape[:2]
    caches, states = [], [np.zeros((N, layer.units)) for _ in layer.state_names]
    for t in range(T):
        states, cache = _run(layer, inputs[:, t : t + 1], states, mask[:, t : t + 1])
        caches.append(cache)
    backward, norms = _cells(layer)[1], np.zeros((N, T))
    d_states = [np.zeros((N, layer.units)) for _ in layer.state_names]
    for t in range(T)[::-1]:
        d_states[0] = d_states[0] + direct[:, t]
        norms[:, t] = np.sqrt(sum(np.square(d).sum(axis=1) for d in d_states))
        d_states = list(backward(None, caches[t], *d_states))[1 : 1 + len(d_states)]
    return _flush_right(norms, mask)


def _upstream(model: Any, layer: Any, x: np.ndarray, y: np.ndarray, mask: np.ndarray | None):
    """Return the layer's inputs (N,T,D), the gradient on its outputs (N,T,H), and its mask."""
    inputs, hidden = None, mask
    values = x
    for one in model.layers:
        if one is layer:
            inputs, layer_mask = values, hidden
        before = values
        values = one(values, mask=hidden)
        hidden = one.compute_mask(before, hidden)
    d = model.loss.gradient(np.asarray(y), values)
    for one in reversed(model.layers[model.layers.index(layer) + 1 :]):
        d = one.backward(d)
    N, T = inputs.shape[:2]
    layer_mask = np.ones((N, T), bool) if layer_mask is None else np.asarray(layer_mask, bool)
    direct = np.zeros((N, T, layer.units))
    if layer.return_sequences:
        direct[:] = d
    else:
        direct[:, -1] = d
    return inputs, direct, layer_mask


def _flush_right(norms: np.ndarray, mask: np.ndarray) -> np.ndarray:
    aligned = np.full(norms.shape, np.nan)
    for row, values, real in zip(aligned, norms, mask, strict=True):
        values = values[: np.flatnonzero(real)[-1] + 1] if real.any() else values[:0]
        if len(values) and values[-1] > 0:
            row[len(row) - len(values) :] = values / values[-1]
    return aligned
