"""SimpleRNN, LSTM and GRU: Keras's arguments around the recurrences of cells and kernels.

No recurrence is written here. A layer owns weights and options, turns what Keras calls
`go_backwards`, `stateful`, `dropout` … into arguments of the forward and backward functions
that :mod:`scratchrnn.backend` chooses, and hands the gradients out.
"""

from __future__ import annotations

import numpy as np

from .. import activations, backend, initializers, regularizers
from ..cells.activations import ACTIVATIONS
from .base import Layer, check_rate, check_units, dropout_mask, make_generator

_ACCEPTED_AS_IS = {"unroll": (False,), "use_cudnn": ("auto", False), "implementation": (1, 2)}


def recurrent_activation_name(who: str, argument: str, activation) -> str:
    """Return the name of an activation that a recurrence can use.

    Parameters
    ----------
    who, argument : str
        For the error message.
    activation : str, callable or None
        None is linear.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If its derivative cannot be written in its output, or it has options of its own.
    """
    name = activations.serialize(activations.get(activation))
    if not isinstance(name, str) or name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"{who}: {argument}: a recurrence can use {known}; got {activation!r}")
    return name


class Recurrent(Layer):
    """What SimpleRNN, LSTM and GRU share.

    Parameters
    ----------
    units : int
        H, the size of the state.
    activation : str, callable or None, default "tanh"
    use_bias : bool, default True
    kernel_initializer : default "glorot_uniform"
    recurrent_initializer : default "orthogonal"
    bias_initializer : default "zeros"
    kernel_regularizer, recurrent_regularizer, bias_regularizer : optional
    dropout : float, default 0.0
        Fraction of the inputs to drop, the same ones at every step of a sequence.
    recurrent_dropout : float, default 0.0
        Fraction of h_prev to drop in the recurrent product, the same units at every step and
        for all gates (Gal, Ghahramani 2016).
    return_sequences : bool, default False
        Return the whole sequence (N, T, H) or only the last real step (N, H).
    return_state : bool, default False
        Return ``[y, *final_states]``.
    go_backwards : bool, default False
        Read the sequence from its end; outputs come in processing order.
    stateful : bool, default False
        Start each batch from the states that the batch before it ended in.
    zero_output_for_mask : bool, default False
        Output zeros at masked steps instead of repeating the output before.
    seed : int or numpy.random.Generator, optional
        For the initial weights and the dropout masks.
    **options
        As in `Layer`.
    """

    cell: str  # name of the recurrence in the backend
    gates: int  # G
    state_names: tuple[str, ...] = ("h",)

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        zero_output_for_mask=False,
        seed=None,
        **options,
    ):
        who = type(self).__name__
        for argument, accepted in _ACCEPTED_AS_IS.items():
            value = options.pop(argument, accepted[0])
            if value not in accepted:
                raise ValueError(f"{who}: {argument}: expected one of {accepted}, got {value!r}")
        super().__init__(**options)
        self.units = check_units(who, "units", units)
        self.activation = recurrent_activation_name(who, "activation", activation)
        self.use_bias = bool(use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.dropout = check_rate(who, "dropout", dropout)
        self.recurrent_dropout = check_rate(who, "recurrent_dropout", recurrent_dropout)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.seed = seed
        self.rng = make_generator(seed)
        self.states: list[np.ndarray] | None = None
        self.d_initial_state: list[np.ndarray] | None = None

    # -- weights ---------------------------------------------------------------------------

    def build(self, input_shape):
        D, H, G = input_shape[-1], self.units, self.gates
        if D is None:
            raise ValueError(f"{type(self).__name__}: input_shape: the last axis must be known")
        self.kernel = self.add_weight(
            "kernel", (D, G * H), self.kernel_initializer, self.rng, self.kernel_regularizer
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            (H, G * H),
            self.recurrent_initializer,
            self.rng,
            self.recurrent_regularizer,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias",
                self._bias_shape(),
                self.bias_initializer,
                self.rng,
                self.bias_regularizer,
            )
        super().build(input_shape)

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _cell_options(self) -> dict:
        return {"activation": self.activation}

    # -- state -----------------------------------------------------------------------------

    def reset_state(self) -> None:
        """Forget the states that a stateful layer carries from batch to batch."""
        self.states = None

    reset_states = reset_state

    def _initial_state(self, initial_state, N: int) -> list[np.ndarray | None]:
        who, names, H = type(self).__name__, self.state_names, self.units
        if initial_state is None:
            if self.stateful and self.states is not None:
                if len(self.states[0]) != N:
                    expected = f"the {len(self.states[0])} sequences of the batch before"
                    raise ValueError(f"{who}: x: stateful: expected {expected}, got {N}")
                return list(self.states)
            return [None] * len(names)
        if len(names) == 1 and isinstance(initial_state, np.ndarray):
            initial_state = [initial_state]
        if len(initial_state) != len(names):
            raise ValueError(
                f"{who}: initial_state: expected {list(names)}, got {len(initial_state)} arrays"
            )
        states = [np.asarray(s, dtype=self.dtype) for s in initial_state]
        for name, s in zip(names, states, strict=True):
            if s.shape != (N, H):
                raise ValueError(f"{who}: initial_state {name}: expected {(N, H)}, got {s.shape}")
        return states

    # -- forward ---------------------------------------------------------------------------

    def __call__(self, x, mask=None, training=False, initial_state=None):
        """Run the layer forward.

        Parameters
        ----------
        x : array_like, (N, T, D)
        mask : array_like of bool, (N, T), optional
            True where a step is real.
        training : bool, default False
            Whether dropout is on.
        initial_state : list of array_like, (N, H) each, optional
            In the order of `return_state`.

        Returns
        -------
        ndarray or list of ndarray
            (N, T, H) with `return_sequences`, else (N, H); ``[y, *states]`` with `return_state`.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        return super().__call__(x, mask=mask, training=training, initial_state=initial_state)

    def call(self, x, mask=None, training=False, initial_state=None):
        self._check_input(x)
        mask = self._check_mask(mask, x.shape[:2])
        if self.go_backwards:
            x, mask = x[:, ::-1], None if mask is None else mask[:, ::-1]
        N = len(x)
        states = self._initial_state(initial_state, N)
        self._x_dropout = self._draw(training, self.dropout, (N, 1, x.shape[2]))
        if self._x_dropout is not None:
            x = x * self._x_dropout
        options = self._cell_options()
        options["recurrent_mask"] = self._draw(training, self.recurrent_dropout, (N, self.units))
        forward, self._backward = backend.recurrence(self.cell)
        h, *final, self._cache = forward(
            x, *states, self.kernel, self.recurrent_kernel, self.bias, mask, **options
        )
        if self.stateful:
            self.states = [s.copy() for s in final]
        self._shown = self._shown_steps(mask, states[0] is not None)
        self._shape = h.shape
        y = self._shown_output(h, final[0])
        return [y, *final] if self.return_state else y

    def _check_input(self, x) -> None:
        if x.ndim != 3 or x.shape[2] != len(self.kernel):
            raise ValueError(
                f"{type(self).__name__}: x: expected (N, T, D={len(self.kernel)}), got {x.shape}"
            )

    def _check_mask(self, mask, shape) -> np.ndarray | None:
        if mask is None:
            return None
        mask = np.asarray(mask, dtype=bool)
        if mask.shape != shape:
            who = type(self).__name__
            raise ValueError(f"{who}: mask: expected (N, T)={shape}, got {mask.shape}")
        return mask

    def _draw(self, training: bool, rate: float, shape) -> np.ndarray | None:
        return dropout_mask(self.rng, shape, rate, self.dtype) if training and rate else None

    def _shown_steps(self, mask, starts_nonzero: bool) -> np.ndarray | None:
        """Where the output is shown (N,T,1); None where it is everywhere what the core gives."""
        if mask is None:
            return None
        if self.zero_output_for_mask:
            return mask[:, :, None]
        if not starts_nonzero or mask[:, 0].all():
            return None  # before the first real step the carried state is zero anyway
        return np.logical_or.accumulate(mask, axis=1)[:, :, None]

    def _shown_output(self, h, hT) -> np.ndarray:
        if self.return_sequences:
            return h if self._shown is None else np.where(self._shown, h, 0)
        return hT.copy() if self._shown is None else np.where(self._shown[:, -1], hT, 0)

    # -- backward --------------------------------------------------------------------------

    def backward(self, dy, d_state=None):
        """Backpropagate through time; fills `gradients` and `d_initial_state` afresh.

        Parameters
        ----------
        dy : ndarray
            Gradient on the first output: (N, T, H) with `return_sequences`, else (N, H).
        d_state : list of ndarray, (N, H) each, optional
            Gradients on the final states, in the order of `return_state`; None for zero.

        Returns
        -------
        ndarray, (N, T, D)
            Gradient on the input, in input order.

        Raises
        ------
        ValueError
            If a shape does not fit, or the layer was not called.
        """
        N, T, H = self._shape if self._called else (0, 0, 0)
        dy = self._upstream(dy, (N, T, H) if self.return_sequences else (N, H))
        d_final = self._check_d_state(d_state, (N, H))
        if self._shown is not None:
            dy = np.where(self._shown if self.return_sequences else self._shown[:, -1], dy, 0)
        if self.return_sequences:
            dh = dy
        else:
            dh = None
            d_final[0] = dy if d_final[0] is None else dy + d_final[0]
        grads = self._backward(dh, self._cache, *d_final)
        dx, rest = grads[0], list(grads[1:])
        self.d_initial_state = rest[: len(self.state_names)]
        self._gradients = [g for g in rest[len(self.state_names) :] if g is not None]
        if self._x_dropout is not None:
            dx = dx * self._x_dropout
        return np.ascontiguousarray(dx[:, ::-1]) if self.go_backwards else dx

    def _check_d_state(self, d_state, shape) -> list[np.ndarray | None]:
        names = self.state_names
        if d_state is None:
            return [None] * len(names)
        if len(names) == 1 and isinstance(d_state, np.ndarray):
            d_state = [d_state]
        if len(d_state) != len(names):
            raise ValueError(
                f"{type(self).__name__}: d_state: expected {list(names)}, got {len(d_state)} arrays"
            )
        return [None if d is None else self._upstream(d, shape) for d in d_state]

    # -- shapes and configuration ----------------------------------------------------------

    def compute_mask(self, x, mask=None):
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        N, T = input_shape[:2]
        return (N, T, self.units) if self.return_sequences else (N, self.units)

    def get_config(self):
        config = {**super().get_config(), "units": self.units, "activation": self.activation}
        for name in ("kernel", "recurrent", "bias"):
            initializer = getattr(self, f"{name}_initializer")
            config[f"{name}_initializer"] = initializers.serialize(initializer)
            regularizer = getattr(self, f"{name}_regularizer")
            config[f"{name}_regularizer"] = regularizers.serialize(regularizer)
        plain = ("use_bias", "dropout", "recurrent_dropout", "return_sequences", "return_state")
        flags = ("go_backwards", "stateful", "zero_output_for_mask")
        config.update({name: getattr(self, name) for name in (*plain, *flags)})
        config["seed"] = self.seed if isinstance(self.seed, int) else None
        return config


class SimpleRNN(Recurrent):
    """Vanilla recurrent network: h = φ(x Wx + h_prev Wh + b).

    Parameters
    ----------
    units : int
        H, the size of the state.
    **options
        As in `Recurrent`: activation="tanh", use_bias=True, return_sequences=False,
        return_state=False, go_backwards=False, stateful=False, dropout=0.0,
        recurrent_dropout=0.0, …

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


class LSTM(Recurrent):
    """Long short-term memory.

    Parameters
    ----------
    units : int
        H, the size of output and cell state.
    activation : str, callable or None, default "tanh"
    recurrent_activation : str, callable or None, default "sigmoid"
    unit_forget_bias : bool, default True
        Start the forget gate's bias at 1 (Jozefowicz et al. 2015).
    **options
        As in `Recurrent`.

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

    cell, gates, state_names = "lstm", 4, ("h", "c")

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        **options,
    ):
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            **options,
        )
        self.recurrent_activation = recurrent_activation_name(
            type(self).__name__, "recurrent_activation", recurrent_activation
        )
        self.unit_forget_bias = bool(unit_forget_bias)

    def build(self, input_shape):
        super().build(input_shape)
        if self.use_bias and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units] = 1

    def _cell_options(self):
        return {
            "activation": self.activation,
            "recurrent_activation": self.recurrent_activation,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": self.recurrent_activation,
            "unit_forget_bias": self.unit_forget_bias,
        }


class GRU(Recurrent):
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
        As in `Recurrent`.

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

    cell, gates = "gru", 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        reset_after=True,
        **options,
    ):
        super().__init__(
            units,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            **options,
        )
        self.recurrent_activation = recurrent_activation_name(
            type(self).__name__, "recurrent_activation", recurrent_activation
        )
        self.reset_after = bool(reset_after)

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _cell_options(self):
        return {
            "activation": self.activation,
            "recurrent_activation": self.recurrent_activation,
            "reset_after": self.reset_after,
        }

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": self.recurrent_activation,
            "reset_after": self.reset_after,
        }
