"""Keras's ``.weights.h5``, read and written; needs h5py (extra ``keras-weights``).

The order of weights is ours too, so that nothing is packed anew: what counts is to find every
array, to check it before it is read, and to leave the model as it was if one does not fit.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from ..files import replacing
from .checks import check_keys, check_values, optional, place
from .keras_paths import Group, find_groups

_MAX_DEPTH, _MAX_OBJECTS = 32, 100_000
_H5_ERRORS = (OSError, KeyError, RuntimeError, TypeError, ValueError, AttributeError, MemoryError)


def _h5py():
    return optional("h5py", "keras-weights", "Keras's .weights.h5")


def save_keras_weights(model, path) -> None:
    """Write a model's weights so that Keras 3 loads them, whole or not at all.

    Parameters
    ----------
    model : Sequential or list of Layer
        Built.
    path : path-like
        Ends in ``.weights.h5``. In Keras: ``model.load_weights(path)``.

    Raises
    ------
    ValueError
        If the name does not fit, a layer is not built, or Keras has none with its weights.
    ImportError
        If h5py is not installed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scratchrnn.interop import load_keras_weights, save_keras_weights
    >>> from scratchrnn.layers import LSTM, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), LSTM(4), Dense(2)])
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.weights.h5")
    >>> save_keras_weights(model, path)
    >>> load_keras_weights(model, path)
    """
    path = Path(path)
    who = f"save_keras_weights: {path}"
    if not path.name.endswith(".weights.h5"):
        raise ValueError(f"{who}: path: expected a name that ends in .weights.h5")
    content = weights_to_bytes(find_groups(who, model), getattr(model, "name", "sequential"))
    with replacing(path) as file:
        file.write(content)


def weights_to_bytes(groups: list[Group], name: str) -> bytes:
    """Return an HDF5 file with these groups.

    Parameters
    ----------
    groups : list of Group
    name : str
        The model's name.

    Returns
    -------
    bytes
    """
    buffer = io.BytesIO()
    with _h5py().File(buffer, "w") as file:
        file.create_group("vars").attrs["name"] = name
        for group in groups:
            variables = file.create_group(f"{group.path}/vars")
            variables.attrs["name"] = group.name
            for k, weight in enumerate(group.weights):
                variables[str(k)] = weight
    return buffer.getvalue()


def load_keras_weights(model, path) -> None:
    """Load the weights that Keras 3 saved; all or nothing.

    Parameters
    ----------
    model : Sequential or list of Layer
        Built, of the same layers in the same order as Keras's model.
    path : path-like
        From Keras: ``model.save_weights("name.weights.h5")``.

    Raises
    ------
    ValueError
        If the file is missing, damaged or of another format, a weight is missing or surplus, or a
        shape or value does not fit. The model is unchanged then.
    ImportError
        If h5py is not installed.

    Notes
    -----
    The optimizer's state is not read: its formulas are the same, but Keras keeps it by position in
    a file that names neither the optimizer's class nor its variables.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from scratchrnn.interop import load_keras_weights, save_keras_weights
    >>> from scratchrnn.layers import Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((3,)), Dense(2)])
    >>> path = pathlib.Path(tempfile.mkdtemp(), "model.weights.h5")
    >>> save_keras_weights(model, path)
    >>> before = model.get_weights()
    >>> model.layers[-1].kernel[...] = 0
    >>> load_keras_weights(model, path)
    >>> bool((model.get_weights()[0] == before[0]).all())
    True
    """
    who, path = f"load_keras_weights: {path}", Path(path)
    if not path.is_file():
        raise ValueError(f"{who}: no such file")
    read_weights(who, find_groups(who, model), path)


def read_weights(who: str, groups: list[Group], source) -> None:
    """Fill the live weights of `groups` from an HDF5 file; all or nothing.

    Parameters
    ----------
    who : str
        First words of every error.
    groups : list of Group
    source : path-like or binary file
    """
    expected = {key: live for group in groups for key, live in group.datasets().items()}
    with open_h5(who, source) as file:
        datasets = find_datasets(who, file)
        check_keys(who, expected, datasets)
        found = {key: _read(who, key, datasets[key], expected[key].shape) for key in expected}
    place(who, expected, found)


@contextmanager
def open_h5(who: str, source) -> Iterator:
    """Open an HDF5 file for reading; whatever h5py raises meanwhile becomes our error.

    Parameters
    ----------
    who : str
        First words of every error.
    source : path-like or binary file

    Yields
    ------
    h5py.File
    """
    h5py = _h5py()
    try:
        with h5py.File(source, "r") as file:
            if "layer_names" in file.attrs or "model_weights" in file:
                raise ValueError(f"{who}: Keras 2's format: expected Keras 3's, with 'layers'")
            yield file
    except _H5_ERRORS as error:
        if isinstance(error, ValueError) and str(error).startswith(who):
            raise
        raise ValueError(f"{who}: not an HDF5 file, or damaged ({error})") from error


def find_datasets(who: str, file) -> dict:
    """Return the datasets below ``layers`` by path, the optimizer's and the generators' left out.

    Parameters
    ----------
    who : str
        First words of every error.
    file : h5py.File

    Returns
    -------
    dict of str to h5py.Dataset
    """
    found = dict(_walk(who, file, "", 0, [_MAX_OBJECTS]))
    return {
        path: dataset
        for path, dataset in found.items()
        if not path.startswith("optimizer/") and "seed_generator" not in path.split("/")
    }


def _walk(who: str, group, path: str, depth: int, left: list[int]) -> Iterator[tuple]:
    """Visit what lies in the file itself: no link to elsewhere is followed."""
    h5py = _h5py()
    for name in group:
        place_ = f"{path}/{name}" if path else name
        left[0] -= 1
        if depth > _MAX_DEPTH or left[0] < 0:
            raise ValueError(f"{who}: {place_:.80}: nested too deeply, or too many objects")
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{who}: {place_:.80}: expected a group or an array, got a link")
        item = group[name]
        if isinstance(item, h5py.Dataset):
            yield place_, item
        elif isinstance(item, h5py.Group):
            yield from _walk(who, item, place_, depth + 1, left)
        else:
            raise ValueError(f"{who}: {place_:.80}: expected a group or an array")


def _read(who: str, key: str, dataset, shape: tuple[int, ...]) -> np.ndarray:
    """Read one array, its shape and type checked before any memory is taken."""
    if dataset.shape != shape:
        raise ValueError(f"{who}: {key}: expected shape {shape}, got {dataset.shape}")
    if dataset.dtype.kind not in "fiu" or dataset.is_virtual or dataset.external:
        raise ValueError(f"{who}: {key}: expected plain numbers, got {dataset.dtype}")
    return check_values(who, key, dataset[()])
