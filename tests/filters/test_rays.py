import numpy as np
import pytest
from filter_scans import CAMERA, scan_of

from pcfilter_lib import data, filters
from pcfilter_lib.data import OrganizedScan

# So that a step along the plane is no jump.
FINE = CAMERA * [[10, 1, 1], [1, 10, 1], [1, 1, 1]]


def plane(tilt):
    """A plane through (0, 0, 1) that is tilted about the camera's y axis."""
    rays = data.backproject(np.ones((24, 32)), FINE)
    normal = np.array([np.sin(tilt), 0, -np.cos(tilt)])
    depth = normal[2] / (rays @ normal)
    return OrganizedScan(xyz=rays * depth[..., None], intrinsics=FINE), normal


@pytest.mark.parametrize("tilt", np.deg2rad([0, 30, 55]))
def test_the_view_angle_of_a_tilted_plane(tilt):
    scan, normal = plane(tilt)
    towards = -scan.xyz / np.linalg.norm(scan.xyz, axis=-1, keepdims=True)
    score = filters.ViewAngle().score(scan)
    np.testing.assert_allclose(score[1:-1, 1:-1], (towards @ normal)[1:-1, 1:-1], atol=2e-3)


def test_a_veil_is_seen_by_its_lines_of_sight():
    depth = np.full((24, 32), 1.0)
    depth[:, 16:] = 1.5
    depth[:, 16] = 1.25  # a veil of flying pixels
    score = filters.ShadowPoints().score(scan_of(depth))
    assert score[:, 15:18].max() < 0.2 and score[:, :15].min() > 0.9 and score[:, 18:].min() > 0.9


def test_the_sine_is_that_of_the_triangle():
    scan = scan_of([[1.0, 1.3], [np.nan, np.nan]])
    a, b = scan.xyz[0].astype(float)
    sides = b - a
    sine = [np.linalg.norm(np.cross(p, sides)) / np.linalg.norm(p) / np.linalg.norm(sides) for p in (a, b)]
    np.testing.assert_allclose(filters.ShadowPoints().score(scan)[0], sine, atol=1e-4)


def test_a_wider_reach_finds_the_far_side_of_a_gap():
    depth = np.full((24, 32), 1.0)
    depth[:, 16:] = 1.6
    depth[:, 16] = np.nan
    narrow, wide = (filters.ShadowPoints(reach=reach).score(scan_of(depth))[:, 15] for reach in (1, 2))
    assert narrow.min() > 0.9 and wide.max() < 0.2
