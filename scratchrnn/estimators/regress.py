"""A regressor of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..data import check_numbers
from .base import SequenceEstimator
from .sequences import pad, scale_of


class SequenceRegressor(SequenceEstimator):
    """Predict one number, or several, from a sequence.

    Parameters
    ----------
    cell : {"lstm", "gru", "rnn"}
    units : int, default 32
        H of each recurrent layer.
    n_layers : int, default 1
    bidirectional : bool, default False
    dropout : float, default 0.0
        Share of each layer's inputs that is dropped in training.
    learning_rate : float, default 0.01
        Of Adam, with the norm of all gradients clipped at 1.
    epochs : int, default 50
    batch_size : int, default 32
    scale : bool, default True
        Bring each feature, and each target, to mean 0 and standard deviation 1 inside.
    validation_fraction : float, default 0.0
        Share of the sequences held out to stop early.
    patience : int, default 10
        Epochs without improvement on these before training stops.
    random_state : int or None
    verbose : {0, 1, 2}

    Attributes
    ----------
    model_ : Sequential
    history_ : dict of str to list of float
    n_epochs_, n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.estimators import SequenceRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(60, 6, 2))
    >>> y = 100 + 10 * X[:, :, 0].sum(axis=1)
    >>> SequenceRegressor("gru", units=8, epochs=60, random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    kind = "regressor"

    def __init__(
        self,
        cell: str = "lstm",
        units: int = 32,
        n_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        learning_rate: float = 0.01,
        epochs: int = 50,
        batch_size: int = 32,
        scale: bool = True,
        validation_fraction: float = 0.0,
        patience: int = 10,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        self.cell, self.units, self.n_layers = cell, units, n_layers
        self.bidirectional, self.dropout = bidirectional, dropout
        self.learning_rate, self.epochs, self.batch_size = learning_rate, epochs, batch_size
        self.scale, self.validation_fraction, self.patience = scale, validation_fraction, patience
        self.random_state, self.verbose = random_state, verbose

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> SequenceRegressor:
        """Train on sequences and their targets.

        Parameters
        ----------
        X : sequence of array_like, (T_i, D), or array_like, (N, T, D)
        y : array_like, (N,) or (N, K)
        sample_weight : array_like, (N,), optional
        mask : array_like of bool, (N, T), optional
            True where a step is real; for arrays.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If an argument, a shape or a number does not fit.
        """
        who = "SequenceRegressor: fit"
        data, y = pad(who, X, mask), check_numbers(who, "y", y)
        if y.ndim > 2:
            raise ValueError(f"{who}: y: expected (N,) or (N, K), got {y.shape}")
        self._flat, y = y.ndim == 1, y.reshape(len(y), -1)
        self.y_scale_ = scale_of(y) if self.scale else None
        y = y if self.y_scale_ is None else self.y_scale_.apply(y)
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self._fit(data, y, y.shape[1], None, "mse", weights, None)
        return self

    def predict(self, X: Any, mask: ArrayLike | None = None) -> np.ndarray:
        """Return the predicted numbers.

        Parameters
        ----------
        X, mask
            As in `fit`.

        Returns
        -------
        ndarray, (N,) or (N, K)
        """
        y = self._outputs("predict", X, mask)
        y = y if self.y_scale_ is None else self.y_scale_.undo(y)
        return y[:, 0] if self._flat else y

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> float:
        """Return R², the share of the targets' variance that is explained; the mean over targets.

        Parameters
        ----------
        X, y, sample_weight, mask
            As in `fit`.

        Returns
        -------
        float
        """
        y = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        error = y - self.predict(X, mask).reshape(y.shape)
        center = np.average(y, axis=0, weights=sample_weight)
        unexplained = np.average(error**2, axis=0, weights=sample_weight)
        variance = np.average((y - center) ** 2, axis=0, weights=sample_weight)
        flat = np.where(unexplained == 0, 1.0, 0.0)  # constant targets, as in scikit-learn
        ratio = unexplained / np.where(variance == 0, 1.0, variance)
        return float(np.mean(np.where(variance == 0, flat, 1 - ratio)))
