"""Tests come in a random order that its seed brings back; cells of notebooks come in theirs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("nbval")
ROOT = Path(__file__).resolve().parents[1]
TESTS, NOTEBOOK = "tests/test_errors.py", "book/start/check_your_machine.ipynb"


def collected(seed):
    command = [sys.executable, "-m", "pytest", "--collect-only", "--nbval-lax", f"--randomly-seed={seed}"]
    done = subprocess.run([*command, TESTS, NOTEBOOK], cwd=ROOT, capture_output=True, text=True)
    assert f"Using --randomly-seed={seed}\n" in done.stdout, done.stdout + done.stderr
    return re.findall(r"<Function (\w+)", done.stdout), [int(cell) for cell in re.findall(r"Cell (\d+)", done.stdout)]


def test_tests_are_shuffled_and_cells_are_not():
    (first, cells), (second, same_cells) = collected(1), collected(2)
    assert first != second and sorted(first) == sorted(second)
    assert len(cells) > 3 and cells == sorted(cells) == same_cells
