"""Gradient clipping: the functions, and what the optimizers do with them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scratchrnn import optimizers
from scratchrnn.optimizers.clipping import norm


def test_clipping_by_norm_shortens_but_keeps_the_direction():
    g = np.array([[3.0, 4.0]])
    np.testing.assert_allclose(optimizers.clip_by_norm(g, 1.0), g / 5.0)
    np.testing.assert_array_equal(optimizers.clip_by_norm(g, 5.0), g)
    np.testing.assert_array_equal(optimizers.clip_by_norm(np.zeros(3), 1.0), np.zeros(3))
    assert optimizers.clip_by_norm(g.astype(np.float32), 1.0).dtype == np.float32


def test_clipping_by_value_cuts_entries():
    g = np.array([-3.0, 0.5, 3.0])
    np.testing.assert_array_equal(optimizers.clip_by_value(g, 1.0), [-1.0, 0.5, 1.0])


def test_clipping_by_global_norm_scales_all_alike():
    gs = [np.array([3.0]), None, np.array([[4.0]])]
    clipped = optimizers.clip_by_global_norm(gs, 1.0)
    np.testing.assert_allclose(clipped[0], [0.6])
    assert clipped[1] is None
    np.testing.assert_allclose(clipped[2], [[0.8]])
    assert optimizers.global_norm(clipped) == pytest.approx(1.0)
    np.testing.assert_array_equal(optimizers.clip_by_global_norm(gs, 10.0)[0], gs[0])
    assert optimizers.global_norm([]) == optimizers.global_norm([None], math.inf) == 0.0


def test_the_infinity_norm_and_an_epsilon_are_offered():
    gs = [np.array([3.0, -4.0]), np.array([2.0])]
    assert optimizers.global_norm(gs, math.inf) == 4.0
    assert optimizers.global_norm([np.array([0.25, -0.5])], math.inf) == 0.5
    clipped = optimizers.clip_by_global_norm(gs, 1.0, order=math.inf, epsilon=1.0)
    np.testing.assert_allclose(clipped[0], [0.6, -0.8])
    with pytest.raises(ValueError, match="order: expected 2 or inf"):
        optimizers.global_norm(gs, 1)


def test_norms_neither_overflow_nor_lose_small_entries():
    huge = np.full(4, 1e30, np.float32)
    assert optimizers.global_norm([huge]) == pytest.approx(2e30, rel=1e-6)
    np.testing.assert_allclose(optimizers.clip_by_norm(huge, 1.0), 0.5, rtol=1e-6)
    many = np.full(100_000, 1e-4, np.float32)
    assert optimizers.global_norm([many]) == pytest.approx(1e-4 * math.sqrt(1e5), rel=1e-6)


def test_a_norm_that_is_not_finite_gives_nan_not_a_step():
    assert np.isnan(optimizers.clip_by_norm(np.array([np.inf, 1.0]), 1.0)).all()
    assert np.isnan(optimizers.clip_by_norm(np.array([np.nan, 1.0]), 1.0)).all()


@pytest.mark.parametrize("bound", [0.0, -1.0, math.inf, math.nan, "1", True])
def test_bounds_must_be_positive(bound):
    for clip in (optimizers.clip_by_norm, optimizers.clip_by_value):
        with pytest.raises(ValueError, match="expected a positive finite number"):
            clip(np.ones(2), bound)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"clipnorm": 1.0}, [[0.6, 0.8], [1.0]]),
        ({"clipvalue": 1.0}, [[1.0, 1.0], [1.0]]),
        ({"global_clipnorm": 1.0}, [[3 / 13, 4 / 13], [12 / 13]]),
        ({"global_clipnorm": 13.0}, [[3.0, 4.0], [12.0]]),
    ],
)
def test_optimizers_clip_what_they_apply(options, expected):
    for sign in (1.0, -1.0):
        xs, gs = [np.zeros(2), np.zeros(1)], [np.array([3.0, 4.0]) * sign, np.array([12.0]) * sign]
        optimizers.SGD(1.0, **options).apply(gs, xs)
        np.testing.assert_allclose(-xs[0] * sign, expected[0])
        np.testing.assert_allclose(-xs[1] * sign, expected[1])
        np.testing.assert_array_equal(gs[0] * sign, [3.0, 4.0])


@pytest.mark.parametrize("cls", optimizers.CLASSES.values())
@pytest.mark.parametrize("way", ["clipnorm", "clipvalue", "global_clipnorm"])
def test_every_optimizer_reads_the_clipped_gradient_to_the_end(cls, way):
    clip = optimizers.clip_by_value if way == "clipvalue" else optimizers.clip_by_norm
    clipped, plain = cls(0.1, **{way: 0.5}), cls(0.1)
    x, y = np.ones(3), np.ones(3)
    for g in np.random.default_rng(0).normal(size=(5, 3)):
        clipped.apply([g], [x])
        plain.apply([clip(g, 0.5)], [y])
    np.testing.assert_allclose(x, y, rtol=1e-13)


def test_small_entries_beside_a_large_one_count_in_the_norm():
    gradient = np.array([4096.0, 1.0, 1.0], np.float32)  # its squares' sum needs more than 24 bits
    assert norm(gradient) == math.sqrt(2**24 + 2)
    huge = gradient * np.float32(2.0**60)  # and there the squares overflow
    assert norm(huge) == pytest.approx(2.0**60 * math.sqrt(2**24 + 2), rel=1e-14)


def test_room_for_what_lies_between_is_made_once_for_each_use():
    optimizer, like = optimizers.SGD(), np.ones((2, 3))
    room = optimizer.workspace(like)
    assert room.shape == (2, 3)
    assert np.shares_memory(room, optimizer.workspace(np.ones((3, 2))))
    assert not np.shares_memory(room, optimizer.workspace(like, "clipped"))
    assert optimizer.workspace(np.ones(7, np.float32)).shape == (7,)


def test_clipping_leaves_its_gradients_alone():
    g = np.array([-3.0, 0.5, 4.0])
    g.flags.writeable = False
    clipped = [
        optimizers.clip_by_value(g, 1.0),
        optimizers.clip_by_norm(g, 1.0),
        *optimizers.clip_by_global_norm([g], 1.0),
    ]
    for array in clipped:
        assert np.abs(array).max() <= 1.0 and not np.shares_memory(array, g)
