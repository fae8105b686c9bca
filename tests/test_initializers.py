"""Initializers: distributions, scales, generators that move on, configuration."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from scratchrnn import initializers
from scratchrnn.utils import set_random_seed

RANDOM = [
    initializers.RandomNormal(1.0, 0.5),
    initializers.RandomUniform(-2.0, 3.0),
    initializers.TruncatedNormal(1.0, 0.5),
    initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal"),
    initializers.GlorotUniform(),
    initializers.GlorotNormal(),
    initializers.HeUniform(),
    initializers.HeNormal(),
    initializers.LecunUniform(),
    initializers.LecunNormal(),
    initializers.Orthogonal(gain=1.5),
]
FIXED = [
    initializers.Zeros(),
    initializers.Ones(),
    initializers.Constant(2.5),
    initializers.Constant([1.0, 2.0, 3.0]),
    initializers.Identity(2.0),
]


def names(initializer):
    return type(initializer).__name__


def generator(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("initializer", RANDOM + FIXED, ids=names)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_shape_and_type_are_as_asked(initializer, dtype):
    w = initializer((4, 3), dtype=dtype, rng=generator())
    assert w.shape == (4, 3)
    assert w.dtype == dtype
    assert w.flags.c_contiguous
    assert w.flags.writeable


@pytest.mark.parametrize("initializer", RANDOM, ids=names)
def test_the_same_generator_never_gives_the_same_weights_twice(initializer):
    rng = generator()
    first, second = initializer((4, 3), rng=rng), initializer((4, 3), rng=rng)
    assert not np.array_equal(first, second)
    again = initializer((4, 3), rng=generator())
    np.testing.assert_array_equal(first, again)


@pytest.mark.parametrize("initializer", RANDOM, ids=names)
def test_a_seeded_initializer_moves_on_too_and_starts_anew_from_its_configuration(initializer):
    config = {**initializers.serialize(initializer)["config"], "seed": 7}
    seeded = type(initializer).from_config(config)
    first, second = seeded((4, 3), rng=generator()), seeded((4, 3), rng=generator())
    assert not np.array_equal(first, second)
    again = initializers.get(json.loads(json.dumps(initializers.serialize(seeded))))
    np.testing.assert_array_equal(again((4, 3)), first)


@pytest.mark.parametrize("initializer", RANDOM, ids=names)
def test_single_and_double_precision_start_alike(initializer):
    single = initializer((4, 3), dtype="float32", rng=generator())
    np.testing.assert_array_equal(single, initializer((4, 3), "float64", generator()).astype("f4"))


@pytest.mark.parametrize("initializer", RANDOM + FIXED, ids=names)
def test_configuration_round_trips(initializer):
    config = json.loads(json.dumps(initializers.serialize(initializer)))
    again = initializers.get(config)
    assert repr(again) == repr(initializer)
    rng = generator
    np.testing.assert_array_equal(again((4, 3), rng=rng()), initializer((4, 3), rng=rng()))


def test_without_a_generator_the_global_seed_decides():
    init = initializers.GlorotUniform()
    set_random_seed(3)
    first, second = init((4, 3)), init((4, 3))
    set_random_seed(3)
    np.testing.assert_array_equal(init((4, 3)), first)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("initializer", "variance"),
    [
        (initializers.GlorotUniform(), 2 / 500),
        (initializers.GlorotNormal(), 2 / 500),
        (initializers.HeUniform(), 2 / 200),
        (initializers.HeNormal(), 2 / 200),
        (initializers.LecunUniform(), 1 / 200),
        (initializers.LecunNormal(), 1 / 200),
        (initializers.VarianceScaling(3.0, "fan_out", "normal"), 3 / 300),
        (initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal"), 3 / 300),
        (initializers.RandomNormal(0.0, 0.5), 0.25),
        (initializers.RandomUniform(-1.0, 1.0), 1 / 3),
        (initializers.TruncatedNormal(0.0, 0.5), 0.25 * 0.87962566**2),
    ],
)
def test_variances_are_as_the_papers_say(initializer, variance):
    w = initializer((200, 300), dtype="float64", rng=generator())
    assert w.var() == pytest.approx(variance, rel=0.02)
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)


@pytest.mark.parametrize(
    ("initializer", "limit"),
    [
        (initializers.GlorotUniform(), math.sqrt(6 / 500)),
        (initializers.HeUniform(), math.sqrt(6 / 200)),
        (initializers.LecunUniform(), math.sqrt(3 / 200)),
        (initializers.HeNormal(), 2 * math.sqrt(2 / 200) / 0.87962566103423978),
        (initializers.TruncatedNormal(0.0, 0.5), 1.0),
    ],
)
def test_bounded_draws_fill_their_range_and_stay_in_it(initializer, limit):
    size = np.abs(initializer((200, 300), dtype="float64", rng=generator())).max()
    assert 0.98 * limit < size <= limit


@pytest.mark.parametrize("shape", [(5, 5), (6, 4), (4, 6), (2, 3, 4)])
def test_orthogonal_matrices_are_orthogonal(shape):
    w = initializers.Orthogonal(gain=2.0)(shape, dtype="float64", rng=generator())
    flat = w.reshape(-1, shape[-1]) / 2.0
    product = flat.T @ flat if flat.shape[0] >= flat.shape[1] else flat @ flat.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_matrices_have_no_preferred_sign():
    init, rng = initializers.Orthogonal(), generator()
    corner = [init((3, 3), "float64", rng)[0, 0] for _ in range(400)]
    assert abs(np.mean(corner)) < 0.1  # without the sign correction of QR it is about -0.5


def test_fixed_values_by_hand():
    np.testing.assert_array_equal(initializers.Zeros()((2,)), [0.0, 0.0])
    np.testing.assert_array_equal(initializers.Constant(3)((2,)), [3.0, 3.0])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((2, 2)), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])


def test_fans_of_every_kind_of_weight():
    assert initializers.compute_fans(()) == (1, 1)
    assert initializers.compute_fans((5,)) == (5, 5)
    assert initializers.compute_fans((5, 7)) == (5, 7)
    assert initializers.compute_fans((3, 2, 5, 7)) == (30, 42)
    assert initializers.compute_fans((3, 4, 5), [0, 1], [2]) == (12, 5)
    wide = initializers.GlorotUniform(input_axes=[0, 1], output_axes=[2])
    assert np.abs(wide((3, 4, 5), rng=generator())).max() <= math.sqrt(6 / 17)


def test_names_classes_arrays_and_functions_are_taken():
    assert isinstance(initializers.get("he_normal"), initializers.HeNormal)
    assert isinstance(initializers.get("OrthogonalInitializer"), initializers.Orthogonal)
    assert isinstance(initializers.get("uniform"), initializers.RandomUniform)
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert initializers.get(None) is None
    assert initializers.serialize(None) is None
    start = np.arange(6.0).reshape(2, 3)
    w = initializers.get(start)((2, 3))
    np.testing.assert_array_equal(w, start)
    assert not np.shares_memory(w, start)
    plain = initializers.get(lambda shape, dtype=None: np.full(shape, 2.0))
    np.testing.assert_array_equal(plain((2,)), [2.0, 2.0])
    drawn = initializers.get(lambda shape, dtype=None, rng=None: rng.random(shape))
    np.testing.assert_allclose(drawn((2,), "float64", generator()), generator().random(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.get("glorot"), "expected one of"),
        (lambda: initializers.get(3), "expected a name, an Initializer"),
        (lambda: initializers.get({"class_name": "STFT"}), "expected one of"),
        (lambda: initializers.get(np.zeros((2, 2)))((3, 3)), r"expected \(3, 3\), got \(2, 2\)"),
        (lambda: initializers.serialize(initializers.get(np.zeros(2))), "expected one of this"),
        (lambda: initializers.GlorotUniform(seed=-1), "seed: expected an integer >= 0"),
        (lambda: initializers.GlorotUniform(seed="a"), "seed: expected an integer >= 0"),
        (lambda: initializers.RandomNormal(seed=generator()).get_config(), "seed: a Generator"),
        (lambda: initializers.VarianceScaling(0.0), "scale: expected a positive"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode: expected fan_in"),
        (lambda: initializers.VarianceScaling(distribution="beta"), "distribution: expected trunc"),
        (lambda: initializers.HeNormal(input_axes=[0]), "input_axes: expected it and output_axes"),
        (lambda: initializers.RandomNormal(stddev=-1.0), "stddev: expected a number >= 0"),
        (lambda: initializers.RandomUniform(1.0, 0.0), "minval: expected at most 0.0"),
        (lambda: initializers.Orthogonal()((3,)), "expected at least 2 dimensions"),
        (lambda: initializers.Identity()((3, 3, 3)), "expected 2 dimensions"),
        (lambda: initializers.Constant([1, 2])((3,)), r"expected one that fits \(2,\)"),
        (lambda: initializers.Zeros()((3,), dtype="int32"), "Zeros: dtype: expected one of"),
    ],
)
def test_what_cannot_be_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
