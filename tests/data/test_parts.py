import importlib.util
from pathlib import Path

import numpy as np
import pytest

from pcfilter_lib import data, synthesis
from pcfilter_lib.data.parts import DEPTH_STEP, differences, sums
from pcfilter_lib.errors import InputError

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "make_parts.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_parts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def test_split():
    return data.load_parts("test")


def test_the_splits_are_as_long_as_promised_and_share_no_scan():
    scans = [data.load_parts(split) for split in data.PARTS_SPLITS]
    assert [len(each) for each in scans] == list(data.PARTS_SPLITS.values()) == [120, 20, 40]
    images = {image.tobytes() for each in scans for image in each.intensity}
    assert len(images) == 180


def test_every_class_is_there_and_the_bin_is_the_most_common(test_split):
    assert test_split.label.dtype == np.uint8 and test_split.label.shape == (40, 96, 128)
    counts = np.bincount(test_split.label.ravel(), minlength=len(data.PARTS_CLASSES))
    assert len(counts) == len(data.PARTS_CLASSES) and counts.argmax() == 0 and counts.min() > 0.02 * counts.sum()
    np.testing.assert_array_equal(test_split.label > 0, test_split.object > 0)
    for label, number in zip(test_split.label, test_split.object, strict=True):
        assert all(len(np.unique(label[number == each])) == 1 for each in np.unique(number))


def test_a_scan_projects_onto_its_own_pixels(test_split):
    scan = test_split.scan(3)
    rows, columns = np.nonzero(scan.valid)
    pixels = data.project(scan.xyz[scan.valid], scan.intrinsics)
    np.testing.assert_allclose(pixels, np.stack([columns, rows], axis=1), atol=1e-2)
    assert 0.2 < scan.xyz[scan.valid, 2].mean() < 0.8


def test_channels_come_in_the_order_asked_for_and_are_zero_where_nothing_was_measured(test_split):
    everything = test_split.channels()
    assert everything.shape == (40, 96, 128, sum(data.PARTS_CHANNELS.values())) and everything.dtype == np.float32
    np.testing.assert_array_equal(everything, test_split.channels("intensity", "depth", "normals", "measured"))
    np.testing.assert_array_equal(test_split.channels("measured", "intensity")[..., 1], test_split.intensity)
    hole = everything[..., 5] == 0
    assert 0.05 < hole.mean() < 0.5 and not np.any(everything[hole][:, 1:5])
    length = np.linalg.norm(everything[..., 2:5], axis=-1)
    np.testing.assert_allclose(length[length > 0], 1, atol=1e-5)
    nearer = everything[7, ..., 1][~hole[7]]
    depth = test_split.depth[7][~hole[7]]
    np.testing.assert_allclose(nearer, (np.median(depth) - depth) / 0.1, atol=1e-4)


@pytest.mark.parametrize(
    "wrong, told",
    [
        (lambda scans: scans.channels("colour"), "colour"),
        (lambda scans: scans.scan(40), "at most 39"),
        (lambda scans: data.load_parts("training"), "train"),
    ],
)
def test_a_wrong_name_or_number_is_told(wrong, told, test_split):
    with pytest.raises(InputError, match=told):
        wrong(test_split)


def test_the_script_makes_the_shipped_scans(script, tmp_path):
    pytest.importorskip("open3d")
    script.make(tmp_path / "work", tmp_path / "parts.npz", 2)
    shipped = data.load_parts("train")
    with np.load(tmp_path / "parts.npz") as made:
        # The simulator may differ in a pixel in thousands on another machine.
        assert np.mean(made["label"] != shipped.label[:2]) < 1e-3
        depth = np.nan_to_num(shipped.depth[:2] / DEPTH_STEP)
        assert np.mean(np.abs(sums(made["depth"]) - depth) > 1.5) < 2e-3
        assert np.mean(np.abs(sums(made["intensity"]) / 255 - shipped.intensity[:2]) > 0.01) < 2e-3
        np.testing.assert_allclose(made["intrinsics"], shipped.intrinsics[:2])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_differences_along_rows_are_undone(kind):
    images = np.random.default_rng(0).integers(0, np.iinfo(kind).max + 1, (2, 3, 50)).astype(kind)
    packed = differences(images)
    assert packed.dtype == kind and not np.array_equal(packed, images)
    np.testing.assert_array_equal(sums(packed), images)


def test_an_interrupted_script_leaves_no_half_file(script, tmp_path, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(synthesis, "write_set", interrupted)
    with pytest.raises(KeyboardInterrupt):
        script.make(tmp_path / "work", tmp_path / "parts.npz", 2)
    assert not list(tmp_path.glob("*.npz"))
