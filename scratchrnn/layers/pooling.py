"""Pooling: the largest or the mean value of each window of an image or a sequence."""

from __future__ import annotations

import numpy as np

from ..cells.convolution import Windows, crop, pad
from .arguments import check_choice, check_counts, refusing
from .base import Layer


class Pooling(Layer):
    """What the windowed poolings share.

    Parameters
    ----------
    pool_size : int or tuple of int, default 2
    strides : int or tuple of int, optional
        The pool's size by default: windows side by side.
    padding : {"valid", "same"}, default "valid"
        "valid" leaves out what does not fill a window.
    **options
        As in `Layer`.
    """

    refused = refusing(data_format=(None, "channels_last"))
    rank: int
    supports_masking = False

    def __init__(self, pool_size=2, strides=None, padding="valid", **options):
        super().__init__(**options)
        who, front = type(self).__name__, (1,) * (2 - self.rank)
        padding = padding.lower() if isinstance(padding, str) else padding
        check_choice(who, "padding", padding, ("valid", "same"))
        size = check_counts(who, "pool_size", pool_size, self.rank)
        steps = size if strides is None else check_counts(who, "strides", strides, self.rank)
        self.windows = Windows(front + size, front + steps, padding)

    def _offsets(self, shape):
        """Where each entry of a window falls in the padded image, for all windows."""
        P, Q = self.windows.size
        for p in range(P):
            for q in range(Q):
                yield (slice(None), *self.windows.slices(p, q, shape))

    def _images(self, x: np.ndarray) -> np.ndarray:
        return x if self.rank == 2 else x[:, None]

    def call(self, x, mask=None, training=False):
        who = type(self).__name__
        if x.ndim != self.rank + 2:
            axes = "N, A, B, C" if self.rank == 2 else "N, T, C"
            raise ValueError(f"{who}: x: expected ({axes}), got {x.shape}")
        images = self._images(x)
        if 0 in self.windows.output(images.shape[1:3]):
            size = self.windows.size[2 - self.rank :]
            raise ValueError(f"{who}: x: {x.shape} is smaller than pool_size {size}")
        y = self._pool(images)
        y = y if self.rank == 2 else y[:, 0]
        self._shape = y.shape
        return y

    def backward(self, dy):
        self._check_called()
        dx = self._spread(self._images(self._upstream(dy, self._shape)))
        return dx if self.rank == 2 else dx[:, 0]

    def compute_output_shape(self, input_shape):
        k = 2 - self.rank
        inner = (1,) * k + tuple(input_shape[1:-1])
        return (input_shape[0], *self.windows.output(inner)[k:], input_shape[-1])

    def get_config(self):
        k = 2 - self.rank
        return {
            **super().get_config(),
            "pool_size": list(self.windows.size[k:]),
            "strides": list(self.windows.strides[k:]),
            "padding": self.windows.padding,
        }


class MaxPooling2D(Pooling):
    """The largest value of each window: (N, A, B, C) to (N, A', B', C).

    Parameters
    ----------
    pool_size : int or pair of int, default 2
    strides : int or pair of int, optional
    padding : {"valid", "same"}, default "valid"
    **options
        As in `Layer`.

    Notes
    -----
    The gradient goes to the first of the largest values.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import MaxPooling2D
    >>> MaxPooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]], dtype=float32)
    """

    rank = 2

    def _pool(self, x):
        shape, padded = x.shape[1:3], pad(x, self.windows, -np.inf)
        y = None
        for at in self._offsets(shape):
            y = padded[at].copy() if y is None else np.maximum(y, padded[at], out=y)
        self._kept = padded, y, shape
        return y

    def _spread(self, dy):
        padded, y, shape = self._kept
        dx, waiting = np.zeros_like(padded), np.ones(y.shape, bool)
        for at in self._offsets(shape):
            here = waiting & (padded[at] == y)
            dx[at] += np.where(here, dy, 0)
            waiting &= ~here
        return crop(dx, self.windows, shape)


class AveragePooling2D(Pooling):
    """The mean value of each window: (N, A, B, C) to (N, A', B', C).

    Parameters
    ----------
    pool_size : int or pair of int
    strides : int or pair of int, optional
    padding : {"valid", "same"}, default "valid"
        What "same" adds around the image does not count.
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import AveragePooling2D
    >>> AveragePooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """

    rank = 2

    def _sum(self, padded, shape):
        return sum(padded[at] for at in self._offsets(shape))

    def _pool(self, x):
        shape = x.shape[1:3]
        inside = pad(np.ones((1, *shape, 1), self.dtype), self.windows)
        self._count, self._inner = self._sum(inside, shape), shape
        padded = pad(x, self.windows)
        self._padded_shape = padded.shape
        return self._sum(padded, shape) / self._count

    def _spread(self, dy):
        dx, share = np.zeros(self._padded_shape, self.dtype), dy / self._count
        for at in self._offsets(self._inner):
            dx[at] += share
        return crop(dx, self.windows, self._inner)


class MaxPooling1D(MaxPooling2D):
    """The largest value of each window of a sequence: (N, T, C) to (N, T', C).

    Parameters
    ----------
    pool_size : int, default 2
    strides : int, optional
    padding : {"valid", "same"}, default "valid"
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import MaxPooling1D
    >>> MaxPooling1D(2)(np.arange(5.0).reshape(1, 5, 1)).ravel()
    array([1., 3.], dtype=float32)
    """

    rank = 1


class AveragePooling1D(AveragePooling2D):
    """The mean value of each window of a sequence: (N, T, C) to (N, T', C).

    Parameters
    ----------
    pool_size : int
    strides : int, optional
    padding : {"valid", "same"}, default "valid"
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import AveragePooling1D
    >>> AveragePooling1D(2, strides=1)(np.arange(4.0).reshape(1, 4, 1)).ravel()
    array([0.5, 1.5, 2.5], dtype=float32)
    """

    rank = 1
