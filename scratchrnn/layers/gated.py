"""Weights and options of the three recurrences, shared by the layers and by the one-step cells.

`LSTM` and `LSTMCell` own the same weights under the same names and take the same arguments;
so do the other two pairs. What differs is who runs along time.
"""

from __future__ import annotations

import numpy as np

from .. import activations, initializers, regularizers
from ..cells.activations import ACTIVATIONS
from ..random import make_generator
from .arguments import check_count, check_flag, check_rate, check_seed, refusing
from .base import Layer, dropout_mask


def recurrent_activation_name(who: str, argument: str, activation) -> str:
    """Return the name of an activation that a recurrence can use.

    Parameters
    ----------
    who, argument : str
        For the error message.
    activation : str, Activation or None
        None is linear.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If its derivative cannot be written in its output, or it has options of its own.
    """
    try:
        name = activations.serialize(activations.get(activation))
    except ValueError:
        name = None
    if not isinstance(name, str) or name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise ValueError(f"{who}: {argument}: a recurrence can use {known}; got {activation!r}")
    return name


class Gated(Layer):
    """Weights of a recurrence whose G gates lie side by side in one kernel.

    Parameters
    ----------
    units : int
        H, the size of the state.
    activation : str, callable or None, default "tanh"
        One whose derivative can be written in its output: BPTT keeps outputs.
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
    seed : int or numpy.random.Generator, optional
        For the initial weights and the dropout masks.
    **options
        As in the class that runs along time, and as in `Layer`.
    """

    refused = refusing(
        kernel_constraint=(None,),
        recurrent_constraint=(None,),
        bias_constraint=(None,),
    )
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
        *,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **options,
    ):
        super().__init__(**options)
        who = type(self).__name__
        self.units = check_count(who, "units", units)
        self.activation = recurrent_activation_name(who, "activation", activation)
        self.use_bias = check_flag(who, "use_bias", use_bias)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.dropout = check_rate(who, "dropout", dropout)
        self.recurrent_dropout = check_rate(who, "recurrent_dropout", recurrent_dropout)
        self.seed = check_seed(who, seed)
        self.rng = make_generator(self.seed)

    # -- weights ---------------------------------------------------------------------------

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(f"{type(self).__name__}: input_shape: the last axis must be known")
        shape, recurrent_shape = self._kernel_shapes(input_shape)
        self.kernel = self.add_weight(
            "kernel", shape, self.kernel_initializer, self.kernel_regularizer
        )
        self.recurrent_kernel = self.add_weight(
            "recurrent_kernel",
            recurrent_shape,
            self.recurrent_initializer,
            self.recurrent_regularizer,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", self._bias_shape(), self.bias_initializer, self.bias_regularizer
            )
        self._build_further()
        super().build(input_shape)

    def _kernel_shapes(self, input_shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
        GH = self.gates * self.units
        return (input_shape[-1], GH), (self.units, GH)

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def _build_further(self) -> None:
        """Make the weights that come after kernel, recurrent_kernel and bias."""

    def _options(self) -> dict:
        """What the functions of the recurrence need beside kernel, recurrent_kernel and bias."""
        return {"activation": self.activation}

    def _state_shapes(self) -> list[tuple[int, ...]]:
        return [(self.units,)] * len(self.state_names)

    def _draw_mask(self, training: bool, rate: float, shape) -> np.ndarray | None:
        """A dropout mask in training, None otherwise."""
        return dropout_mask(self.rng, shape, rate, self.dtype) if training and rate else None

    def get_config(self):
        config = {**super().get_config(), "units": self.units, "activation": self.activation}
        for name in ("kernel", "recurrent", "bias"):
            initializer = getattr(self, f"{name}_initializer")
            config[f"{name}_initializer"] = initializers.serialize(initializer)
            regularizer = getattr(self, f"{name}_regularizer")
            config[f"{name}_regularizer"] = regularizers.serialize(regularizer)
        for name in ("use_bias", "dropout", "recurrent_dropout"):
            config[name] = getattr(self, name)
        config["seed"] = self.seed if isinstance(self.seed, int) else None
        return config


class LSTMWeights(Gated):
    """Weights and options of an LSTM: gates i f g o, a cell state beside h."""

    refused = refusing(implementation=(0, 1, 2))
    gates, state_names = 4, ("h", "c")

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
        who = type(self).__name__
        self.recurrent_activation = recurrent_activation_name(
            who, "recurrent_activation", recurrent_activation
        )
        self.unit_forget_bias = check_flag(who, "unit_forget_bias", unit_forget_bias)

    def _build_further(self):
        if self.use_bias and self.unit_forget_bias:
            self.bias[self.units : 2 * self.units] = 1

    def _options(self):
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


class PeepholeWeights(LSTMWeights):
    """Weights and options of an LSTM whose gates may see the cell state."""

    def __init__(
        self,
        units,
        *arguments,
        peepholes=False,
        peephole_initializer="zeros",
        peephole_regularizer=None,
        **options,
    ):
        super().__init__(units, *arguments, **options)
        self.use_peepholes = check_flag(type(self).__name__, "peepholes", peepholes)
        self.peephole_initializer = initializers.get(peephole_initializer)
        self.peephole_regularizer = regularizers.get(peephole_regularizer)

    def _build_further(self):
        super()._build_further()
        self.peepholes = None
        if self.use_peepholes:
            self.peepholes = self.add_weight(
                "peepholes", (3, self.units), self.peephole_initializer, self.peephole_regularizer
            )

    def _options(self):
        options = super()._options()
        return {**options, "peepholes": self.peepholes} if self.use_peepholes else options

    def get_config(self):
        return {
            **super().get_config(),
            "peepholes": self.use_peepholes,
            "peephole_initializer": initializers.serialize(self.peephole_initializer),
            "peephole_regularizer": regularizers.serialize(self.peephole_regularizer),
        }


class GRUWeights(Gated):
    """Weights and options of a GRU: gates z r n, reset after or before the product."""

    refused = refusing(implementation=(0, 1, 2))
    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        *,
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
        who = type(self).__name__
        self.recurrent_activation = recurrent_activation_name(
            who, "recurrent_activation", recurrent_activation
        )
        self.reset_after = check_flag(who, "reset_after", reset_after)

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _options(self):
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
