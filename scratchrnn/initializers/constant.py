"""Initializers that draw nothing."""

from __future__ import annotations

import numpy as np

from .base import Initializer


class Zeros(Initializer):
    """All zeros.

    Examples
    --------
    >>> Zeros()((2,))
    array([0., 0.], dtype=float32)
    """

    def _draw(self, shape, rng):
        return np.zeros(shape)


class Ones(Initializer):
    """All ones.

    Examples
    --------
    >>> Ones()((2,))
    array([1., 1.], dtype=float32)
    """

    def _draw(self, shape, rng):
        return np.ones(shape)


class Constant(Initializer):
    """One value everywhere, or an array that broadcasts to the shape.

    Parameters
    ----------
    value : float or array_like

    Examples
    --------
    >>> Constant(3.0)((2,))
    array([3., 3.], dtype=float32)
    """

    def __init__(self, value=0.0) -> None:
        self.value = np.asarray(value, np.float64)

    def _draw(self, shape, rng):
        try:
            return np.broadcast_to(self.value, shape).copy()
        except ValueError:
            raise ValueError(
                f"Constant: shape: expected one that fits {self.value.shape}, got {shape}"
            ) from None

    def get_config(self) -> dict:
        return {"value": self.value.tolist()}


class Identity(Initializer):
    """The identity matrix times `gain`; a rectangular one has ones on its main diagonal.

    Parameters
    ----------
    gain : float

    References
    ----------
    Le, Jaitly, Hinton, 2015, A Simple Way to Initialize Recurrent Networks of Rectified Linear
    Units.

    Examples
    --------
    >>> Identity()((2, 2))
    array([[1., 0.],
           [0., 1.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = float(gain)

    def _draw(self, shape, rng):
        if len(shape) != 2:
            raise ValueError(f"Identity: shape: expected 2 dimensions, got {shape}")
        return self.gain * np.eye(*shape)

    def get_config(self) -> dict:
        return {"gain": self.gain}
