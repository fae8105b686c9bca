"""Optimizer state in and out, as plain arrays: what a resumed training goes on from."""

from __future__ import annotations

import numpy as np

from .checks import check_rate
from .schedules import LearningRateSchedule


class SavedState:
    """The part of an optimizer that hands its state out and takes it back."""

    def scalar_state(self) -> dict[str, float]:
        """Return the state that is one number for all variables."""
        return {}

    def set_scalar_state(self, state: dict[str, float]) -> None:
        """Take back what :meth:`scalar_state` returned."""

    def initial_slot(self, slot: str, variable: np.ndarray) -> np.ndarray:
        """Return the first value of a state array."""
        return np.zeros_like(variable)

    @property
    def variables(self) -> list[np.ndarray]:
        """The optimizer's own arrays: step count, learning rate, then each variable's state."""
        head = [np.asarray(self._calls), np.asarray(self.learning_rate)]
        count = len(self._variables or [])
        return head + [self._state[slot][k] for k in range(count) for slot in self._state]

    def get_state(self) -> dict[str, np.ndarray]:
        """Return everything that training goes on from, as a dict of arrays (copies)."""
        state = {"iterations": np.asarray(self._calls, np.int64)}
        if not isinstance(self._learning_rate, LearningRateSchedule):
            state["learning_rate"] = np.asarray(self._learning_rate, np.float64)
        state.update({k: np.asarray(v, np.float64) for k, v in self.scalar_state().items()})
        if self._pending is not None:
            state.update({name: array.copy() for name, array in self._pending.items()})
        for slot, arrays in self._state.items():
            state.update({f"{slot}/{k:04d}": x.copy() for k, x in enumerate(arrays)})
        return state

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what :meth:`get_state` returned, bit for bit.

        Before the first step the arrays are kept and fitted to the variables when these come.

        Raises
        ------
        ValueError
            If names, shapes or types do not fit; then nothing was changed.
        """
        who = type(self).__name__
        state = {name: np.asarray(array) for name, array in state.items()}
        scheduled = isinstance(self._learning_rate, LearningRateSchedule)
        scalars = {"iterations", *self.scalar_state(), *(() if scheduled else ("learning_rate",))}
        missing = sorted(scalars - set(state))
        if missing or any(state[name].ndim for name in scalars):
            raise ValueError(f"{who}: state: expected scalars {sorted(scalars)}, missing {missing}")
        calls = int(state["iterations"])
        if calls < 0 or state["iterations"].dtype.kind not in "iu":
            raise ValueError(f"{who}: state: iterations: expected a count, got {calls}")
        rate = None if scheduled else check_rate(who, float(state["learning_rate"]))
        slots = {name: array for name, array in state.items() if name not in scalars}
        if self.built:
            self._load_slots(slots)
        else:
            self._pending = {name: array.copy() for name, array in slots.items()}
        self._calls = calls
        self._learning_rate = self._learning_rate if scheduled else rate
        self.set_scalar_state({name: float(state[name]) for name in self.scalar_state()})

    def _load_slots(self, slots: dict[str, np.ndarray]) -> None:
        who = type(self).__name__
        own = {f"{s}/{k:04d}": x for s, xs in self._state.items() for k, x in enumerate(xs)}
        if not slots and own:  # saved before the first step
            for slot, arrays in self._state.items():
                for k, x in enumerate(arrays):
                    x[...] = self.initial_slot(slot, self._variables[k])
            return
        if set(slots) != set(own):
            odd = sorted(set(slots) ^ set(own))
            raise ValueError(f"{who}: state: expected {len(own)} arrays, missing or unknown: {odd}")
        for name, x in own.items():
            if slots[name].shape != x.shape or slots[name].dtype != x.dtype:
                raise ValueError(
                    f"{who}: state: {name}: expected {x.dtype} {x.shape}, "
                    f"got {slots[name].dtype} {slots[name].shape}"
                )
        for name, x in own.items():
            x[...] = slots[name]
