"""The Laplacian of a triangle mesh, from the cotangents of its angles."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse

from pcfilter_lib.errors import InputError

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh


class Laplacian(NamedTuple):
    """A Laplacian as two matrices, of which one is diagonal.

    For a function with the values `u` at the vertices, ``stiffness @ u / areas`` is its negative Laplacian, and
    ``u @ stiffness @ u`` its Dirichlet energy, the integral of the squared gradient.

    Parameters
    ----------
    stiffness : scipy.sparse.csr_matrix of float64, shape (V, V)
        Symmetric and positive semidefinite; its rows add up to zero. It has no unit.
    areas : numpy.ndarray of float64, shape (V,)
        The area that belongs to each vertex, in the squared unit of the mesh: a third of the triangles around it.
    """

    stiffness: sparse.csr_matrix
    areas: np.ndarray


def cotangent_laplacian(mesh: Mesh) -> Laplacian:
    r"""Return the cotangent Laplacian of a triangle mesh: linear finite elements with lumped areas.

    For an edge (i, j) with the angles :math:`\alpha_{ij}` and :math:`\beta_{ij}` opposite to it,

    .. math:: S_{ij} = -\frac{1}{2} (\cot \alpha_{ij} + \cot \beta_{ij}), \qquad S_{ii} = -\sum_{j \ne i} S_{ij} .

    An edge at the boundary has one angle: nothing flows across the boundary (natural boundary conditions). Angles
    depend on lengths alone, so nothing changes when the surface is bent without being stretched.

    Parameters
    ----------
    mesh : Mesh
        Vertices at the same place are connected only if they were merged (:func:`merge_vertices`). Edges may have more
        than two triangles.

    Returns
    -------
    Laplacian

    Raises
    ------
    InputError
        If a triangle has no area, or a vertex is in no triangle.

    References
    ----------
    Pinkall, U. and Polthier, K. (1993). Computing discrete minimal surfaces and their conjugates. Experimental
    Mathematics 2(1). Meyer, M., Desbrun, M., Schröder, P. and Barr, A. H. (2003). Discrete differential-geometry
    operators for triangulated 2-manifolds. Visualization and Mathematics III.

    Examples
    --------
    A square of side 2 that is cut along a diagonal: opposite to the diagonal the angles are right.

    >>> from pcfilter_lib import data, geometry
    >>> square = data.Mesh([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]], [[0, 1, 2], [0, 2, 3]])
    >>> laplacian = geometry.cotangent_laplacian(square)
    >>> laplacian.stiffness.toarray().round(6)[0].tolist(), laplacian.areas.round(6).tolist()
    ([1.0, -0.5, 0.0, -0.5], [1.333333, 0.666667, 1.333333, 0.666667])
    """
    corners, faces, count = mesh.vertices[mesh.faces], mesh.faces, len(mesh.vertices)
    rows, columns, weights = [], [], []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        doubled = np.linalg.norm(cross, axis=1)  # twice the area of each triangle
        for corner in range(3):
            i, j = (corner + 1) % 3, (corner + 2) % 3
            dot = np.einsum("fc,fc->f", corners[:, i] - corners[:, corner], corners[:, j] - corners[:, corner])
            rows.append(faces[:, i])
            columns.append(faces[:, j])
            weights.append(dot / doubled / 2)
    _check(mesh, doubled, np.stack(weights), np.bincount(faces.ravel(), minlength=count))
    places = np.concatenate(rows), np.concatenate(columns)
    half = sparse.csr_matrix((np.concatenate(weights), places), shape=(count, count))
    links = half + half.T
    stiffness = sparse.csr_matrix(sparse.diags(np.asarray(links.sum(axis=1)).ravel()) - links)
    areas = np.bincount(faces.ravel(), np.repeat(doubled / 6, 3), minlength=count)
    return Laplacian(stiffness, areas)


def _check(mesh: Mesh, doubled: np.ndarray, weights: np.ndarray, times: np.ndarray) -> None:
    """Refuse what has no Laplacian."""
    name = mesh.source or "mesh"
    bad = np.flatnonzero(~((doubled > 0) & np.isfinite(doubled) & np.isfinite(weights).all(axis=0)))
    if len(bad):
        problem = f"its area is {doubled[bad[0]] / 2:g}, so its angles have no cotangents"
        raise InputError(name, f"face {bad[0]}", problem, "remove triangles without area, or merge their vertices")
    bad = np.flatnonzero(times == 0)
    if len(bad):
        raise InputError(name, f"vertex {bad[0]}", "it is in no triangle", "remove vertices that no face names")
