"""Epochs and batches, and where a run stands."""

from __future__ import annotations

import numpy as np

from ..callbacks import CallbackList, History, TerminateOnNaN
from ..data import Batch, Feed
from ..data.weights import class_weighted
from ..random import generator_state, set_generator_state, shared_stream
from .compiling import NonFiniteError
from .metric_state import metric_state, set_metric_state
from .windows import train_windows

_HINT = "try a smaller learning rate, clipnorm=1.0 in the optimizer, or scale the inputs"


class Mean:
    """A running mean, weighted by the number of samples."""

    def __init__(self):
        self.total = self.count = 0.0

    def add(self, value: float, weight: float) -> None:
        """Take in one value."""
        self.total += value * weight
        self.count += weight

    def result(self) -> float:
        """Return the mean so far."""
        return self.total / self.count if self.count else 0.0


def quiet() -> np.errstate:
    """Keep NumPy from warning of what is about to be told as a loss that is not finite."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


class FitLoop:
    """One call of `fit`: what it was asked for, and where it stands.

    Parameters
    ----------
    model : Sequential
        Compiled and built.
    feed : Feed
    validation : Feed or None
    callbacks : CallbackList
    epochs, first_epoch : int
    class_weight : dict or None
    tbptt : int or None
    validation_epochs : callable
        From an epoch, counted from 1, to whether validation follows it.
    """

    def __init__(
        self, model, feed: Feed, validation: Feed | None, callbacks: CallbackList, *,
        epochs: int, first_epoch: int, class_weight, tbptt, validation_epochs,
    ):  # fmt: skip
        self.model, self.feed, self.validation = model, feed, validation
        self.callbacks, self.epochs = callbacks, epochs
        self.class_weight, self.tbptt = class_weight, tbptt
        self.validation_epochs = validation_epochs
        self.epoch, self.batch, self.loss = first_epoch, 0, Mean()

    def run(self) -> History:
        """Train; return the record.

        Returns
        -------
        History
        """
        model, logs = self.model, None
        model.stop_training, model._running_fit = False, self
        try:
            self.callbacks.call("on_train_begin")
            while self.epoch < self.epochs and not model.stop_training:
                logs = self._run_epoch()
            self.callbacks.call("on_train_end", logs=logs)
        finally:
            model._running_fit = None
        return model.history

    def _run_epoch(self) -> dict[str, float]:
        epoch = self.epoch
        if self.batch == 0:  # an epoch that goes on after a restart has begun before
            self.loss = Mean()
            self.model.reset_metrics()
            self.callbacks.call("on_epoch_begin", epoch)
        batches = self.feed.epoch(self.batch)
        while not self.model.stop_training:
            batch = next(batches, None)
            if batch is None:
                break
            self._run_batch(batch)
        logs = self._logs()
        if self.validation is not None and self.validation_epochs(epoch + 1):
            self.validation.rewind()
            results = self.model.run_evaluation(self.validation, self.callbacks)
            logs.update({f"val_{name}": value for name, value in results.items()})
        self.epoch, self.batch = epoch + 1, 0
        self.callbacks.call("on_epoch_end", epoch, logs=logs)
        return logs

    def _run_batch(self, batch: Batch) -> None:
        self.callbacks.call("on_train_batch_begin", self.batch)
        if batch.y is None:
            raise ValueError("fit: y: expected targets, got None")
        self.loss.add(self._learn(batch), len(batch.x))
        self.batch += 1
        logs = self._logs() if self.callbacks.wants_batch_logs else {}
        self.callbacks.call("on_train_batch_end", self.batch - 1, logs=logs)

    def _learn(self, batch: Batch) -> float:
        if self.class_weight is not None:
            batch = class_weighted("fit", batch, self.class_weight, self.model.output_shape)
        try:
            with quiet():
                if self.tbptt is None:
                    return self.model.train_step(batch)
                return train_windows(self.model, batch, self.tbptt)
        except NonFiniteError as error:
            if self.callbacks.find(TerminateOnNaN) is not None:
                return error.loss
            of = f" of {self.feed.steps}" if self.feed.steps else ""
            where = f"epoch {self.epoch + 1}, batch {self.batch + 1}{of}"
            raise NonFiniteError(f"fit: {where}: {error}; {_HINT}", error.loss) from error

    def _logs(self) -> dict[str, float]:
        return {"loss": self.loss.result(), **self.model._metric_logs()}

    # -- going on in another process -------------------------------------------------------

    def get_state(self) -> dict:
        """Return where the run stands: all that the model itself does not hold.

        Returns
        -------
        dict
            Nested dicts and lists of plain values and arrays.
        """
        return {
            "epoch": self.epoch,
            "batch": self.batch,
            "stop": bool(self.model.stop_training),
            "loss": [self.loss.total, self.loss.count],
            "metrics": [metric_state(metric) for metric in self.model.metrics],
            "feed": self.feed.get_state(),
            "validation": None if self.validation is None else self.validation.get_state(),
            "callbacks": self.callbacks.get_state(),
            "stream": generator_state(shared_stream()),
        }

    def set_state(self, state: dict) -> None:
        """Go on from where `get_state` was called.

        Parameters
        ----------
        state : dict

        Raises
        ------
        ValueError
            If metrics, callbacks or data are not those of the run that was kept.
        """
        if len(state["metrics"]) != len(self.model.metrics):
            kept, have = len(state["metrics"]), len(self.model.metrics)
            raise ValueError(f"metrics: the run that was kept had {kept}, this one has {have}")
        if (state["validation"] is None) != (self.validation is None):
            raise ValueError("validation_data: only one of this run and the kept one has any")
        self.callbacks.set_state(state["callbacks"])
        for metric, kept in zip(self.model.metrics, state["metrics"], strict=True):
            set_metric_state(metric, kept)
        self.feed.set_state(state["feed"])
        if self.validation is not None:
            self.validation.set_state(state["validation"])
        set_generator_state(shared_stream(), state["stream"])
        self.epoch, self.batch = int(state["epoch"]), int(state["batch"])
        self.loss.total, self.loss.count = map(float, state["loss"])
        self.model.stop_training = bool(state["stop"])
