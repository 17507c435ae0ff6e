"""The page that compares representations is what its results say."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script():
    before = list(sys.path)  # the script adds the folder of those that train
    try:
        spec = importlib.util.spec_from_file_location("representations", ROOT / "experiments" / "representations.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path[:] = before
    return module


@pytest.fixture
def clouds():
    return np.random.default_rng(3).uniform(-0.5, 0.5, (2, 300, 3)).astype(np.float32)


def test_the_page_is_written_from_the_results(script):
    assert script.PAGE.read_text(encoding="utf-8") == script.page(json.loads(script.FILE.read_text()))


def test_all_representations_and_disturbances_were_measured(script):
    networks = json.loads(script.FILE.read_text())["networks"]
    assert list(networks) == list(script.CONTENDERS)
    for each in networks.values():
        assert list(each["accuracy"]) == list(script.DISTURBED)
        assert each["before the network, ms"] >= 0 and each["network, ms"] > 0 and each["memory, MB"] > 0


def test_what_the_page_says_of_the_results_is_true(script):
    """The text names the best and the worst by itself; this is what it takes for granted."""
    networks = json.loads(script.FILE.read_text())["networks"]

    def accuracy(how):
        return {name.split(": ")[1]: each["accuracy"][how] for name, each in networks.items()}

    assert accuracy("128 points")["PointNet"] > 0.8 and accuracy("128 points")["DGCNN"] < 0.5, "the maximum stands"
    assert networks["32³ voxels, distances: VoxNet"]["accuracy"]["128 points"] > 0.7, "and so does the nearest point"
    assert max(accuracy("noise").values()) - min(accuracy("noise").values()) < 0.05
    best, second = sorted(accuracy("rotated about z").values())[-1:-3:-1]
    assert accuracy("rotated about z")["MVCNN"] == best > second + 0.2
    assert max(accuracy("rotated").values()) < 0.4


def test_what_is_done_to_the_clouds(script, clouds):
    done = {how: disturb(clouds, np.random.default_rng(0)) for how, disturb in script.DISTURBED.items()}
    assert np.array_equal(done["as they are"], clouds)
    assert done["256 points"].shape == (2, 256, 3) and done["128 points"].shape == (2, 128, 3)
    assert {tuple(point) for point in done["128 points"][0]} < {tuple(point) for point in clouds[0]}
    assert np.std(done["noise"] - clouds) == pytest.approx(0.03, rel=0.1)
    np.testing.assert_allclose(done["rotated about z"][..., 2], clouds[..., 2])
    for how in ("rotated about z", "rotated"):
        lengths = [np.linalg.norm(each, axis=-1) for each in (done[how], clouds)]
        np.testing.assert_allclose(*lengths, rtol=1e-5)
        assert np.abs(done[how] - clouds).max() > 0.1
    assert np.abs(done["rotated"][..., 2] - clouds[..., 2]).max() > 0.1


def test_inputs_of_the_networks(script, clouds):
    for name, shape in (("16³ voxels, occupied or not: VoxNet", 16), ("32³ voxels, distances: VoxNet", 32)):
        voxels = script.CONTENDERS[name].prepare(None, clouds)
        assert voxels.shape == (2, shape, shape, shape, 1) and voxels.max() <= 1
    drawn = script.CONTENDERS["six pictures: MVCNN"].prepare(None, clouds)
    assert drawn.shape == (2, 6, 48, 48, 3) and 0.05 < (drawn > 0).mean() < 0.9
    order = script.CONTENDERS["points and their neighbours: PointNet++"].prepare(None, clouds)
    assert np.array_equal(np.sort(order, axis=1), np.sort(clouds, axis=1)) and not np.array_equal(order, clouds)


def test_the_representation_with_the_largest_and_the_smallest_value(script):
    values = {"points: A": 3.0, "voxels: B": 1.0, "C": 2.0}
    assert script.extreme(values, True) == ("**A** (points)", 3.0)
    assert script.extreme(values, False) == ("**B** (voxels)", 1.0)
    assert script.extreme({"C": 2.0}, True) == ("**C**", 2.0)
