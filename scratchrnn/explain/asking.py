"""Asking a model about variants of one input: the door through which every explainer goes.

A model is a :class:`~scratchrnn.models.Sequential`, a layer, or any function of arrays
(N, T, …) -> (N, …). What is explained is one number of its output, the *target*: the
probability of a class, a value of a regression, class k at step t.

Networks of this library are left as they were found: states, caches and gradients of their own
most recent call are put back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from ..layers import Embedding, Input, Layer
from ..stack import Stack

Target = int | tuple[int, ...] | None
Progress = Callable[[int, int], None] | None

_MOST_NUMBERS = 2**22  # of the variants that are asked about at once
_MOST_ROWS = 256


class Question(NamedTuple):
    """A model, an input, and which number of the output is to be explained."""

    who: str
    model: Any
    x: np.ndarray  # (T, …)
    mask: np.ndarray | None  # (T,)
    target: tuple[int, ...]
    shape: tuple[int, ...]  # of the output for one input
    output: float  # the target's value for x

    def ask(self, variants: np.ndarray, masks: np.ndarray | None = None) -> np.ndarray:
        """Return the target's value for each variant of the input.

        Parameters
        ----------
        variants : ndarray, (M, T, …)
        masks : ndarray of bool, (M, T), optional
            By default that of the question.

        Returns
        -------
        ndarray, (M,) float64
        """
        parts = []
        for rows in batches(len(variants), self.x.size):
            mask = self._masks(len(variants[rows])) if masks is None else masks[rows]
            y = answer(self.who, self.model, variants[rows], mask)
            parts.append(y[(slice(None), *self.target)].astype(np.float64))
        return np.concatenate(parts)

    def _masks(self, rows: int) -> np.ndarray | None:
        if self.mask is None:
            return None
        return np.broadcast_to(self.mask, (rows, len(self.mask)))


def open_question(
    who: str, model: Any, x: Any, target: Target = None, mask: Any = None
) -> Question:
    """Check what an explainer was given, and ask the model about the input itself.

    Parameters
    ----------
    who : str
        The explainer, for messages.
    model : Sequential, Layer or callable
    x : array_like, (T, …)
        One input, without the batch axis.
    target : int or tuple of int, optional
        Which number of the output: the class of an output (K,); for an output (T, K) the pair
        (step, class), or the class alone at the last real step. By default the largest there.
    mask : array_like of bool, (T,), optional
        Real steps, for networks of this library.

    Returns
    -------
    Question

    Raises
    ------
    ValueError
        If something does not fit.
    """
    x = check_input(who, model, x)
    mask = check_mask(who, model, x, mask)
    build(model, x)
    y = answer(who, model, x[None], None if mask is None else mask[None])[0]
    last = len(x) - 1 if mask is None else int(np.flatnonzero(mask)[-1])
    index = _resolve(who, target, y, last)
    return Question(who, model, x, mask, index, y.shape, float(y[index]))


def check_input(who: str, model: Any, x: Any) -> np.ndarray:
    """Return the input as an array (T, …) of numbers, or raise ``ValueError``."""
    if not callable(model):
        expected = "a model or a function of arrays (N, T, ...)"
        raise ValueError(f"{who}: model: expected {expected}, got {type(model).__name__}")
    try:
        x = np.asarray(x)
    except ValueError:
        raise ValueError(f"{who}: x: expected (T, ...), got rows of many lengths") from None
    if x.ndim == 0 or x.size == 0 or x.dtype.kind not in "fiub":
        raise ValueError(f"{who}: x: expected numbers (T, ...), got {x.dtype} {x.shape}")
    if isinstance(model, Stack) and model.built and len(model.input_shape) != x.ndim + 1:
        shape = ", ".join("T" if n is None else str(n) for n in model.input_shape[1:])
        hint = " (explain one input at a time)" if len(model.input_shape) == x.ndim else ""
        raise ValueError(f"{who}: x: expected one input ({shape}), got {x.shape}{hint}")
    return x


def check_mask(who: str, model: Any, x: np.ndarray, mask: Any) -> np.ndarray | None:
    """Return the mask as bool (T,) with a real step, or None; check that x is finite there."""
    if mask is not None:
        if not isinstance(model, Stack | Layer):
            raise ValueError(f"{who}: mask: a function takes none; give it the real steps only")
        mask = np.asarray(mask)
        if mask.shape != x.shape[:1] or mask.dtype.kind not in "bi":
            raise ValueError(f"{who}: mask: expected bool (T,)={x.shape[:1]}, got {mask.shape}")
        mask = mask.astype(bool)
        if not mask.any():
            raise ValueError(f"{who}: mask: expected at least one real step, got none")
    if x.dtype.kind == "f" and not np.isfinite(x if mask is None else x[mask]).all():
        raise ValueError(f"{who}: x: expected finite numbers, got NaN or infinity")
    return mask


def build(model: Any, x: np.ndarray) -> None:
    """Make the weights of a network that has none yet."""
    if isinstance(model, Stack | Layer) and not model.built:
        model.build((None, *x.shape))


def answer(who: str, model: Any, variants: np.ndarray, masks: np.ndarray | None) -> np.ndarray:
    """Return the model's whole output, (M, …), and leave the model as it was."""
    if isinstance(model, Stack | Layer):
        with undisturbed(model):
            y = model(variants, mask=masks)
    else:
        y = model(variants)
    y = np.asarray(y[0] if isinstance(y, list | tuple) else y)
    if y.ndim == 0 or len(y) != len(variants) or y.dtype.kind not in "fiub":
        expected = f"numbers ({len(variants)}, ...)"
        raise ValueError(f"{who}: model: expected to return {expected}, got {y.dtype} {y.shape}")
    if not np.isfinite(y).all():
        raise ValueError(f"{who}: model: expected finite outputs, got NaN or infinity")
    return y


@contextmanager
def undisturbed(model: Stack | Layer) -> Iterator[None]:
    """Let a network be called inside the ``with`` block as though it never had been.

    Stateful layers start from zero in it, and a batch may have any size.
    """
    kept = [(part, dict(vars(part))) for part in _parts(model)]
    for part, _ in kept:
        if hasattr(part, "states"):
            part.states = None
        if isinstance(part, Input):
            part.batch_size = None
    try:
        yield
    finally:
        for part, before in kept:
            vars(part).clear()
            vars(part).update(before)


def _parts(model: Any) -> Iterator[Any]:
    yield model
    for inner in model._layers if isinstance(model, Stack) else model.sublayers():
        yield from _parts(inner)


def batches(rows: int, numbers: int) -> list[slice]:
    """Cut `rows` variants of so many numbers each into slices that fit into memory."""
    size = max(1, min(_MOST_ROWS, _MOST_NUMBERS // max(numbers, 1)))
    return [slice(start, start + size) for start in range(0, rows, size)]


def takes_whole_numbers(model: Any) -> bool:
    """Whether a network's input are indices, which have no gradient."""
    return (
        isinstance(model, Stack) and bool(model.layers) and isinstance(model.layers[0], Embedding)
    )


def _resolve(who: str, target: Target, y: np.ndarray, last: int) -> tuple[int, ...]:
    """Return the full index of the target in an output."""
    if target is None:
        return _likeliest(y, last)
    whole = [target] if isinstance(target, int | np.integer) else list(target)
    if not all(isinstance(k, int | np.integer) for k in whole):
        raise ValueError(f"{who}: target: expected whole numbers, got {target!r}")
    if len(whole) == 1 and y.ndim == 2:
        whole = [min(last, len(y) - 1), *whole]
    fits = len(whole) == y.ndim and all(-n <= k < n for k, n in zip(whole, y.shape, strict=True))
    if not fits:
        raise ValueError(f"{who}: target: expected an index into outputs {y.shape}, got {target!r}")
    return tuple(int(k) % n for k, n in zip(whole, y.shape, strict=True))


def _likeliest(y: np.ndarray, last: int) -> tuple[int, ...]:
    if y.ndim < 2:
        return tuple(int(k) for k in np.unravel_index(int(y.argmax()), y.shape)) if y.ndim else ()
    step = min(last, len(y) - 1)
    inner = np.unravel_index(int(y[step].argmax()), y.shape[1:])
    return (step, *(int(k) for k in inner))
