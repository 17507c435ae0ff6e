"""The script that trains networks from pictures to solids, from end to end and as small as possible."""

import json

import numpy as np
import pytest

from pcfilter_lib import models

SMALL = {"MADE": {"train": 1, "validation": 1, "test": 1}, "VIEWS": 2, "BATCH": 5, "TESTED_VIEWS": (1, 2)}
SMALL |= {"FURNITURE": ("table", "bed"), "ORACLE": 2, "WIDTH": 1 / 64, "BACKBONE": 0.25}


def test_a_network_is_trained_tested_and_shipped(load_script, tmp_path):
    pytest.importorskip("open3d")
    script = load_script("train_solids", **SMALL)
    script.run("r2n2", "--epochs", 1, "--ship")  # the one that is traced fastest
    network = models.load(tmp_path / "weights" / "r2n2-furniture.keras", compile=False)
    card = json.loads((tmp_path / "weights" / "r2n2-furniture.json").read_text())["scores"]
    assert network.get_config()["size"] == 56 and card["shapes"] == 2
    assert set(card["IoU"]) == {"1", "2"} and card["threshold"] in script.THRESHOLDS
    assert all(0 < each <= 1 for each in card["baselines"].values())


def test_a_mirrored_picture_shows_a_mirrored_solid(load_script, tmp_path):
    pytest.importorskip("open3d")
    script = load_script("train_solids", **SMALL)
    made = script.shapes("train", tmp_path / "made.npz", 2)
    batches = script.Pictures(made, ("merged",), batch_size=2, seed=0)

    class Draws:
        """Takes the place of a generator that mirrors the second shape."""

        def permutation(self, count):
            return np.arange(count)

        def integers(self, low, high):
            return 2

        def uniform(self, low, high, size):
            return np.full(size, 0.8)

        def random(self, count):
            return np.array([0.9, 0.1])

    x, y = batches.batch(np.array([0, 1]), Draws())
    plain = script.coloured(made["pictures"], np.full(3, 0.8), np.full(3, 0.5))
    np.testing.assert_allclose(x[0], plain[0], atol=1e-6)
    np.testing.assert_allclose(x[1], plain[1, :, :, ::-1], atol=1e-6)
    solids = script.volumes(made["solids"])
    np.testing.assert_array_equal(y["merged"][0], solids[0])
    np.testing.assert_array_equal(y["merged"][1], solids[1, :, ::-1])
    assert solids.mean() > 0.01 and x.min() >= 0 and x.max() <= 1


def test_the_mirror_image_of_a_shape_from_the_mirrored_azimuth_is_the_flipped_picture(load_script):
    pytest.importorskip("open3d")
    script = load_script("train_solids")
    solid = script.make_furniture("chair", np.random.default_rng(0))
    mirrored = type(solid)(solid.vertices * [1, -1, 1], solid.faces[:, ::-1])
    seen, from_there = (
        script.render(each, [script.camera(azimuth, 28)]).channels(("shade", "silhouette"))[0]
        for each, azimuth in ((solid, 0.7), (mirrored, -0.7))
    )
    assert np.abs(from_there - seen[:, ::-1]).mean() < 5e-3 and seen[..., 1].mean() > 0.1


def test_baselines(load_script):
    script = load_script("train_solids", FURNITURE=("table", "bed"), ORACLE=4)
    draw = np.random.default_rng(0)
    solids = draw.random((4, 32, 32, 32)) < 0.3
    made = {
        "solids": np.packbits(solids, axis=-1),
        "pictures": draw.integers(0, 255, (4, 2, 56, 56, 2), dtype=np.uint8),
        "labels": np.array([0, 0, 1, 1]),
    }
    found = script.baselines(made, made)
    assert found["most similar picture"] == 1 and found["best of 4"] == 1
    assert 0.3 < found["mean of the class"] < 0.8
