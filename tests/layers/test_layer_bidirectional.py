"""Both directions: every merge mode, masks, states, and which end is which."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers

from .layer_checks import check_layer, randomise

MODES = ("concat", "sum", "ave", "mul", None)
MASK = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


def sequence() -> np.ndarray:
    """Inputs (3, 5, 2)."""
    return np.random.default_rng(1).normal(size=(3, 5, 2))


def states(n: int) -> list[np.ndarray]:
    """Initial states (3, 4)."""
    rng = np.random.default_rng(2)
    return [rng.normal(size=(3, 4)) for _ in range(n)]


def lstm(**options):
    return layers.LSTM(4, dtype="float64", seed=3, **options)


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize("mode", MODES)
def test_gradients_of_every_merge_mode(mode, sequences):
    layer = layers.Bidirectional(
        layers.GRU(3, dtype="float64", return_sequences=sequences), merge_mode=mode
    )
    check_layer(layer, sequence(), mask=MASK)


@pytest.mark.parametrize("mode", ["concat", None])
def test_gradients_with_states_in_and_out(mode):
    layer = layers.Bidirectional(lstm(return_sequences=True, return_state=True), merge_mode=mode)
    check_layer(layer, sequence(), states=states(4), mask=MASK)


def test_gradients_with_another_backward_layer():
    layer = layers.Bidirectional(
        layers.GRU(3, dtype="float64"),
        backward_layer=layers.SimpleRNN(5, go_backwards=True, dtype="float64"),
    )
    check_layer(layer, sequence())
    assert layer(sequence()).shape == (3, 8)


@pytest.mark.parametrize("sequences", [True, False])
def test_the_halves_are_the_two_layers(sequences):
    x = sequence()
    layer = layers.Bidirectional(lstm(return_sequences=sequences), merge_mode=None)
    layer.build(x.shape)
    forward = lstm(return_sequences=sequences)
    backward = lstm(return_sequences=sequences, go_backwards=True)
    for half, one, weights in zip(
        layer(x), (forward, backward), np.split(np.arange(6), 2), strict=True
    ):
        one.build(x.shape)
        one.set_weights([layer.get_weights()[k] for k in weights])
        y = one(x)
        np.testing.assert_array_equal(half, y[:, ::-1] if sequences and one is backward else y)


def test_last_state_of_the_backward_half_belongs_to_the_first_step():
    x = sequence()
    layer = layers.Bidirectional(lstm(return_sequences=True, return_state=True), merge_mode=None)
    y, z, h, _, h_backward, _ = layer(x)
    np.testing.assert_array_equal(y[:, -1], h)
    np.testing.assert_array_equal(z[:, 0], h_backward)


def test_outputs_at_masked_steps_are_zero_with_sequences():
    layer = layers.Bidirectional(lstm(return_sequences=True))
    y = layer(sequence(), mask=MASK, initial_state=states(4))
    assert not y[~MASK].any() and y[MASK].all()
    assert layer.compute_mask(sequence(), MASK) is MASK
    assert layers.Bidirectional(lstm()).compute_mask(sequence(), MASK) is None


def test_padding_hides_from_both_directions():
    x, layer = sequence(), layers.Bidirectional(lstm(return_sequences=True))
    whole = layer(x)
    padded = np.concatenate([x, np.full((3, 3, 2), np.nan)], axis=1)
    mask = np.tile(np.arange(8) < 5, (3, 1))
    np.testing.assert_array_equal(layer(padded, mask=mask)[:, :5], whole)


def test_mirrored_weights_mirror_the_output():
    x = sequence()
    layer = layers.Bidirectional(lstm(return_sequences=True))
    layer.build(x.shape)
    randomise(layer, np.random.default_rng(4))
    y, weights = layer(x), layer.get_weights()
    layer.set_weights(weights[3:] + weights[:3])
    swapped = np.concatenate(np.split(layer(x[:, ::-1]), 2, axis=-1)[::-1], axis=-1)
    np.testing.assert_allclose(swapped[:, ::-1], y, atol=1e-15)


def test_directions_start_with_different_weights_whatever_the_seed():
    seeded = layers.LSTM(4, kernel_initializer={"class_name": "GlorotUniform",
                                                "config": {"seed": 5}})  # fmt: skip
    for inner in (layers.LSTM(4), layers.LSTM(4, seed=1), seeded):
        layer = layers.Bidirectional(inner)
        layer.build((None, None, 2))
        assert not np.array_equal(layer.weights[0], layer.weights[3])


def test_a_seed_repeats_weights_and_dropout():
    def run():
        layer = layers.Bidirectional(layers.GRU(4, seed=1, dropout=0.5))
        return layer(sequence(), training=True)

    np.testing.assert_array_equal(run(), run())


def test_stateful_halves_carry_on_and_reset():
    x, layer = sequence(), layers.Bidirectional(lstm(stateful=True))
    first, second = layer(x), layer(x)
    assert not np.array_equal(first, second)
    layer.reset_state()
    np.testing.assert_array_equal(layer(x), first)


def test_names_and_weights_are_kerass():
    layer = layers.Bidirectional(layers.LSTM(4, name="cell"), name="both")
    layer.build((None, None, 2))
    names = ["kernel", "recurrent_kernel", "bias"]
    assert layer.weight_names == [f"{d}_cell/{n}" for d in ("forward", "backward") for n in names]
    weights = [np.full(w.shape, k) for k, w in enumerate(layer.weights)]
    given = layers.Bidirectional(layers.LSTM(4), weights=weights)
    given.build((None, None, 2))
    assert [w.flat[0] for w in given.weights] == list(range(6))


def test_shapes_are_foretold():
    for mode in MODES:
        for state in (True, False):
            layer = layers.Bidirectional(lstm(return_state=state), merge_mode=mode)
            outputs = layer(sequence())
            foretold = layer.compute_output_shape((3, 5, 2))
            if isinstance(outputs, list):
                assert tuple(a.shape for a in outputs) == foretold
            else:
                assert outputs.shape == foretold


@pytest.mark.parametrize("mode", MODES)
def test_configuration_makes_the_same_layer(mode):
    layer = layers.Bidirectional(lstm(return_sequences=True), merge_mode=mode)
    twin = layers.deserialize(layers.serialize(layer))
    assert twin.get_config() == layer.get_config()
    given = layers.Bidirectional(
        lstm(), merge_mode=mode, backward_layer=layers.GRU(4, go_backwards=True, dtype="float64")
    )
    twin = layers.deserialize(layers.serialize(given))
    assert twin.get_config() == given.get_config()
    assert type(twin.backward_layer) is layers.GRU


def test_the_layer_given_is_not_touched():
    inner = layers.LSTM(4, return_sequences=True)
    layers.Bidirectional(inner)(sequence())
    assert not inner.built and not inner.zero_output_for_mask


def test_wrong_arguments_are_errors():
    with pytest.raises(ValueError, match="merge_mode: expected one of"):
        layers.Bidirectional(lstm(), merge_mode="max")
    with pytest.raises(ValueError, match="layer: expected a recurrent layer, got Dense"):
        layers.Bidirectional(layers.Dense(3))
    with pytest.raises(ValueError, match="go_backwards: expected the other way"):
        layers.Bidirectional(lstm(), backward_layer=lstm())
    with pytest.raises(ValueError, match="return_sequences: expected False, got True"):
        layers.Bidirectional(lstm(), backward_layer=lstm(go_backwards=True, return_sequences=True))
    with pytest.raises(ValueError, match="dtype: expected float64 throughout, got float32"):
        layers.Bidirectional(lstm(), backward_layer=layers.LSTM(4, go_backwards=True))
    layer = layers.Bidirectional(lstm(), merge_mode=None)
    layer(sequence())
    with pytest.raises(ValueError, match="dy: expected the pair"):
        layer.backward(np.zeros((3, 8)))
    with pytest.raises(ValueError, match="initial_state: expected the forward layer's states"):
        layer(sequence(), initial_state=states(3))


def test_both_halves_drop_in_training_and_only_then():
    x = sequence()
    layer = layers.Bidirectional(lstm(dropout=0.5, recurrent_dropout=0.5), merge_mode=None)
    plain = layer(x)
    for half, other, again in zip(layer(x, training=True), plain, layer(x), strict=True):
        assert not np.isclose(half, other).any()
        np.testing.assert_array_equal(again, other)
