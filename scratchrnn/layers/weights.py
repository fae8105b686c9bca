"""What owns weights: their names, live arrays and copies, gradients and penalties.

The order is the same everywhere: a layer's own weights as they were made, then those of the
layers inside it. `gradients` and `regularization_gradients` line up with `trainable_weights`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .. import initializers, regularizers
from ..random import make_generator
from .loading import zeros_for_loading


class Weight(NamedTuple):
    """A weight array with what the training loop must know of it."""

    name: str
    value: np.ndarray  # live: the optimizer updates it in place
    regularizer: Any
    trainable: bool


class WeightOwner:
    """The part of `Layer` that deals with weights."""

    name: str
    dtype: str
    trainable: bool
    built: bool
    rng: np.random.Generator | None
    _own: list[Weight]
    _gradients: list[np.ndarray] | None

    def sublayers(self) -> list:
        """Return the layers inside this one."""
        raise NotImplementedError(f"{type(self).__name__}: sublayers is not written")

    def add_weight(
        self,
        name,
        shape,
        initializer="glorot_uniform",
        regularizer=None,
        trainable=True,
        rng=None,
    ) -> np.ndarray:
        """Make a weight of this layer and return its live array.

        Parameters
        ----------
        name : str
        shape : tuple of int
        initializer : str, dict or Initializer, default "glorot_uniform"
        regularizer : Regularizer, optional
        trainable : bool, default True
        rng : numpy.random.Generator, optional
            The layer's own by default; a generator moves on with every weight, so that no two
            are alike.

        Returns
        -------
        ndarray

        Raises
        ------
        ValueError
            If the layer has a weight of this name: it is built already.
        """
        if any(weight.name == name for weight in self._own):
            who = f"{type(self).__name__} {self.name!r}"
            raise ValueError(f"{who}: build: the weight {name!r} exists; a layer is built once")
        value = zeros_for_loading(f"{self.name}/{name}", shape, self.dtype)
        if value is None:
            rng = rng or self.rng or make_generator()
            value = initializers.get(initializer)(shape, dtype=self.dtype, rng=rng)
        self._own.append(Weight(name, value, regularizers.get(regularizer), trainable))
        return value

    def _all_weights(self) -> list[tuple[WeightOwner, Weight]]:
        own = [(self, weight) for weight in self._own]
        return own + [pair for layer in self.sublayers() for pair in layer._all_weights()]

    def _trainable_weights(self) -> list[Weight]:
        if not self.trainable:
            return []
        own = [weight for weight in self._own if weight.trainable]
        return own + [w for layer in self.sublayers() for w in layer._trainable_weights()]

    # -- values ----------------------------------------------------------------------------

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
            hint = "" if self.built else " (the layer is not built)"
            raise ValueError(f"{who}: expected {len(values)} arrays{hint}, got {len(weights)}")
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

    # -- gradients and penalties -----------------------------------------------------------

    @property
    def gradients(self) -> list[np.ndarray]:
        """Gradients of the most recent backward, in line with `trainable_weights`."""
        if not self.trainable:
            return []
        own = self._gradients or []
        kept = [g for g, w in zip(own, self._own, strict=bool(own)) if w.trainable]
        return kept + [g for layer in self.sublayers() for g in layer.gradients]

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
