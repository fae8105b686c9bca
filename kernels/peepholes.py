"""The gradients of an LSTM's peepholes: sums over all steps, out of the loop through time."""

from __future__ import annotations

from .jit import jit
from .vectors import VECTOR


@jit
def add_peepholes(dp, das, c_rows, c_next_rows, K):
    """(2') (3') (6') dp_i += Σ da_i ⊙ c_prev, dp_f += Σ da_f ⊙ c_prev, dp_o += Σ da_o ⊙ c."""
    H, lanes = dp.shape[1], VECTOR // das.itemsize
    width, gate = 2 * lanes, -(-H // lanes) * lanes
    for k in range(K - 1, -1, -1):
        for j in range(H):
            i, f, o = j, gate + j, 3 * gate + j
            dp[0, j] += das[i // width, k * width + i % width] * c_rows[k, j]
            dp[1, j] += das[f // width, k * width + f % width] * c_rows[k, j]
            dp[2, j] += das[o // width, k * width + o % width] * c_next_rows[k, j]
