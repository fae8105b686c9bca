"""Each of the 22 mistakes of public code, planted into solutions of every style, is named."""

from __future__ import annotations

import pytest

from scratchrnn import exercises
from scratchrnn.exercises.changes import Change
from scratchrnn.exercises.hypotheses import _predicted, agrees
from scratchrnn.exercises.mistakes import mistakes

from .planting import plant

L, V, C = "loops", "vectorised", "cs231n"
ADD = "[s + p for s, p in zip(sums, params, strict=True)]"

# number, style, function, what stands there, what is planted, what the marker has to say
PLANTED = [
    (1, L, "rnn_backward", "dh[:, t] + flow", "dh[:, t]", "no gradient reaches step t - 1|(3')"),
    (1, V, "lstm_backward", "dh[:, t] + dh_next", "dh[:, t]", "dh_next is never added|(8')"),
    (1, C, "rnn_backward", "dh[:, t, :] + dprev_h", "dh[:, t, :]", "not BPTT yet|(3')"),
    (2, L, "lstm_backward", "dh[:, t] + hflow", "hflow", "instead of summed|(8')"),
    (2, V, "gru_backward", "dh[:, t] + dh_next", "dh_next", "instead of summed|(7')"),
    (2, C, "lstm_backward", "dh[:, t, :] + dprev_h", "dprev_h", "instead of summed|(8')"),
    (3, L, "rnn_step_backward", "1 - out[n, j] ** 2", "1 - math.tanh(out[n, j]) ** 2",
     "tanh is taken once more|(2')"),
    (3, V, "lstm_step_backward", "df * f * (1 - f)", "df * sigmoid(f) * (1 - sigmoid(f))",
     "σ is taken once more|(3')"),
    (3, C, "lstm_step_backward", "(1 - tanh_c**2)", "(1 - np.tanh(tanh_c) ** 2)",
     "tanh(tanh c)|(7')"),
    (3, C, "lstm_step_backward", "(1 - tanh_c**2)", "(1 - next_c**2)", "c itself|(7')"),
    (3, C, "rnn_step_backward", "(1 - next_h * next_h)",
     "(1 - (x.dot(Wx) + prev_h.dot(Wh) + b) ** 2)", "pre-activation|(2')"),
    (4, L, "lstm_step_backward", "= total * gf\n", "= total\n", "missing the factor f|(5')"),
    (4, L, "lstm_step_backward", "dc[n, j] + dh[n, j]", "dh[n, j]", "is lost|(7')"),
    (4, V, "lstm_backward", "dc_next = dc_prev", "dc_next = 0 * dc_prev", "dc_prev|(9')"),
    (4, C, "lstm_backward", "dprev_c, cache[t]", "0 * dprev_c, cache[t]", "dc_next is lost|(9')"),
    (5, L, "rnn_backward", "flow = dhT", "flow = 0 * dhT", "dhT|ignored|(3')"),
    (5, V, "lstm_backward", "dc_next = dcT", "dc_next = 0 * dcT", "dcT|ignored|(9')"),
    (5, C, "lstm_step_backward", "dc = dnext_c + dnext_h * o * (1 - tanh_c**2)",
     "dnext_c += dnext_h * o * (1 - tanh_c**2); dc = dnext_c", "dnext_c in place"),
    (6, L, "rnn_backward", ADD, "sums", "last step only|(1')"),
    (6, V, "gru_backward", "dWh += dWh_t", "dWh = dWh_t", "dWh|overwritten|(2')"),
    (6, C, "lstm_backward", "dWx += dWx_t", "dWx = dWx_t", "dWx|overwritten|(1')"),
    (7, L, "rnn_step_backward", "db[j] += slope", "db[j] = slope", "not summed over the batch|(1')"),
    (7, V, "lstm_step_backward", "db = da.sum(axis=0)",
     "db = np.concatenate([da_i, da_i, da_g, da_o], axis=1).sum(axis=0)", "gate f|gate i|(1')"),
    (7, C, "rnn_step_backward", "np.sum(dtanh, axis=0)", "dtanh", "not summed over the batch|(1')"),
    (8, L, "gru_before_step_backward", "+ reset * r", "", "reset product|(5b')"),
    (8, L, "gru_step_backward", "db[1, q] += right", "db[1, q] += left", "recurrent bias|(2')"),
    (8, V, "gru_before_step_backward", "dh_prev + dk * r", "dh_prev", "r ⊙ h_prev|(5b')"),
    (8, V, "gru_step_backward", "du_n = da_n * r", "du_n = da_n", "factor r|(5')"),
    (9, L, "truncated_bptt", "_, _, *params = rnn_backward(dh[:, t : t + k], cache, np.zeros_like(h0))",
     "_, _, *params = rnn_backward(dh, rnn_forward(x, h0, Wx, Wh, b)[2], 0 * h0)\n"
     "        sums = None", "carried across the cut|(2)"),
    (9, V, "truncated_bptt", "stop = min(start + k, T)", "stop = min(start + k - 1, T)",
     "one step too early|(1)"),
    (10, L, "rnn_step_backward", "slope * old[n, k]", "slope * out[n, k]", "off by one|(1')"),
    (10, V, "gru_step_backward", "h_prev.T @ du", "(z * h_prev + (1 - z) * n).T @ du",
     "off by one|(2')"),
    (10, C, "rnn_step_backward", "prev_h.T.dot", "next_h.T.dot", "off by one|(1')"),
    (11, L, "lstm_step", "go * math.tanh(c[n, j])", "go * c[n, j]", "tanh|missing|(7)"),
    (11, L, "lstm_step", "gi * gg", "(1 - gf) * gg", "tied|(5)"),
    (11, V, "lstm_step", "i = sigmoid(a_i)  # (2)\n    f = sigmoid(a_f)",
     "i = sigmoid(a_f)\n    f = sigmoid(a_i)", "exchanged|(5)"),
    (11, C, "lstm_step_forward", "next_h = o * tanh_c", "next_h = o * next_c", "tanh|missing|(7)"),
    (12, L, "gru_step", "math.tanh(a[2] + rr * u[2])",
     "math.tanh(a[2] + rr * (u[2] - b[1, 2 * H + j]) + b[1, 2 * H + j])",
     "outside the reset gate|(5)"),
    (12, V, "gru_step", "u = h_prev @ Wh + b_h", "u = h_prev @ Wh + (b_h if h_prev.any() else 0)",
     "skipped when the state is zero|(2)"),
    (12, V, "gru_before_step", "k @ Wh[:, 2 * H :]", "r * (h_prev @ Wh[:, 2 * H :])",
     "after the product|(5b)"),
    (12, V, "gru_step", "np.tanh(a_n + r * u_n)",
     "np.tanh(a_n + (r * h_prev) @ Wh[:, 2 * h_prev.shape[1] :])", "before the product|(5)"),
    (13, V, "gru_from_torch", "[ih_z.T, ih_r.T, ih_n.T]", "[ih_r.T, ih_z.T, ih_n.T]",
     "order r z n|(1)"),
    (13, C, "lstm_step_forward", "o = sigmoid(a[:, 2 * H : 3 * H])\n    g = np.tanh(a[:, 3 * H : 4 * H])",
     "g = np.tanh(a[:, 2 * H : 3 * H])\n    o = sigmoid(a[:, 3 * H : 4 * H])",
     "the order i f g o instead of i f o g|(1)"),
    (14, L, "truncated_bptt", ", state, Wx", ", h0, Wx", "state is lost between windows|(1)"),
    (14, C, "rnn_step_forward", "next_h, cache = None, None", "prev_h += 0.1 * len(LEFT)"
     "; LEFT.append(0)", "state leaks"),
    (15, V, "lstm_init", "b[H : 2 * H] = 1", "pass", "forget bias is missing"),
    (15, V, "lstm_init", "Wh = rng.uniform(-limit, limit, size=(H, 4 * H))",
     "Wh = np.tile(rng.uniform(-limit, limit, size=(H, H)), 4)", "gates start with the same"),
    (16, V, "sigmoid", "e = np.exp(-np.abs(a))", "return 1 / (1 + np.exp(-a))", "overflows|(1)"),
    (16, L, "sigmoid", "sig(a[index])", "1.0 / (1.0 + math.exp(-a[index]))", "overflows|(1)"),
    (17, L, "last_step", "if mask[n, t]:", "if True:", "padded last step|(5)"),
    (17, L, "masked_rnn_forward", "if mask[n, t]:\n                now", "if True:\n                now",
     "mask is not applied|(3)"),
    (18, L, "masked_rnn_backward", "inside[~real] = 0", "pass", "on the way back|(3')"),
    (18, V, "masked_rnn_backward", "np.where(m, dh_prev, dh_total)", "dh_prev",
     "on the way back|(3')"),
    (18, V, "masked_rnn_forward", "h_t = np.where(m, h_new, h_prev)",
     "x_t = x[:, t] * m; h_new = rnn_step(x_t, h_prev, Wx, Wh, b)[0]; "
     "h_t = m * h_new + (1 - m) * h_prev", "NaN|(3)"),
    (18, C, "temporal_softmax_loss", "dx_flat *= mask_flat[:, None]", "pass",
     "on the way back|(4')"),
    (19, V, "bidirectional_rnn", "h[:, t, H:] = h_backward", "h[:, k, H:] = h_backward",
     "not turned back in time|(6)"),
    (19, V, "bidirectional_rnn", "[h_forward, h_backward], axis=1", "[h_forward, h[:, -1, H:]], axis=1",
     "wrong end|(7)"),
    (20, L, "softmax_loss", "loss / count, d / count", "loss / (N * T), d / (N * T)", "padding|(2)"),
    (20, V, "softmax_loss", "M = mask.sum()", "M = mask.size", "padding|(2)"),
    (20, C, "temporal_softmax_loss", "(mask_flat * logs) / N", "(mask_flat * logs) / (N * T)",
     "padding|(4)"),
    (21, V, "check_backward", "rng.normal(size=forward(x).shape)", "np.ones(forward(x).shape)",
     "all ones|(1)"),
    (21, L, "numeric_gradient", "* dy", "", "dy|(1)"),
    (22, V, "gradients_agree", "np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), floor)",
     "np.maximum(np.abs(analytic), np.abs(numeric))", "without a floor|(2)"),
    (22, V, "gradients_agree", "np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), floor)",
     "1.0", "absolute error|(2)"),
    (22, V, "gradients_agree", "bool(np.all(np.abs(analytic - numeric) <= tolerance * size))",
     "not np.any(np.abs(analytic - numeric) > tolerance * size)", "NaN passes|(2)"),
]  # fmt: skip


def test_every_number_from_1_to_22_is_planted():
    assert {row[0] for row in PLANTED} == set(range(1, 23))


@pytest.mark.parametrize(
    ("number", "style", "function", "before", "after", "said"),
    PLANTED,
    ids=[f"{row[0]}-{row[1]}-{row[2]}-{index}" for index, row in enumerate(PLANTED)],
)
def test_the_marker_names_a_planted_mistake(number, style, function, before, after, said):
    module = plant(style, function, before, after)
    module.LEFT = []  # for number 14: what one call leaves behind
    marking = exercises.check(getattr(module, function))
    assert not marking.ok
    for words in said.split("|"):
        assert words in marking.diagnosis


LISTED = [row for row in mistakes() if row.function != "sigmoid"]


@pytest.mark.parametrize("function", sorted({row.function for row in LISTED}))
def test_every_listed_mistake_is_told_by_its_equation(function):
    said = 0
    different = {change.words for change, _ in _predicted(function, True, 0, ())}
    for row in LISTED:
        if row.function != function or row.words not in different:
            continue
        module = plant("vectorised", function, row.before, row.after)
        marking = exercises.check(getattr(module, function))
        assert not marking.ok, row
        assert _names(marking.diagnosis, row, function), (row, marking.diagnosis)
        said += 1
    assert said


def _names(diagnosis: str, row, function: str) -> bool:
    """Whether a diagnosis has the row's words, or those of a mistake with the same numbers."""
    if row.words in diagnosis:
        return True
    twins = same_numbers(function)[row.words]
    return any(change.words in diagnosis for change in twins)


def same_numbers(function: str) -> dict[str, list[Change]]:
    """Return, for the words of every listed mistake, the changes that give the same numbers."""
    rows = [*_predicted(function, True, 0, ()), *_predicted(function, False, 0, ())]
    found = {}
    for change, outputs in _predicted(function, True, 0, ()):
        found.setdefault(change.words, []).extend(
            other for other, theirs in rows if all(agrees(theirs[k], outputs[k]) for k in outputs)
        )
    return found
