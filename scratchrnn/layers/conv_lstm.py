"""ConvLSTM2D: an LSTM whose states are images."""

from __future__ import annotations

from ..backend import Recurrence
from ..cells.convlstm import convlstm_backward, convlstm_forward
from .arguments import refusing
from .conv import make_windows
from .gated import LSTMWeights
from .recurrent import Recurrent


class ConvLSTM2D(LSTMWeights, Recurrent):
    """Convolutional LSTM. It has no compiled twin and runs in NumPy on every backend.

    Parameters
    ----------
    filters : int
        F, the number of channels of output and cell state.
    kernel_size : int or pair of int
        Of both convolutions.
    strides : int or pair of int, default 1
        Of the input's convolution; the state's has stride 1 and keeps its size.
    padding : {"valid", "same"}, default "valid"
        Of the input's convolution.
    dilation_rate : int or pair of int, default 1
        Of the input's convolution.
    activation : str, callable or None, default "tanh"
    recurrent_activation : str, callable or None, default "sigmoid"
    unit_forget_bias : bool, default True
    **options
        As in `LSTM`; there are no peepholes.

    Notes
    -----
    Takes (N, T, A, B, C) and gives (N, T, A', B', F) with `return_sequences`, else
    (N, A', B', F). Weights: kernel (P, Q, C, 4F), recurrent_kernel (P, Q, F, 4F), bias (4F,),
    gates in the order i f g o.

    References
    ----------
    Shi et al. (2015); equations (1) to (7) of :mod:`scratchrnn.cells.convlstm`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import ConvLSTM2D
    >>> layer = ConvLSTM2D(8, 3, padding="same", return_sequences=True)
    >>> layer(np.zeros((2, 5, 16, 16, 1))).shape
    (2, 5, 16, 16, 8)
    """

    refused = refusing(data_format=(None, "channels_last"))
    cell, backend = "convlstm", "numpy"

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        *,
        dilation_rate=1,
        **options,
    ):
        super().__init__(filters, **options)
        who = "ConvLSTM2D"
        self.windows = make_windows(who, 2, kernel_size, strides, padding, dilation_rate)

    @property
    def filters(self) -> int:
        """F, the number of channels of the states."""
        return self.units

    def build(self, input_shape):
        if len(input_shape) != 5 or None in input_shape[2:]:
            expected = "(N, T, A, B, C) with A, B, C known"
            raise ValueError(
                f"ConvLSTM2D: input_shape: expected {expected}, got {tuple(input_shape)}"
            )
        self._image = tuple(input_shape[2:])
        if 0 in self.windows.output(self._image[:2]):
            size = self.windows.size
            raise ValueError(f"ConvLSTM2D: input_shape: {self._image} is smaller than {size}")
        super().build(input_shape)

    def _kernel_shapes(self, input_shape):
        P, Q = self.windows.size
        F = self.filters
        return (P, Q, input_shape[-1], 4 * F), (P, Q, F, 4 * F)

    def _state_shapes(self):
        return [(*self.windows.output(self._image[:2]), self.filters)] * 2

    def _check_input(self, x):
        if x.ndim != 5 or x.shape[2:] != self._image:
            expected = f"(N, T, A, B, C) with (A, B, C)={self._image}"
            raise ValueError(f"ConvLSTM2D: x: expected {expected}, got {x.shape}")

    def _options(self):
        return {**super()._options(), "windows": self.windows}

    def _recurrence(self, steps: int):
        return Recurrence(convlstm_forward, convlstm_backward)

    def get_config(self):
        config = super().get_config()
        del config["units"]
        return {
            **config,
            "filters": self.filters,
            "kernel_size": list(self.windows.size),
            "strides": list(self.windows.strides),
            "padding": self.windows.padding,
            "dilation_rate": list(self.windows.dilation),
        }
