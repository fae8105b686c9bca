"""What recurrent layers are: directions, mirrors, states that carry from batch to batch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scratchrnn
from scratchrnn import layers

from ..recurrences import BACKENDS

KINDS = {
    "SimpleRNN": (layers.SimpleRNN, {}),
    "LSTM": (layers.LSTM, {}),
    "GRU": (layers.GRU, {}),
    "GRU before": (layers.GRU, {"reset_after": False}),
}
TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


@pytest.fixture(params=BACKENDS, autouse=True)
def backend(request):
    with scratchrnn.use_backend(request.param):
        yield


@st.composite
def settings_of_layers(draw, least_steps=1):
    """Draw a kind of layer, a shape (N, T, D, H), a dtype and a generator."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    dtype = draw(st.sampled_from(sorted(TOLERANCE)))
    N, D, H = (draw(st.integers(1, 4)) for _ in range(3))
    T = draw(st.integers(least_steps, 6))
    return kind, (N, T, D, H), dtype, np.random.default_rng(draw(st.integers(0, 2**32 - 1)))


def make(kind: str, shape, dtype: str, rng, wrap=lambda layer: layer, **options):
    """Return a built layer with random weights, biases included."""
    make_layer, more = KINDS[kind]
    layer = wrap(make_layer(shape[3], dtype=dtype, **more, **options))
    layer.build((None, None, shape[2]))
    layer.set_weights([0.5 * rng.standard_normal(w.shape) for w in layer.get_weights()])
    return layer


def draw_arrays(shape, dtype: str, rng):
    """Return x (N, T, D) and dy (N, T, H)."""
    N, T, D, H = shape
    return [rng.standard_normal(s).astype(dtype) for s in ((N, T, D), (N, T, H))]


def close(got, want, dtype: str) -> None:
    """Assert that lists of arrays agree to the precision of a dtype."""
    for a, b in zip(got, want, strict=True):
        size = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=0, atol=4 * TOLERANCE[dtype] * size)


@given(drawn=settings_of_layers())
def test_go_backwards_is_reversal(drawn):
    kind, shape, dtype, rng = drawn
    forward = make(kind, shape, dtype, rng, return_sequences=True)
    backward = make(kind, shape, dtype, rng, return_sequences=True, go_backwards=True)
    backward.set_weights(forward.get_weights())
    x, dy = draw_arrays(shape, dtype, rng)
    close([backward(x)], [forward(x[:, ::-1])], dtype)
    close([backward.backward(dy)[:, ::-1]], [forward.backward(dy)], dtype)
    close(backward.gradients, forward.gradients, dtype)


@given(drawn=settings_of_layers())
def test_a_bidirectional_layer_of_mirrored_weights_mirrors(drawn):
    kind, shape, dtype, rng = drawn
    N, T, D, H = shape
    layer = make(kind, shape, dtype, rng, layers.Bidirectional, return_sequences=True)
    weights = layer.get_weights()
    half = len(weights) // 2
    layer.set_weights(weights[:half] * 2)
    x, dy = draw_arrays((N, T, D, 2 * H), dtype, rng)

    def mirrored(y):
        return np.concatenate([y[:, ::-1, H:], y[:, ::-1, :H]], axis=2)

    y, dx = layer(x), layer.backward(dy)
    gradients = layer.gradients
    close([layer(np.ascontiguousarray(x[:, ::-1]))], [mirrored(y)], dtype)
    close([layer.backward(mirrored(dy))], [dx[:, ::-1]], dtype)
    close(layer.gradients, gradients[half:] + gradients[:half], dtype)


@given(drawn=settings_of_layers(least_steps=2), data=st.data())
def test_a_stateful_layer_in_pieces_is_one_long_sequence(drawn, data):
    kind, shape, dtype, rng = drawn
    at = data.draw(st.integers(1, shape[1] - 1))
    whole = make(kind, shape, dtype, rng, return_sequences=True)
    pieces = make(kind, shape, dtype, rng, return_sequences=True, stateful=True)
    pieces.set_weights(whole.get_weights())
    x, _ = draw_arrays(shape, dtype, rng)
    y = np.concatenate([pieces(x[:, :at]), pieces(x[:, at:])], axis=1)
    close([y], [whole(x)], dtype)
    pieces.reset_state()
    close([pieces(x[:, :at])], [y[:, :at]], dtype)


@given(drawn=settings_of_layers())
def test_a_stateless_layer_forgets_between_calls(drawn):
    kind, shape, dtype, rng = drawn
    layer = make(kind, shape, dtype, rng)
    x, other = (draw_arrays(shape, dtype, rng)[0] for _ in range(2))
    first = layer(x)
    layer(other)
    np.testing.assert_array_equal(layer(x), first)


@given(drawn=settings_of_layers())
def test_the_last_output_is_the_last_real_one(drawn):
    kind, shape, dtype, rng = drawn
    N, T = shape[:2]
    x, _ = draw_arrays(shape, dtype, rng)
    lengths = rng.integers(1, T + 1, size=N)
    mask = np.arange(T)[None, :] < lengths[:, None]
    last = make(kind, shape, dtype, rng)
    sequences = make(kind, shape, dtype, rng, return_sequences=True)
    sequences.set_weights(last.get_weights())
    y = sequences(x)
    close(
        [last(np.where(mask[..., None], x, np.nan), mask=mask)],
        [y[np.arange(N), lengths - 1]],
        dtype,
    )
    dy = rng.standard_normal((N, shape[3])).astype(dtype)
    spread = np.zeros_like(y)
    spread[np.arange(N), lengths - 1] = dy
    dx, expected = last.backward(dy), sequences.backward(spread)
    close([dx, *last.gradients], [expected, *sequences.gradients], dtype)
    assert not dx[~mask].any()
