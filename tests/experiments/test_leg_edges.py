"""The experiment that measures where the edges from legs lead."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import results

SCRIPT = Path(__file__).resolve().parents[2] / "experiments" / "leg_edges.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("leg_edges", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_edges_are_counted_by_where_they_end(script):
    legs = np.array([[0, 0, 1, -1]])
    graph = np.array([[[0, 1, 2], [1, 2, 3], [2, 3, 3], [3, 0, 1]]])  # from legs: own 1, other 2, elsewhere 3
    assert script.where(graph, legs) == [round(1 / 6, 4), round(2 / 6, 4), round(3 / 6, 4)]


def test_shapes_stand_on_four_legs(script):
    clouds, legs = script.standing(1, seed=2)
    assert clouds.shape == (2, script.POINTS, 3)
    for cloud, leg in zip(clouds, legs, strict=True):
        assert set(leg) == {-1, 0, 1, 2, 3}
        for number in range(4):
            assert np.ptp(cloud[leg == number][:, :2], axis=0).max() < 0.5, "a leg is narrow"


def test_three_networks_of_a_seed_are_measured(script, monkeypatch):
    monkeypatch.setattr(script, "TEST", 2)
    monkeypatch.setattr(script, "MEASURED", 1)
    with seeded(0):  # the experiment seeds Keras
        found = script.one_seed(5, per_kind=4, epochs=1)
    assert found["seed"] == 5 and list(found["accuracy"]) == ["parts", "kinds"]
    for task in script.TASKS:
        assert len(found[task]) == script.LAYERS
        assert np.allclose(np.sum(found[task], axis=1), 1, atol=2e-4)
    assert found["untrained"][0] == found["parts"][0] == found["kinds"][0], "the first graph is in space"


def test_the_committed_results_are_of_this_experiment(script):
    record = results.load("leg_edges")
    assert [run["seed"] for run in record["runs"]] == list(range(6))
    assert record["chance"] == pytest.approx(script.chance(), abs=0.01)
    recipe = record["recipe"]
    assert (recipe["points"], recipe["neighbours"], recipe["epochs"]) == (script.POINTS, script.K, script.EPOCHS)
    for run in record["runs"]:
        for task in script.TASKS:
            assert np.shape(run[task]) == (script.LAYERS, 3)
