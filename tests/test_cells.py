"""The readable recurrences: gradients, equations, masks, states, errors.

Every check of a gradient is in float64, with all dimensions different and every array random and
non-zero, a random gradient on every output, and central differences of every single number.
"""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import cells
from scratchrnn.cells.activations import ACTIVATIONS, Activation

N, T, D, H = 3, 5, 2, 4
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


class Case:
    """A recurrence with random arguments, its outputs weighted into one loss."""

    def __init__(self, cell, seed=0, masked=False, bias=True, peepholes=False, recurrent=False,
                 shape=(N, T, D, H), **options):  # fmt: skip
        rng = np.random.default_rng(seed)
        n, t, d, h = shape
        G = GATES[cell]
        two_biases = cell == "gru" and options.get("reset_after", True)
        self.forward, self.backward = (getattr(cells, f"{cell}_{w}") for w in FORWARD_BACKWARD)
        self.arrays = {"x": rng.normal(size=(n, t, d)), "h0": rng.normal(size=(n, h))}
        if cell == "lstm":
            self.arrays["c0"] = rng.normal(size=(n, h))
        self.arrays["Wx"] = rng.normal(size=(d, G * h))
        self.arrays["Wh"] = rng.normal(size=(h, G * h)) / np.sqrt(h)
        self.arrays["b"] = rng.normal(size=(2, G * h) if two_biases else G * h) if bias else None
        if peepholes:
            self.arrays["peepholes"] = rng.normal(size=(3, h))
        self.mask = rng.random((n, t)) < 0.6 if masked else None
        if recurrent:
            options["recurrent_mask"] = (rng.random((n, h)) < 0.6) / 0.6
        self.options = options
        *outputs, self.cache = self.run()
        self.outputs = outputs
        self.upstream = [rng.normal(size=y.shape) for y in outputs]

    def run(self):
        """Run forward."""
        return self.forward(mask=self.mask, **self.arrays, **self.options)

    def loss(self) -> float:
        """Return a number that depends on every output."""
        outputs = self.run()[:-1]
        return sum(float((u * y).sum()) for u, y in zip(self.upstream, outputs, strict=True))

    def gradients(self) -> dict[str, np.ndarray]:
        """Return the analytic gradients by the name of their argument."""
        grads = self.backward(self.upstream[0], self.cache, *self.upstream[1:])
        names = [field[1:] for field in grads._fields]
        return dict(zip(names, grads, strict=True))


FORWARD_BACKWARD = ("forward", "backward")


def numeric_gradient(loss, array: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """Central differences of `loss` in every number of `array`."""
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss()
        array[index] = value - step
        gradient[index] = (above - loss()) / (2 * step)
        array[index] = value
    return gradient


def assert_gradients_agree(case: Case, tolerance: float = 1e-7):
    analytic = case.gradients()
    for name, array in case.arrays.items():
        if array is None:
            assert analytic[name] is None
            continue
        numeric = numeric_gradient(case.loss, array)
        assert analytic[name].shape == array.shape
        error = np.abs(analytic[name] - numeric).max() / max(np.abs(numeric).max(), 1e-2)
        assert error <= tolerance, f"{name}: relative error {error:.2e}"
        assert np.abs(numeric).max() > 1e-3, f"{name}: the check sees nothing"


CONFIGURATIONS = [
    ("rnn", {"activation": "tanh"}),
    ("rnn", {"activation": "sigmoid"}),
    ("rnn", {"activation": "relu"}),
    ("lstm", {}),
    ("lstm", {"peepholes": True}),
    ("lstm", {"activation": "softsign", "recurrent_activation": "softplus", "peepholes": True}),
    ("gru", {"reset_after": True}),
    ("gru", {"reset_after": False}),
    ("gru", {"reset_after": False, "activation": "elu", "recurrent_activation": "softplus"}),
]


@pytest.mark.parametrize(("cell", "options"), CONFIGURATIONS)
@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
@pytest.mark.parametrize("recurrent", [False, True], ids=["", "recurrent_mask"])
def test_backward_equals_central_differences(cell, options, masked, recurrent):
    assert_gradients_agree(Case(cell, masked=masked, recurrent=recurrent, **options))


@pytest.mark.parametrize("cell", GATES)
def test_backward_without_bias(cell):
    assert_gradients_agree(Case(cell, bias=False, seed=1))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_derivative_is_written_in_the_output(name):
    f, df = ACTIVATIONS[name]
    a = np.linspace(-3.7, 3.7, 38)  # no kink of any of them falls on a point
    numeric = (f(a + 1e-6) - f(a - 1e-6)) / 2e-6
    np.testing.assert_allclose(df(f(a)), numeric, rtol=1e-7, atol=1e-9)
    assert f(a.astype(np.float32)).dtype == np.float32
    assert df(f(a.astype(np.float32))).dtype == np.float32


def test_a_pair_of_ones_own_serves_as_activation():
    sine = Activation(lambda a: np.arctan(a), lambda y: np.cos(y) ** 2)
    assert_gradients_agree(Case("lstm", activation=sine, seed=2))


def test_sigmoid_neither_overflows_nor_loses_small_values():
    with np.errstate(all="raise", under="ignore"):
        y = cells.sigmoid(np.array([-1e4, -700.0, -40.0, 0.0, 40.0, 1e4]))
    assert y[0] == 0
    assert y[1] == pytest.approx(np.exp(-700.0), rel=1e-12)
    assert (y[3], y[5]) == (0.5, 1)


def test_rnn_two_steps_by_hand():
    x = np.array([[[1.0], [2.0]]])
    Wx, Wh, b = np.array([[0.5]]), np.array([[-1.0]]), np.array([0.1])
    h, _, cache = cells.rnn_forward(x, None, Wx, Wh, b)
    np.testing.assert_allclose(h.ravel(), [0.53705, 0.51016], atol=5e-6)
    grads = cells.rnn_backward(None, cache, dhT=np.ones((1, 1)))
    found = [grads.dWx.item(), grads.dWh.item(), grads.db.item()]
    np.testing.assert_allclose(found, [0.95309, 0.39727, 0.21336], atol=5e-6)


def test_lstm_step_is_the_papers_equations():
    rng = np.random.default_rng(3)
    x, h, c = rng.normal(size=(N, D)), rng.normal(size=(N, H)), rng.normal(size=(N, H))
    Wx, Wh, b = rng.normal(size=(D, 4 * H)), rng.normal(size=(H, 4 * H)), rng.normal(size=4 * H)
    p = rng.normal(size=(3, H))

    def gate(k, extra):
        columns = slice(k * H, (k + 1) * H)
        return x @ Wx[:, columns] + h @ Wh[:, columns] + b[columns] + extra

    i = 1 / (1 + np.exp(-gate(0, p[0] * c)))
    f = 1 / (1 + np.exp(-gate(1, p[1] * c)))
    g = np.tanh(gate(2, 0))
    c_new = f * c + i * g
    o = 1 / (1 + np.exp(-gate(3, p[2] * c_new)))
    got_h, got_c, _ = cells.lstm_step(x, h, c, Wx, Wh, b, peepholes=p)
    np.testing.assert_allclose(got_c, c_new, rtol=1e-12)
    np.testing.assert_allclose(got_h, o * np.tanh(c_new), rtol=1e-12)


@pytest.mark.parametrize("h_scale", [1.0, 0.0], ids=["", "from zeros"])
@pytest.mark.parametrize("reset_after", [True, False])
def test_gru_step_is_the_papers_equations(reset_after, h_scale):
    rng = np.random.default_rng(4)
    x, h = rng.normal(size=(N, D)), h_scale * rng.normal(size=(N, H))
    Wx, Wh = rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H))
    b = rng.normal(size=(2, 3 * H))
    bx, bh = b if reset_after else (b[0], np.zeros(3 * H))
    Z, R, C = slice(0, H), slice(H, 2 * H), slice(2 * H, 3 * H)
    z = 1 / (1 + np.exp(-(x @ Wx[:, Z] + bx[Z] + h @ Wh[:, Z] + bh[Z])))
    r = 1 / (1 + np.exp(-(x @ Wx[:, R] + bx[R] + h @ Wh[:, R] + bh[R])))
    reset = r * (h @ Wh[:, C] + bh[C]) if reset_after else (r * h) @ Wh[:, C]
    n = np.tanh(x @ Wx[:, C] + bx[C] + reset)
    got, _ = cells.gru_step(x, h, Wx, Wh, b if reset_after else b[0], reset_after=reset_after)
    np.testing.assert_allclose(got, z * h + (1 - z) * n, rtol=1e-12)


@pytest.mark.parametrize(("cell", "options"), CONFIGURATIONS)
def test_masked_steps_change_nothing(cell, options):
    case = Case(cell, masked=True, seed=5, **options)
    case.mask[0] = [False, False, True, False, True]
    case.mask[1] = False
    *clean, cache = case.run()
    case.cache = cache
    before = case.gradients()
    case.arrays["x"][~case.mask] = np.nan
    *outputs, case.cache = case.run()
    for y, want in zip(outputs, clean, strict=True):
        np.testing.assert_array_equal(y, want)
    after = case.gradients()
    for name, want in before.items():
        if want is not None:
            np.testing.assert_array_equal(after[name], want)
    assert (after["x"][~case.mask] == 0).all()
    np.testing.assert_array_equal(outputs[1][1], case.arrays["h0"][1])
    np.testing.assert_array_equal(outputs[0][0, 1], case.arrays["h0"][0])


@pytest.mark.parametrize(("cell", "options"), CONFIGURATIONS)
def test_forward_and_backward_leave_their_arguments_alone(cell, options):
    case = Case(cell, masked=True, seed=6, recurrent=True, **options)
    arrays = [*(a for a in case.arrays.values() if a is not None), *case.upstream]
    for array in arrays:
        array.flags.writeable = False
    before = [array.copy() for array in arrays]
    case.cache = case.run()[-1]
    first, second = case.gradients(), case.gradients()
    for name, gradient in first.items():
        if gradient is not None:
            np.testing.assert_array_equal(gradient, second[name])
            assert not any(np.shares_memory(gradient, array) for array in arrays)
            assert not np.shares_memory(gradient, second[name])
    for array, want in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, want)


@pytest.mark.parametrize("bias", [True, False], ids=["", "no bias"])
@pytest.mark.parametrize(("cell", "options"), CONFIGURATIONS)
def test_a_step_is_a_sequence_of_length_one(cell, options, bias):
    case = Case(cell, seed=10, shape=(N, 1, D, H), recurrent=True, bias=bias, **options)
    arrays = {**case.arrays, "x": case.arrays["x"][:, 0]}
    for name in ("h", "c"):
        if f"{name}0" in arrays:
            arrays[f"{name}_prev"] = arrays.pop(f"{name}0")
    *states, cache = getattr(cells, f"{cell}_step")(**arrays, **case.options)
    assert cache.has_bias == bias
    for state, final in zip(states, case.outputs[1:], strict=True):
        np.testing.assert_array_equal(state, final)
    upstream = [case.upstream[0][:, 0] + case.upstream[1], *case.upstream[2:]]
    found = getattr(cells, f"{cell}_step_backward")(*upstream, cache)
    wanted = list(case.gradients().values())
    wanted[0] = wanted[0][:, 0]
    for got, want in zip(found, wanted, strict=False):
        if want is not None:
            np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("cell", GATES)
def test_a_recurrent_mask_enters_the_recurrent_product_and_nothing_else(cell):
    case = Case(cell, seed=11, shape=(N, 1, D, H))
    mask = case.options["recurrent_mask"] = np.random.default_rng(0).uniform(0.5, 2, (N, H))
    got = case.run()
    case.options["recurrent_mask"] = None
    h0 = case.arrays["h0"]
    case.arrays["h0"] = h0 * mask
    want = case.run()
    if cell == "gru":  # the gates see the masked state, the carried part is the true one
        np.testing.assert_allclose(got[-1].gates, want[-1].gates, rtol=1e-14)
        z = want[-1].gates[0, :, :H]
        np.testing.assert_allclose(got[1], want[1] + z * (h0 - h0 * mask), rtol=1e-12)
    else:
        np.testing.assert_allclose(got[1], want[1], rtol=1e-14)


@pytest.mark.parametrize(("cell", "options"), CONFIGURATIONS)
def test_no_bias_is_a_bias_of_zeros(cell, options):
    case = Case(cell, seed=12, **options)
    case.arrays["b"][:] = 0
    zeros = case.run()[0]
    case.arrays["b"] = None
    np.testing.assert_array_equal(case.run()[0], zeros)


def test_elu_and_selu_are_the_published_formulas():
    a = np.array([-100.0, -1.0, 0.0, 2.0, 1e4])
    elu = np.array([-1.0, np.exp(-1) - 1, 0.0, 2.0, 1e4])
    np.testing.assert_allclose(ACTIVATIONS["elu"].f(a), elu, rtol=1e-15)
    selu = 1.0507009873554805 * np.where(a > 0, a, 1.6732632423543772 * elu)
    np.testing.assert_allclose(ACTIVATIONS["selu"].f(a), selu, rtol=1e-14)


@pytest.mark.parametrize("cell", GATES)
def test_the_cache_does_not_share_memory_with_the_callers_arrays(cell):
    case = Case(cell, seed=9)
    before = case.gradients()
    case.arrays["x"][:] = case.arrays["h0"][:] = 0  # the caller reuses its buffers
    after = case.gradients()
    for name, gradient in before.items():
        if gradient is not None:
            np.testing.assert_array_equal(after[name], gradient)


@pytest.mark.parametrize("cell", GATES)
def test_absent_states_are_zeros_and_absent_gradients_too(cell):
    case = Case(cell, seed=7)
    for name in ("h0", "c0"):
        if name in case.arrays:
            case.arrays[name][:] = 0
    given = case.run()
    absent = case.forward(
        **{k: None if k in ("h0", "c0") else v for k, v in case.arrays.items()}
    )
    np.testing.assert_array_equal(given[0], absent[0])
    zeros = [np.zeros_like(u) for u in case.upstream]
    zeros[0][:] = case.upstream[0]
    with_zeros = case.backward(zeros[0], given[-1], *zeros[1:])
    without = case.backward(zeros[0], given[-1])
    for a, b in zip(with_zeros, without, strict=True):
        np.testing.assert_array_equal(a, b)


def test_cache_sizes_are_the_formulas_of_the_docstrings():
    n, t, d, h = 3, 7, 5, 4
    numbers = {
        "rnn": n * (t * d + (t + 1) * h),
        "lstm": n * (t * d + 2 * (t + 1) * h + 4 * t * h),
        "gru": n * (t * d + (t + 1) * h + 3 * t * h + t * h),
    }
    for cell, expected in numbers.items():
        cache = Case(cell, shape=(n, t, d, h)).cache
        kept = sum(getattr(cache, f).size for f in ("x", "h", "c", "gates", "u_n")
                   if hasattr(cache, f))  # fmt: skip
        assert kept == expected
    without = Case("gru", shape=(n, t, d, h), reset_after=False).cache
    assert without.u_n is None


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (1, 4, 2, 3), (2, 1, 3, 2), (2, 0, 3, 2)])
@pytest.mark.parametrize("cell", GATES)
def test_shapes_with_ones_and_no_steps(cell, shape):
    case = Case(cell, shape=shape)
    n, t, d, h = shape
    assert case.outputs[0].shape == (n, t, h)
    assert case.gradients()["x"].shape == (n, t, d)


@pytest.mark.parametrize("cell", GATES)
def test_float32_stays_float32_and_follows_float64(cell):
    case = Case(cell, seed=8)
    h64 = case.outputs[0]
    case.arrays = {k: v.astype(np.float32) for k, v in case.arrays.items()}
    *outputs, cache = case.run()
    assert all(y.dtype == np.float32 for y in outputs)
    np.testing.assert_allclose(outputs[0], h64, atol=2e-6)
    case.cache = cache
    assert all(g.dtype == np.float32 for g in case.gradients().values() if g is not None)


@pytest.mark.parametrize("wide", ["x", "Wx", "Wh"])
@pytest.mark.parametrize("cell", GATES)
def test_the_widest_of_the_inputs_and_weights_is_the_dtype_of_the_results(cell, wide):
    case = Case(cell, seed=13)
    case.arrays = {k: v.astype(np.float64 if k == wide else np.float32)
                   for k, v in case.arrays.items()}  # fmt: skip
    *outputs, _ = case.run()
    assert all(y.dtype == np.float64 for y in outputs)


BAD = {
    "x": (lambda a: a[..., None], r"x: expected \(N, T, D=2\), got \(3, 5, 2, 1\)"),
    "Wx": (lambda a: a[:, :-1], r"Wx: expected \(D, \d\*H=\d+\), got"),
    "Wx ": (lambda a: a[..., None], r"Wx: expected \(D, \d\*H=\d+\), got"),
    "Wh ": (lambda a: a[..., None], r"Wh: expected \(H, \d\*H\), got"),
    "x ": (lambda a: a[..., :-1], r"x: expected \(N, T, D=2\), got \(3, 5, 1\)"),
    "Wh": (lambda a: a[:-1], r"Wh: expected \(H, \d\*H\), got"),
    "b": (lambda a: a[..., :-1], r"b: expected \(.*\), got"),
    "h0": (lambda a: a[:-1], r"h0: expected \(3, 4\), got \(2, 4\)"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("cell", GATES)
def test_a_wrong_shape_is_named_with_who_which_expected_and_got(cell, name):
    case = Case(cell)
    spoil, message = BAD[name]
    name = name.strip()
    case.arrays[name] = spoil(case.arrays[name])
    with pytest.raises(ValueError, match=f"^{cell}_forward: {message}"):
        case.run()


def test_wrong_mask_dtype_activation_and_upstream_are_named():
    case = Case("gru")
    case.mask = np.ones((N, T + 1), bool)
    with pytest.raises(ValueError, match=r"gru_forward: mask: expected \(3, 5\), got \(3, 6\)"):
        case.run()
    with pytest.raises(ValueError, match=r"gru_backward: dh: expected \(3, 5, 4\), got \(3, 4\)"):
        case.backward(np.ones((N, H)), case.cache)
    with pytest.raises(ValueError, match=r"activation: expected one of tanh, .*'gelu'"):
        Case("rnn", activation="gelu")
    with pytest.raises(ValueError, match="rnn_forward: x: expected a floating-point dtype"):
        cells.rnn_forward(np.ones((1, 1, 1), int), None, np.eye(1, dtype=int), np.eye(1, dtype=int))
    lstm = Case("lstm", peepholes=True)
    lstm.arrays["peepholes"] = lstm.arrays["peepholes"][:2]
    with pytest.raises(ValueError, match=r"peepholes: expected \(3, 4\), got \(2, 4\)"):
        lstm.run()
