"""What reaches the layers, the loss and the log, batch by batch."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers, optimizers
from scratchrnn.data import ArrayData, Batch
from scratchrnn.data.weights import class_weighted
from scratchrnn.models import Sequential

N, T, D = 10, 4, 2
SIZE = 4  # of a batch: the last one has two samples


class Standstill(optimizers.Optimizer):
    """Keeps every gradient and changes nothing."""

    def __init__(self):
        super().__init__(1.0)
        self.seen = []

    def update_step(self, gradient, variable, slots, learning_rate):
        self.seen.append(gradient.copy())


@pytest.fixture
def calls(monkeypatch) -> list:
    """Whether it was in training, and of how many samples: for every call of a Dense layer."""
    made, call = [], layers.Dense.call

    def watched(self, x, mask=None, training=False):
        made.append((training, len(x)))
        return call(self, x, mask, training)

    monkeypatch.setattr(layers.Dense, "call", watched)
    return made


def still(sequences=False, metrics=(), **options) -> Sequential:
    model = Sequential(
        [
            layers.Input((None, D), dtype="float64"),
            layers.GRU(3, return_sequences=sequences, seed=1, dtype="float64", **options),
            layers.Dense(1, seed=2, dtype="float64"),
        ]
    )
    model.compile(Standstill(), "mse", metrics=list(metrics))
    return model


def data(sequences=False) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(N, T, D)), rng.normal(size=(N, T, 1) if sequences else (N, 1))


def test_layers_are_in_training_while_they_learn_and_only_then(calls):
    (x, y), model = data(), still()
    model.fit(x, y, batch_size=SIZE, verbose=0, validation_data=(x, y), validation_batch_size=N)
    assert calls == [(True, 4), (True, 4), (True, 2), (False, N)]
    calls.clear()
    model.train_on_batch(x, y)
    model.test_on_batch(x, y)
    model.evaluate(x, y, verbose=0, batch_size=SIZE)
    model.predict(x, verbose=0)
    model.predict_on_batch(x)
    assert calls == [(True, N), (False, N), (False, 4), (False, 4), (False, 2), *[(False, N)] * 2]


def test_windows_are_learned_in_training_too(calls):
    still(sequences=True).fit(*data(sequences=True), tbptt=3, verbose=0)
    assert calls == [(True, N), (True, N)]


def test_samples_are_validated_in_batches_as_large_as_those_of_training_if_not_told(calls):
    x, y = data()
    still().fit(x, y, batch_size=SIZE, verbose=0, validation_split=0.5)
    assert calls == [(True, 4), (True, 1), (False, 4), (False, 1)]


@pytest.mark.parametrize("tbptt", [None, T])
def test_the_loss_of_an_epoch_is_a_mean_over_samples_whatever_the_batches(tbptt):
    (x, y), model = data(), still(metrics=["mae"])
    wanted = model.evaluate(x, y, verbose=0, return_dict=True)
    history = model.fit(x, y, batch_size=SIZE, epochs=2, verbose=0, tbptt=tbptt).history
    for name in ("loss", "mae"):
        np.testing.assert_allclose(history[name], wanted[name], rtol=1e-12)


def test_every_validation_begins_with_the_first_batch():
    (x, y), model = data(), still()
    first = model.evaluate(x[:SIZE], y[:SIZE], verbose=0)
    options = {"validation_steps": 1, "validation_batch_size": SIZE, "epochs": 3, "verbose": 0}
    history = model.fit(x, y, validation_data=(x, y), **options).history
    assert history["val_loss"] == [pytest.approx(first, rel=1e-12)] * 3


class Counted:
    """Batches in a row, read from the start at every pass, that are told when one ends."""

    def __init__(self):
        x, y = data()
        self.batches = [(x[k : k + SIZE], y[k : k + SIZE]) for k in range(0, N, SIZE)]
        self.read, self.ended_after = 0, []

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, k):
        self.read += 1
        return self.batches[k]

    def on_epoch_end(self):
        self.ended_after.append(self.read)


@pytest.mark.parametrize(
    ("steps", "epochs", "ended_after"), [(None, 2, [3, 6]), (3, 2, [3, 6]), (1, 4, [3]), (2, 1, [])]
)
def test_a_data_set_is_told_once_when_a_pass_ends(steps, epochs, ended_after):
    source = Counted()
    still().fit(source, steps_per_epoch=steps, epochs=epochs, verbose=0)
    assert source.ended_after == ended_after


def test_what_a_mask_hides_is_not_seen_by_predictions():
    (x, _), model = data(), still()
    mask = np.arange(T) < np.random.default_rng(4).integers(1, T, size=(N, 1))
    wanted = model.predict(x, mask=mask, verbose=0, batch_size=SIZE)
    assert not np.isclose(model.predict(x, verbose=0), wanted).any()
    x[~mask] = 1e6
    found = model.predict(x, mask=mask, verbose=0), model.predict_on_batch(x, mask=mask)
    for y in found:
        np.testing.assert_allclose(y, wanted, rtol=1e-12)


@pytest.mark.parametrize("shuffle", [True, "batch"])
def test_weights_and_masks_are_mixed_as_their_samples_are(shuffle):
    number = np.arange(N)
    x, mask = np.repeat(number, T).reshape(N, T, 1), number[:, None] % 3 >= np.arange(T)
    feed = ArrayData("doc", x, 2 * number, 3 * number, mask, batch_size=SIZE, shuffle=shuffle)
    batches = list(feed.batches(np.random.default_rng(5)))
    order = np.concatenate([batch.x[:, 0, 0] for batch in batches])
    assert sorted(order) == list(number) and list(order) != list(number)
    for batch in batches:
        rows = batch.x[:, 0, 0]
        np.testing.assert_array_equal(batch.y, 2 * rows)
        np.testing.assert_array_equal(batch.sample_weight, 3 * rows)
        np.testing.assert_array_equal(batch.mask, mask[rows])


def test_class_weights_weigh_one_hot_steps():
    labels = np.array([[0, 2, 2, 1], [1, 1, 0, 2]])
    batch = Batch(np.zeros((2, T, D)), np.eye(3)[labels])
    weighted = class_weighted("doc", batch, {0: 5.0, 2: 0.5}, (None, T, 3))
    np.testing.assert_array_equal(weighted.sample_weight, np.array([5.0, 1.0, 0.5])[labels])


def test_targets_may_be_anything_where_a_mask_hides_them():
    (x, y), mask = data(sequences=True), np.arange(T) < np.full((N, 1), 3)
    clean, spoilt = still(sequences=True), still(sequences=True)
    clean.fit(x, y, mask=mask, verbose=0, shuffle=False)
    x[~mask] = y[~mask] = np.nan
    spoilt.fit(x, y, mask=mask, verbose=0, shuffle=False)
    for a, b in zip(clean.optimizer.seen, spoilt.optimizer.seen, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"y": np.zeros((N + 1, 1))}, "y: expected as many samples as x, 10, got 11"),
        ({"y": np.zeros((N - 1, 1))}, "y: expected as many samples as x, 10, got 9"),
        ({"sample_weight": np.ones(N + 1)}, "sample_weight: expected as many .* 10, got 11"),
        ({"mask": np.ones((N, T + 1), bool)}, r"mask: expected \(N, T\)=\(10, 4\), got \(10, 5\)"),
        ({"mask": np.ones((N + 1, T), bool)}, r"mask: expected \(N, T\)=\(10, 4\), got \(11, 4\)"),
    ],
)
def test_arrays_of_other_lengths_are_told_before_anything_runs(calls, given, message):
    x, y = data()
    for who in ("fit", "evaluate"):
        with pytest.raises(ValueError, match=f"^{who}: {message}"):
            getattr(still(), who)(x, **{"y": y, **given}, verbose=0)
    assert calls == []


def test_penalties_are_learned_from_and_are_no_part_of_the_layers_gradients():
    (x, y), plain, model = data(), still(), still(kernel_regularizer="l2")
    model.set_weights(plain.get_weights())
    for each in (plain, model):
        each.train_on_batch(x, y)
    for a, b in zip(plain.gradients, model.gradients, strict=True):
        np.testing.assert_array_equal(a, b)
    learned = [b - a for a, b in zip(plain.optimizer.seen, model.optimizer.seen, strict=True)]
    np.testing.assert_allclose(learned[0], 2 * 0.01 * model.weights[0], rtol=1e-9)
    assert not any(g.any() for g in learned[1:])


def test_a_run_can_be_kept_only_while_it_runs(tmp_path):
    model = still()
    model.fit(*data(), verbose=0)
    for use in (model.save_training, model.restore_training):
        with pytest.raises(ValueError, match="by a callback of a running fit"):
            use(tmp_path / "run.npz")
