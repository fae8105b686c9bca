"""How a model learns: compile, fit, evaluate, predict.

    compiling.py   optimizer, loss and metrics, and which arguments are refused
    steps.py       one batch: forward, loss and its gradient, backward, update
    windows.py     the same for long sequences, k steps at a time: truncated BPTT
    loop.py        epochs and batches, and where a run stands
    fitting.py     what `fit` takes
    evaluating.py  what `evaluate` and `predict` take
"""

from __future__ import annotations

from .compiling import Compiling, NonFiniteError
from .evaluating import Evaluating
from .fitting import Fitting
from .steps import Stepping


class Trainer(Fitting, Evaluating, Stepping, Compiling):
    """What a model needs to learn; mixed into :class:`scratchrnn.models.Sequential`.

    The model supplies ``__call__``, ``build``, ``backward``, ``trainable_weights``, ``gradients``,
    ``regularization_loss``, ``regularization_gradients``, ``output_shape`` and ``output_mask``.
    """


__all__ = ["NonFiniteError", "Trainer"]
