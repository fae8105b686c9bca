"""RNN: any cell, run along time.

Forward, for t = 1 … T, where step t is real       Backward, for t = T … 1
    y, s = cell.step(x, s_prev)        (1)             dy_total = dy + dy_next
where it is masked                                     masked: dy_next = dy_total, ds_prev = ds
    y = y_prev, s = s_prev             (2)             real: dy_next = 0,                  (2')
                                                       dx, ds_prev, dW = cell.step_backward(
                                                           dy_total, ds, cache)            (1')
y before the first real step is 0. The output is carried beside the states, since a cell's output
need not be one of its states.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .cell import StackedRNNCells, as_list, check_cell, flatten, pack
from .sequence import SequenceLayer, segments
from .serialization import deserialize, serialize
from .wrappers import same_dtype


class CellRun(NamedTuple):
    """What a call keeps for backward."""

    x: np.ndarray  # (N,T,D); the caller's own array
    mask: np.ndarray | None  # (N,T)
    pieces: list[slice]  # segments of the steps
    starts: list[tuple]  # (y_prev, states) that each segment starts from
    caches: list[Any] | None  # of every step; None where segments are computed again


class RNN(SequenceLayer):
    """Run a cell over sequences.

    Parameters
    ----------
    cell : Cell, or list of Cell
        A list is stacked, as in `StackedRNNCells`.
    return_sequences, return_state, go_backwards, stateful, zero_output_for_mask, checkpoint, …
        As in `SequenceLayer`.
    **options
        As in `Layer`.

    Notes
    -----
    Runs step by step in NumPy, whatever the backend. States are nested as the cell's
    `state_size` is: with stacked cells, one entry for each cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import RNN, SimpleRNNCell
    >>> RNN(SimpleRNNCell(4), return_sequences=True)(np.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    backend = "numpy"

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        **options,
    ):
        if isinstance(cell, list | tuple):
            cell = StackedRNNCells(cell)
        check_cell("RNN", "cell", cell)
        super().__init__(
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            **same_dtype("RNN", options, cell),
        )
        self.cell = cell
        self.state_size = as_list(self.cell.state_size)
        self._sizes = [int(n) for n in flatten(self.state_size)]
        self.state_names = tuple(f"state_{k}" for k in range(len(self._sizes)))

    def sublayers(self):
        return [self.cell]

    def build(self, input_shape):
        if not self.cell.built:
            self.cell.build((None, *input_shape[2:]))
        self._features = tuple(input_shape[2:])
        super().build(input_shape)

    def _state_shapes(self):
        return [(n,) for n in self._sizes]

    def _output_step_shape(self):
        return (self.cell.output_size,)

    def _flat(self, states):
        return [states] if isinstance(states, np.ndarray) else flatten(list(states))

    def _packed(self, states):
        return pack(self.state_size, states)

    def _check_input(self, x):
        if x.ndim != 3 or x.shape[2:] != self._features:
            raise ValueError(f"RNN: x: expected (N, T, D={self._features[0]}), got {x.shape}")

    # -- forward ---------------------------------------------------------------------------

    def _run(self, x, states, mask, training):
        N, T, D = x.shape
        self.cell.begin(N, D, training)
        forget(self.cell)
        states = [
            np.zeros((N, n), self.dtype) if s is None else s
            for s, n in zip(states, self._sizes, strict=True)
        ]
        y = np.zeros((N, self.cell.output_size), self.dtype)
        pieces = segments(T, self.checkpoint)
        run, caches, outputs = CellRun(x, mask, pieces, [], None), [], []
        for piece in pieces:
            run.starts.append((y, states))
            ys, states, caches = self._run_piece(run, piece, y, states)
            y = ys[-1]
            if self.return_sequences:
                outputs += ys
        self._kept = run._replace(caches=caches if len(pieces) == 1 else None)
        return self._output(outputs, y, mask), states

    def _run_piece(self, run, piece, y, states):
        """Run the steps of one segment; the states are a flat list."""
        outputs, caches = [], []
        for t in range(piece.start, piece.stop):
            new_y, new_states, cache = self.cell.step(run.x[:, t], self._packed(states))  # (1)
            new = flatten(list(new_states))
            if run.mask is not None:
                m = run.mask[:, t, None]
                new_y = np.where(m, new_y, y)  # (2)
                new = [np.where(m, s, s_prev) for s, s_prev in zip(new, states, strict=True)]
            y, states = new_y, new
            outputs.append(y)
            caches.append(cache)
        return outputs, states, caches

    def _output(self, outputs, y, mask):
        blank = mask if self.zero_output_for_mask else None
        if self.return_sequences:
            y = np.stack(outputs, axis=1)
            return y if blank is None else np.where(blank[..., None], y, 0)
        return y.copy() if blank is None else np.where(blank[:, -1:], y, 0)

    # -- backward --------------------------------------------------------------------------

    def _run_backward(self, dy, d_final):
        run, (N, T) = self._kept, self._kept.x.shape[:2]
        d_states = [
            np.zeros((N, n), self.dtype) if d is None else d
            for d, n in zip(d_final, self._sizes, strict=True)
        ]
        if self.zero_output_for_mask and run.mask is not None:
            shown = run.mask[..., None] if self.return_sequences else run.mask[:, -1:]
            dy = np.where(shown, dy, 0)
        dy_next = np.zeros((N, self.cell.output_size), self.dtype)
        dx, totals = np.zeros_like(run.x), [np.zeros_like(w) for w in self.cell.weights]
        for piece, (y, states) in zip(reversed(run.pieces), reversed(run.starts), strict=True):
            caches = run.caches
            if caches is None:
                *_, caches = self._run_piece(run, piece, y, states)
            for t in reversed(range(piece.start, piece.stop)):
                if self.return_sequences:
                    dy_next = dy_next + dy[:, t]
                elif t == T - 1:
                    dy_next = dy
                m = None if run.mask is None else run.mask[:, t, None]
                dx[:, t], dy_next, d_states = self._step_backward(
                    dy_next, d_states, caches[t - piece.start], m, totals
                )
        hand_out(self.cell, totals)
        return dx, d_states, []

    def _step_backward(self, dy, d_states, cache, m, totals):
        """Gradients of one step; those of the weights are added to `totals`."""
        d_real = d_states if m is None else [np.where(m, d, 0) for d in d_states]
        dx, d_prev, gradients = self.cell.step_backward(
            dy if m is None else np.where(m, dy, 0), self._packed(d_real), cache
        )  # (1')
        for total, gradient in zip(totals, gradients, strict=True):
            total += gradient
        d_prev = flatten(list(d_prev))
        if m is None:
            return dx, np.zeros_like(dy), d_prev
        carried = [np.where(m, d, d_next) for d, d_next in zip(d_prev, d_states, strict=True)]
        return np.where(m, dx, 0), np.where(m, 0, dy), carried  # (2')

    def get_config(self):
        return {**super().get_config(), "cell": serialize(self.cell)}

    @classmethod
    def from_config(cls, config_):
        return cls(**{**config_, "cell": deserialize(config_["cell"])})


def forget(layer) -> None:
    """Forget the gradients of a layer and of those inside it, as calling each would."""
    layer._gradients = None
    for inner in layer.sublayers():
        forget(inner)


def hand_out(layer, gradients: list[np.ndarray]) -> list[np.ndarray]:
    """Give a cell and the cells inside it their own of the gradients; return what is left."""
    own, rest = gradients[: len(layer._own)], gradients[len(layer._own) :]
    layer._gradients = own
    for inner in layer.sublayers():
        rest = hand_out(inner, rest)
    return rest
