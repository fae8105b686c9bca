"""What every layer that carries a state along time shares: order, states, masks, truth about both.

A subclass writes how a batch of sequences runs (`_run`) and how gradients return
(`_run_backward`); here is what Keras calls `go_backwards`, `stateful`, `initial_state` and
`return_state`, and the trainable initial state.
"""

from __future__ import annotations

import math

import numpy as np

from .arguments import check_count, check_flag, refusing
from .base import Layer


class SequenceLayer(Layer):
    """Base class of the recurrent layers.

    Parameters
    ----------
    return_sequences : bool, default False
        Return the outputs of all steps (N, T, …) or of the last one (N, …).
    return_state : bool, default False
        Return ``[y, *final_states]``.
    go_backwards : bool, default False
        Read the sequence from its end; outputs come in processing order.
    stateful : bool, default False
        Start each batch from the states that the batch before it ended in.
    zero_output_for_mask : bool, default False
        Output zeros at masked steps instead of repeating the output before.
    checkpoint : bool or int, default False
        Keep only every k-th state for backward (True: k = √T, or up to 96 where that leaves a
        dozen segments) and compute the steps between again, one segment at a time: the
        same gradients, bit for bit, in a fraction of the memory for one more forward pass
        (Gruslys et al., NeurIPS 2016).
    trainable_initial_state : bool, default False
        Learn the state that sequences start from when they are given none: one further weight
        for each state, equal for all sequences; its gradient is the sum over the batch.
    **options
        As in `Layer`.

    Notes
    -----
    ``unroll`` is accepted: every run is a loop over the steps at hand, either way.
    """

    refused = refusing(unroll=(False, True))
    state_names: tuple[str, ...] = ("h",)

    def __init__(
        self,
        *,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        zero_output_for_mask=False,
        checkpoint=False,
        trainable_initial_state=False,
        **options,
    ):
        super().__init__(**options)
        who = type(self).__name__
        self.return_sequences = check_flag(who, "return_sequences", return_sequences)
        self.return_state = check_flag(who, "return_state", return_state)
        self.go_backwards = check_flag(who, "go_backwards", go_backwards)
        self.stateful = check_flag(who, "stateful", stateful)
        self.zero_output_for_mask = check_flag(who, "zero_output_for_mask", zero_output_for_mask)
        if not isinstance(checkpoint, bool):
            checkpoint = check_count(who, "checkpoint", checkpoint)
        self.checkpoint = checkpoint
        self.trainable_initial_state = check_flag(
            who, "trainable_initial_state", trainable_initial_state
        )
        self.states: list[np.ndarray] | None = None  # flat, whatever the structure
        self.d_initial_state: list | None = None

    # -- what a subclass says --------------------------------------------------------------

    def _state_shapes(self) -> list[tuple[int, ...]]:
        """Shapes of the states of one sequence, known once the layer is built."""
        raise NotImplementedError(f"{type(self).__name__}: _state_shapes is not written")

    def _output_step_shape(self) -> tuple[int, ...]:
        """Shape of the output of one step of one sequence."""
        return self._state_shapes()[0]

    def _check_input(self, x) -> None:
        raise NotImplementedError(f"{type(self).__name__}: _check_input is not written")

    def _run(self, x, states, mask, training):
        """Run steps in the order given; return the layer's output and the final states."""
        raise NotImplementedError(f"{type(self).__name__}: _run is not written")

    def _run_backward(self, dy, d_final):
        """Return dx, the gradients of the initial states, and those of the own weights."""
        raise NotImplementedError(f"{type(self).__name__}: _run_backward is not written")

    def _flat(self, states) -> list:
        """Turn states as a user gives them into a flat list."""
        if len(self.state_names) == 1 and isinstance(states, np.ndarray):
            return [states]
        return list(states)

    def _packed(self, states: list) -> list:
        """Turn a flat list into states as a user sees them."""
        return states

    # -- states ----------------------------------------------------------------------------

    def build(self, input_shape):
        super().build(input_shape)
        self._initial: list[np.ndarray] = []
        if self.trainable_initial_state:
            for name, shape in zip(self.state_names, self._state_shapes(), strict=True):
                self._initial.append(self.add_weight(f"initial_{name}", shape, "zeros"))

    def get_initial_state(self, batch_size: int) -> list:
        """Return the states that `batch_size` sequences start from when they are given none.

        Parameters
        ----------
        batch_size : int

        Returns
        -------
        list of ndarray
            Zeros, or the trained initial state.
        """
        first = self._initial or [np.zeros(s, self.dtype) for s in self._state_shapes()]
        return self._packed([np.repeat(s[None], batch_size, axis=0) for s in first])

    def reset_state(self) -> None:
        """Forget the states that a stateful layer carries from batch to batch."""
        self.states = None

    reset_states = reset_state

    def _first_states(self, initial_state, N: int) -> list[np.ndarray | None]:
        """The states to start from; None is zeros."""
        who = type(self).__name__
        self._from_weights = False
        if initial_state is not None:
            return self._check_states("initial_state", initial_state, N)
        if self.stateful and self.states is not None:
            if len(self.states[0]) != N:
                expected = f"the {len(self.states[0])} sequences of the batch before"
                raise ValueError(f"{who}: x: stateful: expected {expected}, got {N}")
            return list(self.states)
        if self._initial:
            self._from_weights = True
            return self._flat(self.get_initial_state(N))
        return [None] * len(self.state_names)

    def _check_states(self, argument: str, given, N: int) -> list[np.ndarray | None]:
        """Check states or their gradients as a user gave them; None among them stays None."""
        names, shapes = self.state_names, self._state_shapes()
        who = f"{type(self).__name__}: {argument}"
        try:
            flat = self._flat(given)
        except TypeError:
            raise ValueError(f"{who}: expected {list(names)}, got {given!r:.40}") from None
        if len(flat) != len(names):
            raise ValueError(f"{who}: expected {list(names)}, got {len(flat)} arrays")
        checked = []
        for name, shape, state in zip(names, shapes, flat, strict=True):
            if state is not None:
                state = np.asarray(state, dtype=self.dtype)
                if state.shape != (N, *shape):
                    raise ValueError(f"{who} {name}: expected {(N, *shape)}, got {state.shape}")
            checked.append(state)
        return checked

    # -- forward and backward --------------------------------------------------------------

    def __call__(self, x, mask=None, initial_state=None, training=False):
        """Run the layer forward.

        Parameters
        ----------
        x : array_like, (N, T, …)
        mask : array_like of bool, (N, T), optional
            True where a step is real. A masked step carries the states through unchanged, and
            whatever x holds there, NaN included, has no effect.
        initial_state : list of array_like, (N, …) each, optional
            In the order of `return_state`.
        training : bool, default False
            Whether dropout is on.

        Returns
        -------
        ndarray or list of ndarray
            The outputs of all steps with `return_sequences`, else of the last one;
            ``[y, *states]`` with `return_state`.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        return super().__call__(x, mask=mask, training=training, initial_state=initial_state)

    def call(self, x, mask=None, training=False, initial_state=None):
        self._check_input(x)
        who = type(self).__name__
        if x.shape[1] == 0:
            raise ValueError(f"{who}: x: expected at least one step, got {x.shape}")
        if mask is not None and mask.shape != x.shape[:2]:
            raise ValueError(f"{who}: mask: expected (N, T)={x.shape[:2]}, got {mask.shape}")
        if self.go_backwards:
            x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
        states = self._first_states(initial_state, len(x))
        y, final = self._run(x, states, mask, training)
        self._called_with = x.shape, y.shape
        if self.stateful:
            self.states = [s.copy() for s in final]
        return [y, *self._packed(final)] if self.return_state else y

    def backward(self, dy, d_state=None):
        """Backpropagate through time; fills `gradients` and `d_initial_state` afresh.

        Parameters
        ----------
        dy : ndarray
            Gradient on the first output, with its shape.
        d_state : list of ndarray, (N, …) each, optional
            Gradients on the final states, in the order of `return_state`; None for zero.

        Returns
        -------
        ndarray, (N, T, …)
            Gradient on the input, in input order.

        Raises
        ------
        ValueError
            If a shape does not fit, or the layer was not called.
        """
        self._check_called()
        x_shape, y_shape = self._called_with
        dy = self._upstream(dy, y_shape)
        d_final: list[np.ndarray | None] = [None] * len(self.state_names)
        if d_state is not None:
            d_final = self._check_states("d_state", d_state, x_shape[0])
        dx, d_initial, gradients = self._run_backward(dy, d_final)
        self.d_initial_state = self._packed(d_initial)
        if self._initial:
            used = float(self._from_weights)
            gradients = [*gradients, *(used * d.sum(axis=0) for d in d_initial)]
        self._gradients = gradients
        return np.ascontiguousarray(dx[:, ::-1]) if self.go_backwards and dx is not None else dx

    # -- shapes and configuration ----------------------------------------------------------

    def compute_mask(self, x, mask=None):
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        N, T = input_shape[:2]
        step = self._output_step_shape()
        y = (N, T, *step) if self.return_sequences else (N, *step)
        if not self.return_state:
            return y
        return (y, *self._packed([(N, *shape) for shape in self._state_shapes()]))

    def get_config(self):
        names = ("return_sequences", "return_state", "go_backwards", "stateful")
        more = ("zero_output_for_mask", "checkpoint", "trainable_initial_state")
        return {**super().get_config(), **{name: getattr(self, name) for name in (*names, *more)}}


def segments(T: int, checkpoint: bool | int, at_least: int = 12) -> list[slice]:
    """Cut T steps into segments of `checkpoint` steps; one segment if it is False.

    True means √T, or up to 96 where that leaves `at_least` segments: short segments cost time, and
    what is kept of one, with the states that all of them start from, should stay below a tenth of
    what would be kept of the whole.

    Examples
    --------
    >>> from scratchrnn.layers.sequence import segments
    >>> segments(10, 4)
    [slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)]
    >>> [len(segments(T, True)) for T in (100, 1000, 10_000)]
    [10, 12, 100]
    """
    if not checkpoint:
        return [slice(0, T)]
    k = max(math.isqrt(T - 1) + 1, min(96, -(-T // at_least))) if checkpoint is True else checkpoint
    return [slice(start, min(start + k, T)) for start in range(0, T, k)]
