"""What of a model goes into its file, and how it comes back.

The parts of the description, and the arrays beside it:

    description                                        arrays
    model, input_shape, metadata    architecture       weights/0000 …   in the model's order
    state                           the layers' generators, carried states (state/0000 …)
    compile, undecayed              optimizer, loss and metrics as configurations
    optimizer                       its state (optimizer/0000 …)
    training                        where a running `fit` stands (training/0000 …), or null
"""

from __future__ import annotations

import warnings
from math import prod
from typing import Any

import numpy as np

from .. import losses, metrics, optimizers
from ..layers.loading import zero_weights
from .archive import Archive, write_archive
from .tree import pack, unpack

_SECTIONS = ("state", "optimizer", "training")


def write_model(model, path, training: dict | None = None) -> None:
    """Write a model to `path`, whole or not at all.

    Parameters
    ----------
    model : Sequential
        Built.
    path : path-like
        Ends in ``.npz``.
    training : dict, optional
        Where a running `fit` stands: a tree of plain values and arrays.

    Raises
    ------
    ValueError
        If a weight or a state is not finite, or something cannot be written as plain values.
    """
    arrays = weight_arrays(model)
    compiled = None if model.optimizer is None else _describe_compile(model, training is None)
    trees: dict[str, Any] = {
        "state": model.get_state(),
        "optimizer": None if model.optimizer is None else model.optimizer.get_state(),
        "training": training,
    }
    description = {
        "kind": "model",
        "model": model.get_config(),
        "input_shape": list(model.input_shape),
        "metadata": model.metadata,
        "weights": model.weight_names,
        "compile": compiled,
        "undecayed": _undecayed(model),
        **{section: pack(trees[section], section, arrays) for section in _SECTIONS},
    }
    for name, value in arrays.items():  # what `read_sections` would refuse
        if not _may_be_kept(name, value):
            raise ValueError(f"save: {name}: expected finite numbers, got NaN or infinity")
    write_archive(path, description, arrays)


def _may_be_kept(name: str, value: np.ndarray) -> bool:
    """Whether an array is finite; where training stands, anything may be (a best loss so far)."""
    return name.startswith("training/") or value.dtype.kind != "f" or np.isfinite(value).all()


def weight_arrays(model) -> dict[str, np.ndarray]:
    """Return the weights under the names that they have in a file, each checked to be finite."""
    for name, value in zip(model.weight_names, model.weights, strict=True):
        if not np.isfinite(value).all():
            raise ValueError(f"save: {name}: expected finite numbers, got NaN or infinity")
    return dict(zip(weight_keys(model), model.weights, strict=True))


def weight_keys(model) -> list[str]:
    """Return the names that the weights have in a file."""
    return [f"weights/{k:04d}" for k in range(len(model.weights))]


def _describe_compile(model, warn: bool) -> dict | None:
    """Return how the model was compiled; None, with a warning, where that is the user's code."""
    requests = model.compile_arguments
    try:
        return {
            "optimizer": optimizers.serialize(model.optimizer),
            "loss": _serialize(losses, requests["loss"]),
            "metrics": [_serialize(metrics, m) for m in requests["metrics"]],
            "weighted_metrics": [_serialize(metrics, m) for m in requests["weighted_metrics"]],
        }
    except ValueError as error:
        if warn:
            warnings.warn(
                f"save: loss, metrics or optimizer are not of this library ({error}): "
                "the file has everything else; call compile after load_model",
                stacklevel=4,
            )
        return None


def _undecayed(model) -> list[int]:
    """Return which trainable weights the optimizer keeps weight decay off."""
    if model.optimizer is None:
        return []
    weights, names = model.trainable_weights, model.trainable_names
    return model.optimizer.excluded_from_weight_decay(weights, names)


def _serialize(module, request) -> str | dict:
    return request if isinstance(request, str) else module.serialize(module.get(request))


def make_model(cls, archive: Archive, custom_objects: dict | None):
    """Return the model that the file describes, its weights zeros.

    Parameters
    ----------
    cls : type
        The model's class, with ``from_config``.
    archive : Archive
    custom_objects : dict of str to type or None
        Layer classes of the user, by name.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If it is no model, or one with more weights than the file has.
    """
    description = archive.description
    if description["kind"] != "model":
        raise ValueError("weights alone, not a model; load_weights reads them")
    sizes = [prod(h.shape) for name, h in archive.headers.items() if name.startswith("weights/")]
    with zero_weights(sum(sizes)):
        model = cls.from_config(description["model"], custom_objects)
        model.build(tuple(description["input_shape"]))
    return model


def restore(model, archive: Archive, compile: bool = True) -> None:
    """Fill a model that was made of ``archive.description["model"]`` with the rest of its file.

    Parameters
    ----------
    model : Sequential
    archive : Archive
    compile : bool, default True
        Whether to compile it as it was, with the optimizer's state.

    Raises
    ------
    ValueError
        If the file's parts do not fit each other.
    """
    description = archive.description
    if not isinstance(description["metadata"], dict):
        raise ValueError("metadata: expected a dict")
    model.metadata = description["metadata"]
    read_weights(model, archive, exact=True)
    state, optimizer, _ = read_sections(archive)
    model.set_state(state)
    if compile and description["compile"] is not None:
        model.compile(**_compile_arguments(description["compile"]))
        if description["undecayed"]:
            undecayed = [model.trainable_weights[k] for k in description["undecayed"]]
            model.optimizer.exclude_from_weight_decay(undecayed)
        put_optimizer_state(model, optimizer)


def _compile_arguments(chosen: dict) -> dict:
    return {
        "optimizer": optimizers.deserialize(chosen["optimizer"]),
        "loss": _deserialize(losses, chosen["loss"]),
        "metrics": [_deserialize(metrics, m) for m in chosen["metrics"]],
        "weighted_metrics": [_deserialize(metrics, m) for m in chosen["weighted_metrics"]],
    }


def _deserialize(module, described):
    if not isinstance(described, str):
        return module.deserialize(described)
    return described


def read_weights(model, archive: Archive, exact: bool = False) -> None:
    """Copy the file's weights into a built model; all or nothing.

    With `exact`, their floating-point types have to be the model's too.
    """
    there = sorted(name for name in archive.headers if name.startswith("weights/"))
    if there != weight_keys(model):
        raise ValueError(f"expected {len(model.weights)} weights, got {len(there)}")
    for name, value, key in zip(model.weight_names, model.weights, there, strict=True):
        header = archive.headers[key]
        fits = header.dtype == value.dtype if exact else header.dtype.kind == "f"
        if header.shape != value.shape or not fits:
            expected, got = f"{value.dtype} {value.shape}", f"{header.dtype} {header.shape}"
            raise ValueError(f"{name}: expected {expected}, got {got}")
    values = [archive.read(key) for key in there]
    for name, value in zip(model.weight_names, values, strict=True):
        if not np.isfinite(value).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
    model.set_weights(values)


def read_sections(archive: Archive) -> list:
    """Return the trees of state, optimizer and training; every array must belong to one."""
    used = {name for name in archive.headers if name.startswith("weights/")}

    def read(name: str) -> np.ndarray:
        used.add(name)
        value = archive.read(name)
        if not _may_be_kept(name, value):
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        return value

    trees = [unpack(archive.description[name], name, read) for name in _SECTIONS]
    if set(archive.headers) - used:
        raise ValueError(f"unexpected arrays {sorted(set(archive.headers) - used)}")
    return trees


def put_optimizer_state(model, state: dict | None) -> None:
    """Give the model's optimizer its state back."""
    if not isinstance(state, dict):
        raise ValueError(f"optimizer: expected a dict, got {state!r:.80}")
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_weights, model.trainable_names)
    model.optimizer.set_state(state)


def read_training(model, archive: Archive) -> dict:
    """Give a compiled, built model its weights and states back; return where its `fit` stood."""
    description = archive.description
    if description["kind"] != "model" or description["training"] is None:
        raise ValueError("a model, but not one in training")
    kept, have = description["compile"], type(model.optimizer).__name__
    if kept is not None and kept["optimizer"]["class_name"] != have:
        name = kept["optimizer"]["class_name"]
        raise ValueError(f"optimizer: the run that was kept had {name!r:.40}, this one has {have}")
    state, optimizer, training = read_sections(archive)
    read_weights(model, archive)
    model.set_state(state)
    put_optimizer_state(model, optimizer)
    return training
