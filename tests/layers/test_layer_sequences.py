"""What recurrent layers promise about order, masks, states and dropout."""

from __future__ import annotations

import numpy as np
import pytest

import scratchrnn
from scratchrnn import layers

MAKERS = {
    "rnn": lambda **o: layers.SimpleRNN(4, dtype="float64", seed=7, **o),
    "lstm": lambda **o: layers.LSTM(4, dtype="float64", seed=7, peepholes=True, **o),
    "gru": lambda **o: layers.GRU(4, dtype="float64", seed=7, **o),
    "gru-reset-before": lambda **o: layers.GRU(4, reset_after=False, dtype="float64", seed=7, **o),
}


@pytest.fixture(params=MAKERS)
def make(request):
    """Make a recurrent layer of 4 units; the same weights every time."""

    def build(**options):
        layer = MAKERS[request.param](**options)
        layer.build((None, None, 2))
        rng = np.random.default_rng(8)
        for value in layer.weights[:4]:
            value[...] = rng.normal(size=value.shape)
        return layer

    return build


@pytest.fixture
def x() -> np.ndarray:
    """Inputs (3, 5, 2)."""
    return np.random.default_rng(1).normal(size=(3, 5, 2))


def random_states(layer, seed=2) -> list[np.ndarray]:
    """Initial states (3, 4), random and non-zero."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(3, 4)) for _ in layer.state_names]


MASK = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


# -- order -----------------------------------------------------------------------------------


def test_last_output_is_the_last_of_the_sequence(make, x):
    np.testing.assert_array_equal(make()(x), make(return_sequences=True)(x)[:, -1])


def test_go_backwards_is_the_reversed_sequence(make, x):
    forward, backward = make(return_sequences=True), make(return_sequences=True, go_backwards=True)
    y = backward(x)
    np.testing.assert_array_equal(y, forward(x[:, ::-1]))
    dy = np.random.default_rng(3).normal(size=y.shape)
    np.testing.assert_array_equal(backward.backward(dy), forward.backward(dy)[:, ::-1])


def test_two_halves_with_carried_state_are_the_whole(make, x):
    layer = make(return_sequences=True, return_state=True)
    whole, *final = layer(x)
    dy = np.random.default_rng(3).normal(size=whole.shape)
    dx, gradients = layer.backward(dy), layer.gradients
    first, *between = layer(x[:, :2])
    second, *end = layer(x[:, 2:], initial_state=between)
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=1e-14)
    for a, b in zip(end, final, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)
    dx_second = layer.backward(dy[:, 2:])
    sums, d_between = layer.gradients, layer.d_initial_state
    layer(x[:, :2])
    dx_first = layer.backward(dy[:, :2], d_between)
    np.testing.assert_allclose(np.concatenate([dx_first, dx_second], axis=1), dx, atol=1e-13)
    for a, b, total in zip(sums, layer.gradients, gradients, strict=True):
        np.testing.assert_allclose(a + b, total, atol=1e-12)


# -- masks -----------------------------------------------------------------------------------


def test_masked_steps_repeat_the_output_before(make, x):
    y = make(return_sequences=True)(x, mask=MASK)
    np.testing.assert_array_equal(y[0, 2], y[0, 1])
    np.testing.assert_array_equal(y[0, 4], y[0, 3])


def test_outputs_before_the_first_real_step_are_zero_and_the_state_waits(make, x):
    layer = make(return_sequences=True, return_state=True)
    states = random_states(layer)
    y, *final = layer(x, mask=MASK, initial_state=states)
    assert not y[1, 0].any() and not y[2].any()
    short, *short_final = layer(x[1:2, 1:], initial_state=[s[1:2] for s in states])
    np.testing.assert_allclose(y[1:2, 1:], short, atol=1e-15)
    for end, short_end, start in zip(final, short_final, states, strict=True):
        np.testing.assert_allclose(end[1:2], short_end, atol=1e-15)
        np.testing.assert_array_equal(end[2], start[2])


def test_a_row_masked_throughout_gives_zero_as_last_output(make, x):
    layer = make()
    y = layer(x, mask=MASK, initial_state=random_states(layer))
    assert not y[2].any() and y[:2].all()


def test_zero_output_for_mask_blanks_masked_steps_only(make, x):
    kept, blanked = (
        make(return_sequences=True),
        make(return_sequences=True, zero_output_for_mask=True),
    )
    np.testing.assert_array_equal(
        blanked(x, mask=MASK), np.where(MASK[..., None], kept(x, mask=MASK), 0)
    )


@pytest.mark.parametrize("hidden", [1e3, np.nan, np.inf])
def test_what_a_mask_hides_changes_nothing(make, x, hidden):
    layer = make(return_sequences=True, return_state=True, dropout=0.3)
    other = np.where(MASK[..., None], x, hidden)
    dy = np.random.default_rng(3).normal(size=(3, 5, 4))
    results = []
    before = layer.get_state()
    for inputs in (x, other):
        layer.set_state(before)
        y, *final = layer(inputs, mask=MASK, training=True)
        dx = layer.backward(dy, random_states(layer, 4))
        assert not dx[~MASK].any()
        results.append([y, *final, dx, *layer.gradients, *layer.d_initial_state])
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)


def test_length_of_the_padding_is_irrelevant(make, x):
    layer = make(return_state=True)
    padded = np.concatenate([x, np.full((3, 4, 2), 9.0)], axis=1)
    mask = np.arange(9) < 5
    for a, b in zip(layer(padded, mask=np.tile(mask, (3, 1))), layer(x), strict=True):
        np.testing.assert_array_equal(a, b)


def test_mask_passes_on_with_sequences_and_ends_with_the_last_step(make, x):
    assert make(return_sequences=True).compute_mask(x, MASK) is MASK
    assert make().compute_mask(x, MASK) is None


# -- states ----------------------------------------------------------------------------------


def test_stateful_batches_are_one_long_sequence(make, x):
    whole = make(return_sequences=True)(x)
    layer = make(return_sequences=True, stateful=True)
    parts = [layer(x[:, :2]), layer(x[:, 2:3]), layer(x[:, 3:])]
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-14)
    layer.reset_state()
    np.testing.assert_array_equal(layer(x), whole)
    layer.reset_states()
    assert layer.states is None


def test_stateless_layers_forget(make, x):
    layer = make()
    np.testing.assert_array_equal(layer(x), layer(x))
    assert layer.states is None


def test_given_state_goes_before_carried_state(make, x):
    layer = make(stateful=True)
    layer(x)
    states = random_states(layer)
    np.testing.assert_array_equal(layer(x, initial_state=states), make()(x, initial_state=states))


def test_carried_states_are_no_part_of_what_was_returned(make, x):
    layer = make(stateful=True, return_state=True)
    _, *final = layer(x)
    kept = [s.copy() for s in layer.states]
    for state in final:
        state[...] = 99.0
    for a, b in zip(layer.states, kept, strict=True):
        np.testing.assert_array_equal(a, b)


def test_stateful_refuses_another_number_of_sequences(make, x):
    layer = make(stateful=True)
    layer(x)
    with pytest.raises(ValueError, match=r"stateful: expected the 3 sequences .* got 2"):
        layer(x[:2])


def test_return_state_gives_output_then_states(make, x):
    layer = make(return_state=True)
    y, *states = layer(x)
    assert len(states) == len(layer.state_names)
    np.testing.assert_array_equal(y, states[0])
    assert not np.shares_memory(y, states[0])


def test_one_array_serves_as_the_state_of_a_layer_with_one(x):
    layer, h0 = MAKERS["gru"](), np.ones((3, 4))
    np.testing.assert_array_equal(layer(x, initial_state=h0), layer(x, initial_state=[h0]))


def test_initial_state_is_learnt_and_equal_for_all_rows(make, x):
    layer = make(trainable_initial_state=True)
    start = [np.full(4, 0.5 + k) for k in range(len(layer.state_names))]
    for weight, value in zip(layer.weights[-len(start) :], start, strict=True):
        weight[...] = value
    given = [np.tile(s, (3, 1)) for s in start]
    np.testing.assert_array_equal(layer(x), layer(x, initial_state=given))
    for a, b in zip(layer.get_initial_state(3), given, strict=True):
        np.testing.assert_array_equal(a, b)
    layer(x)
    layer.backward(np.ones((3, 4)))
    summed = [d.sum(axis=0) for d in layer.d_initial_state]
    for gradient, d in zip(layer.gradients[-len(start) :], summed, strict=True):
        np.testing.assert_array_equal(gradient, d)


def test_gradient_of_the_initial_state_is_there_without_one(make, x):
    layer = make()
    layer(x)
    layer.backward(np.ones((3, 4)))
    assert [d.shape for d in layer.d_initial_state] == [(3, 4)] * len(layer.state_names)
    assert all(d.any() for d in layer.d_initial_state)


# -- dropout ---------------------------------------------------------------------------------


def test_dropout_rests_outside_training(make, x):
    np.testing.assert_array_equal(make(dropout=0.5, recurrent_dropout=0.5)(x), make()(x))


def test_dropout_drops_the_same_inputs_at_every_step(make):
    x = np.ones((50, 4, 2))
    layer = make(dropout=0.5, use_bias=False)
    layer(x, training=True)
    dx = layer.backward(np.ones((50, 4)))
    dropped = dx == 0
    assert (dropped == dropped[:, :1]).all()
    assert 0.3 < dropped.mean() < 0.7


def test_recurrent_dropout_spares_the_first_step(make):
    x = np.random.default_rng(1).normal(size=(3, 2, 2))
    plain, dropped = make(return_sequences=True), make(return_sequences=True, recurrent_dropout=0.9)
    y = dropped(x, training=True)
    np.testing.assert_array_equal(y[:, 0], plain(x)[:, 0])
    assert (y[:, 1] != plain(x)[:, 1]).any()


def test_masks_of_dropout_differ_from_call_to_call_and_repeat_with_the_seed(make, x):
    first, second = make(dropout=0.5), make(dropout=0.5)
    runs = [first(x, training=True) for _ in range(3)]
    assert not np.array_equal(runs[0], runs[1])
    for run in runs:
        np.testing.assert_array_equal(run, second(x, training=True))


# -- segments --------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sequences", [True, False])
def test_checkpointing_gives_the_same_bits(make, sequences, dtype):
    rng = np.random.default_rng(5)
    x, mask = rng.normal(size=(3, 11, 2)), rng.random((3, 11)) > 0.3
    options = {"return_sequences": sequences, "return_state": True, "dropout": 0.3}
    results = []
    for checkpoint in (False, True, 1, 4, 5, 11, 40):
        layer = make(checkpoint=checkpoint, recurrent_dropout=0.2, go_backwards=True, **options)
        y, *states = layer(x, mask=mask, initial_state=random_states(layer), training=True)
        dy = np.random.default_rng(6).normal(size=y.shape)
        dx = layer.backward(dy, random_states(layer, 9))
        results.append([y, *states, dx, *layer.gradients, *layer.d_initial_state])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def bytes_held(kept, but) -> int:
    """Return the bytes of all arrays that a call keeps for backward, without those of `but`."""
    owners: dict[int, int] = {}

    def walk(part):
        if isinstance(part, np.ndarray):
            while isinstance(part.base, np.ndarray):
                part = part.base
            owners[part.__array_interface__["data"][0]] = part.nbytes
        elif isinstance(part, dict | list | tuple):
            for inner in part.values() if isinstance(part, dict) else part:
                walk(inner)

    walk(kept)
    return sum(size for place, size in owners.items() if place not in {
        array.__array_interface__["data"][0] for array in but
    })  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "numba"])
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "SimpleRNN"])
def test_checkpoints_keep_at_most_a_tenth_of_the_cache(kind, backend):
    x, held = np.random.default_rng(0).normal(size=(2, 1000, 3)).astype("float32"), []
    with scratchrnn.use_backend(backend):
        for checkpoint in (False, True):
            layer = getattr(layers, kind)(64, return_sequences=True, checkpoint=checkpoint)
            layer(x, training=True)
            held.append(bytes_held(layer._kept, [x, *layer.weights]))
            if checkpoint:  # what is computed again takes the place of what was kept
                layer.backward(np.ones((2, 1000, 64), "float32"))
                assert bytes_held(layer._kept, [x, *layer.weights]) < 0.1 * held[0]
    assert 0 < held[1] < 0.1 * held[0]
