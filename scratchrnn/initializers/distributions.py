"""Initializers that draw from a plain distribution, and the orthogonal one."""

from __future__ import annotations

import math

import numpy as np

from ..random import make_generator
from .base import Initializer


class RandomInitializer(Initializer):
    """Base of the random initializers.

    Parameters
    ----------
    seed : int, numpy.random.Generator or None
        With a seed, draws come from a generator of the initializer's own.
    """

    def __init__(self, seed=None) -> None:
        if seed is not None and not isinstance(seed, np.random.Generator):
            bad_type = isinstance(seed, bool) or not isinstance(seed, (int, np.integer))
            if bad_type or seed < 0:
                who = type(self).__name__
                raise ValueError(f"{who}: seed: expected an integer >= 0 or None, got {seed!r}")
        self.seed = seed
        self._own = None if seed is None else make_generator(seed)

    def __call__(self, shape, dtype=None, rng=None) -> np.ndarray:
        rng = self._own if self._own is not None else rng
        return super().__call__(shape, dtype, make_generator() if rng is None else rng)

    def get_config(self) -> dict:
        if isinstance(self.seed, np.random.Generator):
            raise ValueError(
                f"{type(self).__name__}: seed: a Generator cannot be written to a configuration"
            )
        return {"seed": None if self.seed is None else int(self.seed)}


class RandomNormal(RandomInitializer):
    """Normal distribution.

    Parameters
    ----------
    mean, stddev : float
    seed : int, optional

    Examples
    --------
    >>> RandomNormal(seed=1)((2, 3)).shape
    (2, 3)
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed=None) -> None:
        super().__init__(seed)
        self.mean, self.stddev = float(mean), _not_negative(type(self).__name__, stddev)

    def _draw(self, shape, rng):
        return rng.normal(self.mean, self.stddev, shape)

    def get_config(self) -> dict:
        return {**super().get_config(), "mean": self.mean, "stddev": self.stddev}


class TruncatedNormal(RandomNormal):
    """Normal distribution cut at two standard deviations: values beyond are drawn again.

    Parameters
    ----------
    mean, stddev : float
        Of the distribution before the cut.
    seed : int, optional

    Examples
    --------
    >>> bool(abs(TruncatedNormal(stddev=1.0, seed=1)((1000,))).max() <= 2.0)
    True
    """

    def _draw(self, shape, rng):
        return self.mean + self.stddev * truncated_normal(shape, rng)


class RandomUniform(RandomInitializer):
    """Uniform distribution on [minval, maxval).

    Parameters
    ----------
    minval, maxval : float
    seed : int, optional

    Examples
    --------
    >>> bool(abs(RandomUniform(seed=1)((1000,))).max() <= 0.05)
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed=None) -> None:
        super().__init__(seed)
        if not minval <= maxval:
            raise ValueError(f"RandomUniform: minval: expected at most {maxval}, got {minval!r}")
        self.minval, self.maxval = float(minval), float(maxval)

    def _draw(self, shape, rng):
        return rng.uniform(self.minval, self.maxval, shape)

    def get_config(self) -> dict:
        return {**super().get_config(), "minval": self.minval, "maxval": self.maxval}


class Orthogonal(RandomInitializer):
    """A random matrix with orthonormal rows or columns: the default of recurrent kernels.

    Axes before the last are taken together. The shorter side is the orthonormal one.

    Parameters
    ----------
    gain : float
    seed : int, optional

    References
    ----------
    Saxe, McClelland, Ganguli, 2014, Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks.

    Examples
    --------
    >>> import numpy as np
    >>> w = Orthogonal(seed=1)((3, 3), dtype="float64")
    >>> bool(np.allclose(w.T @ w, np.eye(3)))
    True
    """

    def __init__(self, gain: float = 1.0, seed=None) -> None:
        super().__init__(seed)
        self.gain = float(gain)

    def _draw(self, shape, rng):
        if len(shape) < 2:
            raise ValueError(f"Orthogonal: shape: expected at least 2 dimensions, got {shape}")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        normal = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(normal)
        q = q * np.where(np.diag(r) < 0, -1.0, 1.0)  # else q is not uniform (Mezzadri, 2007)
        return self.gain * (q if rows >= columns else q.T).reshape(shape)

    def get_config(self) -> dict:
        return {**super().get_config(), "gain": self.gain}


def truncated_normal(shape, rng) -> np.ndarray:
    """Return standard normal numbers, those beyond ±2 drawn again until none is."""
    values = np.asarray(rng.standard_normal(shape))
    beyond = np.abs(values) > 2.0
    while beyond.any():
        values[beyond] = rng.standard_normal(int(beyond.sum()))
        beyond = np.abs(values) > 2.0
    return values


def _not_negative(who: str, stddev) -> float:
    if not stddev >= 0:
        raise ValueError(f"{who}: stddev: expected a number >= 0, got {stddev!r}")
    return float(stddev)
