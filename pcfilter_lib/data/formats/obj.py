"""OBJ, Wavefront's text format: the vertices and faces of it.

The format is in "Object Files (.obj)", appendix B1 of the Advanced Visualizer manual (Wavefront, 1995),
http://paulbourke.net/dataformats/obj/. Only ``v`` and ``f`` are read. All objects and groups come as one mesh, in the
order of the file; materials, and the other files that name them, are never opened.
"""

from __future__ import annotations

import os
import re

import numpy as np

from pcfilter_lib.data.formats._polygons import check_corners, triangle_fans
from pcfilter_lib.data.formats._text import parse_rows, shortest
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

_BEYOND_POSITION = re.compile(r"/\S*")  # 7/1/2 names vertex 7, texture coordinate 1, normal 2


def read_obj(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read an OBJ file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    vertices : numpy.ndarray, shape (V, 3), float64
        As the file has them.
    faces : numpy.ndarray, shape (F, 3), int64
        Counted from 0; polygons are cut into triangle fans. May be empty.

    Raises
    ------
    InputError
        If a line cannot be read, or a face names a vertex that is not there; the message names the line.
    """
    text = read_bytes(path).decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    vertex_lines, vertex_numbers = [], []
    faces: dict[
        int, tuple[list[str], list[int], list[int], list[int]]
    ] = {}  # by corners: text, line, order, vertices so far
    order = 0
    for number, line in _logical_lines(text):
        words = line.split(None, 1)
        if len(words) == 2 and words[0] == "v":
            vertex_lines.append(words[1])
            vertex_numbers.append(number)
        elif words and words[0] == "f":
            corners = _BEYOND_POSITION.sub("", words[1] if len(words) == 2 else "")
            lines, numbers, orders, before = faces.setdefault(len(corners.split()), ([], [], [], []))
            lines.append(corners)
            numbers.append(number)
            orders.append(order)
            before.append(len(vertex_lines))
            order += 1
        elif words == ["v"]:
            raise InputError(path, f"line {number}", "a vertex without coordinates", "export the mesh again")
    vertices = parse_rows(vertex_lines, 3, path, more=True, first_line=vertex_numbers, what="vertex")
    polygons, orders = [], []
    for count, (lines, numbers, position, before) in faces.items():
        if count < 3:
            raise InputError(
                path, f"line {numbers[0]}", f"a face of {count} corners", "remove it or export the mesh again"
            )
        corners = parse_rows(lines, count, path, dtype=np.int64, first_line=numbers, what="face")
        zero = np.flatnonzero((corners == 0).any(axis=1))
        if len(zero):
            problem = "the face names vertex 0, and OBJ counts from 1"
            raise InputError(path, f"line {numbers[zero[0]]}", problem, "export the mesh again")
        # Negative numbers count back from the last vertex so far.
        corners = np.where(corners > 0, corners - 1, corners + np.array(before)[:, None])
        check_corners(corners, len(vertices), path, lambda row, numbers=numbers: f"line {numbers[row]}")
        polygons.append(corners)
        orders.append(np.array(position))
    return vertices, triangle_fans(polygons, orders)


def _logical_lines(text: str):
    """Yield line numbers and lines without comments; a backslash at a line's end joins it to the next."""
    pending, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.partition("#")[0]
        start = start or number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield start, pending + line
        pending, start = "", 0
    if pending:
        yield start, pending


def write_obj(vertices: np.ndarray, faces: np.ndarray, path: str | os.PathLike) -> None:
    """Write an OBJ file.

    Parameters
    ----------
    vertices : numpy.ndarray, shape (V, 3), float32
        Finite. Written with as many digits as bring the same float32 back, nine at most.
    faces : numpy.ndarray, shape (F, 3), int64
        Rows of `vertices`, counted from 0. The file counts from 1.
    path : str or os.PathLike
        Where to write it.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [f"v {x} {y} {z}\n" for x, y, z in zip(*map(shortest, vertices.T), strict=True)]
    rows += [f"f {a} {b} {c}\n" for a, b, c in (faces + 1).tolist()]
    with replacing(path) as temporary:
        temporary.write_bytes("".join(rows).encode("ascii"))
