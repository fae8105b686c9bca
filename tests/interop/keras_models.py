"""A model for Keras's files, and what a file holds."""

from __future__ import annotations

import h5py

from scratchrnn import layers as L
from scratchrnn.models import Sequential


def small_model(**options) -> Sequential:
    """Return a model with every way in which weights are nested."""
    layers = [
        L.Input((None, 3)),
        L.Bidirectional(L.LSTM(2, return_sequences=True)),
        L.TimeDistributed(L.Dense(3)),
        L.RNN([L.GRUCell(2), L.GRUCell(2)], return_sequences=True),
        L.GRU(2, **options),
        L.Dense(2),
    ]
    return Sequential(layers)


def tree(path) -> dict[str, tuple | None]:
    """Return every group (None) and dataset (shape and type) of an HDF5 file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {name: (item.shape, item.dtype) if isinstance(item, h5py.Dataset) else None}
            )
        )
    return found
