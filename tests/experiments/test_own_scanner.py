"""What the experiment on real scanners leaves out, and what it has written."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data, results

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("own_scanner", ROOT / "experiments" / "own_scanner.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_blocks_share_the_measured_part(script):
    scan = data.load_turntable(0)[0]
    row, column = script._blocks(scan)
    assert set(np.unique(row)) == set(np.unique(column)) == set(range(script.BLOCKS))
    for each in (row, column):
        counts = np.bincount(each[scan.valid])
        assert counts.min() > 0.7 * counts.max()


def test_labels_are_taken_away_where_asked_for(script):
    scan = data.load_turntable(0)[0]
    where = script._blocks(scan)[0] == 1
    changed = script._unlabelled(scan, where).label
    assert (changed[where] == data.UNLABELLED).all()
    np.testing.assert_array_equal(changed[~where], scan.label[~where])


def test_commands_run_once_and_say_no_folder(script, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["own_scanner"])
    said = script.timed(tmp_path, "info", "info", data.example_path("mug_scan.npz"))
    assert said["seconds"] > 0 and said["peak memory, MB"] > 10
    assert "mug_scan.npz" in " ".join(said["printed"]) and str(ROOT) not in json.dumps(said)
    (tmp_path / "info.json").write_text('{"printed": ["as before"]}')
    assert script.timed(tmp_path, "info", "no such command") == {"printed": ["as before"]}


def test_the_results_are_complete_and_name_no_folder():
    entries = results.load("own_scanner")["entries"]
    assert set(entries["kinect"]["commands"]) == {"label", "tune", "evaluate"}
    assert sum(entries["kinect"]["frames"].values()) == 200
    assert {"tuned", "artefact-unet", "keep-all"} <= set(entries["kinect"]["evaluated"])
    assert "/work" not in json.dumps(entries) and "/tmp" not in json.dumps(entries)
    for promise in ("one scan, the other kept aside", "blocks of both, neighbours left out"):
        low, high = entries["phoxi"][promise]["intervals"]["balanced_accuracy"]
        assert 0.3 < low < high < 1
