"""Voxels in pictures, compared with one voxel and one view at a time."""

import numpy as np
import pytest

from pcfilter_lib.data import VoxelGrid, voxel_pixels
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis import splat, turntable


def one_at_a_time(grid, depth, intrinsics, poses, behind, in_front, size):
    found = np.full((*grid.shape, len(depth)), -1)
    rows, columns = depth.shape[1:]
    for voxel in np.ndindex(grid.shape):
        centre = grid.origin + (np.array(voxel) + 0.5) * grid.voxel_size
        for view, (matrix, pose) in enumerate(zip(intrinsics, poses, strict=True)):
            local = pose[:3, :3] @ centre + pose[:3, 3]
            if local[2] <= 0:
                continue
            across, down = (matrix @ local)[:2] / local[2]
            column, row = int(np.floor(across + 0.5)), int(np.floor(down + 0.5))
            if not (0 <= row < rows and 0 <= column < columns):
                continue
            surface = depth[view, row, column]
            if not surface > 0 or not -in_front <= (local[2] - surface) / grid.voxel_size <= behind:
                continue
            found[(*voxel, view)] = row * size[0] // rows * size[1] + column * size[1] // columns
    return found


@pytest.fixture
def scene():
    grid = VoxelGrid(np.zeros((9, 8, 11), bool), (-0.8, -0.7, -1.1), 0.2)
    cameras = turntable(4, 15, azimuth=20, size=(24, 32))
    cameras += turntable(1, 10, azimuth=7, size=(24, 32), distance=1.001, radius=0.7)  # in the middle of the voxels
    depth = splat(np.random.default_rng(0).normal(size=(80, 3)) * 0.4, cameras, 0.2).depth
    depth[0, 10, 14] = 0
    return grid, depth, np.stack([each.intrinsics for each in cameras]), np.stack([each.pose for each in cameras])


@pytest.mark.parametrize(("behind", "in_front"), [(0.5, np.inf), (1.5, 0.5), (0, 0.7)])
@pytest.mark.parametrize("size", [(24, 32), (6, 8), (5, 7)])
def test_it_is_one_voxel_and_one_view_at_a_time(scene, behind, in_front, size):
    found = voxel_pixels(*scene, behind=behind, in_front=in_front, size=size)
    expected = one_at_a_time(*scene, behind, in_front, size)
    assert found.dtype == np.int32 and (expected >= 0).sum() > 100
    np.testing.assert_array_equal(found, expected)


def test_what_is_hidden_is_not_seen_and_the_surface_is():
    grid = VoxelGrid(np.zeros((1, 1, 10), bool), (-0.5, -0.5, 0), 1.0)
    depth, matrix, pose = np.full((1, 3, 3), 4.3), np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1.0]]), np.eye(4)[None]
    seen = voxel_pixels(grid, depth, matrix, pose)[0, 0, :, 0]
    # Centres at 0.5, 1.5, ...: that at 4.5 is 0.2 behind the surface, that at 5.5 more than half a voxel.
    assert seen.tolist() == [4] * 5 + [-1] * 5
    assert voxel_pixels(grid, depth, matrix, pose, in_front=0.5)[0, 0, :, 0].tolist() == [-1] * 4 + [4] + [-1] * 5
    assert (voxel_pixels(grid, np.full((1, 3, 3), np.nan), matrix, pose) == -1).all(), "nothing was measured"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"depth": np.ones((3, 3))}, "depth"),
        ({"intrinsics": np.eye(4)}, "intrinsics"),
        ({"to_camera": np.eye(4)}, "to_camera"),
        ({"to_camera": np.full((1, 4, 4), np.nan)}, "to_camera"),
        ({"behind": -1}, "behind"),
        ({"in_front": np.nan}, "in_front"),
        ({"size": (0, 3)}, "size"),
    ],
)
def test_bad_input_is_named(change, place):
    grid = VoxelGrid(np.zeros((2, 2, 2), bool))
    good = {"depth": np.ones((1, 3, 3)), "intrinsics": np.eye(3), "to_camera": np.eye(4)[None]}
    with pytest.raises(InputError, match=place):
        voxel_pixels(grid, **good | change)
