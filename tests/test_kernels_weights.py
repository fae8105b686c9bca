"""How weights are laid out for the compiled product: once for many calls, by several threads."""

from __future__ import annotations

import numpy as np
import pytest
from scratchrnn.kernels import pool, sequence, tile
from scratchrnn.kernels.vectors import VECTOR
from scratchrnn.kernels.workspace import workspace

RNG = np.random.default_rng(0)


@pytest.fixture
def threads():
    """Give a function that says how many threads share the work, and put that back."""
    before = pool.get_num_threads()
    yield pool.set_num_threads
    pool.set_num_threads(before)


@pytest.mark.parametrize("layout", [sequence.packed, sequence.packed_transposed])
def test_weights_are_laid_out_once_within_a_block(layout):
    W, other = RNG.normal(size=(3, 5)), RNG.normal(size=(3, 5))
    with workspace(W.dtype) as work:
        with sequence.same_weights():
            first = layout(work, W)
            assert layout(work, W) is first
            assert layout(work, other) is not first
            kept = first.copy()
        W += 1  # after the block they may change
        again = layout(work, W)
        assert again is not first and (first == kept).all() and not (again == first).all()


def test_both_ways_of_laying_out_are_kept_side_by_side():
    W = RNG.normal(size=(4, 4))
    with workspace(W.dtype) as work, sequence.same_weights():
        assert not (sequence.packed(work, W) == sequence.packed_transposed(work, W)).all()


def test_large_weights_are_laid_out_by_several_threads_alike(threads):
    W = RNG.normal(size=(1024, 130)).astype(np.float32)
    laid_out = []
    for count in (1, 2):
        threads(count)
        with workspace(W.dtype) as work:
            laid_out.append(sequence.packed(work, W).copy())
    assert (laid_out[0] == laid_out[1]).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("columns", [[5], [5, 40, 3], [33, 1, 18]])
def test_matrices_stand_side_by_side_in_panels_of_two_vectors(columns, dtype):
    K, width = 21, 2 * VECTOR // np.dtype(dtype).itemsize
    parts = [RNG.normal(size=(K, J)).astype(dtype) for J in columns]
    W, J = np.concatenate(parts, axis=1), sum(columns)
    with workspace(W.dtype) as work:
        ways = (
            sequence.packed(work, *parts),
            sequence.packed_transposed(work, *[p.T for p in parts]),
        )
        for b in ways:
            assert b.shape == (-(-J // width), K * width) == tile.panels(K, J, W.itemsize)
            by_row = b.reshape(-1, K, width).swapaxes(0, 1).reshape(K, -1)
            np.testing.assert_array_equal(by_row[:, :J], W)
            assert not by_row[:, J:].any()


@pytest.mark.parametrize("itemsize", [4, 8])
def test_rows_and_panels_do_not_begin_a_multiple_of_4_kb_apart(itemsize):
    lanes = VECTOR // itemsize
    for columns in (1, 2 * lanes, 2 * lanes + 1, 4096):
        count = -(-columns // (2 * lanes))
        assert tile.padded(columns, itemsize) == count * 2 * lanes + lanes
        assert tile.panels_off(256, columns, itemsize) == (count, 256 * 2 * lanes + lanes)
    assert [tile.whole(n, itemsize) for n in (1, lanes, lanes + 1)] == [lanes, lanes, 2 * lanes]


def test_weights_that_are_kept_are_not_in_memory_that_is_lent_again():
    W, other = RNG.normal(size=(30, 50)), RNG.normal(size=(30, 50))
    with workspace(W.dtype) as work:
        work.take(200, 200)  # from now on there is room
    with sequence.same_weights():
        with workspace(W.dtype) as work:
            first = sequence.packed(work, W)
            kept = first.copy()
        with workspace(W.dtype) as work:
            work.take(200, 200)[:] = np.nan
            assert sequence.packed(work, other) is not first
        assert (first == kept).all()


def test_compiled_code_is_given_contiguous_aligned_and_read_only_arrays():
    bytes_off = np.zeros(8 * 12 + 1, np.uint8)[1:].view(np.float64).reshape(3, 4)
    assert not bytes_off.flags.aligned
    for given in (np.ones((3, 4)), np.ones((4, 3)).T, np.ones((6, 4))[::2], bytes_off):
        array = sequence.readable(given)
        assert array.flags.c_contiguous and array.flags.aligned and not array.flags.writeable
        np.testing.assert_array_equal(array, given)
    ordinary = np.ones((3, 4))
    assert np.shares_memory(sequence.readable(ordinary), ordinary)
    assert ordinary.flags.writeable
