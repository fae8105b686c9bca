"""Layers without a recurrence: Input, Dense, Activation, Dropout, Masking, Flatten."""

from __future__ import annotations

import math

import numpy as np

from .. import activations, initializers, regularizers
from .base import Layer, check_rate, check_units, dropout_mask, make_generator


class Input(Layer):
    """Say the shape of one input, so that a model's weights exist before it sees data.

    Parameters
    ----------
    shape : tuple of int or None
        Without the batch axis; None where open, as in ``(None, 3)`` for sequences of any length.
    batch_size : int, optional
        Fixed number of sequences in a batch, for stateful layers.
    **options
        As in `Layer`.

    Examples
    --------
    >>> from scratchrnn.layers import Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> Sequential([Input((3,)), Dense(2)]).count_params()
    8
    """

    def __init__(self, shape, batch_size=None, **options):
        super().__init__(**options)
        self.shape = tuple(shape)
        self.batch_size = batch_size

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
        return self._upstream(dy, self._shape)

    def get_config(self):
        return {
            **super().get_config(),
            "shape": list(self.shape),
            "batch_size": self.batch_size,
        }


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

    def __init__(
        self,
        units,
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
        self.units = check_units("Dense", "units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.seed = seed

    def build(self, input_shape):
        D = input_shape[-1]
        rng = make_generator(self.seed)
        self.kernel = self.add_weight(
            "kernel", (D, self.units), self.kernel_initializer, rng, self.kernel_regularizer
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", (self.units,), self.bias_initializer, rng, self.bias_regularizer
            )
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        if x.ndim < 2 or x.shape[-1] != len(self.kernel):
            raise ValueError(f"Dense: x: expected (..., D={len(self.kernel)}), got {x.shape}")
        a = x @ self.kernel  # (1)
        if self.use_bias:
            a += self.bias
        y = self.activation(a)  # (2)
        self._kept = x, a, y
        return y

    def backward(self, dy):
        x, a, y = self._kept if self._called else (None, None, np.empty(0))
        dy = self._upstream(dy, y.shape)
        da = self.activation.gradient(dy, a, y)  # (2')
        rows, da_rows = x.reshape(-1, x.shape[-1]), da.reshape(-1, self.units)
        self._gradients = [rows.T @ da_rows]  # (1')
        if self.use_bias:
            self._gradients.append(da_rows.sum(axis=0))  # (1')
        return da @ self.kernel.T  # (1')

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
        x, y = self._kept if self._called else (None, np.empty(0))
        return self.activation.gradient(self._upstream(dy, y.shape), x, y)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class Dropout(Layer):
    """Zero a random fraction of the inputs in training and scale the rest by 1/(1 - rate).

    Parameters
    ----------
    rate : float
        Fraction to drop, in [0, 1).
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
        super().__init__(**options)
        self.rate = check_rate("Dropout", "rate", rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self.rng = make_generator(seed)

    def call(self, x, mask=None, training=False):
        self._shape, self._mask = x.shape, None
        if not training or self.rate == 0:
            return x.copy()
        shape = self.noise_shape or x.shape
        if len(shape) != x.ndim:
            raise ValueError(f"Dropout: noise_shape: expected {x.ndim} axes, got {shape}")
        shape = [have if want is None else want for want, have in zip(shape, x.shape, strict=True)]
        self._mask = dropout_mask(self.rng, shape, self.rate, self.dtype)
        return x * self._mask

    def backward(self, dy):
        dy = self._upstream(dy, self._shape if self._called else ())
        return dy.copy() if self._mask is None else dy * self._mask

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": None if self.noise_shape is None else list(self.noise_shape),
            "seed": self.seed if isinstance(self.seed, int) else None,
        }


class Masking(Layer):
    """Hide the steps whose every feature equals `mask_value` from the layers that follow.

    Parameters
    ----------
    mask_value : float, default 0.0
    **options
        As in `Layer`.

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
        self.mask_value = float(mask_value)

    def _real(self, x) -> np.ndarray:
        return np.any(np.asarray(x) != np.dtype(self.dtype).type(self.mask_value), axis=-1)

    def call(self, x, mask=None, training=False):
        self._real_steps = self._real(x)[..., None]
        return np.where(self._real_steps, x, 0)

    def backward(self, dy):
        shape = (*self._real_steps.shape[:-1], np.shape(dy)[-1]) if self._called else ()
        return np.where(self._real_steps, self._upstream(dy, shape), 0)

    def compute_mask(self, x, mask=None):
        real = self._real(x)
        return real if mask is None else real & np.asarray(mask, bool)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}


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

    def call(self, x, mask=None, training=False):
        self._shape = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:])).copy()

    def backward(self, dy):
        shape = (self._shape[0], math.prod(self._shape[1:])) if self._called else ()
        return self._upstream(dy, shape).reshape(self._shape).copy()

    def compute_mask(self, x, mask=None):
        return None

    def compute_output_shape(self, input_shape):
        rest = input_shape[1:]
        return (input_shape[0], None if None in rest else math.prod(rest))
