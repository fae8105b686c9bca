"""Check the gradients of a layer, and of a compiled model with its loss.

Both are checked on a float64 twin with the same configuration (:mod:`scratchrnn.gradcheck.twins`),
copied for every call: dropout draws the same masks each time, and a stateful layer starts from
the same state.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np

from .check import check_gradients
from .result import GradientCheck
from .twins import TwinCall, all_layers, twin_of_layer, twin_of_model


def check_layer(
    layer,
    input_shape,
    *,
    x=None,
    mask=None,
    training: bool = False,
    tolerance: float = 1e-6,
    seed: int = 0,
    max_entries: int = 2000,
) -> GradientCheck:
    """Check every gradient that a layer gives: input, weights, and initial states.

    The layer's twin gets random inputs, random initial states if it is recurrent, and random
    upstream gradients on its output and on its final states. Gradients have to be fresh arrays,
    the same at a second `backward`, and nothing may change in place.

    Parameters
    ----------
    layer : Layer
        Built or not. Weights that exist are kept; constant ones, such as zero biases, get random
        values added.
    input_shape : tuple of int or None
        With the batch axis, as `build` takes it; None means 2 sequences, or 3 steps or features.
    x : ndarray, optional
        The input, if random numbers will not do. Integers are not differentiated.
    mask : ndarray of bool, shape (N, T), optional
        True where a step is real.
    training : bool
        Whether dropout is on.
    tolerance, seed, max_entries
        As :func:`check_gradients` takes them.

    Returns
    -------
    GradientCheck
        One row for the input ``x``, each trainable weight, and each initial state.

    Raises
    ------
    ValueError
        If the layer cannot be rebuilt in float64, or does not take such an input.

    Examples
    --------
    >>> from scratchrnn.gradcheck import check_layer
    >>> from scratchrnn.layers import LSTM
    >>> result = check_layer(LSTM(3, return_sequences=True), (2, 4, 5))
    >>> result.ok
    True
    >>> [array.name for array in result]
    ['x', 'kernel', 'recurrent_kernel', 'bias', 'h0', 'c0']
    """
    rng = np.random.default_rng(seed)
    if x is None:
        shape = [size or (2 if axis == 0 else 3) for axis, size in enumerate(input_shape)]
        x = _input_for(layer, shape, rng)
    x = np.asarray(x)
    call = _LayerCall(twin_of_layer(layer, x.shape, rng), mask, training)
    inputs = {"x": x, **call.weights(), **call.initial_states(x, rng)}
    return check_gradients(
        call.forward,
        inputs,
        call.backward,
        tolerance=tolerance,
        seed=seed,
        max_entries=max_entries,
        cache=False,
        strict=True,
    )


def check_model(
    model,
    x,
    y,
    *,
    sample_weight=None,
    mask=None,
    training: bool = False,
    tolerance: float = 1e-6,
    seed: int = 0,
    max_entries: int = 300,
) -> GradientCheck:
    """Check the gradient of a compiled model's loss: what one step of training would use.

    Parameters
    ----------
    model : Sequential
        Compiled. Its weights are kept; constant ones get random values added in the twin.
    x, y : array_like
        A batch; a few samples are enough.
    sample_weight, mask : array_like, optional
        As `fit` takes them.
    training : bool
        Whether dropout is on.
    tolerance, seed, max_entries
        As :func:`check_gradients` takes them.

    Returns
    -------
    GradientCheck
        One row for ``x``, if it holds floats, and one for each trainable weight, penalties
        included.

    Raises
    ------
    ValueError
        If the model is not compiled.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.gradcheck import check_model
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((4, 2)), GRU(3), Dense(1)])
    >>> model.compile("adam", "mse")
    >>> rng = np.random.default_rng(0)
    >>> check_model(model, rng.standard_normal((5, 4, 2)), rng.standard_normal((5, 1))).ok
    True
    """
    if getattr(model, "loss", None) is None:
        raise ValueError("check_model: model: expected a compiled model, call compile first")
    x, y = np.asarray(x), np.asarray(y)
    rng = np.random.default_rng(seed)
    call = _ModelCall(twin_of_model(model, x, rng), model.loss, y, sample_weight, mask, training)
    return check_gradients(
        call.forward,
        {"x": x, **call.weights()},
        call.backward,
        tolerance=tolerance,
        seed=seed,
        max_entries=max_entries,
        cache=False,
    )


class _LayerCall(TwinCall):
    """A layer as a function of its input, weights and initial states."""

    given = 0  # initial states that are passed in
    returned = 0  # final states that come out behind the output
    states: list | tuple = ()  # one array in the place of each state, nested as the layer has them

    def initial_states(self, x, rng) -> dict[str, np.ndarray]:
        """Return random initial states, as many and as large as the layer says it has."""
        layer = copy.deepcopy(self.twin)
        everything = _flat(layer(x, mask=self.mask, training=self.training))
        for part in all_layers(layer):
            if vars(part).get("return_state"):
                part.return_state = False
        outputs = _flat(layer(x, mask=self.mask, training=self.training))
        self.returned = len(everything) - len(outputs)
        zeros = [np.zeros_like(y) for y in outputs]
        layer.backward(zeros[0] if len(zeros) == 1 else zeros)
        self.states = getattr(layer, "d_initial_state", None) or []
        found = _flat(self.states)
        if getattr(layer, "trainable_initial_state", False):
            found = []
        self.given = len(found)
        names = [f"{letter}0" for letter in getattr(layer, "state_names", ())]
        if len(names) != len(found) or any(len(name) > 2 for name in names):
            names = [f"initial_state[{i}]" for i in range(len(found))]
        return {n: rng.standard_normal(d.shape) for n, d in zip(names, found, strict=True)}

    def forward(self, x, **arrays):
        """Return all outputs of a fresh copy of the layer."""
        values = list(arrays.values())
        count = len(values) - self.given
        layer = self.copy_with(values[:count])
        options = {}
        if self.given:
            options["initial_state"] = _nested(self.states, iter(values[count:]))
        outputs = layer(x, mask=self.mask, training=self.training, **options)
        return tuple(_flat(outputs))

    def backward(self, *upstream):
        """Return the gradients in the order of the inputs."""
        layer, count = self.used, len(upstream) - self.returned
        dy = upstream[0] if count == 1 else list(upstream[:count])
        d_state = [_nested(self.states, iter(upstream[count:]))] if self.returned else []
        dx = layer.backward(dy, *d_state)
        d_states = _flat(layer.d_initial_state) if self.given else []
        return (dx, *layer.gradients, *d_states)


def _flat(nested) -> list:
    """Return the arrays of nested lists in order."""
    if isinstance(nested, list | tuple):
        return [array for item in nested for array in _flat(item)]
    return [nested]


def _nested(structure, arrays: Iterator):
    """Return `arrays` nested as `structure` is."""
    if isinstance(structure, list | tuple):
        return [_nested(item, arrays) for item in structure]
    return next(arrays)


class _ModelCall(TwinCall):
    """The loss of a model as a function of its input and weights."""

    def __init__(self, twin, loss, y, sample_weight, mask, training: bool):
        super().__init__(twin, mask, training)
        self.loss, self.y, self.sample_weight = loss, y, sample_weight
        self.dy: np.ndarray | None = None

    def forward(self, x, **weights):
        """Return the loss as training computes it, penalties included."""
        model = self.copy_with(weights.values())
        y_pred = model(x, mask=self.mask, training=self.training)
        value, self.dy = self.loss.value_and_gradient(
            self.y, y_pred, self.sample_weight, mask=model.output_mask
        )
        return float(value) + float(model.regularization_loss())

    def backward(self, dloss):
        """Return the gradients in the order of the inputs, penalties included."""
        model = self.used
        dx = model.backward(dloss * self.dy)
        penalties = model.regularization_gradients()
        gradients = [
            g if penalty is None else g + dloss * penalty
            for g, penalty in zip(model.gradients, penalties, strict=True)
        ]
        return (dx, *gradients)


def _input_for(layer, shape: list[int], rng) -> np.ndarray:
    """Return a random input: whole numbers for a layer that looks them up, else floats."""
    if type(layer).__name__ == "Embedding":
        return rng.integers(0, layer.input_dim, size=shape)
    return rng.standard_normal(shape)
