"""Triangle meshes."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcfilter_lib.data.formats._polygons import check_corners, triangle_fans
from pcfilter_lib.data.formats.obj import read_obj, write_obj
from pcfilter_lib.data.formats.off import read_off, write_off
from pcfilter_lib.data.formats.ply import read_ply, write_ply_mesh
from pcfilter_lib.data.formats.stl import read_stl, write_stl
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_BLOCK = 16384


@dataclass(frozen=True, eq=False)
class Mesh:
    """A surface made of triangles.

    Parameters
    ----------
    vertices : array-like, shape (V, 3)
        The corners, in the unit of the file. Kept as float64: what meshes measure from a far origin needs the digits.
    faces : array-like, shape (F, 3)
        The three corners of each triangle, as rows of `vertices` counted from 0, counter-clockwise seen from outside.
        Kept as int64.
    source : str, optional
        The file that it came from, for messages.

    Notes
    -----
    The arrays are copied. To change a mesh, make another: areas are kept for the next sampling once they are known, and
    only a change of vertices in place is noticed, not one of faces.

    Raises
    ------
    InputError
        If there are no faces, a shape is another, a vertex is not finite, or a face names a vertex that is not there.
    """

    vertices: np.ndarray
    faces: np.ndarray
    source: str = ""

    def __post_init__(self):
        name = self.source or "mesh"
        vertices, faces = np.array(self.vertices, np.float64), np.array(self.faces)
        if vertices.ndim != 2 or vertices.shape[1] != 3:
            raise InputError(
                name, "vertices", f"their shape is {vertices.shape}, not (V, 3)", "give three coordinates each"
            )
        if len(faces) == 0:
            remedy = "use pcfilter_lib.data.load_cloud for points without faces"
            raise InputError(name, "", "it has no faces", remedy)
        if faces.ndim != 2 or faces.shape[1] != 3 or faces.dtype.kind not in "iu":
            problem = f"they are {faces.dtype} of shape {faces.shape}, not whole numbers of shape (F, 3)"
            raise InputError(name, "faces", problem, "give three vertices each")
        faces = faces.astype(np.int64, copy=False)
        if not np.isfinite(vertices).all():
            row = int(np.nonzero(~np.isfinite(vertices))[0][0])
            raise InputError(name, f"vertex {row}", "it is not finite", "export the mesh again")
        check_corners(faces, len(vertices), name, lambda row: f"face {row}")
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", faces)

    @property
    def bounds(self) -> np.ndarray:
        """The smallest and the largest coordinates, shape (2, 3)."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    def areas(self) -> np.ndarray:
        """Return the area of each triangle, shape (F,): half the length of the cross product of two edges."""
        areas = np.empty(len(self.faces))
        columns = self.vertices.T.copy()  # coordinate by coordinate, and by blocks that stay in the cache, is quicker
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            for start in range(0, len(areas), _BLOCK):
                block = slice(start, start + _BLOCK)
                x, y, z = _cross(columns, self.faces[block])
                areas[block] = np.sqrt(x * x + y * y + z * z)
        areas /= 2
        return areas

    def cumulative_areas(self) -> np.ndarray:
        """Return the running sum of :meth:`areas`, shape (F,), which is kept, because each sampling needs it."""
        with np.errstate(over="ignore"):
            # Sees vertices that were changed in place. Not by BLAS, whose threads may have to wait for a core.
            fingerprint = float(np.einsum("vc,vc->", self.vertices, self.vertices))
        known, total = self.__dict__.get("_cumulative", (None, None))
        if known != fingerprint:
            total = np.cumsum(self.areas())
            self.__dict__["_cumulative"] = fingerprint, total
        return total

    def normals(self) -> np.ndarray:
        """Return the unit normal of each triangle, shape (F, 3); zero for triangles without area."""
        with np.errstate(over="ignore", invalid="ignore"):
            cross = np.stack(_cross(self.vertices.T.copy(), self.faces), axis=1)
            length = np.linalg.norm(cross, axis=1, keepdims=True)
            return np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)


def _cross(columns: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the cross product of two edges of each triangle, from coordinates of shape (3, V)."""
    corners = faces.T.copy()
    edges = []
    for column in columns:
        values = column.take(corners)
        values[1:] -= values[0]
        edges.append(values[1:])
    (ux, vx), (uy, vy), (uz, vz) = edges
    return uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx


def _read_ply_mesh(path) -> tuple[np.ndarray, np.ndarray]:
    data = read_ply(path)
    return ply_vertices(data, path), _ply_faces(data, path)


def ply_vertices(data, source) -> np.ndarray:
    """Return the positions in the element ``vertex`` of a PLY file.

    Parameters
    ----------
    data : plyfile.PlyData
        The file's content.
    source : str or os.PathLike
        The file, for the message.

    Returns
    -------
    numpy.ndarray, shape (V, 3), float64

    Raises
    ------
    InputError
        If there is no such element, or it has no x, y and z.
    """
    if "vertex" not in data or not all(name in data["vertex"] for name in "xyz"):
        raise InputError(source, "header", "it has no element 'vertex' with x, y and z", "export the file again")
    columns = [data["vertex"].data[name] for name in "xyz"]
    if any(column.ndim != 1 or column.dtype.kind == "O" for column in columns):
        raise InputError(source, "header", "x, y or z of element 'vertex' is a list", "export the file again")
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN; Mesh refuses it
        return np.stack(columns, axis=1).astype(np.float64)


def _ply_faces(data, source) -> np.ndarray:
    names = [name for name in ("vertex_indices", "vertex_index") if "face" in data and name in data["face"]]
    if not names:
        if "face" in data and len(data["face"].data):
            raise InputError(source, "header", "its faces have no vertex_indices", "export the mesh again")
        return np.empty((0, 3), np.int64)
    column, count = data["face"].data[names[0]], len(data["vertex"].data)
    if column.dtype.kind == "f" or (column.ndim == 1 and column.dtype.kind != "O"):
        raise InputError(source, "header", f"{names[0]} is no list of whole numbers", "export the mesh again")
    lengths = np.full(len(column), column.shape[1]) if column.ndim == 2 else np.array([len(row) for row in column], int)
    polygons, order = [], []
    for length in np.unique(lengths):
        members = np.flatnonzero(lengths == length)
        corners = np.stack(list(column[members])) if column.dtype.kind == "O" else column[members]
        if corners.dtype.kind == "f":
            raise InputError(source, "header", f"{names[0]} is no list of whole numbers", "export the mesh again")
        corners = corners.astype(np.int64)
        check_corners(corners, count, source, lambda row, members=members: f"element 'face', row {members[row] + 1}")
        polygons.append(corners)
        order.append(members)
    return triangle_fans(polygons, order)


_READERS = {".off": read_off, ".ply": _read_ply_mesh, ".stl": read_stl, ".obj": read_obj}
_WRITERS = {".ply": write_ply_mesh, ".obj": write_obj, ".stl": write_stl, ".off": write_off}


def load_mesh(path: str | os.PathLike) -> Mesh:
    """Load a triangle mesh from OFF, PLY, STL or OBJ.

    Polygons are cut into triangle fans. Vertices keep the order of the file and are not merged. The format is known by
    the file's extension; with another extension, OFF and PLY are known by their first bytes.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    Mesh

    Raises
    ------
    InputError
        If the format is not known, the file is broken, or it has no faces.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> mesh = data.load_mesh(data.example_path("mug.off"))
    >>> mesh.vertices.shape, mesh.faces.shape
    ((1088, 3), (2016, 3))
    """
    suffix = Path(path).suffix.lower()
    reader = _READERS.get(suffix)
    if reader is None:
        start = read_bytes(path)[:200]
        if re.match(rb"ply[ \t]*[\r\n]", start):
            reader = _read_ply_mesh
        elif re.match(rb"\s*(ST)?C?N?OFF", start):
            reader = read_off
    if reader is None:
        remedy = "use one of OFF, PLY, STL, OBJ, or pcfilter_lib.data.load_cloud for points without faces"
        raise InputError(path, "", f"{suffix or 'a name without extension'!r} is no mesh format known here", remedy)
    vertices, faces = reader(path)
    return Mesh(vertices, faces, os.fspath(path))


def save_mesh(mesh: Mesh, path: str | os.PathLike) -> None:
    """Save a triangle mesh as binary PLY, OBJ, binary STL or OFF.

    Vertices are stored as float32 in all of them, so loading the file gives the mesh rounded to about seven digits.
    PLY, OBJ and OFF keep vertices and faces in their order; STL holds the three corners of each face instead. The file
    is written beside and renamed, so that a failure leaves the old file or none.

    Parameters
    ----------
    mesh : Mesh
        One that lies far from the origin loses digits: move it closer first.
    path : str or os.PathLike
        Where to; the extension chooses the format.

    Raises
    ------
    InputError
        If the extension is another, the format or float32 cannot hold the mesh, its arrays were changed in place so
        that it is no longer valid, or the file cannot be written.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> mesh = data.load_mesh(data.example_path("mug.off"))
    >>> data.save_mesh(mesh, "mug.stl")
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _WRITERS:
        problem = f"{suffix or 'a name without extension'!r} is no format that a mesh can be saved in"
        raise InputError(path, "", problem, f"use one of {', '.join(_WRITERS)}")
    with np.errstate(over="ignore", invalid="ignore"):
        vertices = mesh.vertices.astype(np.float32)
    bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
    if len(bad):
        finite = np.isfinite(mesh.vertices[bad[0]]).all()
        problem = "a coordinate is beyond 3.4e38, the end of float32" if finite else "it is not finite"
        remedy = "choose a larger unit" if finite else "remove it and the faces that name it"
        raise InputError(path, f"vertex {bad[0]}", problem, remedy)
    bad = np.flatnonzero(((mesh.faces < 0) | (mesh.faces >= len(vertices))).any(axis=1))
    if len(bad):
        problem = f"it names vertices {mesh.faces[bad[0]].tolist()}, and the mesh has {len(vertices)} (counted from 0)"
        raise InputError(path, f"face {bad[0]}", problem, "correct or remove the face")
    _WRITERS[suffix](vertices, mesh.faces, path)
