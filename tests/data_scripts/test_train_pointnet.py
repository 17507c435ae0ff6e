import json

import numpy as np
import pytest

from pcfilter_lib import data, models
from pcfilter_lib.synthesis import make_furniture


@pytest.fixture
def script(load_script, monkeypatch):
    script = load_script("train_pointnet", POINTS=32, BATCH=4, MADE={"train": 1, "test": 1})
    for name, recipe in script.NETWORKS.items():
        small = recipe._replace(arguments={**recipe.arguments, "width": 0.1})
        monkeypatch.setitem(script.NETWORKS, name, small)
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


@pytest.mark.parametrize("name", ["pointnet2", "dgcnn"])
def test_networks_of_neighbourhoods_are_trained_too(script, tmp_path, name):
    script.run("furniture", "--network", name, "--epochs", 1, "--ship")
    card = json.loads((tmp_path / "weights" / f"{name}-furniture.json").read_text())
    network = models.load(tmp_path / "weights" / f"{name}-furniture.keras", compile=False)
    assert card["about"].startswith(script.NETWORKS[name].title)
    assert isinstance(network, script.NETWORKS[name].network) and network.output_shape == (None, 10)
    assert card["recipe"]["network"]["width"] == 0.1 and ("farthest-point order" in card["recipe"]) == (name != "dgcnn")


def test_clouds_come_in_farthest_point_order_where_it_matters(script, tmp_path, monkeypatch):
    monkeypatch.setattr(script, "CENTRES", 5)
    fed = {}

    def train(options):
        fed[options.network], _ = script.shapes(options, "train", True)
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "train", train)
    for name in ("pointnet", "pointnet2", "pointnet2-msg"):
        with pytest.raises(KeyboardInterrupt):
            script.run("furniture", "--network", name)
    order = data.farthest_order(fed["pointnet"][3], 5)
    assert not np.array_equal(order, np.arange(len(order)))
    np.testing.assert_array_equal(fed["pointnet2"][3], fed["pointnet"][3][order])
    (kept,) = (tmp_path / "runs" / "clouds").glob("ordered-*.npy")  # computed once
    np.testing.assert_array_equal(np.load(kept), fed["pointnet2-msg"])
