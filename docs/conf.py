"""Sphinx: numpydoc for the API, sphinx-gallery for the examples, the pydata theme."""

import os

import backpass

project = "backpass"
author = "the backpass developers"
copyright = "2026, the backpass developers"
release = version = backpass.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["_build", "gallery/README*", "**/GALLERY_HEADER.rst"]
html_theme = "pydata_sphinx_theme"
html_title = "backpass"
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False

autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "show_memory": False,
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
