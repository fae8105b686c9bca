"""Callbacks that watch one value: stop when it no longer improves, or slow down."""

from __future__ import annotations

import warnings

from .base import Callback

_MORE_IS_BETTER = (
    "AUC", "Accuracy", "BinaryAccuracy", "CategoricalAccuracy", "ConcordanceCorrelation",
    "CosineSimilarity", "F1Score", "FBetaScore", "PearsonCorrelation", "Precision",
    "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity",
    "TopKCategoricalAccuracy", "TrueNegatives", "TruePositives",
)  # fmt: skip
_LESS_IS_BETTER = (
    "BinaryCrossentropy", "CategoricalCrossentropy", "CategoricalHinge", "FalseNegatives",
    "FalsePositives", "Hinge", "KLDivergence", "LogCoshError", "MeanAbsoluteError",
    "MeanAbsolutePercentageError", "MeanSquaredError", "MeanSquaredLogarithmicError", "Poisson",
    "RootMeanSquaredError", "SparseCategoricalCrossentropy", "SquaredHinge",
)  # fmt: skip


def better_way(metric) -> int | None:
    """Return 1 for a metric of which more is better, -1 for less, None where that is not known.

    A metric of your own may say it with an attribute ``direction``, "up" or "down".
    """
    kind, direction = type(metric).__name__, getattr(metric, "direction", None)
    if direction in ("up", "down"):
        return 1 if direction == "up" else -1
    return 1 if kind in _MORE_IS_BETTER else -1 if kind in _LESS_IS_BETTER else None


class MonitorCallback(Callback):
    """What callbacks that watch a value share.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name in the logs.
    mode : {"auto", "min", "max"}
        Which way is better; ``"auto"`` asks the metric of that name.
    baseline : float, optional
        First value to beat.
    min_delta : float, default 0
        Smaller changes are none.

    Raises
    ------
    ValueError
        If the mode is none of these.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ):
        if mode not in ("auto", "min", "max"):
            who = type(self).__name__
            raise ValueError(f"{who}: mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.monitor, self.mode = monitor, mode
        self.best = baseline
        self.min_delta = abs(min_delta)

    def _sign(self) -> int:
        """Return 1 where more is better, -1 where less is."""
        if self.mode != "auto":
            return 1 if self.mode == "max" else -1
        name = self.monitor.removeprefix("val_")
        if name == "loss":
            return -1
        for known, metric in self.model.named_metrics():
            way = better_way(metric) if known == name else None
            if way is not None:
                return way
        raise ValueError(
            f"{type(self).__name__}: monitor: whether more or less {self.monitor!r} is better "
            "is not known; give mode='max' or mode='min'"
        )

    def _is_improvement(self, value, reference) -> bool:
        if reference is None:
            return True
        sign = self._sign()
        return sign * value - self.min_delta > sign * reference

    def _watched(self, logs, what: str):
        """Return the value, or None with a warning if it is not there."""
        value = (logs or {}).get(self.monitor)
        if value is None:
            known = ", ".join(logs or {})
            warnings.warn(
                f"{type(self).__name__}: {what} watches {self.monitor!r}, which is not among "
                f"the logs: {known}",
                stacklevel=4,
            )
        return value


class EarlyStopping(MonitorCallback):
    """Stop training when a value has not improved for some epochs.

    Parameters
    ----------
    monitor : str, default "val_loss"
    min_delta : float, default 0
        Smaller changes are no improvement.
    patience : int, default 0
        Epochs without improvement after which training stops.
    verbose : {0, 1}
    mode : {"auto", "min", "max"}
    baseline : float, optional
        Waiting ends only with a value that beats this one too.
    restore_best_weights : bool, default False
        End with the weights of the best epoch instead of the last.
    start_from_epoch : int, default 0
        Epochs to let pass first.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((2,)), Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> stop = EarlyStopping("loss", patience=3, min_delta=1e9)
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), epochs=10, callbacks=[stop], verbose=0)
    >>> history.epoch
    [0, 1, 2, 3]
    """

    remembers = ("wait", "stopped_epoch", "best", "best_epoch", "best_weights")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience, self.verbose, self.baseline = patience, verbose, baseline
        self.restore_best_weights, self.start_from_epoch = restore_best_weights, start_from_epoch
        self.on_train_begin()

    def on_train_begin(self, logs=None) -> None:
        self.wait = self.stopped_epoch = self.best_epoch = 0
        self.best = self.best_weights = None

    def on_epoch_end(self, epoch, logs=None) -> None:
        value = self._watched(logs, "stopping early")
        if value is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self.best_weights, self.best_epoch = self.model.get_weights(), epoch
        self.wait += 1
        if self._is_improvement(value, self.best):
            self.best, self.best_epoch = value, epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self._is_improvement(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs=None) -> None:
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print(f"Restoring the weights of the best epoch: {self.best_epoch + 1}.")
            self.model.set_weights(self.best_weights)


class ReduceLROnPlateau(MonitorCallback):
    """Multiply the learning rate by a factor when a value no longer improves.

    Parameters
    ----------
    monitor : str, default "val_loss"
    factor : float, default 0.1
        Less than 1.
    patience : int, default 10
        Epochs without improvement.
    verbose : {0, 1}
    mode : {"auto", "min", "max"}
    min_delta : float, default 1e-4
        Smaller changes are no improvement.
    cooldown : int, default 0
        Epochs to wait after a reduction before counting again.
    min_lr : float, default 0.0
        Never go lower.

    Raises
    ------
    ValueError
        If the factor is not less than 1.
    """

    remembers = ("best", "wait", "cooldown_counter")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if not 0 < factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor: expected 0 to 1, got {factor!r}")
        self.factor, self.patience, self.verbose = factor, patience, verbose
        self.cooldown, self.min_lr = cooldown, min_lr
        self.on_train_begin()

    def on_train_begin(self, logs=None) -> None:
        self.best = None
        self.wait = self.cooldown_counter = 0

    def in_cooldown(self) -> bool:
        """Return whether a reduction was too recent to count epochs."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None) -> None:
        logs = {} if logs is None else logs
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        value = self._watched(logs, "reducing the learning rate")
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter, self.wait = self.cooldown, 0

    def _reduce(self, epoch: int) -> bool:
        old = float(self.model.optimizer.learning_rate)
        if old <= self.min_lr:
            return False
        new = max(old * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = new
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        return True
