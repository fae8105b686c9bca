"""When did it decide? The running prediction, and the step from which it no longer changes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Decision(NamedTuple):
    """When a running prediction settled.

    Attributes
    ----------
    step : int or None
        The first step (counted from 0) from which on the prediction stays at its final class by
        more than the margin; None if it does not even at the end.
    target : int
        The final class.
    margins : ndarray, (T,)
        By how much the final class leads the best other one after each step; negative while
        another leads.
    running : ndarray, (T, K)
        The prediction after each step.
    margin : float
        What was asked for.
    """

    step: int | None
    target: int
    margins: np.ndarray
    running: np.ndarray
    margin: float


def decision_step(running: Any, *, margin: float = 0.0) -> Decision:
    """Find the step from which on a running prediction stays what it is at the end.

    Parameters
    ----------
    running : array_like, (T, K) or (T,)
        Probabilities (or scores) after each step, as :func:`running_prediction` gives them for
        one sequence; (T,) or (T, 1) is the probability of one class against all else.
    margin : float, default 0.0
        By how much the final class must lead the best other one, from there to the end.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        If the shape does not fit, or there are numbers that are not finite.

    Examples
    --------
    >>> from scratchrnn.explain import decision_step
    >>> decision_step([[0.6, 0.4], [0.3, 0.7], [0.45, 0.55], [0.1, 0.9]]).step
    1
    >>> decision_step([[0.6, 0.4], [0.3, 0.7], [0.45, 0.55], [0.1, 0.9]], margin=0.2).step
    3
    """
    running = np.asarray(running, dtype=np.float64)
    if running.ndim == 1 or (running.ndim == 2 and running.shape[1] == 1):
        running = np.stack([1 - running.reshape(-1), running.reshape(-1)], axis=1)
    if running.ndim != 2 or not running.size:
        raise ValueError(f"decision_step: running: expected (T, K), got {running.shape}")
    if not np.isfinite(running).all():
        raise ValueError("decision_step: running: expected finite numbers, got NaN or infinity")
    if not margin >= 0:
        raise ValueError(f"decision_step: margin: expected a number >= 0, got {margin!r}")
    final = int(running[-1].argmax())
    others = np.delete(running, final, axis=1).max(axis=1)
    margins = running[:, final] - others
    undecided = np.flatnonzero(margins <= margin)
    step = int(undecided[-1]) + 1 if len(undecided) else 0
    return Decision(step if step < len(running) else None, final, margins, running, float(margin))
