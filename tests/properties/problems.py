"""Random recurrences: a cell with its options, weights, inputs, states and upstream gradients."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from hypothesis import strategies as st

from .. import recurrences

FORMS = {
    "rnn tanh": ("rnn", {}),
    "rnn relu": ("rnn", {"activation": "relu"}),
    "lstm": ("lstm", {}),
    "lstm peepholes": ("lstm", {}),
    "gru after": ("gru", {"reset_after": True}),
    "gru before": ("gru", {"reset_after": False}),
}
EITHER = st.booleans()
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-11}


@dataclass(frozen=True)
class Problem:
    """One recurrence to run forward and backward.

    `arrays` holds x, h0 (c0), Wx, Wh, b (peepholes), mask; `upstream` holds h, hT (cT).
    """

    cell: str
    options: dict
    dtype: type
    arrays: dict[str, np.ndarray]
    upstream: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def tolerance(self) -> float:
        """How far two ways of computing the same may be apart."""
        return TOLERANCE[self.dtype]

    @property
    def states(self) -> str:
        """The letters of the states: h, or h and c."""
        return recurrences.STATES[self.cell]

    def with_arrays(self, **arrays) -> Problem:
        """Return the same problem with some arrays replaced."""
        return replace(self, arrays={**self.arrays, **arrays})

    def with_upstream(self, **upstream) -> Problem:
        """Return the same problem with some upstream gradients replaced."""
        return replace(self, upstream={**self.upstream, **upstream})

    def forward(self, backend: str):
        """Return the outputs by name."""
        return self._forward(backend)[0]

    def _forward(self, backend: str):
        pair = recurrences.functions(backend, self.cell)
        return recurrences.forward(pair, self.cell, self.arrays, **self.options)

    def backward(self, backend: str) -> dict[str, np.ndarray]:
        """Return the gradients by the names of the arrays."""
        return self.both(backend)[1]

    def both(self, backend: str):
        """Return outputs and gradients."""
        outputs, cache = self._forward(backend)
        pair = recurrences.functions(backend, self.cell)
        return outputs, recurrences.backward(pair, self.cell, self.upstream, cache)


@st.composite
def problems(draw, masked=EITHER, dtypes=(np.float32, np.float64), least_steps=1, forms=FORMS):
    """Draw a problem; every dimension may be 1, and everything random is non-zero."""
    form = draw(st.sampled_from(sorted(forms)))
    dtype = draw(st.sampled_from(dtypes))
    N, D, H = (draw(st.integers(1, 6)) for _ in range(3))
    T = draw(st.integers(least_steps, 7))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask = rng.random((N, T)) < 0.6 if draw(masked) else None
    return random_problem(form, (N, T, D, H), rng, dtype, mask)


def random_problem(form: str, shape, rng, dtype=np.float64, mask=None) -> Problem:
    """Return a problem of this form and shape (N, T, D, H)."""
    cell, options = FORMS[form]
    (N, T, D, H), G = shape, recurrences.GATES[cell]

    def array(*size, scale=1.0):
        return (scale * rng.standard_normal(size)).astype(dtype)

    bias = (2, 3 * H) if options.get("reset_after") else (G * H,)
    arrays = {
        "x": array(N, T, D),
        **{f"{letter}0": array(N, H) for letter in recurrences.STATES[cell]},
        "Wx": array(D, G * H, scale=D**-0.5),
        "Wh": array(H, G * H, scale=0.7 * H**-0.5),
        "b": array(*bias, scale=0.5),
        "mask": mask,
    }
    if "peepholes" in form:
        arrays["peepholes"] = array(3, H, scale=0.5)
    upstream = {"h": array(N, T, H)}
    upstream |= {f"{letter}T": array(N, H) for letter in recurrences.STATES[cell]}
    return Problem(cell, options, dtype, arrays, upstream)


def assert_same(got: dict, want: dict, tolerance: float) -> None:
    """Assert that named arrays agree, relative to the largest entry of each."""
    assert got.keys() == want.keys()
    for key, expected in want.items():
        assert got[key].dtype == expected.dtype, key
        size = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
        np.testing.assert_allclose(
            got[key], expected, rtol=0, atol=tolerance * size, err_msg=key
        )  # fmt: skip


def take_rows(arrays: dict, rows) -> dict:
    """Return the arrays of a problem, or its upstream gradients, for some rows of the batch."""
    whole = ("Wx", "Wh", "b", "peepholes")
    return {k: a if a is None or k in whole else a[rows] for k, a in arrays.items()}


def take_steps(problem: Problem, steps: slice, **arrays) -> Problem:
    """Return the problem of some steps of the sequences."""
    mask = problem.arrays["mask"]
    arrays |= {"x": problem.arrays["x"][:, steps], "mask": None if mask is None else mask[:, steps]}
    return problem.with_arrays(**arrays).with_upstream(h=problem.upstream["h"][:, steps])
