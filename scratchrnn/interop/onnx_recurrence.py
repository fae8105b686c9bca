"""An ONNX RNN, LSTM or GRU node as an object that runs on our recurrences.

A call turns ONNX's options into the cells': `sequence_lens` into a mask, a reverse direction into
reversed rows, `clip` and foreign activations into wrapped ones. Only an LSTM that clips, couples
its gates or squashes c with another function than g runs in a loop of its own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .. import backend, cells
from .onnx_activations import as_pair, our_name, read_activations
from .onnx_packing import DIRECTIONS, FUNCTIONS, GATES, Direction, check_floats, unpack
from .onnx_to_layer import make_layer


class OnnxOutputs(NamedTuple):
    """What a node gives; ``Y_c`` is None but for an LSTM."""

    Y: np.ndarray  # (T, dirs, N, H), or (N, T, dirs, H) with layout 1
    Y_h: np.ndarray  # (dirs, N, H), or (N, dirs, H)
    Y_c: np.ndarray | None


class OnnxRecurrence:
    """A recurrent node: weights, options, and a call that computes what ONNX defines.

    Parameters
    ----------
    op_type : str
        ``"RNN"``, ``"LSTM"`` or ``"GRU"``.
    W : array_like, (dirs, G*H, D)
    R : array_like, (dirs, G*H, H)
    B : array_like, (dirs, 2*G*H), optional
    P : array_like, (dirs, 3*H), optional
        Peepholes i, o, f of an LSTM.
    sequence_lens, initial_h, initial_c : array_like, optional
        What a call uses that gives none.
    needed : sequence of str, optional
        Which of these every call must give, since the graph computes them.
    direction : str, default "forward"
        ``"forward"``, ``"reverse"`` or ``"bidirectional"``.
    hidden_size : int, optional
        H, checked against the weights.
    layout : int, default 0
        0: time first; 1: batch first.
    activations, activation_alpha, activation_beta : sequence, optional
    clip : float, optional
        Pre-activations of all gates are clipped to [-clip, clip].
    input_forget : int, default 0
        1: the LSTM's forget gate is 1 - i.
    linear_before_reset : int, default 0
        1: the GRU that resets after the product, our `reset_after`.
    name : str, default ""
        The node's name, for errors.

    Raises
    ------
    ValueError
        If a shape, a value or an option does not fit.

    References
    ----------
    ONNX operators RNN, LSTM and GRU, versions 7 to 22.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.interop import OnnxRecurrence
    >>> rng = np.random.default_rng(0)
    >>> node = OnnxRecurrence("GRU", rng.normal(size=(1, 12, 3)), rng.normal(size=(1, 12, 4)))
    >>> node(rng.normal(size=(5, 2, 3))).Y.shape
    (5, 1, 2, 4)
    """

    def __init__(
        self,
        op_type,
        W,
        R,
        B=None,
        P=None,
        *,
        sequence_lens=None,
        initial_h=None,
        initial_c=None,
        needed=(),
        direction="forward",
        hidden_size=None,
        layout=0,
        activations=None,
        activation_alpha=None,
        activation_beta=None,
        clip=None,
        input_forget=0,
        linear_before_reset=0,
        name="",
    ):
        self.op_type, self.name = op_type, name
        self.who = f"ONNX {op_type}" + (f" {name!r}" if name else "")
        if op_type not in GATES:
            expected = list(GATES)
            raise ValueError(
                f"OnnxRecurrence: op_type: expected one of {expected}, got {op_type!r}"
            )
        if direction not in DIRECTIONS:
            self._refuse("direction", f"one of {list(DIRECTIONS)}", repr(direction))
        if layout not in (0, 1):
            self._refuse("layout", "0 or 1", repr(layout))
        if clip is not None and not (np.isfinite(clip) and clip >= 0):
            self._refuse("clip", "a number >= 0", repr(clip))
        if input_forget and op_type != "LSTM":
            self._refuse("input_forget", f"none for {op_type}", repr(input_forget))
        if linear_before_reset and op_type != "GRU":
            self._refuse("linear_before_reset", f"none for {op_type}", repr(linear_before_reset))
        self.direction, self.layout = direction, int(layout)
        self.clip = float(clip) if clip else None  # ONNX: 0 and absent both mean no clipping
        self.input_forget, self.reset_after = bool(input_forget), bool(linear_before_reset)
        count = DIRECTIONS[direction] * len(FUNCTIONS[op_type])
        names = activations or DIRECTIONS[direction] * FUNCTIONS[op_type]
        functions = read_activations(self.who, names, activation_alpha, activation_beta, count)
        self.directions = unpack(
            self.who, op_type, direction, functions, self.reset_after, W=W, R=R, B=B, P=P
        )
        self.input_size, self.hidden_size = len(self.directions[0].Wx), len(self.directions[0].Wh)
        self.dtype = self.directions[0].Wx.dtype
        if hidden_size is not None and hidden_size != self.hidden_size:
            self._refuse("hidden_size", f"{self.hidden_size}, as R has it", repr(hidden_size))
        self.sequence_lens, self.initial_h, self.initial_c = sequence_lens, initial_h, initial_c
        self.needed = tuple(needed)

    def _refuse(self, argument: str, expected: str, got: str):
        raise ValueError(f"{self.who}: {argument}: expected {expected}, got {got}")

    # -- the call --------------------------------------------------------------------------

    def __call__(self, X, sequence_lens=None, initial_h=None, initial_c=None) -> OnnxOutputs:
        """Compute the node's outputs.

        Parameters
        ----------
        X : array_like, (T, N, D), or (N, T, D) with layout 1
        sequence_lens : array_like of int, (N,), optional
            Y is zero from there on. A sequence without steps ends in zeros (onnxruntime's rule).
        initial_h, initial_c : array_like, (dirs, N, H), or (N, dirs, H) with layout 1, optional

        Returns
        -------
        OnnxOutputs
            ``Y``, ``Y_h`` and, for an LSTM, ``Y_c``.

        Raises
        ------
        ValueError
            If a shape or a length does not fit.
        """
        given = {"sequence_lens": sequence_lens, "initial_h": initial_h, "initial_c": initial_c}
        for argument in self.needed:
            if given[argument] is None:
                self._refuse(argument, "a value, which the model computes in its graph", "none")
        given = {name: getattr(self, name) if a is None else a for name, a in given.items()}
        X = np.asarray(X)
        batch = self.layout == 1
        if X.ndim != 3 or X.shape[2] != self.input_size or X.dtype.kind != "f":
            expected = f"floats of shape ({'N, T' if batch else 'T, N'}, {self.input_size})"
            self._refuse("X", expected, f"{X.dtype} {X.shape}")
        x = np.asarray(X if batch else X.swapaxes(0, 1), np.result_type(X, self.dtype))  # (N,T,D)
        mask = self._mask(given["sequence_lens"], *x.shape[:2])
        if given["initial_c"] is not None and self.op_type != "LSTM":
            self._refuse("initial_c", f"none for {self.op_type}", "an array")
        names = ("initial_h", "initial_c") if self.op_type == "LSTM" else ("initial_h",)
        states = [self._state(name, given[name], len(x)) for name in names]
        runs = [
            self._run(direction, x, mask, [None if s is None else s[d] for s in states])
            for d, direction in enumerate(self.directions)
        ]
        Y = np.stack([run[0] for run in runs], axis=2)  # (N,T,dirs,H)
        final = [np.stack([run[k] for run in runs], axis=1) for k in range(1, len(runs[0]))]
        if not batch:
            Y, final = Y.transpose(1, 2, 0, 3), [s.swapaxes(0, 1) for s in final]
        outputs = [np.ascontiguousarray(a, X.dtype) for a in (Y, *final)]
        return OnnxOutputs(*outputs, *[None] * (3 - len(outputs)))

    def to_layer(self, *, return_sequences: bool = True, **options):
        """Return a SimpleRNN, LSTM, GRU or Bidirectional layer that computes the same.

        Parameters
        ----------
        return_sequences : bool, default True
            Whether the layer gives what ``Y`` is, or ``Y_h``.
        **options
            Further arguments of the layer, such as ``dropout``.

        Returns
        -------
        Layer
            Built, with weights, batch first: (N, T, D) to (N, T, dirs*H). A reverse node becomes a
            layer with ``go_backwards=True``, whose outputs come in processing order, Keras's rule:
            its ``y[:, ::-1]`` is ``Y``. Constant initial states become a trained one.

        Raises
        ------
        ValueError
            If no layer here computes the same: clip, input_forget, foreign activations.

        Examples
        --------
        >>> import numpy as np
        >>> from scratchrnn.interop import OnnxRecurrence
        >>> rng = np.random.default_rng(0)
        >>> node = OnnxRecurrence("RNN", rng.normal(size=(1, 4, 3)), rng.normal(size=(1, 4, 4)))
        >>> layer = node.to_layer(return_sequences=False)
        >>> x = rng.normal(size=(2, 5, 3))
        >>> bool(np.allclose(layer(x), node(x.swapaxes(0, 1)).Y_h[0]))
        True
        """
        return make_layer(self, return_sequences=return_sequences, **options)

    def _mask(self, lengths, N: int, T: int) -> np.ndarray | None:
        if lengths is None:
            return None
        lengths = np.asarray(lengths)
        if lengths.shape != (N,) or lengths.dtype.kind not in "iu":
            expected = f"integers of shape ({N},)"
            self._refuse("sequence_lens", expected, f"{lengths.dtype} {lengths.shape}")
        if (lengths < 0).any() or (lengths > T).any():
            self._refuse("sequence_lens", f"lengths from 0 to T={T}", str(lengths.tolist())[:80])
        return np.arange(T) < lengths[:, None]

    def _state(self, argument: str, value, N: int) -> np.ndarray | None:
        """Return an initial state as (dirs, N, H)."""
        if value is None:
            return None
        axes = (len(self.directions), N) if self.layout == 0 else (N, len(self.directions))
        value = check_floats(self.who, argument, value, (*axes, self.hidden_size))
        return value if self.layout == 0 else value.swapaxes(0, 1)

    def _run(self, direction: Direction, x, mask, states) -> list[np.ndarray]:
        """Run one direction: Y (N, T, H), then the final states (N, H)."""
        order = None
        if direction.reverse:  # each row turned round within its own length
            T = x.shape[1]
            lengths = np.full(len(x), T) if mask is None else mask.sum(axis=1)
            steps = np.arange(T)
            order = np.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)
            x = np.take_along_axis(x, order[:, :, None], axis=1)
        h, *final = self._forward(direction, x, mask, states)
        if mask is not None:
            h = np.where(mask[:, :, None], h, 0)
            final = [np.where(mask.any(axis=1)[:, None], s, 0) for s in final]
        return [h if order is None else np.take_along_axis(h, order[:, :, None], axis=1), *final]

    def _forward(self, direction: Direction, x, mask, states) -> list[np.ndarray]:
        op, weights = self.op_type, (direction.Wx, direction.Wh, direction.b, mask)
        names = [our_name(function) for function in direction.functions]
        plain = self.clip is None and None not in names
        chosen = names if plain else [as_pair(f, self.clip) for f in direction.functions]
        options = {"activation": chosen[min(1, len(chosen) - 1)]}
        if op != "RNN":
            options["recurrent_activation"] = chosen[0]
        if op == "GRU":
            options["reset_after"] = self.reset_after
        if op == "LSTM":
            options["peepholes"] = direction.peepholes
            _, candidate, squash = direction.functions
            if self.clip is not None or self.input_forget or candidate != squash:
                return self._foreign_lstm(direction, x, mask, states)
        name = op.lower()
        forward = backend.recurrence(name)[0] if plain else getattr(cells, f"{name}_forward")
        return list(forward(x, *states, *weights, **options)[:-1])

    def _foreign_lstm(self, direction: Direction, x, mask, states) -> list[np.ndarray]:
        """The LSTM that ONNX has and our cells have not: clipped, coupled, or with a third φ."""
        N, T, _ = x.shape
        H, p = self.hidden_size, direction.peepholes
        p_i, p_f, p_o = np.zeros((3, 1), x.dtype) if p is None else p
        gate, candidate = (as_pair(f, self.clip).f for f in direction.functions[:2])
        squash = as_pair(direction.functions[2]).f
        h, c = (np.zeros((N, H), x.dtype) if s is None else s.astype(x.dtype) for s in states)
        y = np.empty((N, T, H), x.dtype)
        for t in range(T):
            real = None if mask is None else mask[:, t, None]
            x_t = x[:, t] if real is None else np.where(real, x[:, t], 0)
            a = x_t @ direction.Wx + h @ direction.Wh + (0 if direction.b is None else direction.b)
            a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
            i = gate(a_i + p_i * c)
            f = 1 - i if self.input_forget else gate(a_f + p_f * c)
            c_new = f * c + i * candidate(a_g)
            h_new = gate(a_o + p_o * c_new) * squash(c_new)
            h = h_new if real is None else np.where(real, h_new, h)
            c = c_new if real is None else np.where(real, c_new, c)
            y[:, t] = h
        return [y, h, c]
