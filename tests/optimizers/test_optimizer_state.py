"""Optimizer state and configuration: going on bit for bit, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scratchrnn import optimizers
from scratchrnn.optimizers import schedules

OPTIMIZERS = {
    "SGD": {"momentum": 0.9, "nesterov": True},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adam": {"amsgrad": True, "clipnorm": 0.5},
    "AdamW": {"weight_decay": 0.01, "global_clipnorm": 1.0},
    "Adagrad": {"clipvalue": 0.3},
    "Adadelta": {"gradient_accumulation_steps": 2},
    "Nadam": {"learning_rate": schedules.CosineDecay(0.1, 20)},
    "Adamax": {},
}
each_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def make(name: str) -> optimizers.Optimizer:
    return getattr(optimizers, name)(**OPTIMIZERS[name])


def variables(dtype=np.float32):
    r = np.random.default_rng(0)
    return [r.normal(size=s).astype(dtype) for s in ((3, 4), (4,), (2, 2, 2))]


def run(optimizer, xs, first, last):
    for step in range(first, last):
        r = np.random.default_rng(100 + step)
        optimizer.apply([r.normal(size=x.shape) for x in xs], xs)


@each_optimizer
@pytest.mark.parametrize("built", [True, False])
def test_a_resumed_run_ends_bit_for_bit_where_the_unbroken_one_does(name, built):
    unbroken, xs = make(name), variables()
    run(unbroken, xs, 0, 9)
    broken, ys = make(name), variables()
    run(broken, ys, 0, 5)
    state = {key: array.copy() for key, array in broken.get_state().items()}
    resumed = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(broken))))
    if built:
        run(resumed, [y.copy() for y in ys], 50, 52)
        resumed = optimizers.deserialize(optimizers.serialize(broken))
        resumed.build(ys)
    resumed.set_state(state)
    run(resumed, ys, 5, 9)
    for x, y in zip(xs, ys, strict=True):
        np.testing.assert_array_equal(x, y)
    for key, array in unbroken.get_state().items():
        np.testing.assert_array_equal(array, resumed.get_state()[key])


@each_optimizer
def test_state_handed_out_is_a_copy(name):
    optimizer, xs = make(name), variables()
    run(optimizer, xs, 0, 2)
    state = optimizer.get_state()
    before = {key: array.copy() for key, array in state.items()}
    run(optimizer, xs, 2, 4)
    for key, array in state.items():
        np.testing.assert_array_equal(array, before[key])
    assert all(isinstance(array, np.ndarray) for array in state.values())


@each_optimizer
def test_configuration_round_trips(name):
    optimizer = make(name)
    config = json.loads(json.dumps(optimizers.serialize(optimizer)))
    again = optimizers.get(config)
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


def test_state_set_before_the_first_step_is_kept_until_then():
    optimizer, xs = make("Adam"), variables()
    run(optimizer, xs, 0, 2)
    fresh = make("Adam")
    fresh.set_state(optimizer.get_state())
    assert fresh.iterations == 2
    assert set(fresh.get_state()) == set(optimizer.get_state())


def test_state_set_before_the_first_step_is_a_copy():
    first, x = optimizers.SGD(0.1, momentum=0.9), np.ones(2)
    first.apply([np.ones(2)], [x])
    state, y = first.get_state(), x.copy()
    later = optimizers.SGD(0.1, momentum=0.9)
    later.set_state(state)
    state["momentum/0000"][:] = 99.0
    first.apply([np.ones(2)], [x])
    later.apply([np.ones(2)], [y])
    np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        (optimizers.SGD(), set()),
        (optimizers.SGD(momentum=0.5), {"momentum"}),
        (optimizers.RMSprop(), {"velocity"}),
        (optimizers.Adam(), {"momentum", "velocity"}),
        (optimizers.SGD(gradient_accumulation_steps=2), {"gradient_accumulator"}),
    ],
)
def test_nothing_is_kept_that_the_rule_does_not_need(optimizer, slots):
    optimizer.build([np.ones(2)])
    arrays = {name.split("/")[0] for name in optimizer.get_state() if "/" in name}
    assert arrays == slots


def test_state_from_before_the_first_step_empties_the_slots():
    optimizer, xs = make("Adam"), variables()
    fresh = make("Adam").get_state()
    run(optimizer, xs, 0, 2)
    optimizer.set_state(fresh)
    again, ys = make("Adam"), [x.copy() for x in xs]
    run(optimizer, xs, 0, 2)
    run(again, ys, 0, 2)
    np.testing.assert_array_equal(xs[0], ys[0])


def test_own_arrays_are_listed_as_keras_lists_them():
    optimizer, xs = optimizers.Adam(0.5), variables()
    assert len(optimizer.variables) == 2
    run(optimizer, xs, 0, 3)
    own = optimizer.variables
    assert [v.shape for v in own[2:6]] == [(3, 4), (3, 4), (4,), (4,)]
    assert own[0] == 3
    assert own[1] == 0.5


def test_the_learning_rate_can_be_set_and_a_schedule_is_followed():
    optimizer, x = optimizers.SGD(1.0), np.zeros(1)
    optimizer.apply([np.ones(1)], [x])
    optimizer.learning_rate = 0.5
    optimizer.apply([np.ones(1)], [x])
    np.testing.assert_array_equal(x, [-1.5])
    optimizer.learning_rate = schedules.PiecewiseConstantDecay([2], [0.25, 0.125])
    assert optimizer.learning_rate == 0.25
    optimizer.apply([np.ones(1)], [x])
    assert optimizer.learning_rate == 0.125
    with pytest.raises(ValueError, match="cannot be set to a number"):
        optimizer.learning_rate = 0.1
    assert isinstance(optimizers.SGD(np.float32(0.5)).learning_rate, float)


def broken_states():
    optimizer, xs = make("Adam"), variables()
    run(optimizer, xs, 0, 2)
    good = optimizer.get_state()
    yield "missing", {k: v for k, v in good.items() if k != "iterations"}
    yield "missing or unknown", {k: v for k, v in good.items() if k != "velocity/0001"}
    yield "missing or unknown", {**good, "velocity/0009": np.zeros(1)}
    yield "momentum/0000: expected", {**good, "momentum/0000": np.zeros((3, 4))}
    yield "momentum/0001: expected", {**good, "momentum/0001": np.zeros(5, np.float32)}
    yield "expected a count", {**good, "iterations": np.asarray(-1)}
    yield "expected a count", {**good, "iterations": np.asarray(1.5)}
    yield "learning_rate: expected", {**good, "learning_rate": np.asarray(np.nan)}
    yield "expected scalars", {**good, "iterations": np.asarray([1, 2])}


@pytest.mark.parametrize(("message", "state"), list(broken_states()))
def test_a_state_that_does_not_fit_changes_nothing(message, state):
    optimizer, xs = make("Adam"), variables()
    run(optimizer, xs, 0, 3)
    before = optimizer.get_state()
    with pytest.raises(ValueError, match=f"Adam: .*{message}"):
        optimizer.set_state(state)
    after = optimizer.get_state()
    assert all(np.array_equal(before[k], after[k]) for k in before)


def test_a_state_that_does_not_fit_the_variables_is_found_at_the_first_step():
    optimizer, xs = make("Adam"), variables()
    run(optimizer, xs, 0, 2)
    fresh = make("Adam")
    fresh.set_state(optimizer.get_state())
    other = [np.zeros((2, 2))]
    with pytest.raises(ValueError, match="missing or unknown"):
        fresh.apply([np.ones((2, 2))], other)
    assert not other[0].any()
    assert not fresh.built


@pytest.mark.parametrize(
    ("gradients", "xs", "message"),
    [
        ([np.ones(3)], [np.ones(2)], r"gradient of variable 0: expected shape \(2,\), got \(3,\)"),
        ([[np.nan, 1.0]], [np.ones(2)], "gradient of variable 0: .* got 1 of 2 NaN or infinite"),
        ([np.ones(2), [np.inf]], [np.ones(2), np.ones(1)], "variable 1: .* got 1 of 1"),
        ([[np.inf, -np.inf]], [np.ones(2)], "got 2 of 2"),
        ([["a", "b"]], [np.ones(2)], "expected real numbers"),
        ([np.ones(2)], [np.ones(2), np.ones(2)], "expected 2, one a variable, got 1"),
        ([None], [np.ones(2)], "got None for all variables"),
        ([[1, 1]], [np.ones(2, int)], "expected writable arrays of floats, got int64 array at 0"),
        ([[1.0]], [[1.0]], "got list at 0"),
    ],
)
def test_a_bad_gradient_is_named_and_nothing_moves(gradients, xs, message):
    optimizer = optimizers.SGD(0.1)
    before = [np.copy(x) for x in xs]
    with pytest.raises(ValueError, match=f"SGD: .*{message}"):
        optimizer.apply(gradients, xs)
    assert all(np.array_equal(a, b) for a, b in zip(before, xs, strict=True))
    assert optimizer.iterations == 0


def test_a_gradient_too_large_to_add_up_is_still_finite():
    x = np.zeros(4, np.float32)
    optimizers.SGD(1e-38).apply([np.full(4, 3e38, np.float32)], [x])
    np.testing.assert_allclose(x, -3.0, rtol=1e-5)


def test_names_given_are_those_in_the_message():
    with pytest.raises(ValueError, match="gradient of lstm/bias"):
        optimizers.SGD().apply([[np.nan]], [np.ones(1)], names=["lstm/bias"])
    with pytest.raises(ValueError, match="names: expected 1, got 2"):
        optimizers.SGD().apply([[1.0]], [np.ones(1)], names=["a", "b"])


def test_an_absent_gradient_leaves_its_variable_and_warns():
    x, y = np.ones(2), np.ones(2)
    with pytest.warns(UserWarning, match="no gradient for variable 1") as warned:
        optimizers.SGD(1.0).apply([np.ones(2), None], [x, y])
    assert [w.filename for w in warned] == [__file__]
    np.testing.assert_array_equal([x, y], [[0.0, 0.0], [1.0, 1.0]])


def test_other_variables_need_another_optimizer():
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match="expected them at first apply"):
        optimizer.apply([np.ones(2)])
    optimizer.apply([np.ones(2)], [np.ones(2)])
    with pytest.raises(ValueError, match="make a new optimizer"):
        optimizer.apply([np.ones(2)], [np.ones(2)])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"use_ema": True}, "use_ema: this argument is not supported"),
        ({"ema_momentum": 0.9}, "ema_momentum: this argument is not supported"),
        ({"ema_overwrite_frequency": 10}, "ema_overwrite_frequency: this argument"),
        ({"loss_scale_factor": 2.0}, "loss_scale_factor: this argument"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "at most one of clipnorm"),
        ({"clipnorm": 0.0}, "clipnorm: expected a positive"),
        ({"clipvalue": np.nan}, "clipvalue: expected a positive"),
        ({"global_clipnorm": True}, "global_clipnorm: expected a positive"),
        ({"learning_rate": -0.1}, "learning_rate: expected a finite number >= 0"),
        ({"learning_rate": "0.1"}, "learning_rate: expected"),
        ({"learning_rate": lambda: 0.1}, "learning_rate: expected"),
        ({"weight_decay": -1.0}, "weight_decay: expected a number >= 0"),
        ({"gradient_accumulation_steps": 1}, "expected an integer >= 2"),
        ({"beta_1": 1.0}, r"beta_1: expected a number in \[0, 1\)"),
        ({"epsilon": -1e-7}, "epsilon: expected a number >= 0"),
    ],
)
def test_arguments_that_cannot_be_are_refused(options, message):
    with pytest.raises(ValueError, match=f"Adam: .*{message}"):
        optimizers.Adam(**options)


def test_other_arguments_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="SGD: momentum"):
        optimizers.SGD(momentum=1.5)
    with pytest.raises(ValueError, match="AdamW: weight_decay"):
        optimizers.AdamW(weight_decay=None)
    with pytest.raises(ValueError, match="Adagrad: initial_accumulator_value"):
        optimizers.Adagrad(initial_accumulator_value=-1.0)
    with pytest.raises(ValueError, match=r"RMSprop: rho: expected a number in \[0, 1\]"):
        optimizers.RMSprop(rho=1.1)
    with pytest.raises(TypeError, match="decay"):
        optimizers.SGD(decay=0.1)


def test_arguments_at_the_edge_are_taken():
    assert optimizers.SGD(0.0, momentum=1.0, weight_decay=0.0).momentum == 1.0
    assert optimizers.RMSprop(rho=1.0, epsilon=0.0).rho == 1.0
    assert optimizers.Adagrad(initial_accumulator_value=0.0).initial_accumulator_value == 0.0
    assert optimizers.SGD(gradient_accumulation_steps=2).gradient_accumulation_steps == 2


def test_a_name_may_be_given():
    assert optimizers.AdamW().name == "adamw"
    assert optimizers.AdamW(name="Mine").name == "Mine"


def test_optimizers_are_found_by_name_in_any_case():
    assert isinstance(optimizers.get("rmsprop"), optimizers.RMSprop)
    assert isinstance(optimizers.get("AdamW"), optimizers.AdamW)
    assert isinstance(optimizers.get(optimizers.SGD), optimizers.SGD)
    own = optimizers.SGD()
    assert optimizers.get(own) is own


@pytest.mark.parametrize("name", ["Lion", "Adafactor"])
def test_optimizers_left_out_are_refused_by_name(name):
    with pytest.raises(ValueError, match=f"{name.lower()}.* not built here"):
        optimizers.get(name.lower())
    with pytest.raises(AttributeError, match=name):
        getattr(optimizers, name)


def test_unknown_optimizers_are_refused():
    with pytest.raises(ValueError, match="expected one of adadelta"):
        optimizers.get("adm")
    with pytest.raises(ValueError, match="expected a name or an Optimizer"):
        optimizers.get(3)
    with pytest.raises(ValueError, match="class_name"):
        optimizers.deserialize({"config": {}})

    class Own(optimizers.Optimizer):
        pass

    with pytest.raises(ValueError, match="expected one of this module"):
        optimizers.serialize(Own(0.1))
    with pytest.raises(NotImplementedError, match="update_step"):
        Own(0.1).apply([np.ones(1)], [np.ones(1)])
