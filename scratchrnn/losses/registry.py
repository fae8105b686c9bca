"""Losses by name, by configuration, or given by the user."""

from __future__ import annotations

import numpy as np

from . import (
    by_shape,
    crossentropy,
    detection,
    focal,
    functional,
    probabilistic,
    regression,
    segmentation,
    sparse,
    triplet,
)
from .base import Loss
from .reduction import weigh

CLASSES = {
    cls.__name__: cls
    for cls in (
        regression.MeanSquaredError,
        regression.MeanAbsoluteError,
        regression.MeanAbsolutePercentageError,
        regression.MeanSquaredLogarithmicError,
        regression.Huber,
        regression.LogCosh,
        regression.CosineSimilarity,
        crossentropy.BinaryCrossentropy,
        crossentropy.CategoricalCrossentropy,
        sparse.SparseCategoricalCrossentropy,
        sparse.CategoricalGeneralizedCrossEntropy,
        focal.BinaryFocalCrossentropy,
        focal.CategoricalFocalCrossentropy,
        probabilistic.KLDivergence,
        probabilistic.Poisson,
        probabilistic.Hinge,
        probabilistic.SquaredHinge,
        probabilistic.CategoricalHinge,
        segmentation.Dice,
        segmentation.Tversky,
        by_shape.Crossentropy,
        detection.BoxAndPresence,
        triplet.TripletLoss,
    )
}
FUNCTIONS = {
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
    "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
    "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
    "huber": "Huber",
    "log_cosh": "LogCosh",
    "cosine_similarity": "CosineSimilarity",
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "categorical_generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
    "binary_focal_crossentropy": "BinaryFocalCrossentropy",
    "categorical_focal_crossentropy": "CategoricalFocalCrossentropy",
    "kl_divergence": "KLDivergence",
    "poisson": "Poisson",
    "hinge": "Hinge",
    "squared_hinge": "SquaredHinge",
    "categorical_hinge": "CategoricalHinge",
    "dice": "Dice",
    "tversky": "Tversky",
}
ALIASES = {
    "mse": "MeanSquaredError",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
}
ALIASES.update({alias.upper(): name for alias, name in list(ALIASES.items())})
ALIASES.update(
    {
        "logcosh": "LogCosh",
        "kullback_leibler_divergence": "KLDivergence",
        "huber_loss": "Huber",
        "crossentropy": "Crossentropy",
        "ce": "Crossentropy",
    }
)
REFUSED = {
    "Circle": "a similarity loss over pairs",
    "CTC": "an alignment loss",
    "circle": "a similarity loss over pairs",
    "ctc": "an alignment loss",
}


class UserLoss:
    """A user's callable with a ``gradient`` beside it, made to take masks.

    Parameters
    ----------
    function : callable
        ``function(y_true, y_pred[, sample_weight])`` returns the loss, ``function.gradient`` with
        the same arguments the gradient. Weights are passed only if there are any.

    Examples
    --------
    >>> import numpy as np
    >>> class Product:
    ...     def __call__(self, y_true, y_pred):
    ...         return float(np.sum(y_true * y_pred))
    ...     def gradient(self, y_true, y_pred):
    ...         return y_true
    >>> UserLoss(Product()).value_and_gradient(np.array([2.0]), np.array([3.0]))
    (6.0, array([2.]))
    """

    def __init__(self, function) -> None:
        self.function = function
        self.name = getattr(function, "name", None) or getattr(
            function, "__name__", type(function).__name__
        )

    def __call__(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the loss."""
        return self.function(y_true, y_pred, *self._weights(y_pred, sample_weight, mask))

    def gradient(self, y_true, y_pred, sample_weight=None, mask=None) -> np.ndarray:
        """Return d loss / d y_pred."""
        weights = self._weights(y_pred, sample_weight, mask)
        return self.function.gradient(y_true, y_pred, *weights)

    def value_and_gradient(self, y_true, y_pred, sample_weight=None, mask=None):
        """Return the loss and its gradient."""
        weights = self._weights(y_pred, sample_weight, mask)
        value = self.function(y_true, y_pred, *weights)
        return value, self.function.gradient(y_true, y_pred, *weights)

    def _weights(self, y_pred, sample_weight, mask) -> tuple:
        """Return the weights as a tuple; masked steps weigh 0, the others share their weight."""
        if mask is None:
            return () if sample_weight is None else (sample_weight,)
        shape = np.shape(y_pred)[:-1]
        weighting = weigh(
            self.name, shape, sample_weight, mask, "sum_over_batch_size", np.dtype(np.float64)
        )
        scale = np.prod(shape) / max(weighting.divisor, 1.0)  # 0: everything is masked
        return (np.broadcast_to(weighting.weights * scale, shape).astype(np.asarray(y_pred).dtype),)


def get(identifier):
    """Return a loss.

    Parameters
    ----------
    identifier : str, dict, Loss, callable or None
        A name ("mse", "mean_squared_error", "MeanSquaredError"), a configuration, a class, a
        :class:`Loss`, one of the functions of this module, or a callable of your own that has a
        ``gradient`` method. None gives None.

    Returns
    -------
    Loss or UserLoss or None
        Has ``value_and_gradient(y_true, y_pred, sample_weight, mask)``.

    Raises
    ------
    ValueError
        If the name is unknown, or a callable has no ``gradient``.

    Examples
    --------
    >>> get("mse").name
    'mean_squared_error'
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return _class_named(identifier)()
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if isinstance(identifier, (Loss, UserLoss)):
        return identifier
    name = getattr(identifier, "__name__", "")
    if name in FUNCTIONS and identifier is getattr(functional, name):
        return CLASSES[FUNCTIONS[name]]()
    if callable(identifier) and callable(getattr(identifier, "gradient", None)):
        return UserLoss(identifier)
    raise ValueError(
        f"losses.get: identifier: expected a name, a Loss, or a callable with a .gradient(y_true, "
        f"y_pred) method (nothing here differentiates for you), got {identifier!r}"
    )


def _class_named(name: str) -> type[Loss]:
    key = ALIASES.get(name) or FUNCTIONS.get(name) or name
    if name in REFUSED:
        raise ValueError(f"losses.get: {name!r} is {REFUSED[name]} of Keras that is not built here")
    if key not in CLASSES:
        known = ", ".join(sorted([*FUNCTIONS, *ALIASES]))
        raise ValueError(f"losses.get: identifier: expected one of {known}, got {name!r}")
    return CLASSES[key]


def serialize(loss: Loss) -> dict:
    """Return ``{"class_name": ..., "config": {...}}``, plain values that :func:`get` understands.

    Examples
    --------
    >>> serialize(get("huber"))["config"]["delta"]
    1.0
    """
    name = type(loss).__name__
    if CLASSES.get(name) is not type(loss):
        raise ValueError(f"losses.serialize: loss: expected a loss of this module, got {loss!r}")
    return {"class_name": name, "config": loss.get_config()}


def deserialize(config: dict | str) -> Loss:
    """Return the loss that :func:`serialize` described.

    Raises
    ------
    ValueError
        If the class is not one of this module: nothing is imported by name.
    """
    if isinstance(config, str):
        return get(config)
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ValueError(
            "losses.deserialize: config: expected a dict with class_name and config, "
            f"got {config!r}"
        )
    return _class_named(config["class_name"]).from_config(config.get("config") or {})
