"""Adam and its kin: running means of the gradient and of its size, both freed of their bias."""

from __future__ import annotations

from .base import Optimizer
from .checks import check_epsilon, check_fraction
from .schedules import LearningRateSchedule
from .updates import adam_update, adamax_update, nadam_momentum, nadam_update


class AdamBase(Optimizer):
    """What the kin share: two decay rates and ε.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        How much of the running means of gradient and size stays at each step; in [0, 1).
    epsilon : float
        Added to the denominator.
    **options
        See :class:`Optimizer`.
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options,
    ) -> None:
        super().__init__(learning_rate, **options)
        who = type(self).__name__
        self.beta_1 = check_fraction(who, "beta_1", beta_1, below_one=True)
        self.beta_2 = check_fraction(who, "beta_2", beta_2, below_one=True)
        self.epsilon = check_epsilon(who, epsilon)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }


class Adam(AdamBase):
    """Adam.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        How much of the running means of gradient and square stays at each step; in [0, 1).
    epsilon : float
        Added to the root.
    amsgrad : bool
        Whether the running square may only grow.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Kingma, Ba, 2015, Adam: A Method for Stochastic Optimization, algorithm 1; Reddi, Kale, Kumar,
    2018, On the Convergence of Adam and Beyond, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 1.0])
    >>> Adam(0.1).apply([np.array([5.0, -0.01])], [x])
    >>> x.round(3)
    array([0.9, 1.1])
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.amsgrad = bool(amsgrad)
        self.slots = ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        adam_update(
            variable,
            gradient,
            slots["momentum"],
            slots["velocity"],
            self.workspace(variable),
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self.iterations + 1,
            slots.get("velocity_hat"),
        )

    def get_config(self) -> dict:
        return {**super().get_config(), "amsgrad": self.amsgrad}


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    weight_decay : float
        Every step first takes this fraction, times the learning rate, off the variables.
    beta_1, beta_2, epsilon, amsgrad
        See :class:`Adam`.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Loshchilov, Hutter, 2019, Decoupled Weight Decay Regularization, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> AdamW(0.1, weight_decay=0.5).apply([np.array([5.0])], [x])
    >>> x.round(5)
    array([0.85])
    """

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options,
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: weight_decay: expected a number >= 0, got None")
        options["weight_decay"] = weight_decay
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, **options)


class Nadam(AdamBase):
    """Adam with Nesterov momentum.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        How much of the running means of gradient and square stays at each step; in [0, 1).
    epsilon : float
        Added to the root.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Dozat, 2016, Incorporating Nesterov Momentum into Adam, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> Nadam(0.1).apply([np.array([5.0])], [x])
    >>> bool(0.85 < x[0] < 0.95)
    True
    """

    slots = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options,
    ) -> None:
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self._u_product = 1.0

    def begin_step(self) -> None:
        self._u_product *= nadam_momentum(self.beta_1, self.iterations + 1)

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        nadam_update(
            variable,
            gradient,
            slots["momentum"],
            slots["velocity"],
            self.workspace(variable),
            self.workspace(variable, "second"),
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self.iterations + 1,
            self._u_product,
        )

    def scalar_state(self) -> dict[str, float]:
        return {"u_product": self._u_product}

    def set_scalar_state(self, state: dict[str, float]) -> None:
        self._u_product = state["u_product"]


class Adamax(AdamBase):
    """Adam with the largest gradient so far (fading) in place of the root mean square.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    beta_1, beta_2 : float
        How much of the running mean and of the maximum stays at each step; in [0, 1).
    epsilon : float
        Added to the maximum.
    **options
        See :class:`Optimizer`.

    References
    ----------
    Kingma, Ba, 2015, Adam: A Method for Stochastic Optimization, algorithm 2.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0])
    >>> Adamax(0.1).apply([np.array([5.0])], [x])
    >>> x.round(5)
    array([0.9])
    """

    slots = ("momentum", "norm")

    def update_step(self, gradient, variable, slots, learning_rate) -> None:
        adamax_update(
            variable,
            gradient,
            slots["momentum"],
            slots["norm"],
            self.workspace(variable),
            learning_rate,
            self.beta_1,
            self.beta_2,
            self.epsilon,
            self.iterations + 1,
        )
