"""A patch that alone decides the class, at a known place and time, is found by every explainer."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.layers import GRU, Dense, Input
from scratchrnn.models import Sequential

from .problems import CUE, TUBE, planted_clips, planted_model

CLIPS = 6


@pytest.fixture(scope="module")
def clips():
    return planted_clips(CLIPS, seed=9)[0]


@pytest.fixture(scope="module")
def network():
    model = planted_model()
    x, y = planted_clips(200, seed=5)
    assert model.evaluate(x, y, verbose=0)[1] == 1.0
    return model


def cue_tube(clip):
    cut = explain.tubes(clip, TUBE)
    return cut, cut.at(*(side.start for side in CUE))


def strongest_tube(result, cut):
    weight = np.abs(result.map).ravel()
    return np.bincount(np.broadcast_to(cut.labels, cut.shape).ravel(), weight).argmax()


ASKING = {
    "occlusion": explain.occlusion,
    "lime": lambda *a: explain.lime(*a, samples=400),
    "kernel_shap": lambda *a: explain.kernel_shap(*a, samples=1200),
    "permutation_shap": lambda *a: explain.permutation_shap(*a, samples=400),
}
EVIDENCE = {
    "gradient_x_input": explain.gradient_x_input,
    "integrated_gradients": explain.integrated_gradients,
    "smooth_grad × input": lambda *a: explain.smooth_grad(*a, samples=20, times_input=True),
}
SENSITIVITY = {
    "saliency": explain.saliency,
    "smooth_grad": lambda *a: explain.smooth_grad(*a, samples=20),
}


@pytest.mark.parametrize("name", ASKING)
def test_explainers_that_ask_find_the_tube(name, network, clips):
    for clip in clips:
        cut, cue = cue_tube(clip)
        assert ASKING[name](network, clip, cut).ranking[0] == cue


@pytest.mark.parametrize("name", EVIDENCE)
def test_gradients_that_weigh_the_input_find_the_tube(name, network, clips):
    for clip in clips:
        cut, cue = cue_tube(clip)
        assert strongest_tube(EVIDENCE[name](network, clip), cut) == cue


@pytest.mark.parametrize("name", SENSITIVITY)
def test_bare_gradients_find_the_place(name, network, clips):
    """They say where a change would tell, not where one told: a GRU reads on after the cue."""
    for clip in clips:
        heat = np.abs(SENSITIVITY[name](network, clip).map).sum(axis=0)
        row, column = np.unravel_index(heat.argmax(), heat.shape)
        assert row in range(2, 4) and column in range(4, 6)


@pytest.mark.parametrize("name", [*EVIDENCE, *SENSITIVITY])
def test_every_gradient_finds_place_and_time_in_a_model_that_knows_time(name, clips):
    explainer = {**EVIDENCE, **SENSITIVITY}[name]
    for clip in clips:
        cut, cue = cue_tube(clip)
        assert strongest_tube(explainer(planted_model(recurrent=False), clip), cut) == cue


def test_shapley_values_of_steps_find_the_time(network, clips):
    for clip in clips:
        exact = explain.shapley_values(network, clip, explain.time_steps(clip))
        pruned = explain.timeshap(network, clip)
        assert exact.ranking[0] in range(3, 6)
        assert pruned.pruning.start <= 5
        assert pruned.pruning.start + pruned.step_values.argmax() in range(3, 6)


def test_features_over_all_steps_find_the_place(network, clips):
    def asked(x):
        return network.predict(x.reshape(-1, 9, 8, 8), verbose=0)

    for clip in clips.reshape(CLIPS, 9, 64):
        place = explain.occlusion(asked, clip, explain.feature_columns(clip)).ranking[0]
        assert place // 8 in range(2, 4) and place % 8 in range(4, 6)


@pytest.mark.parametrize("written", [0, 3, 6])
def test_connectivity_finds_the_step_that_was_written_into_memory(written):
    """A GRU set by hand: its update gate opens for the marked step alone."""
    model = Sequential([Input((None, 2)), GRU(1), Dense(1)])
    kernel = np.array([[0.0, 0.0, 1.0], [-20.0, 0.0, 0.0]])  # z from the marker, n from the value
    bias = np.array([[10.0, 10.0, 0.0], [0.0, 0.0, 0.0]])
    model.set_weights([kernel, np.zeros((1, 3)), bias, np.ones((1, 1)), np.zeros(1)])
    x = np.stack([np.full(7, 0.3), np.arange(7) == written], axis=1)
    norms = explain.connectivity(model, x).norms
    assert (norms[written:].argmax(axis=1) == written).all()
    others = np.delete(norms[-1], written)
    assert others.max() < 0.01 * norms[-1, written]


def test_the_decision_falls_with_the_cue(network, clips):
    for clip in clips:
        running = explain.running_prediction(network, clip[None])[0]
        assert explain.decision_step(running, margin=0.9).step in range(3, 6)


def test_explanations_of_frames_go_through_the_pipeline(clips):
    """The cue is found on frames, though the network sees features of them."""
    from scratchrnn.video import FrameFeatures

    features = FrameFeatures((8, 8), remove_mean=False, normalize=False, difference=False)
    seen = planted_model()

    def network(x):
        return seen(10 * (x.reshape(-1, 9, 8, 8) - 0.5))

    frames = np.rint(255 * (0.5 + np.repeat(np.repeat(clips, 2, 2), 2, 3) / 10)).astype(np.uint8)
    for clip in frames[:2]:
        cut = explain.tubes(clip, (3, 4, 4))
        ask = explain.on_frames(features, network)
        one = explain.occlusion(ask, clip, cut, baseline=127.5)
        two = explain.permutation_shap(ask, clip, cut, baseline=127.5, samples=400)
        assert one.ranking[0] == two.ranking[0] == cut.at(3, 4, 8)


@pytest.mark.parametrize("explainer", [*ASKING, *EVIDENCE])
def test_taking_away_what_ranks_highest_hurts_more_than_chance(explainer, network):
    clips, _ = planted_clips(12, seed=11)
    less = []
    for seed, clip in enumerate(clips):
        cut = explain.tubes(clip, TUBE)
        pieces = () if explainer in EVIDENCE else (cut,)
        ranked = {**ASKING, **EVIDENCE}[explainer](network, clip, *pieces)
        curves = explain.deletion(network, clip, ranked, cut, orders=5, seed=seed)
        less.append(curves.random_areas.mean() - curves.area)
    assert explain.sign_flip_test(less) < 0.001
