"""What this book adds to Sphinx.

Plotly from the installed package; buttons only where they lead somewhere; no thebe;
notebooks that run again when the library changed, and are kept for the tests.
"""

import os
from pathlib import Path

import executed
import kernels
import plotly
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.fileutil import copy_asset_file

# A notebook gets one core: OpenMP's threads otherwise wait by spinning, on cores that the
# other notebooks need, and one notebook that fits trees took eight times as long.
ONE_CORE = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
}
QUIET = {
    "OPEN3D_DISABLE_WEB_VISUALIZER": "true"
}  # it would announce itself on the page

LAUNCH = {
    "binderhub_url": "https://mybinder.org",
    "colab_url": "https://colab.research.google.com",
}


LAUNCH_NOTE = """
**In the cloud.** The rocket at the top of a chapter opens it on Binder, where all is
installed, or on Colab, where you run this in a first cell of your own:
`%pip install "pcfilter_lib[book] @ git+{address}"`.
"""


def _in_parallel(app: Sphinx, config: Config) -> None:
    """Read pages, and so run notebooks, in as many processes as there are cores.

    jupyter-book has no option for it, and two extensions that it loads do not declare
    that they are safe: both are at work only before and after the reading. What the environment
    says already about threads stays as it is.
    """
    app.parallel = os.cpu_count() or 1
    for variable, value in (ONE_CORE | QUIET).items():
        os.environ.setdefault(variable, value)
    for name in ("sphinx_multitoc_numbering", "sphinx_jupyterbook_latex"):
        if name in app.extensions:
            app.extensions[name].parallel_read_safe = True


def _buttons(app: Sphinx, config: Config) -> None:
    """Show the buttons that need the repository's address if `_config.yml` names one."""
    options = config.html_theme_options
    known = bool(options.get("repository_url"))
    for button in ("repository", "issues", "edit_page"):
        options[f"use_{button}_button"] = known
    note = ""
    if known:
        options.setdefault("launch_buttons", {}).update(LAUNCH)
        note = LAUNCH_NOTE.format(address=options["repository_url"]).strip()
    config.myst_substitutions = {**config.myst_substitutions, "launch_note": note}


def _without_thebe(app: Sphinx, config: Config) -> None:
    """Take thebe off: jupyter-book always loads it, and each page would name another host."""
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            listener
            for listener in listeners
            if getattr(listener.handler, "__name__", "") != "init_thebe_core"
        ]


def _scripts(
    app: Sphinx, page: str, template: str, context: dict, doctree: object
) -> None:
    """Load each script once, and MathJax where Sphinx wants it.

    jupyter-book adds every script that it finds in `_static`, whoever else added it.
    """
    kept = {}
    for script in context.get("script_files", []):
        name, body = str(script.filename), script.attributes.get("body") or ""
        if "mathjax/" in name and "defer" not in script.attributes:
            continue
        kept.setdefault((name, body), script)
    context["script_files"] = list(kept.values())


def _plotly(app: Sphinx, error: Exception | None) -> None:
    """Copy the Plotly that made the figures, so that script and data always agree."""
    if error is None and app.builder.format == "html":
        script = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
        copy_asset_file(str(script), str(Path(app.outdir) / "_static"))


def _outdated(
    app: Sphinx, env: BuildEnvironment, added: set, changed: set, removed: set
) -> list[str]:
    """Run every notebook again when the library changed: its own text does not tell."""
    digest = executed.library_digest()
    if getattr(env, "pcfilter_library", None) == digest:
        return []
    env.pcfilter_library = digest
    return [name for name in env.found_docs if env.doc2path(name).endswith(".ipynb")]


def setup(app: Sphinx) -> dict:
    """Register all of it with Sphinx."""
    kernels.use_private_sockets()
    executed.keep_executed(Path(app.srcdir), Path(app.outdir).parent)
    app.connect("config-inited", _in_parallel)
    app.connect("config-inited", _buttons)
    app.connect("config-inited", _without_thebe)
    app.connect("env-get-outdated", _outdated)
    app.connect("html-page-context", _scripts, priority=900)
    app.connect("build-finished", _plotly)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
