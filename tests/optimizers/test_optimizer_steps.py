"""Optimizer steps against their formulas written out again, in plain NumPy and the longer way."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchrnn import optimizers


def trajectory(optimizer, x, gradients) -> list[np.ndarray]:
    """Return the variable after each step; it is moved in place."""
    path = []
    for gradient in gradients:
        optimizer.apply([gradient], [x])
        path.append(x.copy())
    return path


def gradients(steps=6, shape=(2, 3), seed=0):
    return [g for g in np.random.default_rng(seed).normal(size=(steps, *shape))]


def start(shape=(2, 3), seed=1):
    return np.random.default_rng(seed).normal(size=shape)


def sgd(x, gs, lr):
    for g in gs:
        x = x - lr * g
        yield x


def momentum(x, gs, lr, mu):
    v = 0.0
    for g in gs:
        v = mu * v - lr * g
        x = x + v
        yield x


def nesterov(x, gs, lr, mu):
    """Sutskever's form: the gradient belongs to the point that the momentum leads to."""
    v = 0.0
    for g in gs:
        v = mu * v - lr * g
        x = x + (mu * v - lr * g)
        yield x


def rmsprop(x, gs, lr, rho, eps, mu=0.0, centered=False):
    v, a, u = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for g in gs:
        v = rho * v + (1 - rho) * g**2
        a = rho * a + (1 - rho) * g
        d = lr * g / np.sqrt(v - (a**2 if centered else 0.0) + eps)
        u = mu * u + d
        x = x - u
        yield x


def adam(x, gs, lr, b1, b2, eps, amsgrad=False):
    """The paper's order: both means freed of their bias; ε is Keras's, before the correction."""
    m, v, largest = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    for t, g in enumerate(gs, start=1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        largest = np.maximum(largest, v)
        root = np.sqrt((largest if amsgrad else v) / (1 - b2**t)) + eps / math.sqrt(1 - b2**t)
        x = x - lr * (m / (1 - b1**t)) / root
        yield x


def nadam(x, gs, lr, b1, b2, eps):
    m, v, product = np.zeros_like(x), np.zeros_like(x), 1.0
    for t, g in enumerate(gs, start=1):
        now, then = (b1 * (1 - 0.5 * 0.96**s) for s in (t, t + 1))
        product *= now
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        ahead = then * m / (1 - product * then) + (1 - now) * g / (1 - product)
        x = x - lr * ahead / (np.sqrt(v / (1 - b2**t)) + eps)
        yield x


def adamax(x, gs, lr, b1, b2, eps):
    m, u = np.zeros_like(x), np.zeros_like(x)
    for t, g in enumerate(gs, start=1):
        m = b1 * m + (1 - b1) * g
        u = np.maximum(b2 * u, np.abs(g))
        x = x - lr / (1 - b1**t) * m / (u + eps)
        yield x


def adagrad(x, gs, lr, first, eps):
    total = np.full_like(x, first)
    for g in gs:
        total = total + g**2
        x = x - lr * g / np.sqrt(total + eps)
        yield x


def adadelta(x, gs, lr, rho, eps):
    squares, deltas = np.zeros_like(x), np.zeros_like(x)
    for g in gs:
        squares = rho * squares + (1 - rho) * g**2
        delta = -np.sqrt(deltas + eps) / np.sqrt(squares + eps) * g
        deltas = rho * deltas + (1 - rho) * delta**2
        x = x + lr * delta
        yield x


CASES = {
    "SGD": (optimizers.SGD(0.1), sgd, (0.1,)),
    "momentum": (optimizers.SGD(0.1, 0.8), momentum, (0.1, 0.8)),
    "nesterov": (optimizers.SGD(0.1, 0.8, True), nesterov, (0.1, 0.8)),
    "RMSprop": (optimizers.RMSprop(0.1, 0.7, epsilon=0.01), rmsprop, (0.1, 0.7, 0.01)),
    "RMSprop centered with momentum": (
        optimizers.RMSprop(0.1, 0.7, 0.6, 0.01, True),
        rmsprop,
        (0.1, 0.7, 0.01, 0.6, True),
    ),
    "Adam": (optimizers.Adam(0.1, 0.8, 0.95, 0.01), adam, (0.1, 0.8, 0.95, 0.01)),
    "AMSGrad": (
        optimizers.Adam(0.1, 0.8, 0.5, 0.01, amsgrad=True),
        adam,
        (0.1, 0.8, 0.5, 0.01, True),
    ),
    "Nadam": (optimizers.Nadam(0.1, 0.8, 0.95, 0.01), nadam, (0.1, 0.8, 0.95, 0.01)),
    "Adamax": (optimizers.Adamax(0.1, 0.8, 0.95, 0.01), adamax, (0.1, 0.8, 0.95, 0.01)),
    "Adagrad": (optimizers.Adagrad(0.1, 0.3, 0.01), adagrad, (0.1, 0.3, 0.01)),
    "Adadelta": (optimizers.Adadelta(0.9, 0.7, 0.01), adadelta, (0.9, 0.7, 0.01)),
}


@pytest.mark.parametrize("name", CASES)
def test_steps_follow_the_formula(name):
    optimizer, formula, arguments = CASES[name]
    optimizer = optimizers.deserialize(optimizers.serialize(optimizer))
    got = trajectory(optimizer, start(), gradients())
    for x, want in zip(got, formula(start(), gradients(), *arguments), strict=True):
        np.testing.assert_allclose(x, want, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_every_optimizer_leads_downhill(name):
    optimizer = optimizers.deserialize(optimizers.serialize(CASES[name][0]))
    x = np.array([1.0, -2.0, 0.5])
    for _ in range(60):
        optimizer.apply([2.0 * x], [x])
    assert np.sum(x * x) < 0.2 * 5.25


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_variables_keep_their_type_and_their_place(name, dtype):
    optimizer = optimizers.deserialize(optimizers.serialize(CASES[name][0]))
    big, small = start((3, 4)).astype(dtype), start((2,)).astype(dtype)
    kept = big, small
    gs = [gradients(1, (3, 4))[0], gradients(1, (2,))[0].astype(np.float32)]
    optimizer.apply(gs, [big, small])
    assert big is kept[0]
    assert big.dtype == dtype
    assert not np.array_equal(big, start((3, 4)).astype(dtype))
    for array in optimizer.get_state().values():
        assert array.ndim == 0 or array.dtype == dtype
    double = start((3, 4))
    optimizers.deserialize(optimizers.serialize(CASES[name][0])).apply([gs[0]], [double])
    np.testing.assert_allclose(big, double, rtol=3e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_gradients_are_only_read(name):
    optimizer = optimizers.deserialize(optimizers.serialize(CASES[name][0]))
    gradient = gradients(1)[0]
    before = gradient.copy()
    gradient.flags.writeable = False
    optimizer.apply([gradient], [start()])
    np.testing.assert_array_equal(gradient, before)


def test_variables_of_different_shapes_do_not_disturb_each_other():
    together, alone = optimizers.Adam(0.1), optimizers.Adam(0.1)
    a, b, c = start((4, 3)), start((2,)), start((4, 3))
    for step in range(4):
        ga, gb = gradients(4, (4, 3))[step], gradients(4, (2,), seed=5)[step]
        together.apply([ga, gb], [a, b])
        alone.apply([ga], [c])
    np.testing.assert_array_equal(a, c)


def test_views_and_transposed_variables_are_updated_in_place():
    store = np.zeros((3, 4))
    view = store.T
    optimizers.Adam(0.1).apply([np.ones((4, 3))], [view])
    np.testing.assert_allclose(store, -0.1, rtol=1e-5)


def test_weight_decay_comes_before_the_step_and_scales_with_the_rate():
    x = np.array([2.0])
    optimizers.SGD(0.1, weight_decay=0.5).apply([np.array([1.0])], [x])
    np.testing.assert_allclose(x, 2.0 * (1 - 0.1 * 0.5) - 0.1)
    decoupled, plain = np.array([2.0]), np.array([2.0])
    optimizers.AdamW(0.1, weight_decay=0.5).apply([np.array([3.0])], [decoupled])
    optimizers.Adam(0.1).apply([np.array([3.0])], [plain])
    np.testing.assert_allclose(plain - decoupled, 2.0 * 0.1 * 0.5)
    assert optimizers.AdamW().weight_decay == 0.004


def test_weight_decay_spares_the_variables_that_are_excluded():
    kernel, bias, other = np.array([2.0]), np.array([2.0]), np.array([2.0])
    optimizer = optimizers.SGD(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[other], var_names=["bias$"])
    zeros = [np.zeros(1)] * 3
    optimizer.apply(zeros, [kernel, bias, other], names=["lstm/kernel", "lstm/bias", "other"])
    np.testing.assert_array_equal([kernel, bias, other], [[1.0], [2.0], [2.0]])
    with pytest.raises(ValueError, match="before the first step"):
        optimizer.exclude_from_weight_decay([kernel])


def test_gradient_accumulation_is_one_step_on_the_mean():
    options = {"momentum": 0.9, "weight_decay": 0.1, "clipnorm": 0.5}
    slow = optimizers.SGD(0.1, gradient_accumulation_steps=3, **options)
    once = optimizers.SGD(0.1, **options)
    x, y, gs = start(), start(), gradients(6)
    for step, g in enumerate(gs):
        before = x.copy()
        slow.apply([g], [x])
        assert np.array_equal(x, before) == (step % 3 != 2)
    for first in (0, 3):
        once.apply([np.mean(gs[first : first + 3], axis=0)], [y])
    np.testing.assert_allclose(x, y, rtol=1e-13)
    assert slow.iterations == once.iterations == 2


@pytest.mark.parametrize("cls", optimizers.CLASSES.values())
def test_accumulation_counts_updates_not_calls(cls):
    slow, once = cls(0.1, gradient_accumulation_steps=2), cls(0.1)
    x, y, gs = start(), start(), gradients(4)
    for g in gs:
        slow.apply([g], [x])
    for first in (0, 2):
        once.apply([(gs[first] + gs[first + 1]) / 2], [y])
    np.testing.assert_allclose(x, y, rtol=1e-13)


def test_pairs_and_lists_are_the_same_step():
    x, y, g = start(), start(), gradients(1)[0]
    optimizers.Adam(0.1).apply([g], [x])
    assert optimizers.Adam(0.1).apply_gradients([(g, y)]) == 1
    np.testing.assert_array_equal(x, y)


def test_an_empty_step_does_nothing():
    optimizer = optimizers.SGD()
    optimizer.apply([], [])
    assert optimizer.iterations == 0
    assert not optimizer.built


def test_a_built_optimizer_knows_its_variables():
    x = start()
    optimizer = optimizers.SGD(1.0)
    optimizer.build([x])
    optimizer.apply([np.ones_like(x)])
    np.testing.assert_allclose(x, start() - 1.0)


def test_some_of_the_variables_may_be_updated_in_any_order():
    x, y = np.zeros(2), np.zeros(3)
    optimizer = optimizers.SGD(1.0, momentum=0.5)
    optimizer.apply([np.ones(2), np.ones(3)], [x, y])
    optimizer.apply([np.ones(3)], [y])
    optimizer.apply([np.ones(3), np.ones(2)], [y, x])
    optimizer.apply([np.zeros(2)], [x])
    np.testing.assert_allclose(x, -1.0 - 1.5 - 0.75)
    np.testing.assert_allclose(y, -1.0 - 1.5 - 1.75)


def test_adamw_without_decay_is_adam_in_every_argument():
    options = {"beta_1": 0.7, "beta_2": 0.8, "epsilon": 0.3, "amsgrad": True}
    found = []
    for optimizer in (
        optimizers.Adam(0.1, **options),
        optimizers.AdamW(0.1, weight_decay=0.0, **options),
    ):
        w = np.array([1.0, -2.0])
        for gradient in ([0.5, 3.0], [-1.0, 0.1], [0.2, 0.2]):
            optimizer.apply([np.array(gradient)], [w])
        found.append(w)
    np.testing.assert_array_equal(found[0], found[1])


def test_rmsprop_keeps_no_more_than_it_needs():
    assert optimizers.RMSprop().slots == ("velocity",)
    assert optimizers.RMSprop(momentum=0.5).slots == ("velocity", "momentum")
    assert optimizers.RMSprop(centered=True).slots == ("velocity", "average_gradient")


@pytest.mark.parametrize("size", [1.0, 3.3, 1e4])
def test_the_deviation_of_a_gradient_that_stays_the_same_is_no_number_below_zero(size):
    x = np.zeros(3, np.float32)
    optimizer = optimizers.RMSprop(0.1, rho=0.5, centered=True)
    for _ in range(60):
        optimizer.apply([np.full(3, size, np.float32)], [x])
    assert np.isfinite(x).all() and (x < 0).all()


def test_a_schedule_counts_calls_where_gradients_are_accumulated():
    schedule = optimizers.schedules.PiecewiseConstantDecay([2], [1.0, 0.125])
    optimizer, x = optimizers.SGD(schedule, gradient_accumulation_steps=2), np.zeros(1)
    positions = []
    for _ in range(4):
        optimizer.apply([np.ones(1)], [x])
        positions.append(float(x[0]))
    assert positions == [0.0, -1.0, -1.0, -1.125]  # as in Keras: updates at steps 1 and 3
    assert optimizer.iterations == 2


@pytest.mark.parametrize("clip", [{}, {"clipnorm": 1.0}, {"clipvalue": 0.5}])
@pytest.mark.parametrize("cls", optimizers.CLASSES.values())
def test_a_step_is_computed_in_the_type_of_the_variable(cls, clip):
    x = start().astype(np.float32)
    y, one, other = x.copy(), cls(0.1, **clip), cls(0.1, **clip)
    for g in gradients():  # float64
        one.apply([g], [x])
        other.apply([g.astype(np.float32)], [y])
    np.testing.assert_array_equal(x, y)
