"""Layers that are random in training and nothing at all otherwise: Dropout, GaussianNoise."""

from __future__ import annotations

import numpy as np

from ..random import make_generator
from .arguments import check_number, check_seed
from .base import Layer, dropout_mask


class RandomMask(Layer):
    """What the dropout layers share: a mask of the shape that a subclass says.

    Parameters
    ----------
    rate : float
        Fraction to drop, in [0, 1].
    seed : int or numpy.random.Generator, optional
    **options
        As in `Layer`.
    """

    def __init__(self, rate, *, seed=None, **options):
        super().__init__(**options)
        who = type(self).__name__
        self.rate = check_number(who, "rate", rate, 0, 1)
        self.seed = check_seed(who, seed)
        self.rng = make_generator(self.seed)

    def _mask_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        raise NotImplementedError(f"{type(self).__name__}: _mask_shape is not written")

    def call(self, x, mask=None, training=False):
        self._shape, self._mask = x.shape, None
        if not training or self.rate == 0:
            return x.copy()
        shape = self._mask_shape(x.shape)
        if self.rate == 1:
            self._mask = np.zeros(shape, self.dtype)
        else:
            self._mask = dropout_mask(self.rng, shape, self.rate, self.dtype)
        return x * self._mask

    def backward(self, dy):
        self._check_called()
        dy = self._upstream(dy, self._shape)
        return dy.copy() if self._mask is None else dy * self._mask

    def get_config(self):
        seed = self.seed if isinstance(self.seed, int) else None
        return {**super().get_config(), "rate": self.rate, "seed": seed}


class Dropout(RandomMask):
    """Zero a random fraction of the inputs in training and scale the rest by 1/(1 - rate).

    Parameters
    ----------
    rate : float
        Fraction to drop, in [0, 1].
    noise_shape : tuple of int or None, optional
        Shape of the mask; 1 where it is shared, None where it is the input's.
    seed : int or numpy.random.Generator, optional
    **options
        As in `Layer`.

    References
    ----------
    N. Srivastava et al., "Dropout", JMLR 15 (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Dropout
    >>> x = np.ones((1, 4))
    >>> bool((Dropout(0.5)(x) == x).all())
    True
    >>> sorted(set(Dropout(0.5, seed=0)(x, training=True).ravel().tolist()))
    [0.0, 2.0]
    """

    def __init__(self, rate, noise_shape=None, seed=None, **options):
        super().__init__(rate, seed=seed, **options)
        self.noise_shape = None if noise_shape is None else self._check_noise_shape(noise_shape)

    def _check_noise_shape(self, shape) -> tuple[int | None, ...]:
        sizes = tuple(shape) if isinstance(shape, list | tuple) else (shape,)
        if not all(size is None or (type(size) is int and size > 0) for size in sizes):
            raise ValueError(f"Dropout: noise_shape: expected sizes >= 1 or None, got {shape!r}")
        return sizes

    def _mask_shape(self, shape):
        wanted = self.noise_shape or (None,) * len(shape)
        if len(wanted) != len(shape):
            raise ValueError(f"Dropout: noise_shape: expected {len(shape)} axes, got {wanted}")
        sizes = zip(wanted, shape, strict=True)
        return tuple(have if want is None else want for want, have in sizes)

    def get_config(self):
        shape = None if self.noise_shape is None else list(self.noise_shape)
        return {**super().get_config(), "noise_shape": shape}


class SpatialDropout1D(RandomMask):
    """Drop whole features of a sequence: the same ones at every step, others in every row.

    Parameters
    ----------
    rate : float
        Fraction of the features to drop, in [0, 1].
    seed : int or numpy.random.Generator, optional
    **options
        As in `Layer`.

    References
    ----------
    J. Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import SpatialDropout1D
    >>> y = SpatialDropout1D(0.5, seed=1)(np.ones((2, 5, 8)), training=True)
    >>> bool((y == y[:, :1]).all())
    True
    """

    def __init__(self, rate, seed=None, **options):
        super().__init__(rate, seed=seed, **options)

    def _mask_shape(self, shape):
        if len(shape) != 3:
            raise ValueError(f"SpatialDropout1D: x: expected (N, T, D), got {shape}")
        return (shape[0], 1, shape[2])


class GaussianNoise(Layer):
    """Add normal noise to the inputs in training.

    Parameters
    ----------
    stddev : float
        Standard deviation, in [0, 1].
    seed : int or numpy.random.Generator, optional
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GaussianNoise
    >>> bool((GaussianNoise(0.1)(np.ones((2, 3))) == 1).all())
    True
    """

    def __init__(self, stddev, seed=None, **options):
        super().__init__(**options)
        self.stddev = check_number("GaussianNoise", "stddev", stddev, 0, 1)
        self.seed = check_seed("GaussianNoise", seed)
        self.rng = make_generator(self.seed)

    def call(self, x, mask=None, training=False):
        self._shape = x.shape
        if not training or self.stddev == 0:
            return x.copy()
        noise = self.rng.standard_normal(x.shape, dtype=self.dtype)
        return x + noise * np.dtype(self.dtype).type(self.stddev)

    def backward(self, dy):
        self._check_called()
        return self._upstream(dy, self._shape).copy()

    def get_config(self):
        seed = self.seed if isinstance(self.seed, int) else None
        return {**super().get_config(), "stddev": self.stddev, "seed": seed}
