"""The mutation tool itself: its patches fit the source, its mutants are small real changes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

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


MODULE = """
def doubled(x):
    return 2 * x

def unseen(x):
    return 3 * x

class Words:
    length = len("abc") + 1
"""
TESTS = """
from subject.module import Words, doubled

def test_doubled():
    assert doubled(3) == 6

def test_length():
    assert Words.length == 4
"""
RUN = """
import sys
from pathlib import Path
from tests.mutation import __main__ as tool, fresh, trial
from tests.mutation.operators import mutants
tool.ROOT = fresh.ROOT = trial.ROOT = Path(sys.argv[1])
fresh.PARTS, fresh.SETTINGS = ("subject", "trials"), ()
source = (trial.ROOT / "subject/module.py").read_text()
found = list(mutants("subject/module.py", source))
group = tool.Group((), ("trials",), 1.0, {})
for mutant, outcome in zip(found, tool.run(found, group, 2)):
    print(mutant.function, "|", mutant.before, "->", mutant.after, "|", *outcome)
"""


def test_a_mutant_is_killed_by_the_test_that_passes_through_it(tmp_path):
    (tmp_path / "subject").mkdir()
    (tmp_path / "trials").mkdir()
    for name, text in (
        ("subject/__init__.py", ""),
        ("subject/module.py", MODULE),
        ("trials/__init__.py", ""),
        ("trials/test_module.py", TESTS),
    ):
        (tmp_path / name).write_text(text)
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split(" | ") for line in done.stdout.splitlines() if " | " in line]
    outcomes = {(name, change): outcome for name, change, outcome in lines}
    assert len(outcomes) == 12
    for (name, _), outcome in outcomes.items():
        alive, _, killer = outcome.partition(" ")
        if name == "unseen":
            assert (alive, killer) == ("True", " 0")
        else:
            assert alive == "False"
            assert f"trials/test_module.py::test_{'length' if name == 'Words' else name}" in killer


def test_a_sample_says_how_far_it_can_be_trusted():
    low, high = interval(95, 100)  # Wilson's, by hand
    assert (round(low, 3), round(high, 3)) == (0.888, 0.978)
    assert interval(0, 0) == (0.0, 1.0)
