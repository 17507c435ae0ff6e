"""binvox, Patrick Min's format of voxel grids: a short text header, then which voxels are occupied, in runs.

The format is described at https://www.patrickmin.com/binvox/binvox.html. This is the header of a grid::

    #binvox 1
    dim 64 64 64
    translate -0.5 -0.5 0
    scale 2
    data

Pairs of bytes follow: a value, 0 or 1, and how many voxels in a row have it, 1 to 255. From voxel to voxel y changes
fastest and x slowest. ``dim`` gives the sizes in this order, too: along x, z and y, as in the format's reference reader
and in binvox-rw-py. The binvox program writes cubes only, and trimesh refuses grids whose sizes along y and
z differ.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

import numpy as np

from pcfilter_lib.data.formats._text import parse_rows
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

MOST_VOXELS = 1024  # along one side
_LONGEST_HEADER = 1000  # bytes
_LONGEST_RUN = 255  # voxels
_END = re.compile(rb"^data[ \t\r]*\n", re.MULTILINE)
_FETCH_AGAIN = "fetch or export the file again"
_SIZES = f"voxelise it again, with 1 to {MOST_VOXELS} voxels a side"


class _Header(NamedTuple):
    sizes: tuple[int, int, int]  # along x, z, y
    origin: np.ndarray
    voxel_size: float
    length: int  # in bytes


def read_binvox(path: str | os.PathLike) -> tuple[np.ndarray, np.ndarray, float]:
    """Read a binvox file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    occupancy : numpy.ndarray, shape (X, Y, Z), bool
        Whether the voxel at x, y, z is occupied.
    origin : numpy.ndarray, shape (3,), float64
        The outer corner of the first voxel, in metres: ``translate``, or zeros where the file has none.
    voxel_size : float
        The edge of a voxel, in metres: ``scale``, the length of the longest side, divided by the number of voxels
        along it. A file without ``scale`` holds a cube of length 1.

    Raises
    ------
    InputError
        If the header is malformed, a side has more than 1,024 voxels, or the runs do not fill the grid exactly.

    Notes
    -----
    The format names no unit: a grid made from a mesh in millimetres is in millimetres. Files of version 2, whose voxels
    hold numbers up to 255, are refused.
    """
    content = read_bytes(path)
    header = _read_header(content, path)
    values, counts = _read_runs(content, header, path)
    occupancy = np.repeat(values, counts).reshape(header.sizes)
    return np.ascontiguousarray(occupancy.transpose(0, 2, 1)), header.origin, header.voxel_size


def _read_header(content: bytes, source) -> _Header:
    start = content[:_LONGEST_HEADER]
    _check_version(start.partition(b"\n")[0].decode("latin-1").strip(), source)
    end = _END.search(start)
    if not end:
        problem = f"no line 'data' ends it within {_LONGEST_HEADER} bytes"
        raise InputError(source, "header", problem, _FETCH_AGAIN)
    lines: dict[str, tuple[int, str]] = {}  # by keyword: line number, what follows it
    for number, line in enumerate(start[: end.start()].decode("latin-1").split("\n"), 1):
        keyword, *rest = line.split(None, 1) or [""]
        if not keyword or keyword.startswith("#"):  # the first line, and comments, which trimesh writes
            continue
        if keyword not in ("dim", "translate", "scale") or keyword in lines:
            again = "is there twice" if keyword in lines else "is no keyword of a binvox header"
            raise InputError(source, f"line {number}", f"{keyword[:40]!r} {again}", "remove the line")
        lines[keyword] = number, "".join(rest)
    return _parse_header(lines, end.end(), source)


def _check_version(line: str, source) -> None:
    words = line.split()
    if words[:1] != ["#binvox"]:
        raise InputError(source, "line 1", "it does not begin with '#binvox'", "check that this is a binvox file")
    if words[1:] != ["1"]:
        problem = f"its version is {' '.join(words[1:])[:40]!r}, and only version 1 can be read"
        raise InputError(source, "line 1", problem, "export it as version 1")


def _parse_header(lines: dict[str, tuple[int, str]], length: int, source) -> _Header:
    if "dim" not in lines:
        raise InputError(source, "header", "there is no line 'dim'", _FETCH_AGAIN)
    number, rest = lines["dim"]
    words = rest.split()
    if len(words) != 3 or not all(word.isascii() and word.isdigit() and len(word) < 10 for word in words):
        problem = f"'dim' needs 3 whole numbers, and the line says {rest[:40]!r}"
        raise InputError(source, f"line {number}", problem, _FETCH_AGAIN)
    sizes = tuple(map(int, words))
    if not all(1 <= size <= MOST_VOXELS for size in sizes):
        raise InputError(source, f"line {number}", f"the grid has {' x '.join(words)} voxels", _SIZES)
    origin = _parse_numbers(lines, "translate", np.zeros(3), source)
    scale = float(_parse_numbers(lines, "scale", np.ones(1), source)[0])
    voxel_size = scale / max(sizes)
    if not voxel_size > 0:
        problem = f"the grid's length is {scale:g}, which leaves its voxels without a positive size"
        raise InputError(source, f"line {lines['scale'][0]}", problem, "correct the line, or export the file again")
    return _Header(sizes, origin, voxel_size, length)


def _parse_numbers(lines: dict[str, tuple[int, str]], keyword: str, default: np.ndarray, source) -> np.ndarray:
    if keyword not in lines:
        return default
    number, rest = lines[keyword]
    place = f"line {number}"
    if len(rest.split()) != len(default):
        needed = "one number" if len(default) == 1 else f"{len(default)} numbers"
        problem = f"{keyword!r} needs {needed}, and the line says {rest.strip()[:40]!r}"
        raise InputError(source, place, problem, "correct the line, or export the file again")
    numbers = parse_rows([rest], len(default), source, first_line=number)[0]
    if not np.isfinite(numbers).all():
        problem = f"{keyword!r} is not finite ({rest.strip()[:40]})"
        raise InputError(source, place, problem, "correct the line, or export the file again")
    return numbers


def _read_runs(content: bytes, header: _Header, source) -> tuple[np.ndarray, np.ndarray]:
    """Return the values and the counts of runs that together fill the grid exactly."""
    body = np.frombuffer(content, np.uint8, offset=header.length)
    if len(body) % 2:
        problem = f"it consists of pairs of bytes, and {len(body)} bytes follow the header"
        raise InputError(source, "body", problem, f"{_FETCH_AGAIN}; it is cut off, or something was added")
    values, counts = body[::2], body[1::2]
    if values.max(initial=0) > 1:
        run = int(np.argmax(values > 1))
        raise InputError(source, f"run {run + 1}", f"the value must be 0 or 1, and it is {values[run]}", _FETCH_AGAIN)
    if counts.min(initial=1) == 0:
        raise InputError(source, f"run {int(np.argmin(counts)) + 1}", "it has no voxels", _FETCH_AGAIN)
    x, z, y = header.sizes
    held = int(counts.sum(dtype=np.int64))
    if held != x * y * z:
        problem = f"the runs hold {held} voxels, and a grid of {x} x {z} x {y} has {x * y * z}"
        raise InputError(source, "body", problem, _FETCH_AGAIN)
    return values.view(bool), counts


def write_binvox(path: str | os.PathLike, occupancy: np.ndarray, origin: np.ndarray, voxel_size: float) -> None:
    """Write a binvox file, so that reading it gives the same grid.

    Parameters
    ----------
    path : str or os.PathLike
        Where to write it.
    occupancy : array-like, shape (X, Y, Z), bool
        Whether the voxel at x, y, z is occupied; 1 to 1,024 voxels a side.
    origin : array-like, shape (3,)
        The outer corner of the first voxel, in metres.
    voxel_size : float
        The edge of a voxel, in metres. The file holds the length of the longest side instead, so that reading may
        change the last digit of a float64.

    Raises
    ------
    InputError
        If an argument has the wrong shape, type or size, or the file cannot be written.
    """
    occupancy = np.asarray(occupancy)
    if occupancy.dtype != bool:
        raise InputError(
            path, "occupancy", f"its type is {occupancy.dtype}, not bool", "apply a threshold first: occupancy > 0.5"
        )
    if occupancy.ndim != 3 or not all(1 <= size <= MOST_VOXELS for size in occupancy.shape):
        raise InputError(path, "occupancy", f"its shape is {occupancy.shape}, not (X, Y, Z)", _SIZES)
    origin = np.asarray(origin, np.float64)
    if origin.shape != (3,) or not np.isfinite(origin).all():
        problem = f"it must be three finite numbers, and it is {origin.tolist()}"
        raise InputError(path, "origin", problem, "give the x, y and z of the grid's corner, in metres")
    scale = float(voxel_size) * max(occupancy.shape)
    if not 0 < scale < np.inf:
        problem = f"it must be positive and finite, and it is {voxel_size}"
        raise InputError(path, "voxel_size", problem, "give the edge of a voxel, in metres")
    x, y, z = occupancy.shape
    translate = " ".join(map(repr, origin.tolist()))
    header = f"#binvox 1\ndim {x} {z} {y}\ntranslate {translate}\nscale {scale!r}\ndata\n"
    with replacing(path) as temporary:
        temporary.write_bytes(header.encode("ascii") + _runs(occupancy.transpose(0, 2, 1).ravel()))


def _runs(flat: np.ndarray) -> bytes:
    """Return occupied and empty voxels as pairs of a value and a count."""
    starts = np.concatenate([[0], np.flatnonzero(flat[1:] != flat[:-1]) + 1])
    lengths = np.diff(starts, append=len(flat))
    pieces = -(-lengths // _LONGEST_RUN)  # rounded up
    pairs = np.full((pieces.sum(), 2), _LONGEST_RUN, np.uint8)
    pairs[:, 0] = np.repeat(flat[starts], pieces)
    pairs[np.cumsum(pieces) - 1, 1] = lengths - _LONGEST_RUN * (pieces - 1)
    return pairs.tobytes()
