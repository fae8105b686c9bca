"""Sequential: a stack of layers that is called, trained, saved and loaded as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from . import saving
from .layers import Layer, deserialize, serialize
from .stack import Stack
from .training import NonFiniteError, Trainer
from .training.compiling import refuse

__all__ = ["NonFiniteError", "Sequential", "clone_model", "load_model", "save_model"]

_NO_SHARDS = {"max_shard_size": (None, "a model is one file")}


class Sequential(Trainer, Stack):
    """Layers one after another.

    Parameters
    ----------
    layers : list of Layer, optional
    trainable : bool, default True
        False: no layer learns.
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

    def __init__(
        self,
        layers: Iterable[Layer] | None = None,
        trainable: bool = True,
        name: str | None = None,
    ):
        if name is not None and not isinstance(name, str):
            raise ValueError(f"Sequential: name: expected a string, got {name!r}")
        self.metadata: dict = {}  # anything JSON-able of yours; goes into the file
        super().__init__(layers, name or "sequential")
        if not trainable:
            self.trainable = False

    def summary(self, print_fn: Callable[[str], Any] | None = None, **refused: Any) -> None:
        """Print the layers with their output shapes and numbers of parameters.

        Parameters
        ----------
        print_fn : callable, default print
            Takes one string.
        """
        plain = {"line_length": (None,), "positions": (None,), "layer_range": (None,)}
        plain |= {"expand_nested": (False,), "show_trainable": (False,)}
        reason = "the table has one form"
        refuse("summary", refused, {name: (*value, reason) for name, value in plain.items()})
        self._check_built("summary")
        shape, rows = self.input_shape, [("Layer (type)", "Output shape", "Param #")]
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
        (print_fn or print)("\n".join(lines))

    def get_config(self) -> dict:
        """Return a JSON-able description of the architecture.

        Returns
        -------
        dict
        """
        return {"name": self.name, "layers": [serialize(layer) for layer in self._layers]}

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> Sequential:
        """Make a model from what `get_config` returned.

        Parameters
        ----------
        config : dict
        custom_objects : dict of str to type, optional
            Layer classes of your own, by name.

        Returns
        -------
        Sequential

        Raises
        ------
        ValueError
            If it describes no model of known layers.
        """
        if not isinstance(config, dict) or not isinstance(config.get("layers"), list):
            raise ValueError(f"Sequential: config: expected name and layers, got {config!r:.80}")
        layers = [deserialize(description, custom_objects) for description in config["layers"]]
        return cls(layers, name=config["name"])

    # -- files -----------------------------------------------------------------------------

    def save(self, filepath: str | PathLike, overwrite: bool = True, **refused: Any) -> None:
        """Write architecture, weights, optimizer state, generators and metadata to one ``.npz``.

        The file is written beside `filepath` and renamed, so that it is never half-written.

        Parameters
        ----------
        filepath : path-like
            Ends in ``.npz``.
        overwrite : bool, default True
            Whether a file that is there may be replaced.

        Raises
        ------
        ValueError
            If the name does not end in ``.npz``, the file is there and may not be replaced, or a
            weight is not finite.
        """
        kept = {"include_optimizer": (True, "load_model(..., compile=False) leaves it out")}
        refuse("save", refused, {"zipped": (None, "a model is one file"), **kept})
        self._check_built("save")
        _check_free("save", filepath, overwrite)
        saving.write_model(self, filepath)

    def save_weights(
        self, filepath: str | PathLike, overwrite: bool = True, **refused: Any
    ) -> None:
        """Write the weights alone to a ``.npz``.

        Parameters
        ----------
        filepath : path-like
        overwrite : bool, default True

        Raises
        ------
        ValueError
            As `save`.
        """
        refuse("save_weights", refused, _NO_SHARDS)
        self._check_built("save_weights")
        _check_free("save_weights", filepath, overwrite)
        saving.save_weights(self, filepath)

    def load_weights(self, filepath: str | PathLike, **refused: Any) -> None:
        """Copy weights from a file that `save_weights` or `save` wrote; all or nothing.

        Parameters
        ----------
        filepath : path-like

        Raises
        ------
        ValueError
            If the file is damaged or the shapes do not fit; the model is unchanged then.
        """
        exact = (False, "all weights have to fit")
        refuse("load_weights", refused, {"skip_mismatch": exact, "by_name": exact})
        self._check_built("load_weights")
        saving.load_weights(self, filepath)


def _check_free(who: str, path, overwrite: bool) -> None:
    if not overwrite and Path(path).exists():
        raise ValueError(f"{who}: {path}: is there already, and overwrite=False")


def save_model(
    model: Sequential, filepath: str | PathLike, overwrite: bool = True, **refused: Any
) -> None:
    """Write a model to a file; the same as :meth:`Sequential.save`.

    Parameters
    ----------
    model : Sequential
    filepath : path-like
    overwrite : bool, default True
    """
    model.save(filepath, overwrite, **refused)


def load_model(
    filepath: str | PathLike,
    custom_objects: dict[str, type] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Sequential:
    """Read a model that `Sequential.save` wrote. Nothing in the file is run or imported.

    Parameters
    ----------
    filepath : path-like
    custom_objects : dict of str to type, optional
        Layer classes of your own, by name.
    compile : bool, default True
        Whether to compile it as it was, with the optimizer's state.
    safe_mode : bool, default True
        There is no other mode.

    Returns
    -------
    Sequential
        With weights, metadata, random generators and, if it was compiled, loss, metrics and
        optimizer with its state.

    Raises
    ------
    ValueError
        If the file is missing, truncated, altered or not a model; it is named.
    """
    refuse("load_model", {"safe_mode": safe_mode}, {"safe_mode": (True, "it is always safe")})
    with saving.open_archive(filepath, "load_model") as archive:
        model = saving.make_model(Sequential, archive, custom_objects)
        saving.restore(model, archive, compile)
    return model


def clone_model(model: Sequential, **refused: Any) -> Sequential:
    """Return a new model of the same architecture, with fresh weights, not compiled.

    Parameters
    ----------
    model : Sequential

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If an argument of Keras's is not supported here.
    """
    plain = {"input_tensors": None, "clone_function": None, "call_function": None}
    reason = "layers are made again from their configurations"
    plain["recursive"] = False
    refuse("clone_model", refused, {name: (value, reason) for name, value in plain.items()})
    classes = {type(layer).__name__: type(layer) for layer in model.layers}
    twin = Sequential.from_config(model.get_config(), classes)
    if model.built and not twin.built:
        twin.build(model.input_shape)
    return twin
