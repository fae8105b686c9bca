"""Values by hand, extreme logits, clipped probabilities, kinks and class axes."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import losses

from .loss_cases import C, binary, labels


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "expected"),
    [
        (losses.MeanSquaredError(), [[0, 2]], [[1.0, 5.0]], 5.0),
        (losses.MeanAbsoluteError(), [[0, 2]], [[1.0, 5.0]], 2.0),
        (losses.MeanAbsolutePercentageError(), [[2, 4]], [[1.0, 5.0]], 37.5),
        (losses.MeanAbsolutePercentageError(), [[0.0]], [[1.0]], 1e9),
        (losses.MeanSquaredLogarithmicError(), [[0.0]], [[-5.0]], 0.0),
        (losses.MeanSquaredLogarithmicError(), [[np.e - 1]], [[np.e**3 - 1]], 4.0),
        (losses.Huber(2.0), [[0, 0]], [[1.0, -5.0]], (0.5 + 8.0) / 2),
        (losses.LogCosh(), [[0.0, 0.0]], [[0.0, 1e5]], (1e5 - np.log(2)) / 2),
        (losses.CosineSimilarity(), [[0.0, 2.0]], [[3.0, 4.0]], -0.8),
        (losses.CosineSimilarity(), [[0.0, 0.0]], [[3.0, 4.0]], 0.0),
        (losses.BinaryCrossentropy(), [[1, 0]], [[0.5, 0.75]], np.log(8) / 2),
        (losses.BinaryCrossentropy(), [[1.0]], [[0.0]], -np.log(1e-7)),
        (losses.BinaryCrossentropy(True), [[1, 0]], [[0.0, 0.0]], np.log(2)),
        (
            losses.BinaryCrossentropy(label_smoothing=0.5),
            [[1.0]],
            [[0.25]],
            0.75 * np.log(4) + 0.25 * np.log(4 / 3),
        ),
        (losses.CategoricalCrossentropy(), [[0, 1]], [[1.0, 3.0]], np.log(4 / 3)),
        (losses.CategoricalCrossentropy(True), [[0, 1]], [[0.0, np.log(3)]], np.log(4 / 3)),
        (
            losses.CategoricalCrossentropy(label_smoothing=1.0),
            [[0, 1]],
            [[0.25, 0.75]],
            np.log(16 / 3) / 2,
        ),
        (losses.SparseCategoricalCrossentropy(), [1], [[1.0, 3.0]], np.log(4 / 3)),
        (
            losses.SparseCategoricalCrossentropy(ignore_class=-1),
            [1, -1],
            [[1, 3], [9, 9]],
            np.log(4 / 3),
        ),
        (losses.BinaryFocalCrossentropy(gamma=2), [[1.0]], [[0.5]], np.log(2) / 4),
        (
            losses.BinaryFocalCrossentropy(True, alpha=0.25, gamma=0),
            [[0.0]],
            [[0.5]],
            0.75 * np.log(2),
        ),
        (losses.CategoricalFocalCrossentropy(alpha=1), [[0, 1]], [[0.5, 0.5]], np.log(2) / 4),
        (losses.KLDivergence(), [[0.5, 0.5]], [[0.25, 0.75]], 0.1438410),
        (losses.Poisson(), [[2.0]], [[1.0]], 1.0 - 2e-7),
        (losses.Hinge(), [[0, 1]], [[0.5, 0.5]], 1.0),
        (losses.Hinge(), [[-1, 1]], [[0.5, 0.5]], 1.0),
        (losses.Hinge(), [[2, 1]], [[0.25, 0.5]], 0.5),
        (losses.SquaredHinge(), [[0, 1]], [[0.5, 0.5]], 1.25),
        (losses.CategoricalHinge(), [[0, 1, 0]], [[0.5, 0.25, 0.75]], 1.5),
        (losses.Dice(), [[1, 1, 0]], [[1.0, 0.0, 1.0]], 0.5),
        (losses.Tversky(alpha=1.0, beta=0.0), [[1, 1, 1]], [[1.0, 0.0, 1.0]], 1 / 3),
        (losses.CategoricalGeneralizedCrossEntropy(0.5), [0], [[0.25, 0.75]], 1.0),
    ],
)
def test_values_by_hand(loss, y_true, y_pred, expected):
    assert loss(np.array(y_true), np.array(y_pred, float)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy(True),
        losses.CategoricalCrossentropy(True),
        losses.BinaryFocalCrossentropy(from_logits=True, gamma=0.5),
        losses.BinaryFocalCrossentropy(from_logits=True, gamma=0.0),
        losses.CategoricalFocalCrossentropy(from_logits=True, gamma=0.5),
    ],
)
def test_extreme_logits_stay_finite(loss, dtype):
    logits = np.array([[1e4, -1e4, 0.0, 50.0], [-1e4, 1e4, -700.0, 700.0]], dtype)
    y_true = np.array([[1, 0, 0, 0], [1, 0, 0, 0]], dtype)
    value, gradient = loss.value_and_gradient(y_true, logits)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
    assert gradient.dtype == dtype


def test_extreme_logits_have_exact_losses():
    logits = np.array([[1e4, 0.0], [-1e4, 0.0]])
    sparse = losses.SparseCategoricalCrossentropy(True, reduction=None)
    np.testing.assert_array_equal(sparse([1, 1], logits), [1e4, 0.0])
    one_hot = losses.CategoricalCrossentropy(True, reduction=None)
    np.testing.assert_array_equal(one_hot([[0, 1], [0, 1]], logits), [1e4, 0.0])
    assert losses.BinaryCrossentropy(True)([[1.0]], [[-1e4]]) == 1e4


@pytest.mark.parametrize("p", [0.0, 5e-8, 1.0])
def test_the_slope_is_zero_where_probabilities_are_clipped(p):
    y_pred = np.array([[p, 0.4]])
    binary_gradient = losses.BinaryCrossentropy().gradient([[1.0, 1.0]], y_pred)
    assert binary_gradient[0, 0] == 0.0
    assert binary_gradient[0, 1] == pytest.approx(-1 / 0.4 / 2)
    categorical = losses.CategoricalCrossentropy().gradient([[1.0, 0.0]], np.array([[p, 1 - p]]))
    np.testing.assert_array_equal(categorical, [[0.0, 0.0]])
    sparse = losses.SparseCategoricalCrossentropy().gradient([0], np.array([[p, 1 - p]]))
    np.testing.assert_array_equal(sparse, [[0.0, 0.0]])
    smooth = losses.SparseCategoricalCrossentropy(label_smoothing=0.4)
    np.testing.assert_array_equal(smooth.gradient([0], np.array([[p, 1 - p]])), [[0.0, 0.0]])
    focal = losses.CategoricalFocalCrossentropy().gradient([[1.0, 0.0]], np.array([[p, 1 - p]]))
    np.testing.assert_array_equal(focal, [[0.0, 0.0]])


def test_the_bounds_of_clipping_are_inside():
    low, high = 1e-7, 1 - 1e-7
    slopes = losses.BinaryCrossentropy().gradient([[1.0, 1.0]], [[low, high]])
    np.testing.assert_allclose(slopes, [[-1 / low / 2, -1 / high / 2]])
    divergence = losses.KLDivergence().gradient([[0.5, 0.5]], [[low, 1.0]])
    np.testing.assert_allclose(divergence, [[-0.5 / low, -0.5]])


def test_a_divergence_takes_more_than_one_for_one():
    loss = losses.KLDivergence()
    assert loss([[2.0]], [[0.5]]) == pytest.approx(np.log(2))
    assert loss([[1.0]], [[3.0]]) == 0.0


def test_a_rate_of_zero_is_1e_7():
    value, gradient = losses.Poisson().value_and_gradient([[2.0]], [[0.0]])
    assert value == pytest.approx(-2 * np.log(1e-7))
    np.testing.assert_allclose(gradient, [[1 - 2e7]])


@pytest.mark.parametrize("loss", [losses.Dice(), losses.Tversky()])
def test_where_there_is_nothing_to_find_and_nothing_found_nothing_overlaps(loss):
    value, gradient = loss.value_and_gradient(np.zeros((1, 3)), np.zeros((1, 3)))
    assert value == 1.0
    assert not gradient.any()


def test_a_power_below_one_has_slope_zero_at_zero_instead_of_infinity():
    generalized = losses.CategoricalGeneralizedCrossEntropy(0.3).gradient([0], [[0.0, 1.0]])
    np.testing.assert_array_equal(generalized, [[0.0, 0.0]])
    focal = losses.BinaryFocalCrossentropy(gamma=0.5).gradient([[1.0]], [[1.0]])
    np.testing.assert_array_equal(focal, [[0.0]])
    # to the power of one it is a product, whose slope at zero is the other factor
    linear = losses.BinaryFocalCrossentropy(gamma=1.0).gradient([[1.0]], [[1.0]])
    np.testing.assert_allclose(linear, [[np.log(1 - 1e-7)]])


def test_slopes_at_kinks_are_those_of_keras():
    assert losses.MeanAbsoluteError().gradient([[1.0]], [[1.0]]) == 0.0
    assert losses.Hinge().gradient([[1.0]], [[1.0]]) == 0.0
    assert losses.KLDivergence().gradient([[0.5]], [[2.0]]) == 0.0
    assert losses.MeanAbsolutePercentageError().gradient([[2.0]], [[2.0]]) == 0.0
    assert losses.MeanSquaredLogarithmicError().gradient([[5.0]], [[-1.0]]) == 0.0
    assert losses.MeanSquaredLogarithmicError().gradient([[5.0]], [[1e-7]]) == 0.0
    won = losses.CategoricalHinge().value_and_gradient([[1.0, 0.0]], [[3.0, 1.0]])
    assert won[0] == 0.0
    np.testing.assert_array_equal(won[1], [[0.0, 0.0]])
    shared = losses.CategoricalHinge().gradient([[1.0, 0.0, 0.0]], [[0.0, 2.0, 2.0]])
    np.testing.assert_array_equal(shared, [[-1.0, 0.5, 0.5]])
    # the target's own place counts as a score of 0 among the others, without a slope
    below = losses.CategoricalHinge().value_and_gradient([[1.0, 0.0, 0.0]], [[0.5, -2.0, -3.0]])
    assert below[0] == 0.5
    np.testing.assert_array_equal(below[1], [[-1.0, 0.0, 0.0]])


def test_near_zero_the_cosine_is_linear_in_the_prediction():
    loss, y_pred = losses.CosineSimilarity(), np.array([[3e-9, 4e-9]])
    gradient = loss.gradient([[0.0, 2.0]], y_pred)
    np.testing.assert_allclose(gradient, [[0.0, -1e7]])
    assert loss([[0.0, 2.0]], y_pred) == pytest.approx(-0.04)


def test_a_class_axis_may_be_anywhere():
    y_true, y_pred = labels()
    last = losses.SparseCategoricalCrossentropy(reduction=None)
    first = losses.SparseCategoricalCrossentropy(reduction=None, axis=0)
    moved = np.moveaxis(y_pred, -1, 0)
    np.testing.assert_allclose(first(y_true, moved), last(y_true, y_pred))
    np.testing.assert_allclose(
        first.gradient(y_true, moved), np.moveaxis(last.gradient(y_true, y_pred), -1, 0)
    )
    one_hot = np.moveaxis(np.eye(C)[y_true], -1, 0)
    dense = losses.CategoricalCrossentropy(axis=0, reduction=None, label_smoothing=0.2)
    sparse = losses.SparseCategoricalCrossentropy(axis=0, reduction=None, label_smoothing=0.2)
    np.testing.assert_allclose(dense(one_hot, moved), sparse(y_true, moved))


def test_sparse_labels_may_have_a_class_axis_of_one_and_be_whole_floats():
    y_true, y_pred = labels()
    loss = losses.SparseCategoricalCrossentropy()
    assert loss(y_true[..., None], y_pred) == loss(y_true, y_pred)
    assert loss(y_true.astype(float), y_pred) == loss(y_true, y_pred)


def test_crossentropy_by_shape_is_the_one_that_fits():
    loss = losses.get("crossentropy")
    y_true, y_pred = labels()
    assert loss(y_true, y_pred) == losses.SparseCategoricalCrossentropy()(y_true, y_pred)
    one_hot = np.eye(C)[y_true]
    assert loss(one_hot, y_pred) == losses.CategoricalCrossentropy()(one_hot, y_pred)
    assert loss(y_true[..., None], y_pred) == loss(y_true, y_pred)
    two = one_hot[..., :2], y_pred[..., :2]
    assert loss(*two) == losses.CategoricalCrossentropy()(*two)
    for shape in ((5, 1), (5, 3, 1)):
        yes, p = binary(shape=shape)
        assert loss(yes, p) == losses.BinaryCrossentropy()(yes, p)


def test_a_single_class_is_warned_of_where_the_loss_was_called():
    loss = losses.CategoricalCrossentropy()
    for call in (loss, loss.gradient):
        with pytest.warns(UserWarning, match="more than one class") as warned:
            call(np.ones((2, 1)), np.ones((2, 1)))
        assert [w.filename for w in warned] == [__file__]
