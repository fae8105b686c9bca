"""Turn a tutorial's script into a notebook, run it, and say what is wrong with the result.

A tutorial is a ``py:percent`` script; the ``.ipynb`` beside it is made from it and holds the
outputs of a run. Nothing in the notebook changes from run to run but what the run computed:
cells are named by their place, and no clock, path or version is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
MOST_LINES = 45  # of text that one cell may print: a screen
MOST_BYTES = 1_500_000  # of one notebook
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_FRAME = ("What you'll do", "What you'll learn", "What you'll need", "On your own", "In practice",
          "Further reading")  # fmt: skip
_PATHS = re.compile(r"(?:/home/|/Users/|/root/|/tmp/|/private/|site-packages|[A-Z]:\\\\)")
_RANDOM_NAME = re.compile(r"(?:anim|_anim_[a-z_]*?|fps)([0-9a-f]{32})")


def scripts() -> list[Path]:
    """Return the tutorials' scripts in the order of the course."""
    return sorted(FOLDER.glob("[0-9][0-9]_*.py"))


def notebook_of(script: Path) -> Path:
    """Return where the executed notebook of `script` is."""
    return script.with_suffix(".ipynb")


def convert(script: Path) -> nbformat.NotebookNode:
    """Return the notebook that `script` describes, without outputs.

    Parameters
    ----------
    script : Path

    Returns
    -------
    nbformat.NotebookNode
    """
    notebook = jupytext.read(script, fmt="py:percent")
    notebook.metadata = {"kernelspec": dict(_KERNEL), "language_info": {"name": "python"}}
    for place, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{place}"
        cell.metadata = {}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def execute(notebook: nbformat.NotebookNode, timeout: float = 240) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in a fresh kernel, in the tutorials' folder.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Is filled in.
    timeout : float
        Seconds that one cell may take.

    Returns
    -------
    nbformat.NotebookNode

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell raises.
    """
    where = {"metadata": {"path": str(FOLDER)}}
    quiet = ["--log-level=40"]  # else the kernel warns of how it is connected
    # On a busy machine threads of BLAS that wait for each other make small products very slow.
    environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    NotebookClient(
        notebook, timeout=timeout, kernel_name="python3", resources=where, extra_arguments=quiet
    ).execute(env=environment)
    return normalise(notebook)


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out of a notebook, in place, what differs from run to run without being a result."""
    notebook.metadata = {"kernelspec": dict(_KERNEL), "language_info": {"name": "python"}}
    count = 0
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.outputs = _joined(cell.outputs)
        for output in cell.outputs:
            output.pop("transient", None)
            if "execution_count" in output:
                output["execution_count"] = count
            if "text/html" in output.get("data", {}):
                output["data"]["text/html"] = stable_names(output["data"]["text/html"], cell.id)
    return notebook


def _joined(outputs: list) -> list:
    """Return outputs with neighbouring pieces of the same stream put together."""
    joined: list = []
    for output in outputs:
        same = joined and joined[-1].get("name") == output.get("name")
        if output.output_type == "stream" and same:
            joined[-1]["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def stable_names(page: str, cell: str) -> str:
    """Return `page` with its animations, which draw their names by lot, named after `cell`."""
    for k, name in enumerate(dict.fromkeys(_RANDOM_NAME.findall(page))):
        page = page.replace(name, f"{cell.replace('-', '')}n{k}")
    return page


def sources(notebook: nbformat.NotebookNode) -> list[tuple[str, str]]:
    """Return what somebody wrote: each cell's kind and text."""
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def links(text: str) -> list[str]:
    """Return the files that Markdown `text` links to."""
    found = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
    return [target for target in found if "://" not in target]


def problems(notebook: nbformat.NotebookNode) -> Iterator[str]:
    """Yield what a reader would stumble over, a sentence each.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Executed.

    Yields
    ------
    str
    """
    headings = re.findall(r"^#+ (.*)$", "\n".join(t for _, t in sources(notebook)), re.M)
    yield from (f"no heading {name!r}" for name in _FRAME if name not in headings)
    size = len(nbformat.writes(notebook).encode())
    if size > MOST_BYTES:
        yield f"{size} bytes: more than {MOST_BYTES}"
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if cell.execution_count is None:
                yield f"{cell.id}: was not run"
            yield from (f"{cell.id}: {text}" for text in _of_outputs(cell.outputs))


def _of_outputs(outputs: list) -> Iterator[str]:
    lines = 0
    for output in outputs:
        data = output.get("data", {})
        text = output.get("text", "") or data.get("text/plain", "")
        page = data.get("text/html", "")
        if output.output_type == "error":
            yield f"raised {output.ename}: {output.evalue}"
        elif output.get("name") == "stderr":
            yield f"wrote to stderr: {text[:200]}"
        if "image/png" in data:
            if not output.metadata.get("image/png", {}).get("alt"):
                yield "a picture without a description"
        else:
            lines += page.count("<tr") if page else text.count("\n") + 1
        found = _PATHS.search(text) or _PATHS.search(re.sub(r"data:image[^\"]*", "", page))
        if found:
            yield f"a path of this machine: {found.group()}"
    if lines > MOST_LINES:
        yield f"{lines} lines of output: more than a screen"
