"""The triplet loss: by hand, by differences, and with rows that do not count."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.losses import TripletLoss, get, serialize

from ..differences import assert_is_gradient


def batch(seed=0, n=9, size=4):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return labels, rng.normal(size=(n, size)) * rng.uniform(0.5, 2.0, (n, 1))


def by_hand(labels, e, margin):
    """Equation (1), one triplet after the other."""
    u = e / np.linalg.norm(e, axis=1, keepdims=True)
    losses = []
    for i in range(len(e)):
        terms = [
            max(0.0, margin + np.sum((u[i] - u[p]) ** 2) - np.sum((u[i] - u[n]) ** 2))
            for p in range(len(e))
            for n in range(len(e))
            if p != i and labels[p] == labels[i] and labels[n] != labels[i]
        ]
        losses.append(np.mean(terms) if terms else 0.0)
    return np.array(losses)


def test_it_is_the_mean_over_triplets():
    labels, e = batch()
    want = by_hand(labels, e, 0.4)
    assert want.min() < want.max()
    np.testing.assert_allclose(TripletLoss(0.4, reduction="none")(labels, e), want, rtol=1e-12)
    single = labels[[0, 3, 1]], e[[0, 3, 1]]  # one triplet for each of two anchors
    want_single = by_hand(*single, 2.0)
    assert (want_single > 0).tolist() == [True, True, False]
    np.testing.assert_allclose(TripletLoss(2.0, reduction="none")(*single), want_single)
    assert TripletLoss(0.4)(labels[:, None], e) == pytest.approx(want.mean(), rel=1e-12)


@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight", None])
def test_gradient_is_the_derivative_of_the_value(reduction):
    labels, e = batch(1)
    loss = TripletLoss(0.35, reduction=reduction)
    weights = np.random.default_rng(2).uniform(0.5, 2, len(e))
    weights[4] = 0.0
    assert_is_gradient(loss.gradient(labels, e), lambda p: np.sum(loss(labels, p)), e)
    got = loss.gradient(labels, e, weights)
    assert_is_gradient(got, lambda p: np.sum(loss(labels, p, weights)), e)
    assert not got[4].any()
    value, gradient = loss.value_and_gradient(labels, e, weights)
    assert np.array_equal(value, loss(labels, e, weights)) and np.array_equal(gradient, got)


def test_rows_that_do_not_count_are_in_no_triplet_even_if_not_finite():
    labels, e = batch(3)
    mask = np.arange(len(e)) != 2
    spoilt = np.where(mask[:, None], e, np.nan)
    loss = TripletLoss(0.5)
    value, gradient = loss.value_and_gradient(labels, spoilt, mask=mask)
    without = loss.value_and_gradient(labels[mask], e[mask])
    assert value == pytest.approx(without[0], rel=1e-12)
    np.testing.assert_allclose(gradient[mask], without[1], rtol=1e-10)
    assert not gradient[2].any()


def test_length_does_not_matter_and_a_zero_embedding_does_no_harm():
    labels, e = batch(4)
    loss = TripletLoss(0.3)
    assert loss(labels, 7 * e) == pytest.approx(loss(labels, e), rel=1e-12)
    e[0] = 0
    value, gradient = loss.value_and_gradient(labels, e)
    assert np.isfinite(value) and np.isfinite(gradient).all()


@pytest.mark.parametrize("labels", [np.zeros(5, int), np.arange(5)])
def test_without_a_triplet_there_is_nothing_to_learn(labels):
    value, gradient = TripletLoss().value_and_gradient(labels, batch(0, 5)[1])
    assert value == 0.0 and not gradient.any()


def test_single_precision_stays_single_and_nothing_is_changed():
    labels, e = batch(5)
    single, before = e.astype(np.float32), e.astype(np.float32)
    gradient = TripletLoss().gradient(labels, single)
    assert gradient.dtype == np.float32 and np.array_equal(single, before)
    np.testing.assert_allclose(gradient, TripletLoss().gradient(labels, e), atol=1e-6)
    assert TripletLoss(reduction=None)(labels, single).dtype == np.float32
    double = TripletLoss(reduction=None, dtype="float64")(labels, single)
    np.testing.assert_array_equal(double, TripletLoss(reduction=None)(labels, single.astype(float)))
    assert double.dtype == np.float64


def test_configuration_round_trips_and_what_does_not_fit_is_refused():
    loss = TripletLoss(0.7, "sum")
    assert get(serialize(loss)).get_config() == loss.get_config()
    labels, e = batch()
    with pytest.raises(ValueError, match=r"y_true: expected labels \(9,\), got \(8,\)"):
        TripletLoss()(labels[:8], e)
    with pytest.raises(ValueError, match=r"y_pred: expected \(N, E\)"):
        TripletLoss()(labels, e[None])
    with pytest.raises(ValueError, match="margin: expected a positive number"):
        TripletLoss(0.0)
