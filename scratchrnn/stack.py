"""Layers one after another: architecture, forward, backward, weights. It knows no training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from .layers import Input, Layer


class Stack:
    """What a model is before it learns.

    Parameters
    ----------
    layers : list of Layer, optional
    name : str
    """

    def __init__(self, layers: Iterable[Layer] | None = None, name: str = "sequential"):
        self.name = name
        self.output_mask: np.ndarray | None = None
        self._layers: list[Layer] = []
        self._input_shape: tuple | None = None
        self._output_shape: tuple | None = None
        for layer in layers or []:
            self.add(layer)

    # -- architecture ----------------------------------------------------------------------

    @property
    def layers(self) -> list[Layer]:
        """The layers, without `Input`, as in Keras."""
        return [layer for layer in self._layers if not isinstance(layer, Input)]

    def add(self, layer: Layer) -> None:
        """Put a layer on top.

        Parameters
        ----------
        layer : Layer

        Raises
        ------
        ValueError
            If it is not a layer, its name is taken, or its input does not fit.
        """
        if not isinstance(layer, Layer):
            raise ValueError(f"Sequential: add: expected a Layer, got {type(layer).__name__}")
        if layer.name in {other.name for other in self._layers}:
            raise ValueError(f"Sequential: add: the name {layer.name!r} is taken")
        if isinstance(layer, Input) and self._layers:
            raise ValueError("Sequential: add: Input: expected to be the first layer")
        if not self._layers:
            shape = layer.batch_shape if isinstance(layer, Input) else None
            if shape is None and layer.input_shape is not None:
                shape = (None, *layer.input_shape)
            self._input_shape = self._output_shape = shape
        if self._output_shape is not None:
            self._output_shape = _build_on(layer, self._output_shape)
        self._layers.append(layer)

    def pop(self) -> Layer:
        """Take the top layer off and return it.

        Returns
        -------
        Layer

        Raises
        ------
        ValueError
            If there is none.
        """
        if not self.layers:
            raise ValueError("Sequential: pop: there are no layers")
        layer = self._layers.pop()
        if self._output_shape is not None:
            shape = self._input_shape if self._layers else None
            for below in self._layers:
                shape = below.compute_output_shape(shape)
            self._output_shape = shape
        return layer

    def build(self, input_shape: Sequence[int | None] | None = None) -> None:
        """Make all weights for inputs of this shape.

        Parameters
        ----------
        input_shape : tuple of int or None, optional
            Batch axis first, None where open; not needed if the first layer says it.

        Raises
        ------
        ValueError
            If there are no layers, or the shape does not fit them.
        """
        if not self._layers:
            raise ValueError("Sequential: build: there are no layers yet")
        if input_shape is None and self._input_shape is None:
            raise ValueError("Sequential: build: input_shape: expected a shape, got None")
        shape = self._input_shape = tuple(input_shape or self._input_shape)
        for layer in self._layers:
            shape = _build_on(layer, shape)
        self._output_shape = shape

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return bool(self._layers) and self._output_shape is not None

    @property
    def input_shape(self) -> tuple:
        """Shape of the input, None where open."""
        self._check_built("input_shape")
        return self._input_shape

    @property
    def output_shape(self) -> tuple:
        """Shape of the output, None where open."""
        self._check_built("output_shape")
        return self._output_shape

    def _check_built(self, who: str) -> None:
        if not self.built:
            raise ValueError(
                f"Sequential: {who}: the weights do not exist yet; "
                "start with Input(shape), or call build(input_shape) or fit first"
            )

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return the layer with this name or at this place.

        Parameters
        ----------
        name : str, optional
        index : int, optional
            `Input` is not counted.

        Returns
        -------
        Layer

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        if (name is None) == (index is None):
            raise ValueError("Sequential: get_layer: expected either a name or an index")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"Sequential: get_layer: index: there are {len(self.layers)}")
            return self.layers[index]
        for layer in self._layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self._layers)
        raise ValueError(f"Sequential: get_layer: name: expected one of {known}, got {name!r}")

    # -- forward and backward --------------------------------------------------------------

    def __call__(
        self, x: ArrayLike, mask: ArrayLike | None = None, training: bool = False
    ) -> np.ndarray:
        """Run all layers forward.

        Parameters
        ----------
        x : array_like, (N, …)
        mask : array_like of bool, (N, T), optional
            True where a step is real. What x holds elsewhere, NaN included, has no effect.
        training : bool, default False

        Returns
        -------
        ndarray
        """
        if not self._layers:
            raise ValueError("Sequential: call: there are no layers yet")
        x = np.asarray(x)
        if not self.built:
            self.build((None, *x.shape[1:]))
        if mask is not None:
            mask = np.asarray(mask, dtype=bool)
            if mask.shape != x.shape[:2]:
                raise ValueError(
                    f"Sequential: mask: expected (N, T)={x.shape[:2]}, got {mask.shape}"
                )
        for layer in self._layers:
            y = layer(x, mask=mask, training=training)
            if isinstance(y, list | tuple):
                raise ValueError(f"Sequential: {layer.name}: expected one output, got {len(y)}")
            x, mask = y, layer.compute_mask(x, mask)
        self.output_mask = mask
        return x

    def backward(self, dy: ArrayLike, with_dx: bool = True) -> np.ndarray | None:
        """Gradient on the input of the most recent call; fills every layer's gradients.

        Parameters
        ----------
        dy : ndarray
            Gradient of the loss on what the call returned.
        with_dx : bool, default True
            False goes back no further than to the first layer that learns, and saves the product
            for the gradient on its input: what training needs.

        Returns
        -------
        ndarray
            None with ``with_dx=False``.
        """
        if with_dx:
            for layer in reversed(self._layers):
                dy = layer.backward(dy)
            return dy
        learning = [k for k, layer in enumerate(self._layers) if layer.trainable_weights]
        if not learning:
            return None
        first, *later = self._layers[learning[0] :]
        for layer in reversed(later):
            dy = layer.backward(dy)
        first.with_dx = False
        try:
            first.backward(dy)
        finally:
            first.with_dx = True
        return None

    def reset_state(self) -> None:
        """Forget the states of all stateful layers."""
        for layer in self._layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    reset_states = reset_state

    def get_state(self) -> list[dict]:
        """Return what calls change besides the weights, layer by layer.

        Returns
        -------
        list of dict
            See :meth:`scratchrnn.layers.Layer.get_state`.
        """
        return [layer.get_state() for layer in self._layers]

    def set_state(self, states: list[dict]) -> None:
        """Take back what `get_state` returned.

        Parameters
        ----------
        states : list of dict

        Raises
        ------
        ValueError
            If they are not the states of such layers.
        """
        if not isinstance(states, list) or len(states) != len(self._layers):
            raise ValueError(f"state: expected {len(self._layers)} layers, got {states!r:.80}")
        for layer, state in zip(self._layers, states, strict=True):
            layer.set_state(state)

    # -- weights ---------------------------------------------------------------------------

    def _gather(self, attribute: str) -> list:
        return [item for layer in self._layers for item in getattr(layer, attribute)]

    @property
    def weights(self) -> list[np.ndarray]:
        """All weights, live."""
        return self._gather("weights")

    @property
    def weight_names(self) -> list[str]:
        """Names in line with `weights`, such as ``"lstm/kernel"``."""
        return self._gather("weight_names")

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """The live arrays that the optimizer updates in place."""
        return self._gather("trainable_weights")

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """The live arrays that training leaves alone."""
        return self._gather("non_trainable_weights")

    trainable_variables, variables = trainable_weights, weights

    @property
    def trainable_names(self) -> list[str]:
        """Names in line with `trainable_weights`."""
        names = {id(w): n for w, n in zip(self.weights, self.weight_names, strict=True)}
        return [names[id(weight)] for weight in self.trainable_weights]

    @property
    def gradients(self) -> list[np.ndarray]:
        """Gradients of the most recent backward, in line with `trainable_weights`."""
        return self._gather("gradients")

    @property
    def trainable(self) -> bool:
        """Whether any layer learns; setting it sets every layer."""
        return any(layer.trainable for layer in self.layers)

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self.layers:
            layer.trainable = bool(value)

    def regularization_loss(self) -> float:
        """Return the sum of all penalties on the trainable weights."""
        return sum(layer.regularization_loss() for layer in self._layers)

    def regularization_gradients(self) -> list[np.ndarray | None]:
        """Return the penalties' gradients in line with `trainable_weights`."""
        return [g for layer in self._layers for g in layer.regularization_gradients()]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights.

        Returns
        -------
        list of ndarray
        """
        self._check_built("get_weights")
        return [value.copy() for value in self.weights]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Copy `weights` into the layers; all or nothing.

        Parameters
        ----------
        weights : sequence of array_like
            In line with `weights`.

        Raises
        ------
        ValueError
            If their number or a shape does not fit; nothing is changed then.
        """
        self._check_built("set_weights")
        own, weights = self.weights, [np.asarray(w) for w in weights]
        if len(weights) != len(own):
            raise ValueError(f"Sequential: set_weights: expected {len(own)}, got {len(weights)}")
        for name, value, new in zip(self.weight_names, own, weights, strict=True):
            if value.shape != new.shape or new.dtype.kind not in "fiu":
                expected = f"a numeric array of shape {value.shape}"
                raise ValueError(
                    f"Sequential: set_weights: {name}: expected {expected}, "
                    f"got {new.dtype} {new.shape}"
                )
        for value, new in zip(own, weights, strict=True):
            value[...] = new

    def count_params(self) -> int:
        """Return the number of numbers in all weights.

        Returns
        -------
        int
        """
        self._check_built("count_params")
        return sum(value.size for value in self.weights)


def _build_on(layer: Layer, shape: tuple) -> tuple:
    if not layer.built:
        layer.build(shape)
    output = tuple(layer.compute_output_shape(shape))
    if any(isinstance(part, tuple | list) for part in output):
        raise ValueError(f"Sequential: {layer.name}: expected one output, got {len(output)}")
    return output
