"""Global pooling: the largest or the mean value of a whole sequence or image."""

from __future__ import annotations

import numpy as np

from .arguments import check_flag, refusing
from .base import Layer


class GlobalPooling(Layer):
    """What the poolings of whole sequences and images share.

    Parameters
    ----------
    keepdims : bool, default False
        Keep the pooled axes, with size 1.
    **options
        As in `Layer`.

    Notes
    -----
    Masked steps of a sequence do not count. A row that is masked throughout gives 0.
    """

    refused = refusing(data_format=(None, "channels_last"))
    rank: int
    supports_masking = False

    def __init__(self, *, keepdims=False, **options):
        super().__init__(**options)
        self.keepdims = check_flag(type(self).__name__, "keepdims", keepdims)

    @property
    def _axes(self) -> tuple[int, ...]:
        return tuple(range(1, self.rank + 1))

    def call(self, x, mask=None, training=False):
        who = type(self).__name__
        if x.ndim != self.rank + 2 or 0 in x.shape[1:-1]:
            axes = "N, A, B, C" if self.rank == 2 else "N, T, C"
            raise ValueError(f"{who}: x: expected ({axes}), got {x.shape}")
        real = None
        if mask is not None and self.rank == 1:
            if mask.shape != x.shape[:2]:
                raise ValueError(f"{who}: mask: expected {x.shape[:2]}, got {mask.shape}")
            real = mask[:, :, None]
        y = self._pool(x, real)
        self._wide, y = y.shape, y if self.keepdims else y.reshape(len(x), x.shape[-1])
        self._shape = y.shape
        return y

    def backward(self, dy):
        self._check_called()
        return self._spread(self._upstream(dy, self._shape).reshape(self._wide))

    def compute_output_shape(self, input_shape):
        kept = (1,) * self.rank if self.keepdims else ()
        return (input_shape[0], *kept, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "keepdims": self.keepdims}


class GlobalAveragePooling1D(GlobalPooling):
    """The mean over the real steps of a sequence: (N, T, C) to (N, C).

    Parameters
    ----------
    keepdims : bool, default False
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GlobalAveragePooling1D
    >>> x = np.array([[[1.0], [3.0], [9.0]]])
    >>> GlobalAveragePooling1D()(x, mask=np.array([[True, True, False]]))
    array([[2.]], dtype=float32)
    """

    rank = 1

    def _pool(self, x, real):
        self._weights = np.ones((*x.shape[:-1], 1), self.dtype)
        if real is not None:
            self._weights *= real
            x = np.where(real, x, 0)
        self._weights /= np.maximum(self._weights.sum(axis=self._axes, keepdims=True), 1)
        return (x * self._weights).sum(axis=self._axes, keepdims=True)

    def _spread(self, dy):
        return dy * self._weights


class GlobalMaxPooling1D(GlobalPooling):
    """The largest value over the real steps of a sequence: (N, T, C) to (N, C).

    Parameters
    ----------
    keepdims : bool, default False
    **options
        As in `Layer`.

    Notes
    -----
    Equal largest values share the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GlobalMaxPooling1D
    >>> x = np.array([[[1.0], [3.0], [9.0]]])
    >>> GlobalMaxPooling1D()(x, mask=np.array([[True, True, False]]))
    array([[3.]], dtype=float32)
    """

    rank = 1

    def _pool(self, x, real):
        seen = x if real is None else np.where(real, x, -np.inf)
        y = seen.max(axis=self._axes, keepdims=True)
        largest = seen == y
        if real is not None:
            largest &= real
            y = np.where(real.any(axis=1, keepdims=True), y, 0)
        ties = np.maximum(largest.sum(axis=self._axes, keepdims=True), 1)
        self._shares = (largest / ties).astype(self.dtype)
        return y

    def _spread(self, dy):
        return dy * self._shares


class GlobalAveragePooling2D(GlobalAveragePooling1D):
    """The mean over an image: (N, A, B, C) to (N, C).

    Parameters
    ----------
    keepdims : bool, default False
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GlobalAveragePooling2D
    >>> GlobalAveragePooling2D()(np.arange(4.0).reshape(1, 2, 2, 1))
    array([[1.5]], dtype=float32)
    """

    rank = 2


class GlobalMaxPooling2D(GlobalMaxPooling1D):
    """The largest value of an image: (N, A, B, C) to (N, C).

    Parameters
    ----------
    keepdims : bool, default False
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GlobalMaxPooling2D
    >>> GlobalMaxPooling2D()(np.arange(4.0).reshape(1, 2, 2, 1))
    array([[3.]], dtype=float32)
    """

    rank = 2
