"""``book/conftest.py`` runs notebooks under nbval: what is broken in one fails, and so does what takes too long."""

import json
import re
import subprocess
import sys
from pathlib import Path

import executed
import nbformat
import pytest

CONFTEST = Path(__file__).resolve().parents[2] / "book" / "conftest.py"
BUSY = "import time\nwhile time.process_time() < {}:\n    pass"  # so much processor time, however busy the machine is


@pytest.fixture
def run_notebooks(tmp_path):
    """Return a function that runs notebooks, given as budget and (source, stored output, tags), in a fresh pytest."""

    def run(notebooks, *options, longest_pass=780):
        text = CONFTEST.read_text().replace("LONGEST_PASS = 780", f"LONGEST_PASS = {longest_pass}")
        (tmp_path / "conftest.py").write_text(text)
        (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = '{CONFTEST.parent / '_ext'}'\n")
        for name, (budget, cells) in notebooks.items():
            (tmp_path / f"{name}.ipynb").write_text(json.dumps(_notebook(budget, cells)))
        command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider"]
        command += ["-p", "no:randomly"]  # the project's own conftest.py keeps the cells in order, and is not there
        return subprocess.run([*command, *options, "."], cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


def _notebook(budget, cells):
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "metadata": {"tags": ["nbval-check-output", *tags] if stored else []},
                "source": source,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": stored}] if stored else [],
                "execution_count": 1 if stored else None,
            }
            for number, (source, stored, *tags) in enumerate(cells)
        ],
        "metadata": {"pcfilter": {"budget_seconds": budget}} if budget else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_good_notebooks_pass_and_are_timed_on_two_workers(run_notebooks):
    good = [("x = 1", ""), ("print(x)", "1\n"), ("print('not compared')", "")]
    result = run_notebooks({"a": (30, good), "b": (30, good)}, "-n2", "--dist=loadscope")
    assert result.returncode == 0, result.stdout
    assert "8 passed" in result.stdout  # of each three cells and the budget
    for name in ("a", "b"):
        assert re.search(rf" 30 +[0-9.]+  {name}\.ipynb", result.stdout)
    assert re.search(r" 780 +[0-9.]+  one pass over all\n", result.stdout)


def test_each_failure_is_found(run_notebooks):
    result = run_notebooks(
        {
            "differs": (30, [("print(1 + 1)", "3\n")]),
            "raises": (30, [("1 / 0", "")]),
            "slow": (3, [(BUSY.format(8), "")]),
            "waits": (5, [("import time; time.sleep(6)", "")]),
            "starts": (
                3,
                [(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY.format(8)!r}])", "")],
            ),
            "unnamed": (None, [("x = 1", "")]),
        }
    )
    assert result.returncode == 1
    assert "5 failed, 7 passed" in result.stdout
    for line in (
        "FAILED differs.ipynb::Cell 0",
        "FAILED raises.ipynb::Cell 0",
        "FAILED slow.ipynb::budget",
        "FAILED starts.ipynb::budget",
        "FAILED unnamed.ipynb::budget",
    ):
        assert line in result.stdout
    assert "of processor time; its budget is 3 s (metadata.pcfilter)" in result.stdout


def test_all_together_have_a_budget_too(run_notebooks):
    result = run_notebooks({"a": (30, [("x = 1", "")])}, longest_pass=0.01)
    assert result.returncode == 1
    assert "2 passed" in result.stdout
    assert "one pass over all: too long, the run fails" in result.stdout


def test_numbers_are_compared_up_to_their_rounding(run_notebooks):
    good = [("print(f'{2 / 3:.2f} of 100')", "0.68 of 100\n")]
    good += [("print('0.70, 103 points')", "0.68, 100 points\n", "approximate")]
    bad = [("print('0.66 of 100')", "0.68 of 100\n"), ("print('0.67 of 101')", "0.68 of 100\n")]
    bad += [("print('0.67 of many')", "0.68 of 100\n"), ("print('110 points')", "100 points\n", "approximate")]
    result = run_notebooks({"good": (30, good), "bad": (30, bad)})
    assert "4 failed, 4 passed" in result.stdout, result.stdout


@pytest.fixture
def keep_as_built(tmp_path):
    """Return a function that keeps a notebook as the book's build does, with one text that its cell printed."""

    def keep(name, printed, seconds=2.0):
        notebook = nbformat.read(tmp_path / f"{name}.ipynb", as_version=4)
        notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text=printed)]
        made_by = executed.fingerprint(tmp_path / f"{name}.ipynb")
        target = tmp_path / "_build" / executed.FOLDER / f"{name}.ipynb"
        executed.keep(notebook, target, made_by, {"seconds": seconds, "wall": 3.0})

    return keep


LEAVES_A_TRACE = "open('executed', 'w').close()\nprint(1)"


def test_what_the_build_executed_is_compared_and_not_executed_again(run_notebooks, keep_as_built, tmp_path):
    notebooks = {name: (30, [(LEAVES_A_TRACE, "1\n")]) for name in ("same", "differs", "slow")}
    run_notebooks(notebooks, "--collect-only")
    keep_as_built("same", "1\n")
    keep_as_built("differs", "2\n")
    keep_as_built("slow", "1\n", seconds=31.0)
    result = run_notebooks(notebooks)
    assert "2 failed, 4 passed" in result.stdout, result.stdout
    assert "FAILED differs.ipynb::Cell 0" in result.stdout and "FAILED slow.ipynb::budget" in result.stdout
    assert re.search(r" 2\.0 +30 +3\.0  same\.ipynb", result.stdout)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("change", ["notebook", "scale", "record"])
def test_what_would_print_something_else_now_is_executed(run_notebooks, keep_as_built, tmp_path, monkeypatch, change):
    notebooks = {"a": (30, [(LEAVES_A_TRACE, "1\n")])}
    run_notebooks(notebooks, "--collect-only")
    keep_as_built("a", "1\n")
    if change == "notebook":
        notebooks = {"a": (31, [(LEAVES_A_TRACE, "1\n")])}
    elif change == "scale":
        monkeypatch.setenv("PCFILTER_SCALE", "laptop")
    else:
        (tmp_path / "_build" / executed.FOLDER / "a.ipynb").write_text("{")
    result = run_notebooks(notebooks)
    assert "2 passed" in result.stdout, result.stdout
    assert (tmp_path / "executed").exists()
