"""What this book adds to Sphinx: Plotly from the installed package, and buttons only where they lead somewhere."""

from pathlib import Path

import plotly
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.fileutil import copy_asset_file

BINDER = "https://mybinder.org"
COLAB = "https://colab.research.google.com"


def _buttons(app: Sphinx, config: Config) -> None:
    """Show the buttons that need the repository's address when `_config.yml` names one."""
    options = config.html_theme_options
    known = bool(options.get("repository_url"))
    for button in ("use_repository_button", "use_issues_button", "use_edit_page_button"):
        options[button] = known
    if known:
        options["launch_buttons"] = {**options.get("launch_buttons", {}), "binderhub_url": BINDER, "colab_url": COLAB}


def _plotly(app: Sphinx, error: Exception | None) -> None:
    """Copy the Plotly that made the figures, so that script and data always agree."""
    if error is None and app.builder.format == "html":
        script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        copy_asset_file(str(script), str(Path(app.outdir) / "_static"))


def setup(app: Sphinx) -> dict:
    """Register both with Sphinx."""
    app.connect("config-inited", _buttons)
    app.connect("build-finished", _plotly)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
