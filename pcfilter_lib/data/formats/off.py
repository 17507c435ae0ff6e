"""OFF, the Object File Format of Geomview, in which ModelNet comes: text files of vertices and polygons.

The format is in the Geomview manual, http://www.geomview.org/docs/html/OFF.html. Read here are also the files that
break it in known ways: the header glued to its counts (``OFF490 518 0``, in a part of ModelNet), a missing count of
edges, Windows line ends. One vertex or face stands on each line. Colours, normals and texture coordinates are passed
over.
"""

from __future__ import annotations

import os
import re

import numpy as np

from pcfilter_lib.data.formats._polygons import check_corners, triangle_fans
from pcfilter_lib.data.formats._text import parse_rows, shortest, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

# The letters say what follows each vertex's position: ST texture, C colour, N normal.
_KEYWORD = re.compile(r"(?:ST)?C?N?(?P<space>4?n?)OFF(?P<rest>.*)", re.DOTALL)
_FETCH_AGAIN = "fetch or export the file again; it seems to be cut off"


def read_off(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray]:
    """Read an OFF file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    vertices : numpy.ndarray, shape (V, 3), float64
        As the file has them.
    faces : numpy.ndarray, shape (F, 3), int64
        Polygons are cut into triangle fans. May be empty.

    Raises
    ------
    InputError
        If the header is malformed or promises more than follows, or a line cannot be read; the message names the line.
    """
    text = read_bytes(path).decode("latin-1")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # the line ends of old Macintosh files
    vertex_count, face_count, header_lines = _read_header(text, path)
    quick = _read_quickly(text, header_lines, vertex_count, face_count)
    return quick or _read_line_by_line(text, header_lines, vertex_count, face_count, path)


def _read_header(text: str, source) -> tuple[int, int, int]:
    """Return the number of vertices, of faces, and of lines in the header."""
    keyword, start, number = None, 0, 0
    while (end := text.find("\n", start)) >= 0:
        words, start, number = text[start:end].partition("#")[0].strip(), end + 1, number + 1
        place = f"line {number}"
        if words and keyword is None:
            keyword = _KEYWORD.match(words)
            if not keyword:
                raise InputError(source, place, "it does not begin with OFF", "check that this is an OFF file")
            if keyword["space"]:
                problem = "its vertices have other than three coordinates"
                raise InputError(source, place, problem, "export it in three dimensions")
            words = keyword["rest"].strip()
            if words.startswith("BINARY"):
                raise InputError(source, place, "it is a binary OFF file", "export it as a text OFF file, or as PLY")
        if not words:
            continue
        counts = words.split()
        if len(counts) not in (2, 3):
            problem = f"the numbers of vertices, faces and edges are expected, and the line says {words[:40]!r}"
            raise InputError(source, place, problem, "check that this is an OFF file, with one vertex a line")
        vertices = whole_number(counts[0], source, place, "the number of vertices")
        faces = whole_number(counts[1], source, place, "the number of faces")
        if 6 * vertices + 2 * faces > len(text) - start + 1:  # three digits and three separators; one of each
            problem = f"the header promises {vertices} vertices and {faces} faces, and {len(text) - start} bytes follow"
            raise InputError(source, place, problem, _FETCH_AGAIN)
        return vertices, faces, number
    problem = "it has no header" if keyword is None else "it ends before the numbers of vertices and faces"
    raise InputError(source, "header", problem, "check that this is an OFF file, and a whole one")


def _read_quickly(text: str, header_lines: int, vertex_count: int, face_count: int):
    """Read a body of plain vertices and faces of one size, in C; None where it has another form or an error."""
    vertex_lines = text.split("\n", header_lines + vertex_count)
    if vertex_count == 0 or len(vertex_lines) != header_lines + vertex_count + 1:
        return None
    del vertex_lines[:header_lines]
    digits = vertex_lines.pop().encode("latin-1")
    if not digits.strip() or digits.translate(None, b"0123456789 \t\r\n"):
        return None
    try:
        vertices = np.loadtxt(vertex_lines, comments=None, ndmin=2)
    except ValueError:
        return None
    numbers = np.fromstring(digits, np.int64, sep=" ")  # of digits and spaces alone, so nothing in it can fail
    width = int(numbers[0]) + 1
    if vertices.shape != (vertex_count, 3) or not np.isfinite(vertices).all():
        return None
    if width < 4 or len(numbers) != width * face_count:
        return None
    table = numbers.reshape(face_count, width)
    faces = np.ascontiguousarray(table[:, 1:])
    if (table[:, 0] != width - 1).any() or faces.max() >= vertex_count:
        return None
    return vertices, triangle_fans([faces], [np.arange(face_count)])


def _read_line_by_line(text: str, header_lines: int, vertex_count: int, face_count: int, source):
    """Read a body with comments, colours or polygons of several sizes, or find the line that cannot be read."""
    stripped = [(number, line.partition("#")[0].strip()) for number, line in enumerate(text.split("\n"), 1)]
    lines = [(number, line) for number, line in stripped[header_lines:] if line]
    vertex_body, face_body = lines[:vertex_count], lines[vertex_count : vertex_count + face_count]
    numbers = [number for number, _ in vertex_body]
    texts = [line for _, line in vertex_body]
    vertices = parse_rows(texts, 3, source, more=True, first_line=numbers, what="vertex")
    if len(vertices) < vertex_count:
        problem = f"the header promises {vertex_count} vertices, and {len(vertices)} lines follow it"
        raise InputError(source, "body", problem, _FETCH_AGAIN)
    bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
    if len(bad):
        raise InputError(source, f"line {numbers[bad[0]]}", "a vertex is not finite", "export the mesh again")
    if len(face_body) < face_count:
        problem = f"the header promises {face_count} faces, and {len(face_body)} lines follow the vertices"
        raise InputError(source, "body", problem, _FETCH_AGAIN)
    groups: dict[str, list[int]] = {}
    for index, (_, line) in enumerate(face_body):
        groups.setdefault(line.split(None, 1)[0], []).append(index)
    polygons, order = [], []
    for word, members in groups.items():
        rows, places = [face_body[index][1] for index in members], [face_body[index][0] for index in members]
        corners = whole_number(word, source, f"line {places[0]}", "the number of corners", most=2**40)
        shortest = min(range(len(rows)), key=lambda row: len(rows[row]))
        if 2 * corners > len(rows[shortest]):  # a space and a digit for each corner
            problem = f"a face of {corners} corners is announced, and the line is too short for it"
            raise InputError(source, f"line {places[shortest]}", problem, "export the mesh again, or remove this face")
        table = parse_rows(
            rows, corners + 1, source, dtype=np.int64, more=True, first_line=places, what=f"face with {corners} corners"
        )[:, 1:]
        check_corners(table, vertex_count, source, lambda row, places=places: f"line {places[row]}")
        polygons.append(table)
        order.append(np.array(members))
    return vertices, triangle_fans(polygons, order)


def write_off(vertices: np.ndarray, faces: np.ndarray, path: str | os.PathLike) -> None:
    """Write an OFF file.

    Parameters
    ----------
    vertices : numpy.ndarray, shape (V, 3), float32
        Finite. Written with as many digits as bring the same float32 back, nine at most.
    faces : numpy.ndarray, shape (F, 3), int64
        Rows of `vertices`, counted from 0.
    path : str or os.PathLike
        Where to write it.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    rows = [f"{x} {y} {z}\n" for x, y, z in zip(*map(shortest, vertices.T), strict=True)]
    rows += [f"3 {a} {b} {c}\n" for a, b, c in faces.tolist()]
    with replacing(path) as temporary:
        temporary.write_bytes(f"OFF\n{len(vertices)} {len(faces)} 0\n{''.join(rows)}".encode("ascii"))
