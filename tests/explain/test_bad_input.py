"""What explainers refuse, besides what every one of them refuses."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.explain.clip import explain_clip
from scratchrnn.layers import GRU, RNN, Dense, GRUCell, Input, MaxPooling1D
from scratchrnn.models import Sequential

from .problems import small_model

X = np.random.default_rng(0).normal(size=(6, 4))


class Pipeline:
    """What turns frames into answers: each frame is its own features."""

    features = staticmethod(lambda frames: np.asarray(frames, "float64").reshape(len(frames), -1))
    network = small_model()
    classes = ("a", "b", "c")


def compiled_cells() -> Sequential:
    """Return a compiled model whose recurrence is of cells."""
    model = Sequential([Input((None, 4)), RNN([GRUCell(3), GRUCell(2)]), Dense(2)])
    model.compile("sgd", "mse")
    return model


ERRORS = {
    r"running_prediction: mask: expected \(N, T\)=\(1, 6\), got \(6,\)": lambda: (
        explain.running_prediction(small_model(), X[None], np.ones(6, bool))
    ),
    "decision_step: margin: expected a number >= 0, got nan": lambda: explain.decision_step(
        [0.1, 0.9], margin=float("nan")
    ),
    r"sign_flip_test: differences: expected numbers \(N,\), got \(0,\)": lambda: (
        explain.sign_flip_test([])
    ),
    "gradient_x_input: baseline: expected one, got 2": lambda: explain.gradient_x_input(
        small_model(), X, baseline=[X, 0 * X]
    ),
    "timeshap: method: expected auto, exact, kernel or permutation, got 'best'": lambda: (
        explain.timeshap(small_model(), X, method="best")
    ),
    r"gate_saturation: traces: expected \(N, T, H\) or \(T, H\), got \[\(6, 4\), \(5, 4\)\]": (
        lambda: explain.gate_saturation({"z": X, "r": X[1:]})
    ),
    r"gate_saturation: mask: expected \(6,\), got \(4,\)": lambda: explain.gate_saturation(
        {"z": X}, mask=np.ones(4, bool)
    ),
    "gate_saturation: mask: expected at least one real step": lambda: explain.gate_saturation(
        {"z": X}, mask=np.zeros(6, bool)
    ),
    r"tubes: x: expected \(T, H, W\) or \(T, H, W, C\), got \(1, 2, 3, 4, 5\)": lambda: (
        explain.tubes(np.zeros((1, 2, 3, 4, 5)))
    ),
    r"gate_traces: x: expected \(N, T, D\), got \(6, 4\)": lambda: explain.gate_traces(GRU(3), X),
    r"hidden_trajectories: states: expected .* got \(4,\)": lambda: explain.hidden_trajectories(
        X[0]
    ),
    r"hidden_trajectories: mask: expected \(1, 6\), got \(5,\)": lambda: (
        explain.hidden_trajectories(X, mask=np.ones(5, bool))
    ),
    "gradient_norms: model: expected a SimpleRNN, LSTM or GRU, got RNN": lambda: (
        explain.gradient_norms(compiled_cells(), X[None], np.zeros((1, 2)))
    ),
    "connectivity: model: expected one output or 6, got 3": lambda: explain.connectivity(
        Sequential([Input((6, 4)), MaxPooling1D(2), Dense(2)]), X
    ),
    "explain_clip: methods: expected some of .*, got .*magic": lambda: explain_clip(
        Pipeline, X, methods=["magic"]
    ),
    "explain_clip: target: expected 0 to 2, got 3": lambda: explain_clip(Pipeline, X, target=3),
}


@pytest.mark.parametrize("message", ERRORS)
def test_what_does_not_fit_is_named(message):
    with pytest.raises(ValueError, match=message):
        ERRORS[message]()


def test_whole_numbers_are_explained_as_the_real_ones_that_they_are():
    model, whole = small_model(), np.arange(24).reshape(6, 4) % 5
    assert (
        explain.saliency(model, whole).values == explain.saliency(model, 1.0 * whole).values
    ).all()


def test_pieces_of_anything_but_pictures_are_summed_by_step():
    from scratchrnn.explain.frames import as_pictures

    assert as_pictures(None, X).ravel() == pytest.approx(X.sum(axis=1))


def test_the_likeliest_of_outputs_without_steps_is_explained():
    result = explain.occlusion(lambda x: x.sum(axis=(1, 2)), X)  # one number a sequence
    assert result.target == ()
    many = explain.occlusion(lambda x: x.sum(axis=1), X)
    assert many.target == (int(X.sum(axis=0).argmax()),)


def test_of_answers_at_every_step_the_last_is_explained():
    model = small_model(sequences=True)
    mask = np.arange(6) < 4
    result = explain.saliency(model, X, mask=mask)
    assert result.target == (3, int(model(X[None], mask=mask[None])[0, 3].argmax()))


@pytest.mark.parametrize("method", ["exact", "kernel"])
def test_timeshap_takes_the_method_that_is_asked_for(method):
    auto = explain.timeshap(small_model(), X)
    result = explain.timeshap(small_model(), X, method=method)
    assert result.pruning.start == auto.pruning.start
    assert result.values == pytest.approx(auto.values, abs=1e-9)


def test_long_explanations_tell_how_far_they_are():
    model, told = small_model(), []
    explain.smooth_grad(model, X, samples=5, progress=lambda *now: told.append(now))
    assert told[-1] == (5, 5)
    told.clear()
    baselines = [X, 0 * X]
    explain.integrated_gradients(
        model, X, baseline=baselines, progress=lambda *now: told.append(now)
    )
    assert told == [(1, 2), (2, 2)]


def test_a_sequence_without_gradient_has_no_norms():
    model = small_model()
    model.compile("sgd", "mse")
    x = X[None]
    norms = explain.gradient_norms(model, x, model(x))  # the answer is the target
    assert np.isnan(norms).all()
