"""LayerNormalization: each sample, or each step of it, normalised by itself."""

from __future__ import annotations

import numpy as np

from .. import initializers, regularizers
from ..cells.normalization import normalize, normalize_backward
from .arguments import check_flag, check_number, refusing
from .base import Layer


class LayerNormalization(Layer):
    """Normalise to mean 0 and variance 1 along axes of each sample, then scale and shift.

    Parameters
    ----------
    axis : int or list of int, default -1
        Normalised together; not the batch axis.
    epsilon : float, default 1e-3
        Added to the variance.
    center, scale : bool, default True
        Whether there is a shift β, a gain γ.
    beta_initializer, gamma_initializer : default "zeros" and "ones"
    beta_regularizer, gamma_regularizer : optional
    **options
        As in `Layer`.

    Notes
    -----
    y = γ ⊙ n + β, with n of :mod:`scratchrnn.cells.normalization`.
    Weights: gamma, then beta, each of the sizes of `axis`.

    References
    ----------
    J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450 (2016).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LayerNormalization
    >>> LayerNormalization(epsilon=0)(np.array([[1.0, 3.0], [10.0, 30.0]]))
    array([[-1.,  1.],
           [-1.,  1.]], dtype=float32)
    """

    refused = refusing(beta_constraint=(None,), gamma_constraint=(None,), rms_scaling=(False,))

    def __init__(
        self,
        axis=-1,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        **options,
    ):
        super().__init__(**options)
        who = "LayerNormalization"
        axes = axis if isinstance(axis, list | tuple) else [axis]
        if not axes or not all(type(a) is int and a != 0 for a in axes):
            raise ValueError(f"{who}: axis: expected axes other than 0, got {axis!r}")
        self.axis = axis if isinstance(axis, int) else list(axes)
        self.epsilon = check_number(who, "epsilon", epsilon, 0)
        self.center = check_flag(who, "center", center)
        self.scale = check_flag(who, "scale", scale)
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)

    def _axes(self, ndim: int) -> tuple[int, ...]:
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        axes = sorted({a % ndim for a in given if -ndim < a < ndim})
        if len(axes) != len(given):
            raise ValueError(f"LayerNormalization: x: {ndim} axes do not fit axis {self.axis!r}")
        return tuple(axes)

    def build(self, input_shape):
        axes = self._axes(len(input_shape))
        shape = tuple(input_shape[a] for a in axes)
        if None in shape:
            raise ValueError(f"LayerNormalization: input_shape: axes {axes} must be known")
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self.add_weight(
                "gamma", shape, self.gamma_initializer, self.gamma_regularizer
            )
        if self.center:
            self.beta = self.add_weight("beta", shape, self.beta_initializer, self.beta_regularizer)
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        self._sizes = {a: input_shape[a] for a in given}
        super().build(input_shape)

    def call(self, x, mask=None, training=False):
        axes = self._axes(x.ndim)
        if {a: x.shape[a] for a in self._sizes} != self._sizes:
            raise ValueError(
                f"LayerNormalization: x: expected sizes {self._sizes} by axis, got {x.shape}"
            )
        n, r = normalize(x, np.dtype(self.dtype).type(self.epsilon), axes)
        wide = [x.shape[a] if a in axes else 1 for a in range(x.ndim)]
        self._kept = n, r, axes, wide
        y = n * self.gamma.reshape(wide) if self.scale else n.copy()
        if self.center:
            y += self.beta.reshape(wide)
        return y

    def backward(self, dy):
        self._check_called()
        n, r, axes, wide = self._kept
        dy = self._upstream(dy, n.shape)
        others = tuple(a for a in range(n.ndim) if a not in axes)
        self._gradients = []
        if self.scale:
            self._gradients.append((dy * n).sum(axis=others))
        if self.center:
            self._gradients.append(dy.sum(axis=others))
        dn = dy * self.gamma.reshape(wide) if self.scale else dy
        return normalize_backward(dn, n, r, axes)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
        }
