"""The experiment that compares sparse with dense convolutions."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from pcfilter_lib import results

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "sparse_crossing.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("sparse_crossing", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"SIDE": 16, "TURNS": 1, "SHARES": (0.1, 1.0)}.items():
        monkeypatch.setattr(module, name, value)
    return module


def test_each_share_is_timed_and_kept(script, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "argv", ["sparse_crossing.py", "--json", str(tmp_path / "found.json")])
    script.main()
    found = json.loads((tmp_path / "found.json").read_text())
    assert [row["voxels"] for row in found["milliseconds"]] == [410, 16**3]
    assert set(found["milliseconds"][0]) == {"share", "voxels", "sparse", "dense", "table"}
    assert set(found) == set(results.load("sparse_crossing"))


def test_active_voxels_hang_together(script):
    voxels = script.active(0.1)
    occupied = np.zeros((16,) * 3, bool)
    occupied[tuple(voxels.T)] = True
    assert ndimage.label(occupied)[1] < 12
