import dataclasses

import numpy as np

from pcfilter_lib import data, filters
from pcfilter_lib.data import OrganizedScan


def plane(intrinsics, depth=0.8, shape=(20, 30)):
    return OrganizedScan(xyz=data.backproject(np.full(shape, depth), intrinsics), intrinsics=intrinsics)


def test_it_is_the_distance_of_neighbours_on_a_plane_that_faces_the_camera():
    scan = plane(np.array([[500.0, 0, 14.5], [0, 500, 9.5], [0, 0, 1]]))
    step = np.linalg.norm(scan.xyz[5, 6] - scan.xyz[5, 7])
    np.testing.assert_allclose(filters.pixel_footprint(scan), step, rtol=1e-5)


def test_without_intrinsics_it_is_estimated():
    scan = plane(np.array([[500.0, 0, 14.5], [0, 500, 9.5], [0, 0, 1]]))
    generator = np.random.default_rng(0)
    xyz = scan.xyz * generator.uniform(0.9, 1.1, scan.shape)[..., None]  # along the lines of sight
    rough = OrganizedScan(xyz=np.where(generator.random(scan.shape)[..., None] < 0.2, 0, xyz))
    known = dataclasses.replace(rough, intrinsics=scan.intrinsics)
    np.testing.assert_allclose(filters.pixel_footprint(rough), filters.pixel_footprint(known), rtol=1e-3)


def test_too_few_points_give_nan():
    xyz = np.zeros((4, 4, 3))
    xyz[0, 0] = 0.1, 0.1, 1
    assert np.isnan(filters.pixel_footprint(OrganizedScan(xyz=xyz))).all()
