"""The published tasks: their sequences are as defined, and the LSTM solves what the papers say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.tasks import problems
from tests.tasks.solve import TASKS, solve


@pytest.mark.parametrize("name", TASKS)
def test_the_same_seed_makes_the_same_sequences(name):
    first, second = (TASKS[name].make(np.random.default_rng(3), 5) for _ in range(2))
    np.testing.assert_array_equal(first.x, second.x)
    np.testing.assert_array_equal(first.y, second.y)


def test_adding_marks_two_numbers_and_asks_for_their_sum():
    x, y, mask = problems.adding(np.random.default_rng(0), 200)
    marked = x[..., 1] == 1
    assert (marked.sum(axis=1) == 2).all()
    assert (marked[:, :10].sum(axis=1) >= 1).all()
    values = np.where(marked, x[..., 0], 0)
    values[:, 0] = 0  # the first pair counts as zero when it is marked
    np.testing.assert_allclose(y[:, 0], 0.5 + values.sum(axis=1) / 4)
    assert {100, 110} <= set(mask.sum(axis=1))
    assert not x[~mask].any()


def test_two_sequences_tell_their_class_first():
    x, y, mask = problems.two_sequences(np.random.default_rng(0), 100)
    np.testing.assert_array_equal(x[:, :3, 0], np.repeat(2 * y - 1, 3, axis=1))
    assert abs(x[:, 3:, 0][mask[:, 3:]].std() - np.sqrt(0.2)) < 0.02


def test_temporal_order_has_two_symbols_and_four_classes():
    x, y, _ = problems.temporal_order(np.random.default_rng(0), 100)
    symbols = x.argmax(axis=-1)
    for row, label in zip(symbols, y, strict=True):
        first, second = row[row >= 6] - 6
        assert label == 2 * first + second


def test_copy_memory_asks_for_what_was_said():
    x, y, _ = problems.copy_memory(np.random.default_rng(0), 50)
    np.testing.assert_array_equal(x[:, :3].argmax(axis=-1), y[:, -3:])
    assert not y[:, :-3].any()


def test_reber_strings_follow_the_grammar_and_end_as_they_began():
    rng = np.random.default_rng(0)
    for _ in range(100):
        text, choices = problems.reber_string(rng)
        assert text[1] == text[-2]
        assert len(choices) == len(text) - 1
        assert all(text[t + 1] in nexts for t, nexts in enumerate(choices))


def test_addition_reads_a_sum_backwards():
    x, y = problems.addition(np.random.default_rng(0), 20)[:2]
    for question, answer in zip(x, y, strict=True):
        text = "".join(problems.DIGITS[k] for k in question.argmax(axis=-1))[::-1]
        a, b = text.strip().split("+")
        said = "".join(problems.DIGITS[k] for k in answer)
        assert int(a) + int(b) == int(said)


@pytest.mark.slow
def test_an_lstm_learns_the_embedded_reber_grammar():
    assert solve("embedded_reber", "LSTM", updates=1500).score >= 0.99
