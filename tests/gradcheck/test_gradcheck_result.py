"""The result reads as a table, shows as HTML, and cannot be taken for a pass by mistake."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.gradcheck import check_gradients

X, W = (np.random.default_rng(0).standard_normal(shape) for shape in [(3, 4), (4, 2)])


def product(x, w):
    return x @ w


RIGHT = check_gradients(product, [X, W], lambda dy: (dy @ W.T, X.T @ dy))
WRONG = check_gradients(product, [X, W], lambda dy: (dy @ W.T, -X.T @ dy))


def test_ok_is_the_truth_value():
    assert RIGHT.ok and bool(RIGHT)
    assert not WRONG.ok and not bool(WRONG)


def test_each_array_has_a_row_with_error_place_values_and_verdict():
    lines = str(WRONG).splitlines()
    assert lines[0].startswith("gradient check: WRONG in 1 of 2 arrays (central differences")
    assert lines[1].split() == [
        "array",
        "shape",
        "worst",
        "error",
        "at",
        "numeric",
        "analytic",
        "verdict",
    ]
    row = WRONG["w"]
    assert lines[3].startswith("w      (4, 2)      2.0e+00")
    assert lines[3].endswith("WRONG: has the wrong sign")
    assert str(row.worst_index) in lines[3]
    assert f"{row.numeric:.8g}" in lines[3] and f"{row.analytic:.8g}" in lines[3]
    assert row.numeric == pytest.approx(-row.analytic)
    assert lines[2].endswith("ok")


def test_the_worst_place_holds_the_values_that_are_shown():
    upstream = np.linspace(1, 2, 6).reshape(3, 2)
    index = WRONG["w"].worst_index
    assert len(index) == 2
    assert WRONG["w"].worst_error == WRONG.worst_error
    assert (X.T @ upstream)[index] != 0


def test_repr_is_the_table_so_that_a_failed_assertion_shows_it():
    assert repr(WRONG) == str(WRONG)


def test_problems_and_notes_stand_below_the_table():
    result = check_gradients(lambda x: x, [X], lambda dy: dy)
    assert str(result).splitlines()[-1].startswith("note: the gradient of x shares memory")


def test_an_unknown_array_is_a_key_error_that_names_the_known_ones():
    with pytest.raises(KeyError, match=r"'q' is none of \['x', 'w'\]"):
        RIGHT["q"]


def test_the_html_has_the_same_cells_and_escapes_them():
    hostile = {"<script>alert(1)</script>": X}
    result = check_gradients(
        lambda **given: np.sin(*given.values()), hostile, lambda dy: -dy * np.cos(X)
    )
    page = result._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "has the wrong sign" in page
    assert page.count("<tr") == 2
    assert "<p>note:" in check_gradients(lambda x: x, [X], lambda dy: dy)._repr_html_()


def test_numbers_are_shown_only_where_there_is_an_error():
    x = np.array([0.5, -1.0])
    row = check_gradients(lambda x: 1.0 * x, [x], lambda dy: dy.copy())["x"].row()
    assert row == ("x", "(2,)", "0.0e+00", "-", "-", "-", "ok")
