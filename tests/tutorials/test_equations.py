"""An equation has the same number in the tutorial's text, in its code and in the cell's source."""

from __future__ import annotations

import inspect
import re
from functools import cache

import pytest

from scratchrnn.cells import gru, lstm, rnn
from tutorials import build

CELLS = {
    "01_sequences_and_the_rnn": rnn,
    "02_backpropagation_through_time": rnn,
    "04_lstm": lstm,
    "05_gru": gru,
}
TAG = r"\(\d+b?'?\)"
ASSIGNMENT = re.compile(rf"^\s*([\w, ]+?) \+?= .*#\s*({TAG}(?:,? {TAG})*)", re.MULTILINE)


def tagged(code: str) -> list[tuple[str, set[str], bool]]:
    """Return each name that a tagged line assigns, its tags, and whether they are its alone."""
    found = []
    for names, tags in ASSIGNMENT.findall(code):
        names, tags = [name.strip() for name in names.split(",")], re.findall(TAG, tags)
        if len(names) == len(tags):
            found += [(name, {tag}, True) for name, tag in zip(names, tags, strict=True)]
        else:
            found += [(name, set(tags), False) for name in names]
    return found


@cache
def notebook(stem: str):
    return build.convert(build.FOLDER / f"{stem}.py")


def pairs():
    """Yield for each tagged name that tutorial and cell share its tags here and there."""
    for stem, cell in CELLS.items():
        of_cell: dict[str, set[str]] = {}
        for name, tags, _ in tagged(inspect.getsource(cell)):
            of_cell.setdefault(name, set()).update(tags)
        code = "\n".join(c.source for c in notebook(stem).cells if c.cell_type == "code")
        for name, tags, alone in tagged(code):
            if name in of_cell:
                label = f"{stem[:2]} {name} {' '.join(sorted(tags))}"
                yield pytest.param(tags, alone, of_cell[name], id=label)


@pytest.mark.parametrize(("tags", "alone", "of_cell"), list(pairs()))
def test_the_code_of_a_tutorial_has_the_tags_of_the_cell(tags, alone, of_cell):
    assert tags <= of_cell if alone else tags & of_cell


@pytest.mark.parametrize("stem", CELLS)
def test_every_number_in_the_text_is_one_of_the_cell_s(stem):
    text = "\n".join(c.source for c in notebook(stem).cells if c.cell_type == "markdown")
    numbers = set(re.findall(r"\\tag\{([^}]*)\}", text))
    known = {tag.strip("()") for tag in re.findall(TAG, CELLS[stem].__doc__)}
    assert numbers and numbers <= known


def test_enough_lines_are_compared():
    assert len(list(pairs())) > 40


def test_a_wrong_tag_is_seen():
    (name, tags, alone), *_ = tagged("    c = f * c_prev + i * g  # (6)")
    assert (name, tags, alone) == ("c", {"(6)"}, True)
    of_cell = {tag for n, t, _ in tagged(inspect.getsource(lstm)) if n == "c" for tag in t}
    assert not tags <= of_cell and {"(5)"} <= of_cell
