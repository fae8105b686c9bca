"""The recurrences without a compiled twin: layer-normalised LSTM and GRU, convolutional LSTM."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.cells import convlstm, convolution, lngru, lnlstm, normalization
from scratchrnn.cells.convolution import Windows

from .differences import assert_is_gradient

N, T, D, H = 3, 4, 2, 5
IMAGE, OUT, F = (9, 6, 2), (5, 6), 7  # height, width, channels; those of the output; filters
WINDOWS = Windows((2, 3), (2, 1), "same")
MASK = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]], bool)


class Case:
    """A recurrence with random arguments, every output weighted into one loss."""

    def __init__(self, name: str, masked=True, bias=True, dropped=True, **options):
        rng = np.random.default_rng(3)
        module, shapes = SHAPES[name]
        self.forward = getattr(module, f"{name}_forward")
        self.backward = getattr(module, f"{name}_backward")
        spread = 0.3 if name == "convlstm" else 0.7  # more numbers are summed there
        self.arrays = {key: spread * rng.normal(size=shape) for key, shape in shapes.items()}
        if not bias:
            self.arrays["b"] = None
        self.options = {**options, "mask": MASK if masked else None}
        if name == "convlstm":
            self.options["windows"] = WINDOWS
        if dropped:
            kept = rng.random(shapes["h0"]) < 0.6
            self.options["recurrent_mask"] = kept / 0.6
        *outputs, self.cache = self.run()
        self.outputs, self.upstream = outputs, [rng.normal(size=y.shape) for y in outputs]

    def run(self, **changed):
        """Run forward, with some arguments changed."""
        return self.forward(**{**self.arrays, **changed}, **self.options)

    def loss(self, **changed) -> float:
        """Return a number that depends on every output."""
        outputs = self.run(**changed)[:-1]
        return sum(float((u * y).sum()) for u, y in zip(self.upstream, outputs, strict=True))

    def gradients(self) -> dict:
        """Return the gradients by the name of their argument."""
        grads = self.backward(self.upstream[0], self.cache, *self.upstream[1:])
        return dict(zip((field[1:] for field in grads._fields), grads, strict=True))


SHAPES = {
    "lnlstm": (lnlstm, {
        "x": (N, T, D), "h0": (N, H), "c0": (N, H), "Wx": (D, 4 * H), "Wh": (H, 4 * H),
        "b": (4 * H,), "gamma": (2, 4 * H), "gamma_c": (H,), "beta_c": (H,),
    }),
    "lngru": (lngru, {
        "x": (N, T, D), "h0": (N, H), "Wx": (D, 3 * H), "Wh": (H, 3 * H), "b": (2, 3 * H),
        "gamma": (2, 3 * H),
    }),
    "convlstm": (convlstm, {
        "x": (N, T, *IMAGE), "h0": (N, *OUT, F), "c0": (N, *OUT, F), "Wx": (2, 3, 2, 4 * F),
        "Wh": (2, 3, F, 4 * F), "b": (4 * F,),
    }),
}  # fmt: skip
OPTIONS = {
    "plain": {"masked": False, "dropped": False},
    "masked": {},
    "no-bias": {"bias": False},
    "others": {"activation": "softsign", "recurrent_activation": "softplus"},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("name", SHAPES)
def test_backward_equals_central_differences(name, options):
    case = Case(name, **options)
    gradients = case.gradients()
    for key, value in case.arrays.items():
        if value is None:
            assert gradients[key] is None
        elif key in ("Wx", "Wh") or (name == "convlstm" and key != "b"):
            along = np.random.default_rng(4).normal(size=value.shape)
            assert_is_gradient(
                np.array([(gradients[key] * along).sum()]),
                lambda s, key=key, value=value, along=along: case.loss(**{key: value + s * along}),
                np.zeros(1),
            )
        else:
            assert_is_gradient(
                gradients[key], lambda array, key=key: case.loss(**{key: array}), value, 3e-4
            )


@pytest.mark.parametrize("name", SHAPES)
def test_masked_steps_change_nothing(name):
    case = Case(name)
    hidden = ~MASK.reshape(N, T, *(1,) * (case.arrays["x"].ndim - 2))
    results = []
    for x in (case.arrays["x"], np.where(hidden, np.nan, case.arrays["x"])):
        *outputs, case.cache = case.run(x=x)
        results.append([*outputs, *case.gradients().values()])
        assert not results[-1][len(outputs)][~MASK].any()
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
    h, hT = results[0][0], results[0][1]
    np.testing.assert_array_equal(h[0, 1], h[0, 0])
    np.testing.assert_array_equal(h[:, -1], hT)
    np.testing.assert_array_equal(h[2, 0], case.arrays["h0"][2])


@pytest.mark.parametrize("bias", [True, False], ids=["", "no bias"])
@pytest.mark.parametrize("name", SHAPES)
def test_a_step_is_a_sequence_of_length_one(name, bias):
    case, module = Case(name, masked=False, bias=bias), SHAPES[name][0]
    case.arrays["x"] = case.arrays["x"][:, :1]
    *outputs, case.cache = case.run()
    options = {k: v for k, v in case.options.items() if k != "mask"}
    arrays = {**case.arrays, "x": case.arrays["x"][:, 0]}
    for state in ("h", "c"):
        if f"{state}0" in arrays:
            arrays[f"{state}_prev"] = arrays.pop(f"{state}0")
    *states, cache = getattr(module, f"{name}_step")(**arrays, **options)
    assert cache.has_bias == bias
    for state, final in zip(states, outputs[1:], strict=True):
        np.testing.assert_array_equal(state, final)
    case.upstream[0] = case.upstream[0][:, :1]
    upstream = [case.upstream[0][:, 0] + case.upstream[1], *case.upstream[2:]]
    found = getattr(module, f"{name}_step_backward")(*upstream, cache)
    wanted = list(case.gradients().values())
    wanted[0] = wanted[0][:, 0]
    for got, want in zip(found, wanted, strict=True):
        if want is not None:
            np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", SHAPES)
def test_segments_summed_onto_one_another_are_the_whole_bit_for_bit(name):
    case, n = Case(name), len(SHAPES[name][1])
    whole = case.gradients()
    states = [case.arrays[s] for s in ("h0", "c0") if s in case.arrays]
    weights = {k: v for k, v in case.arrays.items() if k not in ("x", "h0", "c0")}
    caches, x = [], case.arrays["x"]
    for piece in (slice(0, 1), slice(1, T)):
        options = {**case.options, "mask": MASK[:, piece]}
        _, *states, cache = case.forward(x[:, piece], *states, **weights, **options)
        caches.append(cache)
    upstream, d_states, grads = case.upstream[0], case.upstream[1:], None
    for piece, cache in ((slice(1, T), caches[1]), (slice(0, 1), caches[0])):
        grads = case.backward(upstream[:, piece], cache, *d_states, onto=grads)
        d_states = list(grads[1 : 1 + len(states)])
    assert len(grads) == n
    for field, value in zip(grads._fields[1:], grads[1:], strict=True):
        np.testing.assert_array_equal(value, whole[field[1:]])


@pytest.mark.parametrize("name", SHAPES)
def test_absent_states_and_gradients_are_zeros(name):
    case = Case(name, masked=False)
    zeros = {s: np.zeros_like(v) for s, v in case.arrays.items() if s in ("h0", "c0")}
    nothing = dict.fromkeys(zeros)
    for a, b in zip(case.run(**zeros)[:-1], case.run(**nothing)[:-1], strict=True):
        np.testing.assert_array_equal(a, b)
    filled = case.backward(*[np.zeros_like(case.outputs[0]), case.cache])
    for a, b in zip(filled, case.backward(None, case.cache), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", SHAPES)
def test_no_bias_is_a_bias_of_zeros(name):
    with_bias, without = Case(name), Case(name, bias=False)
    with_bias.arrays["b"] = np.zeros_like(with_bias.arrays["b"])
    for a, b in zip(with_bias.run()[:-1], without.run()[:-1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", SHAPES)
def test_a_cache_is_as_large_as_its_formula_says(name):
    case = Case(name, masked=False, dropped=False)
    kept = [f for f in case.cache._fields if f not in ("Wx", "Wh", "options", "has_bias", "mask")]
    arrays = []
    for field in kept:
        value = getattr(case.cache, field)
        arrays += list(value) if isinstance(value, tuple) else [value]
    A, B, C = IMAGE
    formulas = {
        "lnlstm": N * (T * D + 2 * (T + 1) * H + 13 * T * H + 3 * T),
        "lngru": N * (T * D + (T + 1) * H + 10 * T * H + 4 * T),
        "convlstm": N * (T * A * B * C + (2 * (T + 1) + 4 * T) * OUT[0] * OUT[1] * F),
    }
    assert sum(array.size for array in arrays) == formulas[name]


@pytest.mark.parametrize("name", SHAPES)
def test_float32_stays_float32(name):
    case = Case(name)
    case.arrays = {k: v.astype(np.float32) for k, v in case.arrays.items()}
    *outputs, case.cache = case.run()
    case.upstream = [u.astype(np.float32) for u in case.upstream]
    found = [*outputs, *case.gradients().values()]
    assert {array.dtype.name for array in found} == {"float32"}
    for a, b in zip(outputs, case.outputs, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-4)


WRONG = [
    ("lnlstm", {"gamma": (4 * H,)}, "lnlstm_forward: gamma: expected"),
    ("lnlstm", {"gamma_c": (4 * H,)}, "lnlstm_forward: gamma_c: expected"),
    ("lnlstm", {"beta_c": (2, H)}, "lnlstm_forward: beta_c: expected"),
    ("lnlstm", {"x": (N, D)}, "lnlstm_forward: x: expected"),
    ("lngru", {"gamma": (3 * H,)}, "lngru_forward: gamma: expected"),
    ("lngru", {"b": (3 * H,)}, "lngru_forward: b: expected"),
    ("convlstm", {"Wx": (2, 3, 1, 4 * F)}, "convlstm_forward: Wx: expected"),
    ("convlstm", {"Wh": (2, 2, F, 4 * F)}, "convlstm_forward: Wh: expected"),
    ("convlstm", {"b": (F,)}, "convlstm_forward: b: expected"),
    ("convlstm", {"h0": (N, 5, 4, F)}, "convlstm_forward: h0: expected"),
    ("convlstm", {"c0": (N, 5, 4, F)}, "convlstm_forward: c0: expected"),
]


@pytest.mark.parametrize(("name", "shapes", "message"), WRONG)
def test_wrong_shapes_are_errors(name, shapes, message):
    case = Case(name)
    with pytest.raises(ValueError, match=message):
        case.run(**{key: np.zeros(shape) for key, shape in shapes.items()})


@pytest.mark.parametrize("name", SHAPES)
def test_wrong_gradients_are_errors(name):
    case = Case(name)
    with pytest.raises(ValueError, match=f"{name}_backward: dh: expected"):
        case.backward(np.zeros((N, 1)), case.cache)
    with pytest.raises(ValueError, match=f"{name}_backward: dhT: expected"):
        case.backward(None, case.cache, np.zeros((N, 1)))


def test_normalised_recurrences_do_not_see_the_scale_of_their_sums():
    for name in ("lnlstm", "lngru"):
        case = Case(name, dropped=False, epsilon=1e-12)
        larger = case.run(Wx=100 * case.arrays["Wx"], Wh=0.1 * case.arrays["Wh"])
        for a, b in zip(case.outputs, larger[:-1], strict=True):
            np.testing.assert_allclose(a, b, atol=1e-6)


def test_gates_and_candidate_of_the_gru_are_normalised_apart():
    case = Case("lngru", dropped=False, epsilon=1e-12)
    gates = np.repeat([7.0, 7.0, 1.0], H)  # other factors for z and r than for n
    larger = case.run(Wx=case.arrays["Wx"] * gates)
    np.testing.assert_allclose(larger[0], case.outputs[0], atol=1e-6)


# -- the pieces ------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), (0, 1, 2)])
def test_normalisation_and_its_gradient(axis):
    rng = np.random.default_rng(5)
    v, dn = rng.normal(size=(2, 3, 4)) * 3 + 1, rng.normal(size=(2, 3, 4))
    n, r = normalization.normalize(v, 1e-12, axis)
    np.testing.assert_allclose(n.mean(axis=axis), 0, atol=1e-14)
    np.testing.assert_allclose(n.var(axis=axis), 1, rtol=1e-10)
    np.testing.assert_allclose(n, (v - v.mean(axis=axis, keepdims=True)) * r)
    dv = normalization.normalize_backward(dn, n, r, axis)
    assert_is_gradient(
        dv, lambda a: float((normalization.normalize(a, 1e-12, axis)[0] * dn).sum()), v
    )


def test_epsilon_is_added_to_the_variance():
    n, r = normalization.normalize(np.array([1.0, 3.0]), 3.0)
    assert r == 0.5 and list(n) == [-0.5, 0.5]


SHIFTS = [
    Windows((2, 3)),
    Windows((2, 3), (2, 1), "same"),
    Windows((3, 2), (1, 3), "valid"),
    Windows((2, 2), (1, 1), "same", (2, 3)),
    Windows((3, 3), (3, 2), "same"),
]


@pytest.mark.parametrize("windows", SHIFTS)
def test_convolution_and_its_gradients(windows):
    rng = np.random.default_rng(6)
    x, W = rng.normal(size=(2, 7, 6, 4)), rng.normal(size=(*windows.size, 4, 3))
    y = convolution.convolve(x, W, windows)
    assert y.shape == (2, *windows.output((7, 6)), 3)
    dy = rng.normal(size=y.shape)
    dx, dW = convolution.convolve_backward(dy, x, W, windows)
    assert_is_gradient(dx, lambda a: float((convolution.convolve(a, W, windows) * dy).sum()), x)
    assert_is_gradient(dW, lambda a: float((convolution.convolve(x, a, windows) * dy).sum()), W)


def test_zeros_around_an_image_are_shared_out_as_in_keras():
    assert Windows((2, 3), padding="same").margins((5, 5)) == ((0, 1), (1, 1))
    assert Windows((3, 3), (2, 2), "same").margins((5, 6)) == ((1, 1), (0, 1))
    assert Windows((2, 2), (3, 3), "same").margins((4, 7)) == ((0, 1), (0, 1))
    assert Windows((1, 1), (2, 2), "same").margins((5, 6)) == ((0, 0), (0, 0))
    assert Windows((4, 4)).margins((5, 5)) == ((0, 0), (0, 0))
    assert Windows((4, 2)).output((3, None)) == (0, None)
    assert Windows((3, 3), (2, 2), dilation=(2, 1)).output((7, 7)) == (2, 3)


def test_images_are_taken_a_few_at_a_time(monkeypatch):
    rng = np.random.default_rng(7)
    x, W = rng.normal(size=(5, 6, 9, 1)), rng.normal(size=(3, 3, 1, 2))
    windows = Windows((3, 3))
    y = convolution.convolve(x, W, windows)
    whole = convolution.convolve_backward(y, x, W, windows)
    laid_out, rows_of = [], convolution._rows

    def watched(*arguments):
        rows = rows_of(*arguments)
        laid_out.append(rows.shape)
        return rows

    monkeypatch.setattr(convolution, "_rows", watched)
    for numbers, images in ((2 * (4 * 7) * 9, [2, 2, 1]), (1, [1] * 5)):
        monkeypatch.setattr(convolution, "_ROW_NUMBERS", numbers)
        np.testing.assert_allclose(convolution.convolve(x, W, windows), y, rtol=1e-14)
        for a, b in zip(convolution.convolve_backward(y, x, W, windows), whole, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        assert laid_out == 2 * [(n * 4 * 7, 9) for n in images]
        laid_out.clear()
