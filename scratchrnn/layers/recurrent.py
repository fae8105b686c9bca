"""SimpleRNN, LSTM and GRU: Keras's arguments around the recurrences of cells and kernels.

No recurrence is written here. A layer hands its weights and options to the forward and backward
functions that :mod:`scratchrnn.backend` chooses, and the gradients out.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

import numpy as np

from .. import backend
from .arguments import refusing
from .gated import Gated, GRUWeights, PeepholeWeights
from .sequence import SequenceLayer, segments


class Run(NamedTuple):
    """What a call keeps for backward; of a whole pass, only `cache` is needed."""

    recurrence: backend.Recurrence
    x: np.ndarray  # (N,T,D), before dropout; the caller's own array
    mask: np.ndarray | None  # (N,T)
    shown: np.ndarray | None  # (N,T,1…): where the output is not blanked
    options: dict
    x_dropout: np.ndarray | None  # (N,1,D)
    pieces: list[slice]  # segments of the steps
    starts: list[list]  # the states that each segment starts from
    cache: Any  # of the last segment, until backward has used it; the others are computed again


class Recurrent(Gated, SequenceLayer):
    """A recurrence of the functional core as a layer: what SimpleRNN, LSTM and GRU share.

    Parameters
    ----------
    units : int
        H, the size of the state.
    activation, use_bias, kernel_initializer, recurrent_initializer, bias_initializer, …
        As in `Gated`: weights, dropout, seed.
    return_sequences, return_state, go_backwards, stateful, checkpoint, …
        As in `SequenceLayer`: how a sequence is run.
    **options
        As in `Layer`.

    Notes
    -----
    With `checkpoint`, the input array is kept, not copied: leave it unchanged until backward.
    """

    cell: str  # name of the recurrence
    least_segments = 12  # of a long sequence with checkpoint=True

    @property
    def backend(self) -> str:
        """Name of the backend that a sequence given now would run on."""
        return backend.get_backend()

    def _recurrence(self, steps: int) -> backend.Recurrence:
        return backend.recurrence(self.cell, steps)

    def _check_input(self, x) -> None:
        if x.ndim != 3 or x.shape[2] != len(self.kernel):
            who = type(self).__name__
            raise ValueError(f"{who}: x: expected (N, T, D={len(self.kernel)}), got {x.shape}")

    # -- forward ---------------------------------------------------------------------------

    def _run(self, x, states, mask, training):
        N, T, *features = x.shape
        pieces = segments(T, self.checkpoint, self.least_segments)
        x_dropout = self._draw_mask(training, self.dropout, (N, 1, *features))
        state = (N, *self._state_shapes()[0])
        recurrent_mask = self._draw_mask(training, self.recurrent_dropout, state)
        options = {**self._options(), "recurrent_mask": recurrent_mask}
        shown = self._shown_steps(mask, states[0] is not None)
        run = Run(self._recurrence(T), x, mask, shown, options, x_dropout, pieces, [], None)
        y, room = None, _room(x, pieces)
        with _same_weights(pieces):
            for piece in pieces:
                run.starts.append(states)
                cache = None  # one at a time
                h, *states, cache = self._run_piece(run, piece, states, room)
                if self.return_sequences:
                    y = _put(y, h, piece, T)
        self._kept = run._replace(cache=cache)
        return self._output(y, states[0], shown), states

    def _run_piece(self, run: Run, piece: slice, states, room):
        x = _take(run.x, piece, room)
        if run.x_dropout is not None:
            x = x * run.x_dropout
        mask = None if run.mask is None else run.mask[:, piece]
        weights = self.kernel, self.recurrent_kernel, self.bias
        return run.recurrence.forward(x, *states, *weights, mask, **run.options)

    def _shown_steps(self, mask, starts_nonzero: bool) -> np.ndarray | None:
        """Where the output is shown (N,T,1…); None where it is everywhere what the core gives."""
        if mask is None:
            return None
        wide = (*mask.shape, *(1,) * len(self._state_shapes()[0]))
        if self.zero_output_for_mask:
            return mask.reshape(wide)
        if not starts_nonzero or mask[:, 0].all():
            return None  # before the first real step the carried state is zero anyway
        return np.logical_or.accumulate(mask, axis=1).reshape(wide)

    def _output(self, h, hT, shown) -> np.ndarray:
        if not self.return_sequences:
            return hT.copy() if shown is None else np.where(shown[:, -1], hT, 0)
        return h if shown is None else np.where(shown, h, 0)

    # -- backward --------------------------------------------------------------------------

    def _run_backward(self, dy, d_final):
        run, cache, d_states = self._kept, self._kept.cache, list(d_final)
        if len(run.pieces) > 1:  # one segment's cache at a time
            run = self._kept = run._replace(cache=None)
        if run.shown is not None:
            dy = np.where(run.shown if self.return_sequences else run.shown[:, -1], dy, 0)
        if not self.return_sequences:
            d_states[0] = dy if d_states[0] is None else dy + d_states[0]
        n, dx, grads = len(self.state_names), None, None
        room = _room(run.x, run.pieces)
        dy_room = _room(dy, run.pieces) if self.return_sequences else None
        with _same_weights(run.pieces):
            for piece, states in zip(reversed(run.pieces), reversed(run.starts), strict=True):
                if cache is None:
                    *_, cache = self._run_piece(run, piece, states, room)
                dh = _take(dy, piece, dy_room) if self.return_sequences else None
                grads = run.recurrence.backward(
                    dh, cache, *d_states, onto=grads, with_dx=self.with_dx
                )
                cache, d_states = None, list(grads[1 : 1 + n])
                if self.with_dx:
                    dx = _put(dx, grads[0], piece, run.x.shape[1])
        if dx is not None and run.x_dropout is not None:
            dx = dx * run.x_dropout
        return dx, d_states, [g for g in grads[1 + n :] if g is not None]


def _same_weights(pieces: list[slice]) -> AbstractContextManager:
    return backend.same_weights() if len(pieces) > 1 else nullcontext()


def _room(whole: np.ndarray, pieces: list[slice]) -> np.ndarray | None:
    """Memory for the steps of one segment at a time, (N,k,…); None where there is only one."""
    if len(pieces) == 1:
        return None
    return np.empty((len(whole), pieces[0].stop, *whole.shape[2:]), whole.dtype)


def _take(whole: np.ndarray, piece: slice, room: np.ndarray | None) -> np.ndarray:
    """Return the steps of a segment of (N,T,…) side by side; always in the same memory."""
    part = whole[:, piece]
    if room is None:
        return part
    np.copyto(room[:, : part.shape[1]], part)
    return room[:, : part.shape[1]]


def _put(whole: np.ndarray | None, part: np.ndarray, piece: slice, T: int) -> np.ndarray:
    """Put the steps of a segment, (N,k,…), where they belong in (N,T,…), made when first needed."""
    if part.shape[1] == T:
        return part
    if whole is None:
        whole = backend.empty((len(part), T, *part.shape[2:]), part.dtype)
    whole[:, piece] = part
    return whole


class SimpleRNN(Recurrent):
    """Vanilla recurrent network: h = φ(x Wx + h_prev Wh + b).

    Parameters
    ----------
    units : int
        H, the size of the state.
    **options
        As in `Gated` (activation="tanh", use_bias=True, dropout=0.0, recurrent_dropout=0.0, …),
        `SequenceLayer` (return_sequences=False, return_state=False, go_backwards=False,
        stateful=False, checkpoint=False, …) and `Layer`.

    Notes
    -----
    Weights: kernel (D, H), recurrent_kernel (H, H), bias (H,).

    References
    ----------
    J. L. Elman (1990); equations (1) and (2) of :mod:`scratchrnn.cells.rnn`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import SimpleRNN
    >>> SimpleRNN(4)(np.zeros((2, 5, 3))).shape
    (2, 4)
    """

    cell, gates = "rnn", 1


class LSTM(PeepholeWeights, Recurrent):
    """Long short-term memory, with peepholes as an option.

    Parameters
    ----------
    units : int
        H, the size of output and cell state.
    activation : str, callable or None, default "tanh"
    recurrent_activation : str, callable or None, default "sigmoid"
    unit_forget_bias : bool, default True
        Start the forget gate's bias at 1 (Jozefowicz et al. 2015).
    peepholes : bool, default False
        Let the gates see the cell state (Gers, Schraudolph, Schmidhuber 2002).
    peephole_initializer : default "zeros"
    peephole_regularizer : optional
    **options
        As in `SimpleRNN`.

    Notes
    -----
    Weights: kernel (D, 4H), recurrent_kernel (H, 4H), bias (4H,), gates in the order i f g o;
    with `peepholes` then peepholes (3, H): rows p_i, p_f, p_o.
    ``use_cudnn`` may be "auto" or False, ``implementation`` 0, 1 or 2: there is one implementation.

    References
    ----------
    Hochreiter, Schmidhuber (1997); equations (1) to (7) of :mod:`scratchrnn.cells.lstm`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LSTM
    >>> layer = LSTM(4, return_state=True)
    >>> y, h, c = layer(np.zeros((2, 5, 3)))
    >>> layer.backward(np.ones_like(y)).shape, [d.shape for d in layer.d_initial_state]
    ((2, 5, 3), [(2, 4), (2, 4)])
    """

    refused = refusing(use_cudnn=("auto", False))
    cell = "lstm"


class GRU(GRUWeights, Recurrent):
    """Gated recurrent unit, reset after (default) or before the recurrent product.

    Parameters
    ----------
    units : int
        H, the size of the state.
    activation : str, callable or None, default "tanh"
    recurrent_activation : str, callable or None, default "sigmoid"
    reset_after : bool, default True
        True: cuDNN's, Keras's and PyTorch's form with a bias of (2, 3H); False: the paper's.
    **options
        As in `SimpleRNN`.

    Notes
    -----
    Weights: kernel (D, 3H), recurrent_kernel (H, 3H), bias (2, 3H) with `reset_after` (row 0
    beside x, row 1 beside h) or (3H,), gates in the order z r n.

    References
    ----------
    Cho et al. (2014); equations (1) to (6) of :mod:`scratchrnn.cells.gru`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import GRU
    >>> layer = GRU(4, return_sequences=True)
    >>> layer(np.zeros((2, 5, 3))).shape, layer.bias.shape
    ((2, 5, 4), (2, 12))
    """

    refused = refusing(use_cudnn=("auto", False))
    cell, least_segments = "gru", 11  # measured: the fewest calls that a tenth of the cache allows
