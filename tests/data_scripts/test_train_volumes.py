"""The scripts that train networks on volumes, from end to end and as small as possible."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from pcfilter_lib import data, models, sparse
from pcfilter_lib.synthesis import make_furniture

NO_BENCH = SimpleNamespace(risen_memory=lambda *_: 0)  # memory is measured in a process that loads TensorFlow anew


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
    script = load_script("train_rooms_sparse", ROOMS=2, TESTED=1, DEPTH=1, WIDTH=2, bench=NO_BENCH)
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
    small = {"SHAPES": 1, "TESTED": 1, "BATCH": 5, "DEPTH": 5, "SIZE": 8, "FIRST": 3, "RUN": 80, "SPLIT": 10}
    script = load_script("train_octree_generator", **small, FURNITURE=("table", "bed"), bench=NO_BENCH)
    script.run("octree", "--epochs", 1, "--coarse-epochs", 1)
    script.run("dense", "--epochs", 1)
    with pytest.raises(SystemExit):
        script.run("dense", "--epochs", 1, "--ship")
    script.run("octree", "--epochs", 1, "--coarse-epochs", 1, "--ship")
    network, card = shipped(tmp_path, "octree-generator-furniture")
    assert network.get_config()["depth"] == 5 and card["scores"]["octree, 128^3"]["shapes"] == 2
    assert card["scores"]["dense, 64^3, enlarged"]["shapes"] == 2
    batches = script.Octrees(script.solids("train", 1, tmp_path / "s.npz"), [0, 0], batch_size=2, seed=0)
    inputs, labels = batches[0]
    assert inputs["voxels"].shape == (2, 8, 8, 8, 1)
    assert inputs["parents_4"].shape == (2, 80) and labels["level_4"].shape == (2, 80)
    assert labels["level_5"].shape == (2, 80) and 0 < (labels["level_5"] >= 0).sum() <= 160, "some of the finest cells"


def test_a_run_of_cells_keeps_what_it_says_of_the_shape(load_script):
    """Whatever is left in a sample's tables and labels is what the whole tree says of the same cells."""
    script = load_script("train_octree_generator", DEPTH=5, RUN=80, SPLIT=10)
    occupied = np.zeros((32, 32, 32), bool)
    occupied[3:29, 5:23, 8:15] = True
    tree = sparse.SolidOctree.from_voxels(occupied, 3)
    whole, said = tree.tables(), {f"level_{3 + number}": each.astype(int) for number, each in enumerate(tree.labels)}
    # The cells of a family stand one after another, so a cell is known by its place among all.
    assert len(said["level_4"]) > 200
    lost = set()
    for seed in range(20):
        tables, told = dict(whole), dict(said)
        script.shorten(tables, told, np.random.default_rng(seed))
        first = next(
            start
            for start in range(0, len(said["level_4"]), 8)
            if np.array_equal(whole["parents_4"][start : start + 80], tables["parents_4"])
        )
        own = slice(first, first + 80)
        there = tables["neighbours_4"] >= 0
        np.testing.assert_array_equal(tables["neighbours_4"][there] + first, whole["neighbours_4"][own][there])
        missing = (whole["neighbours_4"][own] >= 0) & ~there
        np.testing.assert_array_equal(told["level_4"], np.where(missing.any(axis=1), -1, said["level_4"][own]))
        lost |= set(np.unique(missing.sum()))
        # A family of the finest cells belongs to a mixed cell whose neighbours are all there.
        parents = tables["parents_5"][::8]
        assert (told["level_4"][parents] == sparse.MIXED).all()
        families = {parent: n for n, parent in enumerate(whole["parents_5"][::8])}
        expected = [said["level_5"].reshape(-1, 8)[families[parent + first]] for parent in parents]
        np.testing.assert_array_equal(told["level_5"].reshape(-1, 8), expected)
    assert max(lost) > 0, "no run was cut out of its surroundings"


def test_clouds_are_classified_by_active_voxels(load_script, tmp_path):
    draw = np.random.default_rng(0)
    for name in data.MODELNET10:
        for split in ("train", "test"):
            (tmp_path / "shapes" / name / split).mkdir(parents=True)
            points = make_furniture(name, draw).vertices
            np.savez(tmp_path / "shapes" / name / split / "0.npz", points=points)
    small = {"POINTS": 64, "SIZE": 8, "BATCH": 4, "DEPTH": 1, "WIDTH": 2}
    script = load_script("train_sparse_classifier", **small)
    script.run("--data", tmp_path / "shapes", "--epochs", 1)
    network = models.load(tmp_path / "runs" / "sparse-modelnet10-seed-0.keras", compile=False)
    assert network.output_shape == (None, 10) and network.get_config()["depth"] == 1
    found = json.loads((tmp_path / "runs" / "sparse-modelnet10-seed-0.json").read_text())
    assert found["shapes"] == 10 and set(found["recall"]) == set(data.MODELNET10)


def test_a_voxel_is_described_by_the_mean_of_its_points(load_script):
    script = load_script("train_sparse_classifier")
    cloud = np.array([[0.01, 0.02, 0.03], [0.03, 0.02, 0.05], [-0.5, 0.25, 1.0]], np.float32)
    found = script.network_input(script.network(3), cloud)
    assert found["neighbours_0"].shape == (2, 27) and found["features"].shape == (2, 4)
    # Voxel (8, 20, 31), then (16, 16, 16): the side is 1/16, and (0.02, 0.02, 0.04) is the mean of the two points.
    middle = (np.array([0.02, 0.02, 0.04]) * 16 - 0.5) * 2
    np.testing.assert_allclose(found["features"][1], [1, *middle], atol=1e-5)
    assert np.abs(found["features"][0, 1:]).max() <= 1
