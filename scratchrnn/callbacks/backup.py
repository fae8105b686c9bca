"""Training that survives being killed at any moment."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .base import Callback
from .checkpoint import check_save_freq


class BackupAndRestore(Callback):
    """Keep the whole state of training in a folder; the next `fit` goes on from there.

    Parameters
    ----------
    backup_dir : path-like
        A folder for this run alone.
    save_freq : "epoch" or int, default "epoch"
        Save after every epoch, or after so many batches.
    double_checkpoint : bool, default False
        Keep the file before the last one too, and fall back on it if the last one is damaged.
    delete_checkpoint : bool, default True
        Delete the files when training has come to its end.

    Raises
    ------
    ValueError
        If the folder's name is empty or `save_freq` is neither.

    Notes
    -----
    The file ``training.npz`` is a model file that :func:`scratchrnn.models.load_model` reads too.
    Beside weights and optimizer state it says where training stands: epoch, batch, running means
    of loss and metrics, the order of the batches, every random generator, what the other
    callbacks remember. It is replaced as a whole: whenever the process is killed, there is either
    the old file or the new one, and the run that goes on ends in the same weights, bit for bit,
    as one that was never stopped. Model, data and callbacks must be made as they were.

    A data set that streams goes on with the same batches if every pass gives the same ones, or if
    it has ``get_state()`` and ``set_state(state)``.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from scratchrnn.layers import Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((2,)), Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> keep = BackupAndRestore(tempfile.mkdtemp(), save_freq=10)
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), epochs=3, callbacks=[keep], verbose=0)
    """

    comes_last = True
    remembers = ("batches_since_saving",)

    def __init__(
        self,
        backup_dir: str | os.PathLike,
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ):
        if not backup_dir:
            raise ValueError("BackupAndRestore: backup_dir: expected a folder, got nothing")
        check_save_freq("BackupAndRestore", save_freq)
        self.backup_dir, self.save_freq = Path(backup_dir), save_freq
        self.double_checkpoint, self.delete_checkpoint = double_checkpoint, delete_checkpoint
        self.path = self.backup_dir / "training.npz"
        self.path_before = self.backup_dir / "training_before.npz"
        self.batches_since_saving = 0

    def on_train_begin(self, logs=None) -> None:
        self._delete_leftovers()
        if not self.path.exists() and not self.path_before.exists():
            return
        try:
            self.model.restore_training(self.path)
        except ValueError:
            if not self.path_before.exists():
                raise
            self.model.restore_training(self.path_before)

    def on_train_batch_end(self, batch, logs=None) -> None:
        self.batches_since_saving += 1
        if self.save_freq != "epoch" and self.batches_since_saving >= self.save_freq:
            self._save()

    def on_epoch_end(self, epoch, logs=None) -> None:
        if self.save_freq == "epoch":
            self._save()

    def _save(self) -> None:
        self.batches_since_saving = 0
        if self.double_checkpoint and self.path.exists():
            copy = self.path.with_suffix(".copy.part")
            shutil.copyfile(self.path, copy)
            os.replace(copy, self.path_before)
        self.model.save_training(self.path)

    def on_train_end(self, logs=None) -> None:
        if self.delete_checkpoint:
            for path in (self.path, self.path_before):
                path.unlink(missing_ok=True)
            if self.backup_dir.exists() and not any(self.backup_dir.iterdir()):
                self.backup_dir.rmdir()

    def _delete_leftovers(self) -> None:
        """Remove half-written files of processes that were killed."""
        if self.backup_dir.is_dir():
            for path in self.backup_dir.glob("*training*.part"):
                path.unlink(missing_ok=True)
