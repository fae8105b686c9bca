"""Conv2D and Conv1D: convolution, bias, activation; what is learnt is the same at every place."""

from __future__ import annotations

import numpy as np

from .. import activations, initializers, regularizers
from ..cells.convolution import Windows, convolve, convolve_backward
from ..random import make_generator
from .arguments import check_choice, check_count, check_counts, check_flag, check_seed, refusing
from .base import Layer


def make_windows(who: str, rank: int, size, strides, padding, dilation) -> Windows:
    """Check how a kernel moves and return it, with a height of 1 for sequences.

    Parameters
    ----------
    who : str
    rank : int
        2 for images, 1 for sequences.
    size, strides, dilation : int or tuple of int
    padding : str
        "valid" or "same", in any case of letters.

    Returns
    -------
    Windows
    """
    padding = padding.lower() if isinstance(padding, str) else padding
    check_choice(who, "padding", padding, ("valid", "same"))
    size = check_counts(who, "kernel_size", size, rank)
    strides = check_counts(who, "strides", strides, rank)
    dilation = check_counts(who, "dilation_rate", dilation, rank)
    if max(strides) > 1 and max(dilation) > 1:
        raise ValueError(f"{who}: dilation_rate: expected 1 beside strides > 1, got {dilation}")
    front = (1,) * (2 - rank)
    return Windows(front + size, front + strides, padding, front + dilation)


class Convolution(Layer):
    """What Conv1D and Conv2D share.

    Parameters
    ----------
    filters : int
        F, the number of channels of the output.
    kernel_size : int or tuple of int
    strides : int or tuple of int, default 1
    padding : {"valid", "same"}, default "valid"
    dilation_rate : int or tuple of int, default 1
    activation : str, callable or None, default None
    use_bias : bool, default True
    kernel_initializer, bias_initializer : default "glorot_uniform" and "zeros"
    kernel_regularizer, bias_regularizer : optional
    seed : int or numpy.random.Generator, optional
        For the initial weights.
    **options
        As in `Layer`.
    """

    refused = refusing(
        data_format=(None, "channels_last"),
        groups=(1,),
        kernel_constraint=(None,),
        bias_constraint=(None,),
    )
    rank: int
    supports_masking = False

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        *,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        seed=None,
        **options,
    ):
        super().__init__(**options)
        who = type(self).__name__
        self.filters = check_count(who, "filters", filters)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        self.causal = self.rank == 1 and self.padding == "causal"
        self.windows = make_windows(
            who, self.rank, kernel_size, strides, "valid" if self.causal else padding, dilation_rate
        )
        self.activation = activations.get(activation)
        self.use_bias = check_flag(who, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.seed = check_seed(who, seed)

    def build(self, input_shape):
        who, C, rng = type(self).__name__, input_shape[-1], make_generator(self.seed)
        if len(input_shape) != self.rank + 2 or C is None:
            expected = f"{self.rank + 2} axes, the last one known"
            raise ValueError(f"{who}: input_shape: expected {expected}, got {tuple(input_shape)}")
        shape = (*self.windows.size[2 - self.rank :], C, self.filters)
        self.kernel = self.add_weight(
            "kernel", shape, self.kernel_initializer, self.kernel_regularizer, rng=rng
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (self.filters,), self.bias_initializer, self.bias_regularizer, rng=rng
            )
        super().build(input_shape)

    # -- sequences are images of height 1 --------------------------------------------------

    def _lead(self) -> int:
        """Zeros before a sequence, with which no output sees what follows it."""
        return (self.windows.size[1] - 1) * self.windows.dilation[1] if self.causal else 0

    def _images(self, x: np.ndarray) -> np.ndarray:
        if self.rank == 2:
            return x
        return np.pad(x, ((0, 0), (self._lead(), 0), (0, 0)))[:, None]

    def _kernel(self) -> np.ndarray:
        return self.kernel if self.rank == 2 else self.kernel[None]

    # -- forward and backward --------------------------------------------------------------

    def call(self, x, mask=None, training=False):
        who, C = type(self).__name__, self.kernel.shape[-2]
        if x.ndim != self.rank + 2 or x.shape[-1] != C:
            axes = "N, A, B" if self.rank == 2 else "N, T"
            raise ValueError(f"{who}: x: expected ({axes}, C={C}), got {x.shape}")
        images = self._images(x)
        if 0 in self.windows.output(images.shape[1:3]):
            size = self.windows.size[2 - self.rank :]
            raise ValueError(f"{who}: x: {x.shape} is smaller than kernel_size {size}")
        a = convolve(images, self._kernel(), self.windows)
        a = a if self.rank == 2 else a[:, 0]
        if self.use_bias:
            a += self.bias
        y = self.activation(a)
        self._kept = images, a, y
        return y

    def backward(self, dy):
        self._check_called()
        images, a, y = self._kept
        da = self.activation.gradient(self._upstream(dy, y.shape), a, y)
        d = da if self.rank == 2 else da[:, None]
        dx, dkernel = convolve_backward(d, images, self._kernel(), self.windows, self.with_dx)
        self._gradients = [dkernel.reshape(self.kernel.shape)]
        if self.use_bias:
            self._gradients.append(da.reshape(-1, self.filters).sum(axis=0))
        if dx is None or self.rank == 2:
            return dx
        return np.ascontiguousarray(dx[:, 0, self._lead() :])

    def compute_output_shape(self, input_shape):
        inner = tuple(input_shape[1:-1])
        if self.rank == 1:
            length = None if inner[0] is None else inner[0] + self._lead()
            inner = (1, length)
        out = self.windows.output(inner)[2 - self.rank :]
        return (input_shape[0], *out, self.filters)

    def get_config(self):
        windows, k = self.windows, 2 - self.rank
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": list(windows.size[k:]),
            "strides": list(windows.strides[k:]),
            "padding": self.padding,
            "dilation_rate": list(windows.dilation[k:]),
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "seed": self.seed if isinstance(self.seed, int) else None,
        }


class Conv2D(Convolution):
    """Convolution of images: (N, A, B, C) to (N, A', B', F).

    Parameters
    ----------
    filters : int
    kernel_size : int or pair of int
    strides : int or pair of int, default 1
    padding : {"valid", "same"}, default "valid"
    **options
        As in `Convolution`: dilation_rate=1, activation=None, use_bias=True, … and in `Layer`.

    Notes
    -----
    Weights: kernel (P, Q, C, F), bias (F,).

    References
    ----------
    Y. LeCun et al., "Gradient-based learning applied to document recognition", Proc. IEEE 86
    (1998); equation (1) of :mod:`scratchrnn.cells.convolution`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Conv2D
    >>> Conv2D(8, 3, strides=2, padding="same")(np.zeros((2, 24, 24, 1))).shape
    (2, 12, 12, 8)
    """

    rank = 2


class Conv1D(Convolution):
    """Convolution along time: (N, T, C) to (N, T', F).

    Parameters
    ----------
    filters : int
    kernel_size : int
    strides : int, default 1
    padding : {"valid", "same", "causal"}, default "valid"
        "causal": no output sees a later step.
    **options
        As in `Convolution`: dilation_rate=1, activation=None, use_bias=True, … and in `Layer`.

    Notes
    -----
    Weights: kernel (Q, C, F), bias (F,).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Conv1D
    >>> Conv1D(8, 3, padding="causal")(np.zeros((2, 10, 4))).shape
    (2, 10, 8)
    """

    rank = 1
