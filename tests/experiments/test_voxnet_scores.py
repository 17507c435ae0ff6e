"""The experiment that collects the scores of VoxNet."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "voxnet_scores.py"


@pytest.fixture
def run(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("voxnet_scores", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FILE", tmp_path / "scores.json")
    monkeypatch.setattr(sys, "argv", ["voxnet_scores.py", "--runs", str(tmp_path / "runs")])
    (tmp_path / "runs").mkdir()
    return module.main


def test_seeds_are_collected_and_other_kinds_kept(run, tmp_path):
    kept = {"runs": [{"seed": 0, "accuracy": 0.9}]}
    (tmp_path / "scores.json").write_text(json.dumps({"occupancy-16": kept, "distance-32": {"runs": []}}))
    for seed, accuracy in enumerate((0.5, 0.75)):
        scores = {"seed": seed, "shapes": 4, "accuracy": accuracy, "recall": {"bed": 1.0}}
        (tmp_path / "runs" / f"voxnet-distance-32-seed-{seed}.json").write_text(json.dumps(scores))
    (tmp_path / "runs" / "voxnet-furniture-32-seed-0.json").write_text("{}")
    run()
    found = json.loads((tmp_path / "scores.json").read_text())
    assert found["occupancy-16"] == kept and "furniture-32" not in found
    assert found["distance-32"]["test shapes"] == 4 and "versions" in found["provenance"]
    assert [run["accuracy"] for run in found["distance-32"]["runs"]] == [0.5, 0.75]


def test_an_empty_folder_is_named(run):
    with pytest.raises(InputError, match="runs.*train_voxnet"):
        run()
