"""Shapley values satisfy their axioms, and agree with the shap package."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.explain.sampling import kernel_coalitions

from .problems import CELLS, small_model
from .tabular import CASES, data

REFERENCE = json.loads(Path(__file__).with_name("shap_reference.json").read_text())


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(10, 4))


def product(x):
    return x[:, 0] * x[:, 1] + 3 * x[:, 3]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("baseline", ["zeros", "mean", ["zeros", "mean", "noise"]])
def test_exact_values_add_up(cell, baseline, x):
    result = explain.shapley_values(small_model(cell), x, target=1, baseline=baseline)
    model = small_model(cell)
    baselines = explain.make_baselines("test", x, baseline)
    difference = model(x[None])[0, 1] - model(baselines)[:, 1].mean()
    assert abs(result.values.sum() - difference) < 1e-9
    assert result.gap < 1e-9 and result.evaluations == 1024 * len(baselines)
    assert (result.standard_error == 0).all()


def test_twelve_segments_are_exact_and_thirteen_are_sampled():
    total = lambda x: x.sum(axis=1)  # noqa: E731
    assert explain.shapley_values(total, np.ones(12)).method == "Shapley values, exact"
    assert explain.shapley_values(total, np.ones(13)).method == "Shapley values, permutations"


@pytest.mark.parametrize("method", ["exact", "kernel", "permutation"])
def test_symmetric_players_are_equal_and_dummies_get_nothing(method):
    x = np.array([2.0, 2.0, 5.0, 1.0])
    result = explain.shapley_values(product, x, method=method, samples=400)
    assert np.allclose(result.values, [2.0, 2.0, 0.0, 3.0], atol=1e-9)


def test_a_dummy_step_of_a_network_gets_nothing(x):
    """A step whose content equals the baseline's, and one that the mask hides."""
    x[4] = 0.0
    real = np.arange(10) < 8
    values = explain.shapley_values(small_model("gru"), x, mask=real).values
    assert np.abs(values[[4, 8, 9]]).max() < 1e-12 and np.abs(values[:4]).min() > 1e-6


def test_values_are_linear_in_the_game():
    x = np.random.default_rng(1).normal(size=6)
    other = lambda x: np.sin(x).prod(axis=1) + x[:, 2] ** 2  # noqa: E731
    both = lambda x: product(x) - 2 * other(x)  # noqa: E731
    one, two, sum_ = (explain.shapley_values(f, x).values for f in (product, other, both))
    assert np.allclose(sum_, one - 2 * two, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["exact", "kernel"])
def test_values_agree_with_those_of_the_shap_package(name, method):
    function, _ = CASES[name]
    inputs, background = data(name)
    for x, wanted in zip(inputs, np.array(REFERENCE[name]["values"]), strict=True):
        for k in (0, 1):
            got = explain.shapley_values(function, x, target=k, baseline=background, method=method)
            assert np.abs(got.values - wanted[:, k]).max() < 1e-9
            assert abs(got.baseline_output - REFERENCE[name]["expected"][k]) < 1e-12


def test_values_agree_with_the_shap_package_where_it_is_installed():
    shap = pytest.importorskip("shap")
    function, D = CASES["formula"]
    x, background = data("formula")
    explainer = shap.KernelExplainer(function, background)
    wanted = explainer.shap_values(x[:1], nsamples=2**D, l1_reg=False, silent=True)[0]
    for k in (0, 1):
        got = explain.kernel_shap(function, x[0], target=k, baseline=background)
        assert np.abs(got.values - wanted[:, k]).max() < 1e-9


@pytest.fixture(scope="module")
def larger():
    """A game of 14 players with interactions, its exact values, and an input."""
    rng = np.random.default_rng(3)
    pairs, x = rng.normal(size=(14, 14)), rng.normal(size=14)
    game = lambda x: np.tanh(0.2 * np.einsum("ni,ij,nj->n", x, pairs, x)) + x[:, 0]  # noqa: E731
    return game, x, explain.shapley_values(game, x, method="exact").values


@pytest.mark.parametrize("method", ["kernel", "permutation"])
def test_samples_come_near_the_exact_values_and_add_up(method, larger):
    game, x, exact = larger
    few = explain.shapley_values(game, x, method=method, samples=500, seed=1)
    many = explain.shapley_values(game, x, method=method, samples=10_000, seed=1)
    assert few.gap < 1e-9 and many.gap < 1e-9
    error = [np.sqrt(np.square(r.values - exact).mean()) for r in (few, many)]
    assert error[1] < 0.5 * error[0] and error[1] < 0.03 * np.abs(exact).max()
    assert few.evaluations <= 2 + 500 and many.evaluations > 9000


def test_the_standard_error_is_the_size_of_the_error(larger):
    game, x, exact = larger
    ratios = []
    for seed in range(20):
        result = explain.permutation_shap(game, x, samples=800, seed=seed)
        ratios.append((result.values - exact) / result.standard_error)
    assert 0.8 < np.sqrt(np.square(ratios).mean()) < 1.3


def test_permutations_have_no_bias(larger):
    game, x, exact = larger
    runs = [explain.permutation_shap(game, x, samples=60, seed=s).values for s in range(300)]
    error = np.std(runs, axis=0) / np.sqrt(len(runs))
    assert (np.abs(np.mean(runs, axis=0) - exact) < 4 * error + 1e-12).all()


def test_an_order_and_its_reverse_are_exact_where_only_pairs_interact():
    rng = np.random.default_rng(0)
    pairs, x = rng.normal(size=(13, 13)), rng.normal(size=13)
    result = explain.permutation_shap(lambda x: np.einsum("ni,ij,nj->n", x, pairs, x), x, samples=2)
    wanted = x * ((pairs + pairs.T) / 2 @ x)
    assert np.allclose(result.values, wanted) and result.standard_error.max() < 1e-9


@pytest.mark.parametrize(("samples", "complete"), [(60, 0), (500, 1), (5000, 3)])
def test_coalitions_of_every_size_have_the_weight_of_the_kernel(samples, complete):
    """Exactly for those sizes of which all coalitions can be afforded."""
    kept, weights = kernel_coalitions(14, samples, np.random.default_rng(0))
    sizes, k = kept.sum(axis=1), np.arange(1, 14)
    share = np.bincount(sizes, weights, minlength=15)[1:14] / weights.sum()
    wanted = 1 / (k * (14 - k))
    wanted /= wanted.sum()
    assert np.allclose(share, wanted, atol=1 / np.sqrt(samples))
    assert np.allclose(share[:complete], wanted[:complete], rtol=1e-9)
    assert sizes.min() >= 1 and sizes.max() <= 13 and len(kept) <= samples


def test_the_same_seed_gives_the_same_values(larger):
    game, x, _ = larger
    for ask in (explain.kernel_shap, explain.permutation_shap):
        one, two, other = (ask(game, x, samples=300, seed=s).values for s in (4, 4, 5))
        assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_one_segment_gets_everything():
    total = lambda x: x.sum(axis=(1, 2))  # noqa: E731
    x = np.ones((3, 2))
    for method in ("exact", "kernel", "permutation"):
        result = explain.shapley_values(total, x, np.zeros((3, 1), int), method=method)
        assert result.values.tolist() == [6.0]


@pytest.mark.parametrize("method", ["exact", "kernel", "permutation"])
def test_progress_is_told_to_the_end(method, larger):
    told = []

    def tell(done, total):
        told.append((done, total))

    game, x, _ = larger
    explain.shapley_values(game, x, method=method, samples=300, progress=tell)
    assert told[-1][0] == told[-1][1] and told == sorted(told)


@pytest.mark.parametrize("cell", CELLS)
def test_pruning_errs_no_more_than_its_bound(cell):
    """What old steps can change at most decides how far the values of the others may move.

    With ε the largest change that any part of the pruned steps makes to any coalition of the
    others, a value in the whole game and in the pruned one both lie within 2ε of its value in
    the game of the others alone.
    """
    x, model = np.random.default_rng(5).normal(size=(9, 4)), small_model(cell)
    pruned = explain.timeshap(model, x, target=0, tolerance=0.3)
    start = pruned.pruning.start
    assert 0 < start < 8
    whole = explain.shapley_values(model, x, target=0).values
    kept = (np.arange(512)[:, None] >> np.arange(9)) & 1
    v = model(np.where(kept[:, :, None], x, 0.0))[:, 0]
    alone = (np.arange(512) >> start) << start  # the same coalition without any pruned step
    bound = np.abs(v - v[alone]).max()
    assert np.abs(pruned.step_values - whole[start:]).max() <= 4 * bound
    assert abs(pruned.pruned_value - whole[:start].sum()) <= 4 * bound * len(pruned.step_values)
    assert pruned.gap < 1e-9


def test_pruning_takes_no_more_than_its_tolerance():
    x, model = np.random.default_rng(5).normal(size=(30, 4)), small_model("gru")
    loose, strict = (explain.prune_steps(model, x, 1, tolerance=t) for t in (0.2, 1e-6))
    assert loose.start > strict.start
    for cut in (loose, strict):
        assert (np.abs(cut.older[: cut.start + 1]) <= cut.limit).all()
        old, recent = x.copy(), x.copy()
        old[cut.start :], recent[: cut.start] = 0, 0
        both = model(np.stack([old, 0 * x, x, recent]))[:, 1]
        assert np.isclose(cut.older[cut.start], (both[0] - both[1] + both[2] - both[3]) / 2)


def test_nothing_is_pruned_without_tolerance_and_all_of_what_does_not_matter_is():
    x = np.random.default_rng(5).normal(size=(8, 4))
    assert explain.prune_steps(small_model("rnn"), x, tolerance=0.0).start == 0
    last = lambda x: x[:, -1, 0]  # noqa: E731
    assert explain.prune_steps(last, x, tolerance=0.0).start == 7
