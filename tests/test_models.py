"""A stack of layers: how it is put together, called, described, and written to a file."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers, optimizers
from scratchrnn.models import Sequential, clone_model, load_model, save_model


def classifier(seed=3, dropout=0.0, **compile_options) -> Sequential:
    model = Sequential(
        [
            layers.Input((None, 3)),
            layers.Masking(),
            layers.LSTM(5, seed=seed, dropout=dropout, recurrent_dropout=dropout),
            layers.Dense(2, activation="softmax", seed=seed + 1),
        ]
    )
    options = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy"}
    model.compile(**{**options, **compile_options})
    return model


def sequences(N=24, T=6, seed=0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, T, 3)).astype(np.float32)
    return x, (x[:, :, 0].sum(axis=1) > 0).astype(int)


def test_it_learns_what_can_be_learned():
    x, y = sequences(64)
    model = classifier(metrics=["accuracy"])
    model.optimizer.learning_rate = 0.02
    history = model.fit(x, y, epochs=30, seed=1, verbose=0).history
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history["accuracy"][-1] > 0.9


def test_prediction_does_not_depend_on_the_size_of_batches():
    x, _ = sequences()
    model = classifier()
    whole = model.predict(x, batch_size=24, verbose=0)
    np.testing.assert_allclose(whole, model.predict(x, batch_size=5, verbose=0), rtol=1e-6)
    np.testing.assert_array_equal(whole, model.predict_on_batch(x))
    np.testing.assert_array_equal(whole, model(x))


def test_weights_do_not_exist_before_the_shape_is_known():
    model = Sequential([layers.LSTM(4), layers.Dense(1)])
    with pytest.raises(ValueError, match="weights do not exist yet"):
        model.get_weights()
    model.build((None, None, 3))
    assert [w.shape for w in model.weights] == [(3, 16), (4, 16), (16,), (4, 1), (1,)]


def test_layers_are_listed_without_the_input_as_in_keras():
    model = classifier()
    assert [type(layer).__name__ for layer in model.layers] == ["Masking", "LSTM", "Dense"]
    assert model.get_layer(index=1) is model.layers[1]
    assert model.get_layer(model.layers[2].name) is model.layers[2]
    assert model.input_shape == (None, None, 3) and model.output_shape == (None, 2)


def test_pop_takes_the_top_layer_off():
    model = classifier()
    top = model.pop()
    assert type(top).__name__ == "Dense" and model.output_shape == (None, 5)
    model.add(layers.Dense(7))
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda m: m.add("lstm"), "expected a Layer, got str"),
        (lambda m: m.add(m.layers[0]), "is taken"),
        (lambda m: m.add(layers.Input((3,))), "expected to be the first layer"),
        (lambda m: m.get_layer("nobody"), "expected one of"),
        (lambda m: m.get_layer(), "either a name or an index"),
        (lambda m: m.get_layer(index=9), "there are 3"),
        (lambda m: m.set_weights([]), "expected 5, got 0"),
        (lambda m: m.summary(line_length=40), "line_length: not supported"),
        (lambda m: m.summary(width=40), "width: there is no such argument"),
        (lambda m: m(np.zeros((2, 5, 3)), mask=np.ones((2, 4))), r"mask: expected \(N, T\)"),
    ],
)
def test_misuse_is_told(action, message):
    with pytest.raises(ValueError, match=message):
        action(classifier())


def test_empty_models_say_so():
    for action in (Sequential().build, Sequential().pop, lambda: Sequential()(np.zeros((1, 2)))):
        with pytest.raises(ValueError, match="there are no layers"):
            action()


def test_several_outputs_of_a_layer_are_refused():
    with pytest.raises(ValueError, match="expected one output, got 3"):
        Sequential([layers.Input((None, 3)), layers.LSTM(4, return_state=True)])
    model = Sequential([layers.LSTM(4, return_state=True)])
    with pytest.raises(ValueError, match="expected one output, got 3"):
        model(np.zeros((2, 5, 3)))


def test_set_weights_is_all_or_nothing():
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"dense.*bias: expected"):
        model.set_weights([w + 1 for w in before[:-1]] + [np.zeros(9)])
    for a, b in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_summary_counts_parameters():
    lines: list[str] = []
    classifier().summary(print_fn=lines.append)
    text = "\n".join(lines)
    assert "LSTM" in text and "(None, 5)" in text and "180" in text
    assert "Total params: 192" in text and "Non-trainable params: 0" in text


def test_training_goes_back_no_further_than_the_first_layer_that_learns(monkeypatch):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 5, 3)), rng.normal(size=(6, 2))
    model = Sequential([
        layers.Input((5, 3)), layers.LSTM(4, return_sequences=True), layers.GRU(3), layers.Dense(2)
    ])  # fmt: skip
    model.compile("sgd", "mse")
    model.layers[0].trainable = False
    dy = rng.normal(size=model(x).shape)
    model.backward(dy)
    whole = model.gradients
    asked = []
    monkeypatch.setattr(layers.LSTM, "backward", lambda self, dy: asked.append(self))
    assert model.backward(dy, with_dx=False) is None and asked == []
    for one, other in zip(whole, model.gradients, strict=True):
        np.testing.assert_array_equal(one, other)
    assert all(layer.with_dx for layer in model.layers)
    model.fit(x, y, verbose=0)
    assert asked == []
    model.trainable = False
    assert model.backward(dy, with_dx=False) is None


def test_a_layer_whose_backward_fails_gives_dx_again_later():
    model = Sequential([layers.Input((3,)), layers.Dense(2)])
    model(np.ones((4, 3)))
    with pytest.raises(ValueError, match="dy"):
        model.backward(np.ones((4, 5)), with_dx=False)
    assert model.backward(np.ones((4, 2))).shape == (4, 3)


def test_trainable_false_freezes_everything():
    model = Sequential([layers.Input((2,)), layers.Dense(1)], trainable=False)
    assert model.trainable_weights == [] and len(model.weights) == 2
    model.trainable = True
    assert len(model.trainable_weights) == 2 and model.non_trainable_weights == []


def test_frozen_layers_do_not_change():
    x, y = sequences()
    model = classifier()
    model.layers[1].trainable = False
    before = model.get_weights()
    model.fit(x, y, verbose=0, seed=0)
    for a, b in zip(before[:3], model.weights[:3], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(before[3], model.weights[3])


def test_clone_has_the_architecture_but_weights_of_its_own():
    model = Sequential([layers.Input((None, 3)), layers.GRU(4), layers.Dense(2)])
    twin = clone_model(model)
    assert twin.get_config() == model.get_config()
    assert not np.array_equal(twin.weights[0], model.weights[0])


def test_a_saved_model_predicts_and_evaluates_the_same(tmp_path):
    x, y = sequences()
    model = classifier(metrics=["accuracy"], weighted_metrics=["ce"], loss="crossentropy")
    model.metadata = {"classes": ["no", "yes"]}
    model.fit(x, y, epochs=2, verbose=0, seed=0)
    save_model(model, tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz")
    np.testing.assert_array_equal(model.predict(x, verbose=0), loaded.predict(x, verbose=0))
    assert loaded.evaluate(x, y, verbose=0) == model.evaluate(x, y, verbose=0)
    assert loaded.metadata == model.metadata and loaded.get_config() == model.get_config()


def test_a_loaded_model_learns_on_as_if_it_had_not_been_saved(tmp_path):
    x, y = sequences()
    model = classifier(dropout=0.3)
    model.fit(x, y, epochs=2, verbose=0, seed=0)
    model.save(tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz")
    for one in (model, loaded):
        one.fit(x, y, epochs=2, verbose=0, seed=5)
    for a, b in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_without_decay_stay_without_it(tmp_path):
    x, y = sequences()
    model = classifier(optimizer=optimizers.AdamW(weight_decay=0.5))
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.save(tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz")
    model.fit(x, y, verbose=0, seed=0)
    model.save(tmp_path / "trained.npz")
    again = load_model(tmp_path / "trained.npz")
    loaded.fit(x, y, verbose=0, seed=0)
    for one in (model, again, loaded):
        one.fit(x, y, verbose=0, seed=0)
    for a, b, c in zip(model.weights, loaded.weights, again.weights, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


def test_a_model_is_loaded_without_its_training_if_asked(tmp_path):
    classifier().save(tmp_path / "m.npz")
    loaded = load_model(tmp_path / "m.npz", compile=False)
    assert not loaded.compiled
    with pytest.raises(ValueError, match="call compile first"):
        loaded.fit(*sequences())


def test_weights_alone_go_through_a_file(tmp_path):
    model, other = classifier(seed=3), classifier(seed=8)
    model.save_weights(tmp_path / "w.npz")
    other.load_weights(tmp_path / "w.npz")
    for a, b in zip(model.weights, other.weights, strict=True):
        np.testing.assert_array_equal(a, b)
    model.save(tmp_path / "m.npz")
    classifier(seed=8).load_weights(tmp_path / "m.npz")
    with pytest.raises(ValueError, match="weights alone, not a model"):
        load_model(tmp_path / "w.npz")


def test_weights_of_another_model_are_refused_and_nothing_changes(tmp_path):
    Sequential([layers.Input((None, 3)), layers.LSTM(6), layers.Dense(2)]).save_weights(
        tmp_path / "w.npz"
    )
    model = classifier()
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"w.npz: lstm.*kernel: expected float32 \(3, 20\)"):
        model.load_weights(tmp_path / "w.npz")
    for a, b in zip(before, model.weights, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_file_is_not_replaced_against_the_will(tmp_path):
    model = classifier()
    model.save(tmp_path / "m.npz")
    for save in (model.save, model.save_weights):
        with pytest.raises(ValueError, match="is there already"):
            save(tmp_path / "m.npz", overwrite=False)
    with pytest.raises(ValueError, match=r"ends in .npz"):
        model.save(tmp_path / "m.keras")
    with pytest.raises(ValueError, match="include_optimizer: not supported"):
        model.save(tmp_path / "n.npz", include_optimizer=False)


def test_a_model_with_nan_weights_is_not_saved(tmp_path):
    model = classifier()
    model.weights[2][0] = np.nan
    with pytest.raises(ValueError, match=r"lstm.*bias: expected finite"):
        model.save(tmp_path / "m.npz")
    assert not list(tmp_path.iterdir())


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model = classifier()
    model.save(tmp_path / "a.npz")
    model.save(tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_numpy_opens_the_file_without_pickles(tmp_path):
    model = classifier()
    model.save(tmp_path / "m.npz")
    with np.load(tmp_path / "m.npz", allow_pickle=False) as file:
        np.testing.assert_array_equal(file["weights/0000"], model.weights[0])


def test_resetting_a_model_resets_every_layer_of_it():
    stack = [layers.GRU(3, stateful=True, return_sequences=True), layers.LSTM(2, stateful=True)]
    model = Sequential([layers.Input((None, 2)), *stack])
    x = np.random.default_rng(0).normal(size=(3, 4, 2))
    first = model(x)
    assert not np.array_equal(model(x), first)
    model.reset_state()
    assert [layer.states for layer in stack] == [None, None]
    np.testing.assert_array_equal(model(x), first)
