"""Layers without a recurrence or randomness: Input, Dense, Activation, Masking."""

from __future__ import annotations

import numpy as np

from .. import activations, initializers, regularizers
from ..random import make_generator
from .arguments import (
    check_count,
    check_flag,
    check_number,
    check_seed,
    check_shape,
    refusing,
)
from .base import Layer


class Input(Layer):
    """Say the shape of one input, so that a model's weights exist before it sees data.

    Parameters
    ----------
    shape : tuple of int or None
        Without the batch axis; None where open, as in ``(None, 3)`` for sequences of any length.
    batch_size : int, optional
        Fixed number of sequences in a batch, for stateful layers.
    dtype : str, optional
        "float32", "float64", or "int32", "int64" for indices that an `Embedding` takes.
    batch_shape : tuple of int or None, optional
        Instead of `shape` and `batch_size`: both in one.
    name : str, optional
    **options
        As in `Layer`.

    Examples
    --------
    >>> from scratchrnn.layers import Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> Sequential([Input((3,)), Dense(2)]).count_params()
    8
    """

    refused = refusing(
        sparse=(None, False),
        ragged=(None, False),
        tensor=(None,),
        input_tensor=(None,),
        optional=(False,),
    )

    def __init__(
        self, shape=None, batch_size=None, dtype=None, batch_shape=None, name=None, **options
    ):
        super().__init__(name=name, dtype=dtype, **options)
        if self.input_shape is not None:
            raise ValueError("Input: input_shape: not supported here: expected shape instead")
        if (shape is None) == (batch_shape is None):
            raise ValueError("Input: shape: expected either shape or batch_shape")
        if batch_shape is not None:
            if batch_size is not None:
                raise ValueError("Input: batch_size: expected None beside batch_shape")
            batch_size, *shape = check_shape("Input", "batch_shape", batch_shape)
        self.shape = check_shape("Input", "shape", shape)
        self.batch_size = batch_size
        if batch_size is not None:
            self.batch_size = check_count("Input", "batch_size", batch_size)

    def _check_dtype(self, dtype) -> str:
        return str(dtype) if str(dtype) in ("int32", "int64") else super()._check_dtype(dtype)

    @property
    def batch_shape(self) -> tuple:
        """Shape of a batch, None where open."""
        return (self.batch_size, *self.shape)

    def call(self, x, mask=None, training=False):
        expected = self.batch_shape
        fits = x.ndim == len(expected) and all(
            want is None or want == have for want, have in zip(expected, x.shape, strict=True)
        )
        if not fits:
            raise ValueError(f"Input: x: expected {expected}, got {x.shape}")
        self._shape = x.shape
        return x

    def backward(self, dy):
        self._check_called()
        if self.dtype.startswith("int"):
            return np.zeros(self._shape)
        return self._upstream(dy, self._shape)

    def get_config(self):
        config = super().get_config()
        return {**config, "shape": list(self.shape), "batch_size": self.batch_size}


class Dense(Layer):
    """Affine map and activation on the last axis: y = φ(x W + b).

    Parameters
    ----------
    units : int
        U, the size of the output's last axis.
    activation : str, callable or None, default None
        φ; None is linear.
    use_bias : bool, default True
    kernel_initializer, bias_initializer : default "glorot_uniform" and "zeros"
    kernel_regularizer, bias_regularizer : optional
    seed : int or numpy.random.Generator, optional
        For the initial weights.
    **options
        As in `Layer`.

    Notes
    -----
    Forward a = x W + b (1), y = φ(a) (2); backward da = dy ⊙ φ'(a) (2'), dx = da Wᵀ,
    dW = Σ xᵀ da, db = Σ da (1'), summed over every axis but the last.
    Weights: kernel (D, U), bias (U,).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Dense
    >>> layer = Dense(2, kernel_initializer="ones")
    >>> layer(np.ones((1, 3)))
    array([[3., 3.]], dtype=float32)
    >>> layer.backward(np.ones((1, 2)))
    array([[2., 2., 2.]], dtype=float32)
    """

    refused = refusing(
        kernel_constraint=(None,),
        bias_constraint=(None,),
        lora_rank=(None,),
        lora_alpha=(None,),
        quantization_config=(None,),
    )

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        *,
        seed=None,
        **options,
    ):
        super().__init__(**options)
        self.units = check_count("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = check_flag("Dense", "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.seed = check_seed("Dense", seed)

    def build(self, input_shape):
        D, rng = input_shape[-1], make_generator(self.seed)
        if len(input_shape) < 2 or D is None:
            expected = "at least two axes, the last one known"
            raise ValueError(f"Dense: input_shape: expected {expected}, got {tuple(input_shape)}")
        self.kernel = self.add_weight(
            "kernel", (D, self.units), self.kernel_initializer, self.kernel_regularizer, rng=rng
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (self.units,), self.bias_initializer, self.bias_regularizer, rng=rng
            )
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        if x.ndim < 2 or x.shape[-1] != len(self.kernel):
            raise ValueError(f"Dense: x: expected (..., D={len(self.kernel)}), got {x.shape}")
        rows = x.reshape(-1, x.shape[-1])  # one product, whatever the number of axes
        a = rows @ self.kernel  # (1)
        if self.use_bias:
            a += self.bias
        y = self.activation(a)  # (2)
        self._kept = rows, a, y, x.shape
        return y.reshape(*x.shape[:-1], self.units)

    def backward(self, dy):
        self._check_called()
        rows, a, y, shape = self._kept
        dy = self._upstream(dy, (*shape[:-1], self.units)).reshape(y.shape)
        da = self.activation.gradient(dy, a, y)  # (2')
        self._gradients = [rows.T @ da]  # (1')
        if self.use_bias:
            self._gradients.append(da.sum(axis=0))  # (1')
        return (da @ self.kernel.T).reshape(shape) if self.with_dx else None  # (1')

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "seed": self.seed if isinstance(self.seed, int) else None,
        }


class Activation(Layer):
    """Apply an activation elementwise (softmax: along the last axis).

    Parameters
    ----------
    activation : str or callable
    **options
        As in `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Activation
    >>> Activation("relu")(np.array([[-1.0, 2.0]]))
    array([[0., 2.]], dtype=float32)
    """

    def __init__(self, activation, **options):
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, x, mask=None, training=False):
        self._kept = x, self.activation(x)
        return self._kept[1]

    def backward(self, dy):
        self._check_called()
        x, y = self._kept
        return self.activation.gradient(self._upstream(dy, y.shape), x, y)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class Masking(Layer):
    """Hide the steps whose every feature equals `mask_value` from the layers that follow.

    Parameters
    ----------
    mask_value : float, default 0.0
    **options
        As in `Layer`.

    Notes
    -----
    A mask that is given beside x hides steps as well: the layers that follow see both.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Masking
    >>> x = np.array([[[1.0, 0.0], [0.0, 0.0]]])
    >>> Masking().compute_mask(x)
    array([[ True, False]])
    """

    def __init__(self, mask_value=0.0, **options):
        super().__init__(**options)
        self.mask_value = check_number("Masking", "mask_value", mask_value, -np.inf)

    def _real(self, x) -> np.ndarray:
        return np.any(np.asarray(x) != np.dtype(self.dtype).type(self.mask_value), axis=-1)

    def call(self, x, mask=None, training=False):
        self._shape, self._real_steps = x.shape, self._real(x)[..., None]
        return np.where(self._real_steps, x, 0)

    def backward(self, dy):
        self._check_called()
        return np.where(self._real_steps, self._upstream(dy, self._shape), 0)

    def compute_mask(self, x, mask=None):
        real = self._real(x)
        return real if mask is None else real & np.asarray(mask, bool)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
