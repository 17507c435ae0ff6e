"""From surfaces to occupied voxels."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.data.voxels._raycasting import encloses
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.errors import InputError, require


def voxelize(
    surface: Mesh | np.ndarray,
    resolution: int | None = None,
    *,
    grid: VoxelGrid | None = None,
    fit: str = "box",
    margin: float = 0,
    solid: bool = False,
) -> VoxelGrid:
    """Voxelize a mesh or a cloud.

    Of a mesh, the *skin* is every voxel that a triangle touches (Akenine-Möller, *Fast 3D triangle-box overlap
    testing*, Journal of Graphics Tools 6, 2001, by Open3D); the *solid* adds every voxel whose centre lies inside. A
    cloud occupies the voxels that hold a point.

    Parameters
    ----------
    surface : Mesh or array-like, shape (N, 3)
        The mesh or cloud. Parts outside the grid are ignored.
    resolution : int, optional
        Voxels a side of a cube around the surface.
    grid : VoxelGrid, optional
        The grid to fill, instead of `resolution`, `fit` and `margin`. Its values do not matter.
    fit, margin
        As in :meth:`VoxelGrid.around`.
    solid : bool, optional
        Whether the inside of a mesh is occupied, too. The mesh may consist of several closed shells that overlap: what
        any of them encloses is inside. (Counting how often a ray crosses the whole surface would take what two shells
        enclose for outside.)

    Returns
    -------
    VoxelGrid
        Of kind occupancy.

    Raises
    ------
    InputError
        If an argument is not allowed, a cloud is to be solid, or a mesh that is to be solid has a hole.
    MissingExtraError
        For meshes, if Open3D is not installed.
    """
    if (resolution is None) == (grid is None):
        raise InputError("voxelize", "resolution", "either it or a grid is needed", "give resolution=32")
    if grid is None:
        grid = VoxelGrid.around(surface, resolution, fit=fit, margin=margin)
    if isinstance(surface, Mesh):
        occupied = _skin(surface, grid)
        if solid:
            occupied |= _inside(surface, grid)
    elif solid:
        raise InputError("voxelize", "solid", "a cloud has no inside", "give a mesh, or leave solid out")
    else:
        occupied = np.zeros(grid.shape, bool)
        index = np.floor(grid.to_index(surface) + 0.5)
        index = index[((index >= 0) & (index < grid.shape)).all(axis=1)].astype(np.intp)
        occupied[tuple(index.T)] = True
    return grid.with_values(occupied, "occupancy")


def _skin(mesh: Mesh, grid: VoxelGrid) -> np.ndarray:
    o3d = require("open3d", "open3d")
    # What lies on the grid's own border belongs to the outermost voxels, not to those beyond.
    low, high = grid.bounds
    near = 1e-6 * grid.voxel_size
    vertices = mesh.vertices.copy()
    np.copyto(vertices, low + near, where=np.abs(vertices - low) < near)
    np.copyto(vertices, high - near, where=np.abs(vertices - high) < near)
    triangles = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector(vertices), o3d.utility.Vector3iVector(mesh.faces.astype(np.int32))
    )
    found = o3d.geometry.VoxelGrid.create_from_triangle_mesh_within_bounds(triangles, grid.voxel_size, low, high)
    occupied = np.zeros(grid.shape, bool)
    index = np.array([voxel.grid_index for voxel in found.get_voxels()], np.intp).reshape(-1, 3)
    index = index[((index >= 0) & (index < grid.shape)).all(axis=1)]
    occupied[tuple(index.T)] = True
    return occupied


def shells(mesh: Mesh) -> list[Mesh]:
    """Return the connected parts of a mesh.

    Parameters
    ----------
    mesh : Mesh
        Faces belong together if they share a corner: one vertex, or several at the same place.

    Returns
    -------
    list of Mesh
        In the order of their first faces.
    """
    # Files often repeat a vertex for each face.
    places, same = np.unique(mesh.vertices, axis=0, return_inverse=True)
    faces = same.reshape(-1).astype(np.int32)[mesh.faces]  # SciPy 1.11 takes no other indices
    rows, columns = faces[:, [0, 1]].ravel(), faces[:, [1, 2]].ravel()
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(len(places),) * 2)
    part = connected_components(graph, directed=False)[1][faces[:, 0]]
    _, first = np.unique(part, return_index=True)
    found = []
    for row in np.sort(first):
        used, corners = np.unique(faces[part == part[row]], return_inverse=True)
        found.append(Mesh(places[used], corners.reshape(-1, 3), mesh.source))
    return found


def _inside(mesh: Mesh, grid: VoxelGrid) -> np.ndarray:
    inside = np.zeros(grid.shape, bool)
    for shell in shells(mesh):
        box, enclosed = enclosed_by(shell, grid)
        inside[box] |= enclosed
    return inside


def enclosed_by(shell: Mesh, grid: VoxelGrid) -> tuple[tuple[slice, slice, slice], np.ndarray]:
    """Return the voxels around a single closed shell, and which of their centres it encloses.

    Parameters
    ----------
    shell : Mesh
        One of :func:`shells`.
    grid : VoxelGrid
        Its values do not matter.

    Returns
    -------
    box : tuple of three slices
        Of the grid.
    inside : numpy.ndarray of bool
        For the voxels of this box.

    Raises
    ------
    InputError
        If the shell has a hole.
    """
    _check_closed(shell)
    low, high = grid.to_index(shell.bounds)
    start = np.ceil(low).clip(0, grid.shape).astype(int)
    stop = (np.floor(high) + 1).clip(start, grid.shape).astype(int)
    box = tuple(map(slice, start.tolist(), stop.tolist()))
    points = grid.to_points(np.moveaxis(np.indices(stop - start), 0, -1) + start)
    return box, encloses(shell, points) if points.size else np.zeros(points.shape[:3], bool)


def _check_closed(shell: Mesh) -> None:
    edges = np.sort(shell.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, count = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0, return_counts=True)
    if (count % 2).any():
        name, number = shell.source or "mesh", int((count % 2).sum())
        raise InputError(name, "", f"it has holes ({number} edges with one face)", "use its skin, solid=False")
