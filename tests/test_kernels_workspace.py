"""Memory that is used again: what is lent, what comes back, and that nobody sees it change."""

from __future__ import annotations

import numpy as np
import pytest
from scratchrnn.kernels import workspace

import scratchrnn
from tests.kernel_cases import Problem

F8, U1 = np.dtype(np.float64), np.dtype(np.uint8)
CACHE_NUMBERS = {  # as the docstrings of the kernels state them
    "rnn": lambda N, T, D, H: N * (T * D + (T + 1) * H),
    "lstm": lambda N, T, D, H: N * (T * D + 2 * (T + 1) * H + 4 * T * H),
    "gru": lambda N, T, D, H: N * (T * D + (T + 1) * H + 3 * T * H + T * H),
}


@pytest.fixture
def returned(monkeypatch):
    """Begin with no memory that came back."""
    nothing = workspace._Returned(most=3 * 2**20)
    monkeypatch.setattr(workspace, "_returned", nothing)
    return nothing


@pytest.mark.parametrize("cell", CACHE_NUMBERS)
def test_cache_has_the_stated_size(cell):
    shape = (5, 7, 3, 6)
    _, cache = Problem(cell, shape, np.float32).forward()
    own = [getattr(cache, name) for name in ("x", "h", "c", "gates", "u_n") if hasattr(cache, name)]
    assert sum(a.nbytes for a in own) == 4 * CACHE_NUMBERS[cell](*shape)


def test_scratch_stays_within_the_stated_size():
    N, T, D, H = 4, 90, 20, 40
    workspace._arenas.clear()
    problem = Problem("lstm", (N, T, D, H), np.float32)
    problem.run()
    weights, da, block = 4 * (D + H) * 4 * H, 2**23, 2**19 * scratchrnn.get_num_threads()
    assert 0 < sum(a.size for a in workspace._arenas) <= 1.5 * (2 * weights + da + 2 * block)


def test_scratch_is_used_again():
    workspace._arenas.clear()
    problem = Problem("gru", (4, 9, 3, 8))
    problem.run()
    problem.run()
    arenas = [a.ctypes.data for a in workspace._arenas]
    for _ in range(3):
        problem.run()
    assert [a.ctypes.data for a in workspace._arenas] == arenas


def test_scratch_has_room_for_what_was_taken_last_time_and_a_quarter():
    workspace._arenas.clear()
    with workspace.workspace(F8) as work:
        work.take(30, 40)
        middle = work.used
        work.take(3)
        work.used = middle  # the 3 numbers are not needed any more
        work.take(2, dtype=U1)
    (arena,) = workspace._arenas
    assert arena.size == (30 * 40 * 8 + 64) * 5 // 4
    for size in (0, 1, arena.size // 64 * 64):
        with workspace.workspace(U1) as work:
            assert work.arena is arena
            work.take(size)
        assert len(workspace._arenas) == 1
        assert workspace._arenas[0] is arena, "it is large enough"


def test_scratch_that_fits_exactly_fits():
    workspace._arenas.clear()
    workspace._arenas.append(np.empty(128, np.uint8))
    with workspace.workspace(U1) as work:
        assert np.shares_memory(work.take(128), work.arena)
        assert not np.shares_memory(work.take(1), work.arena)
    workspace._arenas.clear()
    workspace._arenas.append(nothing := np.empty(0, np.uint8))
    with workspace.workspace(U1):
        pass
    assert workspace._arenas[0] is nothing


def test_scratch_of_one_call_does_not_overlap_whether_it_fits_or_not():
    workspace._arenas.clear()
    for fits in (False, True):
        with workspace.workspace(F8) as work:
            arrays = [work.take(3, 5), work.take(7, dtype=U1), work.take(1), work.take(2, 4)]
            for k, array in enumerate(arrays):
                array[...] = k
            assert [(a.shape, a.dtype) for a in arrays] == [
                ((3, 5), F8), ((7,), U1), ((1,), F8), ((2, 4), F8),
            ]  # fmt: skip
            assert all((array == k).all() for k, array in enumerate(arrays))
            assert all(array.ctypes.data % 64 == 0 for array in arrays)
            assert work.used == 128 + 64 + 64 + 64
            assert [np.shares_memory(array, work.arena) for array in arrays] == [fits] * 4
            if not fits:
                assert work.arena.size == 0
                room = 64  # in which to begin on a line
                assert [array.base.size - room for array in arrays] == [128, 64, 64, 64]


def test_two_calls_at_a_time_have_scratch_of_their_own():
    with workspace.workspace(F8) as one, workspace.workspace(F8) as other:
        assert not np.shares_memory(one.take(100), other.take(100))


def test_results_keep_their_numbers_while_anything_refers_to_them(monkeypatch):
    monkeypatch.setattr(workspace, "_SMALL", 64)  # even small results use memory again
    problem = Problem("lstm", (5, 7, 3, 6))
    outputs, cache = problem.forward()
    view, kept = outputs["h"][3:, ::2], outputs["h"][3:, ::2].copy()
    gates, kept_gates = cache.gates[1], cache.gates[1].copy()
    del outputs, cache
    for seed in range(3):
        Problem("lstm", (5, 7, 3, 6), seed=seed + 1).run()
    np.testing.assert_array_equal(view, kept)
    np.testing.assert_array_equal(gates, kept_gates)


def test_memory_of_results_comes_back_when_they_are_gone(returned):
    shape = (300, 400)
    first = workspace.fresh(shape, F8)
    address = first.ctypes.data
    second = workspace.fresh(shape, F8)
    assert second.ctypes.data != address
    assert address % 64 == 0
    part = first[1:]
    del first
    assert workspace.fresh(shape, F8).ctypes.data != address
    del part
    assert workspace.fresh(shape, F8).ctypes.data == address


def test_only_large_results_use_memory_again(returned):
    for size in (workspace._SMALL - 1, workspace._SMALL):
        workspace.fresh((size,), U1)
        assert bool(returned.by_size) == (size == workspace._SMALL)


@pytest.mark.parametrize("shape", [(30, 40), (300, 1000)])
def test_zeros_are_zeros_in_memory_that_was_used_before(shape, returned):
    for _ in range(3):
        array = workspace.fresh(shape, F8, zero=True)
        assert array.shape == shape and array.dtype == F8
        assert not array.any()
        array[...] = np.nan
        del array


def test_results_are_not_filled_unless_that_is_asked_for(returned):
    array = workspace.fresh((300, 1000), F8)
    array[...] = 7
    del array
    assert (workspace.fresh((300, 1000), F8) == 7).all()


def test_sizes_are_rounded_up_to_eight_an_octave_and_to_whole_lines():
    sizes = {workspace._rounded(size) for size in range(2**16 + 1, 2**17 + 1, 7)}
    assert sizes == {2**16 + k * 2**13 for k in range(1, 9)}
    assert [workspace._rounded(size) for size in (1, 64, 65)] == [64, 64, 128]
    assert workspace._rounded(2**16) == 2**16, "what is round stays as it is"


def test_memory_kept_for_later_is_bounded_and_counted(returned):
    arrays = [workspace.fresh((2**20 + 2**17 * i,), U1) for i in range(8)]
    arrays.clear()

    def kept():
        return sum(size * len(waiting) for size, waiting in returned.by_size.items())

    assert 2**20 < returned.kept == kept() <= returned.most
    size = max(returned.by_size)
    lent = workspace.fresh((size,), U1)
    assert returned.kept == kept() <= returned.most - size
    del lent
    assert returned.kept == kept()


def test_memory_that_has_waited_longest_is_forgotten_first(returned):
    sizes = [2**20, 2**20 + 2**17, 2**20 + 2**18]
    arrays = [workspace.fresh((size,), U1) for size in sizes]
    del arrays[0]
    del arrays[0]
    workspace.fresh((sizes[0],), U1)  # used again: now the second has waited longest
    assert list(returned.by_size) == sizes[1::-1]
    arrays.clear()
    assert list(returned.by_size) == [sizes[0], sizes[2]]


def test_memory_is_kept_up_to_the_bound_and_not_beyond(returned):
    arrays = [workspace.fresh((2**20,), U1) for _ in range(3)]
    arrays.clear()
    assert returned.kept == returned.most
    arrays = [workspace.fresh((2**20,), U1) for _ in range(4)]
    arrays.clear()
    assert returned.kept == 0 and not returned.by_size
