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

import numpy as np

from .. import config
from .arguments import check_flag, check_shape, refuse_unknown, refusing
from .state import put_state, take_state
from .weights import Weight, WeightOwner

_names: Counter[str] = Counter()
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z0-9])(?=[A-Z][a-z])")


def unique_name(class_name: str) -> str:
    """Return Keras's default name of a new layer: ``lstm``, ``lstm_1``, ``simple_rnn`` …"""
    snake = _WORDS.sub("_", class_name).lower()
    count = _names[snake]
    _names[snake] += 1
    return f"{snake}_{count}" if count else snake


class Layer(WeightOwner):
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

    refused = refusing(activity_regularizer=(None,), autocast=(True,))
    supports_masking = True  # whether the layers that follow see the mask too
    with_dx = True  # False while a model trains whose first layer to learn this is

    def __init__(self, *, name=None, trainable=True, dtype=None, input_shape=None, **options):
        who = type(self).__name__
        refuse_unknown(self, options)
        if name is not None and not isinstance(name, str):
            raise ValueError(f"{who}: name: expected a string, got {name!r}")
        self.name = name or unique_name(who)
        self.trainable = check_flag(who, "trainable", trainable)
        self.dtype = self._check_dtype(dtype)
        self.input_shape = None
        if input_shape is not None:
            self.input_shape = check_shape(who, "input_shape", input_shape)
        self.built = False
        self.rng: np.random.Generator | None = None  # of layers that draw when called
        self._own: list[Weight] = []
        self._gradients: list[np.ndarray] | None = None
        self._called = False

    def _check_dtype(self, dtype) -> str:
        return config.check_dtype(type(self).__name__, dtype or config.floatx())

    def sublayers(self) -> list[Layer]:
        """Return the layers inside this one (none, unless it is a wrapper)."""
        return []

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
        if mask is not None:
            mask = np.asarray(mask, dtype=bool)
            x = blank_hidden(x, mask)
        if not self.built:
            self.build(x.shape)
        self._gradients = None
        y = self.call(x, mask=mask, training=bool(training), **options)
        self._called = True
        return y

    def _as_input(self, x) -> np.ndarray:
        x = np.asarray(x)
        if x.dtype.kind not in "fiub":
            raise ValueError(f"{type(self).__name__}: x: expected numbers, got {x.dtype}")
        return np.asarray(x, dtype=self.dtype)

    def compute_mask(self, x, mask=None):
        """Return the mask that the next layer sees."""
        return mask if self.supports_masking else None

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
            Gradient on the input. Where ``self.with_dx`` is False nobody will look at it, and a
            layer that can save work returns None.
        """
        raise NotImplementedError(f"{type(self).__name__}: backward is not written")

    def _check_called(self) -> None:
        if not self._called:
            raise ValueError(f"{type(self).__name__}: backward: call the layer first")

    def _upstream(self, dy, shape: tuple[int, ...], name: str = "dy") -> np.ndarray:
        dy = np.asarray(dy, dtype=self.dtype)
        if dy.shape != tuple(shape):
            who = type(self).__name__
            raise ValueError(f"{who}: {name}: expected {tuple(shape)}, got {dy.shape}")
        return dy

    # -- state and configuration -----------------------------------------------------------

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


def blank_hidden(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return `x` with zeros for what is not finite at masked steps.

    Nothing may depend on what a mask hides, but ``0 * nan`` in a product would.
    """
    if x.dtype.kind != "f" or mask.shape != x.shape[: mask.ndim]:
        return x
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(x.sum()):
            return x
    hidden = ~mask.reshape(*mask.shape, *(1,) * (x.ndim - mask.ndim))
    return np.where(hidden & ~np.isfinite(x), 0, x)


def dropout_mask(rng: np.random.Generator, shape, rate: float, dtype) -> np.ndarray:
    """Draw a mask of zeros (with probability `rate`) and 1/(1 - rate) (inverted dropout)."""
    kept = rng.random(shape, dtype=dtype) >= rate
    return kept * np.dtype(dtype).type(1 / (1 - rate))
