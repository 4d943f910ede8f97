"""Sphinx: numpydoc for the API, sphinx-gallery for the examples, the pydata theme."""

import os
import sys
from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

import backpass

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "backpass"
author = "the backpass developers"
copyright = "2026, the backpass developers"
release = version = backpass.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "made_pages",
]
html_math_renderer = "mathml"
templates_path = ["_templates"]
exclude_patterns = ["_build", "_made", "gallery/README*", "**/GALLERY_HEADER.rst"]
html_theme = "pydata_sphinx_theme"
html_title = "backpass"
html_static_path = ["_static"]
html_extra_path = ["_made"]
html_css_files = ["backpass.css"]
html_sidebars = {"index": [], "start": [], "play": []}
html_theme_options = {
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
}
html_show_sourcelink = False
html_context = {"default_mode": "auto"}  # light or dark as the reader's system is

autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": FileNameSortKey,  # the lesson's chapters from 1 to 7
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "default_thumb_file": str(Path(__file__).parent / "_static" / "studio.png"),
    "show_memory": False,
    "capture_repr": (),  # an address in memory teaches nobody
    "min_reported_time": 3600,  # seconds: none
    "write_computation_times": False,  # pages of which each asks a foreign host for scripts
    "show_signature": False,
    "remove_config_comments": True,
    # The gallery runs every example; a quick build of the text alone leaves that out.
    "plot_gallery": os.environ.get("BACKPASS_DOCS_GALLERY", "1") == "1",
}
suppress_warnings = ["config.cache"]


def skip_foreign_members(app, what, name, member, skip, options):
    """Leave out what scikit-learn's base classes bring: its own pages describe that."""
    module = getattr(getattr(member, "fget", member), "__module__", None) or ""
    return True if not module.startswith("backpass") else None


def setup(app):
    """Sphinx calls this once."""
    app.connect("autodoc-skip-member", skip_foreign_members)
