"""The base of every callback, and the list that calls them all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class Callback:
    """Base class: override the turns that matter.

    The model is in ``self.model`` and what was given to `fit` in ``self.params`` (epochs, steps,
    verbose); setting ``self.model.stop_training = True`` ends training after the batch.

    A callback that remembers something from epoch to epoch names it in ``remembers``, so that
    :class:`BackupAndRestore` carries it over to a run that goes on in another process.

    Examples
    --------
    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, "done!")
    """

    model: Any = None
    params: dict | None = None
    remembers: tuple[str, ...] = ()
    comes_last = False

    def set_model(self, model) -> None:
        """Remember the model."""
        self.model = model

    def set_params(self, params: dict) -> None:
        """Remember epochs, steps and verbosity."""
        self.params = params

    def get_state(self) -> dict:
        """Return what is remembered: plain values, and arrays.

        Returns
        -------
        dict
        """
        return {name: getattr(self, name) for name in self.remembers}

    def set_state(self, state: dict) -> None:
        """Take back what `get_state` returned.

        Parameters
        ----------
        state : dict

        Raises
        ------
        ValueError
            If it is the state of another kind of callback.
        """
        if not isinstance(state, dict) or set(state) != set(self.remembers):
            who, expected = type(self).__name__, sorted(self.remembers)
            raise ValueError(f"{who}: state: expected {expected}, got {state!r:.80}")
        for name, value in state.items():
            setattr(self, name, value)

    def on_train_begin(self, logs=None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs=None) -> None:
        """After the last epoch, with its logs."""

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Before each epoch."""

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """After each epoch, with its losses and metrics, validation included."""

    def on_batch_begin(self, batch: int, logs=None) -> None:
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs=None) -> None:
        """Another name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs=None) -> None:
        """Before each batch of training."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        """After each batch of training, with the epoch's means so far."""
        self.on_batch_end(batch, logs=logs)

    def on_test_begin(self, logs=None) -> None:
        """Before evaluation, also that of `fit` on its validation data."""

    def on_test_end(self, logs=None) -> None:
        """After evaluation, with its losses and metrics."""

    def on_test_batch_begin(self, batch: int, logs=None) -> None:
        """Before each batch of evaluation."""

    def on_test_batch_end(self, batch: int, logs=None) -> None:
        """After each batch of evaluation, with the means so far."""

    def on_predict_begin(self, logs=None) -> None:
        """Before prediction."""

    def on_predict_end(self, logs=None) -> None:
        """After prediction."""

    def on_predict_batch_begin(self, batch: int, logs=None) -> None:
        """Before each batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs=None) -> None:
        """After each batch of prediction, with its ``outputs``."""


_BATCH_ENDS = ("on_batch_end", "on_train_batch_end", "on_test_batch_end", "on_predict_batch_end")


class CallbackList:
    """Calls every turn of every callback, in the order of the list.

    Those that keep the whole state of training (``comes_last``) are called after all others, so
    that they see what these have done.

    Parameters
    ----------
    callbacks : Callback or list of Callback, optional
    model : Sequential, optional
    **params
        Told to each callback: epochs, steps, verbose.

    Raises
    ------
    ValueError
        If something in the list is no callback, or Keras's `add_history` or `add_progbar` is on.
    """

    def __init__(
        self,
        callbacks: Callback | Sequence[Callback] | None = None,
        model: Any = None,
        **params: Any,
    ):
        for name in {"add_history", "add_progbar"} & set(params):
            if params.pop(name):
                raise ValueError(f"CallbackList: {name}: not supported: put the callback in")
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        self.callbacks = [callback for callback in given if callback is not None]
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                got = type(callback).__name__
                raise ValueError(f"fit: callbacks: expected Callback objects, got {got}")
        self.model, self.params = model, params
        self._tell()

    def append(self, callback: Callback) -> None:
        """Add a callback; it is told model and params like the others."""
        self.callbacks.append(callback)
        self._tell()

    def _tell(self) -> None:
        self.callbacks.sort(key=lambda callback: callback.comes_last)  # stable
        for callback in self.callbacks:
            callback.set_model(self.model)
            callback.set_params(self.params)
        turns = (getattr(type(c), name) for c in self.callbacks for name in _BATCH_ENDS)
        own = {getattr(Callback, name) for name in _BATCH_ENDS}
        instance = any(name in vars(c) for c in self.callbacks for name in _BATCH_ENDS)
        self.wants_batch_logs = instance or any(turn not in own for turn in turns)

    def call(self, turn: str, *arguments, logs=None) -> None:
        """Call one turn, such as ``"on_epoch_end"``, of every callback.

        Parameters
        ----------
        turn : str
        *arguments
            The epoch's or batch's number, where the turn has one.
        logs : dict, optional
        """
        for callback in self.callbacks:
            getattr(callback, turn)(*arguments, logs)

    def find(self, kind: type) -> Callback | None:
        """Return the first callback of a kind, or None."""
        return next((c for c in self.callbacks if isinstance(c, kind)), None)

    def get_state(self) -> list:
        """Return the class and the state of each callback that remembers something."""
        states = ((type(c).__name__, c.get_state()) for c in self.callbacks)
        return [[name, state] for name, state in states if state]

    def set_state(self, states: list) -> None:
        """Give each callback its state back.

        Raises
        ------
        ValueError
            If the callbacks are not those of the run that was kept.
        """
        remembering = [c for c in self.callbacks if c.get_state()]
        have, kept = [type(c).__name__ for c in remembering], [name for name, _ in states]
        if have != kept:
            raise ValueError(f"callbacks: the run that was kept had {kept}, this one has {have}")
        for callback, (_, state) in zip(remembering, states, strict=True):
            callback.set_state(state)
