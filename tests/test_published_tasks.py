"""The published tasks: their sequences are as defined, and networks learn what the papers say."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scratchrnn.explain import gradient_norms
from tests.tasks import problems
from tests.tasks.solve import CELLS, TASKS, build, solve


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
    x, y, _ = problems.addition(np.random.default_rng(0), 20)
    for question, answer in zip(x, y, strict=True):
        text = "".join(problems.DIGITS[k] for k in question.argmax(axis=-1))[::-1]
        a, b = text.strip().split("+")
        said = "".join(problems.DIGITS[k] for k in answer)
        assert int(a) + int(b) == int(said)


def test_the_sums_kept_from_training_are_never_drawn_for_it():
    def questions(unseen):
        x = problems.addition(np.random.default_rng(0), 2000, unseen).x
        return {tuple(question) for question in x.argmax(axis=-1)}

    assert len(questions(True)) > 500
    assert not questions(True) & questions(False)


@cache
def outcome(name: str, cell: str, **options):
    return solve(name, cell, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("cell", ["LSTM", "GRU"])
def test_gated_networks_solve_what_the_papers_say(cell, name):
    learned = outcome(name, cell)
    assert learned.solved
    assert learned.wrong <= (0.03 if name in ("adding", "addition") else 0.02)


SEQUENCES_OF_1997 = {"adding": 74_000, "temporal_order": 31_390, "two_sequences": 27_380}


@pytest.mark.slow
@pytest.mark.parametrize("name", SEQUENCES_OF_1997)
def test_the_lstm_needs_no_more_sequences_than_that_of_1997(name):
    assert outcome(name, "LSTM").sequences <= SEQUENCES_OF_1997[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if task.rnn is False])
def test_a_plain_rnn_fails_where_gated_networks_succeed(name):
    learned = outcome(name, "SimpleRNN")
    assert not learned.solved
    assert learned.wrong > 0.7
    gated = [outcome(name, cell).sequences for cell in ("LSTM", "GRU")]
    assert learned.sequences == TASKS[name].updates * TASKS[name].batch
    assert learned.sequences >= max(gated)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adding", "temporal_order"])
def test_an_orthogonal_start_does_not_help_a_plain_rnn_over_a_hundred_steps(name):
    assert outcome(name, "SimpleRNN", start="orthogonal").wrong > 0.7


@pytest.mark.slow
def test_elmans_gradient_of_one_step_does_not_learn_to_remember_the_outer_symbol():
    learned = outcome("embedded_reber", "SimpleRNN", tbptt=1, updates=800)
    assert not learned.solved
    assert learned.wrong > 0.4  # the second last symbol is guessed
    assert outcome("embedded_reber", "SimpleRNN").solved  # BPTT over all steps does


@pytest.mark.slow
def test_the_gradient_reaches_the_first_symbol_through_gates_alone():
    task = TASKS["temporal_order"]
    sample = task.make(np.random.default_rng(0), 16, True)
    norms = {
        cell: np.median(gradient_norms(build(task, cell), sample.x, sample.y), axis=0)
        for cell in CELLS
    }
    assert norms["SimpleRNN"][50] < 1e-20  # the second symbol is not seen before step 50
    assert min(norms["LSTM"][10], norms["GRU"][10]) > 1e-2  # the first lies at step 10 or later
