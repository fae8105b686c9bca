"""Callbacks that write the logs down: in memory, as CSV, as a bar on the screen."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from ..progress import ProgressBar
from .base import Callback


class History(Callback):
    """The record that `fit` returns.

    Attributes
    ----------
    epoch : list of int
        Epochs run, counted from 0.
    history : dict of str to list of float
        Each log by name, a value an epoch.
    """

    def __init__(self):
        self.epoch: list[int] = []
        self.history: dict[str, list[float]] = {}

    def on_train_begin(self, logs=None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(float(value))


class CSVLogger(Callback):
    """Write a line of comma-separated values after every epoch.

    Parameters
    ----------
    filename : path-like
    separator : str, default ","
    append : bool, default False
        Go on with a file that is there instead of replacing it.

    Notes
    -----
    Columns are ``epoch`` and the first epoch's logs, sorted, and where none of them begins with
    ``val_``, as many again that do; what an epoch does not have is ``NA``. Where training goes on
    from a backup, lines written after that backup are dropped, and come again.
    """

    remembers = ("columns", "size")

    def __init__(self, filename: str | os.PathLike, separator: str = ",", append: bool = False):
        self.filename, self.sep, self.append = Path(os.fspath(filename)), separator, append
        self.columns: list[str] | None = None
        self.size = 0  # bytes that the file should have

    def on_train_begin(self, logs=None) -> None:
        self.columns = None
        self.size = self.filename.stat().st_size if self.append and self.filename.exists() else 0

    def on_epoch_end(self, epoch, logs=None) -> None:
        logs, header = logs or {}, self.size == 0
        if self.columns is None:
            keys = sorted(logs)
            if not any(key.startswith("val_") for key in keys):
                keys += [f"val_{key}" for key in keys]
            self.columns = ["epoch", *keys]
        self.filename.parent.mkdir(parents=True, exist_ok=True)
        with open(self.filename, "a", newline="", encoding="utf-8") as file:
            file.truncate(min(self.size, file.tell()))
            writer = csv.DictWriter(file, self.columns, delimiter=self.sep, lineterminator="\n")
            if header:
                writer.writeheader()
            writer.writerow({key: logs.get(key, "NA") for key in self.columns} | {"epoch": epoch})
        self.size = self.filename.stat().st_size


class ProgbarLogger(Callback):
    """Draw a progress bar for every epoch; `fit`, `evaluate` and `predict` add one themselves."""

    def __init__(self):
        self._bar: ProgressBar | None = None
        self._in_fit = False

    def _draw(self, done: int, logs=None) -> None:
        if self._bar is None:
            self._bar = ProgressBar(self.params["steps"], self.params["verbose"])
        self._bar.update(done, logs)

    def _finish(self, logs=None) -> None:
        if self._bar is not None:
            self._bar.close(logs)
            self.params["steps"] = self.params["steps"] or self._bar.done  # known from now on
        self._bar = None

    def on_train_begin(self, logs=None) -> None:
        self._in_fit = True

    def on_train_end(self, logs=None) -> None:
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None) -> None:
        if self.params["verbose"] and self.params["epochs"] > 1:
            print(f"Epoch {epoch + 1}/{self.params['epochs']}")

    def on_train_batch_end(self, batch, logs=None) -> None:
        self._draw(batch + 1, logs)

    def on_epoch_end(self, epoch, logs=None) -> None:
        self._finish(logs)

    def on_test_batch_end(self, batch, logs=None) -> None:
        if not self._in_fit:
            self._draw(batch + 1, logs)

    def on_test_end(self, logs=None) -> None:
        if not self._in_fit:
            self._finish(logs)

    def on_predict_batch_end(self, batch, logs=None) -> None:
        self._draw(batch + 1)

    def on_predict_end(self, logs=None) -> None:
        self._finish()
