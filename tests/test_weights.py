"""The trained networks that come with the library."""

import json
import re

import numpy as np
import pytest

from pcfilter_lib import data, filters, synthesis
from pcfilter_lib.filters import CHANNELS, scan_channels
from pcfilter_lib.filters._onnx import OnnxNetwork
from pcfilter_lib.filters.views import EVIDENCE
from pcfilter_lib.weights import FOLDER as WEIGHTS

POINTNETS = {"pointnet-furniture": 10, "pointnet-modelnet10": 10, "pointnet-modelnet6": 6}
CLASSIFIERS = {**POINTNETS, "dgcnn-modelnet10": 10}
CARDS = sorted(WEIGHTS.glob("*.json"))


@pytest.fixture(scope="module", params=["bin_scan.npz", "board_scan.npz"])
def scan(request):
    return data.load_scan(data.example_path(request.param))


def test_there_are_weights():
    assert [card.stem for card in CARDS] == sorted(
        ["artefact-unet", "completion-furniture", "mvcnn-modelnet10", "octree-generator-furniture", "rooms-dense"]
        + ["view-votes", "voxnet-furniture", *CLASSIFIERS]
    )


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.stem)
def test_weights_are_small_and_say_where_they_are_from(card):
    files = [card.with_suffix(suffix) for suffix in (".keras", ".onnx") if card.with_suffix(suffix).exists()]
    assert files and all(file.stat().st_size < 4e6 for file in files)
    told = json.loads(card.read_text())
    assert {"about", "made by", "recipe", "provenance", "scores"} <= set(told)
    assert "seed" in told["recipe"] and told["provenance"]["versions"]


def test_every_network_has_a_licence():
    text = (WEIGHTS.parents[1] / "LICENSE-weights").read_text()
    for card in CARDS:
        assert re.search(rf"\b{card.stem}\b", text), card.stem
        research = "licence" in json.loads(card.read_text()) and "research" in json.loads(card.read_text())["licence"]
        assert research == ("modelnet" in card.stem)


def test_the_votes_of_views_say_what_they_weigh_and_how_well():
    network, card = OnnxNetwork(WEIGHTS / "view-votes.onnx"), json.loads((WEIGHTS / "view-votes.json").read_text())
    assert network.description["channels"] == list(EVIDENCE)
    limits = network.description["limits"]
    assert limits["artefact"] < 0 < limits["true"]
    for scores in card["scores"]["scenes left out"].values():
        assert scores["precision of true geometry"] > 0.99


def test_the_filter_says_what_it_was_trained_on():
    card = WEIGHTS / "artefact-unet.json"
    assert card.with_suffix(".onnx").stat().st_size < 4e6
    told = json.loads(card.read_text())
    assert {"threshold", "channels"} <= set(told)
    assert told["channels"] == list(CHANNELS)
    for split in told["recipe"]["splits"]:
        assert told["recipe"]["splits"][split]["scans"] == synthesis.BENCHMARK[split].count
    assert {"validation", "test", "unseen"} <= set(told["scores"])


@pytest.mark.backend
def test_onnx_and_keras_give_the_same_logits(scan):
    from pcfilter_lib import models

    channels = scan_channels(scan)[None]
    expected = np.asarray(models.load_pretrained("artefact-unet").predict_on_batch(channels))
    np.testing.assert_allclose(filters.load_filter().network(channels), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.backend
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_knows_parametric_shapes(name):
    from pcfilter_lib import models

    card = json.loads((WEIGHTS / f"{name}.json").read_text())
    assert len(card["classes"]) == CLASSIFIERS[name] and card["scores"]["seeds"] >= (3 if name in POINTNETS else 1)
    assert ("academic research" in card.get("licence", "")) == ("modelnet" in name)
    clouds, labels = synthesis.furniture_clouds(card["classes"], 6, 1024)
    told = np.asarray(models.load_pretrained(name).predict(clouds, verbose=0)).argmax(axis=-1)
    assert (told == labels).mean() > 0.7


@pytest.mark.backend
def test_completion_is_better_than_the_mirror():
    from pcfilter_lib import models

    grid = data.VoxelGrid(np.zeros((32,) * 3, bool), (-1, -1, -1), 2 / 32)
    known, whole = [], []
    for number, kind in enumerate(synthesis.FURNITURE):
        solid = synthesis.make_furniture(kind, np.random.default_rng([77, number]))
        points = data.unit_sphere(data.sample_surface(data.Mesh(solid.vertices, solid.faces), 20_000, seed=number))
        whole.append(data.voxelize(points, grid=grid).values)
        known.append(synthesis.partial_scan(points, 37 * number, 20, origin=(-1, -1, -1), side=2).knowledge)
    known, whole = np.stack(known), np.stack(whole)
    unknown = known == data.UNKNOWN
    network = models.load_pretrained("completion-furniture")
    said = np.asarray(network.predict(synthesis.completion_channels(known), verbose=0))[..., 0]
    mirror = synthesis.completion_target(synthesis.completion_mirror(known, np.arange(len(known))))
    truth = synthesis.completion_target(whole)
    errors = [np.abs(each - truth)[unknown].mean() for each in (said, mirror)]
    assert errors[0] < 0.7 * errors[1]


@pytest.mark.backend
def test_the_room_network_scores_what_its_card_says():
    from pcfilter_lib import models

    network = models.load_pretrained("rooms-dense")
    right, there = 0, 0
    for room in data.load_rooms("test"):
        occupied = room != data.UNLABELLED
        logits = network.predict_on_batch(data.room_channels(occupied, margin=network.reach)[None])[0]
        right += (logits.argmax(axis=-1) == room)[occupied].sum()
        there += occupied.sum()
    card = json.loads((WEIGHTS / "rooms-dense.json").read_text())
    assert right / there == pytest.approx(card["scores"]["rooms that ship, test"]["accuracy"], abs=2e-3)


@pytest.mark.backend
def test_voxnet_knows_furniture_from_distances():
    from pcfilter_lib import models

    grid = data.VoxelGrid(np.zeros((32,) * 3, bool), (-1, -1, -1), 2 / 32)
    near = 3 * grid.voxel_size
    clouds, kinds = synthesis.furniture_clouds(synthesis.FURNITURE, 4, 1024, seed=123)
    fields = [1 - data.distance_field(cloud, grid, truncation=near).values / near for cloud in clouds]
    logits = models.load_pretrained("voxnet-furniture").predict(np.stack(fields)[..., None], verbose=0)
    assert (logits.argmax(axis=1) == kinds).mean() > 0.85


@pytest.mark.backend
def test_mvcnn_recognises_parametric_shapes_that_it_has_never_seen():
    from pcfilter_lib import models

    clouds, kinds = synthesis.furniture_clouds(synthesis.FURNITURE, 4, 1024, seed=123)
    cameras = synthesis.turntable(6, 30, size=48)
    drawn = np.stack([synthesis.splat(cloud, cameras, 0.07).channels(("depth", "shade", "count")) for cloud in clouds])
    logits = models.load_pretrained("mvcnn-modelnet10").predict_on_batch(drawn)
    assert (logits.argmax(axis=1) == kinds).mean() > 0.5


@pytest.mark.backend
def test_the_octree_generator_writes_furniture_that_it_has_never_seen():
    pytest.importorskip("open3d")
    from pcfilter_lib import models

    network, found = models.load_pretrained("octree-generator-furniture"), []
    for kind in ("bed", "sofa", "monitor"):
        piece = synthesis.make_furniture(kind, np.random.default_rng(99))
        occupied = data.voxelize(data.Mesh(piece.vertices, piece.faces), 128, solid=True).values
        shares = occupied.reshape(32, 4, 32, 4, 32, 4).mean(axis=(1, 3, 5))
        written = network.generate(shares).to_voxels()
        found.append((written & occupied).sum() / (written | occupied).sum())
    assert np.mean(found) > 0.6


@pytest.mark.backend
def test_an_unknown_network_is_told_with_those_that_are_known():
    from pcfilter_lib import models

    with pytest.raises(ValueError, match="artefact-unet"):
        models.load_pretrained("magic")


def test_the_learned_filter_beats_every_classical_one_that_is_tuned_on_the_very_scan():
    # Parts in a bin. Not so on the board: that scanner is another world, as the book's *A real scan* tells.
    scan = data.load_scan(data.example_path("bin_scan.npz"))

    def mean_iou(judged, threshold):
        return filters.score_scans(judged, [scan]).metrics(threshold)["mean_iou"]

    learned = filters.load_filter()
    found = mean_iou(learned, learned.threshold)
    for name in filters.FILTERS:
        classical = filters.load_filter(name)
        if name != "artefact-unet" and not (name == "modulation" and "modulation" not in scan.extras):
            assert found > mean_iou(classical, filters.tune_threshold(classical, [scan]).threshold), name


@pytest.mark.backend
def test_weights_of_half_precision_are_restored(tmp_path):
    import keras

    from pcfilter_lib.weights._half import to_float16

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(64), keras.layers.BatchNormalization()])
    path = tmp_path / "small.keras"
    model.save(path)
    whole = path.stat().st_size
    to_float16(path)
    restored = keras.saving.load_model(path)
    assert path.stat().st_size < whole and [each.name for each in tmp_path.iterdir()] == ["small.keras"]
    for one, other in zip(model.weights, restored.weights, strict=True):
        assert other.dtype == "float32"
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=2**-11)
    model.layers[0].bias.assign(np.full(64, 1e5, np.float32))
    model.save(path)
    with pytest.raises(OverflowError, match="float16 cannot"):
        to_float16(path)
    assert keras.saving.load_model(path).layers[0].bias.shape == (64,), "the file stays as it was"
