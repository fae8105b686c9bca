"""A notebook as a page: pictures say what they show, links lead to pages, nothing is lost."""

from __future__ import annotations

import re

import nbformat
import pytest

from tutorials import build
from tutorials.pages import write_page


def notebook_with(*cells: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=list(cells))


def picture(alt: str) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output(
        "display_data", {"image/png": "iVBORw0K\nGgo="}, metadata={"image/png": {"alt": alt}}
    )
    return nbformat.v4.new_code_cell("fig", outputs=[output])


def page_of(notebook: nbformat.NotebookNode, folder, **options) -> str:
    return write_page(notebook, "a_page", folder, **options).read_text("utf-8")


def test_a_picture_keeps_its_description(tmp_path):
    notebook = notebook_with(picture("gates, open & shut <all>"))
    page = page_of(notebook, tmp_path)
    (tag,) = re.findall(r"<img.*?/?>(?=</figure>)", page)
    assert 'alt="gates, open &amp; shut &lt;all&gt;"' in tag
    assert "data:image/png;base64,iVBORw0KGgo=" in tag
    assert "image/png" in notebook.cells[0].outputs[0].data, "the notebook was changed"


def test_the_heading_is_the_title_and_links_lead_to_pages(tmp_path):
    text = "# 4. LSTM\n\nSee [3](03_vanishing.ipynb) and [a file](pages.py)."
    page = page_of(notebook_with(nbformat.v4.new_markdown_cell(text)), tmp_path)
    assert "<title>4. LSTM</title>" in page
    assert 'href="03_vanishing.html"' in page and 'href="pages.py"' in page


def test_another_mathjax_is_used_where_one_is_named(tmp_path):
    notebook = notebook_with(nbformat.v4.new_markdown_cell("# x\n\n$a$"))
    page = page_of(notebook, tmp_path, mathjax="file:///mathjax.js")
    assert "file:///mathjax.js" in page and "cdnjs.cloudflare.com/ajax/libs/mathjax" not in page


@pytest.mark.parametrize("script", build.scripts()[:2], ids=lambda script: script.stem)
def test_every_picture_of_a_tutorial_is_on_its_page(script, tmp_path):
    notebook = nbformat.read(build.notebook_of(script), as_version=4)
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    wanted = sum("image/png" in o.get("data", {}) for o in outputs)
    page = page_of(notebook, tmp_path)
    assert wanted and page.count("<figure>") == wanted
    assert "No description has been provided" not in page
