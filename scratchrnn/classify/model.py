"""A clip classifier: the features of frames, a recurrent network over them, names of classes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..video import FrameFeatures

CELLS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}
"""Names on the command line, and the layers that they stand for."""


def build_network(
    cell: str,
    inputs: int,
    classes: int,
    *,
    units: int = 64,
    bidirectional: bool = False,
    dropout: float = 0.0,
    learning_rate: float = 1e-3,
    decay_steps: int | None = None,
    seed: int | Sequence[int] = 0,
) -> Any:
    """Return a compiled network: sequences of features in, probabilities of classes out.

    Parameters
    ----------
    cell : str
        ``"rnn"``, ``"lstm"``, ``"gru"``; or ``"mean"``, the baseline that is blind to order, which
        takes the mean over time of the features, (N, D), instead of the features.
    inputs : int
        D, numbers a frame.
    classes : int
        Number of classes.
    units : int
        H of the recurrent layer.
    bidirectional : bool
        Read each clip from both ends, and judge by the mean of the states over all steps instead
        of by the last state.
    dropout : float
        Share of the inputs, and of the state that is judged by, that is dropped in training.
    learning_rate : float
        Of Adam, with the gradient's norm clipped at 1.
    decay_steps : int, optional
        Let the learning rate fall to zero over so many batches, along a cosine.
    seed : int or sequence of int
        Of the first weights and of dropout.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If the cell is not known.
    """
    from .. import layers, models

    if cell not in CELLS and cell != "mean":
        raise ValueError(f"build_network: cell: expected rnn, lstm, gru or mean, got {cell!r}")
    seeds = np.random.SeedSequence(seed).generate_state(3)
    if cell == "mean":
        stack = [layers.Input((inputs,))]
    else:
        stack = [layers.Input((None, inputs))]
        stack += _reading(cell, units, bidirectional, dropout, seeds)
    stack.append(layers.Dense(classes, activation="softmax", seed=int(seeds[2])))
    network = models.Sequential(stack)
    compile_network(network, learning_rate, decay_steps)
    return network


def compile_network(network: Any, learning_rate: float, decay_steps: int | None = None) -> None:
    """Choose how a classifier learns: Adam, the gradient's norm clipped at 1, cross-entropy.

    Parameters
    ----------
    network : Sequential
    learning_rate : float
        At the start.
    decay_steps : int, optional
        Let it fall to zero over so many batches, along a cosine.
    """
    from .. import optimizers

    rate = learning_rate
    if decay_steps is not None:
        rate = optimizers.schedules.CosineDecay(learning_rate, decay_steps)
    network.compile(
        optimizers.Adam(rate, global_clipnorm=1.0), "sparse_categorical_crossentropy", ["accuracy"]
    )


def _reading(cell: str, units: int, bidirectional: bool, dropout: float, seeds) -> list:
    """Return the layers that turn a sequence into one vector."""
    from .. import layers

    first, second, *_ = map(int, seeds)
    after = [layers.Dropout(dropout, seed=second)] if dropout else []
    kind = getattr(layers, CELLS[cell])
    if not bidirectional:
        return [kind(units, dropout=dropout, seed=first), *after]
    # Here every number of every step is dropped anew: both halves see the same remains.
    before = [layers.Dropout(dropout, seed=first)] if dropout else []
    both = layers.Bidirectional(kind(units, return_sequences=True, seed=first))
    return [*before, both, layers.GlobalAveragePooling1D(), *after]


def mean_over_time(x: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the mean of the real steps: all that is left when order is taken away.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    mask : ndarray of bool, (N, T)

    Returns
    -------
    ndarray, (N, D)

    Examples
    --------
    >>> import numpy as np
    >>> x, mask = np.array([[[1.0], [3.0], [9.0]]]), np.array([[True, True, False]])
    >>> float(mean_over_time(x, mask)[0, 0])
    2.0
    """
    real = mask[..., None]
    return np.where(real, x, 0).sum(axis=1) / real.sum(axis=1)


class ClipClassifier:
    """A trained network with all that it needs to tell what a video file shows.

    Parameters
    ----------
    network : Sequential
        (N, T, D), or (N, T, h, w, channels), to probabilities (N, C).
    features : FrameFeatures
        How frames become what it takes.
    classes : sequence of str
        Names of the C classes, in the network's order.
    about : dict, optional
        What is worth remembering of the training; JSON-able.

    Raises
    ------
    ValueError
        If features, network and classes do not fit each other.
    """

    def __init__(
        self,
        network: Any,
        features: FrameFeatures,
        classes: Sequence[str],
        about: dict | None = None,
    ):
        self.network, self.features = network, features
        self.classes, self.about = tuple(classes), dict(about or {})
        takes, gives = tuple(network.input_shape[2:]), network.output_shape[-1]
        if features.shape != takes:
            has, wants = (" x ".join(map(str, shape)) for shape in (features.shape, takes))
            raise ValueError(
                f"features of {has} numbers a frame do not fit the network, which takes {wants}"
            )
        if len(self.classes) != gives:
            raise ValueError(
                f"{len(self.classes)} names of classes do not fit the network, which has {gives}"
            )

    @property
    def cell(self) -> str:
        """Name of the recurrent layer's class."""
        return cell_name(self.network)

    def predict(self, paths: Sequence[str | os.PathLike]) -> np.ndarray:
        """Return the probabilities of the classes for each file.

        Parameters
        ----------
        paths : sequence of path-like
            Video files.

        Returns
        -------
        ndarray, (N, C)

        Raises
        ------
        VideoError
            If a file cannot be read; it is named.
        """
        x, mask = pad([self.features.from_file(path) for path in paths])
        return self.network.predict(x, mask=mask, verbose=0)

    def save(self, path: str | os.PathLike) -> None:
        """Write everything to one ``.npz``, whole or not at all."""
        self.network.metadata = {
            "task": "clip classification",
            "classes": list(self.classes),
            "features": self.features.get_config(),
            "about": self.about,
        }
        self.network.save(path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> ClipClassifier:
        """Read what `save` wrote.

        Raises
        ------
        ValueError
            If the file is missing, is no model, or is a model of something else.
        """
        from ..models import load_model

        network = load_model(path)
        try:
            described = network.metadata
            features = FrameFeatures.from_config(described["features"])
            return cls(network, features, described["classes"], described["about"])
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: a model, but not one of clips: it holds no class names and features "
                "(scratchrnn train makes such files)"
            ) from error
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def cell_name(network: Any) -> str:
    """Return what to call a network in a table: its recurrent layer's class."""
    from ..layers import Bidirectional

    for layer in reversed(network.layers):
        if isinstance(layer, Bidirectional):
            return f"bidirectional {type(layer.forward_layer).__name__}"
        if getattr(layer, "state_names", None):
            return type(layer).__name__
    raise ValueError("network: expected a SimpleRNN, LSTM or GRU layer, got none")


def pad(sequences: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences (T_n, ...) as one array (N, T, ...), zeros behind, and its mask (N, T)."""
    if not sequences:
        raise ValueError("pad: sequences: expected at least one, got none")
    longest = max(len(s) for s in sequences)
    x = np.zeros((len(sequences), longest, *sequences[0].shape[1:]), sequences[0].dtype)
    mask = np.zeros((len(sequences), longest), bool)
    for row, real, sequence in zip(x, mask, sequences, strict=True):
        row[: len(sequence)] = sequence
        real[: len(sequence)] = True
    return x, mask


def digest(path: str | os.PathLike) -> str:
    """Return a fingerprint of a file's content, by which a clip is known again."""
    state = hashlib.blake2b(digest_size=8)
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            state.update(block)
    return state.hexdigest()
