"""Truncated BPTT: a long sequence is learned from in windows of k steps.

The state that a window ends in is where the next one begins; the gradient stops at that border
exactly, and the weights are updated after every window (Williams, Peng, 1990, with k1 = k2 = k):

    h_w0 = h_{w-1},k        a constant, no gradient flows into it         (1)
    L_w  = mean of the losses of the window's real steps                  (2)
    θ   ← θ - lr dL_w/dθ    before the next window is run                 (3)

Where the model gives one output a sequence, a window has the loss of those sequences whose last
real step lies in it; windows without one only carry the state on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from ..data import Batch

# Layers that treat every step alone, so that a window of their output is their output of a window.
_STEPWISE = {
    "Activation", "Dense", "Dropout", "Embedding", "GaussianNoise", "Input", "LayerNormalization",
    "Masking", "SpatialDropout1D", "TimeDistributed",
}  # fmt: skip


class Window(NamedTuple):
    """A piece of a batch."""

    batch: Batch
    counts: np.ndarray | None  # which losses count: (N,T) or (N,); None for all


def check_windows(model, k) -> None:
    """Raise ``ValueError`` unless `model` can be run window by window.

    Parameters
    ----------
    model : Sequential
    k : int
        Steps in a window.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"fit: tbptt: expected a number of steps >= 1, got {k!r}")
    carried = _carrying_layers(model)
    if not carried:
        raise ValueError("fit: tbptt: expected a model with a recurrent layer that reads forward")
    for layer in model.layers:
        if getattr(layer, "go_backwards", False):
            raise ValueError(f"fit: tbptt: {layer.name} reads backwards: no state to carry on")
        if layer not in carried and type(layer).__name__ not in _STEPWISE:
            raise ValueError(
                f"fit: tbptt: {layer.name} ({type(layer).__name__}) needs the whole sequence"
            )
        if layer in carried and not layer.return_sequences:
            return  # what follows sees one output a sequence


def _carrying_layers(model) -> list:
    """Return the recurrent layers that one window's state can pass through to the next."""
    return [layer for layer in model.layers if hasattr(layer, "stateful") and _forward(layer)]


def _forward(layer) -> bool:
    return hasattr(layer, "reset_state") and type(layer).__name__ != "Bidirectional"


def train_windows(model, batch: Batch, k: int) -> float:
    """Learn from one batch in windows of k steps.

    Parameters
    ----------
    model : Sequential
    batch : Batch
        x is (N, T, …); y is (N, T, …) for a model that answers at every step, else (N, …).
    k : int

    Returns
    -------
    float
        The loss of the batch, each window with the weights it met, penalties included.

    Raises
    ------
    NonFiniteError
        If a loss or a gradient is not finite; the weights are those before the window.
    """
    stepwise = all(layer.return_sequences for layer in _carrying_layers(model))
    T = batch.x.shape[1]
    if stepwise and (batch.y.ndim < 2 or batch.y.shape[1] != T):
        raise ValueError(f"fit: tbptt: y: expected (N, T={T}, ...), got {batch.y.shape}")
    cut = _stepwise_windows if stepwise else _final_windows
    total, seen = 0.0, 0.0
    with _carried_state(model):
        for window in cut(model, batch, int(k)):
            loss, weight = _learn(model, window)
            total, seen = total + loss, seen + weight
    summed = model.loss.reduction == "sum" if hasattr(model.loss, "reduction") else False
    return total / (1.0 if summed or not seen else seen) + model.regularization_loss()


@contextmanager
def _carried_state(model) -> Iterator[None]:
    """Make the recurrent layers carry their states inside, beginning from nothing."""
    made = [layer for layer in _carrying_layers(model) if not layer.stateful]
    try:
        for layer in made:
            layer.stateful = True
            layer.reset_state()
        yield
    finally:
        for layer in made:
            layer.stateful = False
            layer.reset_state()


def _slices(T: int, k: int) -> list[slice]:
    return [slice(start, min(start + k, T)) for start in range(0, T, k)]


def _stepwise_windows(model, batch: Batch, k: int) -> Iterator[Window]:
    x, y, weight, mask = batch
    stepwise_weight = weight is not None and weight.ndim > 1
    for steps in _slices(x.shape[1], k):
        window = Batch(
            x[:, steps],
            y[:, steps],
            weight[:, steps] if stepwise_weight else weight,
            None if mask is None else mask[:, steps],
        )
        yield Window(window, real_steps(model, window.x, window.mask))


def _final_windows(model, batch: Batch, k: int) -> Iterator[Window]:
    x, y, weight, mask = batch
    N, T = x.shape[:2]
    real = real_steps(model, x, mask)
    last = np.full(N, T - 1) if real is None else T - 1 - real[:, ::-1].argmax(axis=1)
    for steps in _slices(T, k):
        piece = None if mask is None else mask[:, steps]
        ends_here = (last >= steps.start) & (last < steps.stop)
        yield Window(Batch(x[:, steps], y, weight, piece), ends_here)


def real_steps(model, x, mask) -> np.ndarray | None:
    """Return the mask that the first layers of a model make of x, (N, T); None without any."""
    for layer in model.layers:
        if type(layer).__name__ in ("Embedding", "Masking"):
            mask = layer.compute_mask(x, mask)
        elif type(layer).__name__ != "Input":
            break
        if type(layer).__name__ == "Embedding":
            break
    return None if mask is None else np.asarray(mask, dtype=bool)


def _learn(model, window: Window) -> tuple[float, float]:
    """Run one window, update the weights; return its loss times its weight, and the weight."""
    batch, counts = window
    y_pred = model(batch.x, mask=batch.mask, training=True)  # (1)
    if counts is not None and not counts.any():
        return 0.0, 0.0
    loss, dy = model.loss.value_and_gradient(batch.y, y_pred, batch.sample_weight, mask=counts)
    loss = model._check_loss(float(loss))  # (2)
    model.backward(dy, with_dx=False)
    model._update_weights()  # (3)
    model._update_metrics(batch, y_pred, counts)
    if getattr(model.loss, "reduction", None) == "sum":
        return loss, 1.0
    N, steps = batch.x.shape[:2]
    weight = float(N * steps if counts is None else np.count_nonzero(counts))
    return loss * weight, weight
