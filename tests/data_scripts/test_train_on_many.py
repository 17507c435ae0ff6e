import json
import subprocess
import sys
from pathlib import Path

import numpy as np

SCRIPT = Path(__file__).parents[2] / "data_scripts" / "train_on_many.py"


def run(*arguments):
    command = [sys.executable, str(SCRIPT), "--steps", "4", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_two_processes_have_the_losses_of_one(tmp_path):
    """With batch normalisation and dropout: statistics and masks are those of the whole batch.

    The rate is low, so that a maximum which rounding decides for another point does not show: losses then still change
    by a hundredth a step, a thousand times the tolerance.
    """
    file = tmp_path / "runs.json"
    for processes in (1, 2):
        ended = run("--processes", processes, "--rate", 1e-4, "--json", file, "--label", processes)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.count("step 3: loss") == 1  # process 0 prints, and nobody else
    runs = json.loads(file.read_text())["runs"]
    assert [run["processes"] for run in runs.values()] == [1, 2] and len(runs["2"]["devices"]) == 2
    one, two = (np.array(run["losses"]) for run in runs.values())
    assert len(one) == 4 and np.ptp(one) > 0.1
    np.testing.assert_allclose(two, one, rtol=0, atol=1e-5)
    assert "jax" in runs["2"]["provenance"]["versions"]


def test_an_incomplete_place_is_one_line():
    ended = run("--rank", 1)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert "coordinator, count: not given" in ended.stderr
