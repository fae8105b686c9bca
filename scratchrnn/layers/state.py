"""What a layer remembers besides its weights: where its generator stands, states carried along.

Training that goes on in another process needs both, to draw the dropout masks and to start the
batches of a stateful layer as the run that was not interrupted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..random import generator_state, set_generator_state


def take_state(layer) -> dict:
    """Return the state of a layer and of those inside it.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    dict
        Nested dicts and lists of plain values and arrays; empty where there is nothing.
    """
    state: dict[str, Any] = {}
    if isinstance(getattr(layer, "rng", None), np.random.Generator):
        state["rng"] = generator_state(layer.rng)
    if getattr(layer, "states", None) is not None:
        state["states"] = [np.array(s) for s in layer.states]
    inner = [below.get_state() for below in layer.sublayers()]
    if any(inner):
        state["layers"] = inner
    return state


def put_state(layer, state: dict) -> None:
    """Put back what `take_state` returned of such a layer.

    Parameters
    ----------
    layer : Layer
    state : dict

    Raises
    ------
    ValueError
        If it is the state of another kind of layer; nothing is changed then.
    """
    who = f"{type(layer).__name__} {layer.name!r}: set_state"
    below, before = layer.sublayers(), take_state(layer)
    needed = set(before) - {"states", "layers"}  # those inside say what they need
    allowed = needed | ({"states"} if hasattr(layer, "states") else set())
    allowed |= {"layers"} if below else set()
    if not isinstance(state, dict) or not needed <= set(state) <= allowed:
        raise ValueError(f"{who}: expected a dict with {sorted(needed)}, got {state!r:.80}")
    inner = state.get("layers", [{}] * len(below))
    if not isinstance(inner, list) or len(inner) != len(below):
        raise ValueError(f"{who}: layers: expected a list of {len(below)}, got {inner!r:.80}")
    try:
        _put(who, layer, {**state, "layers": inner})
    except Exception:
        _put(who, layer, {"layers": [{}] * len(below), **before})
        raise


def _put(who: str, layer, state: dict) -> None:
    if hasattr(layer, "states"):
        layer.states = _check_states(who, layer, state.get("states"))
    if "rng" in state:
        set_generator_state(layer.rng, state["rng"])
    for sublayer, given in zip(layer.sublayers(), state["layers"], strict=True):
        sublayer.set_state(given)


def _check_states(who: str, layer, states) -> list[np.ndarray] | None:
    """Return carried states as fresh arrays of the layer's type."""
    if states is None:
        return None
    shapes = layer._state_shapes()
    good = isinstance(states, list) and len(states) == len(shapes)
    if not good or not all(isinstance(s, np.ndarray) and s.dtype.kind == "f" for s in states):
        raise ValueError(f"{who}: states: expected {len(shapes)} arrays, got {states!r:.80}")
    rows = {s.shape[:1] for s in states}
    if len(rows) != 1 or [s.shape[1:] for s in states] != shapes:
        got = [s.shape for s in states]
        raise ValueError(f"{who}: states: expected (N, ...) of {shapes}, got {got}")
    return [np.array(s, dtype=layer.dtype) for s in states]
