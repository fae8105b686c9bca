"""One batch: forward, the loss and its gradient, backward, update."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from ..data import Batch
from ..data.batch import check_batch
from ..data.weights import class_weighted
from .compiling import NonFiniteError


class Stepping:
    """What a model does with one batch."""

    def train_step(self, batch: Batch) -> float:
        """Learn from one batch.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        float
            The loss, penalties included, before the update.

        Raises
        ------
        NonFiniteError
            If it is not finite, or a gradient is not; the weights are as before then.
        """
        y_pred = self(batch.x, mask=batch.mask, training=True)
        loss, dy = self.loss.value_and_gradient(
            batch.y, y_pred, batch.sample_weight, mask=self.output_mask
        )
        loss = self._check_loss(float(loss) + self.regularization_loss())
        self.backward(dy, with_dx=False)
        self._update_weights()
        self._update_metrics(batch, y_pred, self.output_mask)
        return loss

    def test_step(self, batch: Batch) -> float:
        """Return the loss of one batch, penalties included, without learning from it."""
        y_pred = self(batch.x, mask=batch.mask)
        loss = self.loss(batch.y, y_pred, batch.sample_weight, mask=self.output_mask)
        self._update_metrics(batch, y_pred, self.output_mask)
        return float(loss) + self.regularization_loss()

    def _check_loss(self, loss: float) -> float:
        if not math.isfinite(loss):
            raise NonFiniteError(f"the loss is {loss}", loss)
        return loss

    def _update_weights(self) -> None:
        """Let the optimizer use the gradients of the last backward, with those of penalties."""
        gradients = self.gradients
        for k, penalty in enumerate(self.regularization_gradients()):
            if penalty is not None:
                gradients[k] = gradients[k] + penalty
        names = None if self.optimizer.built else self.trainable_names  # asked for once
        try:
            self.optimizer.apply(gradients, self.trainable_weights, names)
        except ValueError as error:  # it looks at every gradient before it changes anything
            for name, gradient in zip(self.trainable_names, gradients, strict=True):
                if not np.isfinite(gradient).all():
                    raise NonFiniteError(f"the gradient of {name} is not finite") from error
            raise

    def _update_metrics(self, batch: Batch, y_pred, mask) -> None:
        for metric in self._metrics or []:
            metric.update_state(batch.y, y_pred, mask=mask)
        for metric in self._weighted_metrics or []:
            metric.update_state(batch.y, y_pred, batch.sample_weight, mask=mask)

    # -- for loops of your own -------------------------------------------------------------

    def train_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
        mask: ArrayLike | None = None,
    ) -> float | list[float] | dict[str, float]:
        """Learn from one batch; return loss and metrics as `evaluate` does.

        Parameters
        ----------
        x, y, sample_weight, class_weight, mask
            As in `fit`.
        return_dict : bool, default False

        Returns
        -------
        float, list of float or dict

        Raises
        ------
        NonFiniteError
            If loss or gradient is not finite; the weights are as before then.
        """
        batch = self._one_batch("train_on_batch", x, y, sample_weight, mask)
        if class_weight is not None:
            batch = class_weighted("train_on_batch", batch, class_weight, self.output_shape)
        return self._on_batch(self.train_step, batch, return_dict)

    def test_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        return_dict: bool = False,
        mask: ArrayLike | None = None,
    ) -> float | list[float] | dict[str, float]:
        """Return loss and metrics of one batch without learning from it.

        Parameters
        ----------
        x, y, sample_weight, mask
            As in `fit`.
        return_dict : bool, default False

        Returns
        -------
        float, list of float or dict
        """
        batch = self._one_batch("test_on_batch", x, y, sample_weight, mask)
        return self._on_batch(self.test_step, batch, return_dict)

    def predict_on_batch(self, x: ArrayLike, mask: ArrayLike | None = None) -> np.ndarray:
        """Return the output for one batch.

        Parameters
        ----------
        x : array_like, (N, …)
        mask : array_like of bool, (N, T), optional

        Returns
        -------
        ndarray
        """
        batch = check_batch("predict_on_batch", x, mask=mask)
        return self(batch.x, mask=batch.mask)

    def _one_batch(self, who: str, x, y, sample_weight, mask) -> Batch:
        self._check_compiled(who)
        batch = check_batch(who, x, y, sample_weight, mask)
        self._resolve(who, batch.x.shape[1:], batch.y)
        return batch

    def _on_batch(self, step, batch: Batch, return_dict: bool):
        self.reset_metrics()
        return as_returned({"loss": step(batch), **self._metric_logs()}, return_dict)


def as_returned(logs: dict[str, float], return_dict: bool):
    """Return logs as Keras does: a dict, a list, or the loss alone where there is no metric."""
    if return_dict:
        return logs
    values = list(logs.values())
    return values if len(values) > 1 else values[0]
