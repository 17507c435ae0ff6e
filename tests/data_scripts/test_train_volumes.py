"""The scripts that train networks on volumes, from end to end and as small as possible."""

import json

import numpy as np
import pytest

from pcfilter_lib import data, models


def shipped(folder, name):
    network = models.load(folder / "weights" / f"{name}.keras", compile=False)
    return network, json.loads((folder / "weights" / f"{name}.json").read_text())


def test_voxnet_learns_parametric_shapes(load_script, tmp_path, capsys):
    script = load_script("train_voxnet", POINTS=64, BATCH=4, MADE={"train": 1, "test": 1}, VERSIONS=2)
    script.run("furniture", "--size", 13, "--epochs", 1, "--ship")
    network, card = shipped(tmp_path, "voxnet-furniture")
    assert network.input_shape == (None, 13, 13, 13, 1) and network.output_shape == (None, 10)
    assert card["scores"]["runs"][0]["shapes"] == 10 and "licence" not in card
    with pytest.raises(SystemExit):
        script.run("distance")
    assert "fetch_modelnet10.py" in capsys.readouterr().err


def test_grids_are_near_or_occupied_at_the_points(load_script):
    script = load_script("train_voxnet")
    cloud = np.array([[[0.03, 0.03, 0.03], [-0.9, 0.5, 0.2]]], np.float32)
    occupied, near = (script.grids(cloud, 32, occupancy, "test")[0] for occupancy in (True, False))
    places = [(16, 16, 16), (1, 24, 19)]
    assert sorted(map(tuple, np.argwhere(occupied).tolist())) == sorted(places) and occupied.max() == 255
    # A centre is at most half of a diagonal from its point, 0.87 of three voxels.
    assert all(near[place] > 255 * (1 - 0.88 / 3) for place in places)
    assert near[16, 16, 20] == 0, "four voxels away"


def test_completion_is_trained_tested_and_shipped(load_script, tmp_path):
    small = {"POINTS": 2000, "SIZE": 16, "SHAPES": 1, "VIEWS": 2, "TESTED": 1, "DEPTH": 1, "FILTERS": 2, "BATCH": 4}
    script = load_script("train_completion", **small)
    script.run("--epochs", 1, "--ship")
    network, card = shipped(tmp_path, "completion-furniture")
    assert network.output_shape == (None, None, None, None, 1) and card["scores"]["shapes"] == 10
    assert set(card["scores"]) == {"shapes", "network", "mirror", "what is known"}
    assert card["scores"]["what is known"]["IoU of what nobody has seen"] == 0


def test_only_what_nobody_has_seen_is_measured(load_script):
    script = load_script("train_completion")
    whole = np.zeros((1, 8, 8, 8), bool)
    whole[0, 2:4, 3, 3] = True
    known = np.where(whole, data.SURFACE, data.FREE).astype(np.int8)
    known[0, 3] = data.UNKNOWN  # the second voxel of two
    truth = script.completion_target(whole)
    wrong = truth + (known == data.FREE)
    assert script.measured(wrong, known, whole) == {"L1, voxels": 0, "IoU": 1, "IoU of what nobody has seen": 1}
    found = script.measured(truth + (known == data.UNKNOWN), known, whole)
    assert found == {"L1, voxels": 1, "IoU": 0.5, "IoU of what nobody has seen": 0}


def test_rooms_are_trained_tested_and_shipped(load_script, tmp_path):
    pytest.importorskip("open3d")
    script = load_script("train_rooms", ROOMS=2, TESTED=1, BLOCKS=1, WIDTH=2, DILATIONS=(1,))
    script.run("--epochs", 1, "--ship")
    network, card = shipped(tmp_path, "rooms-dense")
    assert network.output_shape == (None, None, None, None, 12) and network.reach == 1
    assert card["scores"]["further rooms"]["rooms"] == 1 and card["recipe"]["dilations"] == [1]


def test_sparse_rooms_are_trained_tested_beside_dense_ones_and_shipped(load_script, tmp_path):
    pytest.importorskip("open3d")
    script = load_script("train_rooms_sparse", ROOMS=2, TESTED=1, DEPTH=1, WIDTH=2, memory=lambda *_: 0)
    script.run("--epochs", 1, "--ship")
    network, card = shipped(tmp_path, "rooms-sparse")
    assert network.output_shape == (None, None, 12)
    found = card["scores"]
    assert found["rooms"] == 1 and {"sparse", "dense at 5 cm"} < set(found)
    # The dense network speaks for eight voxels at once, and has learned more than one epoch.
    assert found["dense at 5 cm"]["accuracy"] > max(found["sparse"]["accuracy"], 0.7)


def test_what_is_predicted_for_voxels_is_counted_by_class(load_script):
    script = load_script("train_rooms")
    room = np.array([[[0, 0, 1, 255]]], np.uint8)
    found = script.scored(room[None], [np.array([0, 1, 1])])
    assert found["accuracy"] == 0.6667 and found["IoU"]["floor"] == found["IoU"]["wall"] == 0.5


def test_generators_of_octrees_are_trained_compared_and_shipped(load_script, tmp_path):
    pytest.importorskip("open3d")
    small = {"SHAPES": 1, "TESTED": 1, "BATCH": 5, "DEPTH": 5, "SIZE": 8, "FIRST": 3, "SPLIT_IN_TRAINING": 20}
    script = load_script("train_octree_generator", **small, FURNITURE=("table", "bed"), memory=lambda *_: 0)
    script.run("octree", "--epochs", 1)
    script.run("dense", "--epochs", 1)
    with pytest.raises(SystemExit):
        script.run("dense", "--epochs", 1, "--ship")
    script.run("octree", "--epochs", 1, "--ship")
    network, card = shipped(tmp_path, "octree-generator-furniture")
    assert network.get_config()["depth"] == 5 and card["scores"]["octree, 128^3"]["shapes"] == 2
    assert card["scores"]["dense, 64^3, enlarged"]["shapes"] == 2
    batches = script.Octrees(script.solids("train", 1, tmp_path / "s.npz"), [0, 0], batch_size=2, seed=0)
    inputs, labels = batches[0]
    assert (labels["level_5"] >= 0).sum() == 2 * 8 * 20, "a sample of the finest cells"
    # What the tables and labels say together is the shape: of the cells of level 4, those are split that are mixed.
    assert ((labels["level_4"] == 2).sum(axis=1) >= 20).all() and inputs["voxels"].shape == (2, 8, 8, 8, 1)
