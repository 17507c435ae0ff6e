"""What book/_ext adds to Sphinx."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSION = Path(__file__).resolve().parents[2] / "book" / "_ext"


@pytest.fixture
def extension(monkeypatch):
    monkeypatch.syspath_prepend(EXTENSION)
    yield __import__("pcfilter_book")
    sys.modules.pop("pcfilter_book")


def configured(extension, address):
    options = {"repository_url": address, "launch_buttons": {"thebe": False}}
    config = SimpleNamespace(html_theme_options=options, myst_substitutions={})
    extension._buttons(None, config)
    return config


def test_without_an_address_there_are_no_buttons(extension):
    config = configured(extension, "")
    assert not any(
        config.html_theme_options[f"use_{button}_button"] for button in ("repository", "issues", "edit_page")
    )
    assert config.html_theme_options["launch_buttons"] == {"thebe": False}
    assert config.myst_substitutions["launch_note"] == ""


def test_with_an_address_there_are_all(extension):
    config = configured(extension, "https://example.org/book")
    assert all(config.html_theme_options[f"use_{button}_button"] for button in ("repository", "issues", "edit_page"))
    assert set(config.html_theme_options["launch_buttons"]) == {"thebe", "binderhub_url", "colab_url"}
    assert "git+https://example.org/book" in config.myst_substitutions["launch_note"]


def test_notebooks_run_again_only_when_the_library_changed(extension, monkeypatch, tmp_path):
    library = tmp_path / "library"
    library.mkdir()
    (library / "__init__.py").write_text("")
    monkeypatch.setattr(extension.executed.pcfilter_lib, "__file__", str(library / "__init__.py"))
    env = SimpleNamespace(
        found_docs=["intro", "chapter"], doc2path=lambda name: name + (".md" if name == "intro" else ".ipynb")
    )
    assert extension._outdated(None, env, set(), set(), set()) == ["chapter"]
    assert extension._outdated(None, env, set(), set(), set()) == []
    for name in ("data.py", "results.json"):
        (library / name).write_text("1")
        assert extension._outdated(None, env, set(), set(), set()) == ["chapter"]
    (library / "data.pyc").write_text("compiled")
    assert extension._outdated(None, env, set(), set(), set()) == []


def test_notebooks_get_one_core_each_unless_the_environment_says_more(extension, monkeypatch):
    for variable in extension.ONE_CORE | extension.QUIET:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    app = SimpleNamespace(extensions={})
    monkeypatch.setattr(extension.os, "environ", dict(os.environ))  # what the set-up adds goes with the test
    extension._in_parallel(app, None)
    assert app.parallel == os.cpu_count()
    assert {variable: extension.os.environ[variable] for variable in extension.ONE_CORE} == {
        "OMP_NUM_THREADS": "3",
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
    }
    assert extension.os.environ["OPEN3D_DISABLE_WEB_VISUALIZER"] == "true"
