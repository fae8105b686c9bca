"""`fit`, `evaluate` and `predict`: what they take, what they refuse, what they say."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from scratchrnn import callbacks, layers, losses, metrics, optimizers, utils
from scratchrnn.data import Batch, Feed, StreamData
from scratchrnn.models import NonFiniteError, Sequential

N, T, D = 20, 5, 3


def data(seed=0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, T, D)).astype(np.float32), rng.normal(size=(N, 2)).astype("f4")


def regressor(optimizer="adam", sequences=False, **options) -> Sequential:
    model = Sequential(
        [
            layers.Input((None, D)),
            layers.LSTM(4, seed=1, return_sequences=sequences),
            layers.Dense(2, seed=2),
        ]
    )
    model.compile(optimizer, options.pop("loss", "mse"), **options)
    return model


def trained(*arguments, **options) -> list[np.ndarray]:
    """Return the weights after two epochs."""
    model = regressor()
    model.fit(*arguments, **{"epochs": 2, "verbose": 0, "shuffle": False, **options})
    return model.get_weights()


def assert_same(a, b):
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one, other)


# -- arrays and streams --------------------------------------------------------------------------


def pieces(x, y, weight=None, mask=None, size=6):
    """Cut arrays into batches."""
    for k in range(0, len(x), size):
        yield Batch(*(None if a is None else a[k : k + size] for a in (x, y, weight, mask)))


class Indexed:
    """Keras's PyDataset in miniature."""

    def __init__(self, batches):
        self.batches, self.epochs_ended = batches, 0

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, k):
        return self.batches[k]

    def on_epoch_end(self):
        self.epochs_ended += 1


def test_data_sets_of_every_kind_train_like_arrays():
    x, y = data()
    batches = list(pieces(x, y))
    expected = trained(x, y, batch_size=6)
    tuples = [(b.x, b.y) for b in batches]
    for source in (
        batches,
        tuples,
        [{"x": b.x, "y": b.y} for b in batches],
        [SimpleNamespace(x=b.x, y=b.y) for b in batches],
        Indexed(tuples),
        StreamData("test", tuples).source,
    ):
        assert_same(expected, trained(source))
    twice = (batch for _ in range(2) for batch in tuples)
    assert_same(expected, trained(twice, steps_per_epoch=4))


def test_a_whole_data_set_with_fields_is_cut_into_batches():
    x, y = data()
    whole = SimpleNamespace(x=x, y=y, mask=np.ones((N, T), bool), lengths=np.full(N, T))
    assert_same(trained(x, y, batch_size=6), trained(whole, batch_size=6))
    assert_same(trained(x, y, batch_size=6), trained({"x": x, "y": y}, batch_size=6))


def test_weights_and_masks_come_with_the_batches():
    x, y = data()
    weight, mask = np.linspace(0, 2, N), np.arange(T) < np.arange(N)[:, None] % T + 1
    expected = trained(x, y, batch_size=6, sample_weight=weight, mask=mask)
    assert_same(expected, trained(list(pieces(x, y, weight, mask))))
    unmasked = [(b.x, b.y, b.sample_weight) for b in pieces(x, y, weight)]
    assert_same(trained(x, y, batch_size=6, sample_weight=weight), trained(unmasked))


def test_a_data_set_is_told_when_a_pass_ends():
    source = Indexed([(b.x, b.y) for b in pieces(*data())])
    trained(source)
    assert source.epochs_ended == 2


def test_masked_steps_hold_anything():
    x, y = data()
    mask = np.arange(T) < np.arange(N)[:, None] % T + 1
    holed = np.where(mask[..., None], x, np.nan)
    assert_same(trained(x, y, mask=mask), trained(holed, y, mask=mask))


def test_epochs_go_on_in_the_data_where_steps_per_epoch_end():
    x, y = data()
    seen: list[np.ndarray] = []

    def batches():
        for batch in pieces(x, y, size=4):
            seen.append(batch.x)
            yield batch

    trained(batches(), steps_per_epoch=2)
    np.testing.assert_array_equal(np.concatenate(seen[:4]), x[:16])


def test_data_that_runs_out_ends_the_epoch_with_a_warning():
    x, y = data()
    model = regressor()
    with pytest.warns(UserWarning, match="ran out after 2 of 3 batches"):
        history = model.fit(x, y, batch_size=10, steps_per_epoch=3, verbose=0).history
    assert len(history["loss"]) == 1


def test_an_exhausted_generator_is_told():
    with pytest.raises(ValueError, match="a generator has one pass only"):
        trained(pieces(*data()), epochs=2)
    with pytest.raises(ValueError, match="expected at least one batch, got none"):
        trained(iter([]))


def test_a_first_look_at_a_stream_loses_nothing():
    feed = Feed(StreamData("test", pieces(*data(), size=8)))
    assert feed.first().x.shape == (8, T, D)
    assert [len(batch.x) for batch in feed.epoch()] == [8, 8, 4]


def test_the_order_of_samples_follows_the_seed():
    x, y = data()
    one = trained(x, y, shuffle=True, seed=3, batch_size=4)
    assert_same(one, trained(x, y, shuffle=True, seed=3, batch_size=4))
    other = trained(x, y, shuffle=True, seed=4, batch_size=4)
    assert not np.array_equal(one[0], other[0])
    utils.set_random_seed(5)
    first = trained(x, y, shuffle=True, batch_size=4)
    utils.set_random_seed(5)
    assert_same(first, trained(x, y, shuffle=True, batch_size=4))


def test_every_sample_is_seen_once_an_epoch():
    x = np.arange(10.0)[:, None]
    seen: list[float] = []

    class Watched(Sequential):
        def train_step(self, batch):
            seen.extend(batch.x[:, 0].tolist())
            return super().train_step(batch)

    model = Watched([layers.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x, batch_size=4, epochs=2, verbose=0, seed=0)
    assert sorted(seen[:10]) == sorted(seen[10:]) == x[:, 0].tolist() != seen[:10] != seen[10:]
    seen.clear()
    model.fit(x, x, batch_size=4, shuffle="batch", verbose=0, seed=0)
    assert [sorted(seen[k : k + 4]) for k in (0, 4, 8)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_batch_size_follows_from_steps_per_epoch():
    x, y = data()
    assert_same(trained(x, y, batch_size=5), trained(x, y, steps_per_epoch=4))


def test_class_weights_weigh_the_steps_of_sequences():
    x, _ = data()
    labels = np.random.default_rng(1).integers(0, 2, (N, T))
    loss = "sparse_categorical_crossentropy"
    weighed, expected = (regressor("sgd", sequences=True, loss=loss) for _ in range(2))
    for model in (weighed, expected):
        model.pop()
        model.add(layers.Dense(2, activation="softmax", seed=2))
    weighed.fit(x, labels, class_weight={1: 3.0}, verbose=0, shuffle=False)
    weights = np.where(labels == 1, 3.0, 1.0)
    expected.fit(x, labels, sample_weight=weights, verbose=0, shuffle=False)
    assert_same(weighed.weights, expected.weights)


# -- validation, evaluation, prediction ------------------------------------------------------------


def test_validation_data_may_take_every_form():
    x, y = data()
    vx, vy = data(1)
    batches = list(pieces(vx, vy, size=N))
    forms = ((vx, vy), [vx, vy], {"x": vx, "y": vy}, SimpleNamespace(x=vx, y=vy), batches)
    losses_ = [
        regressor().fit(x, y, validation_data=form, verbose=0, seed=0).history["val_loss"]
        for form in forms
    ]
    assert all(loss == losses_[0] for loss in losses_)


def test_validation_does_not_change_what_is_learned():
    x, y = data()
    plain, watched = regressor(), regressor(metrics=["mae"])
    plain.fit(x, y, epochs=2, verbose=0, seed=0)
    watched.fit(x, y, epochs=2, verbose=0, seed=0, validation_data=data(1))
    assert_same(plain.weights, watched.weights)


def test_validation_split_takes_the_last_samples():
    x, y = data()
    history = regressor().fit(x, y, validation_split=0.25, verbose=0, shuffle=False).history
    model = regressor()
    expected = model.fit(x[:15], y[:15], verbose=0, shuffle=False).history
    assert history["loss"] == expected["loss"]
    assert history["val_loss"] == [model.evaluate(x[15:], y[15:], verbose=0)]


def test_validation_may_be_rare():
    x, y = data()
    for freq, count in ((3, 2), ([1, 6], 2), ((2,), 1)):
        model = regressor()
        history = model.fit(
            x, y, epochs=7, validation_data=(x, y), validation_freq=freq, verbose=0
        ).history
        assert len(history["val_loss"]) == count and len(history["loss"]) == 7


def test_evaluation_is_the_mean_over_samples_whatever_the_batches():
    x, y = data()
    model = regressor(metrics=["mae", metrics.MeanSquaredError("second")])
    whole = model.evaluate(x, y, batch_size=N, verbose=0)
    np.testing.assert_allclose(model.evaluate(x, y, batch_size=7, verbose=0), whole, rtol=1e-6)
    stream = list(pieces(x, y, size=7))
    np.testing.assert_allclose(model.evaluate(stream, verbose=0), whole, rtol=1e-6)
    assert model.metrics_names == ["loss", "mae", "second"]
    assert model.evaluate(x, y, verbose=0, return_dict=True) == dict(
        zip(model.metrics_names, model.evaluate(x, y, verbose=0), strict=True)
    )


def test_steps_limit_evaluation_and_prediction():
    x, y = data()
    model = regressor()
    assert model.evaluate(pieces(x, y, size=4), steps=2, verbose=0) == pytest.approx(
        model.evaluate(x[:8], y[:8], verbose=0), rel=1e-6
    )
    assert len(model.predict(pieces(x, y, size=4), steps=2, verbose=0)) == 8
    np.testing.assert_array_equal(
        model.predict(pieces(x, y, size=4), verbose=0),
        model.predict(x, batch_size=4, verbose=0),
    )


def test_one_batch_at_a_time_is_a_loop_of_your_own():
    x, y = data()
    model, looped = regressor(metrics=["mae"]), regressor(metrics=["mae"])
    model.fit(x, y, batch_size=N, epochs=2, verbose=0)
    results = [looped.train_on_batch(x, y, return_dict=True) for _ in range(2)]
    np.testing.assert_allclose(model.weights[0], looped.weights[0], rtol=1e-5)
    assert results[1]["loss"] == pytest.approx(model.history.history["loss"][1], rel=1e-5)
    assert looped.test_on_batch(x, y) == looped.evaluate(x, y, batch_size=N, verbose=0)
    assert isinstance(regressor().test_on_batch(x, y), float)


def test_metrics_of_the_same_name_are_told_apart():
    x, y = data()
    model = regressor(metrics=["mae", "mae", ["mse"]], weighted_metrics=["mae", "mape"])
    assert list(model.evaluate(x, y, verbose=0, return_dict=True)) == [
        "loss", "mae", "mae_1", "mse", "weighted_mae", "mape",
    ]  # fmt: skip


def test_crossentropy_is_chosen_by_shapes():
    for units, y, name in (
        (1, np.ones(4), "BinaryCrossentropy"),
        (3, np.ones(4, int), "SparseCategoricalCrossentropy"),
        (3, np.ones((4, 1), int), "SparseCategoricalCrossentropy"),
        (3, np.eye(3)[[0, 1, 2, 0]], "CategoricalCrossentropy"),
    ):
        model = Sequential([layers.Input((2,)), layers.Dense(units, activation="sigmoid")])
        model.compile("sgd", "crossentropy", metrics=["ce"])
        loss, metric = model.evaluate(np.ones((4, 2)), y, verbose=0)
        assert type(model.loss).__name__ == name and loss == pytest.approx(metric, rel=1e-5)


def test_a_loss_of_your_own_trains():
    class Cubic(losses.Loss):
        def per_sample(self, y_true, y_pred, with_slope=False):
            error = y_pred - y_true
            return np.mean(np.abs(error) ** 3, -1), 3 * error * np.abs(error) / error.shape[-1]

    x, y = data()
    history = regressor("adam", loss=Cubic()).fit(x, y, epochs=20, verbose=0, seed=0).history
    assert history["loss"][-1] < history["loss"][0]


# -- refusals ------------------------------------------------------------------------------------

X, Y = data()
BAD_FITS = {
    "x of text": (dict(x=np.array(["a"] * N)), "x: expected numbers, got dtype <U1"),
    "x ragged": (dict(x=[np.zeros((2, D)), np.zeros((3, D))]), "pad_sequences makes one"),
    "x empty": (dict(x=X[:0], y=Y[:0]), "x: expected at least one sample"),
    "x without steps": (dict(x=X[:, :0]), "x: expected at least one sample"),
    "x with NaN": (dict(x=np.where(X > 2, np.nan, X)), r"x: expected finite numbers, got \d+ NaN"),
    "x with infinity": (dict(x=np.where(X > 2, np.inf, X)), "x: expected finite numbers"),
    "x of another width": (dict(x=X[..., :2]), r"LSTM: x: expected \(N, T, D=3\)|Input: x"),
    "y with NaN": (dict(y=np.full_like(Y, np.nan)), "y: expected finite numbers, got 40"),
    "y missing": (dict(y=None), "y: expected targets, got None"),
    "y too short": (dict(y=Y[:3]), "y: expected as many samples as x, 20, got 3"),
    "y too wide": (dict(y=np.ones((N, 3))), r"y_true: expected shape \(20, 2\), got \(20, 3\)"),
    "weights too short": (dict(sample_weight=np.ones(3)), "sample_weight: expected as many"),
    "weights NaN": (dict(sample_weight=np.full(N, np.nan)), "sample_weight: expected finite"),
    "mask too short": (dict(mask=np.ones((N, 2), bool)), r"mask: expected \(N, T\)=\(20, 5\)"),
    "mask of numbers": (dict(mask=np.full((N, T), 0.5)), "mask: expected booleans, got float64"),
    "batch_size 0": (dict(batch_size=0), "batch_size: expected an integer >= 1, got 0"),
    "batch_size 2.5": (dict(batch_size=2.5), "batch_size: expected an integer >= 1, got 2.5"),
    "epochs -1": (dict(epochs=-1), "epochs: expected an integer >= 0, got -1"),
    "epochs 1.5": (dict(epochs=1.5), "epochs: expected an integer >= 0, got 1.5"),
    "verbose 3": (dict(verbose=3), "verbose: expected 'auto', 0, 1 or 2, got 3"),
    "steps 0": (dict(steps_per_epoch=0), "steps_per_epoch: expected an integer >= 1, got 0"),
    "shuffle": (dict(shuffle="all"), "shuffle: expected a bool or 'batch', got 'all'"),
    "seed": (dict(seed="one"), "seed: expected an integer >= 0"),
    "callbacks": (dict(callbacks=[print]), "callbacks: expected Callback objects, got builtin"),
    "split 1": (dict(validation_split=1.0), "validation_split: expected 0 to 1, got 1.0"),
    "split tiny": (dict(validation_split=0.97), "leaves one side empty"),
    "freq 0": (dict(validation_data=(X, Y), validation_freq=0), "validation_freq: expected"),
    "both weights": (dict(class_weight={0: 1.0}, sample_weight=np.ones(N)), "not together"),
    "class_weight": (dict(class_weight=[1.0]), "class_weight: expected a dict"),
    "class NaN": (dict(class_weight={0: np.nan}), "class_weight: expected a dict"),
    "validation NaN": (dict(validation_data=(X * np.nan, Y)), "validation_data: x: expected fin"),
    "validation odd": (dict(validation_data=(X, Y, Y, Y)), "got 4 parts"),
    "y beside": (dict(x=[(X, Y)]), "x: expected"),
    "stream and y": (dict(x=iter([(X, Y)])), "y: not to be given beside a data set"),
    "stream and size": (dict(x=[(X, Y)], y=None, batch_size=3), "batch_size: not to be given"),
    "stream and split": (dict(x=[(X, Y)], y=None, validation_split=0.5), "only for arrays"),
    "batch of four": (dict(x=[(X, Y, Y, Y)], y=None), "got 4 parts"),
    "batch without y": (dict(x=[(X,)], y=None), "y: expected targets, got None"),
    "batch keys": (dict(x=[{"x": X, "z": Y}], y=None), "expected keys among"),
    "tbptt 0": (dict(tbptt=0), "tbptt: expected a number of steps >= 1, got 0"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_FITS.values(), ids=BAD_FITS)
def test_fit_says_what_is_wrong_with_what_it_got(arguments, message):
    model = regressor()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(**{"x": X, "y": Y, "verbose": 0, "shuffle": False, **arguments})
    assert_same(before, model.weights)


def test_a_bad_batch_of_a_stream_is_numbered():
    with pytest.raises(ValueError, match="fit: batch 2 of the data set: x: expected finite"):
        trained([(X, Y), (X * np.nan, Y)])


def test_the_same_checks_guard_evaluation_and_prediction():
    model = regressor()
    holed = np.where(X > 2, np.nan, X)
    for call in (
        lambda: model.evaluate(holed, Y),
        lambda: model.predict(holed),
        lambda: model.train_on_batch(holed, Y),
        lambda: model.test_on_batch(holed, Y),
        lambda: model.predict_on_batch(holed),
    ):
        with pytest.raises(ValueError, match="x: expected finite numbers"):
            call()
    with pytest.raises(ValueError, match="steps: expected an integer >= 1"):
        model.predict(X, steps=0)
    with pytest.raises(ValueError, match="evaluate: y: expected targets"):
        model.evaluate(X)


def test_outputs_of_several_shapes_are_not_joined():
    model = regressor(sequences=True)
    with pytest.raises(ValueError, match="call predict_on_batch for each"):
        model.predict([(X,), (X[:, :2],)], verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(loss=None), "loss: expected a name or a Loss, got None"),
        (dict(loss=["mse", "mse"]), "loss: expected a name or a Loss"),
        (dict(loss=losses.MeanSquaredError(reduction=None)), "reduction to one number"),
        (dict(loss="nothing"), "nothing"),
        (dict(optimizer="nothing"), "nothing"),
        (dict(metrics="mae"), "metrics: expected a list, got 'mae'"),
        (dict(weighted_metrics="mae"), "weighted_metrics: expected a list"),
        (dict(loss_weights=[2.0]), "loss_weights: not supported"),
        (dict(run_eagerly=True), "run_eagerly: not supported"),
        (dict(steps_per_execution=4), "steps_per_execution: not supported"),
        (dict(jit_compile=True), "jit_compile: not supported"),
        (dict(auto_scale_loss=False), "auto_scale_loss: not supported"),
        (dict(speed=3), "speed: there is no such argument"),
    ],
)
def test_compile_says_what_it_does_not_know(arguments, message):
    model = regressor()
    optimizer, loss = model.optimizer, model.loss
    with pytest.raises(ValueError, match=message):
        model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    assert model.optimizer is optimizer and model.loss is loss


def test_keras_s_defaults_are_welcome_in_compile():
    regressor().compile(
        "adam", ["mse"], loss_weights=None, run_eagerly=False, steps_per_execution=1,
        jit_compile="auto", auto_scale_loss=True,
    )  # fmt: skip


def test_nothing_works_before_compile():
    model = Sequential([layers.Input((None, D)), layers.LSTM(2)])
    for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match="call compile first"):
            call(X, Y)


# -- losses that are not finite --------------------------------------------------------------------


class Explode(callbacks.Callback):
    """Makes the learning rate huge when an epoch begins."""

    def __init__(self, epoch: int):
        self.epoch = epoch

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == self.epoch:
            self.model.optimizer.learning_rate = 1e30


def test_a_loss_that_is_not_finite_stops_fit_with_place_and_hint():
    model = regressor("sgd")
    states: list[list[np.ndarray]] = []
    keep = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: states.append(model.get_weights())
    )
    with pytest.raises(NonFiniteError) as caught:
        model.fit(X, Y, epochs=5, batch_size=10, verbose=0, callbacks=[Explode(2), keep])
    text = str(caught.value)
    assert "fit: epoch 3, batch 2 of 2: the loss is" in text and "smaller learning rate" in text
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, FloatingPointError)
    assert_same(states[-1], model.weights)
    assert all(np.isfinite(w).all() for w in model.weights)


def test_a_gradient_that_is_not_finite_stops_fit_too():
    class Steep(losses.Loss):
        def per_sample(self, y_true, y_pred, with_slope=False):
            return np.zeros(y_pred.shape[:-1]), np.full_like(y_pred, np.inf)

    model = regressor("sgd", loss=Steep())
    before = model.get_weights()
    with pytest.raises(NonFiniteError, match="epoch 1, batch 1 of 1: the gradient of lstm"):
        model.fit(X, Y, verbose=0)
    assert_same(before, model.weights)


def test_terminate_on_nan_ends_training_quietly(capsys):
    model = regressor("sgd")
    own = [Explode(1), callbacks.TerminateOnNaN()]
    history = model.fit(X, Y, epochs=5, batch_size=10, verbose=0, callbacks=own).history
    assert len(history["loss"]) == 2 and not np.isfinite(history["loss"][1])
    assert all(np.isfinite(w).all() for w in model.weights)
    assert capsys.readouterr().out == "Batch 1: Invalid loss, terminating training\n"


def test_terminate_on_nan_may_raise():
    model = regressor("sgd")
    own = [Explode(0), callbacks.TerminateOnNaN(raise_error=True)]
    with pytest.raises(RuntimeError, match="batch 2: the loss is"):
        model.fit(X, Y, batch_size=10, verbose=0, callbacks=own)


# -- what is printed -----------------------------------------------------------------------------


def test_silence_is_kept(capsys):
    model = regressor()
    model.fit(X, Y, verbose=0, validation_split=0.5)
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_an_epoch_has_its_line_where_the_output_is_no_terminal(capsys, verbose):
    model = regressor(metrics=["mae"])
    model.fit(X, Y, batch_size=8, epochs=2, verbose=verbose, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    for line in lines[1::2]:
        assert line.startswith("3/3 ") and "/step - loss: " in line
        assert all(f" - {name}: " in line for name in ("mae", "val_loss", "val_mae"))
    model.evaluate(X, Y, verbose=verbose)
    assert capsys.readouterr().out.startswith("1/1 ")
    model.predict(X, verbose=verbose)
    assert capsys.readouterr().out.count("\n") == 1


def test_the_number_of_batches_of_a_stream_is_known_after_one_epoch(capsys):
    source = StreamData("test", None)
    source.source = type("Endless", (), {"__iter__": lambda self: pieces(X, Y)})()
    regressor().fit(source.source, epochs=2, verbose=2)
    assert capsys.readouterr().out.count("4/4 ") == 2


def test_the_record_is_kept_with_the_model():
    model = regressor()
    history = model.fit(X, Y, epochs=3, verbose=0, initial_epoch=1)
    assert history is model.history and history.epoch == [1, 2]
    assert history.params == {"epochs": 3, "steps": 1, "verbose": 0}
    assert model.fit(X, Y, epochs=0, verbose=0).history == {}


def test_regularizers_count_in_loss_but_not_in_metrics():
    model = Sequential(
        [layers.Input((2,)), layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones")]
    )
    model.compile(optimizers.SGD(0.0), "mse", metrics=["mse"])
    x, y = np.ones((4, 2)), np.zeros(4)
    history = model.fit(x, y, verbose=0).history
    assert history["mse"] == [4.0] and history["loss"] == [pytest.approx(4.0 + 0.01 * 2)]
    assert model.evaluate(x, y, verbose=0) == [pytest.approx(4.02), 4.0]
