"""Voxels in pictures: in which pixel of each view a voxel is seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib._arguments import number_within, whole_numbers
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.errors import InputError


def voxel_pixels(
    grid: VoxelGrid,
    depth: ArrayLike,
    intrinsics: ArrayLike,
    to_camera: ArrayLike,
    *,
    behind: float = 0.5,
    in_front: float = np.inf,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Return in which pixel each view sees each voxel, for :class:`pcfilter_lib.layers.BackProject`.

    The centre of the voxel is projected into the picture. The view does not see it if

    - it is not in front of the camera, or outside the picture;
    - nothing was measured in its pixel;
    - it lies more than `behind` voxels behind the surface in its pixel: something hides it;
    - it lies more than `in_front` voxels before the surface: the ray passes through it, and what the pixel shows is
      farther away.

    Dai, A. and Niessner, M. (2018). *3DMV: joint 3D-multi-view prediction for 3D semantic scene segmentation*. ECCV.
    Section 4.2.

    Parameters
    ----------
    grid : VoxelGrid
        Only its shape, origin and voxel size are used.
    depth : array_like, shape (V, H, W)
        Of each view, along the camera's axis, in the unit of the grid. NaN and 0: nothing was measured.
    intrinsics : array_like, shape (3, 3) or (V, 3, 3)
        Camera matrices, in pixels of the depth pictures.
    to_camera : array_like, shape (V, 4, 4)
        From the world's frame to each camera's: `Camera.pose` of this library's cameras, and the inverse of
        `OrganizedScan.pose`.
    behind, in_front : float, optional
        In voxels.
    size : (int, int), optional
        Rows and columns of the feature maps, if a network's stride made them smaller than the depth pictures; both
        cover the same field of view.

    Returns
    -------
    ndarray of int32, shape (X, Y, Z, V)
        Numbers of pixels, row by row; -1 where a view does not see the voxel.

    Raises
    ------
    InputError
        If the shapes do not fit, or a camera's matrix or pose is not finite.
    """
    depth = np.asarray(depth, np.float32)
    if depth.ndim != 3 or not depth.size:
        raise InputError("voxel_pixels", "depth", f"its shape is {depth.shape}, not (V, H, W)", "pass all views")
    views, rows, columns = depth.shape
    matrices = np.asarray(intrinsics, np.float64)
    poses = np.asarray(to_camera, np.float64)
    if matrices.shape not in {(3, 3), (views, 3, 3)} or poses.shape != (views, 4, 4):
        problem = f"their shapes are {matrices.shape} and {poses.shape}, for {views} views"
        raise InputError("voxel_pixels", "intrinsics, to_camera", problem, "pass (V, 3, 3) and (V, 4, 4)")
    if not (np.isfinite(matrices).all() and np.isfinite(poses).all()):
        raise InputError("voxel_pixels", "intrinsics, to_camera", "some are not finite", "leave these views out")
    number_within("voxel_pixels", "behind", behind, 0, np.inf)
    number_within("voxel_pixels", "in_front", in_front, 0, np.inf)
    size = (rows, columns) if size is None else whole_numbers("voxel_pixels", "size", size, 2)
    behind, in_front = (np.float32(each * grid.voxel_size) for each in (behind, in_front))

    found = np.empty((*grid.shape, views), np.int32)
    steps = [np.arange(count) + 0.5 for count in grid.shape]
    for view, matrix in enumerate(np.broadcast_to(matrices, (views, 3, 3))):
        # Pixels times depth, and depth, are linear in the voxel's three numbers, so that three short tables make them.
        linear = matrix @ poses[view, :3]
        start = linear[:, :3] @ grid.origin + linear[:, 3]
        x, y, z = (linear[:, [axis]] * (grid.voxel_size * step) for axis, step in enumerate(steps))
        x = x + start[:, None]
        plane = (x[:, :, None] + y[:, None]).astype(np.float32)
        across, down, far = plane[..., None] + z.astype(np.float32)[:, None, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = 1 / far
            across *= scale
            down *= scale
        seen = far > 0
        seen &= (across >= -0.5) & (across < columns - 0.5) & (down >= -0.5) & (down < rows - 0.5)
        candidates = np.flatnonzero(seen)
        # The border between two pixels belongs to the one with the larger number.
        column = (across.ravel()[candidates] + np.float32(0.5)).astype(np.int32)
        row = (down.ravel()[candidates] + np.float32(0.5)).astype(np.int32)
        np.minimum(column, columns - 1, out=column)
        np.minimum(row, rows - 1, out=row)
        surface = depth[view].ravel()[row * columns + column]
        beyond = far.ravel()[candidates] - surface
        kept = (surface > 0) & (beyond <= behind)  # NaN is not
        if np.isfinite(in_front):
            kept &= beyond >= -in_front
        pixel = (row * size[0] // rows) * size[1] + column * size[1] // columns
        one = np.full(seen.size, -1, np.int32)
        one[candidates[kept]] = pixel[kept]
        found[..., view] = one.reshape(grid.shape)
    return found
