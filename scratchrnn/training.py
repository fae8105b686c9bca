"""The training loop: compile, fit, evaluate, predict.

One step is four lines (`Trainer.train_step`): run forward, ask the loss for its value and its
gradient on the prediction, run backward, let the optimizer update the weights in place.
"""

from __future__ import annotations

import math

import numpy as np

from . import losses as losses_
from . import metrics as metrics_
from . import optimizers as optimizers_
from .callbacks import Callback, History
from .data import ArrayData, Batch
from .progress import ProgressBar
from .random import make_generator


class Trainer:
    """What a model needs to learn; mixed into :class:`scratchrnn.models.Sequential`.

    The model supplies ``__call__``, ``backward``, ``trainable_weights``, ``gradients``,
    ``regularization_loss``, ``regularization_gradients`` and ``output_mask``.
    """

    optimizer = None
    loss = None
    stop_training = False

    def compile(self, optimizer="rmsprop", loss=None, metrics=None, **refused) -> None:
        """Choose how the model learns.

        Parameters
        ----------
        optimizer : str or Optimizer, default "rmsprop"
        loss : str or Loss
        metrics : list of str or Metric, optional

        Raises
        ------
        ValueError
            If a name is not known, or an argument of Keras's is not supported here.
        """
        for argument, value in refused.items():
            raise ValueError(f"compile: {argument}: this argument is not supported, got {value!r}")
        if loss is None:
            raise ValueError("compile: loss: expected a name or a Loss, got None")
        self.optimizer = optimizers_.get(optimizer)
        self.loss = losses_.get(loss)
        if metrics is not None and not isinstance(metrics, list | tuple):
            raise ValueError(f"compile: metrics: expected a list, got {metrics!r}")
        self._metric_requests = list(metrics or [])
        self.metrics: list | None = None

    def _check_compiled(self, who: str) -> None:
        if self.loss is None:
            raise ValueError(f"{who}: model: call compile first")

    def _resolve_metrics(self, batch: Batch, y_pred) -> None:
        if self.metrics is None:
            self.metrics = [
                metrics_.get(request, y_true=batch.y, y_pred=y_pred)
                for request in self._metric_requests
            ]

    # -- steps -----------------------------------------------------------------------------

    def train_step(self, batch: Batch) -> tuple[float, np.ndarray]:
        """Learn from one batch.

        Parameters
        ----------
        batch : Batch

        Returns
        -------
        loss : float
            Penalties included, before the update.
        y_pred : ndarray
        """
        y_pred = self(batch.x, mask=batch.mask, training=True)
        loss, dy = self.loss.value_and_gradient(
            batch.y, y_pred, batch.sample_weight, mask=self.output_mask
        )
        loss = float(loss) + self.regularization_loss()
        if not math.isfinite(loss):
            raise FloatingPointError(f"loss is {loss}")
        self.backward(dy)
        gradients = [
            g if penalty is None else g + penalty
            for g, penalty in zip(self.gradients, self.regularization_gradients(), strict=True)
        ]
        self.optimizer.apply(gradients, self.trainable_weights)
        return loss, y_pred

    def test_step(self, batch: Batch) -> tuple[float, np.ndarray]:
        """Return loss and prediction of one batch without learning from it."""
        y_pred = self(batch.x, mask=batch.mask)
        loss = self.loss(batch.y, y_pred, batch.sample_weight, mask=self.output_mask)
        return float(loss) + self.regularization_loss(), y_pred

    def _update_metrics(self, batch: Batch, y_pred) -> None:
        self._resolve_metrics(batch, y_pred)
        for metric in self.metrics:
            metric.update_state(batch.y, y_pred, mask=self.output_mask)

    def _run(self, data: ArrayData, step, order=None, on_batch=None) -> dict[str, float]:
        """Take every batch through `step`; return the mean loss and the metrics."""
        for metric in self.metrics or []:
            metric.reset_state()
        total, seen, logs = 0.0, 0, {}
        for number, batch in enumerate(data.batches(order)):
            try:
                loss, y_pred = step(batch)
            except FloatingPointError as error:
                raise FloatingPointError(f"batch {number + 1} of {len(data)}: {error}") from error
            total, seen = total + loss * len(batch.x), seen + len(batch.x)
            self._update_metrics(batch, y_pred)
            logs = {"loss": total / seen}
            if on_batch is not None:
                on_batch(number, logs)
        return {**logs, **{metric.name: float(metric.result()) for metric in self.metrics or []}}

    # -- loops -----------------------------------------------------------------------------

    def fit(
        self,
        x,
        y=None,
        batch_size=32,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        sample_weight=None,
        initial_epoch=0,
        mask=None,
        seed=None,
    ) -> History:
        """Train on arrays.

        Parameters
        ----------
        x : array_like, (N, …)
        y : array_like, (N, …)
        batch_size : int, default 32
        epochs : int, default 1
            Number of the last epoch, counted from 1.
        verbose : {"auto", 0, 1, 2}
            0 silent, 1 (auto) a progress bar, 2 a line an epoch.
        callbacks : list of Callback, optional
        validation_split : float, default 0.0
            Fraction of the samples, taken from the end before shuffling, that is held out.
        validation_data : tuple, optional
            ``(x, y)`` or ``(x, y, sample_weight)``; a dict with the keys x, y, sample_weight,
            mask says more.
        shuffle : bool, default True
            Draw a new order of the samples for each epoch.
        sample_weight : array_like, (N,) or (N, T), optional
        initial_epoch : int, default 0
        mask : array_like of bool, (N, T), optional
            True where a step is real.
        seed : int or numpy.random.Generator, optional
            For the order of the samples.

        Returns
        -------
        History

        Raises
        ------
        ValueError
            If arrays do not fit each other or the model, or hold NaN or infinity.
        FloatingPointError
            If the loss turns non-finite; the weights are those before the batch.
        """
        self._check_compiled("fit")
        data = ArrayData("fit", x, y, sample_weight, mask, batch_size)
        data, held_out = self._hold_out(data, validation_split, validation_data)
        rng = make_generator(seed)
        verbose = 1 if verbose == "auto" else verbose
        history = History()
        callbacks = [*(callbacks or []), history]
        self.stop_training = False
        for callback in callbacks:
            callback.set_model(self)
            callback.set_params({"epochs": epochs, "steps": len(data), "verbose": verbose})
            callback.on_train_begin()
        for epoch in range(initial_epoch, epochs):
            order = rng.permutation(len(data.x)) if shuffle else None
            logs = self._fit_epoch(epoch, epochs, data, order, held_out, verbose, callbacks)
            for callback in callbacks:
                callback.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        for callback in callbacks:
            callback.on_train_end()
        return history

    def _fit_epoch(self, epoch, epochs, data, order, held_out, verbose, callbacks) -> dict:
        if verbose:
            print(f"Epoch {epoch + 1}/{epochs}")
        bar = ProgressBar(len(data), verbose)

        def on_batch(number: int, logs: dict) -> None:
            bar.update(number + 1, logs)
            for callback in callbacks:
                callback.on_train_batch_end(number, logs)

        for callback in callbacks:
            callback.on_epoch_begin(epoch)
        try:
            logs = self._run(data, self.train_step, order, on_batch)
        except FloatingPointError as error:
            hint = "try a smaller learning rate, clipnorm=1.0, or scale the inputs"
            raise FloatingPointError(f"fit: epoch {epoch + 1}, {error}; {hint}") from error
        if held_out is not None:
            validation = self._run(held_out, self.test_step)
            logs.update({f"val_{name}": value for name, value in validation.items()})
        bar.close(logs)
        return logs

    def _hold_out(self, data: ArrayData, fraction, given) -> tuple[ArrayData, ArrayData | None]:
        if given is not None:
            names = ("x", "y", "sample_weight")
            parts = given if isinstance(given, dict) else dict(zip(names, given, strict=False))
            return data, ArrayData("fit: validation_data", **parts, batch_size=data.batch_size)
        if not 0 <= fraction < 1:
            raise ValueError(f"fit: validation_split: expected a number in [0, 1), got {fraction}")
        kept = len(data.x) - int(len(data.x) * fraction)
        if kept == len(data.x):
            return data, None
        if kept == 0:
            raise ValueError(f"fit: validation_split: {fraction} leaves nothing to train on")
        pieces = (data.take(slice(kept)), data.take(slice(kept, None)))
        return tuple(ArrayData("fit", *piece, batch_size=data.batch_size) for piece in pieces)

    def evaluate(
        self, x, y=None, batch_size=32, verbose="auto", sample_weight=None, mask=None,
        return_dict=False,
    ):  # fmt: skip
        """Return loss and metrics on arrays.

        Parameters
        ----------
        x, y, batch_size, sample_weight, mask
            As in `fit`.
        verbose : {"auto", 0, 1, 2}
        return_dict : bool, default False

        Returns
        -------
        float, list of float or dict
            The loss alone where there are no metrics, ``[loss, *metrics]``, or a dict by name.
        """
        self._check_compiled("evaluate")
        data = ArrayData("evaluate", x, y, sample_weight, mask, batch_size)
        bar = ProgressBar(len(data), 1 if verbose == "auto" else verbose)
        logs = self._run(data, self.test_step, on_batch=lambda n, logs: bar.update(n + 1, logs))
        bar.close(logs)
        values = list(logs.values())
        return logs if return_dict else values if len(values) > 1 else values[0]

    def predict(self, x, batch_size=32, verbose="auto", mask=None) -> np.ndarray:
        """Return the model's output for every sample.

        Parameters
        ----------
        x : array_like, (N, …)
        batch_size : int, default 32
        verbose : {"auto", 0, 1, 2}
        mask : array_like of bool, (N, T), optional

        Returns
        -------
        ndarray, (N, …)
        """
        data = ArrayData("predict", x, mask=mask, batch_size=batch_size or 32)
        bar = ProgressBar(len(data), 1 if verbose == "auto" else verbose)
        outputs = []
        for number, batch in enumerate(data.batches()):
            outputs.append(self(batch.x, mask=batch.mask))
            bar.update(number + 1)
        bar.close()
        return np.concatenate(outputs)

    def train_on_batch(self, x, y, sample_weight=None, mask=None):
        """Learn from one batch; return loss and metrics as `evaluate` does.

        Parameters
        ----------
        x, y, sample_weight, mask
            As in `fit`.

        Returns
        -------
        float or list of float
        """
        return self._on_batch("train_on_batch", self.train_step, x, y, sample_weight, mask)

    def test_on_batch(self, x, y, sample_weight=None, mask=None):
        """Return loss and metrics of one batch without learning from it.

        Parameters
        ----------
        x, y, sample_weight, mask
            As in `fit`.

        Returns
        -------
        float or list of float
        """
        return self._on_batch("test_on_batch", self.test_step, x, y, sample_weight, mask)

    def _on_batch(self, who, step, x, y, sample_weight, mask):
        self._check_compiled(who)
        data = ArrayData(who, x, y, sample_weight, mask, batch_size=len(x))
        values = list(self._run(data, step).values())
        return values if len(values) > 1 else values[0]


__all__ = ["Callback", "Trainer"]
