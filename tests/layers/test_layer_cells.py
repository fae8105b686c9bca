"""RNN over cells: the three recurrences, stacked ones, and cells that a user writes."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers
from scratchrnn.models import Sequential

from .layer_checks import check_layer, flat, randomise

PAIRS = {
    "rnn": (layers.SimpleRNN, layers.SimpleRNNCell, {}),
    "lstm": (layers.LSTM, layers.LSTMCell, {}),
    "lstm-peepholes": (layers.LSTM, layers.LSTMCell, {"peepholes": True}),
    "gru": (layers.GRU, layers.GRUCell, {"activation": "sigmoid"}),
    "gru-reset-before": (layers.GRU, layers.GRUCell, {"reset_after": False, "use_bias": False}),
}
RUNS = {
    "last": {},
    "sequences": {"return_sequences": True, "return_state": True},
    "backwards": {"return_sequences": True, "go_backwards": True},
    "blanked": {"return_sequences": True, "zero_output_for_mask": True},
    "blanked-last": {"zero_output_for_mask": True, "return_state": True},
    "segments": {"checkpoint": 2, "return_state": True},
    "learnt-start": {"trainable_initial_state": True},
}
MASK = np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)


class Leaky(layers.Cell):
    """A user's cell with an output that is not its state, and two states of different size."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.state_size, self.output_size = [units, units + 1], 2

    def build(self, input_shape):
        n, m = self.state_size
        self.kernel = self.add_weight("kernel", (input_shape[-1], n))
        self.mix = self.add_weight("mix", (n, m))
        self.out = self.add_weight("out", (m, 2))
        super().build(input_shape)

    def step(self, x, states):
        a, b = states
        new_a = np.tanh(0.9 * a + x @ self.kernel)
        new_b = 0.5 * b + new_a @ self.mix
        return np.sin(new_b @ self.out), [new_a, new_b], (x, new_a, new_b)

    def step_backward(self, dy, d_states, cache):
        x, a, b = cache
        d_sum = dy * np.cos(b @ self.out)
        db = d_states[1] + d_sum @ self.out.T
        da = (d_states[0] + db @ self.mix.T) * (1 - a * a)
        gradients = [x.T @ da, a.T @ db, b.T @ d_sum]
        return da @ self.kernel.T, [0.9 * da, 0.5 * db], gradients

    def get_config(self):
        return {**super().get_config(), "units": self.state_size[0]}


def sequence() -> np.ndarray:
    """Inputs (3, 5, 2)."""
    return np.random.default_rng(1).normal(size=(3, 5, 2))


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("pair", PAIRS)
def test_a_cell_run_along_time_is_the_layer(pair, run):
    layer_class, cell_class, options = PAIRS[pair]
    layer = layer_class(4, dtype="float64", **options, **RUNS[run])
    other = layers.RNN(cell_class(4, dtype="float64", **options), **RUNS[run])
    x, rng, results = sequence(), np.random.default_rng(2), []
    states = None
    if not layer.trainable_initial_state:
        states = [rng.normal(size=(3, 4)) for _ in layer.state_names]
    for each in (layer, other):
        each.build(x.shape)
        # RNN's own weights, the initial state, stand before those of its cell
        own = len(each._own) if each is other else 0
        weights = each.weights[own:] + each.weights[:own]
        for value, draw in zip(weights, np.random.default_rng(3).spawn(9), strict=False):
            value[...] = draw.normal(size=value.shape)
        y = each(x, mask=MASK, initial_state=states)
        y, *final = y if isinstance(y, list) else [y]
        dx = each.backward(np.cos(y))
        gradients = each.gradients[own:] + each.gradients[:own]
        results.append([y, *final, dx, *each.d_initial_state, *gradients])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def stacked(**options):
    cells = [
        layers.LSTMCell(3, dtype="float64", **options),
        layers.GRUCell(5, dtype="float64", **options),
        layers.SimpleRNNCell(4, dtype="float64", **options),
    ]
    return cells


def stacked_states() -> list:
    rng = np.random.default_rng(4)
    draw = lambda n: rng.normal(size=(3, n))  # noqa: E731
    return [[draw(3), draw(3)], draw(5), draw(4)]


def test_stacked_cells_have_right_gradients():
    layer = layers.RNN(stacked(), return_sequences=True, return_state=True)
    check_layer(layer, sequence(), mask=MASK, states=stacked_states())


def test_stacked_cells_with_dropout_have_right_gradients():
    layer = layers.RNN(stacked(dropout=0.4, recurrent_dropout=0.3), checkpoint=3)
    check_layer(layer, sequence(), training=True)


def test_stacked_cells_are_stacked_layers():
    x, layer = sequence(), layers.RNN(stacked(), return_sequences=True)
    layer.build(x.shape)
    randomise(layer, np.random.default_rng(5))
    weights, y = layer.get_weights(), x
    for cls, units in ((layers.LSTM, 3), (layers.GRU, 5), (layers.SimpleRNN, 4)):
        one = cls(units, return_sequences=True, dtype="float64")
        one.build(y.shape)
        one.set_weights(weights[:3])
        weights, y = weights[3:], one(y)
    np.testing.assert_allclose(layer(x), y, atol=1e-14)


def test_states_of_stacked_cells_are_nested_as_the_cells_are():
    layer = layers.RNN(stacked(), return_state=True, stateful=True)
    y, (h, c), second, third = layer(sequence(), initial_state=stacked_states())
    assert [a.shape for a in (y, h, c, second, third)] == [(3, n) for n in (4, 3, 3, 5, 4)]
    np.testing.assert_array_equal(y, third)
    layer.backward(np.ones_like(y), [[None, np.ones_like(c)], None, None])
    assert [d.shape for d in flat(layer.d_initial_state)] == [(3, n) for n in (3, 3, 5, 4)]
    assert layer.compute_output_shape((None, 5, 2))[0] == (None, 4)
    kept = layer.states
    assert all(np.array_equal(a, b) for a, b in zip(kept, (h, c, second, third), strict=True))


@pytest.mark.parametrize("run", RUNS)
def test_a_cell_of_ones_own(run):
    layer = layers.RNN(Leaky(3, dtype="float64"), **RUNS[run])
    states = None
    if not layer.trainable_initial_state:
        rng = np.random.default_rng(6)
        states = [rng.normal(size=(3, n)) for n in (3, 4)]
    check_layer(layer, sequence(), mask=MASK, states=states)


def test_outputs_of_a_cell_of_ones_own_are_held_at_masked_steps():
    layer = layers.RNN(Leaky(3, dtype="float64"), return_sequences=True)
    y = layer(sequence(), mask=MASK)
    np.testing.assert_array_equal(y[0, 2], y[0, 1])
    assert not y[1, 0].any() and not y[2].any() and y[1, 1:].all()


def test_a_cell_of_ones_own_among_others_and_in_both_directions():
    cells = [layers.GRUCell(3, dtype="float64"), Leaky(2, dtype="float64")]
    layer = layers.RNN(cells, return_sequences=True)
    check_layer(layers.Bidirectional(layer, merge_mode="mul"), sequence(), mask=MASK)


def test_checkpoints_of_cells_give_the_same_bits():
    results = []
    for checkpoint in (False, True, 1, 2, 5):
        layer = layers.RNN(stacked(seed=1), checkpoint=checkpoint, return_sequences=True)
        y = layer(sequence(), mask=MASK)
        dx = layer.backward(np.cos(y))
        results.append([y, dx, *layer.gradients, *flat(layer.d_initial_state)])
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("cell", [layers.SimpleRNNCell, layers.LSTMCell, layers.GRUCell])
def test_cells_drop_the_same_inputs_at_every_step_and_only_in_training(cell):
    layer = layers.RNN([cell(4, dropout=0.5, use_bias=False, seed=1)], return_sequences=True)
    x = np.ones((50, 3, 2), np.float32)
    np.testing.assert_array_equal(layer(x), layer(x))
    assert layer.backward(np.ones((50, 3, 4))).all()
    first, second = layer(x, training=True), layer(x, training=True)
    assert not np.array_equal(first, second)
    dropped = layer.backward(np.ones((50, 3, 4))) == 0
    assert (dropped == dropped[:, :1]).all() and 0.3 < dropped.mean() < 0.7


def test_cells_drop_states_in_training():
    layer = layers.RNN(layers.SimpleRNNCell(4, recurrent_dropout=0.9, seed=1))
    x = sequence().astype(np.float32)
    assert not np.array_equal(layer(x), layer(x, training=True))
    np.testing.assert_array_equal(layer(x[:, :1]), layer(x[:, :1], training=True))


def test_one_step_of_a_cell_is_a_sequence_of_one():
    cell = layers.LSTMCell(4, seed=1)
    x, states = np.ones((3, 2), np.float32), [np.full((3, 4), 0.5), np.full((3, 4), -1.0)]
    y, (h, c) = cell(x, states)
    layer = layers.LSTM(4, return_state=True)
    layer.build((None, None, 2))
    layer.set_weights(cell.get_weights())
    expected = layer(x[:, None], initial_state=states)
    for a, b in zip((y, h, c), expected, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
        assert a.dtype == np.float32


def test_gradients_of_cells_line_up_with_their_weights():
    layer = layers.RNN(stacked(), trainable_initial_state=True)
    layer.backward(np.ones_like(layer(sequence())))
    assert [g.shape for g in layer.gradients] == [w.shape for w in layer.trainable_weights]
    layer.cell.cells[1].trainable = False
    assert len(layer.gradients) == len(layer.trainable_weights) == 4 + 3 + 3
    assert len(layer.weights) == 4 + 9


def test_cells_of_ones_own_are_made_again_once_known():
    layer = layers.RNN([layers.GRUCell(3), Leaky(2)], return_state=True)
    description = layers.serialize(layer)
    twin = layers.deserialize(description, {"Leaky": Leaky})
    assert twin.get_config() == layer.get_config()
    with pytest.raises(ValueError, match="'Leaky'"):
        layers.deserialize(description)


def test_what_is_no_cell_is_an_error():
    with pytest.raises(ValueError, match="RNN: cell: expected a Cell"):
        layers.RNN(layers.Dense(3))
    with pytest.raises(ValueError, match="state_size: expected sizes >= 1"):
        layers.RNN(layers.Cell())
    with pytest.raises(ValueError, match="cells: expected a list of cells"):
        layers.StackedRNNCells([])
    with pytest.raises(ValueError, match="dtype: expected float64 throughout"):
        layers.RNN([layers.GRUCell(3, dtype="float64"), layers.GRUCell(3)])
    with pytest.raises(ValueError, match=r"RNN: x: expected \(N, T, D=2\), got \(3, 5, 4\)"):
        layer = layers.RNN(layers.GRUCell(3))
        layer.build((None, None, 2))
        layer(np.zeros((3, 5, 4)))


def test_stacked_cells_are_built_for_any_batch_and_for_what_comes_from_below():
    class Noting(layers.SimpleRNNCell):
        """Keeps the shape that it is built for."""

        def build(self, input_shape):
            self.seen = input_shape
            super().build(input_shape)

    stack = layers.StackedRNNCells([Noting(4), Noting(2)])
    stack.build((None, 3))
    assert [cell.seen for cell in stack.cells] == [(None, 3), (None, 4)]


def test_a_cell_is_no_layer_for_sequences():
    with pytest.raises(ValueError, match=r"a cell runs one step; .* RNN\(GRUCell"):
        Sequential([layers.Input((None, 2)), layers.GRUCell(3)])
    with pytest.raises(ValueError, match="rnn_state: expected one output, got 2"):
        cell = layers.GRUCell(3)
        Sequential([layers.Input((4, 2)), layers.RNN(cell, return_state=True, name="rnn_state")])
