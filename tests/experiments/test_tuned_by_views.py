"""The experiment that tunes filters on labels from views of simulated scenes."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(EXPERIMENTS)
    spec = importlib.util.spec_from_file_location("tuned_by_views", EXPERIMENTS / "tuned_by_views.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ByDepth:
    """A filter that takes what is near for true."""

    def score(self, scan):
        return -scan.xyz[..., 2]


def test_a_filter_is_scored_against_the_truth(script):
    xyz = np.ones((2, 5, 3), np.float32) * np.arange(1, 11, dtype=np.float32).reshape(2, 5, 1)
    label = np.full((2, 5), data.TRUE_GEOMETRY, np.uint8)
    label[1, 3:], label[0, 0] = data.ARTEFACT, data.UNLABELLED  # the two farthest points are no points
    found = script.tested(ByDepth(), [data.OrganizedScan(xyz, np.ones((2, 5), bool), label=label)])
    assert found == {"points": 9, "artefacts": 0.2222, "AUC": 1.0, "average precision": 1.0}
