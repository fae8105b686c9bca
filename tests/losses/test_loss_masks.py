"""Weights, masks, reductions and shapes that differ by an axis of length one."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import losses, metrics

from .loss_cases import CASES, N, T, make, reals, rng

STEPWISE = [n for n in CASES if "axis" not in CASES[n][0] and not n.startswith("Dice")]


@pytest.mark.parametrize("name", STEPWISE)
def test_masked_steps_change_neither_loss_nor_gradient(name):
    loss, (y_true, y_pred) = make(name), CASES[name][1]
    mask = np.array([[True, True, False], [True, False, False]])
    clean = loss.value_and_gradient(y_true, y_pred, mask=mask)
    spoilt_true, spoilt_pred = y_true.copy(), y_pred.copy()
    spoilt_pred[~mask] = np.nan
    spoilt_true[~mask] = -9 if y_true.dtype.kind == "i" else np.inf
    spoilt = loss.value_and_gradient(spoilt_true, spoilt_pred, mask=mask)
    assert spoilt[0] == clean[0]
    np.testing.assert_array_equal(spoilt[1], clean[1])
    assert np.all(clean[1][~mask] == 0.0)
    kept = make(name, reduction="none")(y_true, y_pred)[mask]
    if not name.startswith("Sparse") or loss.ignore_class is None:
        np.testing.assert_allclose(clean[0], kept.mean(), rtol=1e-12)


def test_weight_zero_leaves_an_entry_out_even_if_it_is_not_finite():
    loss = losses.MeanSquaredError()
    y_true, y_pred = np.array([[1.0], [np.nan]]), np.array([[3.0], [np.inf]])
    value, gradient = loss.value_and_gradient(y_true, y_pred, np.array([1.0, 0.0]))
    assert value == 2.0  # 4 / 2: Keras divides by the number of entries, not by the weights' sum
    np.testing.assert_array_equal(gradient, [[2.0], [0.0]])


def test_a_mask_divides_by_the_number_of_valid_steps():
    loss = losses.MeanSquaredError()
    y_true, y_pred = np.zeros((1, 3, 1)), np.array([[[1.0], [2.0], [50.0]]])
    mask = np.array([[True, True, False]])
    assert loss(y_true, y_pred, mask=mask) == 2.5
    assert loss(y_true, y_pred, np.array([[4.0, 0.0, 1.0]]), mask) == 2.0
    assert losses.MeanSquaredError("sum")(y_true, y_pred, mask=mask) == 5.0
    np.testing.assert_array_equal(
        losses.MeanSquaredError(None)(y_true, y_pred, mask=mask), [[1.0, 4.0, 0.0]]
    )


def test_everything_masked_gives_zero_and_no_gradient():
    loss = losses.MeanSquaredError()
    value, gradient = loss.value_and_gradient(*reals(), mask=np.zeros((N, T), bool))
    assert value == 0.0
    assert not gradient.any()


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", (2 * 1.0 + 3 * 4.0) / 2),
        ("mean", (2 * 1.0 + 3 * 4.0) / 2),
        ("sum", 2 * 1.0 + 3 * 4.0),
        ("mean_with_sample_weight", (2 * 1.0 + 3 * 4.0) / 5),
        ("none", [2.0, 12.0]),
        (None, [2.0, 12.0]),
    ],
)
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_reductions_weigh_as_keras_does(reduction, expected, shape):
    loss = losses.MeanSquaredError(reduction)
    weights = np.array([2.0, 3.0]).reshape(shape)
    got = loss(np.zeros((2, 1)), np.array([[1.0], [2.0]]), weights)
    np.testing.assert_allclose(got, expected)


def test_weights_of_one_a_sample_weigh_whole_sequences():
    loss, (y_true, y_pred) = losses.MeanAbsoluteError("sum"), reals()
    whole = loss(y_true, y_pred, np.array([2.0, 3.0]))
    stepwise = loss(y_true, y_pred, np.repeat([[2.0], [3.0]], T, axis=1))
    assert whole == pytest.approx(stepwise, rel=1e-14)
    assert loss(y_true, y_pred, 2.0) == pytest.approx(2 * loss(y_true, y_pred), rel=1e-14)


def test_one_sample_per_weight_also_when_batch_and_steps_are_equally_many():
    loss = losses.MeanSquaredError("none")
    y_pred = np.array([[[1.0], [1.0]], [[1.0], [1.0]]])
    got = loss(np.zeros_like(y_pred), y_pred, np.array([2.0, 5.0]))
    np.testing.assert_array_equal(got, [[2.0, 2.0], [5.0, 5.0]])


@pytest.mark.parametrize("shape", [(2, 1), (2, 1, 1), (2, 3, 1), (3, 4), (1, 4), (4,)])
def test_weights_with_fewer_axes_or_with_axes_of_one_are_broadcast(shape):
    targets, outputs = reals(1, (2, 3, 4, 5))
    weights = rng(3).random(shape)
    spread = weights if shape[-1] == 4 else weights.reshape(shape + (1,) * (3 - weights.ndim))
    whole = np.array(np.broadcast_to(spread, (2, 3, 4)))
    loss = losses.MeanSquaredError()
    value, gradient = loss.value_and_gradient(targets, outputs, weights)
    expected = loss.value_and_gradient(targets, outputs, whole)
    assert value == pytest.approx(expected[0], rel=1e-12)
    np.testing.assert_allclose(gradient, expected[1], rtol=1e-12)
    if shape == (2, 1):
        metric = metrics.MeanSquaredError()
        by_sample = np.mean((targets - outputs) ** 2, axis=(1, 2, 3)) @ weights / weights.sum()
        assert metric(targets, outputs, weights) == pytest.approx(by_sample[0], rel=1e-6)


def test_targets_may_lack_the_last_axis_of_length_one():
    loss = losses.MeanSquaredError()
    y_true, y_pred = np.array([1.0, 2.0]), np.array([[1.0], [4.0]])
    assert loss(y_true, y_pred) == 2.0
    assert loss.gradient(y_true, y_pred).shape == (2, 1)
    assert loss(y_true[:, None], y_pred[:, 0]) == 2.0
    assert loss.gradient(y_true[:, None], y_pred[:, 0]).shape == (2,)
    sequence = rng().normal(size=(N, T, 1))
    assert loss(np.zeros((N, T)), sequence) == pytest.approx(np.mean(sequence**2))
    mask = np.array([[True, False, False], [True, True, False]])
    got, gradient = loss.value_and_gradient(np.zeros((N, T)), sequence, mask=mask)
    assert got == pytest.approx(np.mean(sequence[mask] ** 2))
    assert not gradient[~mask].any()


def test_weights_of_steps_may_have_the_last_axis_of_the_predictions():
    rng = np.random.default_rng(0)
    y_true, y_pred, weight = (rng.uniform(size=(2, 3)) for _ in range(3))
    loss = losses.MeanSquaredError()
    flat = loss(y_true, y_pred[..., None], weight)
    assert loss(y_true, y_pred[..., None], weight[..., None]) == flat
    assert flat == pytest.approx((weight * (y_true - y_pred) ** 2).mean(), rel=1e-12)


def test_targets_with_one_axis_more_than_the_predictions_lose_it_unless_that_is_the_batch():
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.uniform(size=(2, 3, 1)), rng.uniform(size=(2, 3))
    loss = losses.MeanSquaredError("none")
    squares = (y_true[..., 0] - y_pred) ** 2
    np.testing.assert_allclose(loss(y_true, y_pred), squares.mean(axis=1), rtol=1e-12)
    alone = loss(y_true[:, 0], y_pred[:, 0])  # (N, 1) for (N,): still one loss a row
    np.testing.assert_allclose(alone, squares[:, 0], rtol=1e-12)


def test_only_weights_of_single_targets_make_one_loss_a_target():
    r = rng(5)
    loss, total = losses.MeanSquaredError("none"), losses.MeanSquaredError("sum")
    y_true, y_pred = r.normal(size=(2, 3)), r.normal(size=(2, 3, 1))
    squares = (y_true - y_pred[..., 0]) ** 2
    np.testing.assert_allclose(loss(y_true, y_pred), squares.mean(axis=1))
    np.testing.assert_allclose(loss(y_true, y_pred, [2.0, 3.0]), squares.mean(axis=1) * [2, 3])
    weights = r.uniform(size=(2, 3))
    np.testing.assert_allclose(loss(y_true, y_pred, weights), squares * weights)
    np.testing.assert_allclose(loss(y_true[:, 0], y_pred[:, 0]), squares[:, 0])
    assert total(y_true[:, 0], y_pred[:, 0]) == pytest.approx(squares[:, 0].sum())


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
def test_rows_of_targets_with_one_weight_each_are_one_loss_each(shape):
    r = rng(6)
    y_true, y_pred, weights = r.normal(size=(2, 3, 4)), r.normal(size=(2, 3, 4, 1)), r.random(shape)
    squares = (y_true - y_pred[..., 0]) ** 2
    want = (squares if shape == squares.shape else squares.mean(axis=-1)) * weights
    np.testing.assert_allclose(losses.MeanSquaredError(None)(y_true, y_pred, weights), want)
    got = losses.MeanSquaredError("mean_with_sample_weight")(y_true, y_pred, weights)
    assert got == pytest.approx(want.sum() / weights.sum())


def test_a_mask_of_zeros_and_ones_is_one_of_booleans():
    mask = np.array([[1, 0, 1], [0, 1, 1]])
    for dtype in (np.int64, np.float32):
        got = losses.MeanSquaredError()(*reals(), mask=mask.astype(dtype))
        assert got == losses.MeanSquaredError()(*reals(), mask=mask.astype(bool))


def test_samples_are_not_weighted_but_zero_where_the_weight_is():
    y_true, y_pred = reals()
    loss, whole = losses.MeanSquaredError(), np.mean((y_true - y_pred) ** 2, axis=-1)
    np.testing.assert_allclose(loss.samples(y_true, y_pred)[0], whole)
    weights = np.array([[1.0, 0.0, 3.0], [0.0, 1.0, 0.5]])
    for extras in ((weights, None), (None, weights != 0)):
        losses_of_samples, valid = loss.samples(y_true, y_pred, *extras)
        np.testing.assert_allclose(losses_of_samples, whole * (weights != 0))
        assert valid is None


def test_what_does_not_count_is_0_and_1_to_a_formula_of_ones_own():
    seen = []

    class Own(losses.Loss):
        def per_sample(self, y_true, y_pred, with_slope=False):
            seen.append((y_true, y_pred))
            return np.zeros(len(y_pred)), None

    Own()(np.full((2, 3), np.nan), np.full((2, 3), 5.0), mask=[True, False])
    np.testing.assert_array_equal(seen[0][0], [[np.nan] * 3, [0.0] * 3])
    np.testing.assert_array_equal(seen[0][1], [[5.0] * 3, [1.0] * 3])


def test_small_losses_and_weights_beside_a_large_one_count_in_the_sums():
    sizes = np.array([[4096.0], [1.0], [1.0]], np.float32)  # the squares' sum has 25 bits
    assert losses.MeanSquaredError("sum")(np.zeros((3, 1)), sizes) == 2**24 + 2
    mean = losses.MeanSquaredError("mean_with_sample_weight")
    assert mean([[0.0], [0.0], [1.0]], np.zeros((3, 1), np.float32), sizes[:, 0] ** 2) == 1 / (
        2**24 + 2
    )


@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 3), (2, 3, 1), (2, 3, 4), (1, 3, 4)])
def test_a_mask_that_is_broadcast_counts_all_that_it_shows(shape):
    targets, outputs = reals(1, (2, 3, 4, 5))
    mask = rng(4).random(shape) < 0.6
    mask.flat[0], mask.flat[-1] = True, False
    whole = np.array(np.broadcast_to(mask.reshape(shape + (1,) * (3 - mask.ndim)), (2, 3, 4)))
    loss = losses.MeanSquaredError()
    value, gradient = loss.value_and_gradient(targets, outputs, mask=mask)
    squares = np.mean((targets - outputs) ** 2, axis=-1)
    assert value == pytest.approx(squares[whole].mean(), rel=1e-12)
    np.testing.assert_array_equal(gradient, loss.gradient(targets, outputs, mask=whole))
    assert not gradient[~whole].any()


def test_weights_are_summed_as_they_were_given_however_many_losses_each_weighs():
    targets, outputs = reals(1, (2, 3, 5))
    weights = np.array([2.0, 0.5])
    sums = weights @ np.mean((targets - outputs) ** 2, axis=-1).sum(axis=1)
    loss = losses.MeanSquaredError("mean_with_sample_weight")
    assert loss(targets, outputs, weights) == pytest.approx(sums / 2.5, rel=1e-12)
