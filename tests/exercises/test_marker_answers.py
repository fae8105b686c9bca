"""Answers that nobody expects: of another kind, in another form, at odds with what stands beside."""

from __future__ import annotations

import functools
import threading

import numpy as np
import pytest

from scratchrnn import exercises
from scratchrnn.exercises.catalogue import EXERCISES
from scratchrnn.exercises.sheets import rnn as rnn_sheet

from . import loops
from .planting import plant, run

ARGUMENTS = {
    "lstm_init": "D, H, rng",
    "gradients_agree": "analytic, numeric, tolerance=1e-6, floor=1e-3",
    "check_backward": "forward, backward, x, rng",
    "blocked_matmul": "A, B",
    "softmax_loss": "scores, y, mask",
    "rnn_forward": "x, h0, Wx, Wh, b",
    "rnn_step": "x, h_prev, Wx, Wh, b",
}
ANSWERS = [
    ("lstm_init", "raise NotImplementedError", "not begun", ""),
    ("lstm_init", "return 1 / 0", "WRONG", "ZeroDivisionError"),
    ("lstm_init", "return solved(D, H, rng)[:2]", "WRONG", "something else than Wx, Wh, b"),
    ("lstm_init", "return solved(H, D, rng)", "WRONG", "Wx has shape (40, 120), expected (30, 160)"),
    ("gradients_agree", "pass", "not begun", ""),
    ("gradients_agree", "return undefined", "WRONG", "with equal gradients: NameError"),
    ("gradients_agree", "return np.isclose(analytic, numeric)", "WRONG", "do not agree"),
    ("check_backward", "raise NotImplementedError", "not begun", ""),
    ("check_backward", "raise KeyError('rng')", "WRONG", "with a right backward: KeyError: 'rng'"),
    ("blocked_matmul", "return A @ B", "WRONG", "a library product (@, dot, einsum)"),
    ("blocked_matmul", "return solved(A.T.T, B)", "right", "the reads could not be counted"),
    ("blocked_matmul", "C = solved(A, B)\n    B += 1\n    return C", "WRONG",
     "changes its argument B in place"),
    ("softmax_loss", "p = np.exp(scores)\n    p /= p.sum(axis=2, keepdims=True)\n"
     "    return solved(np.log(p), y, mask)", "WRONG", "exp overflows for large scores"),
    ("rnn_forward", "if x.shape[1] == 1: raise ValueError('one step')\n"
     "    return solved(x, h0, Wx, Wh, b)", "WRONG", "ValueError: one step"),
    ("rnn_step", "return {'state': solved(x, h_prev, Wx, Wh, b)[0]}", "WRONG",
     "returns one result (dict), expected h, cache"),
]  # fmt: skip


def answer(name: str, body: str, arguments: str = ""):
    """Return a student's function that may use the right one under the name `solved`."""
    sheet = EXERCISES[name].sheet
    head = f"import numpy as np\nfrom scratchrnn.exercises.sheets.{sheet} import {name} as solved\n"
    text = f"{head}def {name}({arguments or ARGUMENTS[name]}):\n    {body}\n"
    return getattr(run(text), name)


@pytest.mark.parametrize(("name", "body", "verdict", "said"), ANSWERS)
def test_answers_of_every_kind_are_marked(name, body, verdict, said):
    marking = exercises.check(answer(name, body))
    assert marking.verdict == verdict
    assert said in str(marking)


def test_a_function_without_code_of_its_own_is_marked_by_its_numbers():
    marking = exercises.check(functools.partial(rnn_sheet.rnn_step), "rnn_step")
    assert marking.ok
    assert all(row.kind == "output" for row in marking.rows)
    product = exercises.check(functools.partial(np.matmul), "blocked_matmul")
    assert "a library product" in product.diagnosis


def test_outside_of_the_main_thread_the_marker_works_without_a_timer():
    found = []
    thread = threading.Thread(target=lambda: found.append(exercises.check(loops.rnn_step)))
    thread.start()
    thread.join()
    assert found[0].ok


def test_an_argument_that_nobody_passes_is_named():
    keyed = answer("rnn_step", "return 1", "x, h_prev, Wx, Wh, b, *, mode")
    assert "missing 1 required keyword-only argument: 'mode'" in exercises.check(keyed).diagnosis


def test_a_mistake_is_explained_where_the_next_case_fails_altogether():
    body = "assert len(x) == 2, 'only two'\n    return solved(x, h_prev, Wx, Wh, 0 * b)"
    said = exercises.check(answer("rnn_step", body)).diagnosis
    assert "missing the term b, equation (1)" in said
    assert "AssertionError: only two" in said


def test_a_mistake_that_other_cases_do_not_confirm_is_not_blamed():
    body = "return solved(x, h_prev, Wx, Wh, 0 * b if len(x) == 2 else b**2)"
    said = exercises.check(answer("rnn_step", body)).diagnosis
    assert said
    assert "missing the term b" not in said


def test_the_step_after_which_numbers_go_wrong_is_named():
    body = (
        "h = solved(x, h0, Wx, Wh, b)[0]\n    h[:, 1:] += 0.3 * np.sin(7 * h[:, 1:])\n"
        "    return h, h[:, -1], None"
    )
    hint = "the first step is right: look at what a step hands on"
    assert hint in exercises.check(answer("rnn_forward", body)).diagnosis
    body = body.replace("1:", ":")
    assert hint not in exercises.check(answer("rnn_forward", body)).diagnosis


def backward(body: str, more: str = "") -> str:
    """Return a student's text: a step, and a backward step that may call the right one, `solved`."""
    return (
        "import numpy as np\n"
        "from scratchrnn.exercises.sheets.rnn import rnn_step, rnn_step_backward as solved\n"
        f"{more}\ndef rnn_step_backward(dh, cache):\n    {body}\n"
    )


def test_a_cache_that_is_used_up_is_noted_once():
    text = backward("made = solved(dh, cache)\n    cache['h'][:] = 0\n    return made")
    marking = exercises.check(run(text).rnn_step_backward)
    (note,) = [note for note in marking.notes if note.startswith("uses its cache up")]
    assert note.endswith("a second call with the same cache gives something else")


def test_a_forward_function_may_return_its_results_by_name():
    more = (
        "def rnn_step(x, h_prev, Wx, Wh, b, right=rnn_step):\n"
        "    return dict(zip(['h', 'cache'], right(x, h_prev, Wx, Wh, b)))"
    )
    assert exercises.check(run(backward("return solved(dh, cache)", more)).rnn_step_backward).ok


def test_a_forward_function_without_a_cache_is_asked_for_it():
    more = "def rnn_step(x, h_prev, Wx, Wh, b):\n    return h_prev, None"
    marking = exercises.check(run(backward("return dh, dh", more)).rnn_step_backward)
    assert "needs the cache of your rnn_step, which gives none" in marking.diagnosis


def test_a_documented_order_does_not_make_wrong_numbers_right():
    body = (
        "'''Back.\n\n    Returns\n    -------\n    dWx, dWh, db, dx, dh_prev\n    '''\n"
        "    dx, dh_prev, dWx, dWh, db = solved(dh, cache)\n"
        "    return dWx, -dWh, db, dx, dh_prev"
    )
    marking = exercises.check(run(backward(body)).rnn_step_backward)
    assert marking.verdict == "WRONG"
    assert not any("docstring" in note for note in marking.notes)


def test_gradients_follow_the_gates_of_the_forward_function():
    text = (
        "from scratchrnn.exercises.sheets.lstm import lstm_step, lstm_step_backward as solved\n"
        "def lstm_step_backward(dnext_h, dnext_c, cache):\n"
        "    return solved(dnext_h, dnext_c, cache)\n"
    )
    assert exercises.check(run(text).lstm_step_backward).ok


def test_a_number_in_the_place_of_gates_is_told_its_shape():
    module = plant("cs231n", "lstm_step_backward", "return dx", "db = 0.0\n    return dx")
    marking = exercises.check(module.lstm_step_backward)
    assert "db has shape (), expected (4H) = (16,)" in marking.diagnosis


def test_one_gate_that_is_wrong_at_all_steps_is_named():
    spoilt = "dz[:, :, H : 2 * H] = np.clip(dz[:, :, H : 2 * H], -0.01, 0.01) + 0.1; "
    module = plant("inlined", "lstm_backward", "dx = (dz", f"{spoilt}dx = (dz")
    said = exercises.check(module.lstm_backward).diagnosis
    assert "the gradients of gate f are wrong: look at equation" in said
