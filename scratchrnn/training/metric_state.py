"""What a metric has summed up, as plain values and arrays, whatever its class."""

from __future__ import annotations

import copy

from ..metrics.confusion import Counts


def summed_names(metric) -> list[str]:
    """Return the attributes that ``reset_state`` sets: those that batches are added to.

    Examples
    --------
    >>> from scratchrnn.metrics import Sum
    >>> summed_names(Sum())
    ['total']
    """
    names: list[str] = []

    class Listening(type(metric)):
        def __setattr__(self, name, value):
            names.append(name)
            object.__setattr__(self, name, value)

    probe = copy.copy(metric)
    probe.__class__ = Listening
    probe.reset_state()
    return names


def metric_state(metric) -> dict:
    """Return the sums of a metric.

    Parameters
    ----------
    metric : Metric

    Returns
    -------
    dict
    """
    values = {name: getattr(metric, name) for name in summed_names(metric)}
    return {name: [*v] if isinstance(v, Counts) else v for name, v in values.items()}


def set_metric_state(metric, state: dict) -> None:
    """Give a metric its sums back.

    Parameters
    ----------
    metric : Metric
    state : dict

    Raises
    ------
    ValueError
        If they are the sums of another metric.
    """
    names = summed_names(metric)
    if not isinstance(state, dict) or set(state) != set(names):
        raise ValueError(f"metric {metric.name}: state: expected {names}, got {state!r:.80}")
    for name, value in state.items():
        setattr(metric, name, Counts(*value) if isinstance(value, list) else value)
