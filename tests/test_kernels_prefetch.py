"""What the LSTM asks memory for in advance is what its next step touches."""

from __future__ import annotations

from collections import Counter

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

    And for those that are used, how many uses of the array before they were asked for; -1 if
    they were not.
    """
    places = {name: {} for name in ("load", "store", "prefetch", "ahead", "to write")}
    uses, asked = Counter(), {}

    def watch(module, name):
        function = getattr(module, name)

        def watched(array, offset, *rest):
            key = array.size, id(array)
            places[name].setdefault(key, set()).add(offset)
            if name == "prefetch":
                asked.setdefault((key, offset), uses[key])
                places["to write"].setdefault(rest[0], array)
            else:
                ahead = uses[key] - asked.get((key, offset), uses[key] + 1)
                places["ahead"].setdefault(key, {}).setdefault(offset, ahead)
                uses[key] += 1
            return function(array, offset, *rest)

        monkeypatch.setattr(module, name, watched)

    for module, name in ((lstm, "load"), (lstm, "store"), (lstm, "prefetch"), (rounds, "load")):
        watch(module, name)
    return places


def assert_asked_ahead(wanted, ahead, name):
    """See that places are asked for before they are used: those of the gates, one step before."""
    step = len(wanted) // (T - 1)
    between = step - 4 if name == "gates" else 0  # all uses but those of the same units
    assert min(ahead[place] for place in wanted) >= between, name


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
            assert_asked_ahead(wanted, touched["ahead"][array], name)
            beyond = touched["prefetch"][array] - wanted  # past the end, or a row's first
            assert all(place >= SIZES[name] or not late(place) for place in beyond), name
    assert touched["to write"].keys() == {1}


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
        assert_asked_ahead(wanted, touched["ahead"][array], name)
        beyond = touched["prefetch"][array] - wanted  # of the first step
        assert all(place < 0 or not early(place) for place in beyond), name
    assert touched["to write"].keys() == {0}
