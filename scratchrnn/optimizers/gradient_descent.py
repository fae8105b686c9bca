"""Optimizers with one learning rate for all entries."""

from __future__ import annotations

from .base import Optimizer
from .schedules import LearningRateSchedule
from .updates import momentum_update, sgd_update


class SGD(Optimizer):
    """Gradient descent, with momentum if wanted.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    momentum : float
        In [0, 1].
    nesterov : bool
        Whether to use Nesterov's momentum.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Polyak, 1964; Sutskever, Martens, Dahl, Hinton, 2013, On the importance of initialization and
    momentum in deep learning, eq. (1) to (4).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0])
    >>> SGD(0.1).apply([np.array([1.0, -1.0])], [x])
    >>> x
    array([0.9, 2.1])
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options,
    ) -> None:
        super().__init__(learning_rate, **options)
        if isinstance(momentum, bool) or not 0.0 <= momentum <= 1.0:
            raise ValueError(f"SGD: momentum: expected a number in [0, 1], got {momentum!r}")
        self.momentum, self.nesterov = float(momentum), bool(nesterov)
        self.slots = ("momentum",) if self.momentum else ()

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        work = self.workspace(variable)
        if not self.momentum:
            sgd_update(variable, gradient, work, learning_rate)
            return
        momentum_update(
            variable,
            gradient,
            slots["momentum"],
            work,
            learning_rate,
            self.momentum,
            self.nesterov,
        )

    def get_config(self) -> dict:
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
