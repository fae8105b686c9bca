"""Thousands of files that something has happened to: they load whole, or are refused."""

from __future__ import annotations

import random
import tracemalloc
import warnings

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.models import Sequential, load_model

from . import mutants

CHANCE = (mutants.flip_bits, mutants.flip_structure_bits, mutants.put_noise_in)


def a_trained_model() -> Sequential:
    model = Sequential(
        [
            layers.Input((None, 6), batch_size=8),
            layers.Masking(),
            layers.LSTM(24, dropout=0.1, seed=1, return_sequences=True),
            layers.GRU(8, stateful=True, seed=2),
            layers.Dense(3, activation="softmax", kernel_regularizer="l2", seed=3),
        ]
    )
    model.compile("adam", "crossentropy", metrics=["accuracy"], weighted_metrics=["ce"])
    x = np.random.default_rng(0).normal(size=(8, 5, 6))
    model.fit(x, np.arange(8) % 3, verbose=0, seed=0)
    return model


def try_to_load(path) -> tuple[Sequential | None, int]:
    """Return the model, or None if the file was refused as it should be; and the memory taken."""
    tracemalloc.start()
    try:
        return load_model(path), tracemalloc.get_traced_memory()[1]
    except ValueError as error:
        assert type(error) is ValueError and str(path) in str(error)
        return None, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def fuzz(folder, count: int, seed: int) -> dict[str, int]:
    """Load `count` mutants of a file; return how often each kind of mutation was refused."""
    model, path, rng = a_trained_model(), folder / "m.npz", random.Random(seed)
    model.save(path)
    honest, expected = path.read_bytes(), model.get_weights()
    load_model(path)
    _, usual = try_to_load(path)
    refused = {mutation.__name__: 0 for mutation in mutants.MUTATIONS}
    for _ in range(count):
        mutation = rng.choice(mutants.MUTATIONS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # zipfile, of names that it writes twice
            mutant = mutation(honest, rng)
        path.write_bytes(mutant)
        loaded, memory = try_to_load(path)
        assert memory < 2 * usual, (mutation.__name__, memory, usual)
        refused[mutation.__name__] += loaded is None
        if loaded is not None and mutation in CHANCE:
            for found, weight in zip(loaded.weights, expected, strict=True):
                np.testing.assert_array_equal(found, weight)
    return refused


def test_mutants_load_whole_or_are_refused(tmp_path):
    refused = fuzz(tmp_path, 300, seed=1)
    assert all(refused.values())


@pytest.mark.slow
def test_twenty_thousand_mutants_load_whole_or_are_refused(tmp_path):
    assert all(fuzz(tmp_path, 20_000, seed=2).values())
