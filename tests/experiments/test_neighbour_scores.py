"""The experiment that compares networks with neighbourhoods with PointNet."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import data, models
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import make_furniture

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "neighbour_scores.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("neighbour_scores", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "POINTS", 64)
    monkeypatch.setattr(module, "FEWER", (32,))
    return module


@pytest.fixture
def run(script, monkeypatch, tmp_path):
    generator = np.random.default_rng(0)
    for name in data.MODELNET10:
        (tmp_path / "shapes" / name / "test").mkdir(parents=True)
        np.savez(tmp_path / "shapes" / name / "test" / "0.npz", points=make_furniture(name, generator).vertices)
    (tmp_path / "runs").mkdir()
    arguments = ["--data", tmp_path / "shapes", "--runs", tmp_path / "runs", "--json", tmp_path / "scores.json"]
    arguments += ["--votes", "pointnet", "dgcnn"]
    monkeypatch.setattr(sys, "argv", ["neighbour_scores.py", *map(str, arguments)])
    return script.main


def small(network, seed, **arguments):
    with seeded(seed):
        return network(10, width=0.1, **arguments)


def test_each_network_is_tested_with_fewer_and_fewer_points(run, tmp_path, capsys):
    for seed in (0, 1):
        small(models.PointNet, seed, transforms=False).save(tmp_path / f"runs/pointnet-modelnet10-seed-{seed}.keras")
    small(models.PointNet2, 0).save(tmp_path / "runs" / "pointnet2-modelnet10-seed-0.keras")
    old = {"seed": 1, "wrong": [9]}, {"seed": 2, "wrong": [], "accuracy": {"64": 1, "32": 1}, "10 votes": 1}
    known = {"pointnet": {"test shapes": 10, "runs": old}, "pointnet2": {"test shapes": 9, "runs": old}}
    (tmp_path / "scores.json").write_text(json.dumps(known))
    run()
    found = json.loads((tmp_path / "scores.json").read_text())
    assert list(found) == ["pointnet", "pointnet2"]
    assert [run["seed"] for run in found["pointnet"]["runs"]] == [0, 1, 2], "seeds of another day stay"
    assert "provenance" in found["pointnet"]["runs"][1], "the same seed is replaced"
    assert [run["seed"] for run in found["pointnet2"]["runs"]] == [0], "other shapes are no comparison"
    for group in found.values():
        assert group["test shapes"] == 10
        for tested in group["runs"]:
            assert list(tested["accuracy"]) == ["64", "32"]
            assert tested["accuracy"]["64"] == pytest.approx(1 - len(tested["wrong"]) / 10)
    assert all(0 <= tested["10 votes"] <= 1 for tested in found["pointnet"]["runs"])
    assert "10 votes" not in found["pointnet2"]["runs"][0], "it was not asked to vote"
    out = capsys.readouterr().out
    assert "pointnet2, 1 seeds, 10 test shapes" in out and "PointNet alone" in out


def test_an_empty_folder_is_named(run):
    with pytest.raises(InputError, match=r"no \*-modelnet10-seed-\*\.keras in it.*train_pointnet\.py"):
        run()


def test_fewer_points_are_points_of_the_cloud_in_farthest_point_order(script):
    clouds = np.random.default_rng(1).normal(size=(2, 100, 3)).astype("float32")
    few = script.fewer(clouds, 40)
    assert few.shape == (2, 40, 3)
    for cloud, chosen in zip(clouds, few, strict=True):
        assert len({tuple(point) for point in chosen}) == 40
        assert {tuple(point) for point in chosen} <= {tuple(point) for point in cloud}
        assert np.array_equal(data.farthest_order(chosen, 40, start=0), np.arange(40))


def test_mcnemars_test_is_exact(script):
    assert script.exact_p(0, 0) == 1
    assert script.exact_p(3, 3) == 1
    assert script.exact_p(0, 5) == pytest.approx(2 / 2**5)
    assert script.exact_p(8, 1) == pytest.approx(2 * (1 + 9) / 2**9)
