"""Random arguments for a recurrence, and the compiled and the readable result side by side."""

from __future__ import annotations

import numpy as np

from scratchrnn import cells, kernels

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
STATES = {"rnn": 1, "lstm": 2, "gru": 1}
TOLERANCE = {np.float32: 1e-5, np.float64: 1e-12}
OUTPUTS = {"rnn": ("h", "hT"), "lstm": ("h", "hT", "cT"), "gru": ("h", "hT")}


class Problem:
    """Arguments of one recurrence, drawn from a seed, weights at their usual size.

    Parameters
    ----------
    cell : str
        "rnn", "lstm" or "gru".
    shape : tuple of int
        N, T, D, H.
    dtype : type
    mask : ndarray of bool, optional
        What it hides in x becomes NaN.
    seed : int
    bias, states, peepholes, dropped : bool
        Whether to give b, initial states, peepholes, a recurrent mask.
    gain : float
        Scales the weights, for activations that explode.
    **options
        Further options of the recurrence.
    """

    def __init__(self, cell, shape, dtype=np.float64, mask=None, seed=0, *, bias=True,
                 states=True, peepholes=False, dropped=False, gain=1.0, **options):  # fmt: skip
        N, T, D, H = shape
        rng = np.random.default_rng(seed)
        self.cell, self.mask, self.options, G = cell, mask, options, GATES[cell]

        def draw(*shape, scale=1.0):
            return (rng.normal(size=shape) * scale).astype(dtype)

        self.x, self.Wx = draw(N, T, D), draw(D, G * H, scale=gain * D**-0.5)
        self.Wh, self.b = draw(H, G * H, scale=0.7 * gain * H**-0.5), None
        if bias:
            two_rows = cell == "gru" and options.get("reset_after", True)
            self.b = draw(2, G * H) if two_rows else draw(G * H)
        self.states = [draw(N, H) if states else None for _ in range(STATES[cell])]
        self.dh = draw(N, T, H)
        self.d_states = [draw(N, H) if states else None for _ in range(STATES[cell])]
        if peepholes:
            options["peepholes"] = draw(3, H, scale=0.5)
        if dropped:
            options["recurrent_mask"] = (rng.random((N, H)) < 0.7).astype(dtype) / dtype(0.7)
        if mask is not None:
            self.x[~mask] = np.nan

    def forward(self, module=kernels):
        """Return the outputs by name and the cache."""
        function = getattr(module, f"{self.cell}_forward")
        arguments = self.x, *self.states, self.Wx, self.Wh, self.b, self.mask
        *outputs, cache = function(*arguments, **self.options)
        return dict(zip(OUTPUTS[self.cell], outputs, strict=True)), cache

    def backward(self, cache, module=kernels):
        """Return the gradients by name."""
        function = getattr(module, f"{self.cell}_backward")
        return function(self.dh, cache, *self.d_states)._asdict()

    def run(self, module=kernels) -> dict[str, np.ndarray | None]:
        """Return outputs and gradients by name."""
        outputs, cache = self.forward(module)
        return {**outputs, **self.backward(cache, module)}


def assert_equal_to_cells(problem: Problem) -> None:
    """Assert that kernels give what cells give, as far as the dtype can tell."""
    got, want = problem.run(kernels), problem.run(cells)
    assert got.keys() == want.keys()
    for name, expected in want.items():
        if expected is None:
            assert got[name] is None, name
            continue
        assert (got[name].shape, got[name].dtype) == (expected.shape, expected.dtype), name
        if expected.size:
            size = max(1e-3, float(np.abs(expected).max()))
            error = float(np.abs(got[name] - expected).max()) / size
            assert error <= TOLERANCE[expected.dtype.type], (name, error)


def assert_same_bits(got: dict, want: dict) -> None:
    """Assert that two sets of results are equal bit for bit."""
    assert got.keys() == want.keys()
    for name, expected in want.items():
        if expected is None:
            assert got[name] is None, name
        else:
            assert got[name].tobytes() == expected.tobytes(), name
