"""Small callbacks: your own function at a turn, a schedule by epoch, a stop at NaN."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable

from .base import Callback


class LambdaCallback(Callback):
    """Call functions of your own at the turns of training.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable, optional
        Take ``(epoch, logs)``.
    on_train_begin, on_train_end : callable, optional
        Take ``(logs)``.
    on_train_batch_begin, on_train_batch_end : callable, optional
        Take ``(batch, logs)``.
    **turns : callable
        Any other turn of :class:`Callback`.

    Raises
    ------
    ValueError
        If a turn is not known.

    Examples
    --------
    >>> shout = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, sorted(logs)))
    >>> shout.on_epoch_end(0, {"loss": 1.0})
    0 ['loss']
    """

    def __init__(
        self,
        on_epoch_begin: Callable | None = None,
        on_epoch_end: Callable | None = None,
        on_train_begin: Callable | None = None,
        on_train_end: Callable | None = None,
        on_train_batch_begin: Callable | None = None,
        on_train_batch_end: Callable | None = None,
        **turns: Callable | None,
    ):
        turns.update(
            on_epoch_begin=on_epoch_begin,
            on_epoch_end=on_epoch_end,
            on_train_begin=on_train_begin,
            on_train_end=on_train_end,
            on_train_batch_begin=on_train_batch_begin,
            on_train_batch_end=on_train_batch_end,
        )
        for turn, function in turns.items():
            if not (turn.startswith("on_") and hasattr(Callback, turn)):
                raise ValueError(f"LambdaCallback: {turn}: not a turn of a Callback")
            if function is not None:
                setattr(self, turn, function)


class LearningRateScheduler(Callback):
    """Set the learning rate before every epoch.

    Parameters
    ----------
    schedule : callable
        From ``(epoch, learning_rate)``, or ``(epoch)`` alone, to the new learning rate.
    verbose : {0, 1}

    Examples
    --------
    >>> halve = LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate)
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0):
        self.schedule, self.verbose = schedule, verbose

    def on_epoch_begin(self, epoch, logs=None) -> None:
        optimizer = self.model.optimizer
        try:
            rate = self.schedule(epoch, float(optimizer.learning_rate))
        except TypeError:  # a schedule of the epoch alone
            rate = self.schedule(epoch)
        if isinstance(rate, bool) or not isinstance(rate, numbers.Real):
            raise ValueError(f"LearningRateScheduler: schedule: expected a float, got {rate!r}")
        optimizer.learning_rate = float(rate)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None) -> None:
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class TerminateOnNaN(Callback):
    """Stop quietly when the loss is no longer finite, instead of with an error.

    Parameters
    ----------
    raise_error : bool, default False
        Raise ``RuntimeError`` instead, so that ``on_train_end`` of the others is not called.

    Notes
    -----
    Either way the weights are those before the batch.
    """

    def __init__(self, raise_error: bool = False):
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"TerminateOnNaN: batch {batch + 1}: the loss is {loss}")
        print(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
