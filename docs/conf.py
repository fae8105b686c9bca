"""How Sphinx builds the documentation: ``python -m sphinx -W docs docs/_build``."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

scratchrnn = import_module("scratchrnn")

project = "scratchrnn"
author = copyright = "The scratchrnn developers"
version = release = scratchrnn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "myst_parser",
    "numpydoc",
    "reference_pages",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "scratchrnn"
html_theme_options = {"navigation_with_keys": True}
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["page.css"]
highlight_language = "text"

autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "set"}
autodoc_typehints = "none"  # the numpydoc sections say it, with the shapes
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "toc.not_included"]  # files beside the documentation
