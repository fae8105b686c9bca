"""The one stream of random numbers that unseeded layers and shuffles draw their seeds from.

The state of a generator can be taken and put back as plain values, so that training that was
stopped goes on with the very numbers that it would have drawn.
"""

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


def shared_stream() -> np.random.Generator:
    """Return the stream itself, for taking its state and putting it back."""
    return _stream


def make_generator(seed: int | np.random.Generator | None = None) -> np.random.Generator:
    """Return a generator: the one given, one with the given seed, or one off the stream.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None

    Returns
    -------
    numpy.random.Generator

    Raises
    ------
    ValueError
        If `seed` is none of these.

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
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ValueError(
            f"make_generator: seed: expected an integer >= 0, a Generator or None, got {seed!r}"
        )
    return np.random.default_rng(int(seed))


def generator_state(rng: np.random.Generator) -> dict:
    """Return where a generator stands, as nested dicts of plain values.

    Parameters
    ----------
    rng : numpy.random.Generator

    Returns
    -------
    dict
        JSON-able.

    Examples
    --------
    >>> from scratchrnn.random import generator_state, make_generator, set_generator_state
    >>> rng = make_generator(0)
    >>> here = generator_state(rng)
    >>> first = rng.random()
    >>> set_generator_state(rng, here)
    >>> bool(rng.random() == first)
    True
    """
    return _plain(rng.bit_generator.state)


def set_generator_state(rng: np.random.Generator, state: dict) -> None:
    """Put a generator back to where `generator_state` found one of the same kind.

    Parameters
    ----------
    rng : numpy.random.Generator
    state : dict

    Raises
    ------
    ValueError
        If it is not the state of such a generator; nothing is changed then.
    """
    kind = type(rng.bit_generator).__name__
    if not isinstance(state, dict) or state.get("bit_generator") != kind:
        raise ValueError(f"random generator: state: expected one of {kind}, got {state!r:.80}")
    before = rng.bit_generator.state
    try:
        rng.bit_generator.state = state
    except (LookupError, TypeError, OverflowError, ValueError) as error:
        rng.bit_generator.state = before
        raise ValueError(f"random generator: state: not a state of {kind}: {error!r}") from error


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value
