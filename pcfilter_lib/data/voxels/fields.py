"""Distance fields, trilinear interpolation, and marching cubes."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.data.voxels._raycasting import distances
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.data.voxels.voxelization import enclosed_by, shells
from pcfilter_lib.errors import InputError, require


def distance_field(
    surface: Mesh | np.ndarray | VoxelGrid,
    grid: VoxelGrid | None = None,
    *,
    signed: bool = False,
    truncation: float | None = None,
) -> VoxelGrid:
    """Compute the distance of each voxel's centre from a surface.

    Parameters
    ----------
    surface : Mesh, array-like of shape (N, 3), or VoxelGrid
        A mesh; a cloud, whose points are the surface; or a grid, whose occupied voxels are. Of a grid, distances are
        counted from centre to centre (P. Felzenszwalb, D. Huttenlocher, *Distance transforms of sampled functions*,
        Theory of Computing 8, 2012, by SciPy), signed ones from the faces between occupied and empty voxels.
    grid : VoxelGrid, optional
        Where the field is computed. Needed for meshes and clouds.
    signed : bool, optional
        Whether distances inside are negative. A mesh has to consist of closed shells; where some overlap, the distance
        inside is that to the shell in which the point is deepest.
    truncation : float, optional
        Metres beyond which distances are cut off.

    Returns
    -------
    VoxelGrid
        Of kind distance or signed, in metres.

    Raises
    ------
    InputError
        If an argument is not allowed, or the inside of a cloud or of an open mesh is asked for.
    MissingExtraError
        For meshes, if Open3D is not installed.
    """
    if truncation is not None:
        number_within("distance_field", "truncation", truncation, 0, np.inf, low_included=False, high_included=False)
    if isinstance(surface, VoxelGrid):
        if grid is not None:
            raise InputError("distance_field", "grid", "the surface is a grid already", "leave it out")
        grid = surface
        values = _from_voxels(surface, signed)
    elif not isinstance(grid, VoxelGrid):
        raise InputError("distance_field", "grid", "it says where the field lies", "give VoxelGrid.around(surface, 32)")
    elif isinstance(surface, Mesh):
        values = _signed(surface, grid) if signed else distances(surface, grid.centres())
    elif signed:
        raise InputError("distance_field", "signed", "a cloud has no inside", "give a mesh, or leave signed out")
    else:
        points = np.asarray(surface, np.float64)
        if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0 or not np.isfinite(points).all():
            problem = f"finite points of shape (N, 3) are expected, not {points.shape}"
            raise InputError("distance_field", "surface", problem, "drop what was not measured before")
        values = cKDTree(points).query(grid.centres().reshape(-1, 3))[0].reshape(grid.shape)
    if truncation is not None:
        values = np.clip(values, -truncation, truncation)
    return grid.with_values(values, "signed" if signed else "distance", truncation)


def _from_voxels(grid: VoxelGrid, signed: bool) -> np.ndarray:
    occupied = grid.occupied
    if not occupied.any() or (signed and occupied.all()):
        problem = "no voxel is occupied" if not occupied.any() else "all voxels are occupied"
        raise InputError("distance_field", "surface", problem, "choose a grid in which there is a surface")
    outside = ndimage.distance_transform_edt(~occupied)
    if signed:
        outside = np.where(occupied, 0.5 - ndimage.distance_transform_edt(occupied), outside - 0.5)
    return outside * grid.voxel_size


def _signed(mesh: Mesh, grid: VoxelGrid) -> np.ndarray:
    values = distances(mesh, grid.centres())
    for shell in shells(mesh):
        box, inside = enclosed_by(shell, grid)
        if inside.any():
            part = values[box]
            points = grid.to_points(np.argwhere(inside) + [axis.start for axis in box])
            part[inside] = np.minimum(part[inside], -distances(shell, points))
    return values


def trilinear_sample(field: VoxelGrid, points: np.ndarray, *, outside: float = np.nan) -> np.ndarray:
    """Interpolate a field at points, trilinearly.

    Parameters
    ----------
    field : VoxelGrid
        Of any kind; occupancy counts as 0 and 1.
    points : array-like, shape (..., 3)
        In metres.
    outside : float, optional
        The value beyond the outermost centres.

    Returns
    -------
    numpy.ndarray, shape (...) or (..., C), float32
        The mean of the eight nearest values, each with the volume of the box between the point and the opposite
        centre as its weight.
    """
    index = field.to_index(points)
    last = np.array(field.shape) - 1
    # What lies on the outermost centres, but for rounding, is inside.
    index = np.where((index > -1e-6) & (index < last + 1e-6), np.clip(index, 0, last), index)
    places = np.moveaxis(index, -1, 0).reshape(3, -1)
    channels = field.values.astype(np.float32).reshape(*field.shape, -1)
    sampled = [
        ndimage.map_coordinates(channels[..., each], places, order=1, mode="constant", cval=outside)
        for each in range(channels.shape[-1])
    ]
    return np.stack(sampled, axis=-1).reshape(*index.shape[:-1], *field.values.shape[3:])


def marching_cubes(field: VoxelGrid, level: float | None = None) -> Mesh:
    """Extract the surface on which a field has a given value.

    W. Lorensen, H. Cline, *Marching cubes*, SIGGRAPH 1987, as scikit-image does it (T. Lewiner and others, *Efficient
    implementation of marching cubes' cases with topological guarantees*, Journal of Graphics Tools 8, 2003).

    Parameters
    ----------
    field : VoxelGrid
        Of kind signed, probability, occupancy, or one that has been sampled from elsewhere. Cells with a corner that is
        NaN give no surface.
    level : float, optional
        The value. By default 0 for distances with a sign and 0.5 for probabilities and occupancy.

    Returns
    -------
    Mesh
        In metres, its faces counter-clockwise seen from outside: from where the distance is larger, or the probability
        smaller.

    Raises
    ------
    InputError
        If no cell crosses the level, or a grid has fewer than two voxels a side.
    MissingExtraError
        If scikit-image is not installed.
    """
    measure = require("skimage.measure", "book")
    if field.values.ndim != 3 or min(field.shape) < 2:
        raise InputError("marching_cubes", "field", f"its shape is {field.values.shape}", "give (X, Y, Z), 2 or more")
    filled = field.kind in ("probability", "occupancy")
    level = (0.5 if filled else 0.0) if level is None else float(level)
    values = field.values.astype(np.float32)
    known = np.isfinite(values)
    low, high = (values[known].min(), values[known].max()) if known.any() else (np.nan, np.nan)
    if not low <= level <= high or low == high:
        problem = f"no cell crosses {level:g}: its values lie between {low:g} and {high:g}"
        raise InputError("marching_cubes", "level", problem, "choose a level between them")
    mask = None if known.all() else _whole_cells(known)
    try:
        vertices, faces, _, _ = measure.marching_cubes(
            np.where(known, values, high), level, mask=mask, gradient_direction="ascent" if filled else "descent"
        )
    except (RuntimeError, ValueError):
        problem = f"no cell of which everything is known crosses {level:g}"
        raise InputError("marching_cubes", "level", problem, "scan more of it") from None
    return Mesh(field.to_points(vertices), faces)


def _whole_cells(known: np.ndarray) -> np.ndarray:
    """Return, at the first corner of each cell, whether all eight are known: where scikit-image looks for it."""
    whole = np.zeros_like(known)
    cells = np.ones(tuple(np.array(known.shape) - 1), bool)
    for x in (slice(None, -1), slice(1, None)):
        for y in (slice(None, -1), slice(1, None)):
            for z in (slice(None, -1), slice(1, None)):
                cells &= known[x, y, z]
    whole[1:, 1:, 1:] = cells
    return whole
