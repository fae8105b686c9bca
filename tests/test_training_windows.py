"""Truncated BPTT: windows carry the state on and cut the gradient exactly."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers, losses, optimizers
from scratchrnn.models import NonFiniteError, Sequential

N, T, D, K = 3, 7, 2, 3


class Recorder(optimizers.Optimizer):
    """Keeps every gradient and changes nothing, so that all windows meet the same weights."""

    def __init__(self):
        super().__init__(1.0)
        self.seen: list[list[np.ndarray]] = []

    def begin_step(self):
        self.seen.append([])

    def update_step(self, gradient, variable, slots, learning_rate):
        self.seen[-1].append(gradient.copy())


def model_of(cell, sequences=True, loss="mse", optimizer=None, **options) -> Sequential:
    layer = getattr(layers, cell)
    model = Sequential(
        [
            layers.Input((None, D), dtype="float64"),
            layer(4, return_sequences=True, seed=1, dtype="float64", **options),
            layers.Dense(3, activation="tanh", seed=2, dtype="float64"),
            layer(3, return_sequences=sequences, seed=3, dtype="float64"),
            layers.Dense(2, seed=4, dtype="float64"),
        ]
    )
    rng = np.random.default_rng(0)
    model.compile(optimizer or Recorder(), loss)
    model.set_weights([w + 0.2 * rng.normal(size=w.shape) for w in model.weights])
    return model


def data(lengths=None):
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(N, T, D)), rng.normal(size=(N, T, 2))
    mask = None if lengths is None else np.arange(T) < np.asarray(lengths)[:, None]
    return x, y, mask


def run_from(model, x, states, mask):
    """Run window after window from given states; return outputs and final states."""
    after = []
    for layer in model.layers:
        if hasattr(layer, "stateful"):
            first = states.pop(0) if states else None
            layer.return_state = True
            x, *final = layer(x, mask=mask, initial_state=first)
            layer.return_state = False
            after.append([s.copy() for s in final])
            mask = mask if layer.return_sequences else None
        else:
            x = layer(x, mask=mask)
    return x, after


def numeric_gradients(model, loss_of):
    """Return central differences of a function of the model's weights."""
    gradients = []
    for weight in model.trainable_weights:
        gradient = np.zeros_like(weight)
        for index in np.ndindex(weight.shape):
            value, step = weight[index], 1e-6
            weight[index] = value + step
            above = loss_of()
            weight[index] = value - step
            gradient[index] = (above - loss_of()) / (2 * step)
            weight[index] = value
        gradients.append(gradient)
    return gradients


@pytest.mark.parametrize("cell", ["LSTM", "GRU", "SimpleRNN"])
@pytest.mark.parametrize("lengths", [None, (7, 4, 2)])
def test_the_gradient_of_a_window_is_that_of_its_loss_with_the_carried_state_frozen(cell, lengths):
    model, (x, y, mask) = model_of(cell), data(lengths)
    model.fit(x, y, mask=mask, tbptt=K, batch_size=N, shuffle=False, verbose=0)
    loss, states = losses.MeanSquaredError(), []
    starts = [start for start in range(0, T, K) if mask is None or mask[:, start].any()]
    assert len(model.optimizer.seen) == len(starts)
    for start, gradients in zip(starts, model.optimizer.seen, strict=True):
        steps = slice(start, start + K)
        piece = None if mask is None else mask[:, steps]
        frozen = [list(s) for s in states]

        def loss_of(steps=steps, piece=piece, frozen=frozen):
            y_pred, _ = run_from(model, x[:, steps], [list(s) for s in frozen], piece)
            return loss(y[:, steps], y_pred, mask=piece)

        for found, expected in zip(gradients, numeric_gradients(model, loss_of), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
        _, states = run_from(model, x[:, steps], frozen, piece)


@pytest.mark.parametrize("lengths", [None, (7, 5, 2)])
def test_one_target_a_sequence_is_asked_for_at_its_last_real_step(lengths):
    model, (x, y, mask) = model_of("LSTM", sequences=False), data(lengths)
    y = y[:, 0]
    model.fit(x, y, mask=mask, tbptt=K, batch_size=N, shuffle=False, verbose=0)
    last = np.full(N, T - 1) if mask is None else mask.sum(axis=1) - 1
    states, seen = [], iter(model.optimizer.seen)
    for start in range(0, T, K):
        steps = slice(start, start + K)
        piece = None if mask is None else mask[:, steps]
        rows = (last >= start) & (last < start + K)
        frozen = [list(s) for s in states]

        def loss_of(steps=steps, piece=piece, frozen=frozen, rows=rows):
            y_pred, _ = run_from(model, x[:, steps], [list(s) for s in frozen], piece)
            return float(np.mean((y - y_pred)[rows] ** 2))

        if rows.any():
            for found, expected in zip(next(seen), numeric_gradients(model, loss_of), strict=True):
                np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8)
        _, states = run_from(model, x[:, steps], frozen, piece)
    assert next(seen, None) is None


def test_one_window_is_full_bptt():
    x, y, mask = data((7, 4, 2))
    whole, window = model_of("GRU", optimizer="adam"), model_of("GRU", optimizer="adam")
    losses_ = [
        model.fit(x, y, mask=mask, epochs=3, verbose=0, shuffle=False, tbptt=k).history["loss"]
        for model, k in ((whole, None), (window, T))
    ]
    assert losses_[0] == losses_[1]
    for a, b in zip(whole.weights, window.weights, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("options", [{}, {"kernel_regularizer": "l2"}], ids=["", "penalty"])
@pytest.mark.parametrize("loss", ["mse", losses.MeanSquaredError(reduction="sum")])
def test_the_loss_of_an_epoch_is_that_of_the_whole_sequences(loss, options):
    x, y, mask = data((7, 4, 2))
    y[~mask] = 1e3  # of no account
    model = model_of("LSTM", loss=loss, **options)
    model.compile(model.optimizer, loss, metrics=["mae"])
    expected = model.evaluate(x, y, mask=mask, verbose=0, return_dict=True)
    for k in (1, 2, 3, 6, 7):
        history = model.fit(x, y, mask=mask, tbptt=k, verbose=0, shuffle=False).history
        assert history["loss"] == [pytest.approx(expected["loss"], rel=1e-9)]
        if T % k == 0:  # a metric averages over each batch first, as in Keras
            assert history["mae"] == [pytest.approx(expected["mae"], rel=1e-9)]


def test_weights_of_steps_go_with_their_windows():
    x, y, _ = data()
    weights = np.random.default_rng(1).uniform(size=(N, T))
    model = model_of("LSTM")
    model.fit(x, y, sample_weight=weights, tbptt=K, verbose=0, shuffle=False)
    gradients, plain = model.optimizer.seen, model_of("LSTM")
    plain.fit(x[:, :K], y[:, :K], sample_weight=weights[:, :K], verbose=0, shuffle=False)
    for a, b in zip(gradients[0], plain.optimizer.seen[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_a_masking_layer_says_where_sequences_end():
    x, y, mask = data((7, 4, 2))
    x = np.where(mask[..., None], x, 0)
    given, found = model_of("LSTM", sequences=False), model_of("LSTM", sequences=False)
    masking = [given._layers[0], layers.Masking(dtype="float64"), *found._layers[1:]]
    found = Sequential(masking)
    found.compile(Recorder(), "mse")
    found.set_weights(given.get_weights())
    given.fit(x, y[:, 0], mask=mask, tbptt=K, verbose=0, shuffle=False)
    found.fit(x, y[:, 0], tbptt=K, verbose=0, shuffle=False)
    assert len(given.optimizer.seen) == len(found.optimizer.seen) > 1
    for a, b in zip(given.optimizer.seen, found.optimizer.seen, strict=True):
        for one, other in zip(a, b, strict=True):
            np.testing.assert_array_equal(one, other)


def test_layers_are_as_before_when_training_ends():
    x, y, _ = data()
    model = model_of("LSTM")
    before = model.predict(x, verbose=0)
    model.fit(x, y, tbptt=K, verbose=0)
    assert [layer.stateful for layer in model.layers if hasattr(layer, "stateful")] == [False] * 2
    assert all(layer.states is None for layer in model.layers if hasattr(layer, "stateful"))
    np.testing.assert_array_equal(before, model.predict(x, verbose=0))


def test_windows_begin_at_zero_whatever_was_carried_before():
    x, y, _ = data()
    fresh, used = model_of("LSTM"), model_of("LSTM", stateful=True)
    used(x)
    used.layers[0].stateful = False
    for model in (fresh, used):
        model.fit(x, y, tbptt=K, verbose=0, shuffle=False)
    for a, b in zip(fresh.optimizer.seen[0], used.optimizer.seen[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_stateful_layer_carries_its_state_over_batches_too():
    x, y, _ = data()
    model = model_of("LSTM", stateful=True)
    model.layers[2].stateful = True
    model.fit(x, y, tbptt=K, verbose=0, shuffle=False)
    assert model.layers[0].states is not None
    first = [s.copy() for s in model.layers[0].states]
    model.fit(x, y, tbptt=K, verbose=0, shuffle=False)
    assert not np.array_equal(first[0], model.layers[0].states[0])


def test_long_sequences_are_learned_in_windows():
    rng = np.random.default_rng(0)
    x = rng.integers(0, 2, (16, 200, 1)).astype(np.float32)
    y = np.roll(x, 2, axis=1)
    model = Sequential(
        [
            layers.Input((None, 1)),
            layers.LSTM(12, return_sequences=True, seed=1),
            layers.Dense(1, activation="sigmoid", seed=2),
        ]
    )
    model.compile(optimizers.Adam(0.02), "binary_crossentropy")
    history = model.fit(x, y, tbptt=10, epochs=12, verbose=0, seed=0).history
    assert history["loss"][-1] < 0.1 < 0.6 < history["loss"][0]


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ([layers.Dense(2)], "expected a model with a recurrent layer"),
        ([layers.LSTM(3, go_backwards=True, return_sequences=True)], "reads backwards"),
        ([layers.LSTM(3, return_sequences=True), layers.Flatten()], "needs the whole sequence"),
    ],
)
def test_models_that_need_the_whole_sequence_are_refused(stack, message):
    model = Sequential([layers.Input((T, D)), *stack])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=message):
        model.fit(np.zeros((N, T, D)), np.zeros((N, T, 2)), tbptt=K)


def test_targets_without_steps_are_told():
    x, y, _ = data()
    with pytest.raises(ValueError, match=r"tbptt: y: expected \(N, T=7, ...\), got \(3, 2\)"):
        model_of("LSTM").fit(x, y[:, 0], tbptt=K, verbose=0)


def test_a_window_whose_loss_is_not_finite_leaves_the_weights():
    x, y, _ = data()
    model = model_of("LSTM", optimizer=optimizers.SGD(1e200))
    with pytest.raises(NonFiniteError, match="epoch 1, batch 1 of 1: the loss is"):
        model.fit(x, y, tbptt=K, verbose=0)
    assert all(np.isfinite(w).all() for w in model.weights)
