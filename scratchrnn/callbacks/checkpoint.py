"""Saving the model while it learns."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

from .monitor import MonitorCallback


def check_save_freq(who: str, save_freq) -> None:
    """Raise ``ValueError`` unless it is ``"epoch"`` or a number of batches."""
    whole = isinstance(save_freq, int) and not isinstance(save_freq, bool) and save_freq >= 1
    if save_freq != "epoch" and not whole:
        raise ValueError(
            f"{who}: save_freq: expected 'epoch' or a number of batches, got {save_freq!r}"
        )


class ModelCheckpoint(MonitorCallback):
    """Save the model, or its weights, after every epoch or every so many batches.

    Parameters
    ----------
    filepath : path-like
        Ends in ``.npz``; may hold ``{epoch}``, ``{batch}`` and names of logs with formats, as in
        ``"{epoch:02d}-{val_loss:.2f}.npz"``.
    monitor : str, default "val_loss"
    verbose : {0, 1}
    save_best_only : bool, default False
        Save only where `monitor` is better than ever before.
    save_weights_only : bool, default False
    mode : {"auto", "min", "max"}
    save_freq : "epoch" or int
        How many batches lie between two files.
    initial_value_threshold : float, optional
        First value to beat.

    Raises
    ------
    ValueError
        If `filepath` does not end in ``.npz``, or `save_freq` is neither.
    """

    remembers = ("best", "epoch", "batches_since_saving")

    def __init__(
        self,
        filepath: str | os.PathLike,
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.filepath = os.fspath(filepath)
        if not self.filepath.endswith(".npz"):
            raise ValueError(f"ModelCheckpoint: filepath: expected *.npz, got {self.filepath!r}")
        check_save_freq("ModelCheckpoint", save_freq)
        self.verbose, self.save_freq = verbose, save_freq
        self.save_best_only, self.save_weights_only = save_best_only, save_weights_only
        self.epoch = self.batches_since_saving = 0

    def on_epoch_begin(self, epoch, logs=None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None) -> None:
        self.batches_since_saving += 1
        if self.save_freq != "epoch" and self.batches_since_saving >= self.save_freq:
            self.batches_since_saving = 0
            self._save(self.epoch, {"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch, logs=None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, logs or {})

    def _save(self, epoch: int, logs: dict) -> None:
        try:
            path = Path(self.filepath.format(epoch=epoch + 1, **logs))
        except KeyError as error:
            raise ValueError(
                f"ModelCheckpoint: filepath: {error} is not among the logs: {', '.join(logs)}"
            ) from error
        if not self._wants(epoch, logs, path):
            return
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _wants(self, epoch: int, logs: dict, path: Path) -> bool:
        if not self.save_best_only:
            self._say(f"\nEpoch {epoch + 1}: saving model to {path}")
            return True
        value = logs.get(self.monitor)
        if value is None:
            warnings.warn(
                f"ModelCheckpoint: {self.monitor!r} is not among the logs, so that the best "
                f"cannot be told; saved: {', '.join(logs)}",
                stacklevel=5,
            )
            return True
        before = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(value, self.best):
            self._say(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {before}")
            return False
        change = f"improved from {before} to {value:.5f}"
        self._say(f"\nEpoch {epoch + 1}: {self.monitor} {change}, saving model to {path}")
        self.best = value
        return True

    def _say(self, text: str) -> None:
        if self.verbose > 0:
            print(text)
