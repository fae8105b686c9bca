"""Losses with Keras's names, arguments and numbers, and a gradient written by hand for each.

loss = losses.SparseCategoricalCrossentropy(from_logits=True)
value = loss(y_true, y_pred, sample_weight, mask)
dy_pred = loss.gradient(y_true, y_pred, sample_weight, mask)
value, dy_pred = loss.value_and_gradient(y_true, y_pred, sample_weight, mask)
"""

from .base import Loss
from .by_shape import Crossentropy
from .crossentropy import BinaryCrossentropy, CategoricalCrossentropy
from .detection import BoxAndPresence
from .focal import BinaryFocalCrossentropy, CategoricalFocalCrossentropy
from .functional import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    cosine_similarity,
    dice,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)
from .probabilistic import (
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SquaredHinge,
)
from .registry import REFUSED, deserialize, get, serialize
from .regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
)
from .segmentation import Dice, Tversky
from .sparse import (
    CategoricalGeneralizedCrossEntropy,
    SparseCategoricalCrossentropy,
)
from .triplet import TripletLoss

__all__ = [
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "BoxAndPresence",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Crossentropy",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "TripletLoss",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "cosine_similarity",
    "deserialize",
    "dice",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]


def __getattr__(name: str):
    """Say so when a loss of Keras is asked for that is not built here."""
    if name in REFUSED:
        raise AttributeError(f"scratchrnn.losses: {name} is {REFUSED[name]}; it is not built here")
    raise AttributeError(f"module 'scratchrnn.losses' has no attribute {name!r}")
