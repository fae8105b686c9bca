"""What every initializer is, and what a user may give instead of one."""

from __future__ import annotations

import inspect

import numpy as np

from .. import config


class Initializer:
    """Base class: ``init(shape, dtype=None, rng=None)`` returns a new array."""

    def __call__(self, shape, dtype=None, rng=None) -> np.ndarray:
        """Return a new array.

        Parameters
        ----------
        shape : tuple of int
        dtype : str, optional
            ``floatx()`` by default.
        rng : numpy.random.Generator, optional
            Where random numbers come from; not used by an initializer that has a seed of its own.
        """
        dtype = config.check_dtype(type(self).__name__, dtype or config.floatx())
        return np.ascontiguousarray(self._draw(tuple(shape), rng), dtype)

    def _draw(self, shape, rng) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__}: _draw is not written")

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Initializer:
        """Make an initializer from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class UserInitializer(Initializer):
    """A user's ``function(shape, dtype[, rng])``, or an array to start from."""

    def __init__(self, source) -> None:
        self.source = source

    def _draw(self, shape, rng):
        if not callable(self.source):
            value = np.asarray(self.source)
        elif "rng" in inspect.signature(self.source).parameters:
            value = np.asarray(self.source(shape, dtype="float64", rng=rng))
        else:
            value = np.asarray(self.source(shape, dtype="float64"))
        if value.shape != shape:
            raise ValueError(f"initializer: shape: expected {shape}, got {value.shape}")
        return value.copy()
