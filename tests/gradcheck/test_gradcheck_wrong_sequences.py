"""Mistakes in whole sequences, in loops, in two directions and at kinks are found in place."""

from __future__ import annotations

import functools

import foreign_sequences as others
import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

N, T, D, H = 3, 4, 2, 5
MASK = np.array([[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]], bool)
ONE = ("x", "W", "U", "b")
LSTM = ("x", "h0", "c0", "Wx", "Wh", "b")
JOINED = ("X", "W", "c0", "h0")
GRU = ("x", "Wx", "Wh", "b")
LENGTHS = MASK.sum(axis=1)

PAIRS = {  # forward, backward of a bug, shapes, what is not an array of floats
    "lstm": (
        others.lstm_forward, others.lstm_backward,
        [(N, T, D), (N, H), (N, H), (D, 4 * H), (H, 4 * H), (4 * H,)], [],
    ),
    "joined": (
        others.joined_forward, others.joined_backward,
        [(T, N, D), (1 + D + H, 4 * H), (N, H), (N, H)], [],
    ),
    "loops": (others.loops_forward, others.loops_backward, [(T, D), (H, D), (H, H), (H,)], []),
    "gru": (
        others.gru_forward, others.gru_backward,
        [(N, T, D), (3, H, D), (3, H, H), (2, 3, H)], [MASK],
    ),
    "last": (others.last_forward, others.last_backward, [(N, T, H), (H, D)], [LENGTHS]),
    "kinks": (others.kinks_forward, others.kinks_backward, [(8, 2, D), (D, H), (H,)], []),
}  # fmt: skip


@functools.cache
def check(kind, bug, seed=0):
    forward, backward, shapes, more = PAIRS[kind]
    rng = np.random.default_rng(seed)
    size = 1.2 if kind == "kinks" else 0.8
    inputs = [size * rng.standard_normal(shape) for shape in shapes]
    return check_gradients(forward, [*inputs, *more], backward(bug))


MISTAKES = {  # for each mistake: the arrays that it makes wrong
    "lstm": {
        "final state ignored": LSTM,
        "final cell ignored": LSTM,
        "upstream of the last step only": LSTM,
        "dc lost": LSTM,
        "dh_next lost": LSTM,
        "overwritten": ("Wx", "Wh", "b"),
        "stored the wrong way round": ("x",),
        "states exchanged": ("h0", "c0"),
    },
    "joined": {
        "cell for cell before": JOINED,
        "no tanh of the cell": JOINED,
        "dW of one step": ("W",),
        "columns shifted": ("X",),
    },
    "loops": {
        "indices exchanged": ("U",),
        "h after": ("U",),
        "U read along the row": ONE,
        "bias of one unit": ("b",),
    },
    "gru": {
        "half not turned": GRU,
        "mask forgotten": GRU,
        "r left out of the product": GRU,
        "one bias for both": ("b",),
        "carry lost": GRU,
        "h forgotten": GRU,
    },
    "last": {"padded step for the last": ("h",), "padded state for the last": ("V",)},
    "kinks": {
        "greatest shared": ("x", "W", "b"),
        "leak forgotten": ("x", "W", "b"),
        "clip forgotten": ("x", "W", "b"),
    },
}
EVERY_MISTAKE = [(kind, bug) for kind, bugs in MISTAKES.items() for bug in bugs]


@pytest.mark.parametrize("kind", PAIRS)
def test_right_code_is_right(kind):
    for seed in range(2):
        result = check(kind, None, seed)
        assert result.ok, result
        assert result.worst_error < 1e-6


@pytest.mark.parametrize(("kind", "bug"), EVERY_MISTAKE)
def test_a_mistake_is_found_in_exactly_the_arrays_it_spoils(kind, bug):
    result = check(kind, bug)
    wrong = {array.name for array in result if not array.ok}
    assert wrong == set(MISTAKES[kind][bug]), result


HINTS = [
    ("lstm", "final state ignored", "h0", "ignores the upstream gradient on output 1"),
    ("lstm", "final cell ignored", "Wh", "ignores the upstream gradient on output 2"),
    ("lstm", "upstream of the last step only", "b", "of the last step alone"),
    ("lstm", "dc lost", "c0", "is zero everywhere"),
    ("lstm", "dc lost", "Wx", "look at what step t+1 hands to t"),
    ("lstm", "dh_next lost", "Wh", "look at what step t+1 hands to t"),
    ("lstm", "overwritten", "Wx", "counts only step 0: overwritten on the way back"),
    ("lstm", "stored the wrong way round", "x", "runs backwards in time"),
    ("lstm", "states exchanged", "h0", "is the gradient of c0"),
    ("loops", "indices exchanged", "U", "is transposed"),
    ("loops", "h after", "U", "off by one in time: pairs the gradient of step t with h of step t"),
    ("loops", "U read along the row", "W", "look at what step t+1 hands to t"),
    ("loops", "bias of one unit", "b", "what is made of it here is not"),
    ("gru", "mask forgotten", "x", "are masked steps left out on the way back?"),
    ("gru", "one bias for both", "b", "wrong only at indices of axis 0 1 of 2"),
    ("gru", "carry lost", "x", "wrong only at batch rows 1, 2 of 3"),
    ("last", "padded step for the last", "h", "are masked steps left out on the way back?"),
]


@pytest.mark.parametrize(("kind", "bug", "name", "words"), HINTS)
def test_the_diagnosis_says_what_to_look_at(kind, bug, name, words):
    assert words in check(kind, bug)[name].diagnosis


def test_a_state_that_leaks_from_call_to_call_is_a_problem():
    class Stateful:
        h = np.zeros((N, H))

        def forward(self, x, Wx, Wh):
            for t in range(T):
                self.h = np.tanh(x[:, t] @ Wx + self.h @ Wh)
            return self.h

    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(shape) for shape in ((N, T, D), (D, H), (H, H))]
    result = check_gradients(Stateful().forward, inputs, lambda dh: inputs)
    assert any("keeps state between calls" in problem for problem in result.problems)


def test_a_softmax_that_overflows_is_a_problem():
    def forward(x):
        y = np.exp(x) / np.exp(x).sum()
        return y, y

    def backward(dy, cache):
        return cache * (dy - (dy * cache).sum())

    assert check_gradients(forward, [np.array([0.3, 2.0])], backward).ok
    result = check_gradients(forward, [np.array([0.3, 1000.0])], backward)
    assert "f gives values that are not finite in output 0" in result.problems
    assert not result.ok
