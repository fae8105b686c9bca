"""Training that can be stopped: Ctrl-C ends it between two batches, and keeps what was learned."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from ..callbacks import Callback
from ..progress import ProgressBar, format_logs
from .committee import fold
from .model import compile_network


class Run(NamedTuple):
    """One network, what training it was like, and how it did on clips held out of it."""

    name: str
    network: Any
    history: dict[str, list[float]]
    probabilities: np.ndarray  # (N,C) on the held-out clips
    accuracy: float  # of the held-out clips, 0 to 1
    seconds: float | None
    stopped: bool


class _StopOnInterrupt(Callback):
    """Turns the first Ctrl-C into a stop after the batch; a second one interrupts at once.

    In the middle of a batch some weights may be updated and others not. Where Ctrl-C is ignored,
    as in what a script runs in the background, it stays ignored.
    """

    def __init__(self):
        self.asked = False
        self._before: Any = None
        main = threading.current_thread() is threading.main_thread()
        self._listens = main and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN

    def __enter__(self) -> _StopOnInterrupt:
        if self._listens:
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *exception) -> None:
        if self._listens:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def on_train_batch_end(self, batch: int, logs=None) -> None:
        if self.asked:
            raise KeyboardInterrupt


class EpochBar(Callback):
    """One bar for all epochs; where the output is no terminal, about ten lines.

    Parameters
    ----------
    name : str
        Stands in front of each line.
    """

    def __init__(self, name: str):
        self.name = name

    def on_train_begin(self, logs=None) -> None:
        self._bar = ProgressBar(self.params["epochs"], unit="epoch", label=self.name)
        self._every = max(1, self.params["epochs"] // 10)

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        shown = {_WORDS.get(key, key): value for key, value in (logs or {}).items()}
        last = epoch + 1 == self.params["epochs"]
        if self._bar.live:
            short = {"loss": (logs or {}).get("loss"), "held out": (logs or {}).get("val_accuracy")}
            short = {key: value for key, value in short.items() if value is not None}
            self._bar.update(epoch + 1, short)
            if last:
                self._bar.close(short)
        elif last or (epoch + 1) % self._every == 0:
            print(f"{self.name} epoch {epoch + 1}/{self.params['epochs']} - {format_logs(shown)}")


_WORDS = {"val_loss": "held-out loss", "val_accuracy": "held-out accuracy"}


def train(
    name: str,
    network: Any,
    trained: Any,
    held_out: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    *,
    epochs: int,
    batch_size: int = 32,
    seed: int = 0,
    callbacks: list[Callback] | None = None,
) -> Run:
    """Train a network on some clips and try it on others.

    Parameters
    ----------
    name : str
        What to call it in tables and figures.
    network : Sequential
        Compiled; trained in place.
    trained : (x, y, mask), or a data set
        Features (N, T, D), class numbers (N,), real steps (N, T) or None; or what hands out
        batches of these, such as :class:`scratchrnn.video.VideoFolder`.
    held_out : (x, y, mask)
    epochs, batch_size, seed
        As ``fit`` takes them; the batches and the order of a data set are its own.
    callbacks : list of Callback, optional

    Returns
    -------
    Run
        ``stopped`` is True after Ctrl-C; the weights are those after the last whole batch.
    """
    data = {"x": trained}
    if isinstance(trained, tuple):
        data = dict(zip(("x", "y", "mask"), trained, strict=True)) | {"batch_size": batch_size}
    x_held, y_held, mask_held = held_out
    validation = {"x": x_held, "y": y_held, "mask": mask_held}
    began, stopped, record = time.monotonic(), False, _Record()
    with _StopOnInterrupt() as stop:
        try:
            network.fit(
                **data, epochs=epochs, verbose=0, validation_data=validation, seed=seed,
                callbacks=[*(callbacks or []), record, stop],
            )  # fmt: skip
        except KeyboardInterrupt:
            stopped = True
    seconds = time.monotonic() - began
    probabilities = network.predict(x_held, mask=mask_held, verbose=0)
    accuracy = float((probabilities.argmax(axis=1) == y_held).mean())
    return Run(name, network, record.history, probabilities, accuracy, seconds, stopped)


def join(runs: Sequence[Run], held_out: tuple[np.ndarray, np.ndarray, np.ndarray | None]) -> Run:
    """Fold the networks of several runs into one, and try it on clips held out of them.

    Parameters
    ----------
    runs : sequence of Run
        Of networks that are alike. One that was stopped is left out if there are others.
    held_out : (x, y, mask)

    Returns
    -------
    Run
        Its history is the mean of theirs, its seconds are their sum; one run alone is itself.
    """
    whole = [run for run in runs if not run.stopped] or list(runs)
    if len(whole) == 1:
        return whole[0]._replace(stopped=runs[-1].stopped)
    x, y, mask = held_out
    network = fold([run.network for run in whole])
    compile_network(network, 1e-3)
    history = {
        key: np.mean([run.history[key] for run in whole], axis=0).tolist()
        for key in whole[0].history
    }
    probabilities = network.predict(x, mask=mask, verbose=0)
    accuracy = float((probabilities.argmax(axis=1) == y).mean())
    seconds = sum(run.seconds for run in whole)
    name = f"{whole[0].name} × {len(whole)}"
    return Run(name, network, history, probabilities, accuracy, seconds, runs[-1].stopped)


class _Record(Callback):
    """The history, also of a training that did not come to its end."""

    def __init__(self):
        self.history: dict[str, list[float]] = {}

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        for key, value in (logs or {}).items():
            self.history.setdefault(key, []).append(float(value))
