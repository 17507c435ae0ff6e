import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import models
from pcfilter_lib.synthesis import make_furniture

SCRIPT = Path(__file__).parents[2] / "data_scripts" / "train_pointnet.py"


@pytest.fixture
def script(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("train_pointnet", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "POINTS", 32)
    monkeypatch.setattr(script, "BATCH", 4)
    monkeypatch.setattr(script, "MADE", {"train": 1, "test": 1})
    monkeypatch.setattr(script, "NETWORK", {"width": 0.1, "transforms": False, "dropout": 0.3})
    monkeypatch.setattr(script, "WEIGHTS", tmp_path / "weights")
    (tmp_path / "weights").mkdir()

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["train_pointnet.py", *map(str, arguments), "--out", str(tmp_path / "runs")])
        with seeded(0):  # each training seeds the generators itself
            script.main()

    script.run = run
    return script


def test_six_classes_are_trained_tested_and_shipped(script, tmp_path):
    generator = np.random.default_rng(0)
    for name in script.CLASSES["modelnet6"]:
        for split in ("train", "test"):
            (tmp_path / "shapes" / name / split).mkdir(parents=True)
            np.savez(tmp_path / "shapes" / name / split / "0.npz", points=make_furniture(name, generator).vertices)
    for seed in (0, 1):
        script.run("modelnet6", "--data", tmp_path / "shapes", "--epochs", 1, "--seed", seed)
    script.run("modelnet6", "--data", tmp_path / "shapes", "--epochs", 1, "--ship")
    card = json.loads((tmp_path / "weights" / "pointnet-modelnet6.json").read_text())
    assert card["scores"]["seeds"] == 2 and card["scores"]["runs"][1]["shapes"] == 6 and "academic" in card["licence"]
    assert not {"chair", "desk", "table", "toilet"} & set(card["classes"])
    network = models.load(tmp_path / "weights" / "pointnet-modelnet6.keras", compile=False)
    assert network.output_shape == (None, 6)


def test_furniture_needs_no_data_and_the_others_say_that_they_do(script, tmp_path, capsys):
    script.run("furniture", "--epochs", 1, "--ship")
    card = json.loads((tmp_path / "weights" / "pointnet-furniture.json").read_text())
    assert card["scores"]["runs"][0]["shapes"] == 10 and "licence" not in card
    with pytest.raises(SystemExit):
        script.run("modelnet10")
    assert "fetch_modelnet10.py" in capsys.readouterr().err
