"""LIME, occlusion, segments, baselines and decisions do what they say; bad input is named."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.explain.surrogate import weighted_ridge
from scratchrnn.layers import GRU, Bidirectional, Dense, Input
from scratchrnn.models import Sequential

from .problems import small_model


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(6, 4))


def linear(x):
    return x.reshape(len(x), -1) @ np.arange(-12.0, 12.0)


# -- LIME --------------------------------------------------------------------------------------


@pytest.mark.parametrize("samples", [64, 40, 500])
def test_lime_recovers_a_linear_model(samples, x):
    """From all 2^6 coalitions, from a part of them, and from some of 2^24."""
    wanted = np.arange(-12.0, 12.0).reshape(6, 4) * x
    steps = explain.lime(linear, x, samples=samples)
    assert np.allclose(steps.values, wanted.sum(axis=1), atol=1e-4)
    assert steps.r2 > 1 - 1e-9 and abs(steps.intercept) < 1e-4
    cells = explain.lime(linear, x, np.arange(24).reshape(6, 4), samples=max(samples, 100))
    assert np.allclose(cells.map, wanted, atol=1e-3)


def test_lime_recovers_the_weights_of_a_linear_network():
    model = Sequential([Input((8,), dtype="float64"), Dense(3, seed=0, dtype="float64")])
    x = np.random.default_rng(1).normal(size=8)
    result = explain.lime(model, x, target=2, samples=200)
    assert np.allclose(result.values, model.layers[0].kernel[:, 2] * x, atol=1e-5)


def test_fidelity_is_the_weighted_share_of_variance(x):
    model = small_model("gru")
    result = explain.lime(model, x, target=0, samples=64, kernel_width=0.4, ridge=0.1)
    kept = (np.arange(64)[:, None] >> np.arange(6)) & 1
    v = model(np.where(kept[:, :, None], x, 0.0))[:, 0]
    weights = np.exp(-(((1 - np.sqrt(kept.sum(axis=1) / 6)) / 0.4) ** 2))
    W = np.diag(weights)
    Z = np.column_stack([np.ones(64), kept])
    A = Z.T @ W @ Z + 0.1 * np.diag([0, 1, 1, 1, 1, 1, 1])
    b = np.linalg.solve(A, Z.T @ W @ v)
    assert np.allclose(result.values, b[1:]) and np.isclose(result.intercept, b[0])
    mean = weights @ v / weights.sum()
    r2 = 1 - weights @ np.square(v - Z @ b) / (weights @ np.square(v - mean))
    assert np.isclose(result.r2, r2) and 0 < r2 < 1


def test_held_out_fidelity_leaves_each_coalition_out(x):
    model = small_model("lstm")
    result = explain.lime(model, x, target=0, samples=64, ridge=0.01)
    kept = ((np.arange(64)[:, None] >> np.arange(6)) & 1).astype(float)
    v = model(np.where(kept[:, :, None] == 1, x, 0.0))[:, 0]
    weights = np.exp(-(((1 - np.sqrt(kept.sum(axis=1) / 6)) / 0.25) ** 2))
    left = []
    for k in range(64):
        others = np.arange(64) != k
        b, b_0 = weighted_ridge(kept[others], v[others], weights[others], 0.01)
        left.append(v[k] - b_0 - kept[k] @ b)
    mean = weights @ v / weights.sum()
    r2 = 1 - weights @ np.square(left) / (weights @ np.square(v - mean))
    assert np.isclose(result.r2_held_out, r2, atol=1e-6) and result.r2_held_out < result.r2


def test_ridge_holds_coefficients_down(x):
    free, held = (explain.lime(linear, x, samples=64, ridge=r) for r in (1e-8, 10.0))
    assert np.abs(held.values).sum() < 0.5 * np.abs(free.values).sum()


def test_a_constant_is_explained_by_nothing(x):
    result = explain.lime(lambda x: np.full(len(x), 3.0), x)
    assert np.allclose([*result.values, result.intercept - 3.0], 0) and result.r2 == 1.0


# -- occlusion, segments, baselines ------------------------------------------------------------


def test_occlusion_is_what_is_lost(x):
    model = small_model()
    result = explain.occlusion(model, x, explain.time_blocks(x, 4), target=1, baseline="mean")
    for segment, steps in enumerate((slice(0, 4), slice(4, 6))):
        without = x.copy()
        without[steps] = x.mean(axis=0)
        assert np.isclose(result.values[segment], result.output - model(without[None])[0, 1])
    assert result.map.shape == x.shape and (result.map[4:] == result.values[1]).all()
    assert np.isclose(result.per_step.sum(), result.values.sum())


def test_tubes_cut_space_and_time():
    clip = np.zeros((7, 5, 6, 3))
    cut = explain.tubes(clip, (3, 2, 4))
    assert cut.count == 3 * 3 * 2 and cut.sizes.sum() == clip.size
    for t, row, column in np.ndindex(7, 5, 6):
        assert cut.at(t, row, column) == (t // 3 * 3 + row // 2) * 2 + column // 4
    assert cut.box(17) == (slice(6, 7), slice(4, 5), slice(4, 6), slice(0, 3))


def test_a_grid_of_tubes_is_even_and_no_finer_than_the_clip():
    cut = explain.tubes(np.zeros((11, 9, 3)), grid=(4, 3, 8))
    assert cut.count == 4 * 3 * 3
    assert set(cut.sizes) == {2 * 3, 3 * 3}
    assert explain.occlusion(lambda x: x.sum(axis=(1, 2, 3)), np.ones((10, 8, 8))).values.size == 80


def test_labels_of_any_kind_are_segments(x):
    labels = np.array([7, 7, 3, 3, 3, -1])
    result = explain.occlusion(linear, x, labels)
    wanted = np.arange(-12.0, 12.0).reshape(6, 4) * x
    assert np.allclose(result.values, [wanted[5].sum(), wanted[2:5].sum(), wanted[:2].sum()])
    feature = explain.occlusion(linear, x, explain.feature_columns(x))
    assert np.allclose(feature.values, wanted.sum(axis=0))


def test_baselines_are_what_their_names_say(x):
    clip = np.random.default_rng(0).integers(0, 255, (4, 10, 10, 3)).astype(np.uint8)
    made = explain.make_baselines("test", clip, ["zeros", "mean", "gray", "blur", "noise"], 3)
    assert made.shape == (5, *clip.shape) and made.dtype == np.uint8
    zeros, mean, gray, blur, noise = made.astype(float)
    assert (zeros == 0).all() and np.abs(mean - clip.mean(axis=0)).max() <= 0.5
    assert all(len(np.unique(gray[..., channel])) == 1 for channel in range(3))
    assert blur.std() < 0.6 * clip.std() and abs(blur.mean() - clip.mean()) < 5
    assert clip.min() <= noise.min() < noise.max() <= clip.max()
    again = explain.make_baselines("test", clip, "noise", 3)
    assert np.array_equal(again, explain.make_baselines("test", clip, "noise", 3))
    assert explain.make_baselines("test", x, [0.0, 1.0, 2.0, 3.0]).shape == (1, 6, 4)
    assert explain.make_baselines("test", x, np.zeros((5, 6, 4))).shape == (5, 6, 4)


def test_several_baselines_are_averaged_over(x):
    model = small_model("gru")
    for ask in (explain.occlusion, explain.shapley_values, explain.lime):
        both = ask(model, x, target=0, baseline=["zeros", "mean"]).values
        each = [ask(model, x, target=0, baseline=b).values for b in ("zeros", "mean")]
        assert np.allclose(both, np.mean(each, axis=0), atol=1e-6)


def test_many_variants_are_asked_about_in_batches(monkeypatch, x):
    from scratchrnn.explain import asking

    whole = explain.lime(small_model(), x, samples=300)
    monkeypatch.setattr(asking, "_MOST_ROWS", 7)
    sizes = []

    def model(variants):
        sizes.append(len(variants))
        return small_model()(variants)

    part = explain.lime(model, x, samples=300)
    assert max(sizes) == 7 and np.allclose(part.values, whole.values, atol=1e-9)


def test_values_of_masked_steps_reach_no_model(x):
    real = np.array([True] * 4 + [False] * 2)
    clean = explain.occlusion(small_model(), x, mask=real)
    x[4:] = np.nan
    spoilt = explain.occlusion(small_model(), x, mask=real)
    assert np.array_equal(clean.values, spoilt.values) and (clean.values[4:] == 0).all()


# -- decisions, deletion -----------------------------------------------------------------------


def test_the_decision_is_the_last_change_of_mind():
    running = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.4, 0.6], [0.3, 0.7]])
    decision = explain.decision_step(running)
    assert decision.step == 3 and decision.target == 1
    assert np.allclose(decision.margins, [-0.8, 0.6, -0.2, 0.2, 0.4])
    assert explain.decision_step(running, margin=0.3).step == 4
    assert explain.decision_step(running, margin=0.5).step is None
    assert explain.decision_step(running[1:2]).step == 0
    assert explain.decision_step([0.2, 0.6, 0.9]).step == 1


def test_a_tie_decides_nothing():
    assert explain.decision_step([[0.5, 0.5], [0.5, 0.5]]).step is None


def test_running_predictions_of_a_function_are_those_of_each_beginning(x):
    model = small_model()
    by_function = explain.running_prediction(lambda x: model(x), x[None])
    assert np.allclose(by_function, explain.running_prediction(model, x[None]))
    every = small_model(sequences=True)
    assert np.allclose(explain.running_prediction(every, x[None]), every(x[None]))


def test_running_predictions_read_the_last_known_step_of_every_answer(x):
    """Both halves of a bidirectional layer give zeros at the steps that are hidden."""
    both = Bidirectional(GRU(3, return_sequences=True, seed=0), merge_mode="sum")
    model = Sequential([Input((None, 4)), both])
    running = explain.running_prediction(model, x[None])
    alone = [model(x[None, : t + 1])[0, -1] for t in range(6)]
    assert np.allclose(running[0], alone, atol=1e-6)


def test_deletion_and_insertion_end_where_the_other_begins(x):
    model = small_model()
    ranked = explain.occlusion(model, x, target=2)
    gone = explain.deletion(model, x, ranked, orders=3)
    come = explain.deletion(model, x, ranked, orders=3, insert=True)
    ends = [model(x[None])[0, 2], model(0 * x[None])[0, 2]]
    assert np.allclose(gone.curve[[0, -1]], ends) and np.allclose(come.curve[[-1, 0]], ends)
    assert np.allclose(gone.random[:, [0, -1]], ends) and gone.random.shape == (3, 7)
    without = x.copy()
    without[ranked.ranking[:2]] = 0
    assert np.isclose(gone.curve[2], model(without[None])[0, 2])


def test_the_best_order_beats_the_worst(x):
    ranked = explain.occlusion(linear, x)
    best = explain.deletion(linear, x, ranked).area
    worst = explain.deletion(linear, x, -ranked.values, explain.time_steps(x)).area
    assert best < worst


def test_the_sign_flip_test_knows_chance_from_effect():
    rng = np.random.default_rng(0)
    assert explain.sign_flip_test(rng.normal(1.0, 1.0, 30)) < 0.001
    chance = [explain.sign_flip_test(rng.normal(0, 1, 9)) for _ in range(400)]
    assert 0.02 < np.mean(np.array(chance) <= 0.05) < 0.08
    assert explain.sign_flip_test([-1.0, -2.0]) == 1.0


# -- bad input ---------------------------------------------------------------------------------

GOOD = np.zeros((6, 4))
ERRORS = {
    "model: expected a model or a function": lambda: explain.occlusion(3, GOOD),
    "model: expected a model with a backward": lambda: explain.saliency(linear, GOOD),
    r"expected one input \(T, 4\), got \(1, 6, 4\) \(explain one input at a time\)": lambda: (
        explain.saliency(small_model(), GOOD[None])
    ),
    "x: expected numbers": lambda: explain.lime(linear, np.array(["a"])),
    "got rows of many lengths": lambda: explain.lime(linear, [[1.0], [2.0, 3.0]]),
    r"x: expected numbers \(T, ...\), got float64 \(0, 4\)": lambda: explain.lime(linear, GOOD[:0]),
    "x: expected finite numbers": lambda: explain.occlusion(linear, GOOD * np.nan),
    r"target: expected an index into outputs \(3,\), got 3": lambda: explain.occlusion(
        small_model(), GOOD, target=3
    ),
    "target: expected whole numbers": lambda: explain.saliency(small_model(), GOOD, "ab"),
    "baseline: expected one of zeros": lambda: explain.occlusion(linear, GOOD, baseline="black"),
    r"baseline: expected to fit \(6, 4\)": lambda: explain.occlusion(
        linear, GOOD, baseline=np.zeros((5, 4))
    ),
    "baseline: expected at least one": lambda: explain.occlusion(linear, GOOD, baseline=[]),
    "baseline: expected finite": lambda: explain.occlusion(linear, GOOD, baseline=np.inf),
    r"segments: expected to fit \(6, 4\)": lambda: explain.occlusion(linear, GOOD, np.arange(5)),
    "segments: expected whole numbers": lambda: explain.occlusion(linear, GOOD, np.ones(6)),
    r"segments: expected those of \(6, 4\)": lambda: explain.occlusion(
        linear, GOOD, explain.time_steps(np.zeros((5, 4)))
    ),
    r"mask: expected bool \(T,\)": lambda: explain.occlusion(
        small_model(), GOOD, mask=np.ones(5, bool)
    ),
    "mask: expected at least one real step": lambda: explain.occlusion(
        small_model(), GOOD, mask=np.zeros(6, bool)
    ),
    "mask: a function takes none": lambda: explain.occlusion(linear, GOOD, mask=np.ones(6, bool)),
    "model: expected finite outputs": lambda: explain.occlusion(
        lambda x: np.full(len(x), np.nan), GOOD
    ),
    r"model: expected to return numbers \(1, ...\)": lambda: explain.occlusion(
        lambda x: np.zeros(5), GOOD
    ),
    "samples: expected a whole number >= 2": lambda: explain.lime(linear, GOOD, samples=1),
    "kernel_width: expected a number above 0": lambda: explain.lime(linear, GOOD, kernel_width=0.0),
    "ridge: expected a number": lambda: explain.lime(linear, GOOD, ridge=-1.0),
    "method: expected auto, exact": lambda: explain.shapley_values(linear, GOOD, method="best"),
    "expected at most 20 to be exact, got 24": lambda: explain.shapley_values(
        linear, GOOD, np.arange(24).reshape(6, 4), method="exact"
    ),
    "steps: expected a whole number >= 1": lambda: explain.integrated_gradients(
        small_model(), GOOD, steps=0
    ),
    "smooth_grad: samples: expected": lambda: explain.smooth_grad(small_model(), GOOD, samples=0),
    "noise: expected a number >= 0": lambda: explain.smooth_grad(small_model(), GOOD, noise=-1),
    "tolerance: expected a share": lambda: explain.prune_steps(linear, GOOD, tolerance=1.0),
    "tubes: x: expected": lambda: explain.tubes(GOOD),
    r"tubes: size: expected \(steps, rows, columns\)": lambda: explain.tubes(
        np.zeros((2, 2, 2)), (1, 2)
    ),
    "tubes: grid: expected None beside size": lambda: explain.tubes(
        np.zeros((2, 2, 2)), (1, 1, 1), grid=(1, 1, 1)
    ),
    "time_blocks: length: expected a whole number": lambda: explain.time_blocks(GOOD, 0),
    r"decision_step: running: expected \(T, K\)": lambda: explain.decision_step(
        np.zeros((2, 2, 2))
    ),
    "decision_step: running: expected finite": lambda: explain.decision_step([[0.1, np.nan]]),
    "deletion: attribution: expected": lambda: explain.deletion(linear, GOOD, np.zeros(7)),
    "logits: the model ends in neither": lambda: explain.connectivity(
        small_model(head=None), GOOD, logits=True
    ),
    r"running_prediction: x: expected \(N, T, ...\)": lambda: explain.running_prediction(
        linear, np.zeros(3)
    ),
}


@pytest.mark.parametrize("message", ERRORS)
def test_bad_input_is_named(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()
