"""What a recurrence hands out is the caller's own: nothing it keeps shares memory with it.

A caller may overwrite every array that came back, and every one that went in, between forward and
backward. The gradients have to be those of the numbers that forward saw.
"""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import cells
from scratchrnn.cells import convlstm, lngru, lnlstm
from scratchrnn.cells.convolution import Windows

N, T, D, H = 3, 4, 2, 5
IMAGE, OUT = (3, 4, 2), (3, 4, 5)  # with channels; with filters
WINDOWS = Windows((2, 2), padding="same")


def _matrices(gates: int, states: str, b: tuple, **more) -> dict:
    shapes = {"x": (N, T, D), **{f"{s}0": (N, H) for s in states}}
    return {**shapes, "Wx": (D, gates * H), "Wh": (H, gates * H), "b": b, **more}


CASES = {
    "rnn": (cells, _matrices(1, "h", (H,)), {}),
    "lstm": (cells, _matrices(4, "hc", (4 * H,), peepholes=(3, H)), {}),
    "gru": (cells, _matrices(3, "h", (2, 3 * H)), {}),
    "gru reset before": (cells, _matrices(3, "h", (3 * H,)), {"reset_after": False}),
    "lnlstm": (
        lnlstm,
        _matrices(4, "hc", (4 * H,), gamma=(2, 4 * H), gamma_c=(H,), beta_c=(H,)),
        {},
    ),
    "lngru": (lngru, _matrices(3, "h", (2, 3 * H), gamma=(2, 3 * H)), {}),
    "convlstm": (
        convlstm,
        {
            "x": (N, T, *IMAGE), "h0": (N, *OUT), "c0": (N, *OUT), "Wx": (2, 2, 2, 4 * H),
            "Wh": (2, 2, H, 4 * H), "b": (4 * H,),
        },
        {"windows": WINDOWS},
    ),
}  # fmt: skip
EVERY = pytest.mark.parametrize("case", CASES)


def draw(case: str, module=None):
    """Return forward, backward and random arguments of a recurrence; of another module if given."""
    home, shapes, options = CASES[case]
    module = module or home
    rng, name = np.random.default_rng(5), case.split()[0]
    arrays = {key: 0.5 * rng.normal(size=shape) for key, shape in shapes.items()}
    pair = getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")
    return *pair, arrays, options


def draw_step(case: str, module=None):
    """Return step, its backward and random arguments."""
    module, (_, _, arrays, options) = module or CASES[case][0], draw(case)
    name, arrays["x"] = case.split()[0], arrays["x"][:, 0].copy()
    arrays = {key.replace("0", "_prev"): value for key, value in arrays.items()}
    step, back = getattr(module, f"{name}_step"), getattr(module, f"{name}_step_backward")
    return step, back, arrays, options


def assert_equal(found, wanted):
    """Compare gradients bit for bit."""
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


@EVERY
def test_backward_does_not_see_what_becomes_of_the_outputs_and_the_states(case):
    forward, backward, arrays, options = draw(case)
    *outputs, cache = forward(**arrays, **options)
    dh = np.ones_like(outputs[0])
    wanted = backward(dh, cache)
    for array in (*outputs, *(arrays[key] for key in ("x", "h0", "c0") if key in arrays)):
        array[...] = 7.0
    assert_equal(backward(dh, cache), wanted)


@EVERY
def test_the_results_of_a_sequence_share_no_memory(case):
    forward, backward, arrays, options = draw(case)
    *outputs, cache = forward(**arrays, **options)
    kept = [cache.x, cache.h, *(getattr(cache, k) for k in ("c", "gates") if hasattr(cache, k))]
    gradients = [g for g in backward(outputs[0], cache, *outputs[1:]) if g is not None]
    for k, array in enumerate([*outputs, *gradients]):
        others = [*kept, *arrays.values(), *[*outputs, *gradients][:k]]
        assert not any(np.shares_memory(array, other) for other in others)


@EVERY
def test_the_cache_of_a_step_keeps_both_states_as_one_array_of_its_own(case):
    step, back, arrays, options = draw_step(case)
    *states, cache = step(**arrays, **options)
    upstream = [np.ones_like(s) for s in states]
    wanted = back(*upstream, cache)
    for name, state in zip("hc", states, strict=False):
        kept = getattr(cache, name)
        assert kept.shape == (2, *state.shape)
        assert_equal(kept, (arrays[f"{name}_prev"], state))
        state[...] = arrays[f"{name}_prev"][...] = 7.0  # a loop that uses its buffers again
    assert_equal(back(*upstream, cache), wanted)


@EVERY
def test_a_sequence_without_steps_hands_its_gradients_on_as_copies(case):
    forward, backward, arrays, options = draw(case)
    arrays["x"] = arrays["x"][:, :0]
    *outputs, cache = forward(**arrays, **options)
    upstream = [np.full_like(state, 2.0) for state in outputs[1:]]
    gradients = backward(None, cache, *upstream)
    for given, found in zip(upstream, gradients[1:], strict=False):
        np.testing.assert_array_equal(found, given)
        assert not np.shares_memory(found, given)
    assert not gradients.dWx.any() and not gradients.dWh.any() and not gradients.db.any()


@EVERY
def test_what_sums_begin_at_is_left_as_it_was(case):
    forward, backward, arrays, options = draw(case)
    h, *_, cache = forward(**arrays, **options)
    later = backward(np.ones_like(h), cache)
    before = [np.array(g) for g in later]
    together = backward(np.ones_like(h), cache, onto=later)
    assert_equal(later, before)
    for name in (field for field in together._fields if field not in ("dx", "dh0", "dc0")):
        twice = 2 * getattr(later, name)
        np.testing.assert_allclose(getattr(together, name), twice, rtol=1e-12, err_msg=name)


@EVERY
def test_without_dx_all_other_gradients_are_the_same(case):
    forward, backward, arrays, options = draw(case)
    h, *_, cache = forward(**arrays, **options)
    wanted = backward(np.ones_like(h), cache)
    found = backward(np.ones_like(h), cache, with_dx=False)
    assert wanted.dx is not None and found.dx is None
    assert_equal(found[1:], wanted[1:])


@pytest.mark.parametrize("case", ["lnlstm", "lngru"])
def test_epsilon_enters_every_normalisation(case):
    forward, _, arrays, options = draw(case)
    if case == "lnlstm":  # of the cell state alone, the gates' sums being blown up
        arrays["Wx"], arrays["Wh"] = 1e6 * arrays["Wx"], 1e6 * arrays["Wh"]
    small, large = (forward(**arrays, **options, epsilon=e)[0] for e in (1e-12, 1.0))
    assert np.abs(small - large).max() > 0.01
