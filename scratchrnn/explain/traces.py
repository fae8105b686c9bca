"""What went on inside: every gate and state of recurrent layers, at every step.

Everything here is computed with the readable cells in float64, whatever backend trained the model.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import numpy as np

from ..layers import RNN, Bidirectional, GRUCell, LSTMCell, Recurrent
from ..layers.cell import as_list, flatten
from .asking import undisturbed

_GATES = {"rnn": "", "lstm": "ifgo", "lnlstm": "ifgo", "convlstm": "ifgo", "gru": "zrn"}
_GATES["lngru"] = _GATES["gru"]
_CELLS = {LSTMCell: "ifgo", GRUCell: "zrn"}


class LayerTraces(NamedTuple):
    """The gates and states of one recurrent layer of a model.

    Attributes
    ----------
    name : str
        The layer's own name in the model.
    kind : str
        Its class, and for a half of a `Bidirectional` the way it reads: ``"GRU, backward"``.
    traces : dict of str to ndarray, (N, T, H)
        As :func:`gate_traces` gives them, but in the order of the input's steps.
    """

    name: str
    kind: str
    traces: dict[str, np.ndarray]


def recurrent_layers(model: Any) -> list:
    """Return every recurrent layer of a model, the halves of a `Bidirectional` one by one.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    list of Recurrent or RNN
    """
    found = []
    for layer in model.layers:
        halves = layer.sublayers() if isinstance(layer, Bidirectional) else [layer]
        found += [half for half in halves if isinstance(half, Recurrent | RNN)]
    return found


def recurrent_layer(model: Any) -> Any:
    """Return the last recurrent layer of a model; of a `Bidirectional` its forward half.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    SimpleRNN, LSTM, GRU or another recurrent layer

    Raises
    ------
    ValueError
        If it has none.
    """
    for layer in reversed(model.layers):
        if isinstance(layer, Bidirectional):
            layer = layer.forward_layer
        if isinstance(layer, Recurrent | RNN):
            return layer
    raise ValueError("recurrent_layer: model: expected a SimpleRNN, LSTM or GRU layer, got none")


def gate_traces(layer: Any, x: np.ndarray, mask: np.ndarray | None = None) -> dict:
    """Return every gate and state of a recurrent layer at every step.

    Parameters
    ----------
    layer : SimpleRNN, LSTM, GRU or another recurrent layer
        Built; it is not changed.
    x : ndarray, (N, T, D)
        What the layer is given (steps in processing order for ``go_backwards``).
    mask : ndarray of bool, (N, T), optional

    Returns
    -------
    dict of str to ndarray, (N, T, H)
        ``i f g o c h`` of an LSTM, ``z r n h`` of a GRU, ``h`` of a SimpleRNN, layer-normalised
        ones included. The images of a ConvLSTM2D are laid out in one row, H = A·B·F. Of an
        RNN of cells, each state, by its name, and the gates of a single LSTMCell or GRUCell.

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
    if not isinstance(layer, Recurrent | RNN):
        expected = "a recurrent layer"
        raise ValueError(f"gate_traces: layer: expected {expected}, got {type(layer).__name__}")
    x = np.asarray(x, dtype=np.float64)
    if x.ndim < 3:
        raise ValueError(f"gate_traces: x: expected (N, T, D), got {x.shape}")
    if isinstance(layer, RNN):
        return _cell_traces(layer, x, mask)
    _, cache = run_recurrence(layer, x, [None] * len(layer.state_names), mask)
    traces = dict(_named_gates(_GATES[layer.cell], cache))  # (T,N,H) each
    if hasattr(cache, "c"):
        traces["c"] = cache.c[1:]
    traces["h"] = cache.h[1:]
    return {letter: _batch_first(trace) for letter, trace in traces.items()}


def layer_traces(model: Any, x: np.ndarray, mask: np.ndarray | None = None) -> list[LayerTraces]:
    """Return every gate and state of every recurrent layer of a model.

    Parameters
    ----------
    model : Sequential
        Not changed.
    x : array_like, (N, T, …)
        What the model is given.
    mask : array_like of bool, (N, T), optional

    Returns
    -------
    list of LayerTraces
        From the input up; both halves of a `Bidirectional`. Column t is the input's step t.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import layer_traces
    >>> from scratchrnn.layers import LSTM, Bidirectional, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), Bidirectional(LSTM(4)), Dense(2)])
    >>> [layer.kind for layer in layer_traces(model, np.zeros((1, 5, 3)))]
    ['LSTM, forward', 'LSTM, backward']
    """
    found = []
    for layer, values, hidden in layer_inputs(model, x, mask):
        halves = layer.sublayers() if isinstance(layer, Bidirectional) else [layer]
        for half in halves:
            if not isinstance(half, Recurrent | RNN):
                continue
            turn = slice(None, None, -1 if half.go_backwards else 1)
            seen = None if hidden is None else np.asarray(hidden)[:, turn]
            traces = gate_traces(half, values[:, turn], seen)
            traces = {letter: trace[:, turn] for letter, trace in traces.items()}
            kind = type(half).__name__
            if half is not layer:
                kind += ", backward" if half.go_backwards else ", forward"
            found.append(LayerTraces(half.name, kind, traces))
    return found


def layer_inputs(model: Any, x: np.ndarray, mask: np.ndarray | None) -> list[tuple]:
    """Return (layer, its input, its mask) for every layer of a model, called on x."""
    values = np.asarray(x)
    hidden = None if mask is None else np.asarray(mask, dtype=bool)
    seen = []
    with undisturbed(model):
        for layer in model.layers:
            seen.append((layer, values, hidden))
            before = values
            values = layer(values, mask=hidden)
            hidden = layer.compute_mask(before, hidden)
    return seen


def cell_functions(layer: Any) -> tuple:
    """Return the readable forward and backward of a layer's recurrence."""
    home = importlib.import_module(f"scratchrnn.cells.{layer.cell}")
    return getattr(home, f"{layer.cell}_forward"), getattr(home, f"{layer.cell}_backward")


def run_recurrence(layer: Any, x: np.ndarray, states: list, mask: np.ndarray | None) -> tuple:
    """Run a layer's recurrence in float64: (final states, cache)."""
    forward, _ = cell_functions(layer)
    weights = (layer.kernel, layer.recurrent_kernel, layer.bias)
    weights = [None if w is None else w.astype(np.float64) for w in weights]
    x = np.asarray(x, dtype=np.float64)
    _, *final, cache = forward(x, *states, *weights, mask, **layer._options())
    return final, cache


def _batch_first(trace: np.ndarray) -> np.ndarray:
    """(T, N, …) to (N, T, H)."""
    T, N = trace.shape[:2]
    return np.ascontiguousarray(trace.swapaxes(0, 1)).reshape(N, T, -1)


def _named_gates(letters: str, cache: Any) -> list[tuple[str, np.ndarray]]:
    gates = np.split(cache.gates, len(letters), axis=-1) if letters else []
    return list(zip(letters, gates, strict=True))


def _cell_traces(layer: RNN, x: np.ndarray, mask: np.ndarray | None) -> dict:
    """Run a cell step by step; what a masked step computes is not taken over."""
    cell, (N, T, D) = layer.cell, x.shape
    cell.begin(N, D, False)
    states = flatten(list(layer.get_initial_state(N)))
    letters = next((gates for kind, gates in _CELLS.items() if isinstance(cell, kind)), "")
    names = dict(zip(layer.state_names, ("h", "c"), strict=False)) if letters else {}
    traces: dict[str, list] = {name: [] for name in [*letters, *layer.state_names]}
    for t in range(T):
        _, new, cache = cell.step(x[:, t], layer._packed(states))
        new = flatten(as_list(new))
        if mask is not None:
            real = np.asarray(mask)[:, t, None]
            new = [np.where(real, s, s_prev) for s, s_prev in zip(new, states, strict=True)]
        states = new
        for letter, gate in _named_gates(letters, cache):
            traces[letter].append(gate)
        for name, state in zip(layer.state_names, states, strict=True):
            traces[name].append(state)
    return {names.get(name, name): np.stack(steps, axis=1) for name, steps in traces.items()}
