"""The readable recurrences: equations, step, sequence and their backward passes.

Nothing here but NumPy, and no state: every function takes arrays and returns fresh ones.
Read :mod:`~scratchrnn.cells.rnn` first, then ``lstm`` and ``gru``; ``scratchrnn.kernels``
holds the same functions compiled.
"""

from .activations import ACTIVATIONS, Activation, get_activation, sigmoid
from .gru import (
    GRUCache,
    GRUGrads,
    gru_backward,
    gru_forward,
    gru_step,
    gru_step_backward,
)
from .lstm import (
    LSTMCache,
    LSTMGrads,
    LSTMOptions,
    lstm_backward,
    lstm_forward,
    lstm_step,
    lstm_step_backward,
)
from .rnn import (
    RNNCache,
    RNNGrads,
    rnn_backward,
    rnn_forward,
    rnn_step,
    rnn_step_backward,
)

__all__ = [
    "ACTIVATIONS",
    "Activation",
    "GRUCache",
    "GRUGrads",
    "LSTMCache",
    "LSTMGrads",
    "LSTMOptions",
    "RNNCache",
    "RNNGrads",
    "get_activation",
    "gru_backward",
    "gru_forward",
    "gru_step",
    "gru_step_backward",
    "lstm_backward",
    "lstm_forward",
    "lstm_step",
    "lstm_step_backward",
    "rnn_backward",
    "rnn_forward",
    "rnn_step",
    "rnn_step_backward",
    "sigmoid",
]
