"""The marker: right solutions are right, wrong ones are told why, and nothing stops it."""

from __future__ import annotations

import importlib
import textwrap
import types

import numpy as np
import pytest

from scratchrnn import cells, exercises
from scratchrnn.exercises.catalogue import EXERCISES
from scratchrnn.exercises.places import suspects

from . import cs231n, inlined, loops
from .planting import plant, run


def functions_of(module) -> list[str]:
    return [n for n, f in list(vars(module).items()) if isinstance(f, types.FunctionType)]


@pytest.mark.parametrize("name", EXERCISES)
def test_the_vectorised_solutions_are_right(name):
    module = importlib.import_module(f"scratchrnn.exercises.sheets.{EXERCISES[name].sheet}")
    marking = exercises.check(getattr(module, name))
    assert marking.ok, marking
    assert not marking.notes


@pytest.mark.parametrize("name", [n for n in functions_of(loops) if n != "sig"])
def test_solutions_with_loops_are_right(name):
    marking = exercises.check(getattr(loops, name))
    assert marking.ok, marking
    assert not marking.notes


@pytest.mark.parametrize("name", ["lstm_forward", "lstm_backward"])
def test_solutions_without_steps_are_right(name):
    assert exercises.check(getattr(inlined, name)).ok


@pytest.mark.parametrize("name", functions_of(cs231n))
def test_solutions_of_cs231n_are_right(name):
    marking = exercises.check(getattr(cs231n, name))
    assert marking.ok, marking
    assert not marking.notes


@pytest.mark.parametrize("name", [n for n in cells.__all__ if n in EXERCISES and n != "sigmoid"])
def test_the_cells_of_the_library_pass(name):
    assert exercises.check(getattr(cells, name), **_functions(cells)).ok


def _functions(module) -> dict:
    return {n: getattr(module, n) for n in module.__all__ if callable(getattr(module, n))}


# What nobody listed: (style, function, what stands there, what is planted, what is said)
UNLISTED = [
    ("loops", "rnn_step", "h_prev[n, k] * Wh[k, j]", "h_prev[n, k] * Wh[j, k]", "Wh is transposed|(1)"),
    ("loops", "rnn_step", "s = b[j]", "s = 0", "missing the term b|(1)"),
    ("cs231n", "rnn_step_forward", "x.dot(Wx)", "2 * x.dot(Wx)", "doubled|(1)"),
    ("cs231n", "rnn_step_backward", "dtanh.dot(Wh.T)", "dtanh.dot(Wh)", "Wh is transposed|(1')"),
    ("cs231n", "rnn_step_backward", "next_h * next_h", "next_h", "h²|(2')"),
    ("cs231n", "rnn_backward", "reversed(range(T))", "reversed(range(1, T))", "first step|(3')"),
    ("cs231n", "rnn_backward", "dWh += dWh_t", "dWh -= dWh_t", "dWh|wrong sign|(1')"),
    ("loops", "lstm_step_backward", "total * c_prev[n, j]", "total * c[n, j]", "c_prev|(5')"),
    ("cs231n", "lstm_step_backward", "dg = dc * i", "dg = dc * f", "dg|f in place of i|(5')"),
    ("cs231n", "lstm_step_forward", "g = np.tanh", "g = sigmoid", "σ in place of tanh|(4)"),
    ("loops", "gru_step_backward", "slope_n * un * rr", "slope_n * rr", "u_n|(5')"),
    ("loops", "adam_step", "dw[k] ** 2", "dw[k]", "dw²|(2)"),
    ("loops", "adam_step", " / (1 - beta2**t)", "", "not corrected|(4)"),
    ("loops", "integrated_gradients", "(x - baseline) * total", "total", "x - baseline|(3)"),
    ("loops", "clip_by_global_norm", "math.sqrt(total)", "total", "sqrt is missing|(1)"),
    ("cs231n", "word_embedding_backward", "np.add.at(dW, x, dout)", "dW[x] += dout", "twice|(2')"),
    ("cs231n", "temporal_affine_backward", "(0, 1)", "0", "not summed|(1')"),
    ("inlined", "lstm_backward", "dh[:, t] + dhn", "dh[:, t]", "not BPTT yet|(8')"),
    ("inlined", "lstm_backward", "dcn = dct * fg", "dcn = dct", "missing the factor f|(5')"),
    ("inlined", "lstm_backward", "hs[:-1].reshape", "hs[1:].reshape", "off by one|(1')"),
    ("inlined", "lstm_backward", "dhn, dcn = dhT, dcT", "dhn, dcn = 0 * dhT, 0 * dcT", "ignored|(8')"),
    ("inlined", "lstm_backward", "(dz @ Wx.T).transpose(1, 0, 2)", "dz @ Wx.T", "axes|(1')"),
    ("inlined", "lstm_forward", "og * np.tanh(cs[t + 1])", "og * cs[t + 1]", "tanh|missing|(7)"),
    # mistakes that no single slip makes: the place is said, and that the cause is not known
    ("cs231n", "lstm_step_backward", "dc = dnext_c + dnext_h * o", "dc = dnext_c * f + dnext_h * o",
     "in no way that the marker knows|equation (7')"),
    ("cs231n", "lstm_step_backward", "da_f = df * f * (1 - f)", "da_f = np.clip(df, -0.1, 0.1) * 3",
     "your da_f is the first quantity that differs|(3')"),
    ("loops", "lstm_step", "gi, gf, gg, go = sig", "gi, gf, gg, go = 0.3 + sig", "equation"),
]  # fmt: skip


@pytest.mark.parametrize(("style", "function", "before", "after", "said"), UNLISTED)
def test_other_mistakes_get_the_right_equation(style, function, before, after, said):
    marking = exercises.check(getattr(plant(style, function, before, after), function))
    assert not marking.ok
    for words in said.split("|"):
        assert words in marking.diagnosis


def test_two_mistakes_at_once_are_both_named():
    text = plant("cs231n", "lstm_step_backward", "dprev_c = dc * f", "dprev_c = dc")
    marking = exercises.check(text.lstm_step_backward)
    assert marking.diagnosis.startswith("dprev_c: missing the factor f, equation (5')")
    both = run(
        "import numpy as np\n"
        "from scratchrnn.exercises.sheets.rnn import rnn_step\n"
        "def rnn_step_backward(dh, cache):\n"
        "    x, h_prev, h = cache['x'], cache['h_prev'], cache['h']\n"
        "    da = dh * (1 - h**2)\n"
        "    return da @ cache['Wx'].T, da @ cache['Wh'], x.T @ da / len(x), h_prev.T @ da, da[0]\n"
    )
    said = exercises.check(both.rnn_step_backward).diagnoses
    assert len(said) == 3
    assert all("(1')" in text for text in said)


STEP = "import numpy as np\ndef rnn_step(x, h_prev, Wx, Wh, b):\n    "
RIGHT = "h = np.tanh(x @ Wx + h_prev @ Wh + b)\n    "
ROBUST = [
    ("raise NotImplementedError", "not begun", ""),
    ("return None, None", "not begun", ""),
    ("pass", "not begun", ""),
    (RIGHT + "pass", "WRONG", "returns None: is a `return` missing?"),
    (RIGHT + "print('noise'); return h, None", "right", ""),
    (RIGHT + "return h.astype(np.float32), None", "right", ""),
    (RIGHT + "return h.tolist(), None", "right", ""),
    (RIGHT + "return {'h': h}", "right", ""),
    (RIGHT + "return h", "right", ""),
    (RIGHT + "return h, 1, 2, 3", "WRONG", "returns 4 results"),
    (RIGHT + "return h[0], None", "WRONG", "has shape (4,), expected (N, H) = (2, 4)"),
    (RIGHT + "return h.squeeze(), None", "WRONG", "an axis is missing"),
    (RIGHT + "return h.T, None", "WRONG", "transposed"),
    (RIGHT + "return 'h', None", "WRONG", "is no array of numbers"),
    (RIGHT + "return h * np.nan, None", "WRONG", "NaN or infinity"),
    (RIGHT + "h_prev += 1\n    return h, None", "WRONG", "changes its argument h_prev in place"),
    (RIGHT + "return h * np.random.rand(), None", "WRONG", "different results"),
    ("return x @ Wx.T, None", "WRONG", "shapes: x (2, 3), Wx (3, 4)"),
    ("import sys; sys.exit(1)", "WRONG", "SystemExit"),
    ("return undefined, None", "WRONG", "NameError: name 'undefined' is not defined (line 3"),
]


@pytest.mark.parametrize(("body", "verdict", "said"), ROBUST)
def test_nothing_that_a_student_does_stops_the_marker(body, verdict, said):
    marking = exercises.check(run(STEP + body + "\n").rnn_step)
    assert marking.verdict == verdict
    assert said in str(marking)
    assert f"rnn_step: {verdict}" in marking._repr_html_()


def test_final_states_in_the_wrong_order_are_not_taken_for_gates():
    wrong = "return dx, dprev_c, dprev_h"
    text = plant("cs231n", "lstm_step_backward", "return dx, dprev_h, dprev_c", wrong)
    said = str(exercises.check(text.lstm_step_backward))
    assert "WRONG" in said and "gates stand in the order" not in said


def test_a_wrong_gate_is_not_laid_at_the_sigmoid_it_calls():
    marking = exercises.check(run(LEAKY).lstm_step)
    assert marking.verdict == "WRONG"
    assert "your a is" not in marking.diagnosis and "your e is" not in marking.diagnosis


LEAKY = """
import numpy as np
def sigmoid(a):
    e = np.exp(-np.abs(a))
    y = np.where(a >= 0, 1 / (1 + e), e / (1 + e))
    return y
def lstm_step(x, h_prev, c_prev, Wx, Wh, b):
    a_i, a_f, a_g, a_o = np.split(x @ Wx + h_prev @ Wh + b, 4, axis=1)
    i, f, g = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g)
    c = f * c_prev + i * g
    o = sigmoid(a_o + c_prev)
    h = o * np.tanh(c)
    return h, c, None
"""


NEARLY_RIGHT = {
    "softmax_loss": (
        """
        safe = np.where(mask[..., None], scores, 0.0)
        e = np.exp(safe - safe.max(axis=2, keepdims=True))
        p = e / e.sum(axis=2, keepdims=True)
        n, t = np.nonzero(mask)
        with np.errstate(divide="ignore"):
            loss = -np.log(p[n, t, y[n, t]]).sum() / len(n)
        d = p * mask[..., None] / len(n)
        d[n, t, y[n, t]] -= 1 / len(n)
        return loss, d
        """,
        "scores, y, mask",
        "a score far ahead",
    ),
    "gradients_agree": (
        """
        a, n = np.asarray(analytic), np.asarray(numeric)
        if a.shape != n.shape or not np.isfinite(a).all():
            return False
        size = max(np.linalg.norm(a), np.linalg.norm(n), floor)
        return bool(np.linalg.norm(a - n) <= tolerance * size)
        """,
        "analytic, numeric, tolerance=1e-6, floor=1e-3",
        "a small entry",
    ),
    "lstm_init": (
        """
        k = 1 / np.sqrt(H)
        Wx = np.repeat(rng.uniform(-k, k, (1, 4 * H)), D, axis=0)
        Wh = rng.uniform(-k, k, (H, 4 * H))
        b = np.zeros(4 * H)
        b[H : 2 * H] = 1
        return Wx, Wh, b
        """,
        "D, H, rng",
        "entries are repeated",
    ),
}


@pytest.mark.parametrize("name", NEARLY_RIGHT)
def test_what_is_right_on_ordinary_numbers_alone_is_wrong(name):
    body, arguments, said = NEARLY_RIGHT[name]
    text = f"import numpy as np\ndef {name}({arguments}):\n" + textwrap.indent(
        textwrap.dedent(body), "    "
    )
    marking = exercises.check(getattr(run(text), name))
    assert marking.verdict == "WRONG"
    assert said in str(marking)


def test_a_loop_that_never_ends_is_stopped(monkeypatch):
    monkeypatch.setattr("scratchrnn.exercises.running.SECONDS", 0.2)
    endless = run(STEP + "while True: pass\n").rnn_step
    assert "loop that never ends? (line 3" in exercises.check(endless).diagnosis


def test_the_number_of_arguments_is_checked():
    wrong = run("def rnn_step(x, h):\n    return x\n").rnn_step
    assert "takes 2 arguments, expected (x, h_prev, Wx, Wh, b)" in exercises.check(wrong).diagnosis


def test_a_function_that_is_no_exercise_is_an_error():
    with pytest.raises(ValueError, match="expected an exercise"):
        exercises.check(len)
    with pytest.raises(ValueError, match="expected a function"):
        exercises.check(3)


def test_a_backward_function_needs_its_forward_function():
    alone = run("def rnn_step_backward(dh, cache):\n    return 1, 2, 3, 4, 5\n").rnn_step_backward
    assert "needs the cache of your rnn_step" in exercises.check(alone).diagnosis
    fine = exercises.check(cs231n.rnn_step_backward, rnn_step_forward=cs231n.rnn_step_forward)
    assert fine.ok


def test_results_in_the_order_of_the_docstring_are_right():
    text = (
        "from scratchrnn.exercises.sheets.rnn import rnn_step, rnn_step_backward as solved\n"
        "def rnn_step_backward(dh, cache):\n"
        "    '''Back.\n\n    Returns\n    -------\n    dWx, dWh, db, dx, dh_prev\n    '''\n"
        "    dx, dh_prev, dWx, dWh, db = solved(dh, cache)\n"
        "    return dWx, dWh, db, dx, dh_prev\n"
    )
    assert exercises.check(run(text).rnn_step_backward).ok
    silent = text.replace("    dWx, dWh, db, dx, dh_prev\n    '''", "    gradients\n    '''")
    assert "in another order: dWx, dWh" in exercises.check(run(silent).rnn_step_backward).diagnosis


def test_the_table_shows_what_is_on_the_way():
    marking = exercises.check(loops.lstm_step_backward)
    assert [row.name for row in marking.rows][:3] == ["dx", "dh_prev", "dc_prev"]
    marking = exercises.check(cs231n.lstm_step_backward)
    on_the_way = {row.name: row.compared for row in marking.rows if row.kind == "intermediate"}
    assert on_the_way["da_f"] in {"exact", "close"}
    assert on_the_way["dc_total (your dc)"] in {"exact", "close"}


def test_a_wrong_forward_function_is_blamed_first():
    module = plant("loops", "lstm_step", "go * math.tanh(c[n, j])", "go * c[n, j]")
    module.lstm_step_backward.__globals__["sig"] = lambda v: 0.5
    marking = exercises.check(module.lstm_step_backward)
    assert not marking.ok
    assert "lstm_step, which is wrong: mend that first" in marking.notes[0]


def test_a_sigmoid_that_overflows_is_remarked_where_the_numbers_are_right():
    naive = plant(
        "cs231n", "lstm_step_forward", "i = sigmoid(a[:, 0:H])", "i = 1 / (1 + np.exp(-a[:, 0:H]))"
    )
    marking = exercises.check(naive.lstm_step_forward)
    assert marking.ok
    assert "overflows for large negative inputs" in marking.notes[0]


def test_suspect_lines_feed_what_is_wrong_and_nothing_that_is_right():
    step = EXERCISES["lstm_step_backward"]
    assert suspects(step, ["dc_prev"], ["dx"]) == ["5'"]


def test_markings_survive_the_way_through_plain_values():
    marking = exercises.check(loops.rnn_step)
    assert exercises.Marking.from_dict(marking.to_dict()) == marking
    assert np.isfinite([row.difference for row in marking.rows]).all()
