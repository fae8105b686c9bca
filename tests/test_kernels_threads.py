"""Threads, BLAS and fork: what must not show in the results."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from scratchrnn.kernels import blas, pool

import scratchrnn
from tests.kernel_cases import Problem, assert_same_bits

VARIANTS = [("rnn", {}), ("lstm", {}), ("gru", {}), ("gru", {"reset_after": False})]


@pytest.fixture(autouse=True)
def threads_as_before(monkeypatch):
    """Let even small work be shared out, and give the number of threads back."""
    before = scratchrnn.get_num_threads()
    monkeypatch.setattr("scratchrnn.kernels.plan.WORTH_A_THREAD", 1.0)
    yield
    scratchrnn.set_num_threads(before)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell, options", VARIANTS)
def test_results_are_the_same_bits_for_any_number_of_threads(cell, options, masked):
    N, T = 23, 8
    mask = np.random.default_rng(5).random((N, T)) < 0.6 if masked else None
    problem = Problem(cell, (N, T, 10, 37), np.float32, mask, dropped=True, **options)
    scratchrnn.set_num_threads(1)
    alone = problem.run()
    for threads in (2, 3, 5, 2):
        scratchrnn.set_num_threads(threads)
        assert_same_bits(problem.run(), alone)


def test_work_is_really_shared():
    scratchrnn.set_num_threads(3)
    workers, all_here = set(), threading.Barrier(3)

    def work():
        all_here.wait(timeout=60)  # nobody goes on before three threads have a task
        workers.add(threading.get_ident())

    pool.run([(work,)] * 3)
    assert len(workers) == 3
    assert threading.get_ident() in workers


def test_one_thread_means_the_calling_one():
    scratchrnn.set_num_threads(1)
    workers = set()
    pool.run([(lambda: workers.add(threading.get_ident()),)] * 4)
    assert workers == {threading.get_ident()}


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "two", None])
def test_a_number_of_threads_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match="set_num_threads: n: expected"):
        scratchrnn.set_num_threads(wrong)


def test_an_error_in_a_task_reaches_the_caller_and_spoils_nothing():
    scratchrnn.set_num_threads(2)

    def fail():
        raise ZeroDivisionError("in a helper")

    with pytest.raises(ZeroDivisionError, match="in a helper"):
        pool.run([(fail,)] * 4)
    done = []
    pool.run([(done.append, i) for i in range(5)])
    assert sorted(done) == list(range(5))


@pytest.mark.parametrize("threads", [1, 3])
def test_a_phase_begins_when_the_one_before_has_ended(threads):
    scratchrnn.set_num_threads(threads)
    done, seen = [], []
    second = [(lambda: seen.append(len(done)),)] * 6
    pool.run([(done.append, i) for i in range(6)], second)
    assert seen == [6] * 6


def test_after_an_error_the_next_phase_is_left_out():
    scratchrnn.set_num_threads(2)
    done = []
    with pytest.raises(ZeroDivisionError):
        pool.run([(lambda: 1 // 0,)] * 2, [(done.append, i) for i in range(4)])
    assert done == []


def test_several_python_threads_may_call_at_once():
    scratchrnn.set_num_threads(2)
    problems = [Problem(cell, (9, 7, 3, 12), seed=s) for s in range(3) for cell in ("lstm", "gru")]
    wanted = [problem.run() for problem in problems]
    results, start = {}, threading.Barrier(len(problems))

    def call(i):
        start.wait(timeout=60)
        for _ in range(5):
            results[i] = problems[i].run()

    callers = [threading.Thread(target=call, args=(i,)) for i in range(len(problems))]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    for i, want in enumerate(wanted):
        assert_same_bits(results[i], want)


FORK = """
import os, sys, warnings
import numpy as np
from scratchrnn.kernels import lstm_forward, pool, plan
plan.WORTH_A_THREAD = 1.0
pool.set_num_threads(2)
rng = np.random.default_rng(0)
x, Wx, Wh = rng.normal(size=(40, 6, 3)), rng.normal(size=(3, 32)), rng.normal(size=(8, 32))
before = lstm_forward(x, None, None, Wx, Wh)[0]
warnings.simplefilter("ignore", DeprecationWarning)  # of fork beside threads
child = os.fork()
if child == 0:
    after = lstm_forward(x, None, None, Wx, Wh)[0]
    os._exit(0 if after.tobytes() == before.tobytes() else 7)
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
again = lstm_forward(x, None, None, Wx, Wh)[0]
sys.exit(status or (8 if again.tobytes() != before.tobytes() else 0))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_on():
    assert subprocess.run([sys.executable, "-c", FORK], timeout=300).returncode == 0


# -- BLAS ----------------------------------------------------------------------------------------


class Library:
    """A library of threads that notes what it is told."""

    def __init__(self, threads):
        self.num_threads = threads

    def set_num_threads(self, n):
        self.num_threads = n


@pytest.fixture
def library(monkeypatch):
    """A BLAS of four threads in place of the real one."""
    library = Library(4)
    monkeypatch.setattr(blas, "_libraries", lambda: [library])
    return library


def test_blas_has_one_thread_while_kernels_work_and_its_own_after(library):
    scratchrnn.set_num_threads(2)
    seen = []
    pool.run([(lambda: seen.append(library.num_threads),)] * 3)
    assert seen == [1, 1, 1]
    assert library.num_threads == 4


def test_blas_is_given_back_when_the_last_block_ends(library):
    with blas.one_blas_thread():
        with blas.one_blas_thread():
            assert library.num_threads == 1
        assert library.num_threads == 1
    assert library.num_threads == 4


def test_blas_is_given_back_after_an_error(library):
    with pytest.raises(KeyError), blas.one_blas_thread():
        raise KeyError
    assert library.num_threads == 4


def test_a_child_forked_during_work_gives_blas_back(library, monkeypatch):
    for name in ("_lock", "_holders"):  # a child's own, put back after the test
        monkeypatch.setattr(blas, name, getattr(blas, name))
    with blas.one_blas_thread():
        blas._after_fork()
        assert library.num_threads == 4
        assert blas._holders == 0  # or the child's own work would not hold BLAS back
        blas._holders = 1  # here, other than in a child, the block goes on
    library.num_threads = 3
    blas._after_fork()  # nobody was at work: nothing is given back
    assert library.num_threads == 3


def test_the_real_blas_is_found():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    found = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
    assert len(blas._libraries()) == len(found)
