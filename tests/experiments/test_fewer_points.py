"""The experiment that tests small networks with fewer and fewer points."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import data, results

EXPERIMENTS = Path(__file__).resolve().parents[2] / "experiments"


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(EXPERIMENTS)
    spec = importlib.util.spec_from_file_location("fewer_points", EXPERIMENTS / "fewer_points.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_each_network_of_a_seed_is_tested_with_each_number_of_points(script, monkeypatch):
    monkeypatch.setattr(script, "NETWORKS", {name: script.NETWORKS[name] for name in ("PointNet", "one radius")})
    x, y = script.ordered_clouds(2)
    assert np.array_equal(data.farthest_order(x[0], start=0), np.arange(256)), "set abstraction needs this order"
    with seeded(0):  # the experiment seeds Keras
        found = script.one_seed(3, x, y, {256: x, 32: script.fewer(x, 32)}, y, epochs=1)
    assert found["seed"] == 3
    for scores in (*found["accuracy"].values(), found["one radius, all points"]):
        assert len(scores) == 2 and all(0 <= score <= 1 for score in scores.values())


def test_other_balls_take_the_same_weights(script):
    shapes = {
        tuple(weight.shape for weight in script.network(*settings).weights)
        for settings in (([script.RADIUS],), *script.CHANGED.values())
    }
    assert len(shapes) == 1


def test_the_committed_results_are_of_this_experiment(script):
    record = results.load("fewer_points")
    assert [run["seed"] for run in record["runs"]] == list(range(5))
    for run in record["runs"]:
        assert list(run["accuracy"]) == list(script.NETWORKS)
        assert list(run["one radius, all points"]) == list(script.CHANGED)
        assert {tuple(map(int, scores)) for scores in run["accuracy"].values()} == {script.COUNTS}
    recipe = record["recipe"]
    assert recipe["training clouds"] == script.PER_CLASS * len(script.KINDS)
    assert (recipe["epochs"], recipe["radius"], recipe["drop"]) == (script.EPOCHS, script.RADIUS, script.DROP)
