"""The two steps worked by hand are the same in the docstring, in the tutorials and in the code."""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np
import pytest

from scratchrnn.cells import rnn, rnn_backward, rnn_forward

TUTORIALS = Path(__file__).resolve().parents[2] / "tutorials"
NUMBERS = {
    "h_1": 0.53705, "h_2": 0.51016, "da_2": 0.73973, "da_1": -0.52638, "dWx": 0.95309,
    "dWh": 0.39727, "db": 0.21336,
}  # fmt: skip


def by_the_chain_rule() -> dict[str, float]:
    """Work the example with numbers alone, no array and none of the project's functions."""
    wx, wh, b, (x_1, x_2) = 0.5, -1.0, 0.1, (1.0, 2.0)
    h_1 = math.tanh(x_1 * wx + b)
    h_2 = math.tanh(x_2 * wx + h_1 * wh + b)
    da_2 = 1 - h_2**2
    da_1 = da_2 * wh * (1 - h_1**2)
    return {
        "h_1": h_1, "h_2": h_2, "da_2": da_2, "da_1": da_1, "dWx": x_2 * da_2 + x_1 * da_1,
        "dWh": h_1 * da_2, "db": da_2 + da_1,
    }  # fmt: skip


def test_the_numbers_are_right_to_their_last_digit():
    for name, value in by_the_chain_rule().items():
        assert round(value, 5) == NUMBERS[name]


def test_the_cell_computes_them():
    Wx, Wh, b = np.array([[0.5]]), np.array([[-1.0]]), np.array([0.1])
    h, _, cache = rnn_forward(np.array([[[1.0], [2.0]]]), None, Wx, Wh, b)
    grads = rnn_backward(None, cache, dhT=np.ones((1, 1)))
    found = {"h_1": h[0, 0], "h_2": h[0, 1], "dWx": grads.dWx, "dWh": grads.dWh, "db": grads.db}
    for name, value in found.items():
        assert round(value.item(), 5) == NUMBERS[name]


@pytest.mark.parametrize("place", ["docstring", "01_sequences_and_the_rnn.py"])
def test_text_and_code_show_the_same_numbers(place):
    text = rnn.__doc__ if place == "docstring" else (TUTORIALS / place).read_text("utf-8")
    shown = set(re.findall(r"\d\.\d{5}", text))
    assert {f"{abs(value):.5f}" for value in NUMBERS.values()} <= shown
