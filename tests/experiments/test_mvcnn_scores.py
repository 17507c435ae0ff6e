"""The experiment that collects the scores of MVCNN."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "mvcnn_scores.py"


@pytest.fixture
def run(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("mvcnn_scores", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "FILE", tmp_path / "scores.json")
    monkeypatch.setattr(sys, "argv", ["mvcnn_scores.py", "--runs", str(tmp_path / "runs")])
    (tmp_path / "runs").mkdir()
    return module.main


def test_seeds_are_collected_and_other_kinds_kept(run, tmp_path):
    kept = {"runs": [{"seed": 0, "accuracy": 0.9}]}
    (tmp_path / "scores.json").write_text(json.dumps({"silhouette": kept, "depth-shade": {"runs": []}}))
    for seed, accuracy in enumerate((0.5, 0.75)):
        scores = {"seed": seed, "shapes": 4, "accuracy": accuracy, "recall": {"bed": 1.0}}
        scores["accuracy by views"] = {"1": 0.25}
        (tmp_path / "runs" / f"mvcnn-modelnet10-depth-shade-seed-{seed}.json").write_text(json.dumps(scores))
    (tmp_path / "runs" / "mvcnn-furniture-depth-shade-seed-0.json").write_text("{}")
    run()
    found = json.loads((tmp_path / "scores.json").read_text())
    assert found["silhouette"] == kept and set(found) == {"silhouette", "depth-shade", "provenance"}
    assert found["depth-shade"]["test shapes"] == 4 and "versions" in found["provenance"]
    assert [run["accuracy"] for run in found["depth-shade"]["runs"]] == [0.5, 0.75]
    assert found["depth-shade"]["runs"][0]["accuracy by views"] == {"1": 0.25}


def test_an_empty_folder_is_named(run):
    with pytest.raises(InputError, match="runs.*train_mvcnn"):
        run()
