"""Vertices that are stored several times, made one."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import InputError


def merge_vertices(mesh: Mesh, tolerance: float = 0.0) -> Mesh:
    """Return a mesh whose vertices are all different, and all in use.

    Files often store a vertex once for each triangle, as STL does, or once for each side of a seam. The triangles then
    only look connected. Triangles that name a vertex twice after merging are left out.

    Parameters
    ----------
    mesh : Mesh
        The mesh; it stays as it is.
    tolerance : float, default 0.0
        Distance, in the unit of the mesh: vertices that are no farther apart become one, the first of them, and so do
        chains of them. 0 merges equal vertices only.

    Returns
    -------
    Mesh
        Vertices and faces in the order in which they come first.

    Raises
    ------
    InputError
        If the tolerance is negative, or no triangle is left.

    Examples
    --------
    >>> from pcfilter_lib import data, geometry
    >>> mug = data.load_mesh(data.example_path("mug.off"))
    >>> merged = geometry.merge_vertices(mug)
    >>> len(mug.vertices), len(merged.vertices), len(mug.faces), len(merged.faces)
    (1088, 1072, 2016, 2000)
    """
    tolerance = number_within("merge_vertices", "tolerance", tolerance, 0, float("inf"), high_included=False)
    keys = _components(mesh.vertices, tolerance) if tolerance else mesh.vertices
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    faces = first[member.reshape(-1)][mesh.faces]
    a, b, c = faces.T
    faces = faces[(a != b) & (b != c) & (c != a)]
    if not len(faces):
        problem = "all its triangles name a vertex twice after merging"
        raise InputError(mesh.source or "mesh", "", problem, "choose a smaller tolerance")
    used, faces = np.unique(faces, return_inverse=True)
    return Mesh(mesh.vertices[used], faces.reshape(-1, 3), mesh.source)


def _components(vertices: np.ndarray, tolerance: float) -> np.ndarray:
    """Return one number for all vertices that are connected by steps of at most `tolerance`, (V,)."""
    i, j = cKDTree(vertices).query_pairs(tolerance, output_type="ndarray").T
    close = coo_matrix((np.ones(len(i), np.int8), (i, j)), shape=(len(vertices),) * 2)
    return connected_components(close, directed=False)[1]
