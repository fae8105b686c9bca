"""Layers that move numbers without changing them: Flatten, Reshape, RepeatVector, Permute."""

from __future__ import annotations

import math

import numpy as np

from .arguments import check_count, refusing
from .base import Layer


class Flatten(Layer):
    """Turn (N, …) into (N, product of the rest).

    Parameters
    ----------
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Flatten
    >>> Flatten()(np.zeros((2, 3, 4))).shape
    (2, 12)
    """

    refused = refusing(data_format=(None, "channels_last"))
    supports_masking = False

    def call(self, x, mask=None, training=False):
        self._shape = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:])).copy()

    def backward(self, dy):
        self._check_called()
        dy = self._upstream(dy, (self._shape[0], math.prod(self._shape[1:])))
        return dy.reshape(self._shape).copy()

    def compute_output_shape(self, input_shape):
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))


class Reshape(Layer):
    """Turn (N, …) into (N, *target_shape).

    Parameters
    ----------
    target_shape : tuple of int
        One of them may be -1: whatever remains.
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Reshape
    >>> Reshape((-1, 2))(np.zeros((5, 3, 4))).shape
    (5, 6, 2)
    """

    supports_masking = False

    def __init__(self, target_shape, **options):
        super().__init__(**options)
        sizes = target_shape if isinstance(target_shape, list | tuple) else (target_shape,)
        whole = all(type(size) is int and (size == -1 or size > 0) for size in sizes)
        if not whole or sizes.count(-1) > 1:
            expected = "sizes >= 1, at most one of them -1"
            raise ValueError(f"Reshape: target_shape: expected {expected}, got {target_shape!r}")
        self.target_shape = tuple(sizes)

    def _resolved(self, rest) -> tuple:
        fixed = math.prod(size for size in self.target_shape if size != -1)
        if None in rest:
            return tuple(None if size == -1 else size for size in self.target_shape)
        total = math.prod(rest)
        if total % fixed or (-1 not in self.target_shape and total != fixed):
            raise ValueError(f"Reshape: x: {tuple(rest)} does not fit {self.target_shape}")
        return tuple(total // fixed if size == -1 else size for size in self.target_shape)

    def call(self, x, mask=None, training=False):
        self._shape, self._target = x.shape, (len(x), *self._resolved(x.shape[1:]))
        return x.reshape(self._target).copy()

    def backward(self, dy):
        self._check_called()
        return self._upstream(dy, self._target).reshape(self._shape).copy()

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._resolved(input_shape[1:]))

    def get_config(self):
        return {**super().get_config(), "target_shape": list(self.target_shape)}


class RepeatVector(Layer):
    """Turn (N, D) into (N, n, D): the same vector at every step, for a decoder.

    Parameters
    ----------
    n : int
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import RepeatVector
    >>> RepeatVector(3)(np.array([[1.0, 2.0]])).shape
    (1, 3, 2)
    """

    supports_masking = False

    def __init__(self, n, **options):
        super().__init__(**options)
        self.n = check_count("RepeatVector", "n", n)

    def call(self, x, mask=None, training=False):
        if x.ndim != 2:
            raise ValueError(f"RepeatVector: x: expected (N, D), got {x.shape}")
        self._shape = (len(x), self.n, x.shape[1])
        return np.repeat(x[:, None], self.n, axis=1)

    def backward(self, dy):
        self._check_called()
        return self._upstream(dy, self._shape).sum(axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}


class Permute(Layer):
    """Change the order of the axes after the batch.

    Parameters
    ----------
    dims : tuple of int
        Axes counted from 1, as in ``(2, 1)``; the batch axis stays first.
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Permute
    >>> Permute((2, 1))(np.zeros((5, 3, 4))).shape
    (5, 4, 3)
    """

    supports_masking = False

    def __init__(self, dims, **options):
        super().__init__(**options)
        self.dims = tuple(dims) if isinstance(dims, list | tuple) else (dims,)
        if sorted(map(str, self.dims)) != sorted(str(k + 1) for k in range(len(self.dims))):
            raise ValueError(f"Permute: dims: expected an order of 1, 2, …, got {dims!r}")

    def _axes(self, ndim: int) -> tuple[int, ...]:
        if ndim != len(self.dims) + 1:
            raise ValueError(f"Permute: x: expected {len(self.dims) + 1} axes, got {ndim}")
        return (0, *self.dims)

    def call(self, x, mask=None, training=False):
        y = np.ascontiguousarray(x.transpose(self._axes(x.ndim)))
        self._shape = y.shape
        return y

    def backward(self, dy):
        self._check_called()
        back = np.argsort(self._axes(len(self._shape)))
        return np.ascontiguousarray(self._upstream(dy, self._shape).transpose(back))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[axis] for axis in self._axes(len(input_shape)))

    def get_config(self):
        return {**super().get_config(), "dims": list(self.dims)}
