"""The one stream of random numbers that unseeded layers and shuffles draw their seeds from."""

from __future__ import annotations

import numpy as np

_stream = np.random.default_rng()


def set_random_seed(seed: int) -> None:
    """Make everything that is not given a seed of its own reproducible from here on.

    Parameters
    ----------
    seed : int
        Any non-negative integer.

    Raises
    ------
    ValueError
        If `seed` is not a non-negative integer.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.utils.set_random_seed(7)
    """
    global _stream
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(f"set_random_seed: seed: expected an integer >= 0, got {seed!r}")
    _stream = np.random.default_rng(int(seed))


def make_generator(seed: int | np.random.Generator | None = None) -> np.random.Generator:
    """Return a generator: the one given, one with the given seed, or one off the stream.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None

    Returns
    -------
    numpy.random.Generator

    Examples
    --------
    >>> from scratchrnn.random import make_generator
    >>> bool(make_generator(3).random() == make_generator(3).random())
    True
    """
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is None:
        return np.random.default_rng(int(_stream.integers(2**63)))
    return np.random.default_rng(seed)
