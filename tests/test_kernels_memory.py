"""What a kernel hands out is the caller's own too, and is no memory that the next call uses."""

from __future__ import annotations

import numpy as np
import pytest
from scratchrnn.kernels.workspace import fresh

from scratchrnn import cells, kernels

from .test_cells_memory import assert_equal, draw, draw_step

EVERY = pytest.mark.parametrize("case", ["rnn", "lstm", "gru", "gru reset before"])


@EVERY
def test_backward_does_not_see_what_becomes_of_the_outputs_and_the_states(case):
    forward, backward, arrays, options = draw(case, kernels)
    *outputs, cache = forward(**arrays, **options)
    dh = np.ones_like(outputs[0])
    wanted = backward(dh, cache)
    for array in (*outputs, *(arrays[key] for key in ("x", "h0", "c0") if key in arrays)):
        array[...] = 7.0
    assert_equal(backward(dh, cache), wanted)


@EVERY
def test_results_share_no_memory_and_outlive_the_next_call(case):
    forward, backward, arrays, options = draw(case, kernels)
    *outputs, cache = forward(**arrays, **options)
    gradients = [g for g in backward(outputs[0], cache, *outputs[1:]) if g is not None]
    kept = [cache.x, cache.h, *(getattr(cache, k) for k in ("c", "gates") if hasattr(cache, k))]
    results = [*outputs, *gradients]
    for k, array in enumerate(results):
        others = [*kept, *arrays.values(), *results[:k]]
        assert not any(np.shares_memory(array, other) for other in others)
    before = [array.copy() for array in results]
    changed = {key: value if key.startswith("W") else value + 1 for key, value in arrays.items()}
    h, *_, second = forward(**changed, **options)
    backward(h, second)
    assert_equal(results, before)


@EVERY
def test_what_is_given_is_left_as_it_was(case):
    forward, backward, arrays, options = draw(case, kernels)
    before = {key: value.copy() for key, value in arrays.items()}
    *outputs, cache = forward(**arrays, **options)
    upstream = [np.full_like(y, 2.0) for y in outputs]
    later = backward(upstream[0], cache, *upstream[1:])
    begin = [np.array(g) for g in later]
    together = backward(upstream[0], cache, *upstream[1:], onto=later)
    assert_equal(later, begin)
    for name in (field for field in together._fields if field not in ("dx", "dh0", "dc0")):
        twice = 2 * getattr(later, name)
        np.testing.assert_allclose(getattr(together, name), twice, rtol=1e-12, err_msg=name)
    assert_equal(arrays.values(), before.values())
    assert all((u == 2.0).all() for u in upstream)


@EVERY
def test_a_sequence_without_steps_hands_its_gradients_on_as_copies(case):
    forward, backward, arrays, options = draw(case, kernels)
    arrays["x"] = arrays["x"][:, :0]
    *outputs, cache = forward(**arrays, **options)
    upstream = [np.full_like(state, 2.0) for state in outputs[1:]]
    gradients = backward(None, cache, *upstream)
    for given, found in zip(upstream, gradients[1:], strict=False):
        np.testing.assert_array_equal(found, given)
        assert not np.shares_memory(found, given)
    assert not gradients.dWx.any() and not gradients.dWh.any() and not gradients.db.any()


@EVERY
def test_without_dx_all_other_gradients_are_the_same(case):
    forward, backward, arrays, options = draw(case, kernels)
    h, *_, cache = forward(**arrays, **options)
    wanted = backward(np.ones_like(h), cache)
    found = backward(np.ones_like(h), cache, with_dx=False)
    assert wanted.dx is not None and found.dx is None
    assert_equal(found[1:], wanted[1:])


@EVERY
def test_the_cache_of_a_step_does_not_see_what_becomes_of_its_states(case):
    step, back, arrays, options = draw_step(case, kernels)
    *states, cache = step(**arrays, **options)
    upstream = [np.ones_like(s) for s in states]
    wanted = back(*upstream, cache)
    for name, state in zip("hc", states, strict=False):
        assert_equal(getattr(cache, name), (arrays[f"{name}_prev"], state))
        state[...] = arrays[f"{name}_prev"][...] = 7.0
    assert_equal(back(*upstream, cache), wanted)


@pytest.mark.parametrize("left_out", ["b", "peepholes"])
@EVERY
def test_a_step_without_an_option_has_the_gradients_of_the_cells_step(case, left_out):
    found = []
    for module in (kernels, cells):
        step, back, arrays, options = draw_step(case, module)
        arrays = {key: value for key, value in arrays.items() if key != left_out}
        *states, cache = step(**arrays, **options)
        assert cache.has_bias == (left_out != "b")
        found.append(back(*(np.ones_like(s) for s in states), cache))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_what_is_kept_of_masked_steps_is_zero_whatever_the_memory_held(cell):
    rng, gates = np.random.default_rng(1), {"rnn": 1, "lstm": 4, "gru": 3}[cell]
    n, t, d, h = 2, 40, 130, 2  # x takes memory that has been used before
    x, mask = rng.normal(size=(n, t, d)), rng.random((n, t)) < 0.5
    used = fresh((t, n, d), x.dtype)
    used[...] = np.nan
    del used
    states = [None] * (2 if cell == "lstm" else 1)
    Wx, Wh = rng.normal(size=(d, gates * h)), rng.normal(size=(h, gates * h))
    *_, cache = getattr(kernels, f"{cell}_forward")(x, *states, Wx, Wh, None, mask)
    np.testing.assert_array_equal(cache.x, np.where(mask.T[..., None], x.swapaxes(0, 1), 0))
