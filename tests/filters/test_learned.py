"""The learned filter: a network on channels, in tiles, from files, and on scans that hold next to nothing."""

import pickle

import numpy as np
import pytest
from filter_scans import CAMERA, bumpy, scan_of
from isolation import seeded

from pcfilter_lib import filters, models
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters import learned
from pcfilter_lib.filters._onnx import OnnxNetwork, described

CHANNELS = len(filters.CHANNELS)


@pytest.fixture(scope="module")
@seeded(1)
def network():
    return models.UNet(CHANNELS, depth=2, base_filters=4, max_filters=6, batch_norm=False)


@pytest.fixture(scope="module")
def saved(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("filter") / "small.onnx"
    filters.save_filter(network, path, 0.25, about="a test", threshold_note="kept")
    return path


def changed(saved, folder, **changes):
    """Write a copy of the file whose description is changed."""
    description = OnnxNetwork(saved).description | changes
    path = folder / saved.name
    path.write_bytes(described(saved.read_bytes(), {k: v for k, v in description.items() if v is not ...}))
    return path


def test_onnx_runtime_gives_what_keras_gives(network, saved):
    scan = scan_of(bumpy(shape=(37, 51))[0])
    ours, theirs = filters.LearnedFilter.of_model(network, 0.25), filters.LearnedFilter.load(saved)
    assert (theirs.threshold, theirs.overlap, theirs.stride) == (0.25, ours.overlap, ours.stride) and ours.stride == 4
    score = theirs.score(scan)
    np.testing.assert_allclose(score, ours.score(scan), atol=1e-4)
    np.testing.assert_array_equal(np.isfinite(score), scan.valid)
    direct = network.predict(filters.scan_channels(scan)[None], verbose=0)[0, ..., 0]
    np.testing.assert_allclose(score[scan.valid], direct[scan.valid], atol=1e-4)
    np.testing.assert_array_equal(theirs.keep(scan), scan.valid & (np.nan_to_num(score) >= 0.25))
    half = theirs.with_threshold(np.nanmedian(score)).keep(scan).sum()
    assert half == pytest.approx(scan.valid.sum() / 2, abs=2)
    description = OnnxNetwork(saved).description
    assert description["about"] == "a test" and description["channels"] == list(filters.CHANNELS)
    assert len(description["network"]) == 16


@pytest.mark.parametrize("shape", [(300, 260), (301, 90), (77, 333)])
def test_tiles_give_what_the_whole_gives(saved, monkeypatch, shape):
    scan, small = scan_of(bumpy(shape=shape)[0]), filters.LearnedFilter.load(saved)
    whole = small.score(scan)
    calls = []
    told = filters.LearnedFilter(
        network=lambda image: calls.append(image.shape) or small.network(image), overlap=small.overlap, stride=4
    )
    monkeypatch.setattr(learned, "_TILE", 150)
    monkeypatch.setattr(learned.ChannelMaker, "halo", 32)
    np.testing.assert_allclose(told.score(scan), whole, atol=1e-4)
    assert len(calls) > 1 and max(max(shape[1:3]) for shape in calls) < max(scan.shape)


def test_the_overlap_is_needed(saved, monkeypatch):
    scan, small = scan_of(bumpy(shape=(90, 300))[0]), filters.LearnedFilter.load(saved)
    whole = small.score(scan)
    monkeypatch.setattr(learned, "_TILE", 100)
    monkeypatch.setattr(learned.ChannelMaker, "halo", 0)
    blind = filters.LearnedFilter(network=small.network, overlap=0, stride=4)
    assert np.nanmax(np.abs(blind.score(scan) - whole)) > 1e-2


def test_tiles_without_a_point_cost_nothing(saved, monkeypatch):
    depth, _ = bumpy(shape=(100, 600))
    depth[:, 300:] = np.nan
    small, calls = filters.LearnedFilter.load(saved), []
    counted = filters.LearnedFilter(
        network=lambda image: calls.append(1) or small.network(image), overlap=small.overlap, stride=4
    )
    scan = scan_of(depth)
    whole = counted.score(scan)
    assert len(calls) == 1
    monkeypatch.setattr(learned, "_TILE", 200)
    np.testing.assert_allclose(counted.score(scan), whole, atol=1e-4)
    pieces = learned.cut("", 600, 200, small.overlap + 32, 4, "")
    assert len(calls) - 1 == sum(piece.kept.start < 300 for piece in pieces) < len(pieces)


def test_a_network_that_sees_far_has_larger_tiles(monkeypatch):
    monkeypatch.setattr(learned, "_TILE", 100)
    shapes = []
    far = filters.LearnedFilter(
        network=lambda image: shapes.append(image.shape) or image[..., :1], overlap=68, stride=4
    )
    np.testing.assert_array_equal(far.keep(scan_of(np.ones((20, 900)))), True)
    assert {shape[2] for shape in shapes} == {400}


@pytest.mark.parametrize("camera", [CAMERA, None])
@pytest.mark.parametrize("shape", [(24, 32), (1, 1), (1, 50), (50, 1), (3, 7)])
@pytest.mark.parametrize("measured", [0, 1, 9])
def test_hardly_a_point_is_no_accident(saved, camera, shape, measured):
    depth = np.full(shape, np.nan)
    places = np.random.default_rng(0).permutation(depth.size)[:measured]
    depth.flat[places] = 1.0
    scan, small = scan_of(depth, intrinsics=camera, extras={}), filters.LearnedFilter.load(saved)
    score, keep = small.score(scan), small.keep(scan)
    np.testing.assert_array_equal(np.isfinite(score), scan.valid)
    assert scan.valid.sum() == min(measured, depth.size) and not keep[~scan.valid].any()
    assert small.with_threshold(-np.inf).keep(scan).sum() == scan.valid.sum()
    assert np.isnan(small.probability(scan)[~scan.valid]).all()


def test_metres_or_millimetres(saved):
    scan, small = scan_of(bumpy(shape=(60, 80))[0]), filters.LearnedFilter.load(saved)
    large = OrganizedScan(xyz=np.nan_to_num(scan.xyz) * 1000, intrinsics=CAMERA, extras=scan.extras)
    np.testing.assert_allclose(small.score(large), small.score(scan), atol=2e-3)


def test_points_that_no_camera_can_have_measured_are_removed(saved):
    scan, small = scan_of(bumpy()[0]), filters.LearnedFilter.load(saved)
    place = tuple(np.argwhere(scan.valid)[300])
    xyz = np.nan_to_num(scan.xyz)
    xyz[place] = 0.1, 0.2, -1
    odd = OrganizedScan(xyz=xyz, intrinsics=CAMERA, extras=scan.extras)
    assert small.score(odd)[place] == -1000 and not small.with_threshold(-900).keep(odd)[place]
    assert small.with_threshold(-900).keep(odd).sum() == scan.valid.sum() - 1
    with pytest.raises(InputError, match="behind the camera"):
        small.keep(OrganizedScan(xyz=np.nan_to_num(scan.xyz) * [1, -1, -1], intrinsics=CAMERA))


def test_it_can_be_pickled(saved, network):
    scan = scan_of(bumpy()[0])
    for each in (filters.LearnedFilter.load(saved), filters.LearnedFilter.of_model(network)):
        again = pickle.loads(pickle.dumps(each))
        np.testing.assert_allclose(again.score(scan), each.score(scan), atol=1e-6)
        assert again.threshold == each.threshold
    assert len(pickle.dumps(filters.LearnedFilter.load(saved))) < 2_000  # its path, not its weights


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="nowhere.onnx.*no such file"):
        filters.LearnedFilter.load(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("name", ["channels", "overlap", "stride", "threshold"])
def test_a_network_without_its_description_is_no_filter(tmp_path, saved, name):
    with pytest.raises(InputError, match=r"small\.onnx.*do not describe a filter"):
        filters.LearnedFilter.load(changed(saved, tmp_path, **{name: ...}))


def test_another_networks_file_is_no_filter(tmp_path, network):
    models.export_onnx(network, tmp_path / "plain.onnx")
    with pytest.raises(InputError, match=r"plain\.onnx.*do not describe a filter"):
        filters.LearnedFilter.load(tmp_path / "plain.onnx")


@pytest.mark.parametrize(
    ("name", "value"),
    [("threshold", float("nan")), ("threshold", "high"), ("overlap", -1), ("overlap", 1e400), ("stride", 0),
     ("stride", 2.5), ("channels", ["valid", "depth"]), ("channels", list(filters.CHANNELS[::-1]))],
)  # fmt: skip
def test_a_description_that_cannot_be_right_is_refused(tmp_path, saved, name, value):
    with pytest.raises(InputError, match=rf"small\.onnx.*{name}"):
        filters.LearnedFilter.load(changed(saved, tmp_path, **{name: value}))


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:1000], lambda b: b"nonsense" * 100, lambda b: b[::-1]])
def test_a_broken_network_is_one_error_that_names_it(tmp_path, saved, spoil):
    path = tmp_path / saved.name
    path.write_bytes(spoil(saved.read_bytes()))
    with pytest.raises(InputError, match=r"small\.onnx.*ONNX Runtime cannot open it"):
        filters.LearnedFilter.load(path)


def test_a_network_of_another_shape_is_refused():
    with pytest.raises(InputError, match=r"model.*14 channels"):
        filters.LearnedFilter.of_model(models.UNet(3, depth=1, base_filters=2))
    scan = scan_of(bumpy()[0])
    for wrong, problem in (
        (lambda image: image[..., :2], r"\(1, 24, 32, 2\)"),
        (lambda image: image[:, 1:, :, :1], r"\(1, 23, 32, 1\)"),
        (lambda image: image[..., :1] * np.nan, "no numbers"),
    ):
        with pytest.raises(InputError, match=problem):
            filters.LearnedFilter(network=wrong, overlap=0, stride=1).keep(scan)


def test_a_failed_export_leaves_nothing(tmp_path):
    with pytest.raises(InputError, match="14 channels"):
        filters.save_filter(models.UNet(3, depth=1, base_filters=2), tmp_path / "wrong.onnx", 0.0)
    assert not list(tmp_path.iterdir())
