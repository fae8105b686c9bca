"""Integrated gradients: the gradient, added up along the way from a baseline to the input.

    IG_i = (x_i − b_i) ∫₀¹ ∂f(b + α (x − b)) / ∂x_i dα                    (1)
    Σ_i IG_i = f(x) − f(b)                                                (2) completeness

The integral is a sum over nodes of Gauss and Legendre, 16 to a panel; the panels are doubled
until (2) holds to the tolerance. With several baselines both sides are averaged over them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .asking import Progress, Question, Target
from .baselines import make_baselines
from .gradients import blank, gradient_of_variants, open_gradient_question
from .results import Attribution

_PANEL, _MOST = 16, 2048


@dataclass(frozen=True, repr=False)
class IntegratedGradients(Attribution):
    """Integrated gradients, and how well they add up.

    Attributes
    ----------
    baseline_output : float
        f(b), averaged over the baselines.
    gap : float
        |Σ values − (output − baseline_output)|: the error of the sum that stands for the integral.
    relative_gap : float
        The same, relative to |output − baseline_output|.
    steps : int
        Nodes of the integral, for each baseline.
    baselines : ndarray, (B, T, …)
    """

    baseline_output: float
    gap: float
    relative_gap: float
    steps: int
    baselines: np.ndarray


def integrated_gradients(
    model: Any,
    x: Any,
    target: Target = None,
    *,
    baseline: Any = "zeros",
    steps: int | None = None,
    tolerance: float = 0.005,
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> IntegratedGradients:
    """Attribute the difference between the outputs for an input and for a baseline.

    Parameters
    ----------
    model : Sequential or Layer
    x : array_like, (T, …)
        One input.
    target : int or tuple of int, optional
        Which number of the output; by default the largest.
    baseline : str, float, array_like or list of these, default "zeros"
        ``"zeros"``, ``"mean"`` (over time), ``"gray"``, ``"blur"``, ``"noise"``, a number, an
        array like x, or several of them, which are averaged over.
    steps : int, optional
        Nodes of the integral. By default 16, doubled until the sum is complete.
    tolerance : float, default 0.005
        Gap allowed, relative to f(x) − f(b), where `steps` is not given.
    seed : int or numpy.random.Generator, default 0
        For the baseline ``"noise"``.
    mask : array_like of bool, (T,), optional
    progress : callable, optional
        Called as ``progress(done, total)`` after each baseline.

    Returns
    -------
    IntegratedGradients

    Warns
    -----
    RuntimeWarning
        If the tolerance is not met with 2048 nodes.

    References
    ----------
    M. Sundararajan, A. Taly, Q. Yan, "Axiomatic attribution for deep networks", ICML 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import integrated_gradients
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4, seed=0), Dense(2, "softmax", seed=1)])
    >>> x = np.random.default_rng(0).normal(size=(6, 3))
    >>> result = integrated_gradients(model, x, target=0)
    >>> difference = model(x[None])[0, 0] - model(0 * x[None])[0, 0]
    >>> bool(abs(result.values.sum() - difference) < 0.01 * abs(difference))
    True
    """
    who = "integrated_gradients"
    question = open_gradient_question(who, model, x, target, mask)
    if steps is not None and (isinstance(steps, bool) or int(steps) != steps or steps < 1):
        raise ValueError(f"{who}: steps: expected a whole number >= 1, got {steps!r}")
    baselines = make_baselines(who, question.x, baseline, seed)
    at_baseline = question.ask(baselines)
    values, used = 0.0, 0
    for number, (start, level) in enumerate(zip(baselines, at_baseline, strict=True)):
        if steps is None:
            part, nodes = _complete(question, start, question.output - level, tolerance)
        else:
            part, nodes = _integral(question, start, int(steps)), int(steps)
        values, used = values + part / len(baselines), max(used, nodes)
        if progress is not None:
            progress(number + 1, len(baselines))
    difference = question.output - float(at_baseline.mean())
    gap = abs(float(values.sum()) - difference)
    relative = gap / abs(difference) if difference else (0.0 if gap == 0 else np.inf)
    return IntegratedGradients(
        "integrated gradients", values, question.target, question.output,
        float(at_baseline.mean()), gap, relative, used, baselines,
    )  # fmt: skip


def _complete(question: Question, start: np.ndarray, difference: float, tolerance: float):
    """Double the nodes until the sum is complete; return it and their number."""
    nodes = _PANEL
    while True:
        values = _integral(question, start, nodes)
        gap = abs(float(values.sum()) - difference)
        # A difference that is nothing but rounding cannot be met to a share of itself.
        rounding = 4 * np.finfo(np.float32).eps * (abs(question.output) + np.abs(values).sum())
        if gap <= max(tolerance * abs(difference), rounding):
            return values, nodes
        if nodes >= _MOST:
            warnings.warn(
                f"integrated_gradients: {gap:.3g} is missing of a difference of {difference:.3g} "
                f"with {nodes} steps: the output jumps between baseline and input",
                RuntimeWarning,
                stacklevel=3,
            )
            return values, nodes
        nodes *= 2


def _integral(question: Question, start: np.ndarray, nodes: int) -> np.ndarray:
    """Equation (1) as a sum over so many nodes between 0 and 1."""
    places, weights = _nodes(nodes)
    x = blank(question.x.astype(np.float64), question.mask)
    start = blank(start.astype(np.float64), question.mask)
    total = np.zeros(x.shape)
    size = max(1, 2**21 // x.size)
    for first in range(0, nodes, size):
        some = slice(first, first + size)
        alpha = places[some].reshape(-1, *(1,) * x.ndim)
        gradients = gradient_of_variants(question, start + alpha * (x - start))
        total += np.tensordot(weights[some], gradients, axes=1)
    return total * (x - start)


def _nodes(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places and weights: panels of 16 nodes each, or one panel if that does not fit."""
    panels = number // _PANEL if number % _PANEL == 0 else 1
    places, weights = np.polynomial.legendre.leggauss(number // panels)
    starts = np.arange(panels)[:, None]
    return ((starts + (places + 1) / 2) / panels).ravel(), np.tile(weights / 2 / panels, panels)
