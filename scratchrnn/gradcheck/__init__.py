"""Gradient checks for everyone: is a backward pass right, and if not, what is wrong with it.

:func:`check_gradients` takes any pair of NumPy functions, :func:`check_layer` a layer and
:func:`check_model` a compiled model. All return a :class:`GradientCheck`, which prints as a table
and shows in a notebook as HTML.

How it decides, from the numbers upward:

- :mod:`~scratchrnn.gradcheck.numeric`: derivatives that know their own error, and kinks
- :mod:`~scratchrnn.gradcheck.compare`: one gradient against them, entries or inner products
- :mod:`~scratchrnn.gradcheck.conduct`: nothing changed in place, kept, or shared
- :mod:`~scratchrnn.gradcheck.pair`, :mod:`~scratchrnn.gradcheck.matching`: everybody's ways of
  writing such functions
- :mod:`~scratchrnn.gradcheck.diagnosis`: what a wrong gradient is instead, from
  :mod:`~scratchrnn.gradcheck.evidence`, :mod:`~scratchrnn.gradcheck.patterns`,
  :mod:`~scratchrnn.gradcheck.mechanisms` and :mod:`~scratchrnn.gradcheck.usage`
"""

from .check import check_gradients
from .network import check_layer, check_model
from .result import ArrayCheck, Explanation, GradientCheck

__all__ = [
    "ArrayCheck",
    "Explanation",
    "GradientCheck",
    "check_gradients",
    "check_layer",
    "check_model",
]
