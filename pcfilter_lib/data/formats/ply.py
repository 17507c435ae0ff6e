"""PLY, the polygon file format: ascii and both binary byte orders, with every element and property kept.

The format is Greg Turk's, "The PLY Polygon File Format" (1994), http://paulbourke.net/dataformats/ply/. What is read
comes as :class:`plyfile.PlyData`, which also writes it. Reading the rows is our own: plyfile reserves what a list's
length claims before it knows that the file is that long, and converts ascii value by value.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

import numpy as np
import plyfile

from pcfilter_lib.data.formats._ply_rows import Element, Property, ascii_rows, read_ascii, read_binary
from pcfilter_lib.data.formats._text import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

BYTE_ORDERS = {"ascii": "=", "binary_little_endian": "<", "binary_big_endian": ">"}
TYPES = {
    **{"char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2"},
    **{"uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4"},
    **{"double": "f8", "float64": "f8"},
}
_MOST_VERTICES = 2**31  # that an int32 can count, from 0
_FETCH_AGAIN = "fetch or export the file again"


@dataclass
class _Header:
    encoding: str = ""
    elements: list[Element] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    obj_info: list[str] = field(default_factory=list)
    size: int = 0  # bytes before the body
    lines: int = 0


def read_ply(path: str | os.PathLike) -> plyfile.PlyData:
    """Read a PLY file with every element and property it has.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    plyfile.PlyData
        A list property is an array of shape (rows, length) where all rows have the same length, else one of objects.

    Raises
    ------
    InputError
        If the header is malformed or promises more than the file holds, or a row cannot be read.
    """
    return parse_ply(read_bytes(path), path)


def parse_ply(content: bytes, path: str | os.PathLike) -> plyfile.PlyData:
    """Return what the content of a PLY file holds; `path` is for errors."""
    header = _read_header(content, path)
    order = BYTE_ORDERS[header.encoding]
    if header.encoding == "ascii":
        arrays = read_ascii(content[header.size :], header.elements, header.lines + 1, path)
    else:
        arrays = read_binary(memoryview(content)[header.size :], header.elements, order, path)
    elements = []
    for element, array in zip(header.elements, arrays, strict=True):
        lists = [prop for prop in element.properties if prop.length_kind]
        length_types = {prop.name: prop.length_kind for prop in lists}
        value_types = {prop.name: prop.kind for prop in lists}
        elements.append(
            plyfile.PlyElement.describe(array, element.name, length_types, value_types, comments=element.comments)
        )
    return plyfile.PlyData(elements, header.encoding == "ascii", order, header.comments, header.obj_info)


def write_ply(data: plyfile.PlyData, path: str | os.PathLike) -> None:
    """Write a PLY file in its own encoding, so that reading it gives the same elements.

    Parameters
    ----------
    data : plyfile.PlyData
        What to write.
    path : str or os.PathLike
        Where to.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    with replacing(path) as temporary:
        if data.text:
            temporary.write_bytes(data.header.encode("ascii") + b"\n" + b"".join(map(ascii_rows, data)))
        else:
            data.write(str(temporary))


def write_ply_mesh(vertices: np.ndarray, faces: np.ndarray, path: str | os.PathLike) -> None:
    """Write a triangle mesh as a binary, little-endian PLY file.

    Parameters
    ----------
    vertices : numpy.ndarray, shape (V, 3), float32
        Finite.
    faces : numpy.ndarray, shape (F, 3), int64
        Rows of `vertices`, counted from 0; int32 in the file, as most programs write them.
    path : str or os.PathLike
        Where to write it.

    Raises
    ------
    InputError
        If there are more vertices than int32 can count, or the file cannot be written.
    """
    if len(vertices) > _MOST_VERTICES:
        problem = f"the mesh has {len(vertices)} vertices, and the faces of a PLY file can name {_MOST_VERTICES}"
        raise InputError(path, "", problem, "save it as .off or .obj")
    points = np.empty(len(vertices), [(name, "<f4") for name in "xyz"])
    for name, column in zip("xyz", vertices.T, strict=True):
        points[name] = column
    corners = np.empty(len(faces), [("vertex_indices", "<i4", (3,))])
    corners["vertex_indices"] = faces
    elements = [plyfile.PlyElement.describe(points, "vertex"), plyfile.PlyElement.describe(corners, "face")]
    write_ply(plyfile.PlyData(elements, byte_order="<"), path)


def _read_header(content: bytes, source) -> _Header:
    newline = re.match(rb"ply[ \t]*(\r\n|\n|\r)", content)
    if not newline:
        raise InputError(source, "line 1", "it does not begin with 'ply'", "check that this is a PLY file")
    header = _Header()
    place, separator = newline.end(), newline[1]
    for number in range(2, content.count(separator) + 2):
        end = content.find(separator, place)
        if end < 0:
            break
        try:
            line = content[place:end].decode("ascii").strip()
        except UnicodeDecodeError:
            raise InputError(source, f"line {number}", "the header is not ASCII text", _FETCH_AGAIN) from None
        place = end + len(separator)
        if line == "end_header":
            header.size, header.lines = place, number
            _check_header(header, len(content) - place, source)
            return header
        if line:
            _read_header_line(line, header, source, f"line {number}")
    raise InputError(source, "header", "it ends without 'end_header'", _FETCH_AGAIN)


def _read_header_line(line: str, header: _Header, source, place: str) -> None:
    keyword, _, rest = line.partition(" ")
    words = rest.split()
    if keyword == "comment":
        (header.elements[-1].comments if header.elements else header.comments).append(rest)
    elif keyword == "obj_info":
        header.obj_info.append(rest)
    elif keyword == "format" and len(words) == 2 and words[0] in BYTE_ORDERS and words[1] == "1.0":
        header.encoding = words[0]
    elif keyword == "element" and len(words) == 2:
        if any(element.name == words[0] for element in header.elements):
            raise InputError(source, place, f"element {words[0][:40]!r} is there twice", "rename one of them")
        count = whole_number(words[1], source, place, f"the number of rows of {words[0][:40]!r}")
        header.elements.append(Element(words[0], count))
    elif keyword == "property" and header.elements and _is_property(words):
        element = header.elements[-1]
        if any(prop.name == words[-1] for prop in element.properties):
            raise InputError(source, place, f"property {words[-1][:40]!r} is there twice", "rename one of them")
        length_kind = TYPES[words[1]] if words[0] == "list" else ""
        element.properties.append(Property(words[-1], TYPES[words[-2]], length_kind))
    else:
        problem = f"{line[:60]!r} is no line of a PLY 1.0 header"
        raise InputError(source, place, problem, "correct the line, or export the file again")


def _is_property(words: list[str]) -> bool:
    if len(words) == 2:
        return words[0] in TYPES
    return len(words) == 4 and words[0] == "list" and TYPES.get(words[1], "f")[0] != "f" and words[2] in TYPES


def _check_header(header: _Header, held: int, source) -> None:
    """Refuse counts that the file cannot hold, before anything is allocated for them."""
    if not header.encoding:
        raise InputError(source, "header", "it names no format", "add 'format ascii 1.0', or export the file again")
    needed = 0
    for element in header.elements:
        if not element.properties and element.count:
            raise InputError(source, "header", f"element {element.name[:40]!r} has no properties", _FETCH_AGAIN)
        if header.encoding == "ascii":
            row = 2 * len(element.properties)  # a digit and a separator each
        else:
            row = sum(np.dtype(prop.length_kind or prop.kind).itemsize for prop in element.properties)
        needed += element.count * row
    if needed > held + 1:  # the last separator of an ascii file may be missing
        problem = f"the header promises rows of {needed} bytes at least, and the file holds {held}"
        raise InputError(source, "header", problem, "fetch or export the file again; it seems to be cut off")
