"""Learning-rate schedules: a function of the step, counted from 0. Keras 3's names and formulas.

optimizer = Adam(schedules.CosineDecay(1e-3, decay_steps=1000))
"""

from __future__ import annotations

import math
from collections.abc import Sequence


class LearningRateSchedule:
    """Base class: ``schedule(step)`` returns the learning rate as a float."""

    def __call__(self, step: int) -> float:
        """Return the learning rate of the step."""
        raise NotImplementedError(f"{type(self).__name__}: __call__ is not written")

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__}: get_config is not written")

    @classmethod
    def from_config(cls, config: dict) -> LearningRateSchedule:
        """Make a schedule from what :meth:`get_config` returned."""
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"


class ExponentialDecay(LearningRateSchedule):
    """lr₀ · decay_rate^p, p = step / decay_steps, rounded down with `staircase`.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float
    staircase : bool
    name : str

    Examples
    --------
    >>> ExponentialDecay(0.1, decay_steps=10, decay_rate=0.5)(20)
    0.025
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = _positive("ExponentialDecay", "decay_steps", decay_steps)
        self.decay_rate = float(decay_rate)
        self.staircase, self.name = bool(staircase), name

    def __call__(self, step: int) -> float:
        p = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (
            math.floor(p) if self.staircase else p
        )

    def get_config(self) -> dict:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class InverseTimeDecay(ExponentialDecay):
    """lr₀ / (1 + decay_rate · p), p = step / decay_steps, rounded down with `staircase`.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float
    staircase : bool
    name : str

    Examples
    --------
    >>> InverseTimeDecay(0.1, decay_steps=10, decay_rate=1.0)(10)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        super().__init__(initial_learning_rate, decay_steps, decay_rate, staircase, name)

    def __call__(self, step: int) -> float:
        p = step / self.decay_steps
        p = math.floor(p) if self.staircase else p
        return self.initial_learning_rate / (1.0 + self.decay_rate * p)


class PiecewiseConstantDecay(LearningRateSchedule):
    """values[0] up to and including boundaries[0], values[1] up to boundaries[1], and so on.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing steps.
    values : sequence of float
        One more than boundaries.
    name : str

    Examples
    --------
    >>> schedule = PiecewiseConstantDecay([100], [0.1, 0.01])
    >>> schedule(100), schedule(101)
    (0.1, 0.01)
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        self.boundaries = [b if isinstance(b, int) else float(b) for b in boundaries]
        self.values = [float(v) for v in values]
        self.name = name
        if len(self.boundaries) != len(self.values) - 1 or not self.boundaries:
            raise ValueError(
                "PiecewiseConstantDecay: boundaries: expected one or more, and one fewer than "
                f"values, got {len(self.boundaries)} boundaries and {len(self.values)} values"
            )
        if any(a >= b for a, b in zip(self.boundaries, self.boundaries[1:], strict=False)):
            raise ValueError(
                f"PiecewiseConstantDecay: boundaries: expected increasing ones, got {boundaries!r}"
            )

    def __call__(self, step: int) -> float:
        return self.values[sum(step > b for b in self.boundaries)]

    def get_config(self) -> dict:
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """(lr₀ - end) (1 - step / n)^power + end, held at `end` after n = decay_steps.

    With `cycle`, n is instead the first multiple of decay_steps that is not below the step.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    end_learning_rate : float
    power : float
    cycle : bool
    name : str

    Examples
    --------
    >>> PolynomialDecay(0.1, decay_steps=10, end_learning_rate=0.0)(5)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = _positive("PolynomialDecay", "decay_steps", decay_steps)
        self.end_learning_rate = float(end_learning_rate)
        self.power, self.cycle, self.name = float(power), bool(cycle), name

    def __call__(self, step: int) -> float:
        if self.cycle:
            n = self.decay_steps * max(1, math.ceil(step / self.decay_steps))
        else:
            n, step = self.decay_steps, min(step, self.decay_steps)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * (1.0 - step / n) ** self.power + self.end_learning_rate

    def get_config(self) -> dict:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class CosineDecay(LearningRateSchedule):
    """Half a cosine wave from lr₀ down to alpha · lr₀, if wanted after a linear warm-up.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
        Steps of the decay, the warm-up not counted.
    alpha : float
        What remains at the end, as a fraction.
    name : str
    warmup_target : float, optional
        Where the warm-up, from `initial_learning_rate`, leads; None is no warm-up.
    warmup_steps : int

    References
    ----------
    Loshchilov, Hutter, 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, eq. (5).

    Examples
    --------
    >>> round(CosineDecay(0.1, decay_steps=10)(5), 6)
    0.05
    >>> CosineDecay(0.0, 10, warmup_target=0.1, warmup_steps=4)(2)
    0.05
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.decay_steps = _positive("CosineDecay", "decay_steps", decay_steps)
        self.alpha, self.name = float(alpha), name
        self.warmup_target = None if warmup_target is None else float(warmup_target)
        self.warmup_steps = warmup_steps

    def __call__(self, step: int) -> float:
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return (self.warmup_target - start) * step / self.warmup_steps + start
            step, start = step - self.warmup_steps, self.warmup_target
        cosine = 0.5 * (1.0 + math.cos(math.pi * min(step, self.decay_steps) / self.decay_steps))
        return start * ((1.0 - self.alpha) * cosine + self.alpha)

    def get_config(self) -> dict:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts anew, each time `t_mul` as long and `m_mul` as high.

    Parameters
    ----------
    initial_learning_rate : float
    first_decay_steps : int
    t_mul : float
        At least 1.
    m_mul : float
    alpha : float
        What remains at the end of a period, as a fraction of the initial rate.
    name : str

    References
    ----------
    Loshchilov, Hutter, 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3.

    Examples
    --------
    >>> schedule = CosineDecayRestarts(0.1, first_decay_steps=10)
    >>> schedule(0), schedule(10)
    (0.1, 0.1)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = float(initial_learning_rate)
        self.first_decay_steps = _positive(
            "CosineDecayRestarts", "first_decay_steps", first_decay_steps
        )
        if not t_mul >= 1:
            raise ValueError(f"CosineDecayRestarts: t_mul: expected at least 1, got {t_mul!r}")
        self.t_mul, self.m_mul = float(t_mul), float(m_mul)
        self.alpha, self.name = float(alpha), name

    def __call__(self, step: int) -> float:
        restarts, fraction = self._period(step / self.first_decay_steps)
        cosine = 0.5 * self.m_mul**restarts * (1.0 + math.cos(math.pi * fraction))
        return self.initial_learning_rate * ((1.0 - self.alpha) * cosine + self.alpha)

    def _period(self, time: float) -> tuple[float, float]:
        """Return how many restarts there were, and how much of the current period is over."""
        if self.t_mul == 1.0:
            return divmod(time, 1.0)
        restarts = math.floor(math.log1p(time * (self.t_mul - 1.0)) / math.log(self.t_mul))
        if time >= self._start(restarts + 1):  # the logarithm fell just short of a whole number
            restarts += 1
        return restarts, (time - self._start(restarts)) / self.t_mul**restarts

    def _start(self, restarts: int) -> float:
        return (self.t_mul**restarts - 1.0) / (self.t_mul - 1.0)

    def get_config(self) -> dict:
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self.t_mul,
            "m_mul": self.m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }


CLASSES = {
    cls.__name__: cls
    for cls in (
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
        CosineDecay,
        CosineDecayRestarts,
    )
}


def serialize(schedule: LearningRateSchedule) -> dict:
    """Return ``{"class_name": ..., "config": {...}}``."""
    name = type(schedule).__name__
    if CLASSES.get(name) is not type(schedule):
        raise ValueError(
            f"schedules.serialize: schedule: expected one of this module, got {schedule!r}"
        )
    return {"class_name": name, "config": schedule.get_config()}


def deserialize(config: dict) -> LearningRateSchedule:
    """Return the schedule that :func:`serialize` described."""
    name = config.get("class_name") if isinstance(config, dict) else None
    if not isinstance(name, str) or name not in CLASSES:
        raise ValueError(
            f"schedules.deserialize: config: expected class_name to be one of "
            f"{', '.join(CLASSES)}, got {config!r}"
        )
    return CLASSES[name].from_config(config.get("config") or {})


def _positive(who: str, what: str, value):
    if isinstance(value, bool) or not value > 0:
        raise ValueError(f"{who}: {what}: expected a positive number, got {value!r}")
    return value
