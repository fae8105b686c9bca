"""Losses by name, by configuration, and of one's own."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scratchrnn import losses
from scratchrnn.losses.registry import CLASSES

from ..differences import assert_is_gradient
from .loss_cases import CASES, N, T, each_case, labels, make, reals, shares


@each_case
def test_configuration_round_trips(name):
    loss = make(name, reduction="sum", name="mine")
    config = json.loads(json.dumps(losses.serialize(loss)))
    again = losses.get(config)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.name == "mine"
    assert again(*CASES[name][1]) == loss(*CASES[name][1])
    plain = type(loss)()
    assert losses.get(losses.serialize(plain)).get_config() == plain.get_config()


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", losses.MeanSquaredError),
        ("MAE", losses.MeanAbsoluteError),
        ("mean_squared_logarithmic_error", losses.MeanSquaredLogarithmicError),
        ("bce", losses.BinaryCrossentropy),
        ("KLD", losses.KLDivergence),
        ("logcosh", losses.LogCosh),
        ("sparse_categorical_crossentropy", losses.SparseCategoricalCrossentropy),
        ("Huber", losses.Huber),
        (losses.MeanSquaredError, losses.MeanSquaredError),
        (losses.binary_crossentropy, losses.BinaryCrossentropy),
        ({"class_name": "Poisson"}, losses.Poisson),
    ],
)
def test_losses_are_found_by_name_function_class_and_configuration(name, cls):
    assert type(losses.get(name)) is cls


def test_the_function_of_each_loss_gives_its_per_sample_values():
    for name, cls in losses.registry.FUNCTIONS.items():
        pair = labels() if cls.startswith(("Sparse", "CategoricalGen")) else shares()
        options = (0.5,) if cls == "CategoricalGeneralizedCrossEntropy" else ()
        got = getattr(losses, name)(*pair, *options)
        np.testing.assert_array_equal(got, CLASSES[cls](reduction=None)(*pair))


def test_none_is_none_and_a_loss_is_itself():
    loss = losses.Huber()
    assert losses.get(None) is None
    assert losses.get(loss) is loss


@pytest.mark.parametrize("name", ["Circle", "ctc", "no_such_loss"])
def test_unknown_and_left_out_losses_are_refused_by_name(name):
    with pytest.raises(ValueError, match=name):
        losses.get(name)
    with pytest.raises(AttributeError, match=name):
        getattr(losses, name)


def test_a_callable_without_a_gradient_is_refused():
    with pytest.raises(ValueError, match="nothing here differentiates for you"):
        losses.get(lambda t, p: 0.0)
    with pytest.raises(ValueError, match="expected a loss of this module"):
        losses.serialize(losses.get(Product()))
    with pytest.raises(ValueError, match="class_name and config"):
        losses.deserialize({"config": {}})


class Product:
    """A user's loss: Σ w t p."""

    def __call__(self, y_true, y_pred, sample_weight=1.0):
        weights = np.broadcast_to(np.asarray(sample_weight), y_pred.shape[:-1])
        return float(np.sum(weights[..., None] * y_true * y_pred))

    def gradient(self, y_true, y_pred, sample_weight=1.0):
        weights = np.broadcast_to(np.asarray(sample_weight), y_pred.shape[:-1])
        return weights[..., None] * y_true


def test_a_callable_with_a_gradient_takes_weights_and_masks():
    loss, (y_true, y_pred) = losses.get(Product()), reals()
    assert loss.name == "Product"
    assert loss(y_true, y_pred) == pytest.approx(np.sum(y_true * y_pred))
    mask = np.array([[True, True, False], [True, False, False]])
    value, gradient = loss.value_and_gradient(y_true, y_pred, mask=mask)
    scale = mask.size / mask.sum()
    assert value == pytest.approx(scale * np.sum((y_true * y_pred)[mask]))
    np.testing.assert_allclose(gradient, scale * y_true * mask[..., None])
    np.testing.assert_array_equal(gradient, loss.gradient(y_true, y_pred, mask=mask))
    assert loss(y_true, y_pred, np.zeros((N, T))) == 0.0
    assert loss(y_true, y_pred, mask=np.zeros((N, T), bool)) == 0.0
    one = np.arange(N * T).reshape(N, T) == 4
    assert loss(y_true, y_pred, mask=one) == pytest.approx(N * T * np.sum((y_true * y_pred)[one]))


def test_a_loss_of_ones_own_needs_only_its_formula():
    class Fourth(losses.Loss):
        def per_sample(self, y_true, y_pred, with_slope=False):
            error = y_pred - y_true
            slopes = 4 * error**3 / error.shape[-1] if with_slope else None
            return np.mean(error**4, axis=-1), slopes

    loss, (y_true, y_pred) = Fourth(), reals()
    assert loss.name == "fourth"
    assert_is_gradient(loss.gradient(y_true, y_pred), lambda p: loss(y_true, p), y_pred)
    with pytest.raises(NotImplementedError, match="per_sample"):
        losses.Loss()(y_true, y_pred)
