"""The sheets as files: without solutions for students, marked by `scratchrnn check`."""

from __future__ import annotations

import ast
import json

import pytest

from scratchrnn import exercises
from scratchrnn.cli import main
from scratchrnn.exercises.catalogue import EXERCISES
from scratchrnn.exercises.handout import notebook, script, write_sheets
from scratchrnn.exercises.sheets_text import SHEETS, read_sheet
from scratchrnn.exercises.students import load, read_parts

from .planting import text_of


def test_every_exercise_stands_in_its_sheet():
    there = {name: s for s in SHEETS for cell in read_sheet(s) for name in cell.functions}
    assert there == {name: exercise.sheet for name, exercise in EXERCISES.items()}


@pytest.mark.parametrize("name", SHEETS)
def test_a_students_sheet_holds_no_solution(name):
    text = script(name)
    assert "SOLUTION" not in text
    functions = [n for n in ast.parse(text).body if isinstance(n, ast.FunctionDef)]
    assert functions
    for function in functions:
        assert len(function.body) == 2  # the docstring, and the error that says "not begun"
        assert isinstance(function.body[1], ast.Raise)


@pytest.mark.parametrize("name", SHEETS)
def test_every_exercise_of_a_notebook_is_marked_in_the_next_cell(name):
    cells = [c["source"] for c in notebook(name)["cells"] if c["cell_type"] == "code"]
    for exercise in (e.name for e in EXERCISES.values() if e.sheet == name):
        (at,) = [k for k, source in enumerate(cells) if f"\ndef {exercise}(" in f"\n{source}"]
        assert cells[at + 1] == f"exercises.check({exercise})"


def test_notebooks_for_nbgrader_have_its_metadata():
    cells = notebook("rnn", "nbgrader")["cells"]
    marked = [c["metadata"]["nbgrader"] for c in cells if "nbgrader" in c["metadata"]]
    assert [(m["solution"], m["grade"], m["locked"]) for m in marked[:2]] == [
        (True, False, False),
        (False, True, True),
    ]
    assert len({m["grade_id"] for m in marked}) == len(marked) == 8
    assert "### BEGIN SOLUTION" in "".join(c["source"] for c in cells)


def test_notebooks_for_otter_have_its_fences():
    raw = [c["source"] for c in notebook("rnn", "otter")["cells"] if c["cell_type"] == "raw"]
    assert raw[0].startswith("# ASSIGNMENT CONFIG")
    assert raw.count("# END QUESTION") == 4


def test_sheets_are_written_and_marked(tmp_path, capsys):
    assert main(["exercises", str(tmp_path), "--for", "solution", "--sheet", "rnn"]) == 0
    path = tmp_path / "1_rnn.ipynb"
    assert json.loads(path.read_text())["nbformat"] == 4
    assert main(["check", str(path)]) == 0
    assert "1_rnn.ipynb: 4 right" in capsys.readouterr().out


def test_work_that_is_there_is_not_replaced(tmp_path, capsys):
    assert main(["exercises", str(tmp_path), "--form", "py", "--sheet", "rnn"]) == 0
    assert main(["exercises", str(tmp_path), "--form", "py", "--sheet", "rnn"]) == 2
    assert "somebody's work" in capsys.readouterr().err
    assert main(["exercises", str(tmp_path), "--form", "py", "--sheet", "rnn", "--overwrite"]) == 0
    assert main(["exercises", str(tmp_path), "--sheet", "nothing"]) == 2


WRONG = [
    ({"purpose": "exam"}, "purpose: expected one of"),
    ({"form": "md"}, "form: expected ipynb or py, got 'md'"),
    ({"form": "py", "purpose": "otter"}, "otter works on notebooks"),
    ({"sheets": ("rnn", "cnn")}, "cnn"),
]


@pytest.mark.parametrize(("options", "said"), WRONG)
def test_sheets_of_no_known_kind_are_refused_before_anything_is_written(tmp_path, options, said):
    with pytest.raises(ValueError, match=said):
        write_sheets(tmp_path / "new", **options)
    assert not (tmp_path / "new").exists()


def test_a_file_is_marked_with_all_its_errors(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "print('noise')\nundefined_name\nimport scratchrnn\n"
        "def rnn_step(x, h_prev, Wx, Wh, b):\n    raise SystemExit(1)\n"
        "def rnn_forward(x, h0, Wx, Wh, b):\n    while True: pass\n"
        "scratchrnn.exercises.check(rnn_forward)\n"
        "def rnn_step_backward(dh, cache):\n    raise NotImplementedError\n"
    )
    result = exercises.check_file(path, timeout=4.0)
    assert "name 'undefined_name' is not defined (line 2" in result.problems[0]
    assert "SystemExit: 1 (line 5" in result["rnn_step"].diagnosis
    assert "a loop that never ends?" in result["rnn_forward"].diagnosis
    assert [m.name for m in result if not m.begun] == ["rnn_step_backward", "rnn_backward"]
    assert "2 WRONG, 2 not begun" in str(result)
    assert not result.ok


def test_a_cell_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    good = next(cell.text for cell in read_sheet("lstm") if "sigmoid" in cell.functions)
    cells = ["%matplotlib inline\nimport numpy as np", "def broken(:", good]
    cells = [{"cell_type": "code", "source": [c], "metadata": {}} for c in cells]
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5}))
    result = exercises.check_file(path)
    assert "code cell 2, line 1" in result.problems[0]
    assert result["sigmoid"].ok


def test_homework_of_cs231n_is_marked_from_its_file(tmp_path, capsys):
    path = tmp_path / "rnn_layers.py"
    text = text_of("cs231n", "lstm_forward")
    path.write_text(text.replace("dprev_c = dc * f", "dprev_c = dc"))
    assert main(["check", str(path), "--json"]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    said = {m["name"]: (m["verdict"], m["diagnoses"]) for m in found["markings"]}
    assert said["rnn_forward"] == ("right", [])
    assert said["lstm_step_backward"][1][0].startswith(
        "dprev_c: missing the factor f, equation (5')"
    )


def test_a_file_that_never_ends_is_stopped(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import time\ntime.sleep(60)\n")
    result = exercises.check_file(path, timeout=2.0)
    assert "takes more than 2 s (line 2)" in result.problems[0]
    assert not result.ok


def test_a_file_that_ends_the_process_is_told(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import os\nos._exit(0)\n")
    result = exercises.check_file(path)
    assert result.problems == ["the process ended by itself while it was at line 2"]
    assert result.summary() == "mine.py: no function here has the name of an exercise"
    with pytest.raises(KeyError, match="'rnn_step' is none of"):
        result["rnn_step"]
    assert not result
    assert "the process ended" in result._repr_html_()


def test_time_for_marking_is_a_positive_number(tmp_path):
    with pytest.raises(ValueError, match="timeout: expected a positive number, got nan"):
        exercises.check_file(tmp_path / "mine.py", timeout=float("nan"))


def test_cells_of_a_script_are_run_one_by_one(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("a = 1\n# %% broken\ndef b(:\n# %%\nc = a + 1\nc.d\n# %%\n\n")
    names, problems = load(path)
    assert names["c"] == 2
    assert problems[0].startswith("line 3: ")
    assert problems[1].startswith("AttributeError") and "(line 6" in problems[1]
    assert len(problems) == 2


def test_cells_in_other_languages_are_left_out(tmp_path):
    sources = ["%%bash\nrm -rf data", "%%time\na = 1", "!pip install numpy\nb = a + 1"]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert [part.place for part in read_parts(path)] == ["code cell 2, ", "code cell 3, "]
    names, problems = load(path)
    assert names["b"] == 2
    assert not problems


def test_what_is_no_script_or_notebook_is_an_error(tmp_path, capsys):
    path = tmp_path / "mine.txt"
    path.write_text("def rnn_step(): pass")
    assert main(["check", str(path)]) == 2
    assert main(["check", str(tmp_path / "nothing.py")]) == 2
    bad = tmp_path / "bad.ipynb"
    bad.write_text("{}")
    assert main(["check", str(bad)]) == 2
    assert "not a notebook" in capsys.readouterr().err
