"""A reader's JupyterLab without a network: a notebook is opened, run, and its figures are there."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import nbformat
import pytest
from site_checks import DESKTOP, watched

CELLS = [
    "import numpy as np\nfrom pcfilter_lib import plots\nplots.image(np.eye(4))",
    "corners = np.random.default_rng(0).normal(size=(500, 3))\nplots.cloud(corners)",
]
KERNEL_IS_IDLE = "() => window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"


@pytest.fixture
def lab(tmp_path):
    """Start JupyterLab on a folder with one notebook, none of the user's own settings, and give its address."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "figures.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = tmp_path / "_CONFIG" / "labconfig" / "page_config.json"
    settings.parent.mkdir(parents=True)
    # Open3D brings dash along, for which JupyterLab would suggest, in a dialog over everything, to rebuild itself.
    settings.write_text(json.dumps({"buildCheck": False, "buildAvailable": False}))
    own = {f"JUPYTER{name}_DIR": str(tmp_path / name) for name in ("_CONFIG", "_DATA", "_RUNTIME", "LAB_SETTINGS")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    command += [
        "--LabApp.extension_manager=readonly",
        f"--LabApp.workspaces_dir={tmp_path / 'workspaces'}",
        str(folder),
    ]
    log = tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(command, env=os.environ | own, stdout=output, stderr=output)
    origin = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{origin}/api/status", server, log)
        yield origin
    finally:
        server.terminate()  # it ends its kernels
        server.wait(timeout=20)


def _wait_for(address, server, log):
    for _ in range(300):
        try:
            with urllib.request.urlopen(address, timeout=1) as reply:
                return json.load(reply)
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def test_figures_draw_without_a_network(browser, lab):
    problems = []
    context = browser.new_context(viewport=DESKTOP)
    try:
        with watched(context, lab, problems) as page:
            page.goto(f"{lab}/lab/tree/figures.ipynb?reset")
            page.locator(".jp-Notebook .jp-CodeCell .jp-Editor").first.click(timeout=60_000)
            page.wait_for_function(KERNEL_IS_IDLE, timeout=60_000)
            page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
            figures = page.locator(".jp-OutputArea-output.js-plotly-plot:has(.main-svg)")
            figures.nth(len(CELLS) - 1).wait_for(timeout=90_000)
            assert figures.count() == len(CELLS)
            assert figures.locator(".gl-container canvas").count() >= 1
    finally:
        context.close()
    assert [problem for problem in problems if problem.startswith("asks another host")] == []
