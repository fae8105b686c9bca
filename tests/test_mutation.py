"""The mutation tool itself: its patches fit the source, its mutants are small real changes."""

from __future__ import annotations

import ast
import json

import pytest

from tests.mutation.__main__ import EXPLAINED, GROUPS, ROOT, collect, named
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
