"""The layer: weights with names, a forward call, and an explicit backward.

Keras hides the backward pass; here it is the point. A layer is called, then told the gradient
of the loss on what it returned, and answers with the gradient on what it was given::

    y = layer(x)
    dx = layer.backward(dy)
    layer.gradients            # in line with layer.trainable_weights
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from .. import config, initializers, regularizers
from ..random import make_generator
from .loading import zeros_for_loading
from .state import put_state, take_state

_names: Counter[str] = Counter()


class Weight(NamedTuple):
    """A weight array with what the training loop must know of it."""

    name: str
    value: np.ndarray  # live: the optimizer updates it in place
    regularizer: Any
    trainable: bool


def unique_name(class_name: str) -> str:
    """Return Keras's default name of a new layer: ``lstm``, ``lstm_1``, ``simple_rnn`` …"""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name).lower()
    count = _names[snake]
    _names[snake] += 1
    return f"{snake}_{count}" if count else snake


def check_units(who: str, name: str, value) -> int:
    """Return `value` if it is a positive integer, else raise ``ValueError``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise ValueError(f"{who}: {name}: expected an integer >= 1, got {value!r}")
    return int(value)


def check_rate(who: str, name: str, value) -> float:
    """Return `value` if it is a fraction in [0, 1), else raise ``ValueError``."""
    if not isinstance(value, int | float | np.number) or not 0 <= value < 1:
        raise ValueError(f"{who}: {name}: expected a number in [0, 1), got {value!r}")
    return float(value)


class Layer:
    """Base class of all layers.

    Parameters
    ----------
    name : str, optional
        Unique within a model; a numbered name of the class by default.
    trainable : bool, default True
        Whether the optimizer may change the weights.
    dtype : str, optional
        ``"float32"`` or ``"float64"``; :func:`scratchrnn.floatx` by default.
    input_shape : tuple of int or None, optional
        Shape of one input without the batch axis; the layer's weights are made at once when it
        is the first of a model.

    Raises
    ------
    ValueError
        If an argument is not known, or is one of Keras's that is not supported here.
    """

    def __init__(self, *, name=None, trainable=True, dtype=None, input_shape=None, **refused):
        who = type(self).__name__
        for argument, value in refused.items():
            raise ValueError(f"{who}: {argument}: this argument is not supported, got {value!r}")
        if name is not None and not isinstance(name, str):
            raise ValueError(f"{who}: name: expected a string, got {name!r}")
        self.name = name or unique_name(who)
        self.trainable = bool(trainable)
        self.dtype = config.check_dtype(who, dtype or config.floatx())
        self.input_shape = None if input_shape is None else tuple(input_shape)
        self.built = False
        self._own: list[Weight] = []
        self._gradients: list[np.ndarray] | None = None
        self._called = False

    # -- weights ---------------------------------------------------------------------------

    def add_weight(self, name, shape, initializer, rng, regularizer=None, trainable=True):
        """Make a weight of this layer and return its live array.

        Parameters
        ----------
        name : str
        shape : tuple of int
        initializer : str, dict or Initializer
        rng : numpy.random.Generator
            The layer's own generator; it moves on with every weight, so that no two are alike.
        regularizer : Regularizer, optional
        trainable : bool, default True

        Returns
        -------
        ndarray
        """
        value = zeros_for_loading(f"{self.name}/{name}", shape, self.dtype)
        if value is None:
            value = initializers.get(initializer)(shape, dtype=self.dtype, rng=rng)
        self._own.append(Weight(name, value, regularizers.get(regularizer), trainable))
        return value

    def sublayers(self) -> list[Layer]:
        """Return the layers inside this one (none, unless it is a wrapper)."""
        return []

    def _all_weights(self) -> list[tuple[Layer, Weight]]:
        own = [(self, weight) for weight in self._own]
        return own + [pair for layer in self.sublayers() for pair in layer._all_weights()]

    def _trainable_weights(self) -> list[Weight]:
        if not self.trainable:
            return []
        own = [weight for weight in self._own if weight.trainable]
        return own + [w for layer in self.sublayers() for w in layer._trainable_weights()]

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights, live, in Keras's order."""
        return [weight.value for _, weight in self._all_weights()]

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """The live arrays that the optimizer updates in place."""
        return [weight.value for weight in self._trainable_weights()]

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """The live arrays that training leaves alone."""
        trained = {id(value) for value in self.trainable_weights}
        return [value for value in self.weights if id(value) not in trained]

    @property
    def weight_names(self) -> list[str]:
        """Names in line with `weights`, such as ``"lstm/kernel"``."""
        return [f"{layer.name}/{weight.name}" for layer, weight in self._all_weights()]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights, in Keras's order.

        Returns
        -------
        list of ndarray
        """
        return [value.copy() for value in self.weights]

    def set_weights(self, weights) -> None:
        """Copy `weights` into the layer; all or nothing.

        Parameters
        ----------
        weights : sequence of array_like
            In line with `weights`.

        Raises
        ------
        ValueError
            If their number, a shape or a value does not fit; nothing is changed then.
        """
        values, who = self.weights, f"{type(self).__name__} {self.name!r}: set_weights"
        weights = [np.asarray(w) for w in weights]
        if len(weights) != len(values):
            raise ValueError(f"{who}: expected {len(values)} arrays, got {len(weights)}")
        for name, value, new in zip(self.weight_names, values, weights, strict=True):
            if new.shape != value.shape or new.dtype.kind not in "fiu":
                expected = f"a numeric array of shape {value.shape}"
                raise ValueError(f"{who}: {name}: expected {expected}, got {new.dtype} {new.shape}")
        for value, new in zip(values, weights, strict=True):
            value[...] = new

    def count_params(self) -> int:
        """Return the number of numbers in all weights.

        Returns
        -------
        int
        """
        return sum(value.size for value in self.weights)

    def get_state(self) -> dict:
        """Return what calls change besides the weights: generators, states carried along.

        Returns
        -------
        dict
            Nested dicts and lists of plain values and arrays.
        """
        return take_state(self)

    def set_state(self, state: dict) -> None:
        """Take back what `get_state` of such a layer returned.

        Parameters
        ----------
        state : dict

        Raises
        ------
        ValueError
            If it is the state of another kind of layer.
        """
        put_state(self, state)

    # -- forward ---------------------------------------------------------------------------

    def build(self, input_shape) -> None:
        """Make the weights for inputs of this shape (batch axis first, None where open).

        Parameters
        ----------
        input_shape : tuple of int or None
        """
        self.built = True

    def call(self, x: np.ndarray, mask=None, training: bool = False):
        """Compute the output and keep what `backward` needs; subclasses write this."""
        raise NotImplementedError(f"{type(self).__name__}: call is not written")

    def __call__(self, x, mask=None, training: bool = False, **options):
        """Run the layer forward.

        Parameters
        ----------
        x : array_like
            Batch first.
        mask : array_like of bool, (N, T), optional
            True where a step is real.
        training : bool, default False
            Whether dropout is on.

        Returns
        -------
        ndarray
            In the layer's dtype.
        """
        x = self._as_input(x)
        if not self.built:
            self.build(x.shape)
        self._gradients = None
        y = self.call(x, mask=mask, training=training, **options)
        self._called = True
        return y

    def _as_input(self, x) -> np.ndarray:
        x = np.asarray(x)
        if x.dtype.kind not in "fiub":
            raise ValueError(f"{type(self).__name__}: x: expected numbers, got {x.dtype}")
        return np.asarray(x, dtype=self.dtype)

    def compute_mask(self, x, mask=None):
        """Return the mask that the next layer sees."""
        return mask

    def compute_output_shape(self, input_shape) -> tuple:
        """Return the output's shape, batch axis first, None where open."""
        return tuple(input_shape)

    # -- backward --------------------------------------------------------------------------

    def backward(self, dy):
        """Gradient on the input of the most recent call; fills `gradients` afresh.

        Parameters
        ----------
        dy : ndarray
            Gradient of the loss on what the call returned, with its shape.

        Returns
        -------
        ndarray
            Gradient on the input.
        """
        raise NotImplementedError(f"{type(self).__name__}: backward is not written")

    def _upstream(self, dy, shape: tuple[int, ...]) -> np.ndarray:
        if not self._called:
            raise ValueError(f"{type(self).__name__}: backward: call the layer first")
        dy = np.asarray(dy, dtype=self.dtype)
        if dy.shape != shape:
            raise ValueError(f"{type(self).__name__}: dy: expected {shape}, got {dy.shape}")
        return dy

    def _own_gradients(self) -> list[np.ndarray]:
        return self._gradients or []

    @property
    def gradients(self) -> list[np.ndarray]:
        """Gradients of the most recent backward, in line with `trainable_weights`."""
        if not self.trainable:
            return []
        own = self._own_gradients()
        kept = [g for g, w in zip(own, self._own, strict=bool(own)) if w.trainable]
        return kept + [g for layer in self.sublayers() for g in layer.gradients]

    # -- regularisation and configuration --------------------------------------------------

    def regularization_loss(self) -> float:
        """Return the sum of the regularizers' penalties on the trainable weights.

        Returns
        -------
        float
        """
        penalised = (w for w in self._trainable_weights() if w.regularizer is not None)
        return float(sum(w.regularizer(w.value) for w in penalised))

    def regularization_gradients(self) -> list[np.ndarray | None]:
        """Return the penalties' gradients in line with `trainable_weights`, None where none.

        Returns
        -------
        list of ndarray or None
        """
        return [
            None if w.regularizer is None else w.regularizer.gradient(w.value)
            for w in self._trainable_weights()
        ]

    def get_config(self) -> dict:
        """Return the constructor's arguments as a JSON-able dict.

        Returns
        -------
        dict
        """
        config_ = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}
        if self.input_shape is not None:
            config_["input_shape"] = list(self.input_shape)
        return config_

    @classmethod
    def from_config(cls, config_: dict) -> Layer:
        """Make a layer from what `get_config` returned.

        Parameters
        ----------
        config_ : dict

        Returns
        -------
        Layer
        """
        return cls(**config_)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}, {'built' if self.built else 'not built'}>"


def dropout_mask(rng: np.random.Generator, shape, rate: float, dtype) -> np.ndarray:
    """Draw a mask of zeros (with probability `rate`) and 1/(1 - rate) (inverted dropout)."""
    return (rng.random(shape) >= rate).astype(dtype) / np.dtype(dtype).type(1 - rate)


__all__ = ["Layer", "Weight", "check_rate", "check_units", "dropout_mask", "make_generator"]
