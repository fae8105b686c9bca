"""Gradients on the input: saliency, and gradient × input.

All of them come from one place, :func:`gradient_of_variants`: forward, one number of the output
chosen, and the model's own explicit backward down to the input.

A softmax or sigmoid at the end is differentiated by hand in float64,

    ∂p_k / ∂a_j = p_k (δ_kj − p_j),    1 − p_k = Σ_{j≠k} p_j

so that the gradient of a class that the model is sure of (p_k = 1 in float32) is small, as it
should be, and not zero.
"""

from __future__ import annotations

import copy
from contextlib import nullcontext
from typing import Any

import numpy as np

from .. import activations
from ..layers import Activation, Dense, Layer
from ..stack import Stack
from .asking import (
    Question,
    Target,
    batches,
    build,
    check_input,
    check_mask,
    open_question,
    takes_whole_numbers,
    undisturbed,
)
from .baselines import make_baselines
from .results import Attribution


def open_gradient_question(who: str, model: Any, x: Any, target: Target, mask: Any) -> Question:
    """As `open_question`, for explainers that need a backward pass and real numbers."""
    if not callable(getattr(model, "backward", None)):
        expected = "a model with a backward pass (a function has none: occlusion, lime, "
        expected += "shapley_values need none)"
        raise ValueError(f"{who}: model: expected {expected}, got {type(model).__name__}")
    if takes_whole_numbers(model):
        model, x, mask = after_embedding(who, model, x, mask)
    x = np.asarray(x)
    if x.dtype.kind in "iub":
        x = x.astype(np.float64)
    return open_question(who, model, x, target, mask)


def after_embedding(who: str, model: Stack, x: Any, mask: Any) -> tuple[Stack, np.ndarray, Any]:
    """Return a view of a model without its Embedding, the vectors of indices, and their mask.

    Indices have no gradient; the vectors that stand for them do.
    """
    x = check_input(who, model, x)
    mask = check_mask(who, model, x, mask)
    build(model, x)
    embedding = model.layers[0]
    rows = None if mask is None else mask[None]
    with undisturbed(model):
        vectors = embedding(x[None], mask=rows)[0]
        seen = embedding.compute_mask(x[None], rows)
    view = copy.copy(model)
    view._layers = model.layers[1:]
    view._input_shape = (None, None, vectors.shape[-1])
    return view, vectors, None if seen is None else seen[0]


def before_softmax(model: Stack) -> Stack:
    """Return a view of a model without the softmax or sigmoid at its end.

    Explain its outputs (the logits) where probabilities say too little, since they are all
    near 0 or 1. The view shares the weights of the model.

    Parameters
    ----------
    model : Sequential
        Its last layer is ``Dense(…, activation="softmax")``, or ``Activation("softmax")``.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If the model ends in something else.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import before_softmax
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 2)), GRU(3), Dense(2, activation="softmax")])
    >>> x = np.ones((1, 4, 2))
    >>> logits = before_softmax(model)(x)
    >>> odds = np.exp(logits)
    >>> bool(np.allclose(odds / odds.sum(), model(x)))
    True
    """
    if squashing(model) is None:
        raise ValueError("before_softmax: model: expected softmax or sigmoid at its end")
    head = copy.copy(model._layers[-1])
    head.activation = activations.get("linear")
    view = copy.copy(model)
    view._layers = [*model._layers[:-1], head]
    return view


def squashing(model: Any) -> str | None:
    """Return ``"softmax"`` or ``"sigmoid"`` if a model ends in it, else None."""
    if not isinstance(model, Stack) or not model.layers:
        return None
    last = model._layers[-1]
    activation = getattr(last, "activation", None) if isinstance(last, Dense | Activation) else None
    name = getattr(activation, "name", None)
    plain = name in ("softmax", "sigmoid") and not activation.options
    return name if plain else None


def gradient_of_variants(question: Question, variants: np.ndarray) -> np.ndarray:
    """Return the gradient of the target's value on each variant of the input.

    Parameters
    ----------
    question : Question
    variants : ndarray, (M, T, …)

    Returns
    -------
    ndarray, (M, T, …) float64
    """
    model, mask = question.model, question.mask
    parts = []
    for rows in batches(len(variants), question.x.size):
        some = variants[rows]
        masks = None if mask is None else np.broadcast_to(mask, (len(some), len(mask)))
        targets = [question.target] * len(some)
        parts.append(backward_to_input(model, some, masks, targets))
    return np.concatenate(parts)


def backward_to_input(
    model: Any, x: np.ndarray, masks: np.ndarray | None, targets: list[tuple[int, ...]]
) -> np.ndarray:
    """Call a model, choose one number of each row's output, and go backward to the input.

    Parameters
    ----------
    model : Sequential or Layer
    x : ndarray, (M, T, …)
    masks : ndarray of bool, (M, T), optional
    targets : list of tuple of int
        The index of the number chosen in each row's output.

    Returns
    -------
    ndarray, (M, T, …) float64
        ∂ output[m][targets[m]] / ∂ x[m].
    """
    end = squashing(model)
    view = model if end is None else before_softmax(model)
    ours = isinstance(view, Stack | Layer)
    with undisturbed(view) if ours else nullcontext():
        y = view(x, mask=masks) if ours else view(x)
        several = isinstance(y, list | tuple)
        y = np.asarray(y[0] if several else y)
        dy = np.zeros(y.shape)
        for row, target in enumerate(targets):
            dy[(row, *target)] = 1.0
        if end is not None:
            dy = _through(end, y.astype(np.float64), dy, targets)
        # What is far below 1 would be rounded away in float32: scaled up, and down again.
        flat = np.abs(dy).reshape(len(dy), -1).max(axis=1)
        scale = np.where(flat > 0, flat, 1.0)
        dx = view.backward((dy / _wide(scale, dy)).astype(y.dtype))
    dx = np.asarray(dx, dtype=np.float64)
    return dx * _wide(scale, dx)


def _through(end: str, a: np.ndarray, dy: np.ndarray, targets: list) -> np.ndarray:
    """Return the gradient on what softmax or sigmoid was given; `dy` is one at each target."""
    if end == "sigmoid":
        low = np.exp(-np.abs(a))
        return dy * low / (1 + low) ** 2
    shifted = np.exp(a - a.max(axis=-1, keepdims=True))
    p = shifted / shifted.sum(axis=-1, keepdims=True)
    da = np.zeros_like(dy)
    for row, target in enumerate(targets):
        at, k = (row, *target[:-1]), target[-1]
        others = p[at].copy()
        others[k] = 0.0
        da[at] = -p[at][k] * others
        da[(*at, k)] = p[at][k] * others.sum()
    return da


def _wide(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    return values.reshape(-1, *(1,) * (like.ndim - 1))


def saliency(model: Any, x: Any, target: Target = None, *, mask: Any = None) -> Attribution:
    """Return the gradient of one number of the output on the input.

    It says how the output would change for a small change of each number; where the model is
    saturated that is little, however much depends on the number as a whole.

    Parameters
    ----------
    model : Sequential or Layer
        Anything with a call and a backward.
    x : array_like, (T, …)
        One input. Of indices (T,), for a model that begins with an Embedding, the gradient is
        that on the vectors that stand for them, (T, E).
    target : int or tuple of int, optional
        Which number of the output; by default the largest (at the last step, if it has steps).
    mask : array_like of bool, (T,), optional
        Real steps.

    Returns
    -------
    Attribution
        ``values`` are the signed gradient; their absolute value is what is usually drawn.

    Raises
    ------
    ValueError
        If the model has no backward, or something does not fit.

    References
    ----------
    K. Simonyan, A. Vedaldi, A. Zisserman, "Deep inside convolutional networks: visualising image
    classification models and saliency maps", ICLR workshop 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import saliency
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4, seed=0), Dense(2, seed=1)])
    >>> saliency(model, np.ones((5, 3)), target=1).values.shape
    (5, 3)
    """
    question = open_gradient_question("saliency", model, x, target, mask)
    gradient = gradient_of_variants(question, question.x[None])[0]
    return Attribution("saliency", gradient, question.target, question.output)


def gradient_x_input(
    model: Any, x: Any, target: Target = None, *, baseline: Any = None, mask: Any = None
) -> Attribution:
    """Return gradient × input: the first-order share of each number in the output.

    Parameters
    ----------
    model, x, target, mask
        As for :func:`saliency`.
    baseline : float or array_like, optional
        Multiply by x − baseline instead of x.

    Returns
    -------
    Attribution

    References
    ----------
    A. Shrikumar, P. Greenside, A. Shcherbina, A. Kundaje, "Not just a black box: learning
    important features through propagating activation differences", 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import gradient_x_input
    >>> from scratchrnn.layers import Dense, Flatten, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((4, 1)), Flatten(), Dense(1, seed=0)])
    >>> model.layers[-1].kernel[:, 0] = [1.0, 2.0, 3.0, 4.0]
    >>> gradient_x_input(model, np.full((4, 1), 2.0)).values.ravel()
    array([2., 4., 6., 8.])
    """
    question = open_gradient_question("gradient_x_input", model, x, target, mask)
    gradient = gradient_of_variants(question, question.x[None])[0]
    away = question.x.astype(np.float64)
    if baseline is not None:
        away = away - _one_baseline("gradient_x_input", question.x, baseline)
    away = blank(away, question.mask)
    return Attribution("gradient × input", gradient * away, question.target, question.output)


def _one_baseline(who: str, x: np.ndarray, baseline: Any) -> np.ndarray:
    made = make_baselines(who, x, baseline)
    if len(made) != 1:
        raise ValueError(f"{who}: baseline: expected one, got {len(made)}")
    return made[0]


def blank(values: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Return `values` with zeros at masked steps, whatever they hold there."""
    if mask is None:
        return values
    return np.where(mask.reshape(-1, *(1,) * (values.ndim - 1)), values, 0.0)
