"""Padding, one-hot labels and the global seed."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import utils

RAGGED = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "value": -1}, [[-1, -1, -1, 1], [-1, -1, 2, 3], [-1, 4, 5, 6]]),
        ({"maxlen": 0}, [[], [], []]),
    ],
)
def test_sequences_are_padded_and_cut(options, expected):
    got = utils.pad_sequences(RAGGED, **options)
    np.testing.assert_array_equal(got, np.array(expected, np.int32))
    assert got.dtype == np.int32


def test_vectors_floats_empty_sequences_and_strings_can_be_padded():
    steps = [np.ones((1, 2)), [], 2 * np.ones((3, 2))]
    got = utils.pad_sequences(steps, dtype="float32", padding="post")
    assert got.shape == (3, 3, 2)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got.sum(axis=(1, 2)), [2.0, 0.0, 12.0])
    words = utils.pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert words.tolist() == [["-", "a"], ["b", "c"]]
    assert utils.pad_sequences([[], []]).shape == (2, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: utils.pad_sequences(3), "expected a sequence of sequences, got 3"),
        (lambda: utils.pad_sequences([1, 2]), "expected sequences, got 1 at 0"),
        (lambda: utils.pad_sequences([]), "expected at least one, or a maxlen"),
        (lambda: utils.pad_sequences(RAGGED, padding="left"), "padding: expected 'pre' or 'post'"),
        (lambda: utils.pad_sequences(RAGGED, truncating=""), "truncating: expected"),
        (lambda: utils.pad_sequences(RAGGED, maxlen=-1), "maxlen: expected an integer >= 0"),
        (lambda: utils.pad_sequences(RAGGED, value="x"), "value: expected a number"),
        (lambda: utils.pad_sequences([np.ones((2, 3)), np.ones((2, 4))]), r"got shape \(2, 4\)"),
        (lambda: utils.to_categorical([0, 3], 3), "labels from 0 to 2, got 3"),
        (lambda: utils.to_categorical([-1]), "got -1"),
        (lambda: utils.to_categorical([0.5]), "got 0.5"),
        (lambda: utils.to_categorical([]), "expected integer labels"),
        (lambda: utils.to_categorical(["a"]), "expected integer labels"),
        (lambda: utils.set_random_seed(-1), "expected an integer >= 0"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_labels_become_one_hot_rows():
    np.testing.assert_array_equal(utils.to_categorical([2, 0]), [[0, 0, 1], [1, 0, 0]])
    assert utils.to_categorical(np.zeros((4, 5, 1), int), 3).shape == (4, 5, 3)
    assert utils.to_categorical([1.0, 0.0]).tolist() == [[0.0, 1.0], [1.0, 0.0]]
