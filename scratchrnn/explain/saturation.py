"""Saturation: how often each gate is shut or wide open.

A gate that is right-saturated most of the time lets everything through (a forget gate there
remembers for long), a left-saturated one nothing; one that is neither does arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

_GATES = "ifozr"


class Saturation(NamedTuple):
    """Shares of gate activations that are saturated.

    Attributes
    ----------
    left, right : dict of str to ndarray, (H,)
        For each gate and unit the share of steps at which it is below `low`, above `high`.
    left_steps, right_steps : dict of str to ndarray, (T,)
        For each gate and step the share of units (over all sequences).
    low, high : float
    """

    left: dict[str, np.ndarray]
    right: dict[str, np.ndarray]
    left_steps: dict[str, np.ndarray]
    right_steps: dict[str, np.ndarray]
    low: float
    high: float


def gate_saturation(
    traces: Mapping[str, np.ndarray],
    *,
    low: float = 0.1,
    high: float = 0.9,
    mask: np.ndarray | None = None,
) -> Saturation:
    """Count how often gates are saturated.

    Parameters
    ----------
    traces : mapping of str to ndarray, (N, T, H) or (T, H)
        As :func:`gate_traces` gives them; states and candidates among them are passed over.
    low, high : float, default 0.1 and 0.9
        Below `low` a gate is left-saturated, above `high` right-saturated.
    mask : array_like of bool, (N, T) or (T,), optional
        Only real steps are counted.

    Returns
    -------
    Saturation

    Raises
    ------
    ValueError
        If there is no gate among the traces, or a shape does not fit.

    References
    ----------
    A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and understanding recurrent networks", ICLR
    workshop 2016, section 4.3.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import gate_saturation
    >>> f = np.array([[0.95, 0.5], [0.99, 0.05]])  # (T, H)
    >>> result = gate_saturation({"f": f})
    >>> result.right["f"], result.left["f"]
    (array([1., 0.]), array([0. , 0.5]))
    """
    who = "gate_saturation"
    if not 0 <= low < high <= 1:
        raise ValueError(f"{who}: low, high: expected 0 <= low < high <= 1, got {low!r}, {high!r}")
    gates = {letter: np.asarray(t) for letter, t in traces.items() if letter in _GATES}
    if not gates:
        raise ValueError(f"{who}: traces: expected gates (i f o, or z r), got {list(traces)}")
    shape = next(iter(gates.values())).shape
    if len(shape) not in (2, 3) or any(trace.shape != shape for trace in gates.values()):
        shapes = [trace.shape for trace in gates.values()]
        raise ValueError(f"{who}: traces: expected (N, T, H) or (T, H), got {shapes}")
    real = np.ones(shape[:-1], bool) if mask is None else np.asarray(mask, dtype=bool)
    if real.shape != shape[:-1]:
        raise ValueError(f"{who}: mask: expected {shape[:-1]}, got {real.shape}")
    if not real.any():
        raise ValueError(f"{who}: mask: expected at least one real step, got none")
    real = real.reshape(-1, shape[-2])  # (N, T)
    parts: list[dict] = [{}, {}, {}, {}]
    for letter, trace in gates.items():
        trace = trace.reshape(*real.shape, -1)
        for side, hit in enumerate((trace < low, trace > high)):
            hit = hit & real[..., None]
            parts[side][letter] = hit.sum(axis=(0, 1)) / real.sum()
            seen = np.maximum(real.sum(axis=0), 1)
            parts[2 + side][letter] = hit.mean(axis=2).sum(axis=0) / seen
    return Saturation(*parts, float(low), float(high))
