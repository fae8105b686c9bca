"""v3 and v4: the compiled kernels, with their register-blocked product; on one thread, on many.

How many threads there are follows from the processors that `benchmarks.worker` leaves us.
"""

from __future__ import annotations

from scratchrnn.kernels import lstm_backward, lstm_forward

from .ladder_v0 import task

TASKS = {"layer": task(lstm_forward, lstm_backward)}
