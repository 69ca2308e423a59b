"""How Sphinx builds these pages; the parts of reference/ that are produced from code."""

import sys
from pathlib import Path

import fedretail

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

import reference

project = "fedretail"
author = "The fedretail maintainers"
copyright = author
version = release = fedretail.__version__

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "fedretail"
html_copy_source = False
html_show_sphinx = False


def setup(app):
    """Fills the produced parts in as each page is read."""
    app.connect("source-read", _fill)


def _fill(app, page, source):
    source[0] = reference.filled(source[0])
