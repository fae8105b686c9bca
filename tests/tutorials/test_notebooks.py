"""Every notebook is its script, was run to the end, and shows nothing that a reader must skip."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import nbformat
import pytest

from tutorials import build

SCRIPTS = build.scripts()
names = pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)


@cache
def written(script: Path) -> list[tuple[str, str]]:
    """Return the cells of `script`."""
    return build.sources(build.convert(script))


@cache
def shown(script: Path) -> nbformat.NotebookNode:
    """Return the notebook that is committed beside `script`."""
    return nbformat.read(build.notebook_of(script), as_version=4)


@names
def test_the_notebook_has_the_cells_of_its_script(script):
    assert build.sources(shown(script)) == written(script)


@names
def test_the_notebook_was_run_and_reads_well(script):
    assert list(build.problems(shown(script))) == []


def test_no_notebook_lacks_its_script():
    assert sorted(build.FOLDER.glob("*.ipynb")) == [build.notebook_of(s) for s in SCRIPTS]


@names
def test_the_next_tutorial_is_the_one_that_is_linked(script):
    text = script.read_text("utf-8")
    place = SCRIPTS.index(script)
    if place + 1 < len(SCRIPTS):
        assert f"Next: [{place + 2}. " in text
        assert f"({build.notebook_of(SCRIPTS[place + 1]).name})" in text


@names
def test_links_to_other_files_lead_somewhere(script):
    for _, text in written(script):
        for target in build.links(text):
            assert (build.FOLDER / target).exists(), target


@pytest.mark.slow
@names
def test_the_tutorial_runs_from_top_to_bottom(script):
    notebook = build.execute(build.convert(script))
    assert list(build.problems(notebook)) == []


# -- the reader of notebooks sees what is wrong ---------------------------------------------------


def broken(change) -> list[str]:
    """Return what is found in a good notebook after `change` has been at its first code cell."""
    notebook = copy.deepcopy(shown(SCRIPTS[0]))
    change(next(cell for cell in notebook.cells if cell.cell_type == "code"))
    return list(build.problems(notebook))


def stream(text: str, name: str = "stdout"):
    return lambda cell: cell.outputs.append(nbformat.v4.new_output("stream", name=name, text=text))


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (stream("a\n" * 60), "61 lines of output: more than a screen"),
        (stream("look out", "stderr"), "wrote to stderr: look out"),
        (stream("kept in /home/me/x"), "a path of this machine: /home/"),
        (lambda cell: cell.update(execution_count=None), "was not run"),
        (
            lambda cell: cell.outputs.append(
                nbformat.v4.new_output("error", ename="E", evalue="no", traceback=[])
            ),
            "raised E: no",
        ),
        (
            lambda cell: cell.outputs.append(
                nbformat.v4.new_output("display_data", {"image/png": ""}, metadata={})
            ),
            "a picture without a description",
        ),
        (stream("x" * build.MOST_BYTES), "bytes: more than"),
    ],
    ids=["long", "warning", "path", "not run", "error", "no description", "large"],
)
def test_a_problem_is_seen(change, found):
    problems = broken(change)
    assert len(problems) == 1 and found in problems[0]


def test_a_second_run_of_an_animation_has_the_same_names():
    page = '<img id="_anim_img{0}"><script>var anim{0} = new Animation("{0}")</script>'
    one, two = (build.stable_names(page.format(digit * 32), "cell-3") for digit in "af")
    assert one == two and "a" * 32 not in one


def test_a_script_in_which_a_cell_changed_is_out_of_step(tmp_path):
    script = tmp_path / "15_new.py"
    script.write_text(SCRIPTS[0].read_text("utf-8").replace("rng = ", "rng2 = ", 1), "utf-8")
    assert build.sources(build.convert(script)) != build.sources(shown(SCRIPTS[0]))
