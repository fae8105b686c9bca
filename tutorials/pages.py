"""A notebook as a page for a browser, wide or narrow, whose pictures say what they show."""

from __future__ import annotations

import copy
import re
from html import escape
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from scratchrnn.files import replacing

# What is wider than a telephone scrolls inside its own box; the page itself does not.
_STYLE = """<style>
@media screen { body.jp-Notebook { max-width: 56rem; margin: 0 auto; padding: 0 .8rem; } }
.jp-RenderedMarkdown, .jp-OutputArea-output { overflow-x: auto; }
.jp-RenderedHTMLCommon table { margin-left: 0; }
figure { margin: 0; }
figure img { max-width: 100%; height: auto; }
@media (max-width: 40rem) {
  .jp-InputPrompt, .jp-OutputPrompt { display: none; }
  .animation { max-width: 100%; }
}
</style>
"""


# nbconvert configures MathJax 2; this says the same to MathJax 3.
_DOLLARS = """<script>
window.MathJax = {tex: {inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]]}};
</script>
"""


def write_page(notebook: nbformat.NotebookNode, name: str, folder: Path, mathjax: str = "") -> Path:
    """Write an executed notebook as HTML.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Is not changed.
    name : str
        Of the page, without its ending.
    folder : Path
        Is made if it is not there.
    mathjax : str, optional
        Where the browser finds MathJax 3; by default MathJax 2 at nbconvert's own address.

    Returns
    -------
    Path
    """
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\((\w+)\.ipynb\)", r"](\1.html)", cell.source)
        else:
            for output in cell.outputs:
                _say_what_it_shows(output)
    title = re.search(r"^# (.*)$", notebook.cells[0].source, re.M)
    options = {"mathjax_url": mathjax} if mathjax else {}
    resources = {"metadata": {"name": title.group(1) if title else name}}
    page, _ = HTMLExporter(**options).from_notebook_node(notebook, resources)
    if mathjax:
        page = page.replace("<head>", "<head>\n" + _DOLLARS, 1)
    path = Path(folder) / f"{name}.html"
    with replacing(path) as file:
        file.write(page.replace("</head>", _STYLE + "</head>", 1).encode())
    return path


def _say_what_it_shows(output: nbformat.NotebookNode) -> None:
    """Turn a picture, in place, into one with its description, which nbconvert leaves out."""
    picture = output.get("data", {}).get("image/png")
    if picture is not None:
        alt = escape(output.metadata.get("image/png", {}).get("alt", ""), quote=True)
        source = f"data:image/png;base64,{''.join(picture.split())}"
        output.data = {"text/html": f'<figure><img src="{source}" alt="{alt}"></figure>'}
