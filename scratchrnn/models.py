"""Sequential: a stack of layers that is called, trained, saved and loaded as one."""

from __future__ import annotations

import numpy as np

from . import layers as layers_
from . import losses as losses_
from . import optimizers as optimizers_
from .layers import Input, Layer
from .saving import read_archive, write_archive
from .training import Trainer


class Sequential(Trainer):
    """Layers one after another.

    Parameters
    ----------
    layers : list of Layer, optional
    name : str, default "sequential"

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4), Dense(2)])
    >>> model.predict(np.zeros((5, 7, 3)), verbose=0).shape
    (5, 2)
    """

    def __init__(self, layers=None, name: str = "sequential"):
        self.name = name
        self.layers: list[Layer] = []
        self.metadata: dict = {}
        self.output_mask: np.ndarray | None = None
        self._output_shape: tuple | None = None
        self._built_shape: tuple = ()
        for layer in layers or []:
            self.add(layer)

    # -- architecture ----------------------------------------------------------------------

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
        if layer.name in {other.name for other in self.layers}:
            raise ValueError(f"Sequential: add: the name {layer.name!r} is taken")
        if not self.layers and isinstance(layer, Input):
            self._output_shape = layer.batch_shape
        elif not self.layers and layer.input_shape is not None:
            self._output_shape = (None, *layer.input_shape)
        if not self.layers and self._output_shape is not None:
            self._built_shape = self._output_shape
        if self._output_shape is not None:
            self._build_layer(layer)
        self.layers.append(layer)

    def _build_layer(self, layer: Layer) -> None:
        if not layer.built:
            layer.build(self._output_shape)
        self._output_shape = layer.compute_output_shape(self._output_shape)

    def build(self, input_shape) -> None:
        """Make all weights for inputs of this shape (batch axis first, None where open).

        Parameters
        ----------
        input_shape : tuple of int or None
        """
        if not self.layers:
            raise ValueError("Sequential: build: there are no layers yet")
        self._built_shape = self._output_shape = tuple(input_shape)
        for layer in self.layers:
            self._build_layer(layer)

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return self._output_shape is not None

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

        Returns
        -------
        Layer
        """
        if (name is None) == (index is None):
            raise ValueError("Sequential: get_layer: expected either a name or an index")
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        known = ", ".join(layer.name for layer in self.layers)
        raise ValueError(f"Sequential: get_layer: name: expected one of {known}, got {name!r}")

    def pop(self) -> Layer:
        """Take the top layer off and return it.

        Returns
        -------
        Layer
        """
        if not self.layers:
            raise ValueError("Sequential: pop: there are no layers")
        layer = self.layers.pop()
        rest, self.layers, self._output_shape = self.layers, [], None
        for below in rest:
            self.add(below)
        return layer

    # -- forward and backward --------------------------------------------------------------

    def __call__(self, x, mask=None, training: bool = False):
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
        if not self.layers:
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
            if not mask.all():
                x = np.where(mask.reshape(*mask.shape, *(1,) * (x.ndim - 2)), x, 0)
        for layer in self.layers:
            x, mask = layer(x, mask=mask, training=training), layer.compute_mask(x, mask)
        self.output_mask = mask
        return x

    def backward(self, dy) -> np.ndarray:
        """Gradient on the input of the most recent call; fills every layer's gradients.

        Parameters
        ----------
        dy : ndarray
            Gradient of the loss on what the call returned.

        Returns
        -------
        ndarray
        """
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def reset_state(self) -> None:
        """Forget the states of all stateful layers."""
        for layer in self.layers:
            if hasattr(layer, "reset_state"):
                layer.reset_state()

    reset_states = reset_state

    # -- weights ---------------------------------------------------------------------------

    def _gather(self, attribute: str) -> list:
        return [item for layer in self.layers for item in getattr(layer, attribute)]

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
        return sum(layer.regularization_loss() for layer in self.layers)

    def regularization_gradients(self) -> list[np.ndarray | None]:
        """Return the penalties' gradients in line with `trainable_weights`."""
        return [g for layer in self.layers for g in layer.regularization_gradients()]

    def get_weights(self) -> list[np.ndarray]:
        """Return copies of all weights.

        Returns
        -------
        list of ndarray
        """
        self._check_built("get_weights")
        return [value.copy() for value in self.weights]

    def set_weights(self, weights) -> None:
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

    # -- description and files -------------------------------------------------------------

    def summary(self, print_fn=print) -> None:
        """Print the layers with their output shapes and numbers of parameters.

        Parameters
        ----------
        print_fn : callable, default print
            Takes one string.
        """
        self._check_built("summary")
        shape, rows = self._built_shape, [("Layer (type)", "Output shape", "Param #")]
        for layer in self.layers:
            shape = layer.compute_output_shape(shape)
            kind = f"{layer.name} ({type(layer).__name__})"
            rows.append((kind, str(tuple(shape)), f"{layer.count_params():,}"))
        widths = [max(len(row[k]) for row in rows) for k in range(3)]
        total, trained = self.count_params(), sum(w.size for w in self.trainable_weights)
        rule = "─" * (sum(widths) + 4)
        table = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
        lines = [f'Model: "{self.name}"', table[0], rule, *table[1:], rule]
        lines.append(f"Total params: {total:,}")
        lines.append(f"Trainable params: {trained:,}")
        lines.append(f"Non-trainable params: {total - trained:,}")
        print_fn("\n".join(lines))

    def get_config(self) -> dict:
        """Return a JSON-able description of the architecture.

        Returns
        -------
        dict
        """
        return {"name": self.name, "layers": [layers_.serialize(layer) for layer in self.layers]}

    @classmethod
    def from_config(cls, config: dict) -> Sequential:
        """Make a model from what `get_config` returned.

        Parameters
        ----------
        config : dict

        Returns
        -------
        Sequential
        """
        return cls([layers_.deserialize(d) for d in config["layers"]], name=config["name"])

    def save(self, path) -> None:
        """Write architecture, weights, optimizer state and metadata to one ``.npz``.

        The file is written beside `path` and renamed, so that `path` is never half-written.

        Parameters
        ----------
        path : path-like
            Ends in ``.npz``.
        """
        self._check_built("save")
        arrays = dict(zip(self._array_names(), self.weights, strict=True))
        description = {"model": self.get_config(), "metadata": self.metadata, "compile": None}
        description["input_shape"] = list(self._built_shape)
        if self.loss is not None:
            description["compile"] = {
                "optimizer": optimizers_.serialize(self.optimizer),
                "loss": losses_.serialize(self.loss),
                "metrics": [m if isinstance(m, str) else None for m in self._metric_requests],
            }
            for name, value in self.optimizer.get_state().items():
                arrays[f"optimizer/{name}"] = np.asarray(value)
        write_archive(path, description, arrays)

    def _array_names(self) -> list[str]:
        return [f"weights/{k:04d}" for k in range(len(self.weights))]


def load_model(path) -> Sequential:
    """Read a model that `Sequential.save` wrote.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    Sequential
        With weights, metadata and, if it was compiled, loss and optimizer with its state.

    Raises
    ------
    ValueError
        If the file is missing, truncated, altered or not a model.
    """
    description, arrays = read_archive(path)
    try:
        model = Sequential.from_config(description["model"])
        if not model.built:
            model.build(tuple(description["input_shape"]))
        model.metadata = dict(description["metadata"])
        model.set_weights([arrays.pop(name) for name in model._array_names()])
        if description["compile"] is not None:
            chosen = description["compile"]
            optimizer = optimizers_.deserialize(chosen["optimizer"])
            model.compile(optimizer, losses_.deserialize(chosen["loss"]), chosen["metrics"])
            prefix = "optimizer/"
            optimizer.set_state({n.removeprefix(prefix): arrays[n] for n in arrays})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"load: {path}: description and arrays do not fit: {error!r}") from error
    except ValueError as error:
        raise ValueError(f"load: {path}: {error}") from error
    return model


__all__ = ["Sequential", "load_model"]
