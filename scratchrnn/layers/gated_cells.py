"""SimpleRNNCell, LSTMCell, GRUCell: one step of the three recurrences, for `RNN` to run.

They are the readable steps of :mod:`scratchrnn.cells`, in NumPy on every backend; the layers
SimpleRNN, LSTM and GRU run whole sequences, compiled if the backend is, and give the same.
"""

from __future__ import annotations

import numpy as np

from ..cells import (
    gru_step,
    gru_step_backward,
    lstm_step,
    lstm_step_backward,
    rnn_step,
    rnn_step_backward,
)
from .cell import Cell
from .gated import Gated, GRUWeights, PeepholeWeights


class GatedCell(Gated, Cell):
    """What the three have in common: dropout masks, one for all steps of a sequence."""

    def __init__(self, units, *arguments, **options):
        super().__init__(units, *arguments, **options)
        n = len(self.state_names)
        self.state_size = self.units if n == 1 else [self.units] * n
        self._x_dropout = self._recurrent_mask = None

    def begin(self, N, D, training):
        self._x_dropout = self._draw_mask(training, self.dropout, (N, D))
        self._recurrent_mask = self._draw_mask(training, self.recurrent_dropout, (N, self.units))

    def _step_options(self) -> dict:
        return {**self._options(), "recurrent_mask": self._recurrent_mask}

    def _dropped(self, x: np.ndarray) -> np.ndarray:
        return x if self._x_dropout is None else x * self._x_dropout

    def _weights(self) -> tuple:
        return self.kernel, self.recurrent_kernel, self.bias

    def _given(self, gradients) -> list[np.ndarray]:
        """Leave out what there is no weight for."""
        return [g for g, wanted in zip(gradients, self._has(), strict=True) if wanted]

    def _has(self) -> tuple:
        return (True, True, self.use_bias)


class SimpleRNNCell(GatedCell):
    """One step of `SimpleRNN`.

    Parameters
    ----------
    units : int
    **options
        As in `Gated` and `Layer`.

    References
    ----------
    Equations (1) and (2) of :mod:`scratchrnn.cells.rnn`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import SimpleRNNCell
    >>> y, states = SimpleRNNCell(4)(np.zeros((2, 3)), [np.zeros((2, 4))])
    >>> y.shape, len(states)
    ((2, 4), 1)
    """

    gates = 1

    def step(self, x, states):
        h, cache = rnn_step(self._dropped(x), states[0], *self._weights(), **self._step_options())
        return h, [h], cache

    def step_backward(self, dy, d_states, cache):
        dx, dh, *gradients = rnn_step_backward(dy + d_states[0], cache)
        return self._dropped(dx), [dh], self._given(gradients)


class LSTMCell(PeepholeWeights, GatedCell):
    """One step of `LSTM`; the states are h and c.

    Parameters
    ----------
    units : int
    **options
        As in `LSTM`, but for what concerns whole sequences.

    References
    ----------
    Equations (1) to (7) of :mod:`scratchrnn.cells.lstm`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import RNN, LSTMCell
    >>> RNN(LSTMCell(4), return_sequences=True)(np.zeros((2, 5, 3))).shape
    (2, 5, 4)
    """

    def step(self, x, states):
        h, c, cache = lstm_step(self._dropped(x), *states, *self._weights(), **self._step_options())
        return h, [h, c], cache

    def step_backward(self, dy, d_states, cache):
        dx, dh, dc, *gradients = lstm_step_backward(dy + d_states[0], d_states[1], cache)
        return self._dropped(dx), [dh, dc], self._given(gradients)

    def _has(self):
        return (True, True, self.use_bias, self.use_peepholes)


class GRUCell(GRUWeights, GatedCell):
    """One step of `GRU`.

    Parameters
    ----------
    units : int
    **options
        As in `GRU`, but for what concerns whole sequences.

    References
    ----------
    Equations (1) to (6) of :mod:`scratchrnn.cells.gru`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import RNN, GRUCell
    >>> RNN([GRUCell(4), GRUCell(6)])(np.zeros((2, 5, 3))).shape
    (2, 6)
    """

    def step(self, x, states):
        h, cache = gru_step(self._dropped(x), states[0], *self._weights(), **self._step_options())
        return h, [h], cache

    def step_backward(self, dy, d_states, cache):
        dx, dh, *gradients = gru_step_backward(dy + d_states[0], cache)
        return self._dropped(dx), [dh], self._given(gradients)
