"""Solids from outlines alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.data.voxels.projection import voxel_pixels
from pcfilter_lib.errors import InputError


def visual_hull(silhouettes: ArrayLike, intrinsics: ArrayLike, to_camera: ArrayLike, grid: VoxelGrid) -> VoxelGrid:
    """Return the voxels whose centres lie in all silhouettes.

    The result is the largest solid that looks like this from all views. It holds every other one, and never shows a
    hollow that no outline shows, such as the inside of a cup.

    Parameters
    ----------
    silhouettes : array_like of bool, shape (V, H, W)
        Whether a pixel of a view shows the object.
    intrinsics : array_like, shape (3, 3) or (V, 3, 3)
        Camera matrices, in pixels.
    to_camera : array_like, shape (V, 4, 4)
        From the world's frame to each camera's: `Camera.pose` of this library's cameras.
    grid : VoxelGrid
        Only its shape, origin and voxel size are used.

    Returns
    -------
    VoxelGrid
        Of the same shape; values of bool. A view in whose picture a voxel does not lie does not remove it.

    Raises
    ------
    InputError
        If the silhouettes are not (V, H, W), or shapes do not fit.

    References
    ----------
    Laurentini, A. (1994). The visual hull concept for silhouette-based image understanding. IEEE Transactions on
    Pattern Analysis and Machine Intelligence 16.
    """
    silhouettes = np.asarray(silhouettes)
    if silhouettes.ndim != 3 or silhouettes.dtype != bool:
        problem = f"they are {silhouettes.dtype} of shape {silhouettes.shape}"
        raise InputError("visual_hull", "silhouettes", problem, "pass truth values of shape (V, H, W)")
    anywhere = np.full(silhouettes.shape, np.inf, np.float32)  # nothing hides anything
    pixels = voxel_pixels(grid, anywhere, intrinsics, to_camera)
    inside = np.ones(grid.shape, bool)
    for view, silhouette in enumerate(silhouettes):
        own = pixels[..., view]
        inside &= (own < 0) | silhouette.ravel()[own]
    return VoxelGrid(inside, grid.origin, grid.voxel_size)
