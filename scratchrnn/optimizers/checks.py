"""Checks of the arguments that all optimizers have in common."""

from __future__ import annotations

import math

import numpy as np

from .schedules import LearningRateSchedule


def refuse(who: str, **arguments) -> None:
    """Raise ``ValueError`` for an argument, given as (value, default), that is not its default."""
    for what, (value, default) in arguments.items():
        if value != default:
            raise ValueError(f"{who}: {what}: this argument is not supported, got {value!r}")


def check_rate(who: str, value):
    """Return a learning rate (a float or a schedule), or raise ``ValueError``."""
    if isinstance(value, LearningRateSchedule):
        return value
    try:
        rate = math.nan if isinstance(value, (bool, str)) else float(value)
    except TypeError:
        rate = math.nan
    if not 0.0 <= rate < math.inf:
        raise ValueError(
            f"{who}: learning_rate: expected a finite number >= 0 or a LearningRateSchedule, "
            f"got {value!r}"
        )
    return rate


def check_decay(who: str, weight_decay) -> float:
    """Return a weight decay, or raise ``ValueError``."""
    if isinstance(weight_decay, bool) or not 0.0 <= weight_decay < math.inf:
        raise ValueError(f"{who}: weight_decay: expected a number >= 0, got {weight_decay!r}")
    return float(weight_decay)


def check_accumulation(who: str, steps) -> int | None:
    """Return how many gradients make one update, or raise ``ValueError``."""
    if steps is None:
        return None
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 2:
        raise ValueError(
            f"{who}: gradient_accumulation_steps: expected an integer >= 2, got {steps!r}"
        )
    return int(steps)


def check_fraction(who: str, what: str, value, below_one: bool = False) -> float:
    """Return a number in [0, 1] (or [0, 1)), or raise ``ValueError``."""
    bracket = ")" if below_one else "]"
    if isinstance(value, bool) or not 0.0 <= value <= 1.0 or (below_one and value == 1.0):
        raise ValueError(f"{who}: {what}: expected a number in [0, 1{bracket}, got {value!r}")
    return float(value)


def check_epsilon(who: str, epsilon) -> float:
    """Return a finite number that is not negative, or raise ``ValueError``."""
    if isinstance(epsilon, bool) or not 0.0 <= epsilon < math.inf:
        raise ValueError(f"{who}: epsilon: expected a number >= 0, got {epsilon!r}")
    return float(epsilon)
