"""What classifier and regressor share: parameters in scikit-learn's manner, network, training."""

from __future__ import annotations

import inspect
import numbers
from typing import Any

import numpy as np

from .. import callbacks, layers, optimizers
from ..models import Sequential
from .sequences import Padded, Scale, pad, scale_of

_CELLS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


class SequenceEstimator:
    """Base of the estimators; made by name of cell, trained with Adam.

    Subclasses write the constructor, since scikit-learn reads the parameters from its signature.
    """

    kind: str  # "classifier" or "regressor"

    # -- parameters ------------------------------------------------------------------------

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments.

        Parameters
        ----------
        deep : bool, default True
            Nothing here has parameters of its own: no difference.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params) -> SequenceEstimator:
        """Change arguments; they count from the next `fit` on.

        Parameters
        ----------
        **params

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there is no such argument.
        """
        unknown = sorted(set(params) - set(self._names()))
        if unknown:
            who, known = type(self).__name__, ", ".join(self._names())
            raise ValueError(f"{who}: set_params: expected among {known}, got {unknown}")
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if repr(value) != repr(defaults[name].default)
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_tags__(self):
        """Tell scikit-learn what this is; only scikit-learn calls it."""
        from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags

        classifier = self.kind == "classifier"
        return Tags(
            estimator_type=self.kind,
            target_tags=TargetTags(required=True),
            transformer_tags=None,
            classifier_tags=ClassifierTags() if classifier else None,
            regressor_tags=None if classifier else RegressorTags(),
            input_tags=InputTags(two_d_array=False, three_d_array=True),
        )

    @property
    def _estimator_type(self) -> str:
        return self.kind

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    # -- training --------------------------------------------------------------------------

    def _fit(self, data: Padded, y, units: int, activation, loss: str, weights, metrics) -> None:
        """Make the network and train it on targets `y`."""
        who, x = type(self).__name__, data.x
        seeds = self._seeds()
        if len(y) != len(x):
            raise ValueError(f"{who}: y: expected {len(x)} targets, one a sequence, got {len(y)}")
        self.n_features_in_ = x.shape[2]
        real = x.reshape(-1, x.shape[2]) if data.mask is None else x[data.mask]
        self.scale_ = scale_of(real) if self.scale else None
        model = self._network(seeds, units, activation)
        model.compile(
            optimizers.Adam(self.learning_rate, global_clipnorm=1.0), loss, metrics=metrics
        )
        kept, held_out = self._split(len(x), np.random.default_rng(int(seeds[0])))
        arrays = (self._scaled(x), y, weights, data.mask)
        x, y, weights, mask = (None if a is None else a[kept] for a in arrays)
        options: dict[str, Any] = {}
        if len(held_out):
            parts = (None if a is None else a[held_out] for a in arrays)
            names = ("x", "y", "sample_weight", "mask")
            options["validation_data"] = dict(zip(names, parts, strict=True))
            options["callbacks"] = callbacks.EarlyStopping(
                patience=self.patience, restore_best_weights=True
            )
        record = model.fit(
            x, y, self.batch_size, self.epochs, self.verbose, sample_weight=weights, mask=mask,
            seed=int(seeds[1]), **options,
        )  # fmt: skip
        self.model_, self.history_, self.n_epochs_ = model, record.history, len(record.epoch)

    def _network(self, seeds: np.ndarray, units: int, activation) -> Sequential:
        who = type(self).__name__
        if self.cell not in _CELLS:
            raise ValueError(f"{who}: cell: expected one of {list(_CELLS)}, got {self.cell!r}")
        if isinstance(self.n_layers, bool) or not isinstance(self.n_layers, numbers.Integral):
            raise ValueError(f"{who}: n_layers: expected an integer, got {self.n_layers!r}")
        if not 1 <= self.n_layers <= 16:
            raise ValueError(f"{who}: n_layers: expected 1 to 16, got {self.n_layers}")
        stack: list[layers.Layer] = [layers.Input((None, self.n_features_in_))]
        for k in range(self.n_layers):
            layer = getattr(layers, _CELLS[self.cell])(
                self.units, dropout=self.dropout, seed=int(seeds[2 + k]),
                return_sequences=k + 1 < self.n_layers,
            )  # fmt: skip
            stack.append(layers.Bidirectional(layer) if self.bidirectional else layer)
        stack.append(layers.Dense(units, activation=activation, seed=int(seeds[-1])))
        return Sequential(stack)

    def _seeds(self) -> np.ndarray:
        """Return seeds for splitting, shuffling, each layer and the output, from `random_state`."""
        state = self.random_state
        if isinstance(state, np.random.RandomState):
            state = int(state.randint(2**31 - 1))
        elif isinstance(state, bool) or not isinstance(state, int | np.integer | None):
            who = type(self).__name__
            raise ValueError(f"{who}: random_state: expected an integer or None, got {state!r}")
        count = 3 + (self.n_layers if isinstance(self.n_layers, int) else 1)
        return np.random.SeedSequence(state).generate_state(max(count, 4))

    def _split(self, N: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        who, fraction = type(self).__name__, self.validation_fraction
        if not isinstance(fraction, numbers.Real) or not 0 <= fraction < 1:
            raise ValueError(f"{who}: validation_fraction: expected 0 to 1, got {fraction!r}")
        count = int(np.ceil(N * fraction))
        if count >= N:
            raise ValueError(f"{who}: validation_fraction: {fraction} of {N} leaves nothing to fit")
        order = rng.permutation(N)
        return np.sort(order[count:]), np.sort(order[:count])

    # -- use -------------------------------------------------------------------------------

    def _scaled(self, x: np.ndarray) -> np.ndarray:
        scale: Scale | None = self.scale_
        return x if scale is None else scale.apply(x)

    def _outputs(self, who: str, X, mask) -> np.ndarray:
        who = f"{type(self).__name__}: {who}"
        if not hasattr(self, "model_"):
            raise ValueError(f"{who}: call fit first")
        data = pad(who, X, mask)
        if data.x.shape[2] != self.n_features_in_:
            expected, got = self.n_features_in_, data.x.shape[2]
            raise ValueError(f"{who}: X: expected D={expected} numbers a step, got {got}")
        size = self.batch_size
        return self.model_.predict(self._scaled(data.x), size, verbose=0, mask=data.mask)
