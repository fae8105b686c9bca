"""Optimizers that divide the step by a running size of the gradient: RMSprop, Adagrad, Adadelta."""

from __future__ import annotations

import numpy as np

from .base import Optimizer
from .checks import check_epsilon, check_fraction
from .schedules import LearningRateSchedule
from .updates import adadelta_update, adagrad_update, rmsprop_update


class RMSprop(Optimizer):
    """Steps divided by a running root mean square of the gradient.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    rho : float
        How much of the running mean stays at each step.
    momentum : float
    epsilon : float
        Added under the root.
    centered : bool
        Whether to divide by the standard deviation instead.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Tieleman, Hinton, 2012, lecture 6.5; Graves, 2013, Generating Sequences With Recurrent Neural
    Networks, eq. (38) to (41).

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> RMSprop(0.1, rho=0.75).apply([np.array([2.0])], [x])
    >>> x.round(6)
    array([0.8])
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = check_fraction("RMSprop", "rho", rho)
        self.momentum = check_fraction("RMSprop", "momentum", momentum)
        self.epsilon = check_epsilon("RMSprop", epsilon)
        self.centered = bool(centered)
        optional = {"momentum": self.momentum > 0, "average_gradient": self.centered}
        self.slots = ("velocity", *(slot for slot, wanted in optional.items() if wanted))

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        rmsprop_update(
            variable,
            gradient,
            slots["velocity"],
            self.workspace(variable),
            learning_rate,
            self.rho,
            self.epsilon,
            self.momentum,
            slots.get("average_gradient"),
            slots.get("momentum"),
        )

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }


class Adagrad(Optimizer):
    """Steps divided by the root of the sum of all squared gradients so far.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    initial_accumulator_value : float
        Where the sums start; at least 0.
    epsilon : float
        Added under the root.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Duchi, Hazan, Singer, 2011, Adaptive Subgradient Methods, section 1.1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> Adagrad(0.1, initial_accumulator_value=5.0).apply([np.array([2.0])], [x])
    >>> x.round(6)
    array([0.933333])
    """

    slots = ("accumulator",)

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options,
    ) -> None:
        super().__init__(learning_rate, **options)
        if not initial_accumulator_value >= 0:
            raise ValueError(
                "Adagrad: initial_accumulator_value: expected a number >= 0, "
                f"got {initial_accumulator_value!r}"
            )
        self.initial_accumulator_value = float(initial_accumulator_value)
        self.epsilon = check_epsilon("Adagrad", epsilon)

    def initial_slot(self, slot: str, variable: np.ndarray) -> np.ndarray:
        start = self.initial_accumulator_value if slot == "accumulator" else 0.0
        return np.full_like(variable, start)

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        work = self.workspace(variable)
        adagrad_update(variable, gradient, slots["accumulator"], work, learning_rate, self.epsilon)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "initial_accumulator_value": self.initial_accumulator_value,
            "epsilon": self.epsilon,
        }


class Adadelta(Optimizer):
    """Adagrad with a fading memory, and steps in the units of the variable.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
        1.0 is the paper's; Keras's default is 0.001.
    rho : float
        How much of the running means stays at each step.
    epsilon : float
        Added under the roots.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Zeiler, 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> Adadelta(1.0, epsilon=1e-2).apply([np.array([2.0])], [x])
    >>> x.round(6)
    array([0.563564])
    """

    slots = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options,
    ) -> None:
        super().__init__(learning_rate, **options)
        self.rho = check_fraction("Adadelta", "rho", rho)
        self.epsilon = check_epsilon("Adadelta", epsilon)

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        adadelta_update(
            variable,
            gradient,
            slots["accumulated_grad"],
            slots["accumulated_delta_var"],
            self.workspace(variable),
            learning_rate,
            self.rho,
            self.epsilon,
            self.workspace(variable, "second"),
        )

    def get_config(self) -> dict:
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
