"""Arrays that lie column by column in memory give what C-ordered ones give."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import kernels

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@pytest.mark.parametrize("cell", GATES)
def test_fortran_order_changes_nothing(cell):
    N, T, D, H, G = 5, 4, 3, 2, GATES[cell]
    rng = np.random.default_rng(0)
    states = 2 if cell == "lstm" else 1
    shapes = [(N, T, D), *[(N, H)] * states, (D, G * H), (H, G * H)]
    shapes.append((2, G * H) if cell == "gru" else (G * H,))
    given = [rng.normal(size=shape) for shape in shapes]
    upstream = [rng.normal(size=shape) for shape in [(N, T, H), *[(N, H)] * states]]

    def run(lay):
        forward, backward = (getattr(kernels, f"{cell}_{way}") for way in ("forward", "backward"))
        *outputs, cache = forward(*map(lay, given))
        dh, *d_final = map(lay, upstream)
        return [*outputs, *(g for g in backward(dh, cache, *d_final) if g is not None)]

    for got, want in zip(run(np.asfortranarray), run(np.ascontiguousarray), strict=True):
        np.testing.assert_array_equal(got, want)
