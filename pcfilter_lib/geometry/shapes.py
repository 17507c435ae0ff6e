"""Surfaces whose spectra are known, flat or rolled up."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import InputError


def icosphere(levels: int, radius: float = 1.0) -> Mesh:
    """Return a sphere made of an icosahedron whose triangles are cut into four, and again.

    Its Laplacian's eigenvalues approach l (l + 1) / radius^2 for l = 0, 1, 2, ..., each 2 l + 1 times.

    Parameters
    ----------
    levels : int
        How often the triangles are cut; there are 10 * 4 ** levels + 2 vertices.
    radius : float, default 1.0
        Of the sphere around the origin, on which all vertices lie.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        If an argument is out of its range.

    Examples
    --------
    >>> from pcfilter_lib import geometry
    >>> len(geometry.icosphere(3).vertices)
    642
    """
    levels = whole_number("icosphere", "levels", levels, at_least=0)
    radius = number_within("icosphere", "radius", radius, 0, float("inf"), low_included=False, high_included=False)
    golden = (1 + 5**0.5) / 2
    corners = [(-1, golden), (1, golden), (-1, -golden), (1, -golden)]
    vertices = np.array([np.roll((a, b, 0), axis) for axis in range(3) for a, b in corners], float)
    i, j, k = np.ogrid[:12, :12, :12]
    close = np.isclose(np.linalg.norm(vertices[:, None] - vertices, axis=-1), 2)
    faces = np.argwhere(close[i, j] & close[j, k] & close[k, i] & (i < j) & (i < k))  # twice, once each way round
    faces = faces[np.linalg.det(vertices[faces]) > 0]
    vertices /= np.linalg.norm(vertices, axis=1, keepdims=True)
    for _ in range(levels):
        sides = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
        edges, which = np.unique(sides, axis=0, return_inverse=True)
        middles = vertices[edges].sum(axis=1)
        (a, b, c), (ab, bc, ca) = faces.T, which.reshape(-1, 3).T + len(vertices)
        vertices = np.concatenate([vertices, middles / np.linalg.norm(middles, axis=1, keepdims=True)])
        parts = (a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)
        faces = np.concatenate([np.stack(part, axis=1) for part in parts])
    return Mesh(radius * vertices, faces)


def sheet(rows: int, columns: int, width: float = 1.0, height: float = 1.0) -> Mesh:
    """Return a rectangle in the plane z = 0, as a grid whose cells are cut along a diagonal.

    Its Laplacian's eigenvalues approach pi^2 ((p / width)^2 + (q / height)^2) for p, q = 0, 1, 2, ...

    Parameters
    ----------
    rows, columns : int
        Vertices along x and y, 2 or more. Vertex (i, j) of the grid has the row i * columns + j.
    width, height : float, default 1.0
        The sides along x and y; the rectangle begins at the origin.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        If an argument is out of its range.

    Examples
    --------
    >>> from pcfilter_lib import geometry
    >>> geometry.sheet(2, 2).faces.tolist()
    [[0, 2, 3], [0, 3, 1]]
    """
    rows = whole_number("sheet", "rows", rows, at_least=2)
    columns = whole_number("sheet", "columns", columns, at_least=2)
    width, height = (
        number_within("sheet", name, value, 0, float("inf"), low_included=False, high_included=False)
        for name, value in (("width", width), ("height", height))
    )
    x, y = np.meshgrid(np.linspace(0, width, rows), np.linspace(0, height, columns), indexing="ij")
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = (each.ravel() for each in (index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    return Mesh(np.stack([x, y, np.zeros_like(x)], axis=-1).reshape(-1, 3), faces)


def roll(mesh: Mesh, turns: float, angle: float = 0.0) -> Mesh:
    """Bend a flat mesh around a cylinder, without stretching it.

    Parameters
    ----------
    mesh : Mesh
        What lies in the plane z = 0. Distances within the surface stay as they are, up to what triangles cut off.
    turns : float
        How far around the cylinder the mesh reaches, from above 0 to 1. With 1 the ends meet, but are not merged.
    angle : float, default 0.0
        Direction that is bent, in radians from the x axis.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        If the mesh is not flat, or an argument is out of its range.

    Examples
    --------
    >>> from pcfilter_lib import geometry
    >>> tube = geometry.roll(geometry.sheet(20, 5), 1)
    >>> len(geometry.merge_vertices(tube, 1e-6).vertices)
    95
    """
    turns = number_within("roll", "turns", turns, 0, 1, low_included=False)
    angle = number_within("roll", "angle", angle, -float("inf"), float("inf"), low_included=False, high_included=False)
    if np.abs(mesh.vertices[:, 2]).max() > 1e-9 * np.ptp(mesh.vertices):
        raise InputError(mesh.source or "mesh", "vertices", "their z is not 0", "pass a mesh in the plane z = 0")
    directions = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    along, across = directions @ mesh.vertices[:, :2].T
    radius = np.ptp(along) / (2 * np.pi * turns)
    around = (along - along.min()) / radius
    x, y = directions.T @ np.stack([radius * np.sin(around), across])
    return Mesh(np.stack([x, y, radius * (1 - np.cos(around))], axis=1), mesh.faces, mesh.source)
