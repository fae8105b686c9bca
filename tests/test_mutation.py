"""The mutation tool itself: its patches fit the source, its mutants are small real changes."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.__main__ import EXPLAINED, GROUPS, ROOT, collect, interval, named
from tests.mutation.named import CATALOGUE, PATCHES
from tests.mutation.operators import mutants

SOURCE = '''
def backward(dh, dh_next, x, T):
    """Docstring: 1 + 1."""
    dW = 0
    for t in reversed(range(T)):
        total = dh[t] + dh_next
        dW += x[t].T @ total
    if T < 0:
        raise ValueError("1 + 1")
    return dW
'''


def test_every_bug_of_the_catalogue_is_a_patch_that_applies():
    assert {patch.number for patch in PATCHES} == set(CATALOGUE)
    for mutant in named():
        original = (ROOT / mutant.path).read_text(encoding="utf-8")
        assert mutant.render() != original
        ast.parse(mutant.render())


def test_mutants_are_the_mistakes_of_bptt():
    keys = {f"{m.before} -> {m.after}" for m in mutants("a.py", SOURCE)}
    for expected in (
        "dh[t] + dh_next -> dh[t] - dh_next",
        "dh[t] + dh_next -> dh[t]",
        "dh[t] -> dh[t - 1]",
        "x[t].T -> x[t]",
        "dW += x[t].T @ total -> dW = x[t].T @ total",
        "dW += x[t].T @ total -> (deleted)",
        "reversed(range(T)) -> range(T)",
    ):
        assert expected in keys
    assert not any("Docstring" in key or "ValueError" in key for key in keys)


def test_every_mutant_parses_and_differs_from_its_source_and_from_the_others():
    original = ast.unparse(ast.parse(SOURCE))
    sources = [mutant.render() for mutant in mutants("a.py", SOURCE)]
    assert len(set(sources)) == len(sources)
    for source in sources:
        assert source != original
        ast.parse(source)


@pytest.mark.parametrize("name", GROUPS)
def test_every_group_has_mutants_and_tests(name):
    assert collect(GROUPS[name])
    assert any(list(ROOT.glob(pattern)) for pattern in GROUPS[name].tests)


def test_every_explanation_still_names_a_mutant():
    keys = {mutant.key for name in GROUPS for mutant in collect(GROUPS[name])}
    explained = json.loads(EXPLAINED.read_text(encoding="utf-8"))
    assert set(explained) <= keys
    assert all(len(reason) > 20 for reason in explained.values())


RUNS = """
import sys
from pathlib import Path
from tests.mutation.running import run_tests
folder = Path(sys.argv[1])
print(*run_tests(folder, ("test_right.py",)))
print(*run_tests(folder, ("test_*.py",)))
print(*run_tests(folder, ("test_*.py",), "wrong"))
print(*run_tests(folder, ("test_right.py",), first=["test_wrong.py::test_no"]))
"""


def test_a_run_tells_which_test_failed(tmp_path):
    (tmp_path / "test_right.py").write_text("def test_yes():\n    assert True\n")
    (tmp_path / "test_wrong.py").write_text("def test_no():\n    assert False\n")
    command = [sys.executable, "-c", RUNS, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    failed = "1 test_wrong.py::test_no"
    assert [line.strip() for line in done.stdout.splitlines()] == ["0", failed, "0", failed]
    assert not list(Path(tmp_path).rglob("*.pyc"))


def test_a_sample_says_how_far_it_can_be_trusted():
    low, high = interval(95, 100)  # Wilson's, by hand
    assert (round(low, 3), round(high, 3)) == (0.888, 0.978)
    assert interval(0, 0) == (0.0, 1.0)
