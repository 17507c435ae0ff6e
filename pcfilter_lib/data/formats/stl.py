"""STL, triangles and nothing else, as text or as bytes.

The format is that of 3D Systems' "StereoLithography Interface Specification" (1989). Each triangle brings its own three
corners; equal corners are not merged, and the normals of the file are passed over (many programs write zeros).
"""

from __future__ import annotations

import os

import numpy as np

from pcfilter_lib.data.formats._text import parse_rows
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attributes", "<u2")])
_START = 84  # a title of 80 bytes, and the number of triangles
_MOST_TRIANGLES = 2**32 - 1  # their number has four bytes
_BLOCK = 65536  # triangles that are put together at once
_WORDS = {"solid", "facet", "outer", "vertex", "endloop", "endfacet", "endsolid"}


def read_stl(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read an STL file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    vertices : numpy.ndarray, shape (3 F, 3), float64
        The corners, three for each triangle.
    faces : numpy.ndarray, shape (F, 3), int64
        ``[[0, 1, 2], [3, 4, 5], ...]``.

    Raises
    ------
    InputError
        If the file is neither form, is cut off, or a line cannot be read.
    """
    content = read_bytes(path)
    promised = int.from_bytes(content[80:_START], "little")
    size = _START + promised * _TRIANGLE.itemsize
    # Many binary files begin with "solid" too: the size tells them apart.
    if len(content) >= _START and (size == len(content) or (size < len(content) and not content.startswith(b"solid"))):
        triangles = np.frombuffer(content, _TRIANGLE, promised, _START)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN; Mesh refuses it
            vertices = triangles["corners"].reshape(-1, 3).astype(np.float64)
    elif content.lstrip()[:5].lower() == b"solid":
        vertices = _read_text(content, path)
    else:
        problem = f"it is no text STL, and a binary one of {promised} triangles has {size} bytes, not {len(content)}"
        raise InputError(path, "header", problem, "check that this is an STL file, and a whole one")
    return vertices, np.arange(len(vertices)).reshape(-1, 3)


def _read_text(content: bytes, source) -> np.ndarray:
    lines = content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbers, corners, loops, last = [], [], [], ""
    for number, line in enumerate(lines, 1):
        word, _, rest = line.strip().partition(" ")
        word = word.lower()
        if not word:
            continue
        if word not in _WORDS:
            problem = f"{word[:40]!r} is no word of a text STL file"
            raise InputError(source, f"line {number}", problem, "check that this is an STL file, and a whole one")
        last = word
        if word == "vertex":
            numbers.append(number)
            corners.append(rest)
        elif word == "endloop":
            if len(corners) != 3 * len(loops) + 3:
                problem = f"a facet must have three corners, and this has {len(corners) - 3 * len(loops)}"
                raise InputError(source, f"line {number}", problem, "export the mesh again, as triangles")
            loops.append(number)
    if last != "endsolid" or len(corners) != 3 * len(loops):
        raise InputError(
            source, "", "it ends without 'endsolid'", "fetch or export the file again; it seems to be cut off"
        )
    return parse_rows(corners, 3, source, first_line=numbers, what="vertex")


def write_stl(vertices: np.ndarray, faces: np.ndarray, path: str | os.PathLike) -> None:
    """Write a binary STL file.

    Parameters
    ----------
    vertices : numpy.ndarray, shape (V, 3), float32
        Finite.
    faces : numpy.ndarray, shape (F, 3), int64
        Rows of `vertices`, counted from 0. The file holds the three corners of each face instead, and its unit normal,
        which is zero where the face has no area.
    path : str or os.PathLike
        Where to write it.

    Raises
    ------
    InputError
        If there are more faces than the format can count, or the file cannot be written.
    """
    if len(faces) > _MOST_TRIANGLES:
        problem = f"the mesh has {len(faces)} faces, and STL can hold {_MOST_TRIANGLES}"
        raise InputError(path, "", problem, "save it as .ply")
    title = b"binary STL".ljust(80)  # never "solid", which begins a text file
    with replacing(path) as temporary, open(temporary, "wb") as file:
        file.write(title + len(faces).to_bytes(4, "little"))
        for start in range(0, len(faces), _BLOCK):
            file.write(_records(vertices[faces[start : start + _BLOCK]]).tobytes())


def _records(corners: np.ndarray) -> np.ndarray:
    """Return triangles, shape (F, 3, 3), as the records of a binary file."""
    first, second, third = np.moveaxis(corners.astype(np.float64), 1, 0)  # no square overflows, and none vanishes
    cross = np.cross(second - first, third - first)
    length = np.linalg.norm(cross, axis=1, keepdims=True)
    triangles = np.zeros(len(corners), _TRIANGLE)
    triangles["normal"] = np.divide(cross, length, out=np.zeros_like(cross), where=length > 0)
    triangles["corners"] = corners
    return triangles
