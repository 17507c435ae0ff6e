"""What the experiment counts, and what it has written."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "views_by_cause.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("views_by_cause", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_labels_are_counted_by_cause(script):
    noise, ghost = 1, 7
    truth = np.array([0, 0, 0, 1, 1, 1, 0, 1])
    cause = np.array([noise, noise, ghost, 0, 0, 0, ghost, 0])
    size = np.array([1.0, 2, 3, 0, 0, 0, 9, 0])
    label = np.array([0, 1, 0, 0, 1, 255, 255, 1])
    found = script.summary(truth, cause, size, label, np.array([1.1, 0.9, 1.0]))
    assert (found["points"], found["artefacts"]) == (8, 4)
    assert (found["labelled"], found["precision"], found["recall"]) == (0.75, 0.6667, 0.5)
    assert found["precision of true geometry"] == 0.6667
    assert found["noise, estimated by true"] == [0.9, 1.0, 1.1]
    assert found["causes"] == {
        "noise": {"artefacts": 2, "median size, tolerances": 1.5, "found": 0.5, "called true": 0.5},
        "glossy ghost": {"artefacts": 2, "median size, tolerances": 6.0, "found": 0.5, "called true": 0.0},
    }


def test_the_causes_add_up_to_the_artefacts(script):
    for each in json.loads(script.RESULT.read_text())["entries"].values():
        rows = each["causes"].values()
        assert sum(row["artefacts"] for row in rows) == each["artefacts"]
        found = sum(row["artefacts"] * row["found"] for row in rows) / each["artefacts"]
        assert found == pytest.approx(each["recall"], abs=1e-3)
