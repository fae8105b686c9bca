"""An activation: a function and, beside it, how a gradient passes back through it.

y = f(x)                                   (1)
dx = f.gradient(dy, x, y) = dy · ∂y/∂x     (1')
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable

import numpy as np

from .. import config


class Activation:
    """A function of an array, with its backward pass and its options.

    Parameters
    ----------
    forward : callable
        ``forward(x, **options) -> y``; its name and docstring become the activation's.
    backward : callable
        ``backward(dy, x, y, **options) -> dx``.
    options : dict
        Arguments other than their defaults.

    Examples
    --------
    >>> from scratchrnn import activations
    >>> activations.leaky_relu([-1.0, 2.0])
    array([-0.2,  2. ])
    >>> slow = activations.leaky_relu.configure(negative_slope=0.5)
    >>> slow.gradient([1.0, 1.0], [-1.0, 2.0])
    array([0.5, 1. ])
    """

    def __init__(self, forward: Callable, backward: Callable, options: dict | None = None) -> None:
        functools.update_wrapper(self, forward)
        self._forward, self._backward = forward, backward
        self.name = forward.__name__
        self.options = dict(options or {})
        self._known = list(inspect.signature(forward).parameters)[1:]  # names of all options

    def configure(self, **options) -> Activation:
        """Return the same activation with other options.

        Raises
        ------
        ValueError
            If the activation has no such option.
        """
        return Activation(self._forward, self._backward, self._merge((), options))

    def __call__(self, x, *arguments, **options) -> np.ndarray:
        """Return y = f(x), in the floating-point type of `x`; equation (1)."""
        x = as_float(x)
        return np.asarray(self._forward(x, **self._merge(arguments, options)), x.dtype)

    def gradient(self, dy, x, y=None, **options) -> np.ndarray:
        """Return dx, a fresh array; equation (1').

        Parameters
        ----------
        dy : array_like
            Gradient of the loss on y.
        x : array_like
            What the activation was called with.
        y : ndarray, optional
            What it returned; recomputed if not given.
        **options
            As given to the call.
        """
        x = as_float(x)
        options = self._merge((), options)
        y = self._forward(x, **options) if y is None else y
        return np.asarray(self._backward(np.asarray(dy), x, y, **options), x.dtype)

    def _merge(self, arguments: tuple, options: dict) -> dict:
        """Return the options in force; unnamed ones come in the order of the definition."""
        if not arguments and not options:
            return self.options
        known = self._known
        options = {**dict(zip(known, arguments, strict=False)), **options}
        unknown = [option for option in options if option not in known]
        if unknown or len(arguments) > len(known):
            raise ValueError(f"{self.name}: options: expected {known}, got {unknown or arguments}")
        return {**self.options, **options}

    def __reduce__(self):
        """Pickle by name: the functions of the library go by the names of their activations."""
        from . import ACTIVATIONS

        known = ACTIVATIONS.get(self.name)
        if known is not None and known._forward is self._forward:
            return _of_library, (self.name, self.options)
        return Activation, (self._forward, self._backward, self.options)

    def __repr__(self) -> str:
        options = ", ".join(f"{key}={value!r}" for key, value in self.options.items())
        return f"<activation {self.name}({options})>"


def as_float(x) -> np.ndarray:
    """Return `x` as an array; a floating-point type is kept, others become floatx."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "biu":
        raise ValueError(f"activation: x: expected real numbers, got {x.dtype}")
    return x.astype(config.floatx())


def with_backward(backward: Callable) -> Callable[[Callable], Activation]:
    """Return a decorator that makes an :class:`Activation` of a forward function."""

    def decorate(forward: Callable) -> Activation:
        return Activation(forward, backward)

    return decorate


def with_slope(slope: Callable) -> Callable[[Callable], Activation]:
    """As :func:`with_backward`, for an elementwise function with ``slope(x, y) = ∂y/∂x``."""

    def backward(dy, x, y, **options):
        return dy * slope(x, y, **options)

    return with_backward(backward)


def _of_library(name: str, options: dict) -> Activation:
    from . import ACTIVATIONS

    return ACTIVATIONS[name].configure(**options) if options else ACTIVATIONS[name]
