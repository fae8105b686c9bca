"""Bad input to losses: who, which argument, what was expected, what came."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import losses

from .loss_cases import N, T, binary, reals, shares


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.MeanSquaredError()(np.zeros((2, 1)), np.zeros((2, 3))), "y_true: expected"),
        (lambda: losses.MeanSquaredError()(np.zeros((0, 3)), np.zeros((0, 3))), "at least one"),
        (lambda: losses.MeanSquaredError()(0.0, 0.0), "at least one dimension"),
        (lambda: losses.MeanSquaredError()([["a"]], [[1.0]]), "y_true: expected real numbers"),
        (lambda: losses.MeanSquaredError()([[1.0]], [[1j]]), "y_pred: expected real numbers"),
        (lambda: losses.MeanSquaredError("average"), "reduction: expected one of"),
        (lambda: losses.MeanSquaredError(dtype="int32"), "dtype: expected one of"),
        (lambda: losses.MeanSquaredError()(*reals(), np.ones(5)), "weight: expected a shape"),
        (lambda: losses.MeanSquaredError()(*reals(), [np.nan, 1.0]), "sample_weight: expected fin"),
        (lambda: losses.MeanSquaredError()(*reals(), ["a", "b"]), "sample_weight: expected real"),
        (lambda: losses.MeanSquaredError()(*reals(), mask=[True] * 5), "mask: expected a shape"),
        (lambda: losses.MeanSquaredError()(*reals(), mask=[0.5, 1.0]), "mask: expected booleans"),
        (lambda: losses.Dice()(*binary(), mask=np.ones((N, T), bool)), "mask: expected a shape"),
        (lambda: losses.Huber(0.0), "delta: expected a positive"),
        (lambda: losses.Huber(True), "delta: expected a positive number, got True"),
        (lambda: losses.Huber("1"), "delta: expected a positive number, got '1'"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), r"label_smoothing: .* \[0, 1\]"),
        (lambda: losses.BinaryCrossentropy(axis=True), "axis: expected an int"),
        (lambda: losses.BinaryCrossentropy(axis=3)(*binary()), "expected an axis 3"),
        (lambda: losses.Dice(axis="all"), "axis: expected None"),
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), "gamma: expected a number >= 0"),
        (
            lambda: losses.CategoricalFocalCrossentropy(alpha=[0.5, 0.5])(*shares()),
            "alpha: expected one number or 4",
        ),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(1.0), r"q: expected a number in \(0, 1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(0), r"q: expected a number in \(0, 1"),
        (
            lambda: losses.SparseCategoricalCrossentropy()([0, 4], np.ones((2, 4))),
            r"labels from 0 to 3 \(4 classes in y_pred\), got 4 at \(1,\)",
        ),
        (lambda: losses.SparseCategoricalCrossentropy()([-1], np.ones((1, 4))), "got -1 at"),
        (lambda: losses.SparseCategoricalCrossentropy()([4.0], np.ones((1, 4))), "got 4.0 at"),
        (lambda: losses.SparseCategoricalCrossentropy()([0.5], np.ones((1, 4))), "got 0.5 at"),
        (
            lambda: losses.SparseCategoricalCrossentropy()([1, 2], np.ones((2, 3, 4))),
            r"labels of shape \(2, 3\), got \(2,\)",
        ),
        (lambda: losses.SparseCategoricalCrossentropy()(["a"], np.ones((1, 4))), "integer labels"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
