"""Naming what somebody does, frame by frame: a recurrent network, and two that remember nothing."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from .. import layers, models, optimizers
from ..classify import EpochBar
from .body import CHANNELS

RECURRENT, BY_FRAME, NEAREST = "GRU, both ways", "frame by frame", "nearest mean"
_WINDOW, _HOP = 60, 15  # frames of the pieces that are learned from, and from one to the next


class Capture(NamedTuple):
    """Sequences of joint angles, with what is done in every frame."""

    sequences: dict[str, tuple[np.ndarray, np.ndarray]]  # angles (T,12), action (T,) by name
    actions: tuple[str, ...]  # names of the actions


class ActionResult(NamedTuple):
    """What networks say of a sequence that they were not trained on."""

    held_out: str
    angles: np.ndarray  # (T,12), as read
    truth: np.ndarray  # (T,)
    said: dict[str, np.ndarray]  # (T,) by network
    probabilities: np.ndarray  # (T,C) of the recurrent network
    actions: tuple[str, ...]
    network: models.Sequential
    scale: tuple[np.ndarray, np.ndarray]  # mean and spread of the angles learned from

    @property
    def accuracy(self) -> dict[str, float]:
        """Share of frames named rightly, by network."""
        return {name: float((said == self.truth).mean()) for name, said in self.said.items()}


def read_capture(path: str | os.PathLike) -> Capture:
    """Read sequences of motion capture from a ``.npz``.

    Parameters
    ----------
    path : path-like
        Holds ``<name>/angles`` (T, 12) and ``<name>/action`` (T,) for each sequence,
        ``channels`` and ``actions`` with the names of both.

    Returns
    -------
    Capture

    Raises
    ------
    ValueError
        If something is missing or has another shape; the file is named.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "capture.npz")
    >>> data = {f"{n}/angles": np.zeros((70, 12)) for n in "ab"}
    >>> data |= {f"{n}/action": np.arange(70) // 35 for n in "ab"}
    >>> np.savez(path, channels=np.array(CHANNELS), actions=np.array(["jog", "squat"]), **data)
    >>> capture = read_capture(path)
    >>> list(capture.sequences), capture.actions
    (['a', 'b'], ('jog', 'squat'))
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            data = {key: file[key] for key in file}
    except (EOFError, ValueError, KeyError) as error:
        raise ValueError(f"read_capture: {path}: is no whole .npz ({error})") from error
    for key in ("channels", "actions"):
        if key not in data:
            raise ValueError(f"read_capture: {path}: expected an array {key!r}, got {sorted(data)}")
    if tuple(data["channels"].tolist()) != CHANNELS:
        expected = ", ".join(CHANNELS)
        raise ValueError(f"read_capture: {path}: channels: expected {expected}")
    actions = tuple(str(name) for name in data["actions"])
    sequences = {}
    for name in sorted(key.removesuffix("/angles") for key in data if key.endswith("/angles")):
        angles, action = data[f"{name}/angles"], data.get(f"{name}/action")
        _check_sequence(path, name, angles, action, len(actions))
        sequences[name] = (angles.astype(np.float32), action.astype(int))
    if len(sequences) < 2:
        raise ValueError(f"read_capture: {path}: expected two sequences, got {list(sequences)}")
    return Capture(sequences, actions)


def _check_sequence(path, name: str, angles: np.ndarray, action, number: int) -> None:
    fits = action is not None and angles.shape == (len(action), len(CHANNELS))
    if not fits or angles.dtype.kind != "f" or not np.isfinite(angles).all():
        raise ValueError(
            f"read_capture: {path}: {name}: expected finite angles (T, 12) and an action for each "
            f"frame, got {angles.dtype} {angles.shape}"
        )
    if action.dtype.kind not in "iu" or not ((action >= 0) & (action < number)).all():
        raise ValueError(f"read_capture: {path}: {name}: expected actions 0 to {number - 1}")


def train_actions(
    capture: Capture,
    held_out: str,
    *,
    epochs: int = 25,
    units: int = 64,
    seed: int = 0,
    say: Callable[[str], None] | None = None,
) -> ActionResult:
    """Learn actions from all sequences but one, and name those of that one, frame by frame.

    Parameters
    ----------
    capture : Capture
    held_out : str
        Name of the sequence that is kept back.
    epochs : int
    units : int
        H of the GRU in each direction.
    seed : int
        Of first weights, dropout and the order of windows.
    say : callable, optional
        Called with each line of progress; then the epochs are shown as well.

    Returns
    -------
    ActionResult

    Raises
    ------
    ValueError
        If there is no such sequence, or nothing else to learn from.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sequences = {n: (rng.normal(size=(70, 12)), np.arange(70) // 35) for n in "ab"}
    >>> learned = train_actions(Capture(sequences, ("jog", "squat")), "b", epochs=1, units=4)
    >>> learned.probabilities.shape
    (70, 2)
    """
    if held_out not in capture.sequences:
        raise ValueError(
            f"train_actions: held_out: expected one of {list(capture.sequences)}, got {held_out!r}"
        )
    rest = {name: pair for name, pair in capture.sequences.items() if name != held_out}
    seen = np.concatenate([angles for angles, _ in rest.values()])
    labels = np.concatenate([action for _, action in rest.values()])
    mean, spread = seen.mean(axis=0), np.maximum(seen.std(axis=0), 1e-6)
    angles, truth = capture.sequences[held_out]
    whole = (angles - mean) / spread
    x, y = _windows(rest, mean, spread)
    number = len(capture.actions)
    network = _network(True, number, units, seed, epochs * math.ceil(len(x) / 16))
    bars = [EpochBar(RECURRENT)] if say else []
    network.fit(x, y, batch_size=16, epochs=epochs, verbose=0, seed=seed, callbacks=bars)
    plain = _network(False, number, units, seed, epochs * math.ceil(len(x) / 16))
    plain.fit(x, y, batch_size=16, epochs=epochs, verbose=0, seed=seed)
    probabilities = network.predict(whole[None], verbose=0)[0]
    said = {
        RECURRENT: probabilities.argmax(axis=1),
        BY_FRAME: plain.predict(whole[None], verbose=0)[0].argmax(axis=1),
        NEAREST: nearest_mean((seen - mean) / spread, labels, whole),
    }
    result = ActionResult(
        held_out, angles, truth, said, probabilities, capture.actions, network, (mean, spread)
    )
    for name, share in result.accuracy.items():
        (say or (lambda line: None))(f"{name}: {100 * share:.1f} % of the frames of {held_out}")
    return result


def _windows(rest: Mapping, mean, spread) -> tuple[np.ndarray, np.ndarray]:
    """Return overlapping pieces of all sequences, (N, 60, 12), and their labels, (N, 60)."""
    pieces = [
        ((angles[s : s + _WINDOW] - mean) / spread, action[s : s + _WINDOW])
        for angles, action in rest.values()
        for s in range(0, len(angles) - _WINDOW + 1, _HOP)
    ]
    if not pieces:
        raise ValueError(f"train_actions: capture: expected a sequence of {_WINDOW} frames or more")
    x, y = zip(*pieces, strict=True)
    return np.stack(x), np.stack(y)


def _network(recurrent: bool, classes: int, units: int, seed: int, updates: int):
    """Return a compiled network that names every step, (N, T, 12) to (N, T, C)."""
    if recurrent:
        gru = layers.GRU(units, return_sequences=True, dropout=0.3, seed=seed)
        inner = [layers.Bidirectional(gru)]
    else:
        inner = [layers.Dense(2 * units, activation="relu", seed=seed + k) for k in range(2)]
    network = models.Sequential(
        [
            layers.Input((None, len(CHANNELS))),
            *inner,
            layers.Dropout(0.3, seed=seed + 2),
            layers.Dense(classes, activation="softmax", seed=seed + 3),
        ]
    )
    rate = optimizers.schedules.CosineDecay(3e-3, updates)
    network.compile(optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy")
    return network


def nearest_mean(x: np.ndarray, y: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Return for each row the class whose mean is nearest: the plain baseline.

    Parameters
    ----------
    x : ndarray, (N, D)
    y : ndarray of int, (N,)
    unseen : ndarray, (M, D)

    Returns
    -------
    ndarray of int, (M,)

    Examples
    --------
    >>> import numpy as np
    >>> nearest_mean(np.array([[0.0], [2.0], [9.0]]), np.array([1, 1, 4]), np.array([[3.0], [8.0]]))
    array([1, 4])
    """
    classes = np.unique(y)
    means = np.stack([x[y == c].mean(axis=0) for c in classes])
    return classes[((unseen[:, None] - means) ** 2).sum(axis=-1).argmin(axis=1)]
