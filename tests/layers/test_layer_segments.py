"""Checkpoints: how a sequence is cut, what is computed again, and what is not copied."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest

from scratchrnn import backend, layers
from scratchrnn.layers.sequence import segments

N, D, H = 2, 3, 4


def lengths(pieces) -> list[int]:
    return [piece.stop - piece.start for piece in pieces]


@pytest.mark.parametrize("checkpoint", [False, True, 1, 3, 7, 100])
@pytest.mark.parametrize("T", [1, 2, 6, 7, 101, 1500])
def test_segments_cover_every_step_once_in_order(T, checkpoint):
    pieces = segments(T, checkpoint)
    assert [t for piece in pieces for t in range(piece.start, piece.stop)] == list(range(T))
    assert len(set(lengths(pieces)[:-1])) <= 1 and lengths(pieces)[-1] <= lengths(pieces)[0]
    if type(checkpoint) is int:
        assert lengths(pieces)[0] == min(checkpoint, T)
    if not checkpoint:
        assert pieces == [slice(0, T)]


@pytest.mark.parametrize(("T", "longest"), [
    (1, 1), (2, 2), (4, 2), (5, 3), (100, 10), (101, 11),  # the root, rounded up
    (1000, 84), (1152, 96),  # a dozen segments
    (1153, 96), (5000, 96), (9216, 96),  # no longer than 96
    (9217, 97), (10_000, 100), (10_001, 101),  # the root again
])  # fmt: skip
def test_segments_are_as_long_as_the_root_or_a_dozen_of_up_to_96(T, longest):
    assert lengths(segments(T, True))[0] == min(T, longest)


def test_a_gru_is_cut_into_eleven_segments_the_others_into_twelve():
    x = np.zeros((1, 1000, 1))
    for name, expected in (("SimpleRNN", 12), ("LSTM", 12), ("GRU", 11)):
        layer = getattr(layers, name)(1, checkpoint=True)
        layer(x)
        assert len(layer._kept.pieces) == expected


class Watched:
    """An LSTM, and what its recurrence is given."""

    def __init__(self, **options):
        self.layer = layers.LSTM(H, seed=1, return_sequences=True, **options)
        self.layer.build((None, None, D))
        self.x, self.dh, recurrence = [], [], self.layer._recurrence

        def watching(steps):
            real = recurrence(steps)

            def forward(x, *arguments, **options):
                self.x.append(x)
                return real.forward(x, *arguments, **options)

            def backward(dh, *arguments, **options):
                self.dh.append(dh)
                return real.backward(dh, *arguments, **options)

            return backend.Recurrence(forward, backward)

        self.layer._recurrence = watching


def inputs(T: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    return tuple(rng.normal(size=(N, T, size)).astype("float32") for size in (D, H))


def test_a_whole_pass_copies_nothing_and_computes_nothing_again():
    watched, (x, dy) = Watched(), inputs(7)
    watched.layer(x)
    first = watched.layer.backward(dy)
    np.testing.assert_array_equal(watched.layer.backward(dy), first)
    assert len(watched.x) == 1 and len(watched.dh) == 2
    assert np.shares_memory(watched.x[0], x) and np.shares_memory(watched.dh[0], dy)


@pytest.mark.parametrize("T", [6, 7])
def test_segments_lie_side_by_side_in_memory_for_one(T):
    watched, (x, dy) = Watched(checkpoint=3), inputs(T)
    watched.layer(x)
    kept = [part.copy() for part in watched.x]
    watched.layer.backward(dy)
    there, back = watched.x[: len(kept)], watched.dh
    for parts, size in ((there, D), (back, H)):
        assert [part.shape[1] for part in parts] in ([3, 3], [3, 3, 1], [1, 3, 3])
        assert all(part.base is parts[0].base for part in parts)
        assert parts[0].base.shape == (N, 3, size) and parts[0].base.flags.c_contiguous
    np.testing.assert_array_equal(kept[-1], there[-1])


def test_each_backward_computes_all_segments_again_but_the_last_once():
    watched, (x, dy) = Watched(checkpoint=3), inputs(6)
    watched.layer(x)
    assert len(watched.x) == 2
    first = watched.layer.backward(dy)
    assert len(watched.x) == 3  # the last one's cache was there
    np.testing.assert_array_equal(watched.layer.backward(dy), first)
    assert len(watched.x) == 5


@pytest.mark.parametrize(("checkpoint", "times"), [(False, 0), (6, 0), (3, 2), (2, 2)])
def test_weights_are_laid_out_once_for_all_segments(monkeypatch, checkpoint, times):
    entered = []
    monkeypatch.setattr(backend, "same_weights", lambda: entered.append(1) or nullcontext())
    layer, (x, dy) = layers.LSTM(H, return_sequences=True, checkpoint=checkpoint), inputs(6)
    layer(x)
    layer.backward(dy)
    assert len(entered) == times


# -- outputs before the first real step ------------------------------------------------------


def test_outputs_wait_for_the_first_real_step_of_each_row():
    x, _ = inputs(3)
    layer = layers.LSTM(H, return_sequences=True, seed=1)
    mask = np.array([[0, 1, 1], [1, 1, 1]], bool)
    y = layer(x, mask=mask, initial_state=[np.ones((N, H)), np.ones((N, H))])
    assert not y[0, 0].any() and y[1].all() and y[0, 1:].all()
    one = layer(x[:, :1], mask=mask[:, :1], initial_state=[np.ones((N, H)), np.ones((N, H))])
    assert not one[0].any() and one[1].all()


def test_no_output_is_copied_where_nothing_has_to_be_blanked():
    x, _ = inputs(3)
    layer = layers.LSTM(H, return_sequences=True, seed=1)
    late, early = np.array([[0, 1, 1]] * N, bool), np.array([[1, 0, 1]] * N, bool)
    states = [np.ones((N, H)), np.ones((N, H))]
    for mask, start, blanked in ((late, None, False), (early, None, False),
                                 (early, states, False), (late, states, True)):  # fmt: skip
        layer(x, mask=mask, initial_state=start)
        assert (layer._kept.shown is not None) == blanked
