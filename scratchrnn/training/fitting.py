"""What `fit` takes, and keeping a run so that another process can go on with it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..callbacks import Callback, CallbackList, History, ProgbarLogger
from ..data import ArrayData, Feed, as_batch, open_data
from ..data.sources import is_stream
from ..data.weights import check_class_weight
from ..random import make_generator
from ..saving import open_archive, read_training, write_model
from .loop import FitLoop
from .windows import check_windows


class Fitting:
    """The `fit` of a model."""

    history: History | None = None
    _running_fit: FitLoop | None = None

    def fit(
        self,
        x: Any = None,
        y: ArrayLike | None = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Callback | Sequence[Callback] | None = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: ArrayLike | None = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Collection[int] = 1,
        mask: ArrayLike | None = None,
        seed: int | np.random.Generator | None = None,
        tbptt: int | None = None,
    ) -> History:
        """Train.

        Parameters
        ----------
        x : array_like, (N, …), or a data set
            A data set hands out batches: ``(x, y)`` or ``(x, y, sample_weight)``, or objects with
            fields or dicts with keys x, y, sample_weight, mask. It may be a generator.
        y : array_like, (N, …)
        batch_size : int, default 32
        epochs : int, default 1
            Number of the last epoch, counted from 1.
        verbose : {"auto", 0, 1, 2}
            0 silent, 1 (auto) a progress bar, 2 a line an epoch.
        callbacks : list of Callback, optional
        validation_split : float, default 0.0
            Fraction of the samples, taken from the end before shuffling, that is held out.
        validation_data : tuple, dict or data set, optional
            ``(x, y)`` or ``(x, y, sample_weight)``; a dict with the keys x, y, sample_weight, mask
            says more.
        shuffle : bool or "batch", default True
            Draw a new order of the samples for each epoch. The order of a data set is its own.
        class_weight : dict of int to float, optional
        sample_weight : array_like, (N,) or (N, T), optional
        initial_epoch : int, default 0
        steps_per_epoch : int, optional
            Batches an epoch; by default all of them.
        validation_steps, validation_batch_size : int, optional
        validation_freq : int or collection of int, default 1
            Validate every so many epochs, or after these, counted from 1.
        mask : array_like of bool, (N, T), optional
            True where a step is real.
        seed : int or numpy.random.Generator, optional
            For the order of the samples.
        tbptt : int, optional
            Truncated BPTT: learn from windows of so many steps, carrying the state from one to the
            next and cutting the gradient there; one update a window.

        Returns
        -------
        History

        Raises
        ------
        ValueError
            If arrays do not fit each other or the model, or hold NaN or infinity.
        NonFiniteError
            If the loss turns non-finite; the weights are those before the batch. With
            :class:`scratchrnn.callbacks.TerminateOnNaN`, training just ends.
        """
        self._check_compiled("fit")
        counts = {"epochs": (epochs, 0), "initial_epoch": (initial_epoch, 0)}
        steps = {"steps_per_epoch": (steps_per_epoch, 1), "validation_steps": (validation_steps, 1)}
        for name, (value, least) in {**counts, **steps}.items():
            check_count("fit", name, value, least, optional=name in steps)
        if class_weight is not None:
            check_class_weight("fit", class_weight)
            if sample_weight is not None:
                raise ValueError("fit: class_weight: not together with sample_weight")
        if batch_size is None and steps_per_epoch is not None and hasattr(x, "shape"):
            batch_size = -(-len(x) // steps_per_epoch)
        data = open_data("fit", x, y, sample_weight, mask, batch_size, shuffle)
        data, held_out = _hold_out(
            data, validation_split, validation_data, validation_batch_size or batch_size
        )
        feed = Feed(data, steps_per_epoch, make_generator(seed))
        first = feed.first()
        self._resolve("fit", first.x.shape[1:], first.y)
        if tbptt is not None:
            check_windows(self, tbptt)
        loop = FitLoop(
            self,
            feed,
            None if held_out is None else Feed(held_out, validation_steps),
            self._callbacks("fit", callbacks, verbose, epochs, feed.steps),
            epochs=int(epochs),
            first_epoch=int(initial_epoch),
            class_weight=class_weight,
            tbptt=tbptt,
            validation_epochs=_validation_epochs(validation_freq),
        )
        return loop.run()

    def _callbacks(self, who: str, callbacks, verbose, epochs=1, steps=None) -> CallbackList:
        """Return the list of callbacks, with the bar and, for `fit`, the record in it."""
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"{who}: verbose: expected 'auto', 0, 1 or 2, got {verbose!r}")
        verbose = 1 if verbose == "auto" else int(verbose)
        listed = CallbackList(callbacks, self, epochs=int(epochs), steps=steps, verbose=verbose)
        if who == "fit":
            self.history = listed.find(History)
            if self.history is None:
                self.history = History()
                listed.append(self.history)
        if verbose and listed.find(ProgbarLogger) is None:
            listed.append(ProgbarLogger())
        return listed

    def save_training(self, path: str | PathLike) -> None:
        """Write the model with the whole state of the `fit` that is running.

        Parameters
        ----------
        path : path-like
            Ends in ``.npz``.

        Raises
        ------
        ValueError
            If no `fit` is running.
        """
        write_model(self, path, training=self._fit_in_progress("save_training").get_state())

    def restore_training(self, path: str | PathLike) -> None:
        """Let the `fit` that has begun go on from a file that `save_training` wrote.

        Parameters
        ----------
        path : path-like

        Raises
        ------
        ValueError
            If the file is damaged, or was written by another model or another `fit`.
        """
        loop = self._fit_in_progress("restore_training")
        with open_archive(path, "restore_training") as archive:
            loop.set_state(read_training(self, archive))

    def _fit_in_progress(self, who: str) -> FitLoop:
        if self._running_fit is None:
            raise ValueError(f"{who}: expected to be called by a callback of a running fit")
        return self._running_fit


def check_count(who: str, name: str, value: Any, least: int, optional: bool = False) -> None:
    """Raise ``ValueError`` unless `value` is an integer that is large enough."""
    if value is None and optional:
        return
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{who}: {name}: expected an integer >= {least}, got {value!r}")


def _hold_out(data, fraction, given, batch_size):
    """Return the data to learn from, and what is kept for validation or None."""
    who = "fit: validation_data"
    if given is not None:
        if is_stream(given):
            return data, open_data(who, given)
        return data, ArrayData(who, *as_batch(who, given), batch_size=batch_size or 32)
    if isinstance(fraction, int | float) and fraction == 0:
        return data, None
    if not isinstance(data, ArrayData):
        raise ValueError("fit: validation_split: only for arrays; give validation_data")
    size, shuffle = data.batch_size, data.shuffle
    kept, held_out = data.split("fit", fraction)
    held_out = ArrayData(who, *held_out, batch_size=batch_size or 32)
    return ArrayData("fit", *kept, batch_size=size, shuffle=shuffle), held_out


def _validation_epochs(freq) -> Callable[[int], bool]:
    if isinstance(freq, int | np.integer) and not isinstance(freq, bool) and freq >= 1:
        return lambda epoch: epoch % freq == 0
    if isinstance(freq, Collection) and not isinstance(freq, str | bytes):
        return lambda epoch: epoch in freq
    raise ValueError(f"fit: validation_freq: expected an integer >= 1 or epochs, got {freq!r}")
