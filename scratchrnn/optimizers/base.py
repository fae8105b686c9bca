"""What every optimizer does around its formula: state, clipping, weight decay, checks.

One call of ``apply``, for all variables together:

    g ← clip(g)                         (1)  clipnorm, clipvalue or global_clipnorm
    x ← x - wd lr x                     (2)  weight decay, decoupled (Loshchilov, Hutter, 2019)
    x, state ← the optimizer's rule     (3)  scratchrnn.optimizers.updates
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterable, Sequence

import numpy as np

from .checks import check_accumulation, check_decay, check_rate, refuse
from .clipping import check_positive, norm, scale_for
from .schedules import LearningRateSchedule
from .schedules import deserialize as deserialize_schedule
from .schedules import serialize as serialize_schedule
from .state import SavedState


class Optimizer(SavedState):
    """Base class of the optimizers.

    Parameters
    ----------
    learning_rate : float or LearningRateSchedule
    weight_decay : float, optional
        Every step takes this fraction, times the learning rate, off the variables.
    clipnorm : float, optional
        Largest norm of the gradient of any one variable.
    clipvalue : float, optional
        Largest size of any entry of a gradient.
    global_clipnorm : float, optional
        Largest norm of all gradients together. At most one of the three may be given.
    use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor
        Keras's; not built here: anything but the default is an error.
    gradient_accumulation_steps : int, optional
        Gradients of that many calls, at least 2, are averaged into one update.
    name : str, optional

    Notes
    -----
    An optimizer of your own has ``slots``, the names of its state arrays (one each a variable,
    zeros at first), and :meth:`update_step`.

    Examples
    --------
    >>> import numpy as np
    >>> class SignDescent(Optimizer):
    ...     def update_step(self, gradient, variable, slots, learning_rate):
    ...         variable -= learning_rate * np.sign(gradient)
    >>> x = np.array([1.0, 1.0])
    >>> SignDescent(0.5).apply([np.array([3.0, -0.1])], [x])
    >>> x
    array([0.5, 1.5])
    """

    slots: tuple[str, ...] = ()

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ) -> None:
        who = type(self).__name__
        refuse(who, use_ema=(use_ema, False), ema_momentum=(ema_momentum, 0.99))
        refuse(who, ema_overwrite_frequency=(ema_overwrite_frequency, None))
        refuse(who, loss_scale_factor=(loss_scale_factor, None))
        self.name = name or who.lower()
        self.weight_decay = None if weight_decay is None else check_decay(who, weight_decay)
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        clips = {what: check_positive(who, what, c) for what, c in clips.items() if c is not None}
        if len(clips) > 1:
            raise ValueError(f"{who}: expected at most one of clipnorm, clipvalue, global_clipnorm")
        self.clipnorm = clips.get("clipnorm")
        self.clipvalue = clips.get("clipvalue")
        self.global_clipnorm = clips.get("global_clipnorm")
        self.gradient_accumulation_steps = check_accumulation(who, gradient_accumulation_steps)
        self._learning_rate = check_rate(who, learning_rate)
        self._calls = 0
        self._variables: list[np.ndarray] | None = None
        self._names: list[str] = []
        self._state: dict[str, list[np.ndarray]] = {}
        self._pending: dict[str, np.ndarray] | None = None
        self._undecayed: tuple[list[np.ndarray], re.Pattern | None] = ([], None)
        self._buffers: dict[tuple[str, np.dtype], np.ndarray] = {}

    # -- what a subclass supplies ------------------------------------------------------------

    def update_step(self, gradient, variable, slots: dict, learning_rate: float) -> None:
        """Change `variable` and its `slots` (name -> array) in place; equation (3)."""
        raise NotImplementedError(f"{type(self).__name__}: update_step is not written")

    def begin_step(self) -> None:
        """Called once before the variables are updated."""

    # -- learning rate and step ----------------------------------------------------------------

    @property
    def iterations(self) -> int:
        """How many updates were made."""
        return self._calls // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step; a float can be set, or a schedule."""
        if isinstance(self._learning_rate, LearningRateSchedule):
            return float(self._learning_rate(self._calls))
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value) -> None:
        scheduled = isinstance(self._learning_rate, LearningRateSchedule)
        if scheduled and not isinstance(value, LearningRateSchedule):
            raise ValueError(
                f"{type(self).__name__}: learning_rate: it follows {self._learning_rate!r} and "
                "cannot be set to a number"
            )
        self._learning_rate = check_rate(type(self).__name__, value)

    # -- the step --------------------------------------------------------------------------------

    def build(self, variables: Sequence[np.ndarray], names: Sequence[str] | None = None) -> None:
        """Make the state arrays for these variables; the first :meth:`apply` does it otherwise."""
        who = type(self).__name__
        variables = list(variables)
        for k, x in enumerate(variables):
            if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or not x.flags.writeable:
                got = f"{x.dtype} array" if isinstance(x, np.ndarray) else type(x).__name__
                raise ValueError(
                    f"{who}: variables: expected writable arrays of floats, got {got} at {k}"
                )
        if names is not None and len(names) != len(variables):
            raise ValueError(f"{who}: names: expected {len(variables)}, got {len(names)}")
        self._variables = variables
        self._names = list(names or [f"variable {k}" for k in range(len(variables))])
        self._state = {s: [self.initial_slot(s, x) for x in variables] for s in self._all_slots()}
        if self._pending is not None:
            try:
                self._load_slots(self._pending)
            except ValueError:
                self._variables = None
                raise
            self._pending = None

    def _all_slots(self) -> tuple[str, ...]:
        accumulator = ("gradient_accumulator",) if self.gradient_accumulation_steps else ()
        return self.slots + accumulator

    @property
    def built(self) -> bool:
        """Whether the state arrays are there."""
        return self._variables is not None

    def apply(
        self,
        gradients: Sequence[np.ndarray | None],
        variables: Sequence[np.ndarray] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        """Update the variables in place by one step; the gradients are only read.

        Parameters
        ----------
        gradients : sequence of ndarray or None
            In line with `variables`; None leaves a variable as it is, with a warning.
        variables : sequence of ndarray, optional
            The live arrays; by default those the optimizer was built with.
        names : sequence of str, optional
            For error messages and :meth:`exclude_from_weight_decay`; read at the first call.

        Raises
        ------
        ValueError
            If a gradient is not finite or does not fit; then nothing was changed.
        """
        gradients = list(gradients)
        if not gradients:
            return
        if not self.built:
            if variables is None:
                raise ValueError(f"{type(self).__name__}: variables: expected them at first apply")
            variables = list(variables)
            self.build(variables, names)
        pairs = self._pairs(gradients, self._variables if variables is None else list(variables))
        if self.gradient_accumulation_steps:
            pairs = self._accumulate(pairs)
        self._step(pairs)
        self._calls += 1

    def apply_gradients(self, pairs: Iterable[tuple[np.ndarray | None, np.ndarray]]) -> int:
        """As :meth:`apply`, from (gradient, variable) pairs; returns the number of updates."""
        pairs = list(pairs)
        self.apply([g for g, _ in pairs], [x for _, x in pairs])
        return self.iterations

    def _pairs(self, gradients, variables) -> list[tuple[int, np.ndarray]]:
        """Return (index of the variable, checked gradient) for every gradient that is there."""
        who = type(self).__name__
        if len(gradients) != len(variables):
            raise ValueError(
                f"{who}: gradients: expected {len(variables)}, one a variable, got {len(gradients)}"
            )
        pairs, missing = [], []
        for g, k in zip(gradients, self._indices(variables), strict=True):
            if g is None:
                missing.append(self._names[k])
            else:
                pairs.append((k, self._checked(g, k)))
        if not pairs:
            raise ValueError(f"{who}: gradients: expected at least one, got None for all variables")
        if missing:
            warnings.warn(f"{who}: no gradient for {', '.join(missing)}", stacklevel=3)
        return pairs

    def _indices(self, variables) -> list[int]:
        positions = {id(x): k for k, x in enumerate(self._variables)}
        for k, x in enumerate(variables):
            if id(x) not in positions:
                raise ValueError(
                    f"{type(self).__name__}: variables: array {k} is not one of the "
                    f"{len(positions)} that this optimizer was built with; make a new optimizer"
                )
        return [positions[id(x)] for x in variables]

    def _checked(self, gradient, k: int) -> np.ndarray:
        x = self._variables[k]
        gradient = np.asarray(gradient)
        who = f"{type(self).__name__}: gradient of {self._names[k]}"
        if gradient.shape != x.shape:
            raise ValueError(f"{who}: expected shape {x.shape}, got {gradient.shape}")
        if gradient.dtype.kind not in "fiu":
            raise ValueError(f"{who}: expected real numbers, got {gradient.dtype}")
        gradient = gradient.astype(x.dtype, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            total = np.add.reduce(gradient, axis=None)
        if not math.isfinite(total):  # a sum may also overflow where every entry is finite
            bad = int(np.size(gradient) - np.count_nonzero(np.isfinite(gradient)))
            if bad:
                raise ValueError(
                    f"{who}: expected finite numbers, got {bad} of {gradient.size} NaN or infinite"
                )
        return gradient

    def _accumulate(self, pairs):
        """Add the gradients up; return their means at the last of the calls, else nothing."""
        steps, sums = self.gradient_accumulation_steps, self._state["gradient_accumulator"]
        for k, g in pairs:
            sums[k] += g
        if (self._calls + 1) % steps:
            return []
        means = [(k, sums[k] / steps) for k, _ in pairs]
        for total in sums:
            total[...] = 0.0
        return means

    def _step(self, pairs) -> None:
        if not pairs:
            return
        learning_rate = self.learning_rate
        self.begin_step()
        scale = None
        if self.global_clipnorm is not None:
            norms = [norm(g, work=self.workspace(g)) for _, g in pairs]
            scale = scale_for(math.hypot(*norms), self.global_clipnorm, type(self).__name__)
        for k, g in pairs:
            x = self._variables[k]
            g = self._clip(g, scale)  # (1)
            if self.weight_decay is not None and self._decays(k):
                x *= 1.0 - self.weight_decay * learning_rate  # (2)
            state = {slot: arrays[k] for slot, arrays in self._state.items()}
            self.update_step(g, x, state, learning_rate)  # (3)

    def _clip(self, g: np.ndarray, scale: float | None) -> np.ndarray:
        """Return the clipped gradient, in a workspace if it differs."""
        if self.clipvalue is not None:
            return np.clip(g, -self.clipvalue, self.clipvalue, out=self.workspace(g, "clipped"))
        if self.clipnorm is not None:
            size = norm(g, work=self.workspace(g))
            scale = scale_for(size, self.clipnorm, type(self).__name__)
        return g if scale is None else np.multiply(g, scale, out=self.workspace(g, "clipped"))

    def workspace(self, like: np.ndarray, use: str = "formula") -> np.ndarray:
        """Return an array of the shape and type of `like` whose contents do not matter.

        What has another use has another array; "clipped" is taken, by the clipped gradient.
        """
        key = use, like.dtype
        buffer = self._buffers.get(key)
        if buffer is None or buffer.size < like.size:
            buffer = self._buffers[key] = np.empty(like.size, like.dtype)
        return buffer[: like.size].reshape(like.shape)

    # -- weight decay ------------------------------------------------------------------------------

    def exclude_from_weight_decay(self, var_list=None, var_names=None) -> None:
        """Keep weight decay off some variables, usually biases.

        Parameters
        ----------
        var_list : sequence of ndarray, optional
            The live arrays.
        var_names : sequence of str, optional
            Regular expressions, searched in the names that :meth:`apply` or :meth:`build` got.

        Raises
        ------
        ValueError
            If the optimizer is built already.
        """
        if self.built:
            raise ValueError(
                f"{type(self).__name__}: exclude_from_weight_decay: call it before the first step"
            )
        pattern = re.compile("|".join(var_names)) if var_names else None
        self._undecayed = list(var_list or []), pattern

    def excluded_from_weight_decay(
        self, variables: Sequence[np.ndarray], names: Sequence[str]
    ) -> list[int]:
        """Return the places of those variables that :meth:`exclude_from_weight_decay` named."""
        arrays, pattern = self._undecayed
        return [
            k
            for k, (variable, name) in enumerate(zip(variables, names, strict=True))
            if any(variable is x for x in arrays) or (pattern is not None and pattern.search(name))
        ]

    def _decays(self, k: int) -> bool:
        return not self.excluded_from_weight_decay([self._variables[k]], [self._names[k]])

    # -- configuration ----------------------------------------------------------------------------

    def get_config(self) -> dict:
        """Return the constructor's arguments as a dict of plain values."""
        scheduled = isinstance(self._learning_rate, LearningRateSchedule)
        rate = serialize_schedule(self._learning_rate) if scheduled else self._learning_rate
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: dict) -> Optimizer:
        """Make an optimizer from what :meth:`get_config` returned."""
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            config["learning_rate"] = deserialize_schedule(config["learning_rate"])
        return cls(**config)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({arguments})"
