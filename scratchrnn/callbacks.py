"""What `fit` calls at its turns."""

from __future__ import annotations


class Callback:
    """Base class: override the turns that matter.

    The model is in ``self.model`` and what was given to `fit` in ``self.params``; setting
    ``self.model.stop_training = True`` ends training after the epoch.

    Examples
    --------
    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, "done!")
    """

    model = None
    params: dict | None = None

    def set_model(self, model) -> None:
        """Remember the model."""
        self.model = model

    def set_params(self, params: dict) -> None:
        """Remember epochs, steps and verbosity."""
        self.params = params

    def on_train_begin(self, logs=None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs=None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Before each epoch."""

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """After each epoch, with its losses and metrics, validation included."""

    def on_train_batch_begin(self, batch: int, logs=None) -> None:
        """Before each batch of training."""

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        """After each batch of training, with the epoch's means so far."""


class History(Callback):
    """The record that `fit` returns.

    Attributes
    ----------
    epoch : list of int
        Epochs run.
    history : dict of str to list of float
        Each log by name, a value an epoch.
    """

    def __init__(self):
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))
