import dataclasses

import numpy as np
import pytest
from filter_scans import bumpy, scan_of

from pcfilter_lib import filters
from pcfilter_lib.errors import InputError


def cloud_of(scan):
    o3d = pytest.importorskip("open3d")
    return o3d.geometry.PointCloud(o3d.utility.Vector3dVector(scan.xyz[scan.valid].astype(float)))


@pytest.mark.parametrize(("neighbours", "ratio"), [(20, 2.0), (8, 1.0), (30, 0.5)])
def test_statistical_outliers_are_those_of_open3d(neighbours, ratio):
    scan = scan_of(bumpy()[0])
    _, kept = cloud_of(scan).remove_statistical_outlier(neighbours, ratio)
    keep = filters.StatisticalOutliers(neighbours=neighbours, threshold=-ratio).keep(scan)
    assert 0 < len(kept) < scan.valid.sum()
    np.testing.assert_array_equal(np.nonzero(keep[scan.valid])[0], kept)


def test_radius_outliers_are_those_of_open3d():
    scan = scan_of(bumpy()[0])
    # Open3D's radius is in metres and the same everywhere: compare at one depth, where the footprint is one as well.
    flat = scan_of(
        np.where(scan.valid, np.where(np.random.default_rng(3).random(scan.shape) < 0.5, 1.0, np.nan), np.nan)
    )
    _, kept = cloud_of(flat).remove_radius_outlier(8, 2.5 * 1.0 / 40)
    keep = filters.RadiusOutliers(radius=2.5, threshold=8).keep(flat)
    assert 0 < len(kept) < flat.valid.sum()
    np.testing.assert_array_equal(np.nonzero(keep[flat.valid])[0], kept)


def test_neighbours_are_counted_in_footprints():
    scan = scan_of(np.full((24, 32), 2.0))
    counts = filters.RadiusOutliers(radius=1.5).score(scan)
    assert counts[0, 0] == 3 and counts[0, 5] == 5 and counts[5, 5] == 8


def test_a_lonely_point_without_intrinsics_is_told():
    scan = dataclasses.replace(scan_of([[1.0, np.nan], [np.nan, np.nan]], extras={}), intrinsics=None)
    with pytest.raises(InputError, match="intrinsics"):
        filters.RadiusOutliers().score(scan)
