"""Gradients on the input are those of central differences, and integrated ones are complete."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.layers import (
    GRU,
    LSTM,
    Activation,
    Bidirectional,
    Conv1D,
    ConvLSTM2D,
    Dense,
    Embedding,
    Flatten,
    GlobalAveragePooling1D,
    Input,
    TimeDistributed,
)
from scratchrnn.models import Sequential

from ..differences import assert_is_gradient, central_differences
from .problems import CELLS, random_weights, small_model

F64 = {"dtype": "float64"}


def stacked():
    below = Bidirectional(LSTM(3, return_sequences=True, **F64))
    return random_weights(
        Sequential([Input((None, 4), **F64), below, GRU(3, **F64), Dense(2, **F64)])
    )


def convolved():
    below = Conv1D(3, 3, padding="same", activation="tanh", **F64)
    top = [GlobalAveragePooling1D(**F64), Dense(2, "sigmoid", **F64)]
    return random_weights(Sequential([Input((None, 4), **F64), below, *top]))


def softmax_apart():
    model = small_model(head=None)
    model.add(Activation("softmax", **F64))
    return model


MODELS = {
    **{cell: lambda cell=cell: small_model(cell) for cell in CELLS},
    "sequences": lambda: small_model("lstm", sequences=True),
    "linear": lambda: small_model(head=None),
    "stacked": stacked,
    "convolved": convolved,
    "softmax apart": softmax_apart,
}


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(5, 4))


@pytest.mark.parametrize("name", MODELS)
def test_saliency_is_the_gradient_of_the_output(name, x):
    model = MODELS[name]()
    result = explain.saliency(model, x, target=1)
    where = (0, *result.target)
    assert result.output == model(x[None])[where]
    assert_is_gradient(result.values, lambda moved: model(moved[None])[where], x)


def test_saliency_of_images_is_the_gradient():
    layers = [ConvLSTM2D(2, 2, **F64), Flatten(**F64), Dense(2, **F64)]
    model = random_weights(Sequential([Input((3, 3, 3, 1), **F64), *layers]))
    clip = np.random.default_rng(0).normal(size=(3, 3, 3, 1))
    result = explain.saliency(model, clip)
    assert_is_gradient(result.values, lambda c: model(c[None])[(0, *result.target)], clip)


def test_saliency_of_a_lone_layer_is_the_gradient(x):
    layer = GRU(3, seed=0, **F64)
    result = explain.saliency(layer, x, target=2)
    assert_is_gradient(result.values, lambda moved: layer(moved[None])[0, 2], x)


def test_a_step_of_the_output_may_be_chosen(x):
    model = small_model(sequences=True)
    early = explain.saliency(model, x, target=(2, 1)).values
    assert (early[3:] == 0).all()
    assert_is_gradient(early, lambda moved: model(moved[None])[0, 2, 1], x)


def test_masked_steps_have_no_gradient_and_change_none(x):
    model, real = small_model(), np.array([True, True, True, False, False])
    alone = explain.saliency(model, x[:3]).values
    x[3:] = np.nan
    for explainer in (explain.saliency, explain.gradient_x_input, explain.integrated_gradients):
        values = explainer(model, x, mask=real).values
        assert (values[3:] == 0).all() and np.isfinite(values).all()
    assert np.allclose(explain.saliency(model, x, mask=real).values[:3], alone)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_a_model_that_is_sure_still_has_a_gradient(head):
    """In float32 the probability is 1, and 1 − p would be 0; the gradient is tiny, and right."""
    model = small_model(head=head, dtype="float32")
    model.layers[-1].bias[1] += 20
    x = np.random.default_rng(1).normal(size=(5, 4))
    result = explain.saliency(model, x)
    assert result.output == 1.0
    twin = small_model(head=head)
    twin.set_weights(model.get_weights())
    assert twin(x[None]).max() < 1.0 and result.target == (1,)
    exact = explain.saliency(twin, x, result.target)
    assert 0 < np.abs(exact.values).max() < 1e-6
    size = np.abs(exact.values).max()
    assert np.allclose(result.values / size, exact.values / size, atol=1e-3)
    if head == "softmax":
        logit = explain.saliency(explain.before_softmax(twin), x, result.target).values
        assert np.abs(logit).max() > 1e3 * size


@pytest.mark.parametrize("name", MODELS)
def test_before_softmax_are_the_logits(name, x):
    model = MODELS[name]()
    if name in ("linear", "stacked"):
        with pytest.raises(ValueError, match="expected softmax or sigmoid"):
            explain.before_softmax(model)
        return
    logits = explain.before_softmax(model)(x[None])
    assert np.allclose(Activation(model.layers[-1].activation, **F64)(logits), model(x[None]))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("baseline", ["zeros", "mean", "blur", 0.5, ["zeros", "noise"]])
def test_integrated_gradients_are_complete(name, baseline, x):
    model = MODELS[name]()
    result = explain.integrated_gradients(model, x, target=1, baseline=baseline)
    baselines = explain.make_baselines("test", x, baseline)
    at = (slice(None), *result.target)
    difference = float(model(x[None])[at][0] - model(baselines)[at].mean())
    assert abs(result.values.sum() - difference) <= 0.01 * abs(difference)
    assert result.gap <= 0.01 * abs(difference) and result.steps >= 16


def test_integrated_gradients_are_complete_for_float32_and_a_cliff():
    """The output jumps from 0 to 1 on a hundredth of the way."""
    model = small_model("rnn", dtype="float32")
    model.layers[-1].kernel[...] *= 60
    x = 3 * np.random.default_rng(3).normal(size=(8, 4)).astype(np.float32)
    for target in range(3):
        result = explain.integrated_gradients(model, x, target, tolerance=0.001)
        difference = float(model(x[None])[0, target] - model(0 * x[None])[0, target])
        assert abs(result.values.sum() - difference) <= max(0.01 * abs(difference), 1e-6)


def test_integrated_gradients_of_a_line_are_exact_with_one_step():
    weights = np.arange(1.0, 5.0)
    model = Sequential([Input((4,), **F64), Dense(1, **F64)])
    model.set_weights([weights[:, None], np.array([7.0])])
    x, start = np.array([1.0, -2.0, 3.0, 0.5]), np.array([0.5, 0.5, 0.0, 0.0])
    result = explain.integrated_gradients(model, x, baseline=start, steps=1)
    assert np.allclose(result.values, weights * (x - start)) and result.gap < 1e-12


def test_more_steps_close_the_gap(x):
    gaps = [
        explain.integrated_gradients(small_model("gru"), 4 * x, target=0, steps=n).gap
        for n in (1, 4, 16)
    ]
    assert gaps[0] > 10 * gaps[1] > 100 * gaps[2]


def test_a_gap_that_stays_is_said(x, monkeypatch):
    from scratchrnn.explain import integrated

    monkeypatch.setattr(integrated, "_MOST", 16)
    with pytest.warns(RuntimeWarning, match="is missing of a difference"):
        explain.integrated_gradients(small_model("rnn"), 20 * x, tolerance=1e-12)


def test_gradient_times_input_is_their_product(x):
    model = small_model()
    gradient = explain.saliency(model, x, 0).values
    assert np.array_equal(explain.gradient_x_input(model, x, 0).values, gradient * x)
    away = explain.gradient_x_input(model, x, 0, baseline="mean").values
    assert np.allclose(away, gradient * (x - x.mean(axis=0)))


def test_smooth_grad_is_the_mean_gradient_of_noisy_copies(x):
    model = small_model()
    result = explain.smooth_grad(model, x, 0, samples=7, noise=0.2, seed=5)
    rng = np.random.default_rng(5)
    sigma = 0.2 * (x.max() - x.min())
    noisy = x + sigma * rng.standard_normal((7, *x.shape))
    wanted = np.mean([explain.saliency(model, one, 0).values for one in noisy], axis=0)
    assert np.allclose(result.values, wanted) and result.sigma == sigma
    plain = explain.smooth_grad(model, x, 0, samples=3, noise=0.0).values
    assert np.allclose(plain, explain.saliency(model, x, 0).values)


def test_smooth_grad_says_how_sure_it_is(x):
    model = small_model()
    runs = [explain.smooth_grad(model, x, 0, samples=20, seed=s) for s in range(40)]
    spread = np.std([run.values for run in runs], axis=0)
    told = np.mean([run.standard_error for run in runs], axis=0)
    assert 0.8 < np.median(told / spread) < 1.25


@pytest.mark.parametrize("cell", CELLS)
def test_connectivity_is_that_of_finite_differences(cell, x):
    """Of a model that answers once: the answer to the first t steps."""
    model = small_model(cell)
    norms = explain.connectivity(model, x, target=2).norms
    assert (np.triu(norms, 1) == 0).all()
    for t in range(5):
        gradient = central_differences(lambda part: model(part[None])[0, 2], x[: t + 1])
        assert np.allclose(norms[t, : t + 1], np.linalg.norm(gradient, axis=1), rtol=1e-6)


@pytest.mark.parametrize("name", ["sequences", "bidirectional"])
def test_connectivity_of_every_output_is_that_of_finite_differences(name, x):
    model = small_model(sequences=True)
    if name == "bidirectional":
        both = Bidirectional(GRU(3, return_sequences=True, **F64))
        model = random_weights(
            Sequential([Input((None, 4), **F64), both, Dense(3, "softmax", **F64)])
        )
    norms = explain.connectivity(model, x, target=1).norms
    assert (np.triu(norms, 1) == 0).all() == (name == "sequences")
    for t in range(5):
        gradient = central_differences(lambda m, t=t: model(m[None])[0, t, 1], x)
        assert np.allclose(norms[t], np.linalg.norm(gradient, axis=1), rtol=1e-6, atol=1e-12)


def test_connectivity_where_layers_know_no_mask(x):
    model = convolved()
    norms = explain.connectivity(model, x, target=0, logits=True).norms
    logits = explain.before_softmax(model)
    for t in (0, 3):
        gradient = central_differences(lambda part: logits(part[None])[0, 0], x[: t + 1])
        assert np.allclose(norms[t, : t + 1], np.linalg.norm(gradient, axis=1), rtol=1e-6)


def test_explaining_leaves_the_model_as_it_was(x):
    inner = TimeDistributed(Dense(3, **F64))
    layers = [inner, Bidirectional(GRU(2, stateful=True, **F64)), Dense(2, **F64)]
    model = random_weights(Sequential([Input(batch_shape=(1, None, 4), **F64), *layers]))
    y = model(x[None])
    model.backward(np.ones_like(y))
    gradients = [g.copy() for g in model.gradients]
    states = [s.copy() for half in layers[1].sublayers() for s in half.states]
    twin = np.broadcast_to(x, x.shape)
    results = [explain.saliency(Sequential(layers), twin), explain.occlusion(Sequential(layers), x)]
    explain.layer_traces(model, x[None])
    assert all(np.array_equal(a, b) for a, b in zip(gradients, model.gradients, strict=True))
    kept = [s for half in layers[1].sublayers() for s in half.states]
    assert all(np.array_equal(a, b) for a, b in zip(states, kept, strict=True))
    assert np.array_equal(model.backward(np.ones_like(y)), model.backward(np.ones_like(y)))
    fresh = explain.saliency(Sequential(layers), x)
    assert np.array_equal(fresh.values, results[0].values), "no state is carried along"
    assert np.array_equal(explain.occlusion(model, x).values, results[1].values)
    assert model.input_shape[0] == 1, "and its batch has the size that it was given"


def test_gradients_of_indices_are_those_of_their_vectors():
    below = Embedding(9, 3, mask_zero=True, **F64)
    top = [GRU(4, **F64), Dense(2, "softmax", **F64)]
    model = random_weights(Sequential([Input((None,), dtype="int64"), below, *top]))
    tokens = np.array([1, 4, 7, 2, 0])  # the last is padding
    result = explain.saliency(model, tokens, target=1)

    def answer(vectors):
        return top[1](top[0](vectors[None], mask=tokens[None] != 0))[0, 1]

    assert result.output == model(tokens[None])[0, 1] and (result.values[-1] == 0).all()
    assert_is_gradient(result.values, answer, below.embeddings[tokens])
    norms = explain.connectivity(model, tokens, target=1).norms
    assert np.allclose(norms[3], np.linalg.norm(result.values, axis=1))
    assert explain.integrated_gradients(model, tokens).relative_gap < 0.01
    assert explain.shapley_values(model, tokens, baseline=0).gap < 1e-9
    assert below in model.layers, "the model keeps its embedding"
