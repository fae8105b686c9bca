"""Learning-rate schedules: values by hand, limits, configuration."""

from __future__ import annotations

import json
import math

import pytest

from scratchrnn.optimizers import schedules

CASES = [
    (schedules.ExponentialDecay(0.1, 10, 0.5), {0: 0.1, 5: 0.1 / math.sqrt(2), 20: 0.025}),
    (schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), {9: 0.1, 10: 0.05, 19: 0.05}),
    (schedules.InverseTimeDecay(0.1, 10, 1.0), {0: 0.1, 10: 0.05, 30: 0.025}),
    (schedules.InverseTimeDecay(0.1, 10, 0.5, staircase=True), {9: 0.1, 29: 0.05, 30: 0.04}),
    (
        schedules.PiecewiseConstantDecay([10, 20], [1.0, 0.5, 0.1]),
        {0: 1.0, 10: 1.0, 11: 0.5, 20: 0.5, 21: 0.1},
    ),
    (schedules.PolynomialDecay(1.0, 10, 0.2, power=2.0), {0: 1.0, 5: 0.4, 10: 0.2, 99: 0.2}),
    (
        schedules.PolynomialDecay(1.0, 10, 0.0, cycle=True),
        {0: 1.0, 5: 0.5, 10: 0.0, 11: 0.45, 15: 0.25, 20: 0.0, 25: 1 / 6},
    ),
    (schedules.CosineDecay(0.3, 10, alpha=0.1), {0: 0.3, 5: 0.165, 10: 0.03, 11: 0.03, 99: 0.03}),
    (schedules.CosineDecay(0.1, 1, warmup_target=0.3), {0: 0.3, 1: 0.0, 2: 0.0}),
    (
        schedules.CosineDecay(0.1, 10, warmup_target=1.0, warmup_steps=4),
        {0: 0.1, 2: 0.55, 3: 0.775, 4: 1.0, 9: 0.5, 14: 0.0, 99: 0.0},
    ),
    (
        schedules.CosineDecayRestarts(0.4, 10, t_mul=2.0, m_mul=0.5, alpha=0.1),
        {0: 0.4, 5: 0.22, 10: 0.22, 20: 0.13, 30: 0.13, 70: 0.085},
    ),
    (schedules.CosineDecayRestarts(1.0, 10, t_mul=1.0), {0: 1.0, 5: 0.5, 10: 1.0, 25: 0.5}),
    (schedules.CosineDecayRestarts(1.0, 10, t_mul=1.5), {0: 1.0, 5: 0.5, 10: 1.0, 25: 1.0}),
]
each_schedule = pytest.mark.parametrize(
    ("schedule", "expected"), CASES, ids=[type(s).__name__ for s, _ in CASES]
)


@each_schedule
def test_rates_by_hand(schedule, expected):
    got = {step: schedule(step) for step in expected}
    assert got == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert all(isinstance(rate, float) for rate in got.values())


@each_schedule
def test_configuration_round_trips(schedule, expected):
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert repr(again) == repr(schedule)
    assert [again(s) for s in expected] == [schedule(s) for s in expected]


def test_restarts_come_exactly_where_a_period_ends():
    for t_mul, ends in ((3, (7, 28, 91, 280, 847)), (10, (7, 77, 777, 7777, 77777, 777777))):
        schedule = schedules.CosineDecayRestarts(1.0, 7, t_mul=t_mul, m_mul=0.5)
        for restarts, end in enumerate(ends, start=1):
            assert schedule(end) == pytest.approx(0.5**restarts)
            assert schedule(end - 1) < 0.06 * 0.5 ** (restarts - 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps: expected a positive"),
        (lambda: schedules.PiecewiseConstantDecay([1], [0.1]), "1 boundaries and 1 values"),
        (lambda: schedules.PiecewiseConstantDecay([], [0.1]), "one or more"),
        (lambda: schedules.PiecewiseConstantDecay([2, 1], [1, 2, 3]), "increasing"),
        (lambda: schedules.PiecewiseConstantDecay([2, 2], [1, 2, 3]), "increasing"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), "t_mul: expected at least 1"),
        (lambda: schedules.CosineDecayRestarts(0.1, -1), "first_decay_steps: expected a pos"),
        (lambda: schedules.deserialize({"class_name": "os.system"}), "expected class_name to be"),
        (lambda: schedules.serialize(schedules.LearningRateSchedule), "expected one of this"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_schedule_of_ones_own_needs_only_a_call():
    class Half(schedules.LearningRateSchedule):
        def __call__(self, step):
            return 0.5**step

    assert Half()(2) == 0.25
    with pytest.raises(NotImplementedError, match="Half: get_config"):
        Half().get_config()
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)
