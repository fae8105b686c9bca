"""The pool's helpers: how many there are, where they run, and that they look before they sleep."""

from __future__ import annotations

import os

import numba
import pytest
from scratchrnn.kernels import pool, spin


def nothing():
    """A task."""


@pytest.fixture
def moved(monkeypatch):
    """Which helper was moved to which of three processors."""
    moved = []
    monkeypatch.setattr(os, "sched_getaffinity", {0: {0, 1, 2}}.get, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda *to: moved.append(to), raising=False)
    return moved


@pytest.fixture
def processor(monkeypatch):
    """The number of the caller's processor, to be changed."""
    number = [0]
    monkeypatch.setattr(pool, "_current_processor", lambda: lambda: number[0])
    return number


def call(helpers, ours):
    job = pool._Job([[(nothing,)]])
    ours.call(job, helpers)
    job.help()


def test_as_many_helpers_are_hired_as_were_ever_asked_for_at_once(moved):
    ours = pool._Pool()
    for asked, hired in ((1, 1), (3, 3), (2, 3)):
        call(asked, ours)
        assert len(ours.helpers) == hired
    assert [helper.name for helper in ours.helpers] == [f"scratchrnn-{k}" for k in (1, 2, 3)]
    assert all(helper.daemon for helper in ours.helpers)


def test_helpers_are_moved_only_when_the_caller_has_moved_or_one_is_new(moved, processor):
    ours = pool._Pool()

    def all_to(*processors):
        return [(helper.native_id, set(processors)) for helper in ours.helpers]

    call(2, ours)
    assert moved == all_to(1, 2)
    call(2, ours)
    assert moved == all_to(1, 2)
    moved.clear()
    processor[0] = 2
    call(1, ours)
    assert moved == all_to(0, 1)
    moved.clear()
    call(3, ours)
    assert moved == all_to(0, 1)


def test_helpers_share_the_only_processor_with_the_caller(moved, processor, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    call(1, pool._Pool())
    assert [where for _, where in moved] == [{0}]


def test_helpers_stay_where_they_are_if_they_may_not_be_moved(processor, monkeypatch):
    asked = []

    def refuse(who, where):
        asked.append(who)
        raise PermissionError

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", refuse, raising=False)
    ours = pool._Pool()
    call(2, ours)
    assert asked == [ours.helpers[0].native_id], "who is refused once does not ask again"
    call(2, ours)
    assert len(asked) == 1


def test_who_waits_for_a_phase_looks_until_its_last_task_is_finished(monkeypatch):
    phase, looked = pool._Phase([(nothing,)] * 2), []
    phase.finish_one()

    def look(flag, value):
        looked.append((int(flag[0]), value))
        phase.finish_one()  # as another thread does meanwhile
        looked.append(int(flag[0]))

    monkeypatch.setattr(pool, "_look_while", look)
    for _ in range(2):  # the second time there is nothing to wait for
        phase.wait()
        assert looked == [(0, 0), 1]


def test_a_helper_looks_until_another_job_is_posted(monkeypatch):
    ours, seen = pool._Pool(), []
    monkeypatch.setattr(pool._Pool, "_make_way", lambda self: None)
    monkeypatch.setattr(pool.threading.Thread, "start", lambda self: None)

    class End(Exception):
        pass

    def look(flag, value):
        seen.append((flag is ours.posted, int(flag[0]), value))
        if len(seen) == 3:
            raise End
        ours.call(pool._Job([[(nothing,)]]), 1)

    monkeypatch.setattr(pool, "_look_while", look)
    with pytest.raises(End):
        ours._serve()
    assert seen == [(True, k, k) for k in range(3)]


@pytest.mark.skipif(not numba.config.DISABLE_JIT, reason="compiled looks cannot be counted")
@pytest.mark.parametrize("changes_at, looks", [(1, 4), (5, 8), (11, 10)])
def test_looking_ends_a_little_after_the_change_or_after_so_many_looks(
    changes_at, looks, monkeypatch
):
    looked = []

    def look(a):
        looked.append(a)
        return 8 if len(looked) >= changes_at else 7

    monkeypatch.setattr(spin, "_look", look)
    spin.look_while("flag", 7, 10, 3)
    assert looked == ["flag"] * looks


def test_looking_is_compiled(monkeypatch):
    told = []
    monkeypatch.setattr(spin, "look_while", lambda *what: told.append(what))
    flag = object()
    pool._look_while(flag, 3)
    assert told == [(flag, 3, spin.LOOKS, spin.MORE)]


@pytest.mark.parametrize(
    "threads, tasks, helpers",
    [(3, 2, [1]), (2, 9, [1]), (4, 4, [3]), (9, 1, []), (1, 9, []), (3, 0, [])],
)
def test_a_job_gets_no_more_helpers_than_it_has_tasks_beside_the_callers(
    threads, tasks, helpers, monkeypatch
):
    asked = []
    monkeypatch.setattr(pool, "_num_threads", threads)
    monkeypatch.setattr(pool._pool, "call", lambda job, helpers: asked.append(helpers))
    done = []
    pool.run([(done.append, 1)], [(done.append, k) for k in range(tasks)])
    assert asked == helpers and len(done) == 1 + tasks
    pool.run()
    assert asked == helpers, "nothing to do is done alone"


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system has no affinity")
def test_the_callers_processor_is_one_that_it_may_run_on():
    assert pool._current_processor.__wrapped__()() in os.sched_getaffinity(0)


def test_there_are_as_many_threads_as_processors_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", {0: {3, 5, 6}}.get, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert pool._default_num_threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on other systems
    assert pool._default_num_threads() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert pool._default_num_threads() == 1
