"""Weights alone in a file, for a model that is already there."""

from __future__ import annotations

from .archive import open_archive, write_archive
from .model_file import read_weights, weight_arrays


def save_weights(model, path) -> None:
    """Write a model's weights to `path`, whole or not at all.

    Parameters
    ----------
    model : Sequential
        Built.
    path : path-like
        Ends in ``.npz``.

    Raises
    ------
    ValueError
        If a weight is not finite, or `path` does not end in ``.npz``.
    """
    description = {"kind": "weights", "weights": model.weight_names}
    write_archive(path, description, weight_arrays(model))


def load_weights(model, path) -> None:
    """Copy weights from a file into a model of the same shapes; all or nothing.

    Parameters
    ----------
    model : Sequential
        Built.
    path : path-like
        What `save_weights` wrote, or a whole model's file.

    Raises
    ------
    ValueError
        If the file is damaged or the shapes do not fit; the model is unchanged then.
    """
    with open_archive(path, "load_weights") as archive:
        read_weights(model, archive)
        if archive.description["kind"] == "weights":
            unknown = [name for name in archive.headers if not name.startswith("weights/")]
            if unknown:
                raise ValueError(f"unexpected arrays {unknown}")
