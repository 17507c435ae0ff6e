"""PCD, the point cloud format of the Point Cloud Library: ascii, binary and binary_compressed.

What the fields mean is in "The PCD (Point Cloud Data) file format",
https://pointclouds.org/documentation/tutorials/pcd_file_format.html. Versions before 0.7 leave out ``VIEWPOINT``,
``COUNT`` or ``WIDTH`` and ``HEIGHT``. Fields named ``_`` are padding, and there may be several.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

import numpy as np

from pcfilter_lib.data.formats import lzf
from pcfilter_lib.data.formats._pcd_body import ascii_rows, check_size, read_ascii, read_compressed
from pcfilter_lib.data.formats._text import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

KEYWORDS = ("VERSION", "FIELDS", "SIZE", "TYPE", "COUNT", "WIDTH", "HEIGHT", "VIEWPOINT", "POINTS", "DATA")
ENCODINGS = ("ascii", "binary", "binary_compressed")
NO_VIEWPOINT = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0)  # the origin, and the identity quaternion w x y z
_NUMPY_TYPES = {
    **{("F", size): f"<f{size}" for size in (4, 8)},
    **{("I", size): f"<i{size}" for size in (1, 2, 4, 8)},
    **{("U", size): f"<u{size}" for size in (1, 2, 4, 8)},
}
_EXPORT_AGAIN = "export the file again"


@dataclass(frozen=True, eq=False)
class PcdFile:
    """All that a PCD file holds.

    Attributes
    ----------
    points : numpy.ndarray, shape (N,), structured
        One field per PCD field, in order; a field with a count above 1 is a subarray. The names are those of `fields`,
        except that a second ``_`` is called ``_1``, and so on.
    fields : tuple of str
        The names as the file has them.
    width, height : int
        The shape of an organised cloud; `height` is 1 where the points are in no order. ``width * height == N``.
    viewpoint : tuple of float, length 7
        Where the sensor stood (x y z) and how it was turned (quaternion w x y z).
    data : str
        ``"ascii"``, ``"binary"`` or ``"binary_compressed"``.
    version : str
        As the file has it.
    comments : tuple of str
        The comment lines before the body, without their ``#``.
    """

    points: np.ndarray
    fields: tuple[str, ...]
    width: int
    height: int = 1
    viewpoint: tuple[float, ...] = NO_VIEWPOINT
    data: str = "binary"
    version: str = "0.7"
    comments: tuple[str, ...] = (" .PCD v0.7 - Point Cloud Data file format",)

    @property
    def types(self) -> tuple[str, ...]:
        """The type letter of each field: F, I or U."""
        return tuple(kind.base.kind.upper() for kind in self._kinds())

    @property
    def sizes(self) -> tuple[int, ...]:
        """The bytes of one value of each field."""
        return tuple(kind.base.itemsize for kind in self._kinds())

    @property
    def counts(self) -> tuple[int, ...]:
        """How many values each field has."""
        return tuple(int(np.prod(kind.shape)) for kind in self._kinds())

    def _kinds(self) -> list[np.dtype]:
        return [self.points.dtype[name] for name in self.points.dtype.names]


def read_pcd(path: str | os.PathLike) -> PcdFile:
    """Read a PCD file with every field it has.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    PcdFile
        May hold no points at all.

    Raises
    ------
    InputError
        If the header is incomplete or contradicts itself or the size of the file, or the body cannot be read.
    """
    return parse_pcd(read_bytes(path), path)


def parse_pcd(content: bytes, path: str | os.PathLike) -> PcdFile:
    """Return what the content of a PCD file holds; `path` is for errors."""
    header, comments, start, lines_before = _read_header(content, path)
    fields, dtype = _fields(header, path)
    count, width, height = _shape(header, path)
    body = memoryview(content)[start:]
    encoding = " ".join(header["DATA"])
    if encoding == "ascii":
        points = read_ascii(body, dtype, count, lines_before + 1, path)
    elif encoding == "binary":
        check_size(len(body), dtype.itemsize, count, path)
        points = np.frombuffer(body, dtype, count).copy()
    elif encoding == "binary_compressed":
        points = read_compressed(body, dtype, count, path)
    else:
        problem = f"DATA is {encoding[:40]!r}, and only {', '.join(ENCODINGS)} are known"
        raise InputError(path, "header", problem, "convert the file, for example with pcl_convert_pcd_ascii_binary")
    version = " ".join(header.get("VERSION", ["0.7"]))
    return PcdFile(points, fields, width, height, _viewpoint(header, path), encoding, version, comments)


def write_pcd(file: PcdFile, path: str | os.PathLike) -> None:
    """Write a PCD file in its own encoding, so that reading it gives the same points, fields and header.

    Parameters
    ----------
    file : PcdFile
        What to write. Floats in ascii are written with as many digits as bring the same float back.
    path : str or os.PathLike
        Where to.

    Raises
    ------
    InputError
        If the parts contradict each other, or the file cannot be written.
    """
    if file.data not in ENCODINGS:
        raise InputError(path, "", f"{file.data!r} is no PCD encoding", f"choose one of {', '.join(ENCODINGS)}")
    if file.width * file.height != len(file.points) or len(file.fields) != len(file.points.dtype.names):
        problem = f"{file.width} x {file.height} does not hold {len(file.points)} points of {len(file.fields)} fields"
        raise InputError(path, "", problem, "give width, height and fields that fit the points")
    packed = np.dtype([(n, file.points.dtype[n].newbyteorder("<")) for n in file.points.dtype.names])  # no gaps
    points = file.points.astype(packed)
    if file.data == "ascii":
        body = ascii_rows(points)
    elif file.data == "binary":
        body = points.tobytes()
    else:
        raw = b"".join(points[name].tobytes() for name in packed.names)
        compressed = lzf.compress(raw)
        body = struct.pack("<II", len(compressed), len(raw)) + compressed
    with replacing(path) as temporary:
        temporary.write_bytes(_header_text(file).encode("latin-1") + body)


def _header_text(file: PcdFile) -> str:
    rows = {
        "VERSION": [file.version],
        "FIELDS": file.fields,
        "SIZE": file.sizes,
        "TYPE": file.types,
        "COUNT": file.counts,
        "WIDTH": [file.width],
        "HEIGHT": [file.height],
        "VIEWPOINT": [repr(value).removesuffix(".0") for value in map(float, file.viewpoint)],
        "POINTS": [len(file.points)],
        "DATA": [file.data],
    }
    lines = [f"#{comment}" for comment in file.comments]
    lines += [" ".join([keyword, *map(str, words)]) for keyword, words in rows.items()]
    return "\n".join(lines) + "\n"


def _read_header(content: bytes, source) -> tuple[dict[str, list[str]], tuple[str, ...], int, int]:
    """Return the header's words by keyword, the comments, where the body starts, and how many lines come before it."""
    header: dict[str, list[str]] = {}
    comments, place, number = [], 0, 0
    while "DATA" not in header:
        end = content.find(b"\n", place)
        if end < 0:
            remedy = "check that this is a PCD file, and a whole one"
            raise InputError(source, "header", "it ends without a DATA line", remedy)
        line, place, number = content[place:end].decode("latin-1").rstrip("\r"), end + 1, number + 1
        words = line.split()
        if line.startswith("#"):
            comments.append(line[1:])
        elif words:
            keyword = "FIELDS" if words[0] == "COLUMNS" else words[0]
            if keyword not in KEYWORDS or keyword in header:
                problem = f"{words[0][:40]!r} is no keyword of a PCD header, or stands there twice"
                raise InputError(source, f"line {number}", problem, "check that this is a PCD file, and a whole one")
            header[keyword] = words[1:]
    return header, tuple(comments), place, number


def _fields(header: dict[str, list[str]], source) -> tuple[tuple[str, ...], np.dtype]:
    """Return the fields' names and the layout of one point."""
    for keyword in ("FIELDS", "SIZE", "TYPE"):
        if not header.get(keyword):
            raise InputError(source, "header", f"it has no {keyword}", _EXPORT_AGAIN)
    names, types = header["FIELDS"], header["TYPE"]
    words = {"SIZE": header["SIZE"], "COUNT": header.get("COUNT", ["1"] * len(names))}
    if not len(names) == len(types) == len(words["SIZE"]) == len(words["COUNT"]):
        raise InputError(source, "header", "FIELDS, SIZE, TYPE and COUNT differ in length", _EXPORT_AGAIN)
    layout, taken, size = [], set(), 0
    for number, name in enumerate(names):
        kind = (types[number], whole_number(words["SIZE"][number], source, "header", f"SIZE of {name}"))
        count = whole_number(words["COUNT"][number], source, "header", f"COUNT of {name}", most=2**24)
        if kind not in _NUMPY_TYPES or count == 0:
            problem = f"field {name[:40]!r} has type {kind[0][:10]!r}, size {kind[1]} and count {count}"
            raise InputError(
                source, "header", problem, "use F with 4 or 8 bytes, I or U with 1, 2, 4 or 8; count 1 or more"
            )
        unique = name
        while unique in taken and name == "_":
            unique = f"_{len(taken)}"
        if unique in taken:
            raise InputError(source, "header", f"field {name[:40]!r} is there twice", "rename one of them")
        taken.add(unique)
        size += kind[1] * count
        layout.append((unique, _NUMPY_TYPES[kind]) if count == 1 else (unique, _NUMPY_TYPES[kind], (count,)))
    if size > 2**28:
        raise InputError(source, "header", f"one point would take {size} bytes", _EXPORT_AGAIN)
    return tuple(names), np.dtype(layout)


def _shape(header: dict[str, list[str]], source) -> tuple[int, int, int]:
    """Return the number of points, the width and the height, which must agree."""
    given = {}
    for keyword in ("POINTS", "WIDTH", "HEIGHT"):
        if keyword in header:
            if len(header[keyword]) != 1:
                raise InputError(source, "header", f"{keyword} must be one number", _EXPORT_AGAIN)
            given[keyword] = whole_number(header[keyword][0], source, "header", keyword)
    height = given.get("HEIGHT", 1)
    if "WIDTH" not in given and "POINTS" not in given:
        raise InputError(source, "header", "it has neither WIDTH nor POINTS", _EXPORT_AGAIN)
    width = given.get("WIDTH", given.get("POINTS", 0) // max(height, 1))
    count = given.get("POINTS", width * height)
    if count != width * height:
        problem = f"POINTS is {count}, and WIDTH x HEIGHT is {width} x {height}"
        raise InputError(source, "header", problem, "correct the header or export the file again")
    return count, width, height


def _viewpoint(header: dict[str, list[str]], source) -> tuple[float, ...]:
    if "VIEWPOINT" not in header:
        return NO_VIEWPOINT
    try:
        viewpoint = tuple(float(word) for word in header["VIEWPOINT"])
    except ValueError:
        viewpoint = ()
    if len(viewpoint) != 7 or not np.isfinite(viewpoint).all():
        raise InputError(source, "header", "VIEWPOINT must be seven numbers", "write 0 0 0 1 0 0 0 if it is not known")
    return viewpoint
