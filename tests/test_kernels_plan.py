"""How work is shared out: it changes no bit of a result, only how much runs at a time."""

from __future__ import annotations

import numpy as np
import pytest
from scratchrnn.kernels import plan, sequence

import scratchrnn


@pytest.fixture
def many_threads():
    before = scratchrnn.get_num_threads()
    scratchrnn.set_num_threads(64)
    yield
    scratchrnn.set_num_threads(before)


def test_a_thread_is_worth_four_million_operations(many_threads):
    # A step multiplies (N, D + H) by (D + H, H) for every gate: two operations an element.
    N, T, D, H = 10, 20, 30, 50
    one = 2 * N * T * (D + H) * H
    for products in (1, 3, 8):
        assert plan.threads_for(N, T, D, H, products) == max(1, products * one // 4_000_000)
    assert plan.threads_for(1, 1, 1, 1, 1) == 1
    assert plan.threads_for(1000, 1000, 30, 50, 4) == 64


def test_the_gradients_of_one_step_have_whole_vectors_for_every_gate():
    assert sequence.bytes_of_step(3, 4, 16, np.dtype(np.float32)) == 3 * 4 * 16 * 4
    assert sequence.bytes_of_step(3, 6, 16, np.dtype(np.float64)) == 3 * 6 * 16 * 8
    assert sequence.bytes_of_step(3, 4, 5, np.dtype(np.float32)) == 3 * 4 * 16 * 4


@pytest.mark.parametrize("step_bytes, steps", [(0, 50), (1, 50), (sequence.DA_BYTES // 7, 7)])
def test_a_segment_has_as_many_steps_as_stay_in_the_cache(step_bytes, steps):
    assert sequence.segment_steps(50, step_bytes) == steps
    assert sequence.segment_steps(50, 10 * sequence.DA_BYTES) == 1


def test_rows_are_shared_out_in_fours_and_every_row_once():
    shares = plan.plans(None, 30, 2, 9, 3)
    assert [len(share.order) for share in shares] == [8, 12, 10]
    np.testing.assert_array_equal(np.concatenate([s.order for s in shares]), np.arange(30))
    for share in shares:
        np.testing.assert_array_equal(share.when[:, 0], np.arange(2, 9))
        assert share.when.shape == (7, len(share.order)) and share.active.shape == (7,)
        assert share.lead.shape == share.order.shape
        assert (share.until == share.when + 1).all()
        assert (share.lead == 2).all() and (share.active == len(share.order)).all()


def test_more_threads_than_fours_of_rows_stay_idle_and_shares_have_at_most_64_rows():
    assert len(plan.plans(None, 9, 0, 1, 8)) == 3
    assert [len(share.order) for share in plan.plans(None, 200, 0, 1, 1)] == [48, 52, 52, 48]


def test_masked_rows_go_by_length_and_rounds_are_real_steps():
    mask = np.array([[0, 1, 0, 0], [1, 0, 1, 1], [0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 1]], bool)
    (share,) = plan.plans(mask, 5, 0, 4, 1)
    np.testing.assert_array_equal(share.order, [1, 4, 3, 0, 2])
    np.testing.assert_array_equal(share.active, [4, 3, 2])
    np.testing.assert_array_equal(share.when[:, 0], [0, 2, 3])
    np.testing.assert_array_equal(share.when[:, 1], [1, 2, 3])
    np.testing.assert_array_equal(share.until[:, 0], [2, 3, 4])
    np.testing.assert_array_equal(share.lead, [0, 1, 0, 1, 4])
    (nothing,) = plan.plans(np.zeros((5, 4), bool), 5, 0, 4, 1)
    assert nothing.when.shape == nothing.until.shape == (0, 5) and len(nothing.active) == 0
    two = plan.plans(mask, 5, 1, 4, 2)
    np.testing.assert_array_equal(two[0].order, [4, 0, 2])  # dealt out by length
    np.testing.assert_array_equal(two[1].order, [1, 3])
    (no_steps,) = plan.plans(np.zeros((3, 0), bool), 3, 0, 0, 1)
    assert no_steps.lead.tolist() == [0] * 3 and no_steps.when.shape == (0, 3)
