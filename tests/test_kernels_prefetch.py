"""What the LSTM asks memory for in advance is what its next step touches."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from scratchrnn.kernels import lstm, rounds

from scratchrnn import kernels

pytestmark = pytest.mark.skipif(
    not numba.config.DISABLE_JIT, reason="compiled loops cannot be watched: NUMBA_DISABLE_JIT=1 can"
)

N, T, D, H = 3, 5, 2, 19  # more than one vector of float64 a row
SIZES = {"gates": T * N * 4 * H, "h and c": (T + 1) * N * H, "out": N * T * H}


@pytest.fixture
def touched(monkeypatch):
    """Places that `load`, `store` and `prefetch` are given, by size and identity of the array.

    Those that are used before they are asked for are kept apart, as surprises.
    """
    places = {name: {} for name in ("load", "store", "prefetch", "surprise")}

    def watch(module, name):
        function, log = getattr(module, name), places[name]

        def watched(array, offset, *rest):
            key = array.size, id(array)
            log.setdefault(key, set()).add(offset)
            if offset not in places["prefetch"].get(key, ()):
                places["surprise"].setdefault(key, set()).add(offset)
            if name == "prefetch":
                places.setdefault("to write", set()).add(rest[0])
            return function(array, offset, *rest)

        monkeypatch.setattr(module, name, watched)

    for module, name in ((lstm, "load"), (lstm, "store"), (lstm, "prefetch"), (rounds, "load")):
        watch(module, name)
    return places


def numbers(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape)


def test_forward_asks_for_what_the_next_step_writes(touched):
    kernels.lstm_forward(numbers(N, T, D), None, None, numbers(D, 4 * H), numbers(H, 4 * H))
    after_the_first = {
        "gates": lambda place: place >= N * 4 * H,
        "h and c": lambda place: place >= 2 * N * H,
        "out": lambda place: place // H % T > 0,
    }
    for name, late in after_the_first.items():
        arrays = [array for array in touched["store"] if array[0] == SIZES[name]]
        assert len(arrays) == (2 if name == "h and c" else 1)
        for array in arrays:
            wanted = {place for place in touched["store"][array] if late(place)}
            assert wanted and not wanted & touched["surprise"][array], name
            beyond = touched["prefetch"][array] - wanted  # past the end, or a row's first
            assert all(place >= SIZES[name] or not late(place) for place in beyond), name
    assert touched["to write"] == {1}


def test_backward_asks_for_what_the_step_before_reads(touched):
    *_, cache = kernels.lstm_forward(
        numbers(N, T, D), None, None, numbers(D, 4 * H), numbers(H, 4 * H)
    )
    for log in touched.values():
        log.clear()
    kernels.lstm_backward(numbers(N, T, H), cache)
    before_the_last = {
        "gates": lambda place: place < (T - 1) * N * 4 * H,
        "h and c": lambda place: place < (T - 1) * N * H,
        "out": lambda place: place // H % T < T - 1,
    }
    for name, early in before_the_last.items():
        (array,) = (array for array in touched["load"] if array[0] == SIZES[name])
        wanted = {place for place in touched["load"][array] if early(place)}
        assert wanted and not wanted & touched["surprise"][array], name
        beyond = touched["prefetch"][array] - wanted  # of the first step
        assert all(place < 0 or not early(place) for place in beyond), name
    assert touched["to write"] == {0}
