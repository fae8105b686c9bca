"""Networks that take pictures, end to end: what a frame shows is learned with the rest.

    frame_network         Conv2D on every frame, a recurrent layer over what it finds, a class
    next_frame_network    ConvLSTM2D: after every frame, what changes until the next

Both take clips as (N, T, h, w, channels): what :class:`FrameFeatures` gives with ``flatten=False``.
They are compiled, and plain :class:`scratchrnn.models.Sequential`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_CELLS = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


def frame_network(
    shape: Sequence[int],
    classes: int,
    *,
    filters: Sequence[int] = (8, 16),
    cell: str = "gru",
    units: int = 48,
    bidirectional: bool = False,
    dropout: float = 0.2,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> Any:
    """Return a compiled network from clips to classes: convolution in space, recurrence in time.

    Parameters
    ----------
    shape : (int, int, int)
        Height, width and channels of a frame, such as ``FrameFeatures(flatten=False).shape``.
    classes : int
        Number of classes.
    filters : sequence of int, default (8, 16)
        Of one convolution after another, 3 × 3, each of which halves height and width.
    cell : {"gru", "lstm", "rnn"}
    units : int, default 48
        H of the recurrent layer.
    bidirectional : bool, default False
        Let it read from both ends.
    dropout : float, default 0.2
        Share of its inputs, and of its final state, that is dropped in training.
    learning_rate : float, default 3e-3
        Of Adam, with the gradient's norm clipped at 1.
    seed : int, default 0
        Of the first weights and of dropout.

    Returns
    -------
    Sequential
        (N, T, h, w, channels) to probabilities (N, classes).

    Raises
    ------
    ValueError
        If the cell is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import FrameFeatures, frame_network
    >>> features = FrameFeatures((12, 16), flatten=False)
    >>> network = frame_network(features.shape, classes=3)
    >>> network(np.zeros((2, 5, *features.shape))).shape
    (2, 3)
    """
    from .. import layers, models, optimizers

    if cell not in _CELLS:
        raise ValueError(f"frame_network: cell: expected rnn, lstm or gru, got {cell!r}")
    seeds = iter(np.random.SeedSequence(seed).generate_state(len(filters) + 4).tolist())
    stack = [layers.Input((None, *shape))]
    for count in filters:
        convolution = layers.Conv2D(
            count, 3, strides=2, padding="same", activation="relu", seed=next(seeds)
        )
        stack.append(layers.TimeDistributed(convolution))
    stack += [layers.TimeDistributed(layers.Flatten()), layers.Dropout(dropout, seed=next(seeds))]
    reader = getattr(layers, _CELLS[cell])(units, seed=next(seeds))
    stack.append(layers.Bidirectional(reader) if bidirectional else reader)
    stack.append(layers.Dropout(dropout, seed=next(seeds)))
    stack.append(layers.Dense(classes, activation="softmax", seed=next(seeds)))
    network = models.Sequential(stack)
    network.compile(
        optimizers.Adam(learning_rate, global_clipnorm=1.0),
        "sparse_categorical_crossentropy",
        ["accuracy"],
    )
    return network


def next_frame_network(
    shape: Sequence[int],
    *,
    filters: Sequence[int] = (12,),
    kernel_size: int = 3,
    learning_rate: float = 3e-3,
    seed: int = 0,
) -> Any:
    """Return a compiled network from clips to what comes next in them: ConvLSTM2D.

    It says by how much each pixel will change, so that ``x + network(x)`` is the next frame. All
    that does not move is right from the start, and nothing need be learned but motion.

    Parameters
    ----------
    shape : (int, int, int)
        Height, width and channels of a frame.
    filters : sequence of int, default (12,)
        Of one ConvLSTM2D after another.
    kernel_size : int, default 3
        Of their convolutions: what moves by more cells a frame than half of it is lost.
    learning_rate : float, default 3e-3
        Of Adam, with the gradient's norm clipped at 1.
    seed : int, default 0
        Of the first weights.

    Returns
    -------
    Sequential
        (N, T, h, w, channels) to as much; learns from :func:`next_frame_pairs`. Before that it
        says 0: the last frame again.

    References
    ----------
    Shi, Chen, Wang, Yeung, Wong, Woo: Convolutional LSTM Network: A Machine Learning Approach for
    Precipitation Nowcasting. NeurIPS 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import next_frame_network
    >>> network = next_frame_network((6, 8, 1), filters=(4,))
    >>> network(np.zeros((2, 5, 6, 8, 1))).shape
    (2, 5, 6, 8, 1)
    """
    from .. import layers, models, optimizers

    seeds = iter(np.random.SeedSequence(seed).generate_state(len(filters)).tolist())
    stack = [layers.Input((None, *shape))]
    for count in filters:
        stack.append(
            layers.ConvLSTM2D(
                count, kernel_size, padding="same", return_sequences=True, seed=next(seeds)
            )
        )
    change = layers.Conv2D(shape[-1], 3, padding="same", kernel_initializer="zeros")
    network = models.Sequential([*stack, layers.TimeDistributed(change)])
    network.compile(optimizers.Adam(learning_rate, global_clipnorm=1.0), "mse")
    return network


def next_frame_pairs(clips: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what a network that foretells frames is shown, and what it should say.

    Parameters
    ----------
    clips : ndarray, (N, T, h, w, channels)
        Clips of equal length.

    Returns
    -------
    x, change : ndarray, (N, T - 1, h, w, channels)
        All frames but the last, and by how much each is changed in the one that follows.

    Raises
    ------
    ValueError
        If there are not five axes, or fewer than two frames.
    """
    clips = np.asarray(clips)
    if clips.ndim != 5 or clips.shape[1] < 2:
        raise ValueError(
            f"next_frame_pairs: clips: expected (N, T >= 2, h, w, channels), got {clips.shape}"
        )
    return np.ascontiguousarray(clips[:, :-1]), np.diff(clips, axis=1)
