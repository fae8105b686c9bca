"""Gradients that need no recurrence: of weights, biases and inputs, once every `da` is known.

A cell adds xᵀ da and h_prevᵀ da at every step. Here the rows da of all real steps stand under
one another, time first, and each sum runs over all of them at once, from the last step to the
first and within a step from the last sequence to the first: the order of a loop backward
through time. Every element is one sum of one thread, so neither the number of threads nor a
cut into segments of time changes a bit. Tasks are columns of the weights and rows of dx.
"""

from __future__ import annotations

import numpy as np

from .jit import jit
from .tile import add_transposed, multiply


@jit
def input_rows(dx, da, column, wxT, zeros, real, t0, T, N, first, last, scratch):
    """(1') dx = da Wxᵀ for the real steps first … last - 1, turned batch first.

    `real` holds (t - t0) N + n of every real step, or nothing where all steps are real; dx has
    N T rows. `wxT` is packed.
    """
    D, zero = dx.shape[1], np.int64(0)
    for k in range(first, last, len(scratch)):
        rows = min(len(scratch), last - k)
        multiply(scratch, zero, zeros, zero, da, k, column, wxT, rows, D)
        for r in range(rows):
            step = real[k + r] if len(real) else k + r
            t = step // N
            n = step - t * N
            for j in range(D):
                dx[n * T + t0 + t, j] = scratch[r, j]


@jit
def peephole_columns(da, K, real, c, first, N, dp):
    """(2') (3') (6') dp_i += Σ da_i ⊙ c_prev, dp_f += Σ da_f ⊙ c_prev, dp_o += Σ da_o ⊙ c."""
    H = dp.shape[1]
    for k in range(K - 1, -1, -1):
        q = first + (real[k] if len(real) else k)
        for j in range(np.uint64(H)):
            dp[0, j] += da[k, j] * c[q, j]
            dp[1, j] += da[k, np.uint64(H) + j] * c[q, j]
            dp[2, j] += da[k, np.uint64(3 * H) + j] * c[q + N, j]
