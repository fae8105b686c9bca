"""Connectivity: how strongly the output after step t hangs on the input of step s."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..layers import GlobalAveragePooling1D, GlobalMaxPooling1D, Layer
from ..stack import Stack
from .asking import Target, batches
from .gradients import backward_to_input, before_softmax, open_gradient_question, squashing


class Connectivity(NamedTuple):
    """How strongly outputs hang on inputs.

    Attributes
    ----------
    norms : ndarray, (T, T)
        Row t, column s: ‖∂ output_t / ∂ x_s‖; 0 for s > t where the model reads forwards only.
    target : int or tuple of int
        Which number of each output.
    """

    norms: np.ndarray
    target: tuple[int, ...]


def connectivity(
    model: Any, x: Any, target: Target = None, *, logits: bool = False, mask: Any = None
) -> Connectivity:
    """Return ‖∂ output_t / ∂ x_s‖ for every step t of the output and s of the input.

    Where a model answers once, after the last step, its output_t is what it answers to the
    first t steps alone.

    Parameters
    ----------
    model : Sequential or Layer
    x : array_like, (T, …)
        One input.
    target : int or tuple of int, optional
        Which number of each output (K,); by default the largest of the last one.
    logits : bool, default False
        Before softmax or sigmoid instead of after.
    mask : array_like of bool, (T,), optional
        Real steps; rows and columns of the others are 0.

    Returns
    -------
    Connectivity

    References
    ----------
    A. Madsen, "Visualizing memorization in RNNs", Distill, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import connectivity
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), GRU(4, seed=0), Dense(2, "softmax", seed=1)])
    >>> norms = connectivity(model, np.ones((5, 3))).norms
    >>> norms.shape, bool((np.triu(norms, 1) == 0).all())
    ((5, 5), True)
    """
    who = "connectivity"
    question = open_gradient_question(who, model, x, target, mask)
    if logits and squashing(question.model) is None:
        raise ValueError(f"{who}: logits: the model ends in neither softmax nor sigmoid")
    network = before_softmax(question.model) if logits else question.model
    T = len(question.x)
    real = np.ones(T, bool) if question.mask is None else question.mask
    sequences = len(question.shape) > 1
    if sequences and question.shape[0] != T:
        expected = f"one output or {T}"
        raise ValueError(f"{who}: model: expected {expected}, got {question.shape[0]}")
    inner = question.target[1:] if sequences else question.target
    norms = np.zeros((T, T))
    steps = np.flatnonzero(real)
    for rows in batches(len(steps), question.x.size):
        some = steps[rows]
        if sequences:
            x_rows = np.broadcast_to(question.x, (len(some), *question.x.shape))
            masks = None if question.mask is None else np.broadcast_to(real, (len(some), T))
            dx = backward_to_input(network, x_rows, masks, [(int(t), *inner) for t in some])
        else:
            dx = gradients_of_beginnings(network, question.x, real, some, inner)
        norms[some] = np.sqrt(np.square(dx).reshape(len(some), T, -1).sum(axis=2))
    return Connectivity(norms, inner)


def gradients_of_beginnings(
    model: Any, x: np.ndarray, real: np.ndarray, ends: np.ndarray, target: tuple[int, ...]
) -> np.ndarray:
    """Return the gradients on x of the answers to its beginnings, (len(ends), T, …)."""
    if sees_masks(model):
        masks = np.tri(len(x), dtype=bool)[ends] & real
        rows = np.broadcast_to(x, (len(ends), *x.shape))
        return backward_to_input(model, rows, masks, [target] * len(ends))
    dx = np.zeros((len(ends), *x.shape))
    for row, end in zip(dx, ends, strict=True):
        seen = slice(0, int(end) + 1)
        masks = None if real[seen].all() else real[None, seen]
        row[seen] = backward_to_input(model, x[None, seen], masks, [target])[0]
    return dx


def sees_masks(model: Any) -> bool:
    """Whether a mask over steps reaches every layer of a model that looks along time."""
    if isinstance(model, Stack):
        return all(sees_masks(layer) for layer in model.layers)
    if not isinstance(model, Layer):
        return False
    pools_steps = isinstance(model, GlobalAveragePooling1D | GlobalMaxPooling1D)
    return model.supports_masking or pools_steps
