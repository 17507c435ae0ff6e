import subprocess
import sys
from pathlib import Path

import in_environment

ROOT = Path(__file__).resolve().parents[2]


def test_the_projects_environment_runs_it_whoever_starts_it(monkeypatch, tmp_path):
    environment = tmp_path / ".venv" / "bin" / "python"
    environment.parent.mkdir(parents=True)
    environment.write_text('#!/bin/sh\necho "$@" > ran; exit 3\n')
    environment.chmod(0o755)
    monkeypatch.setattr(in_environment, "ROOT", tmp_path)
    monkeypatch.setattr(in_environment, "PYTHONS", [environment])
    assert in_environment.main(["ruff", "check", "a.py"]) == 3
    assert (tmp_path / "ran").read_text() == "-m ruff check a.py\n"
    in_environment.main(["tools/notebooks.py", "check"])
    assert (tmp_path / "ran").read_text() == "tools/notebooks.py check\n"


def test_the_hooks_run():
    command = [sys.executable, "-m", "pre_commit", "run", "--files", "tools/in_environment.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ruff check" in done.stdout and "Passed" in done.stdout
