"""Solids from silhouettes."""

import numpy as np
import pytest
from scipy import ndimage

from pcfilter_lib import data, synthesis
from pcfilter_lib.errors import InputError


def matrices(cameras):
    return np.stack([each.intrinsics for each in cameras]), np.stack([each.pose for each in cameras])


def hull_by_hand(silhouettes, cameras, grid):
    """Return the hull, one voxel and one view at a time."""
    found = np.ones(grid.shape, bool)
    for index in np.ndindex(*grid.shape):
        centre = np.asarray(grid.origin) + (np.array(index) + 0.5) * grid.voxel_size
        for silhouette, camera in zip(silhouettes, cameras, strict=True):
            x, y, z = camera.intrinsics @ (camera.pose[:3, :3] @ centre + camera.pose[:3, 3])
            if z <= 0:
                continue
            row, column = int(np.floor(y / z + 0.5)), int(np.floor(x / z + 0.5))
            if 0 <= row < silhouette.shape[0] and 0 <= column < silhouette.shape[1] and not silhouette[row, column]:
                found[index] = False
    return found


@pytest.fixture(scope="module")
def cameras():
    return synthesis.turntable(5, 25, size=20, radius=0.8)


def test_each_voxel_is_asked_of_each_view(cameras):
    silhouettes = np.random.default_rng(0).random((5, 20, 20)) < 0.8
    grid = data.VoxelGrid(np.zeros((9, 8, 7), bool), (-1.3, -1, -0.9), 0.3)  # larger than what the cameras see
    hull = data.visual_hull(silhouettes, *matrices(cameras), grid)
    expected = hull_by_hand(silhouettes, cameras, grid)
    assert np.array_equal(hull.values, expected) and 0.1 < expected.mean() < 0.9
    assert hull.voxel_size == grid.voxel_size and np.array_equal(hull.origin, grid.origin)


def test_the_hull_holds_the_solid_and_fills_a_cup():
    pytest.importorskip("open3d")
    cup = synthesis.revolve([(0, -0.4), (0.4, -0.4), (0.4, 0.5), (0.3, 0.5), (0.3, -0.3), (0, -0.3)], 32)
    solid = data.voxelize(data.Mesh(cup.vertices, cup.faces), 24, solid=True)
    around = synthesis.turntable(8, 10, size=96)
    seen = synthesis.render(cup, around)
    hull = data.visual_hull(seen.silhouette, *matrices(around), solid).values
    certain = ndimage.binary_erosion(solid.values)  # the centres of voxels at the border may be outside
    assert certain.sum() > 100 and hull[certain].all()
    assert not solid.values[12, 12, 12] and hull[6:-6, 6:-6, 6:-6].all(), "no outline shows the hollow"
    assert hull.sum() > 1.3 * solid.values.sum()


@pytest.mark.parametrize("wrong", [np.ones((20, 20), bool), np.ones((5, 20, 20))])
def test_silhouettes_are_truth_values_of_views(cameras, wrong):
    grid = data.VoxelGrid(np.zeros((2, 2, 2), bool), (0, 0, 0), 1)
    with pytest.raises(InputError, match="silhouettes"):
        data.visual_hull(wrong, *matrices(cameras), grid)
