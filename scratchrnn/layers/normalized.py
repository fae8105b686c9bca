"""LayerNormLSTM and LayerNormGRU: recurrences that normalise their sums at every step."""

from __future__ import annotations

from .. import initializers
from ..backend import Recurrence
from ..cells import lngru, lnlstm
from .arguments import check_number
from .gated import GRUWeights, LSTMWeights
from .recurrent import Recurrent


class LayerNormLSTM(LSTMWeights, Recurrent):
    """Layer-normalised LSTM. It has no compiled twin and runs in NumPy on every backend.

    Parameters
    ----------
    units : int
        H, the size of output and cell state.
    epsilon : float, default 1e-5
        Added to each variance.
    gamma_initializer, beta_initializer : default "ones" and "zeros"
        Of the gains, and of the cell state's shift.
    **options
        As in `LSTM`; there are no peepholes.

    Notes
    -----
    Weights: kernel (D, 4H), recurrent_kernel (H, 4H), bias (4H,), then gamma (2, 4H) (rows: of
    x Wx, of h Wh), gamma_c (H,), beta_c (H,) (of the cell state on its way out).

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (0) to (7) of :mod:`scratchrnn.cells.lnlstm`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LayerNormLSTM
    >>> LayerNormLSTM(4, return_sequences=True)(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    cell, backend = "lnlstm", "numpy"

    def __init__(
        self,
        units,
        *arguments,
        epsilon=1e-5,
        gamma_initializer="ones",
        beta_initializer="zeros",
        **options,
    ):
        super().__init__(units, *arguments, **options)
        self.epsilon = check_number("LayerNormLSTM", "epsilon", epsilon, 0)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_initializer = initializers.get(beta_initializer)

    def _build_further(self):
        super()._build_further()
        H = self.units
        self.gamma = self.add_weight("gamma", (2, 4 * H), self.gamma_initializer)
        self.gamma_c = self.add_weight("gamma_c", (H,), self.gamma_initializer)
        self.beta_c = self.add_weight("beta_c", (H,), self.beta_initializer)

    def _options(self):
        gains = {"gamma": self.gamma, "gamma_c": self.gamma_c, "beta_c": self.beta_c}
        return {**super()._options(), **gains, "epsilon": self.epsilon}

    def _recurrence(self, steps: int):
        return Recurrence(lnlstm.lnlstm_forward, lnlstm.lnlstm_backward)

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "beta_initializer": initializers.serialize(self.beta_initializer),
        }


class LayerNormGRU(GRUWeights, Recurrent):
    """Layer-normalised GRU. It has no compiled twin and runs in NumPy on every backend.

    Parameters
    ----------
    units : int
        H, the size of the state.
    epsilon : float, default 1e-5
        Added to each variance.
    gamma_initializer : default "ones"
    **options
        As in `GRU`; the reset gate acts after the product.

    Notes
    -----
    Weights: kernel (D, 3H), recurrent_kernel (H, 3H), bias (2, 3H), then gamma (2, 3H) (rows: of
    x Wx, of h Wh).

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (1) to (6) of :mod:`scratchrnn.cells.lngru`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LayerNormGRU
    >>> LayerNormGRU(4)(np.ones((2, 5, 3))).shape
    (2, 4)
    """

    cell, backend = "lngru", "numpy"

    def __init__(self, units, *arguments, epsilon=1e-5, gamma_initializer="ones", **options):
        if not options.get("reset_after", True):
            raise ValueError("LayerNormGRU: reset_after: not supported here: expected True")
        super().__init__(units, *arguments, **options)
        self.epsilon = check_number("LayerNormGRU", "epsilon", epsilon, 0)
        self.gamma_initializer = initializers.get(gamma_initializer)

    def _build_further(self):
        self.gamma = self.add_weight("gamma", (2, 3 * self.units), self.gamma_initializer)

    def _options(self):
        options = {**super()._options(), "gamma": self.gamma, "epsilon": self.epsilon}
        del options["reset_after"]
        return options

    def _recurrence(self, steps: int):
        return Recurrence(lngru.lngru_forward, lngru.lngru_backward)

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
        }
