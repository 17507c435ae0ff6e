import dataclasses
import pickle

import numpy as np
import pytest
from scan_files import INTRINSICS, surface

from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.errors import InputError


def test_no_point_is_nan_or_zero_and_becomes_nan():
    xyz = np.ones((2, 3, 3))
    xyz[0, 0], xyz[0, 1, 2], xyz[1, 2, 0] = 0, np.nan, np.inf
    scan = OrganizedScan(xyz)
    assert scan.valid.tolist() == [[False, False, True], [True, True, False]]
    assert np.isnan(scan.xyz[~scan.valid]).all()
    assert scan.xyz.dtype == np.float32
    assert xyz[0, 0, 0] == 0, "the caller's array must stay as it is"


def test_valid_only_takes_points_away():
    xyz = np.ones((1, 3, 3))
    xyz[0, 0] = np.nan
    assert OrganizedScan(xyz, valid=[[True, True, False]]).valid.tolist() == [[False, True, False]]


def test_keep_never_adds_and_leaves_the_rest():
    scan = OrganizedScan(surface(), intensity=np.ones((6, 8)), label=np.ones((6, 8)), extras={"heat": 3})
    mask = np.zeros(scan.shape, bool)
    mask[:3] = True
    kept = scan.keep(mask)
    assert np.array_equal(kept.valid, scan.valid & mask) and kept.valid.sum() < scan.valid.sum()
    assert np.array_equal(kept.xyz[kept.valid], scan.xyz[kept.valid])
    assert np.array_equal(kept.intensity, scan.intensity) and kept.extras["heat"] == 3
    again = kept.keep(np.ones(scan.shape, bool))
    assert np.array_equal(again.valid, kept.valid), "a point that was removed must not come back"
    assert np.array_equal(scan.with_points_removed(~mask).valid, kept.valid)


@pytest.mark.parametrize("mask", [np.ones((6, 8)), np.ones((6, 9), bool), np.ones((8, 6), bool)])
def test_keep_refuses_other_masks(mask):
    with pytest.raises(InputError, match="mask"):
        OrganizedScan(surface()).keep(mask)
    with pytest.raises(InputError, match="mask"):
        OrganizedScan(surface()).with_points_removed(mask)


def test_a_scan_does_not_change():
    mine = np.ones((6, 8))
    scan = OrganizedScan(surface(), intensity=mine)
    with pytest.raises(ValueError, match="read-only"):
        scan.xyz[0, 0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        scan.label = np.ones((6, 8))
    mine[0, 0] = 2  # still the caller's


def test_depth_points_and_repr():
    scan = OrganizedScan(surface(), intrinsics=INTRINSICS, extras={"heat": 1})
    assert np.array_equal(scan.depth, scan.xyz[..., 2], equal_nan=True)
    assert scan.points.shape == (scan.valid.sum(), 3)
    assert repr(scan).startswith("OrganizedScan(6 x 8, ") and "intrinsics, heat" in repr(scan)
    assert "0 of 1" in repr(OrganizedScan(np.zeros((1, 1, 3))))


@pytest.mark.parametrize(
    "fields, place, words",
    [
        ({"xyz": np.ones((4, 3))}, "xyz", "(H, W, 3)"),
        ({"xyz": np.ones((0, 2, 3))}, "xyz", "(H, W, 3)"),
        ({"xyz": np.ones((2, 2, 3), complex)}, "xyz", "complex"),
        ({"xyz": [[1, 2], [3]]}, "xyz", "object"),
        ({"valid": np.ones((2, 2))}, "valid", "float64"),
        ({"valid": np.ones((3, 2), bool)}, "valid", "(3, 2)"),
        ({"intensity": np.ones((2, 2, 3))}, "intensity", "(2, 2, 3)"),
        ({"intensity": [["a", "b"], ["c", "d"]]}, "intensity", "<U1"),
        ({"normals": np.ones((2, 2))}, "normals", "(2, 2)"),
        ({"label": np.full((2, 2), 7)}, "label", "0, 1 and 255"),
        ({"label": np.full((2, 2), 0.5)}, "label", "0, 1 and 255"),
        ({"intrinsics": np.eye(4)}, "intrinsics", "(4, 4)"),
        ({"intrinsics": -np.eye(3)}, "intrinsics", "camera matrix"),
        ({"intrinsics": np.full((3, 3), np.nan)}, "intrinsics", "not finite"),
        ({"intrinsics": "camera"}, "intrinsics", "matrix of numbers"),
        ({"distortion": [1, 2, 3, 4]}, "distortion", "(4,)"),
        ({"distortion": [1, 2, 3, 4, np.inf]}, "distortion", "not finite"),
        ({"offset": [1.5, 2.0]}, "offset", "float64"),
        ({"offset": [1]}, "offset", "(1,)"),
        ({"extras": [1]}, "extras", "dict"),
        ({"extras": {"xyz": 1}}, "extras", "'xyz'"),
        ({"extras": {"a": object()}}, "extras", "Python objects"),
    ],
)
def test_each_wrong_field_has_its_message(fields, place, words):
    with pytest.raises(InputError) as caught:
        OrganizedScan(**{"xyz": np.ones((2, 2, 3)), **fields})
    assert caught.value.place == place and words in caught.value.problem and caught.value.remedy


def test_workers_can_be_handed_a_scan(tmp_path):
    scan = pickle.loads(pickle.dumps(OrganizedScan(surface(), offset=(3, 4), extras={"a": [1]})))
    assert scan.offset == (3, 4) and scan.valid.any()
