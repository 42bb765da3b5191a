"""Settings of Sphinx. `make docs` assembles the pages and builds them; see `docs/generate`."""

from __future__ import annotations

from sphinx.application import Sphinx

from automap_tiles import __version__

project = "AutoMap tiles"
author = "AutoMap developers"
copyright = "AutoMap developers"  # noqa: A001 (Sphinx's name)
release = version = __version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False
exclude_patterns = ["files/**"]

# `--option` stays what it is.
smartquotes = False
# A name between single backticks of a docstring is code.
default_role = "code"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_google_docstring = False
python_use_unqualified_type_names = True
maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"AutoMap tiles {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/icon.svg"
html_logo = "static/icon.svg"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#0f766e",
        "color-brand-content": "#0f766e",
        "color-api-name": "#0f766e",
        "color-api-pre-name": "#0f766e",
    },
    "dark_css_variables": {
        "color-brand-primary": "#5eead4",
        "color-brand-content": "#5eead4",
        "color-api-name": "#5eead4",
        "color-api-pre-name": "#5eead4",
    },
    "footer_icons": [],
}


def setup(app: Sphinx) -> None:
    """Keys of a process file are found by the search, and can be linked to."""
    app.add_object_type("mapchete-key", "mapchete-key", objname="key of a process file")
