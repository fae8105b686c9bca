"""A classifier of sequences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .base import SequenceEstimator
from .sequences import pad


class SequenceClassifier(SequenceEstimator):
    """Tell which class a sequence belongs to.

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
    class_weight : dict, "balanced" or None
        Weights by class label.
    scale : bool, default True
        Bring each feature to mean 0 and standard deviation 1 first.
    validation_fraction : float, default 0.0
        Share of the sequences held out to stop early.
    patience : int, default 10
        Epochs without improvement on these before training stops.
    random_state : int or None
    verbose : {0, 1, 2}

    Attributes
    ----------
    classes_ : ndarray, (C,)
    model_ : Sequential
        Its ``save`` writes it to a file.
    history_ : dict of str to list of float
    n_epochs_, n_features_in_ : int

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.estimators import SequenceClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = [rng.normal(size=(rng.integers(5, 9), 2)) + k % 2 for k in range(40)]
    >>> y = ["low", "high"] * 20
    >>> model = SequenceClassifier("gru", units=8, epochs=20, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.9
    True
    """

    kind = "classifier"

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
        class_weight: dict | str | None = None,
        scale: bool = True,
        validation_fraction: float = 0.0,
        patience: int = 10,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        self.cell, self.units, self.n_layers = cell, units, n_layers
        self.bidirectional, self.dropout = bidirectional, dropout
        self.learning_rate, self.epochs, self.batch_size = learning_rate, epochs, batch_size
        self.class_weight, self.scale = class_weight, scale
        self.validation_fraction, self.patience = validation_fraction, patience
        self.random_state, self.verbose = random_state, verbose

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> SequenceClassifier:
        """Train on sequences and their classes.

        Parameters
        ----------
        X : sequence of array_like, (T_i, D), or array_like, (N, T, D)
        y : array_like, (N,)
            Labels of any kind that can be sorted.
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
        data, y = pad("SequenceClassifier: fit", X, mask), np.asarray(y)
        if y.ndim != 1:
            raise ValueError(f"SequenceClassifier: y: expected one label a sequence, got {y.shape}")
        if y.dtype.kind == "f" and not np.isfinite(y).all():
            raise ValueError("SequenceClassifier: y: expected labels, got NaN or infinity")
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"SequenceClassifier: y: expected 2 classes, got {self.classes_}")
        self._fit(
            data, labels, len(self.classes_), "softmax", "sparse_categorical_crossentropy",
            self._weights(labels, sample_weight), ["accuracy"],
        )  # fmt: skip
        return self

    def _weights(self, labels: np.ndarray, sample_weight) -> np.ndarray | None:
        """Return the weights of samples times those of their classes."""
        weights = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if self.class_weight is None:
            return weights
        counts = np.bincount(labels, minlength=len(self.classes_))
        if isinstance(self.class_weight, str) and self.class_weight == "balanced":
            of_class = len(labels) / (len(counts) * counts)
        elif isinstance(self.class_weight, dict):
            of_class = np.array([self.class_weight.get(c, 1.0) for c in self.classes_.tolist()])
        else:
            raise ValueError(
                "SequenceClassifier: class_weight: expected a dict, 'balanced' or None, "
                f"got {self.class_weight!r}"
            )
        return of_class[labels] * (1.0 if weights is None else weights)

    def predict_proba(self, X: Any, mask: ArrayLike | None = None) -> np.ndarray:
        """Return the probabilities of the classes, in the order of `classes_`.

        Parameters
        ----------
        X, mask
            As in `fit`.

        Returns
        -------
        ndarray, (N, C)
        """
        return self._outputs("predict_proba", X, mask)

    def predict(self, X: Any, mask: ArrayLike | None = None) -> np.ndarray:
        """Return the most probable class of each sequence.

        Parameters
        ----------
        X, mask
            As in `fit`.

        Returns
        -------
        ndarray, (N,)
        """
        places = self._outputs("predict", X, mask).argmax(axis=1)
        return self.classes_[places]

    def score(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        mask: ArrayLike | None = None,
    ) -> float:
        """Return the share of sequences that are classified right.

        Parameters
        ----------
        X, y, sample_weight, mask
            As in `fit`.

        Returns
        -------
        float
        """
        right = self.predict(X, mask) == np.asarray(y)
        return float(np.average(right, weights=sample_weight))
